// inspect on packages that other tools made, on damaged ones, and on hostile names.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { machine } from '../io/machine.ts'
import { runCommandLine } from './frame.ts'
import type { Change } from './inspect/diff.ts'
import type { Report } from './inspect/report.ts'
import { fakeStreams } from './testing/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const tool = (name: string, args: readonly string[], cwd = folder) => {
  const { status, stderr } = spawnSync(name, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${name}: ${stderr}`)
}
const has = (name: string): boolean => spawnSync(name, ['--version']).error === undefined

type Doc = Report & { errors: { code: string; where: { file: string } }[]; diff: { changes: Change[] } }
const inspect = async (...args: readonly string[]) => {
  const fake = fakeStreams()
  const code = await runCommandLine(['inspect', '--json', '--cwd', folder, ...args], machine(), fake.streams)
  return { code, doc: JSON.parse(fake.stdout()) as Doc }
}
const text = async (...args: readonly string[]): Promise<string> => {
  const fake = fakeStreams()
  expect(await runCommandLine(['inspect', '--cwd', folder, ...args], machine(), fake.streams)).toBe(0)
  return fake.stdout()
}

/** A program that its headers make one of another system: only those are read. */
const peBytes = (machineCode: number): Uint8Array => {
  const bytes = new Uint8Array(512)
  const view = new DataView(bytes.buffer)
  bytes.set([0x4d, 0x5a])
  view.setUint32(60, 64, true)
  bytes.set([0x50, 0x45, 0, 0], 64)
  view.setUint16(68, machineCode, true)
  view.setUint16(84, 240, true)
  view.setUint16(88, 0x20b, true)
  view.setUint16(88 + 68, 3, true)
  view.setUint32(88 + 108, 16, true)
  return bytes
}
const machOBytes = (cpu: number): Uint8Array => {
  const bytes = new Uint8Array(32)
  const view = new DataView(bytes.buffer)
  for (const [at, value] of [0xfeedfacf, cpu, 0, 2, 0, 0, 0, 0].entries()) view.setUint32(at * 4, value, true)
  return bytes
}
const fatBytes = (): Uint8Array => {
  const [arm, x64] = [machOBytes(0x0100000c), machOBytes(0x01000007)]
  const bytes = new Uint8Array(0x8000 + 32)
  const view = new DataView(bytes.buffer)
  for (const [at, value] of [0xcafebabe, 2, 0x0100000c, 0, 0x4000, 32, 14, 0x01000007, 0, 0x8000, 32, 14].entries())
    view.setUint32(at * 4, value)
  bytes.set(arm, 0x4000)
  bytes.set(x64, 0x8000)
  return bytes
}

const tree = (name: string, version: string): string => {
  const root = join(folder, name)
  mkdirSync(join(root, 'bin'), { recursive: true })
  writeFileSync(join(root, 'bin', 'app'), readFileSync(process.execPath).subarray(0, 0x100))
  writeFileSync(join(root, 'bin', 'app.exe'), peBytes(0xaa64))
  writeFileSync(join(root, 'version'), version)
  chmodSync(join(root, 'bin', 'app.exe'), 0o755)
  symlinkSync('bin/app.exe', join(root, 'start'))
  return name
}
tree('app-1', '1')
tree('app-2', '2!')
writeFileSync(join(folder, 'app-2', 'bin', 'more'), 'more')

describe('programs', () => {
  it('ELF, the Node that runs this', async () => {
    const { code, doc } = await inspect(process.execPath)
    expect(code).toBe(0)
    expect(doc).toMatchObject({ format: 'ELF', arch: process.arch, facts: { libc: 'glibc' }, contents: [] })
    expect(doc.sha256).toMatch(/^[0-9a-f]{64}$/)
  })
  it('PE and Mach-O, thin and fat', async () => {
    writeFileSync(join(folder, 'x.exe'), peBytes(0x8664))
    writeFileSync(join(folder, 'thin'), machOBytes(0x0100000c))
    writeFileSync(join(folder, 'fat'), fatBytes())
    expect((await inspect('x.exe')).doc).toMatchObject({
      format: 'PE',
      arch: 'x64',
      signatures: [],
      facts: { subsystem: 'console', library: false },
    })
    expect((await inspect('thin')).doc).toMatchObject({ format: 'Mach-O', arch: 'arm64', facts: { slices: [{ signed: false }] } })
    expect((await inspect('fat')).doc).toMatchObject({ format: 'Mach-O (fat)', arch: 'arm64 + x64' })
  })
})

describe('archives', () => {
  const entries = (doc: Doc) =>
    doc.contents.map(({ path, mode, type, linkTarget, program }) => [path.replace(/\/$/, ''), type, mode, linkTarget ?? program])
  it('tar, tar.gz and tar.zst by GNU tar, with modes, links and the architecture inside', async () => {
    tool('tar', ['--sort=name', '-cf', 'a.tar', 'app-1'])
    const tar = readFileSync(join(folder, 'a.tar'))
    writeFileSync(join(folder, 'a.tar.gz'), gzipSync(tar))
    writeFileSync(join(folder, 'a.tar.zst'), zstdCompressSync(tar))
    for (const [file, format] of [
      ['a.tar', 'tar'],
      ['a.tar.gz', 'tar.gz'],
      ['a.tar.zst', 'tar.zst'],
    ] as const) {
      const { doc } = await inspect(file)
      expect(doc).toMatchObject({ format, arch: 'arm64' })
      expect(entries(doc)).toContainEqual(['app-1/bin/app.exe', 'file', '0755', 'PE arm64'])
      expect(entries(doc)).toContainEqual(['app-1/start', 'symlink', '0777', 'bin/app.exe'])
    }
  })
  it.skipIf(!has('python3'))('zip (by Python)', async () => {
    tool('python3', ['-m', 'zipfile', '-c', 'a.zip', 'app-1'])
    const { doc } = await inspect('a.zip')
    expect(doc.format).toBe('zip')
    expect(entries(doc)).toContainEqual(['app-1/bin/app.exe', 'file', '0755', 'PE arm64'])
  })
  it('refuses gzip of something else (2) and damaged ones (5), naming the file', async () => {
    writeFileSync(join(folder, 'b.gz'), gzipSync('no tar'))
    expect(await inspect('b.gz')).toMatchObject({ code: 2, doc: { errors: [{ code: 'inspect/no-tar' }] } })
    writeFileSync(join(folder, 'cut.tar.gz'), readFileSync(join(folder, 'a.tar.gz')).subarray(0, 90))
    expect(await inspect('cut.tar.gz')).toMatchObject({
      code: 5,
      doc: { errors: [{ code: 'gzip/corrupt', where: { file: join(folder, 'cut.tar.gz') } }] },
    })
  })
  it('lets no name inside draw', async () => {
    mkdirSync(join(folder, 'evil'))
    writeFileSync(join(folder, 'evil', 'x\u001b[2J\n\u202ey'), '')
    tool('tar', ['-cf', 'evil.tar', 'evil'])
    expect(await text('evil.tar')).toContain('evil/x\\x1b[2J\\n\\u{202e}y')
    expect(await text('evil.tar', '--verbose')).not.toMatch(/[^\P{C}\n]/u)
  })
})

describe.skipIf(!has('dpkg-deb'))('deb (by dpkg-deb)', () => {
  const build = (version: string, compression: string): string => {
    const root = join(folder, `deb-${version}`)
    mkdirSync(join(root, 'DEBIAN'), { recursive: true })
    mkdirSync(join(root, 'usr', 'bin'), { recursive: true })
    writeFileSync(
      join(root, 'DEBIAN', 'control'),
      `Package: app\nVersion: ${version}\nArchitecture: amd64\nMaintainer: A <a@b.c>\nDescription: one\n two\n .\n three\n`,
    )
    writeFileSync(join(root, 'DEBIAN', 'postinst'), '#!/bin/sh\necho done\n')
    chmodSync(join(root, 'DEBIAN', 'postinst'), 0o755)
    writeFileSync(join(root, 'usr', 'bin', 'app'), `#!/bin/sh\necho ${version}\n`)
    tool('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '-b', root, `${version}.deb`])
    return `${version}.deb`
  }
  it('has fields, scripts and contents', async () => {
    const { doc } = await inspect(build('1.0-1', 'gzip'))
    expect(doc).toMatchObject({ format: 'deb', arch: 'amd64', version: '1.0-1' })
    expect(doc.facts).toMatchObject({
      fields: { Package: 'app', Description: 'one\ntwo\n.\nthree' },
      scripts: { postinst: '#!/bin/sh\necho done\n' },
    })
    expect(doc.contents.map(entry => entry.path)).toContain('./usr/bin/app')
    expect(await text('1.0-1.deb')).toMatch(/^version +1\.0-1$/m)
  })
  it('says what changed', async () => {
    build('1.0-1', 'gzip')
    const { doc } = await inspect('1.0-1.deb', '--diff', build('1.1-1', 'zstd'))
    expect(doc.diff.changes).toContainEqual({ what: 'version', kind: 'changed', from: '1.0-1', to: '1.1-1' })
    expect(doc.diff.changes.filter(change => change.what === 'contents').map(({ path, kind }) => [path, kind])).toEqual([
      ['./usr/bin/app', 'changed'],
    ])
  })
  it.skipIf(!has('xz'))('packed with xz, as Debian does', async () => {
    const { doc } = await inspect(build('1.2-1', 'xz'))
    expect(doc).toMatchObject({ format: 'deb', version: '1.2-1' })
    expect(doc.contents.map(entry => entry.path)).toContain('./usr/bin/app')
  })
  it('compressed in another way is refused', async () => {
    const deb = readFileSync(join(folder, build('1.3-1', 'gzip')))
    deb.write('data.tar.lz ', deb.indexOf('data.tar.gz'))
    writeFileSync(join(folder, 'lz.deb'), deb)
    expect(await inspect('lz.deb')).toMatchObject({ code: 2, doc: { errors: [{ code: 'inspect/deb-compression' }] } })
  })
  it('without its data is damaged', async () => {
    writeFileSync(join(folder, 'half.deb'), readFileSync(join(folder, '1.0-1.deb')).subarray(0, 72))
    const { code, doc } = await inspect('half.deb')
    expect(code).toBe(5)
    expect(doc.errors[0]?.code).toBe('inspect/bad-deb')
  })
})

describe('--diff', () => {
  it('looks below the one folder that is named by the version', async () => {
    tool('tar', ['-cf', '1.tar', 'app-1'])
    tool('tar', ['-cf', '2.tar', 'app-2'])
    const { doc } = await inspect('1.tar', '--diff', '2.tar')
    const contents = doc.diff.changes.filter(change => change.what === 'contents').map(({ path, kind }) => [path, kind])
    expect(contents).toEqual([
      ['bin/more', 'added'],
      ['version', 'changed'],
    ])
    expect(await text('1.tar', '--diff', '2.tar')).toContain('+  bin/more')
    expect(await text('1.tar', '--diff', '1.tar')).toContain('the same bytes')
  })
})

describe('refusals', () => {
  it.each([
    ['nowhere.zip', 'inspect/not-found'],
    ['app-1', 'inspect/no-file'],
    ['app-1/version', 'inspect/unknown-format'],
  ])('of %s', async (file, code) => {
    expect(await inspect(file)).toMatchObject({ code: 2, doc: { ok: false, errors: [{ code }] } })
  })
})
