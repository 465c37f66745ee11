// electron: folders of @electron/packager taken as they are, and the same made of the same zip; fuses and records, judged by Electron's own tools.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { extractFile, getRawHeader } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { packager, type Options as PackagerOptions } from '@electron/packager'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SlipwayError, type Problem } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { readElectronSlots } from '@slipway/formats/electron-slots'
import { readMachO } from '@slipway/formats/macho'
import { readSignature } from '@slipway/formats/macho/signature'
import { readPeResources, withPeResources } from '@slipway/formats/pe-resources'
import { readPlist } from '@slipway/formats/plist/read'
import { linkedPe } from '@slipway/formats/testing/binaries'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { app } from '../packagers/testing/trees.ts'
import type { FileTree } from '../tree.ts'
import type { BuildJob } from './builder.ts'
import { electron } from './electron.ts'
import { join as join_ } from './join.ts'
import {
  digestsBelow,
  filesBelow,
  renamedZip,
  sizedFile,
  textFile,
  sha256Of,
  templateOf,
  usualWire,
  wireWith,
  zipOf,
  type Part,
  type Shape,
} from './testing/electron.ts'
import { elf, jobIn } from './testing/jobs.ts'

const parent = mkdtempSync(join(tmpdir(), 'electron-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
  mkdirSync(join(folder, 'project'))
})
const put = (path: string, bytes: string | Uint8Array, mode = 0o644): string => {
  const file = join(folder, 'project', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes, { mode })
  return file
}
type Options = Parameters<typeof electron.build>[1]
const named = { ...app, name: 'A Tool', id: 'dev.example.tool', bin: 'tool' }
const build = (options: Options, changes: Partial<BuildJob> = {}): Promise<FileTree> =>
  electron.build(jobIn(folder, { app: named, ...changes }), options)
const problemsOf = async (building: Promise<unknown>): Promise<readonly Problem[]> => {
  const caught = await building.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (caught instanceof SlipwayError) return caught.problems
  throw caught instanceof Error ? caught : new Error('nothing was refused')
}
const codesOf = async (building: Promise<unknown>): Promise<readonly string[]> => (await problemsOf(building)).map(one => one.code)

/** The project's app, and Electron's zip for a target; the options that make an app of them. */
const given = async (target: string, shape: Shape = {}): Promise<Options> => {
  put(
    'app/package.json',
    JSON.stringify({ name: 'tool', productName: 'A Tool', version: '1.2.3', author: 'The Tool Authors', main: 'main.js' }, null, 2) + '\n',
  )
  put('app/main.js', 'require("electron")')
  put('app/lib/deep/code.js', 'code')
  put('app/node_modules/native/build/native.node', new Uint8Array(readFileSync('/bin/true').subarray(0, 4096)))
  const zip = await zipOf(await templateOf(target, shape))
  put(`zips/electron-v38.2.0-${words[target] ?? ''}.zip`, zip)
  return { zip: `zips/electron-v38.2.0-${words[target] ?? ''}.zip`, sha256: sha256Of(zip), app: 'app' }
}
const words: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'windows-x64': 'win32-x64',
  'macos-x64': 'darwin-x64',
  'macos-arm64': 'darwin-arm64',
}
const targets = Object.keys(words)
/** What @electron/packager makes of the same zip and the same app. */
const packaged = async (target: string): Promise<string> => {
  const [platform = '', arch = ''] = (words[target] ?? '').split('-')
  const wanted: PackagerOptions = {
    ...{ dir: join(folder, 'project/app'), out: join(folder, 'project/out'), tmpdir: join(folder, 'tmp'), quiet: true, prune: false },
    ...{ electronVersion: '38.2.0', electronZipDir: join(folder, 'project/zips'), asar: { unpack: '*.node' } },
    platform: platform as 'darwin' | 'win32' | 'linux',
    arch: arch as 'x64' | 'arm64',
    ...{ name: 'A Tool', executableName: platform === 'darwin' ? 'A Tool' : 'tool', appBundleId: 'dev.example.tool', appVersion: '1.2.3' },
  }
  const [made = ''] = await packager(wanted)
  return made
}
const fileAt = ({ entries }: FileTree, path: string): Promise<Uint8Array> => {
  const found = entries.find(one => one.path === path)
  if (found?.type !== 'file') throw new Error(`no ${path}`)
  return Array.fromAsync(found.bytes()).then(chunks => new Uint8Array(Buffer.concat(chunks)))
}
/** The tree as files on disk. */
const laid = async (tree: FileTree): Promise<string> => {
  const top = mkdtempSync(join(folder, 'laid-'))
  for (const one of tree.entries) {
    mkdirSync(dirname(join(top, one.path)), { recursive: true })
    if (one.type === 'link') symlinkSync(one.linkTarget, join(top, one.path))
    else if (one.type === 'file') writeFileSync(join(top, one.path), await fileAt(tree, one.path), { mode: one.mode })
  }
  return top
}
const framework = 'A Tool.app/Contents/Frameworks/Electron Framework.framework/Versions/A/Electron Framework'
const resourcesOf = (target: string): string => (target.startsWith('macos') ? 'A Tool.app/Contents/Resources' : 'resources')
const binaryOf = (target: string): string => (target.startsWith('macos') ? framework : target.startsWith('windows') ? 'tool.exe' : 'tool')

