// tauri: what its configuration says becomes an app folder as Tauri's own bundler lays it out; the program is told how it is installed.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SlipwayError, type App } from '@slipway/core'
import { tinyElf, tinyMachO, tinyPe } from '@slipway/formats/testing/binaries'
import { machine } from '../io/machine.ts'
import type { BuildJob } from './builder.ts'
import { jobIn } from './testing/jobs.ts'
import { builtInto } from './testing/programs.ts'
import { tauri } from './tauri.ts'

const parent = mkdtempSync(join(tmpdir(), 'tauri-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let folder = ''
const put = (path: string, content: string | Uint8Array, mode = 0o644): void => {
  const file = join(folder, 'project', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}
const unknown = '__TAURI_BUNDLE_TYPE_VAR_UNK'
const holding = (program: Uint8Array, text = unknown): Uint8Array => Buffer.concat([program, Buffer.from(`before${text}behind`)])
const linux = holding(tinyElf({}))
const arm = 0x0100000c
const triple = 'x86_64-unknown-linux-gnu'
const app: App = { ...jobIn('').app, name: 'Notes', id: 'org.example.notes', bin: 'notes', version: '2.0.1' }
const conf = (more: object = {}): string =>
  JSON.stringify({ productName: 'Notes', version: '2.0.1', identifier: 'org.example.notes', mainBinaryName: 'notes', ...more })

beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
  put('src-tauri/tauri.conf.json', conf())
  put(`src-tauri/target/${triple}/release/notes`, linux)
})

type Options = Parameters<typeof tauri.build>[1]
const job = (changes: Partial<BuildJob> = {}): BuildJob => jobIn(folder, { app, ...changes })
const build = (options: Options = {}, changes: Partial<BuildJob> = {}) => tauri.build(job(changes), options)
const problemOf = async (options: Options = {}, changes: Partial<BuildJob> = {}) => {
  const error = await build(options, changes).catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}
const codeOf = async (options: Options = {}, changes: Partial<BuildJob> = {}) =>
  ((await problemOf(options, changes)) as { code?: string }).code
const paths = async (options: Options = {}, changes: Partial<BuildJob> = {}): Promise<readonly string[]> =>
  (await build(options, changes)).entries.flatMap(one => (one.type === 'folder' ? [] : [one.path]))

describe('tauri, the program', () => {
  it('stands alone where the app has nothing beside it, with its bytes', async () => {
    const tree = await build()
    expect(tree.entries.map(one => one.path)).toEqual(['notes'])
    expect(readFileSync(join(folder, 'scratch/tree/notes')).equals(Buffer.from(linux))).toBe(true)
  })
  it('is found in the folder of a workspace, for a target and for this machine', async () => {
    rmSync(join(folder, 'project/src-tauri/target'), { recursive: true })
    expect(await problemOf()).toMatchObject({ code: 'tauri/missing', where: { target: 'linux-x64' } })
    // It may still be built.
    expect(await tauri.look!(job(), {})).toEqual({ files: [], problems: [] })
    put('target/release/notes', linux)
    const { io } = job()
    const host = { ...io.host, os: 'linux', arch: 'x64' } as const
    expect(await paths({}, { io: { ...io, host } })).toEqual(['notes'])
    expect(await codeOf({}, { io: { ...io, host: { ...host, arch: 'arm64' } } })).toBe('tauri/missing')
    put(`target/${triple}/release/notes`, linux)
    expect(await paths({}, { io: { ...io, host: { ...host, arch: 'arm64' } } })).toEqual(['notes'])
    expect(await codeOf({}, { io: { ...io, host } })).toBe('tauri/two-programs')
    expect(await paths({ from: 'target/release/{bin}' })).toEqual(['notes'])
  })
  it('is called as Cargo calls it where the configuration does not say', async () => {
    put('src-tauri/tauri.conf.json', JSON.stringify({ productName: 'Notes' }))
    for (const [toml, name] of [
      ['[package]\nname = "desk"\nversion = "2.0.1"\n', 'desk'],
      ['[package]\nname = "desk"\n[[bin]]\nname = "one"\n', 'one'],
      ['[package]\nname = "desk"\ndefault-run = "two"\n[[bin]]\nname = "one"\n[[bin]]\nname = "two"\n', 'two'],
    ] as const) {
      put('src-tauri/Cargo.toml', toml)
      put(`src-tauri/target/${triple}/release/${name}`, holding(tinyElf({}), `${unknown} ${name}`))
      await build()
      expect(readFileSync(join(folder, 'scratch/tree/notes'), 'latin1')).toContain(`UNK ${name}`)
    }
  })
  it('may be a bundle or a folder that is whole', async () => {
    const home = 'src-tauri/target/bundle/Notes.app/Contents'
    put(`${home}/MacOS/notes`, tinyMachO(arm))
    put(`${home}/Info.plist`, '<plist/>')
    expect(await paths({ from: 'src-tauri/target/bundle/Notes.app' }, { target: 'macos-arm64' })).toEqual([
      'Contents/Info.plist',
      'Contents/MacOS/notes',
    ])
    put('empty/readme', 'nothing')
    expect(await codeOf({ from: 'empty' })).toBe('tauri/no-executable')
  })
  it('is refused where it is for another target', async () => {
    put(`src-tauri/target/${triple}/release/notes`, tinyPe({}))
    expect(await codeOf()).toBe('tauri/wrong-binary')
  })
})

describe('tauri, what lies beside the program', () => {
  const resources = ['data/one.txt', '../shared', 'icons/*.png', 'deep/**/*']
  beforeEach(() => {
    put('src-tauri/data/one.txt', '1')
    put('shared/inner/two.txt', '2')
    put('src-tauri/icons/a.png', 'a')
    put('src-tauri/icons/b.ico', 'b')
    put('src-tauri/deep/.hidden', 'h')
    put('src-tauri/deep/er/run.sh', '#!/bin/sh\n', 0o755)
    put(`src-tauri/bin/helper-${triple}`, tinyElf({}), 0o755)
    put('src-tauri/bin/helper-x86_64-pc-windows-gnu.exe', tinyPe({}))
    put('src-tauri/bin/helper-aarch64-apple-darwin', tinyMachO(arm))
    put('src-tauri/tauri.conf.json', conf({ bundle: { resources, externalBin: ['bin/helper'] } }))
  })
  const kept = ['_up_/shared/inner/two.txt', 'data/one.txt', 'deep/.hidden', 'deep/er/run.sh', 'icons/a.png']
  it('lies on Linux where resource_dir looks for it', async () => {
    const tree = await build()
    expect(await paths()).toEqual(['bin/helper', 'bin/notes', ...kept.map(path => `lib/Notes/${path}`)])
    expect(tree.executable).toBe('bin/notes')
    expect(tree.entries.find(one => one.path.endsWith('run.sh'))).toMatchObject({ mode: 0o755 })
  })
  it('lies beside the program on Windows and macOS', async () => {
    put('src-tauri/target/x86_64-pc-windows-gnu/release/notes.exe', holding(tinyPe({})))
    put('src-tauri/target/x86_64-pc-windows-gnu/release/WebView2Loader.dll', 'dll')
    put('src-tauri/target/aarch64-apple-darwin/release/notes', tinyMachO(arm))
    expect(await paths({}, { target: 'windows-x64' })).toEqual(['WebView2Loader.dll', ...kept, 'helper.exe', 'notes.exe'].toSorted())
    expect(await paths({}, { target: 'macos-arm64' })).toEqual([...kept, 'helper', 'notes'].toSorted())
  })
  it('goes where a map says', async () => {
    const map = { 'data/one.txt': 'first.txt', '../shared': 'lib', 'icons/*': 'pictures/', 'deep/er/run.sh': '' }
    put('src-tauri/tauri.conf.json', conf({ bundle: { resources: map } }))
    const said = ['first.txt', 'lib/inner/two.txt', 'pictures/a.png', 'pictures/b.ico', 'run.sh']
    expect(await paths()).toEqual(['bin/notes', ...said.map(path => `lib/Notes/${path}`)])
    put('src-tauri/tauri.conf.json', conf({ bundle: { resources: { 'data/one.txt': '../../up', '/etc/hostname': '' } } }))
    expect(await paths()).toEqual(['bin/notes', 'lib/Notes/_up_/_up_/up', 'lib/Notes/hostname'])
  })
  it('follows links to files', async () => {
    symlinkSync('one.txt', join(folder, 'project/src-tauri/data/link.txt'))
    put('src-tauri/tauri.conf.json', conf({ bundle: { resources: ['data/link.txt', '[de]ata/o?e.*'] } }))
    expect(await paths()).toEqual(['bin/notes', 'lib/Notes/data/link.txt', 'lib/Notes/data/one.txt'])
    expect(readFileSync(join(folder, 'scratch/tree/lib/Notes/data/link.txt'), 'utf8')).toBe('1')
  })
  it('is refused where it is missing, or at one place twice', async () => {
    for (const [more, code] of [
      [{ resources: ['none.txt'] }, 'tauri/no-resource'],
      [{ resources: ['icons/*.gif'] }, 'tauri/no-resource'],
      [{ resources: { 'data/one.txt': 'a', 'icons/a.png': 'a' } }, 'tauri/same-resource'],
      [{ externalBin: ['bin/other'] }, 'tauri/no-sidecar'],
    ] as const) {
      put('src-tauri/tauri.conf.json', conf({ bundle: more }))
      expect(await codeOf()).toBe(code)
    }
    put('src-tauri/tauri.conf.json', conf({ bundle: { externalBin: ['bin/helper'] } }))
    expect(await paths()).toEqual(['helper', 'notes'])
    put(`src-tauri/bin/helper-${triple}`, tinyPe({}))
    expect(await problemOf()).toMatchObject({ code: 'tauri/wrong-binary', where: { file: 'helper' } })
  })
  it('of one system takes the place of what is said for all', async () => {
    put('src-tauri/tauri.linux.conf.json', '{ "bundle": { "externalBin": null, "resources": ["data/one.txt"] }, }')
    expect(await paths()).toEqual(['bin/notes', 'lib/Notes/data/one.txt'])
    expect(await tauri.look!({ ...job(), app }, {})).toMatchObject({
      files: [
        { path: 'bin/notes', sizeBytes: linux.length },
        { path: 'lib/Notes/data/one.txt', sizeBytes: 1 },
      ],
      problems: [],
    })
  })
})

describe('tauri, what its configuration says', () => {
  it('agrees with the release, or is refused before anything is built', async () => {
    for (const [more, code] of [
      [{ version: '2.0.0' }, 'tauri/other-version'],
      [{ identifier: 'org.example.other' }, 'tauri/other-identifier'],
    ] as const) {
      put('src-tauri/tauri.conf.json', conf(more))
      expect(await codeOf()).toBe(code)
      expect((await tauri.look!(job(), {}))?.problems.map(one => one.code)).toEqual([code])
    }
    put('package.json', '{ "version": "2.0.2" }')
    put('src-tauri/tauri.conf.json', conf({ version: '../package.json' }))
    expect(await problemOf()).toMatchObject({ code: 'tauri/other-version', where: { file: 'src-tauri/../package.json' } })
    put('src-tauri/Cargo.toml', '[package]\nname = "notes"\nversion = "2.0.3"\n')
    put('src-tauri/tauri.conf.json', JSON.stringify({ productName: 'Notes' }))
    expect(await problemOf()).toMatchObject({ code: 'tauri/other-version', where: { file: 'src-tauri/Cargo.toml' } })
  })
  it('names another product: that is told', async () => {
    const notes: string[] = []
    put('src-tauri/tauri.conf.json', conf({ productName: 'Notebook' }))
    await build({}, { note: text => notes.push(text) })
    expect(notes.join()).toContain('"Notebook"')
  })
  it('is of Tauri 2, in a folder of its own, JSON or JSON5', async () => {
    const moved = { dir: './apps/notes/' }
    expect(await problemOf(moved)).toMatchObject({ code: 'tauri/no-conf', where: { path: 'build.tauri.dir' } })
    put('apps/notes/src-tauri/tauri.conf.json5', "// Notes\n{ productName: 'Notes', mainBinaryName: 'notes' }")
    put(`apps/notes/src-tauri/target/${triple}/release/notes`, linux)
    expect(await paths(moved)).toEqual(['notes'])
    put('src-tauri/tauri.conf.json', '{ "package": { "productName": "Notes" }, "tauri": {} }')
    expect(await codeOf()).toBe('tauri/first')
    expect((await tauri.look!(job(), {}))?.problems.map(one => one.code)).toEqual(['tauri/first'])
    put('src-tauri/tauri.conf.json', '{ "productName": [ ')
    expect(await codeOf()).toBe('tauri/bad-conf')
  })
})

describe('tauri, the build', () => {
  const script = (text: string): void => put('src-tauri/make.sh', `#!/bin/sh\n${text}\n`, 0o755)
  it('is run where src-tauri lies, with what cargo needs, and leaves its record', async () => {
    put('made', linux)
    script(`cp ../made target/${triple}/release/notes; pwd > where; env | cut -d= -f1 > names; echo "$1" >> names`)
    process.env['UNIT_TEST_SECRET'] = 'leak'
    try {
      await build({ run: './make.sh {rust}', cwd: 'src-tauri' })
    } finally {
      delete process.env['UNIT_TEST_SECRET']
    }
    expect(readFileSync(join(folder, 'project/src-tauri/where'), 'utf8').trim().endsWith('/project/src-tauri')).toBe(true)
    const names = readFileSync(join(folder, 'project/src-tauri/names'), 'utf8').split('\n')
    expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'SOURCE_DATE_EPOCH', triple]))
    expect(names).not.toContain('UNIT_TEST_SECRET')
  })
  it('that failed, or that nothing says, is refused', async () => {
    script('echo no such crate; exit 101')
    expect(await problemOf({ run: 'src-tauri/make.sh' })).toMatchObject({ code: 'tauri/failed', exit: 'machine', facts: { exitCode: 101 } })
    const check = (options: Options) => tauri.check!(job(), options).map(one => one.code)
    expect(check({ run: { 'macos-*': 'true' }, from: { 'macos-x64': 'a' } })).toEqual(['tauri/no-run', 'tauri/no-from'])
    expect(check({ run: 'true', from: 'a' })).toEqual([])
    expect([tauri.pure, tauri.targets].map(one => (one as (options: Options) => unknown)({ from: { 'macos-x64': 'a' } }))).toEqual([
      true,
      ['macos-x64'],
    ])
  })
})

