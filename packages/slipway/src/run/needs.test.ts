// app.needs from the command line to the packages: looked for by a launcher and never shipped, or shipped, pinned, and proven by verify.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fromBytes } from '@slipway/formats/bytes'
import { tinyElf } from '@slipway/formats/testing/binaries'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { smallProject, type Document, type SmallOptions, type SmallProject } from '../../../../test/kit/project.ts'
import { doorWith } from '../builders/testing/jobs.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'
import { contentsOf } from '../verify/contents.ts'

vi.setConfig({ testTimeout: 120_000 })

const projects: SmallProject[] = []
afterEach(() => projects.splice(0).forEach(one => rmSync(dirname(one.root), { recursive: true, force: true })))
const scratch = mkdtempSync(join(tmpdir(), 'needs-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const tail = new TextEncoder().encode('helper 0.15.0\n'.repeat(3000))
const program = (machineId: number): Uint8Array => Buffer.concat([tinyElf({ machine: machineId }), tail])
const helpers = { 'linux-x64': program(62), 'linux-arm64': program(183) }
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const pins = { 'linux-x64': sha256(helpers['linux-x64']), 'linux-arm64': sha256(helpers['linux-arm64']) }

const projectWith = (needs: unknown, more: SmallOptions & { readonly app?: object } = {}): SmallProject => {
  const { app, ...options } = more
  const project = smallProject(options)
  projects.push(project)
  const file = join(project.root, 'slipway.jsonc')
  const config = JSON.parse(readFileSync(file, 'utf8')) as { app: object }
  writeFileSync(file, JSON.stringify({ ...config, app: { ...config.app, ...app, needs } }))
  for (const [target, bytes] of Object.entries(helpers)) {
    mkdirSync(join(project.root, 'vendor', target), { recursive: true })
    writeFileSync(join(project.root, 'vendor', target, 'helper'), bytes, { mode: 0o755 })
  }
  return project
}
const shipped = { version: '0.15.0', bundle: 'vendor/{target}/helper', sha256: pins }
const codes = ({ errors }: Document): readonly string[] =>
  errors.map(({ code, where: { target } }) => (typeof target === 'string' ? `${code} ${target}` : code))

interface Inside {
  readonly path: string
  readonly type: string
  readonly mode: number
  readonly sha256: string
}
const insideOf = async (file: string): Promise<readonly Inside[]> => {
  const bytes = readFileSync(file)
  // A superblock of squashfs 4.0; the runtime in front of it knows the four letters too.
  const offset = file.endsWith('.AppImage') ? imageOffset(bytes) : undefined
  const files: Inside[] = []
  for await (const { path, type, mode, bytes: open } of (await contentsOf(fromBytes(bytes), offset)) ?? []) {
    const parts: Uint8Array[] = []
    for await (const part of open()) parts.push(part)
    files.push({ path, type, mode: mode & 0o777, sha256: sha256(Buffer.concat(parts)) })
  }
  return files
}
const imageOffset = (bytes: Buffer): number => {
  for (let at = bytes.indexOf('hsqs'); at !== -1; at = bytes.indexOf('hsqs', at + 1)) if (bytes.readUInt32LE(at + 28) === 4) return at
  return -1
}
const distOf = (project: SmallProject): readonly string[] => {
  const folder = join(project.root, 'dist/1.0.0')
  return readdirSync(folder).map(one => join(folder, one))
}

const formats = ['tar.gz', 'tar.zst', 'zip', 'deb', 'rpm', 'apk', 'pacman', 'appimage', 'snap']

describe('a program that is shipped', () => {
  it('lies beside the program in every format, executable, with its pinned digest; and verify has nothing to say', async () => {
    const project = projectWith({ helper: shipped }, { more: { packages: formats } })
    await project.run(['keys', 'generate'])
    const released = await project.json(['release'])
    expect(codes(released)).toEqual([])
    const files = distOf(project).filter(one => !/SHA256SUMS|release\.json|\.minisig$|\.zsync$/.test(one))
    expect(files).toHaveLength(formats.length * 2)
    for (const file of files) {
      const target = /arm64|aarch64/.test(file) ? 'linux-arm64' : 'linux-x64'
      const all = await insideOf(file)
      const [own, helper] = ['tiny', 'helper'].map(name => all.filter(one => one.type === 'file' && one.path.endsWith(`/${name}`)))
      expect(helper, file).toMatchObject([{ sha256: pins[target], mode: 0o755 }])
      expect(dirname(helper?.[0]?.path ?? ''), file).toBe(dirname(own?.[0]?.path ?? '-'))
    }
    const record = JSON.parse(readFileSync(join(project.bucket, 'releases/1.0.0/release.json'), 'utf8')) as {
      artifacts: { target: 'linux-x64' | 'linux-arm64'; facts: { needs?: unknown } }[]
    }
    for (const { target, facts } of record.artifacts)
      expect(facts.needs).toEqual([{ program: 'helper', version: '0.15.0', place: 'package', path: 'helper', sha256: pins[target] }])
    expect(await project.json(['verify', '--deep'])).toMatchObject({ ok: true, errors: [] })
  })

  it('is the same release the second time, from the cache, without its source', async () => {
    const project = projectWith({ helper: shipped })
    expect(codes(await project.json(['package']))).toEqual([])
    rmSync(join(project.root, 'vendor'), { recursive: true })
    expect(codes(await project.json(['package']))).toEqual([])
  })

  it('comes out of an archive and out of a folder too', async () => {
    const project = projectWith({
      helper: { ...shipped, bundle: { 'linux-x64': 'vendor/all.tar.gz', 'linux-arm64': 'vendor/linux-arm64' } },
    })
    spawnSync('tar', ['-C', join(project.root, 'vendor'), '-czf', join(project.root, 'vendor/all.tar.gz'), 'linux-x64'])
    expect(codes(await project.json(['package']))).toEqual([])
  })

  it('comes out of an npm package, of the version that is pinned', async () => {
    const project = projectWith({ helper: { ...shipped, bundle: 'npm:helper-{npm}' } }, { targets: ['linux-x64'] })
    const folder = join(project.root, 'npm')
    mkdirSync(join(folder, 'package/bin'), { recursive: true })
    writeFileSync(join(folder, 'package/bin/helper'), helpers['linux-x64'], { mode: 0o755 })
    writeFileSync(join(folder, 'package/package.json'), '{"name":"helper-linux-x64","version":"0.15.0"}')
    spawnSync('tar', ['-C', folder, '-czf', join(folder, 'helper.tgz'), 'package'])
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      if (request.url?.endsWith('.tgz') === true) return void response.end(readFileSync(join(folder, 'helper.tgz')))
      const dist = { tarball: `${registry}helper-linux-x64/-/helper-linux-x64-0.15.0.tgz` }
      const versions = { '0.15.0': { name: 'helper-linux-x64', version: '0.15.0', dist } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ name: 'helper-linux-x64', 'dist-tags': { latest: '0.16.0' }, versions }))
    })
    await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const io = doorWith({ npm_config_registry: registry, npm_config_cache: join(folder, 'cache'), npm_config_fetch_retries: '0' })
    const ran = await project.json(['package'], io).finally(() => server.close())
    expect(codes(ran)).toEqual([])
    expect(asked).toContain('/helper-linux-x64/-/helper-linux-x64-0.15.0.tgz')
    const inside = await insideOf(join(project.root, 'dist/1.0.0/tiny-1.0.0-linux-x64.tar.gz'))
    expect(inside.find(one => one.path.endsWith('/helper'))?.sha256).toBe(pins['linux-x64'])
  })

  const wrongs: readonly (readonly [string, object, readonly string[], string])[] = [
    ['no version', { ...shipped, version: undefined }, ['needs/unpinned'], 'has no exact version'],
    ['a range', { ...shipped, version: '>=0.15' }, ['needs/unpinned'], 'has no exact version: ">=0.15" is none'],
    ['no digest', { ...shipped, sha256: undefined }, ['needs/unpinned linux-x64', 'needs/unpinned linux-arm64'], 'has no sha256'],
    ['a digest that is none', { ...shipped, sha256: '00' }, ['needs/unpinned linux-x64', 'needs/unpinned linux-arm64'], 'has no sha256'],
    [
      'no digest for one target',
      { ...shipped, sha256: { 'linux-x64': pins['linux-x64'] } },
      ['needs/unpinned linux-arm64'],
      'has no sha256',
    ],
    [
      'no source for one target',
      { ...shipped, bundle: { 'linux-x64': 'a' } },
      ['needs/no-bundle linux-arm64'],
      'where helper for linux-arm64',
    ],
    [
      'an address',
      { ...shipped, bundle: 'https://example.org/helper' },
      ['needs/bad-bundle linux-x64', 'needs/bad-bundle linux-arm64'],
      'neither a file',
    ],
    [
      'a package of another version',
      { ...shipped, bundle: 'npm:helper-{npm}@0.14.9' },
      ['needs/wrong-version linux-x64', 'needs/wrong-version linux-arm64'],
      'pinned to 0.15.0, and its package to 0.14.9',
    ],
  ]
  it.each(wrongs)('is refused by the plan: %s', async (_, helper, expected, words) => {
    const plan = await projectWith({ helper }).json(['plan'])
    expect(plan.exitCode).toBe(2)
    expect(codes(plan)).toEqual(expected)
    expect(plan.errors[0]?.message).toContain(words)
    expect(plan.errors[0]?.where).toMatchObject({ path: 'app.needs.helper', file: expect.stringContaining('slipway.jsonc') as string })
  })

  it('is refused by the build: other bytes, other architecture, nothing there, a name that is taken', async () => {
    const changed = projectWith({ helper: shipped })
    writeFileSync(join(changed.root, 'vendor/linux-arm64/helper'), 'other')
    expect(await changed.json(['package'])).toMatchObject({ exitCode: 5, errors: [{ code: 'needs/wrong-digest' }] })
    const swapped = projectWith({ helper: { ...shipped, bundle: 'vendor/linux-x64/helper', sha256: pins['linux-x64'] } })
    const ran = await swapped.json(['package'])
    expect(ran.errors).toMatchObject([{ code: 'needs/wrong-program', where: { target: 'linux-arm64', path: 'app.needs.helper' } }])
    expect(ran.errors[0]?.message).toBe('helper for linux-arm64 is a program for linux-x64')
    expect(codes(await projectWith({ helper: { ...shipped, bundle: 'vendor/none' } }).json(['package']))[0]).toContain('needs/not-found ')
    expect(codes(await projectWith({ tiny: { ...shipped } }).json(['package']))[0]).toContain('needs/same-path ')
    const bare = projectWith({ helper: shipped }, { more: { packages: ['binary'], feeds: {} } })
    expect(codes(await bare.json(['plan']))[0]).toContain('binary/shipped-need')
  })

  const lies: readonly (readonly [string, (bytes: Buffer) => Uint8Array, string])[] = [
    [
      'another version',
      bytes => Buffer.from(bytes.toString('latin1').replace('0.15.0', '0.14.9'), 'latin1'),
      'that is not 0.15.0: its sha256 is',
    ],
    [
      'another architecture',
      bytes => Buffer.concat([bytes.subarray(0, 18), Buffer.from([183]), bytes.subarray(19)]),
      'for arm64, and is itself for linux-x64',
    ],
  ]
  it.each(lies)('fails verify when the package holds %s', async (_, lie, words) => {
    const project = projectWith({ helper: shipped }, { targets: ['linux-x64'], more: { packages: ['tar.zst'], feeds: {} } })
    await project.run(['keys', 'generate'])
    // The pinned program is looked at and kept; what is packed afterwards is another one.
    const real = machine()
    const stream: Io['files']['stream'] = (path, ...rest) =>
      path.endsWith(`/blobs/${pins['linux-x64'].slice(0, 2)}/${pins['linux-x64']}`)
        ? once(lie(readFileSync(path)))
        : real.files.stream(path, ...rest)
    const env = (name: string): string | undefined => (name === 'SOURCE_DATE_EPOCH' ? '1700000000' : real.secrets.env(name))
    const released = await project.json(['release'], { ...real, files: { ...real.files, stream }, secrets: { ...real.secrets, env } })
    expect(released.exitCode).not.toBe(0)
    const { exitCode, errors } = await project.json(['verify'])
    expect(exitCode).toBe(5)
    expect(errors).toMatchObject([{ code: 'verify/bad-need', where: { object: 'releases/1.0.0/tiny-1.0.0-linux-x64.tar.zst' } }])
    expect(errors[0]?.message).toContain(words)
  })
})

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

