// deb: read and installed by dpkg, judged by lintian and dpkg-parsechangelog; and every problem that it names before a build.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SlipwayError, type App } from '@slipway/core'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { collectPackage, runJudge } from './conformance.ts'
import { deb } from './deb.ts'
import type { AnyPackager } from './packager.ts'
import { app, date, fileOf, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'deb-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const schema = z.strictObject(deb.options)
type Input = z.input<typeof schema>

const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}) => {
  const parts: Uint8Array[] = []
  const packing = deb.pack({ app: { ...app, ...changes }, target: 'linux-x64', tree: treeOf(contents), date }, schema.parse(input))
  for (;;) {
    const next = await packing.next()
    if (next.done === true) {
      const file = join(folder, 'package.deb')
      writeFileSync(file, Buffer.concat(parts))
      return { file, facts: next.value }
    }
    parts.push(Uint8Array.from(next.value))
  }
}
const codesOf = (input: Input, changes: Partial<App> = {}): readonly string[] =>
  (deb.check?.({ app: { ...app, ...changes }, target: 'linux-x64' }, schema.parse(input)) ?? []).map(one => one.code)

const script = '#!/bin/sh\necho hello\n'
const desktopApp = {
  tool: script,
  'lib/data.bin': 'data',
  'README.md': '# A Tool\n',
  'etc/tool.conf': 'x=1\n',
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
}
const whole: Input = {
  desktop: { icon: 'icon.svg', protocols: ['tool'], categories: ['Development'] },
  conffiles: ['etc/tool.conf'],
  depends: ['libc6 (>= 2.17)', 'xdg-utils | xdg-user-dirs'],
  scripts: { postinst: '#!/bin/sh\nset -e\ntrue' },
}

describe('deb, before a build', () => {
  it('wants a maintainer with a mail address', () => {
    expect(codesOf({}, { publisher: 'Nobody' })).toEqual(['deb/no-maintainer'])
    expect(codesOf({}, { publisher: '' })).toEqual(['deb/no-maintainer'])
    expect(codesOf({ maintainer: 'A B <a@b.example>' }, { publisher: '' })).toEqual([])
  })
  it('wants a name that Debian allows', () => {
    expect(codesOf({}, { bin: 'ä' })).toEqual(['deb/bad-name'])
    expect(codesOf({ package: 'Upper' })).toEqual(['deb/bad-name'])
    expect(codesOf({}, { bin: 'My Tool' })).toEqual([])
  })
  it('wants a version and a revision that dpkg sorts', () => {
    expect(codesOf({}, { version: '1.2.3+build' })).toEqual(['deb/bad-version'])
    expect(codesOf({ revision: 'a-b' })).toEqual(['deb/bad-version'])
  })
  it('wants relations that dpkg reads', () => {
    expect(codesOf({ depends: ['libmpv1 | libmpv2 (>= 0.35)', 'a\nEvil: yes'] })).toEqual(['deb/bad-relation'])
    expect(codesOf({ conflicts: ['B4D'], suggests: ['x (= )'] })).toEqual(['deb/bad-relation', 'deb/bad-relation'])
  })
  it('names files as Debian does', () => {
    const naming = { app: { ...app, version: '1.2.0-beta.2' }, target: 'linux-arm64' }
    expect(deb.fileName(naming, schema.parse({}))).toBe('tool_1.2.0~beta.2-1_arm64.deb')
    expect(() => deb.fileName({ app: { ...app, version: '1.0.0+x' }, target: 'linux-x64' }, schema.parse({}))).toThrow('deb/bad-version')
  })
  it('refuses to pack what it would not plan', async () => {
    await expect(packed({ tool: script }, {}, { publisher: '' })).rejects.toThrow('deb/no-maintainer')
    await expect(packed({ other: script })).rejects.toThrow('linux/no-executable')
    await expect(packed({ tool: script }, { conffiles: ['etc/none'] })).rejects.toThrow('linux/bad-conffile')
    await expect(packed({ tool: script, 'x.conf': '' }, { conffiles: ['x.conf'] })).rejects.toThrow('linux/bad-conffile')
    await expect(packed({ tool: script }, { desktop: { icon: 'none.png' } })).rejects.toThrow('linux/no-icon')
    await expect(packed({ tool: script }, { desktop: { protocols: ['tool://'] } })).rejects.toThrow('linux/bad-protocol')
    await expect(packed({ tool: script }, {}, { publisher: '' })).rejects.toBeInstanceOf(SlipwayError)
  })
})