describe('tauri, the bundle type', () => {
  const marked = (packager: string, program = linux): string =>
    Buffer.from((tauri.mark!(packager, {}) ?? String)(program) as Uint8Array)
      .toString('latin1')
      .slice(-39)
  it.each([
    ['deb', 'DEB'],
    ['rpm', 'RPM'],
    ['appimage', 'APP'],
    ['nsis', 'NSS'],
    ['msi', 'MSI'],
  ])('for %s is %s, and nothing else of the program changes', (packager, type) => {
    expect(marked(packager)).toBe(`before__TAURI_BUNDLE_TYPE_VAR_${type}behind`)
    const program = tauri.mark!(packager, {})!(linux)
    expect([...program].filter((byte, at) => byte !== linux[at])).toHaveLength(3)
    expect(Buffer.from(linux).includes(unknown)).toBe(true)
  })
  it('stays unknown in what Tauri does not make, on macOS, and where nobody wants it', () => {
    for (const packager of ['tar.gz', 'zip', 'binary', 'snap', 'pacman', 'apk', 'msix', 'app', 'toString'])
      expect(tauri.mark!(packager, {})).toBeNull()
    expect(tauri.mark!('deb', { bundleType: false })).toBeNull()
  })
  it('must stand in the program exactly once, and not be taken', async () => {
    for (const [program, code] of [
      [tinyElf({}), 'tauri/no-bundle-type'],
      [holding(linux), 'tauri/two-bundle-types'],
      [holding(tinyElf({}), '__TAURI_BUNDLE_TYPE_VAR_RPM'), 'tauri/bundle-type-taken'],
    ] as const) {
      put(`src-tauri/target/${triple}/release/notes`, program)
      expect(await codeOf()).toBe(code)
      expect(await paths({ bundleType: false })).toEqual(['notes'])
      expect(() => tauri.mark!('deb', {})!(program)).toThrow(code)
    }
    // Of rustc's other texts there may be as many as Tauri compares with.
    put(`src-tauri/target/${triple}/release/notes`, holding(linux, '__TAURI_BUNDLE_TYPE_VAR_DEB'))
    expect(await paths()).toEqual(['notes'])
  })
  it('is not asked of a program for macOS', async () => {
    put('src-tauri/target/aarch64-apple-darwin/release/notes', tinyMachO(arm))
    expect(await paths({}, { target: 'macos-arm64' })).toEqual(['notes'])
  })
  it('leaves the record of the build readable', async () => {
    const target = machine().host.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'
    put('made', holding(readFileSync('/usr/bin/true')))
    put('make.sh', `#!/bin/sh\nmkdir -p out && cp made out/notes\n`, 0o755)
    await build({ run: './make.sh', from: 'out/notes' }, { target })
    expect(await builtInto(tauri.mark!('rpm', {})!(readFileSync(join(folder, 'scratch/tree/notes'))))).toMatchObject({ tool: 'tauri' })
  })
})