describe.each(targets)('electron, made of a zip for %s', target => {
  it('has the files of @electron/packager, the same archive and the same property lists', async () => {
    const options = await given(target)
    const theirs = await packaged(target)
    const tree = await build(options, { target })
    const isMac = target.startsWith('macos')
    // On macOS the notices go with the app, not beside it.
    const beside = ['LICENSE', 'LICENSES.chromium.html', 'version']
    const expected = filesBelow(theirs).filter(path => !isMac || !beside.includes(path))
    const own = isMac ? ['LICENSE.electron.txt', 'LICENSES.chromium.html'].map(name => `${resourcesOf(target)}/${name}`) : []
    expect(tree.entries.flatMap(one => (one.type === 'folder' ? [] : [one.path])).toSorted()).toEqual([...expected, ...own].toSorted())
    for (const one of tree.entries) {
      if (one.type === 'link') expect(execFileSync('readlink', [join(theirs, one.path)], { encoding: 'utf8' }).trim()).toBe(one.linkTarget)
      if (one.type !== 'file' || own.includes(one.path)) continue
      const [ours, file] = [await fileAt(tree, one.path), readFileSync(join(theirs, one.path))]
      expect([one.path, one.mode & 0o111], one.path).toEqual([one.path, statSync(join(theirs, one.path)).mode & 0o111])
      if (one.path.endsWith('Info.plist')) expect([one.path, plainPlist(ours)]).toEqual([one.path, plainPlist(file)])
      else if (/\.app\/Contents\/MacOS\//.test(one.path) || one.path.endsWith('.exe')) continue
      else expect([one.path, sha256Of(ours)]).toEqual([one.path, sha256Of(file)])
    }
    expect(tree.executable).toBe(isMac ? 'A Tool.app/Contents/MacOS/A Tool' : binaryOf(target))
    expect(tree.entries.some(one => one.path.includes('default_app'))).toBe(false)
  })
  it('gives the same bytes twice, with the native module beside the archive', async () => {
    const options = await given(target)
    const digests = (tree: FileTree) => tree.entries.map(one => [one.path, one.type === 'file' ? [one.mode, one.sha256] : one.type])
    const one = await build(options, { target })
    expect(digests(await build(options, { target, scratch: join(folder, 'other') }))).toEqual(digests(one))
    const native = `${resourcesOf(target)}/app.asar.unpacked/node_modules/native/build/native.node`
    expect(one.entries.find(entry => entry.path === native)).toMatchObject({ type: 'file', sizeBytes: 4096 })
  })
  it('has the fuses that are asked for, as @electron/fuses reads them, and is told so by its own reader', async () => {
    const options = { ...(await given(target)), fuses: { runAsNode: false, onlyLoadAppFromAsar: true, enableCookieEncryption: undefined } }
    const made = await laid(await build(options, { target }))
    const wire = await getCurrentFuseWire(join(made, binaryOf(target)))
    const states = [...usualWire]
    ;[states[0], states[5]] = ['0', '1']
    expect(states.map((_, index) => String.fromCharCode(wire[index as FuseV1Options] ?? 0))).toEqual(states)
  })
  it("is taken as a folder of @electron/packager, and the user's folder stays as it was", async () => {
    await given(target)
    const theirs = await packaged(target)
    const before = digestsBelow(theirs)
    const tree = await build({ from: theirs, fuses: { runAsNode: false } }, { target })
    expect(tree.executable).toBe(target.startsWith('macos') ? 'A Tool.app/Contents/MacOS/A Tool' : binaryOf(target))
    const made = await laid(tree)
    expect((await getCurrentFuseWire(join(made, binaryOf(target))))[FuseV1Options.RunAsNode]).toBe(0x30)
    expect(digestsBelow(theirs)).toEqual(before)
    const plain = await build({ from: theirs }, { target })
    expect(sha256Of(await fileAt(plain, binaryOf(target)))).toBe(sha256Of(readFileSync(join(theirs, binaryOf(target)))))
  })
  it('refuses an archive that is not the one recorded, with both hashes', async () => {
    await given(target)
    const theirs = await packaged(target)
    const file = join(theirs, resourcesOf(target), 'app.asar')
    const right = sha256Of(Buffer.from(getRawHeader(file).headerString))
    const bytes = readFileSync(file)
    bytes.write('CODE.js', bytes.indexOf('code.js'))
    writeFileSync(file, bytes)
    const wrong = sha256Of(bytes.subarray(16, 16 + bytes.readUInt32LE(12)))
    // Linux has no place for a record.
    if (target.startsWith('linux')) return void (await build({ from: theirs }, { target }))
    const [found] = await problemsOf(build({ from: theirs }, { target }))
    expect(found).toMatchObject({ code: 'electron/asar-mismatch', exit: 'corrupt', where: { target } })
    for (const hash of [right, wrong]) expect(found?.message).toContain(hash)
    rmSync(file)
    mkdirSync(join(theirs, resourcesOf(target), 'app'))
    expect(await codesOf(build({ from: theirs }, { target }))).toEqual(['electron/asar-missing'])
  })
})

const plainPlist = (bytes: Uint8Array): unknown => readPlist(bytes)

describe('electron, a bundle', () => {
  it('says which archive it is made for, and signs again what it changed', async () => {
    const options = { ...(await given('macos-arm64')), fuses: { runAsNode: false } }
    const made = await laid(await build(options, { target: 'macos-arm64' }))
    const plist = readPlist(readFileSync(join(made, 'A Tool.app/Contents/Info.plist')))
    const hash = sha256Of(Buffer.from(getRawHeader(join(made, 'A Tool.app/Contents/Resources/app.asar')).headerString))
    expect(plist).toMatchObject({ ElectronAsarIntegrity: { 'Resources/app.asar': { algorithm: 'SHA256', hash } } })
    for (const [path, identifier] of [
      [framework, 'com.github.Electron.framework'],
      ['A Tool.app/Contents/MacOS/A Tool', 'dev.example.tool'],
      ['A Tool.app/Contents/Frameworks/A Tool Helper (GPU).app/Contents/MacOS/A Tool Helper (GPU)', 'dev.example.tool.helper'],
    ] as const) {
      const source = fromBytes(readFileSync(join(made, path)))
      const [slice] = (await readMachO(source)).slices
      expect(slice && (await readSignature(source, slice, { pages: true }))).toMatchObject({
        kind: 'ad-hoc',
        identifier,
        arePagesIntact: true,
      })
    }
  })
  it("leaves Electron for Intel unsigned where nothing changed, and takes the icon for the app's own", async () => {
    const tree = await build(await given('macos-x64'), {
      target: 'macos-x64',
      app: { ...named, icon: 'icon.png', version: '1.2.3-beta.1' },
    })
    const plist = readPlist(await fileAt(tree, 'A Tool.app/Contents/Info.plist'))
    expect(plist).not.toHaveProperty('CFBundleIconFile')
    expect(plist).toMatchObject({ CFBundleShortVersionString: '1.2.3', LSEnvironment: { MallocNanoZone: '0' } })
    expect(tree.entries.some(one => one.path.endsWith('electron.icns'))).toBe(false)
    const manifest = extractFile(join(await laid(tree), 'A Tool.app/Contents/Resources/app.asar'), 'package.json').toString()
    expect(JSON.parse(manifest)).toMatchObject({ name: 'tool', version: '1.2.3-beta.1' })
  })
  const signedFolder = async (): Promise<string> => {
    const options = { ...(await given('macos-arm64', { hasSlot: true })), fuses: { enableEmbeddedAsarIntegrityValidation: true } }
    const made = await laid(await build(options, { target: 'macos-arm64' }))
    cpSync(made, join(folder, 'project/made'), { recursive: true, verbatimSymlinks: true })
    return join(folder, 'project/made')
  }
  it('holds the digest of its records where Electron compares them, and refuses another', async () => {
    const made = await signedFolder()
    await build({ from: 'made' }, { target: 'macos-arm64' })
    const bytes = readFileSync(join(made, framework))
    const at = bytes.indexOf('AGbevlPCksUGKNL8TSn7wGmJEuJsXb2A') + 32
    const hash = sha256Of(Buffer.from(getRawHeader(join(made, 'A Tool.app/Contents/Resources/app.asar')).headerString))
    expect(bytes.subarray(at, at + 34).toString('hex')).toBe(`0101${sha256Of(Buffer.from(`Resources/app.asarSHA256${hash}`))}`)
    bytes.writeUInt8((bytes[at + 5] ?? 0) ^ 1, at + 5)
    writeFileSync(join(made, framework), bytes)
    expect(await codesOf(build({ from: 'made' }, { target: 'macos-arm64' }))).toEqual(['electron/digest-mismatch'])
  })
  it('drops seals of other bytes, and only then', async () => {
    const made = await signedFolder()
    const seals = ['A Tool.app/Contents/_CodeSignature/CodeResources', `${dirname(framework)}/_CodeSignature/CodeResources`]
    for (const seal of seals) put(`made/${seal}`, 'seal')
    const paths = async (options: Options) => (await build(options, { target: 'macos-arm64' })).entries.map(one => one.path)
    expect(await paths({ from: 'made' })).toEqual(expect.arrayContaining(seals))
    const changed = await paths({ from: made, fuses: { runAsNode: false } })
    for (const seal of seals) expect(changed).not.toContain(seal)
  })
  it.each([
    ['electron/bad-name', {}, { name: 'My Helper' }],
    [
      'electron/no-helper',
      {
        change: Object.fromEntries(
          ['Info.plist', 'MacOS/Electron Helper', 'PkgInfo'].map(name => [
            `Electron.app/Contents/Frameworks/Electron Helper.app/Contents/${name}`,
            null,
          ]),
        ),
      },
      {},
    ],
    [
      'electron/no-helper',
      { change: { 'Electron.app/Contents/Frameworks/Electron Helper (GPU).app/Contents/MacOS/Electron Helper (GPU)': null } },
      {},
    ],
    ['electron/bad-plist', { change: { 'Electron.app/Contents/Info.plist': 'none' } }, {}],
    [
      'electron/bad-binary',
      { change: { 'Electron.app/Contents/Frameworks/Electron Helper (GPU).app/Contents/MacOS/Electron Helper (GPU)': 'none' } },
      {},
    ],
    ['electron/not-electron', { change: { [framework.replace('A Tool', 'Electron')]: null } }, {}],
    ['electron/no-executable', { change: { 'Electron.app/Contents/MacOS/Electron': null } }, {}],
  ] as const)('%s', async (code, shape, changes) => {
    const options = await given('macos-arm64', shape as Shape)
    expect(await codesOf(build(options, { target: 'macos-arm64', app: { ...named, ...changes } }))).toEqual([code])
  })
})

describe('electron, joined to a universal app', () => {
  const both = async (): Promise<FileTree> => {
    const trees = new Map<string, FileTree>()
    for (const target of ['macos-x64', 'macos-arm64'])
      trees.set(target, await build(await given(target, { hasSlot: true }), { target, scratch: join(folder, target) }))
    return join_.build(jobIn(folder, { app: named, target: 'macos-universal', trees, scratch: join(folder, 'both') }), {})
  }
  it('holds both programs, both snapshots, and one record', async () => {
    const tree = await both()
    const paths = tree.entries.map(one => one.path)
    for (const word of ['x86_64', 'arm64']) expect(paths.filter(path => path.endsWith(`v8_context_snapshot.${word}.bin`))).toHaveLength(1)
    const { slices } = await readMachO(fromBytes(await fileAt(tree, framework)))
    expect(slices.map(one => one.arch)).toEqual(['x64', 'arm64'])
  })
  it('is taken as a folder, and its fuses are set in both', async () => {
    const made = await laid(await both())
    const tree = await build({ from: made, fuses: { runAsNode: false } }, { target: 'macos-universal' })
    const bytes = await fileAt(tree, framework)
    const { wires } = await readElectronSlots(fromBytes(bytes))
    expect(wires.map(one => one.states[0])).toEqual(['off', 'off'])
    const { slices } = await readMachO(fromBytes(bytes))
    for (const slice of slices)
      expect(await readSignature(fromBytes(bytes), slice, { pages: true })).toMatchObject({ kind: 'ad-hoc', arePagesIntact: true })
    expect(
      await codesOf(
        build({ from: made }, { target: 'macos-universal', app: { ...named } }).then(() =>
          build({ from: made, fuses: { wasmTrapHandlers: true } }, { target: 'macos-universal' }),
        ),
      ),
    ).toEqual(['electron/no-such-fuse', 'electron/no-such-fuse'])
  })
})

describe('electron, a program for Windows', () => {
  const options = async (shape: Shape = {}) => given('windows-x64', shape)
  it('holds the record beside all resources that it had', async () => {
    const tree = await build(await options(), { target: 'windows-x64' })
    const found = readPeResources(await fileAt(tree, 'tool.exe'))
    expect(found.map(one => [one.type, one.name])).toEqual([
      ['INTEGRITY', 'ELECTRONASAR'],
      [16, 1],
    ])
    const hash = sha256Of(Buffer.from(getRawHeader(join(await laid(tree), 'resources/app.asar')).headerString))
    expect(JSON.parse(new TextDecoder().decode(found[0]?.bytes))).toEqual([{ file: 'resources\\app.asar', alg: 'SHA256', value: hash }])
  })
  const withRecord = async (record: string): Promise<void> => {
    const made = await laid(
      await build({ ...(await options()), fuses: { enableEmbeddedAsarIntegrityValidation: true } }, { target: 'windows-x64' }),
    )
    cpSync(made, join(folder, 'project/made'), { recursive: true })
    const file = join(folder, 'project/made/tool.exe')
    const others = readPeResources(readFileSync(file)).filter(one => one.type !== 'INTEGRITY')
    const own = { type: 'INTEGRITY', name: 'ELECTRONASAR', language: 1033, codePage: 0, bytes: new TextEncoder().encode(record) }
    writeFileSync(file, withPeResources(readFileSync(file), record === '' ? others : [...others, own]))
  }
  it.each([
    ['electron/no-integrity', ''],
    ['electron/bad-integrity', 'none'],
    ['electron/bad-integrity', '{}'],
    ['electron/bad-integrity', `[{"file":"..\\\\..\\\\x.asar","alg":"sha256","value":"${'0'.repeat(64)}"}]`],
    ['electron/bad-integrity', '[{"file":"resources\\\\app.asar","alg":"md5","value":"00"}]'],
  ])('%s where it says %j', async (code, record) => {
    await withRecord(record)
    expect(await codesOf(build({ from: 'made' }, { target: 'windows-x64' }))).toEqual([code])
  })
  it('finds no record with the slashes of other systems, as Windows does not', async () => {
    await withRecord('')
    const hash = sha256Of(Buffer.from(getRawHeader(join(folder, 'project/made/resources/app.asar')).headerString))
    rmSync(join(folder, 'project/made'), { recursive: true })
    await withRecord(JSON.stringify([{ file: 'resources/app.asar', alg: 'SHA256', value: hash }]))
    expect(await codesOf(build({ from: 'made' }, { target: 'windows-x64' }))).toEqual(['electron/no-integrity'])
  })
})

describe('electron, what is refused', () => {
  const refused = async (changes: Partial<NonNullable<Options>>, shape: Shape = {}, target = 'linux-x64') =>
    codesOf(given(target, shape).then(options => build({ ...options, ...changes }, { target })))
  it.each([
    ['electron/no-fuses', { wire: null }],
    ['electron/many-fuses', { wires: 2 }],
    ['electron/fuse-version', { wireVersion: 2 }],
    ['electron/no-such-fuse', { wire: '10110' }],
    ['electron/removed-fuse', { wire: wireWith('onlyLoadAppFromAsar', 'r') }],
    ['electron/bad-fuse', { wire: wireWith('onlyLoadAppFromAsar', 'x') }],
  ] as const)('%s', async (code, shape) => {
    expect(await refused({ fuses: { onlyLoadAppFromAsar: true } }, shape)).toEqual([code])
    expect(await refused({ fuses: { onlyLoadAppFromAsar: true } }, shape, 'macos-arm64')).toEqual([code])
  })
  it('says all fuses that are not there at once, with their path', async () => {
    const options = { ...(await given('linux-x64')), fuses: { wasmTrapHandlers: true, runAsNode: false } }
    expect(await problemsOf(build(options))).toMatchObject([
      { code: 'electron/no-such-fuse', where: { path: 'build.electron.fuses.wasmTrapHandlers' } },
    ])
  })
  it('the zip: missing, another, another system, another architecture', async () => {
    expect(await refused({ zip: 'none.zip' })).toEqual(['electron/no-zip'])
    const [other] = await problemsOf(given('linux-x64').then(options => build({ ...options, sha256: 'a'.repeat(64) })))
    expect(other).toMatchObject({ code: 'electron/zip-digest', exit: 'corrupt' })
    const options = await given('linux-x64')
    expect(await codesOf(build(options, { target: 'windows-x64' }))).toEqual(['electron/not-template'])
    expect(await codesOf(build(options, { target: 'linux-arm64' }))).toEqual(['electron/wrong-binary'])
    expect(await codesOf(build(await given('macos-x64'), { target: 'macos-universal' }))).toEqual(['electron/wrong-binary'])
    const { program } = (await templateOf('macos-x64'))[framework.replace('A Tool', 'Electron')] as { readonly program: Uint8Array }
    const mixed = await given('macos-arm64', { change: { [framework.replace('A Tool', 'Electron')]: { program } } })
    expect(await problemsOf(build(mixed, { target: 'macos-arm64' }))).toMatchObject([
      { code: 'electron/wrong-binary', message: expect.stringContaining('Electron Framework is a library for x64') },
    ])
  })
  it.each([
    ['a path outside', { '../evil': 'x' }],
    ['an absolute path', { '/tmp/evil': 'x' }],
    ['a link outside', { link: { link: '../../etc/passwd' } }],
    ['an absolute link', { link: { link: '/etc/passwd' } }],
    ['a file below a link', { locales: { link: 'resources' } }],
  ] as const)('%s in the zip', async (_, change) => {
    const zip = await zipOf({ ...(await templateOf('linux-x64')), ...(change as Readonly<Record<string, Part>>) }).catch(() => null)
    // Our own writer makes no such path: the name is put in afterwards.
    const bytes = zip ?? renamedZip(await zipOf({ ...(await templateOf('linux-x64')), xxxxevil: 'x' }), Object.keys(change)[0] ?? '')
    const options = await given('linux-x64')
    put('bad.zip', bytes)
    expect(await codesOf(build({ ...options, zip: 'bad.zip', sha256: sha256Of(bytes) }))).toEqual(['builders/unsafe-archive'])
    expect(existsSync(join(folder, 'evil'))).toBe(false)
    expect(existsSync('/tmp/evil')).toBe(false)
  })
  it('a program without room for a record, and one that ends within its fuses', async () => {
    const program = linkedPe({ words: { 108: 2 } })
    expect(await refused({}, { change: { 'electron.exe': { program } } }, 'windows-x64')).toEqual(['electron/bad-integrity'])
    const cut = new Uint8Array(Buffer.concat([elf(62), Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX')]))
    expect(await refused({}, { change: { electron: { program: cut } } })).toEqual(['electron/bad-binary'])
  })
  it('a damaged zip', async () => {
    const options = await given('linux-x64')
    const bytes = readFileSync(join(folder, 'project', 'zips/electron-v38.2.0-linux-x64.zip')).subarray(0, -30)
    put('bad.zip', bytes)
    expect(await codesOf(build({ ...options, zip: 'bad.zip', sha256: sha256Of(bytes) }))).toEqual(['builders/bad-archive'])
  })
  it('a name that Electron has', async () => {
    expect(await codesOf(build(await given('linux-x64'), { app: { ...named, bin: 'locales' } }))).toEqual(['electron/taken-name'])
  })
  it('an app that is not there, has no package.json, none that is JSON, no entry, or leads out', async () => {
    expect(await refused({ app: 'none' })).toEqual(['electron/no-app-folder'])
    const options = await given('linux-x64')
    put('app/package.json', '[')
    expect(await codesOf(build(options))).toEqual(['electron/no-package-json'])
    put('app/package.json', '{"main":"dist/none"}')
    expect(await codesOf(build(options))).toEqual(['electron/no-main'])
    rmSync(join(folder, 'project/app/package.json'))
    expect(await codesOf(build(options))).toEqual(['electron/no-package-json'])
    symlinkSync('/etc/passwd', join(folder, 'project/app/out'))
    expect(await codesOf(build(options))).toEqual(['tree/link-outside'])
  })
  it('a file that an archive cannot hold', async () => {
    const options = await given('linux-x64')
    execFileSync('truncate', ['-s', '2G', join(folder, 'project/app/big.bin')])
    const job = jobIn(folder, { app: named })
    const scan: BuildJob['scan'] = async path =>
      (await job.scan(path.endsWith('/app') ? join(path, 'lib') : path)).concat(
        path.endsWith('/app') ? [sizedFile('big.bin', 2 ** 31), textFile('package.json', '{"main":"big.bin"}')] : [],
      )
    expect(await codesOf(electron.build({ ...job, scan }, options))).toEqual(['electron/not-packable'])
  })
})

describe('electron, files of the app', () => {
  it('leaves out what no app needs and what is said, and unpacks by patterns', async () => {
    const options = await given('linux-x64')
    for (const path of [
      '.git/config',
      'node_modules/.bin/x',
      'node_modules/electron/index.js',
      'test/a.js',
      'a.map',
      'lib/.DS_Store',
      'data/b.sqlite',
      'media/c.mp3',
    ])
      put(`app/${path}`, path)
    const notes: string[] = []
    const tree = await build(
      { ...options, exclude: ['test', '*.map'], unpack: ['**/*.{sqlite,db}', 'media', 'none/*'] },
      { note: text => void notes.push(text) },
    )
    const archive = join(await laid(tree), 'resources/app.asar')
    const { files: top } = JSON.parse(getRawHeader(archive).headerString) as { readonly files: Readonly<Record<string, unknown>> }
    expect(Object.keys(top)).toEqual(['data', 'lib', 'main.js', 'media', 'node_modules', 'package.json'])
    expect(JSON.stringify(top)).not.toMatch(/DS_Store|\.bin|"electron"/)
    expect(tree.entries.map(one => one.path)).toEqual(
      expect.arrayContaining(['resources/app.asar.unpacked/data/b.sqlite', 'resources/app.asar.unpacked/media/c.mp3']),
    )
    expect(notes).toEqual(['build.electron.unpack: "none/*" matches nothing'])
  })
})

describe('electron, folders', () => {
  it('finds the program by its name, by its option, or as the only one beside the helpers', async () => {
    const options = await given('linux-x64')
    const made = await laid(await build(options))
    expect((await build({ from: made })).executable).toBe('tool')
    cpSync(made, join(folder, 'project/made'), { recursive: true })
    execFileSync('mv', ['tool', 'other'], { cwd: join(folder, 'project/made') })
    expect((await build({ from: 'made' })).executable).toBe('other')
    put('made/third', 'x', 0o755)
    expect(await codesOf(build({ from: 'made' }))).toEqual(['electron/no-executable'])
    expect(await codesOf(build({ from: 'made', bin: 'none' }))).toEqual(['electron/no-executable'])
    expect((await build({ from: 'made', bin: 'other' })).executable).toBe('other')
  })
  it('refuses what is missing, what is no Electron app, and a broken archive', async () => {
    expect(await codesOf(build({ from: 'none' }))).toEqual(['electron/missing'])
    const made = await laid(await build(await given('linux-x64', { wire: wireWith('onlyLoadAppFromAsar', '1') })))
    rmSync(join(made, 'resources/app.asar'))
    expect(await codesOf(build({ from: made }))).toEqual(['electron/not-electron'])
    mkdirSync(join(made, 'resources/app'))
    expect(await codesOf(build({ from: made }))).toEqual(['electron/only-asar'])
    mkdirSync(join(folder, 'project/empty'))
    expect(await codesOf(build({ from: 'empty' }, { target: 'macos-arm64' }))).toEqual(['electron/not-electron'])
    const mac = await laid(await build(await given('macos-arm64'), { target: 'macos-arm64' }))
    writeFileSync(join(mac, 'A Tool.app/Contents/Resources/app.asar'), 'none')
    expect(await codesOf(build({ from: mac }, { target: 'macos-arm64' }))).toEqual(['electron/bad-asar'])
    expect(await codesOf(build({ from: join(mac, 'A Tool.app') }, { target: 'macos-arm64' }))).toEqual(['electron/bad-asar'])
  })
  it('changes no fuse of what is signed', async () => {
    const windows = await laid(await build(await given('windows-x64'), { target: 'windows-x64' }))
    const bytes = readFileSync(join(windows, 'tool.exe'))
    const entry = 88 + 112 + 32
    const padded = Buffer.concat([
      bytes,
      Buffer.alloc((8 - (bytes.length % 8)) % 8),
      Buffer.from([16, 0, 0, 0, 0, 2, 2, 0]),
      Buffer.alloc(8),
    ])
    padded.writeUInt32LE(padded.length - 16, entry)
    padded.writeUInt32LE(16, entry + 4)
    writeFileSync(join(windows, 'tool.exe'), padded)
    expect(await codesOf(build({ from: windows, fuses: { runAsNode: false } }, { target: 'windows-x64' }))).toEqual(['electron/signed'])
    expect((await build({ from: windows, fuses: { runAsNode: true } }, { target: 'windows-x64' })).executable).toBe('tool.exe')
  })
  it('runs the commands first, and says what they said', async () => {
    const made = await laid(await build(await given('linux-x64')))
    put('make.sh', `#!/bin/sh\ncp -r ${made} out-$1\n`, 0o755)
    expect((await build({ run: './make.sh {target}', from: { 'linux-x64': 'out-{target}' } })).executable).toBe('tool')
    put('make.sh', '#!/bin/sh\necho broken; exit 3\n', 0o755)
    const [failed] = await problemsOf(build({ run: { 'linux-*': ['./make.sh'] }, from: 'out-{target}' }))
    expect(failed).toMatchObject({ code: 'electron/failed', exit: 'machine', facts: { exitCode: 3 } })
    expect(failed?.message).toContain('broken')
  })
})

describe('electron, before a build', () => {
  const codes = (options: Options, target = 'linux-x64', changes: Partial<typeof named> = {}) =>
    electron.check?.(jobIn(folder, { target, app: { ...named, ...changes } }), options).map(one => one.code)
  it('says what its options lack', () => {
    expect(codes({})).toEqual(['electron/no-from'])
    expect(codes({ from: { 'macos-x64': 'x' } })).toEqual(['electron/missing'])
    expect(codes({ from: 'x', zip: 'y', app: 'z' })).toEqual(['electron/two-sources', 'electron/two-sources'])
    expect(codes({ zip: 'x' })).toEqual(['electron/no-digest', 'electron/no-app'])
    expect(codes({ zip: { 'linux-arm64': 'x' }, sha256: 'abc', app: '.' })).toEqual(['electron/missing', 'electron/no-digest'])
    expect(codes({ zip: 'x', sha256: 'a'.repeat(64), app: '.' }, 'macos-x64', { id: '' })).toEqual(['electron/no-id'])
    expect(codes({ zip: 'x', sha256: { 'linux-*': 'A'.repeat(64) }, app: '.' })).toEqual([])
  })
  it('names targets, and is pure without commands', () => {
    expect(electron.targets?.({ from: { 'linux-x64': 'a', 'macos-arm64': 'b' } })).toEqual(['linux-x64', 'macos-arm64'])
    expect(electron.targets?.({ zip: { 'linux-*': 'a' } })).toEqual([])
    const pure = electron.pure as (options: Options) => boolean
    expect([pure({ from: 'x' }), pure({ from: 'x', run: 'make' })]).toEqual([true, false])
  })
  it('looks at a folder that is there', async () => {
    const made = await laid(await build(await given('macos-arm64'), { target: 'macos-arm64' }))
    const look = jobIn(folder, { app: named, target: 'macos-arm64' })
    const looked = await electron.look?.(look, { from: made })
    expect(looked?.files.some(one => one.path === 'A Tool.app/Contents/Resources/app.asar' && one.sizeBytes > 100)).toBe(true)
    expect(await electron.look?.(look, { from: made, run: 'make' })).toBeNull()
    expect(await electron.look?.(look, { from: 'none' })).toBeNull()
    const other = await electron.look?.({ ...look, target: 'macos-x64' }, { from: made })
    expect(other?.problems.map(one => one.code)).toEqual(['electron/wrong-binary'])
  })
})

describeWithJudge(['pefile', '7z', 'plistutil'], 'electron, as foreign readers see it', tools => {
  it('pefile finds the record', async () => {
    const made = await laid(await build(await given('windows-x64'), { target: 'windows-x64' }))
    const script = `
import pefile, sys
pe = pefile.PE(sys.argv[1])
for kind in pe.DIRECTORY_ENTRY_RESOURCE.entries:
  for name in kind.directory.entries:
    for leaf in name.directory.entries:
      data = leaf.data.struct
      if str(kind.name) == 'INTEGRITY': print(str(name.name), pe.get_data(data.OffsetToData, data.Size).decode())
print(pe.verify_checksum())
`
    const said = execFileSync(tools.pefile, ['-c', script, join(made, 'tool.exe')], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const hash = sha256Of(Buffer.from(getRawHeader(join(made, 'resources/app.asar')).headerString))
    expect(said).toEqual([`ELECTRONASAR [{"file":"resources\\\\app.asar","alg":"SHA256","value":"${hash}"}]`, 'True'])
  })
  it('plistutil reads every property list, 7z the zip that it came of', async () => {
    const made = await laid(await build(await given('macos-arm64'), { target: 'macos-arm64' }))
    const plists = filesBelow(made).filter(path => path.endsWith('Info.plist'))
    expect(plists).toHaveLength(6)
    for (const path of plists)
      expect(execFileSync(tools.plistutil, ['-i', join(made, path), '-o', '-'], { encoding: 'utf8' })).toContain('CFBundleIdentifier')
    expect(
      execFileSync(tools['7z'], ['t', join(folder, 'project/zips/electron-v38.2.0-darwin-arm64.zip')], { encoding: 'utf8' }),
    ).toContain('Everything is Ok')
  })
})