describeWithJudge(['dpkg-deb', 'dpkg'], 'deb, as dpkg sees it', () => {
  const info = (file: string, field: string): string => runJudge('dpkg-deb', ['-f', file, field], folder).trim()
  const unpack = (file: string): string => {
    const out = mkdtempSync(join(folder, 'out-'))
    runJudge('dpkg-deb', ['-R', file, out], folder)
    return out
  }
  it('puts a tool of one file into /usr/bin', async () => {
    const { file, facts } = await packed({ tool: script, 'README.md': 'read', LICENSE: 'MIT' })
    const out = unpack(file)
    expect(lstatSync(join(out, 'usr/bin/tool')).mode & 0o777).toBe(0o755)
    expect(readFileSync(join(out, 'usr/share/doc/tool/README.md'), 'utf8')).toBe('read')
    expect(existsSync(join(out, 'usr/lib'))).toBe(false)
    expect(info(file, 'Version')).toBe('1.2.3-1')
    expect(info(file, 'Architecture')).toBe('amd64')
    for (const [name, value] of Object.entries(facts)) expect(info(file, name)).toBe(value)
  })
  it('puts an app of several files into /usr/lib, with a link, a desktop entry, conffiles and scripts', async () => {
    const { file } = await packed(desktopApp, whole)
    const out = unpack(file)
    expect(readlinkSync(join(out, 'usr/bin/tool'))).toBe('../lib/tool/tool')
    expect(readFileSync(join(out, 'usr/lib/tool/lib/data.bin'), 'utf8')).toBe('data')
    expect(readFileSync(join(out, 'DEBIAN/conffiles'), 'utf8')).toBe('/etc/tool.conf\n')
    expect(existsSync(join(out, 'usr/lib/tool/etc'))).toBe(false)
    expect(lstatSync(join(out, 'DEBIAN/postinst')).mode & 0o777).toBe(0o755)
    const entry = readFileSync(join(out, 'usr/share/applications/dev.example.tool.desktop'), 'utf8')
    expect(entry).toContain('\nExec=tool %U\n')
    expect(entry).toContain('\nMimeType=x-scheme-handler/tool;\n')
    expect(entry).toContain('\nCategories=Development;\n')
    expect(existsSync(join(out, 'usr/share/icons/hicolor/scalable/apps/tool.svg'))).toBe(true)
    expect(info(file, 'Depends')).toBe('libc6 (>= 2.17), xdg-utils | xdg-user-dirs')
  })
  it('lists MD5 sums that md5sum accepts', async () => {
    const { file } = await packed(desktopApp, whole)
    const out = unpack(file)
    expect(
      runJudge('md5sum', ['--strict', '-c', 'DEBIAN/md5sums'], out)
        .trim()
        .split('\n')
        .every(line => line.endsWith(': OK')),
    ).toBe(true)
  })
  it('keeps untrusted text inside of its field', async () => {
    const hostile = {
      summary: 'one\nEvil: yes',
      homepage: 'https://x.example/\nEvil: yes',
      notes: '-- A <a@b>  now\n\u001b[31mred\n\n -- B <b@c>  then',
      name: 'N\nExec=evil',
      license: 'MIT\nFiles: evil',
    }
    const { file } = await packed({ tool: script }, { desktop: true, description: 'a\n\nb\nEvil: yes' }, hostile)
    expect(info(file, 'Evil')).toBe('')
    expect(info(file, 'Description')).toBe('one Evil: yes\n a\n .\n b\n Evil: yes')
    const out = unpack(file)
    expect(readFileSync(join(out, 'usr/share/applications/dev.example.tool.desktop'), 'utf8').match(/^Exec=/gm)).toHaveLength(1)
    expect(readFileSync(join(out, 'usr/share/doc/tool/copyright'), 'utf8').match(/^Files:/gm)).toHaveLength(1)
    const changes = gunzipSync(readFileSync(join(out, 'usr/share/doc/tool/changelog.Debian.gz'))).toString()
    expect(changes).not.toContain('\u001b')
    expect(changes.match(/^ -- /gm)).toHaveLength(1)
  })
  it('writes a changelog that dpkg-parsechangelog reads', async () => {
    const out = unpack((await packed({ tool: script })).file)
    const changes = gunzipSync(readFileSync(join(out, 'usr/share/doc/tool/changelog.Debian.gz'))).toString()
    writeFileSync(join(folder, 'changelog'), changes)
    const parsed = spawnSync('dpkg-parsechangelog', ['-l', join(folder, 'changelog')], { encoding: 'utf8' })
    if (parsed.error !== undefined) return
    expect(parsed.stderr).toBe('')
    expect(parsed.stdout).toMatch(/^Version: 1\.2\.3-1$/m)
    expect(parsed.stdout).toMatch(/^Timestamp: 1760000001$/m)
  })
  it.runIf(process.getuid?.() === 0)('is installed and removed in a root of its own', async () => {
    const { file } = await packed(desktopApp, { ...whole, depends: [], scripts: {} })
    const root = mkdtempSync(join(folder, 'root-'))
    mkdirSync(join(root, 'var/lib/dpkg/info'), { recursive: true })
    mkdirSync(join(root, 'var/lib/dpkg/updates'))
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    runJudge('dpkg', ['--root', root, '--force-not-root', '--log', join(folder, 'dpkg.log'), '-i', file], folder)
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
    expect(runJudge('dpkg', ['--root', root, '--verify', 'tool'], folder)).toBe('')
    runJudge('dpkg', ['--root', root, '--log', join(folder, 'dpkg.log'), '--purge', 'tool'], folder)
    expect(existsSync(join(root, 'usr/lib/tool'))).toBe(false)
    expect(existsSync(join(root, 'etc/tool.conf'))).toBe(false)
  })
})