describe('a program that is looked for', () => {
  /** The app is a script, so that it runs here. */
  const scripted = (needs: unknown, packages: readonly string[]): SmallProject => {
    const project = projectWith(needs, { targets: ['linux-x64'], more: { packages } })
    writeFileSync(join(project.root, 'bin/linux-x64/tiny'), '#!/bin/sh\necho "tiny here $*"\n', { mode: 0o755 })
    return project
  }
  const toolsIn = (name: string, tools: Readonly<Record<string, string>>): string => {
    const bin = join(mkdtempSync(join(scratch, 'path-')), name)
    mkdirSync(bin)
    for (const one of ['readlink', 'mkdir', 'mv', 'rm', 'sh'])
      symlinkSync(spawnSync('which', [one], { encoding: 'utf8' }).stdout.trim(), join(bin, one))
    for (const [tool, said] of Object.entries(tools)) {
      writeFileSync(join(bin, tool), `#!/bin/sh\necho '${said}'\n`)
      chmodSync(join(bin, tool), 0o755)
    }
    return bin
  }

  it('is asked for by a launcher in archives and in installed packages, and its package holds none', async () => {
    const project = scripted({ git: '>=2.40' }, ['tar.gz', 'deb'])
    await project.run(['keys', 'generate'])
    expect(codes(await project.json(['release']))).toEqual([])
    const folder = join(scratch, 'unpacked')
    mkdirSync(folder)
    spawnSync('tar', ['-C', folder, '-xzf', join(project.root, 'dist/1.0.0/tiny-1.0.0-linux-x64.tar.gz')])
    spawnSync('dpkg-deb', ['-x', join(project.root, 'dist/1.0.0/tiny_1.0.0-1_amd64.deb'), join(folder, 'root')])
    const env = (git: string | null) => ({ PATH: toolsIn('bin', git === null ? {} : { git: `git version ${git}` }), HOME: folder })
    for (const start of [join(folder, 'tiny-1.0.0-linux-x64/tiny'), join(folder, 'root/usr/bin/tiny')]) {
      const run = (git: string | null) => spawnSync(start, ['a'], { encoding: 'utf8', env: env(git) })
      expect(run('2.47.1')).toMatchObject({ status: 0, stdout: 'tiny here a\n', stderr: '' })
      expect(run('2.39.9')).toMatchObject({ status: 69, stdout: '' })
      expect(run('2.39.9').stderr).toContain('tiny needs git >=2.40; version 2.39.9 was found')
      expect(run(null).stderr).toContain('tiny needs git >=2.40, which was not found.')
    }
    for (const file of ['tiny-1.0.0-linux-x64.tar.gz', 'tiny_1.0.0-1_amd64.deb'])
      expect((await insideOf(join(project.root, 'dist/1.0.0', file))).filter(one => /(^|\/)git$/.test(one.path))).toEqual([])
    expect(await project.json(['verify'])).toMatchObject({ ok: true, errors: [] })
  })

  it('is refused when the app folder ships it, and when its range or name is none', async () => {
    const folder = projectWith({ git: '>=2.40' }, { targets: ['linux-x64'] })
    writeFileSync(join(folder.root, 'bin/linux-x64/git'), program(62), { mode: 0o755 })
    const ran = await folder.json(['package'])
    expect(ran.errors).toMatchObject([{ code: 'needs/in-app-folder', where: { path: 'app.needs.git', file: 'git' } }])
    writeFileSync(join(folder.root, 'bin/linux-x64/git'), 'notes about git')
    chmodSync(join(folder.root, 'bin/linux-x64/git'), 0o644)
    expect(codes(await folder.json(['package']))).toEqual([])
    expect(codes(await projectWith({ git: '2.40' }).json(['plan']))).toEqual(['needs/bad-range'])
    expect(codes(await projectWith({ 'a b': '' }).json(['plan']))).toEqual(['needs/bad-name'])
  })

  it('leaves the program of Windows and the bare executable as they are, and says in the record that nothing checks', async () => {
    const project = projectWith(
      { git: '>=2.40' },
      { targets: ['windows-x64', 'linux-x64'], more: { packages: ['zip', 'binary'], feeds: {} } },
    )
    await project.run(['keys', 'generate'])
    expect(codes(await project.json(['release']))).toEqual([])
    const zip = await insideOf(join(project.root, 'dist/1.0.0/tiny-1.0.0-windows-x64.zip'))
    expect(zip.map(one => one.path)).toEqual(['tiny-1.0.0-windows-x64/tiny.exe'])
    expect(readFileSync(join(project.root, 'dist/1.0.0/tiny-1.0.0-linux-x64')).subarray(0, 4).toString('latin1')).toBe('\x7fELF')
    const record = JSON.parse(readFileSync(join(project.bucket, 'releases/1.0.0/release.json'), 'utf8')) as {
      artifacts: { file: string; facts: { needs: { checkedAtStart: boolean }[] } }[]
    }
    const checked = Object.fromEntries(record.artifacts.map(one => [one.file, one.facts.needs[0]?.checkedAtStart]))
    expect(checked).toMatchObject({ 'tiny-1.0.0-windows-x64.zip': false, 'tiny-1.0.0-linux-x64.zip': true })
  })
})