describeWithJudge(['lintian'], 'deb, as lintian sees it', () => {
  // A static program without symbols, as Go makes them: the smallest ELF that exits with 0.
  let program: Uint8Array
  beforeAll(() => {
    program = staticElf()
  })
  const errorsOf = (file: string): readonly string[] => {
    const { stdout, stderr } = spawnSync('lintian', ['--allow-root', '--fail-on', 'none', '--tag-display-limit', '0', file], {
      encoding: 'utf8',
    })
    return `${stdout}${stderr}`.split('\n').filter(line => line.startsWith('E:'))
  }
  it('finds no error in a static tool', async () => {
    const tree = { entries: [fileOf('tool', program, 0o755)], executable: 'tool' }
    const { bytes } = await collectPackage(deb as unknown as AnyPackager, { tree, target: 'linux-x64', options: schema.parse({}) as never })
    const file = join(folder, 'tool_1.2.3-1_amd64.deb')
    writeFileSync(file, bytes)
    expect(errorsOf(file)).toEqual([])
  })
  it('finds no error in a desktop app', async () => {
    const { file } = await packed(desktopApp, { ...whole, depends: [], scripts: {} })
    expect(errorsOf(file)).toEqual([])
  })
})

/** ELF64, x86-64, one segment: `mov $60,%eax; xor %edi,%edi; syscall`. */
const staticElf = (): Uint8Array => {
  const code = Uint8Array.of(0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05)
  const bytes = new Uint8Array(120 + code.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true)
  view.setUint16(18, 62, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, 0x400078n, true)
  view.setBigUint64(32, 64n, true)
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, 1, true)
  view.setUint32(64, 1, true)
  view.setUint32(68, 5, true)
  view.setBigUint64(80, 0x400000n, true)
  view.setBigUint64(88, 0x400000n, true)
  view.setBigUint64(96, BigInt(bytes.length), true)
  view.setBigUint64(104, BigInt(bytes.length), true)
  view.setBigUint64(112, 0x1000n, true)
  bytes.set(code, 120)
  return bytes
}
