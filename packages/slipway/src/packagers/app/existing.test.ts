// A macOS bundle that exists: shipped byte for byte where it agrees with the config, signed anew with all that it asked for, or refused with all faults at once.
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { App, Problem } from '@slipway/core'
import { collect, equalBytes, fromBytes } from '@slipway/formats/bytes'
import { writeIcns } from '@slipway/formats/icns'
import { readMachO } from '@slipway/formats/macho'
import { readSignature } from '@slipway/formats/macho/signature'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, type PlistValue } from '@slipway/formats/plist/value'
import { writePlist } from '@slipway/formats/plist/write'
import * as z from 'zod'
import { smallProject } from '../../../../../test/kit/project.ts'
import { unsignedMachO } from '../../../../formats/src/testing/binaries.ts'
import { askedFor, signedMachO } from '../../../../formats/src/testing/signed-macho.ts'
import type { FileTree } from '../../tree.ts'
import { app as unit } from '../app.ts'
import type { SizedEntry } from '../packager.ts'
import { app as baseApp, date, treeOf, type Content } from '../testing/trees.ts'

const program = unsignedMachO()
type Keys = Readonly<Record<string, PlistValue>>
const whole: Keys = {
  CFBundleExecutable: 'tool',
  CFBundleIdentifier: 'dev.example.tool',
  CFBundlePackageType: 'APPL',
  CFBundleShortVersionString: '1.2.3',
  CFBundleVersion: '1.2.3',
}
const home = 'Tool.app/Contents'
const bundle = (keys: Keys = {}, more: Readonly<Record<string, Content>> = {}): Readonly<Record<string, Content>> => ({
  [`${home}/Info.plist`]: writePlist({ ...whole, ...keys }),
  [`${home}/MacOS/tool`]: program,
  [`${home}/_CodeSignature/CodeResources`]: 'sealed',
  ...more,
})
interface Shaping {
  readonly app?: Partial<App>
  readonly options?: Readonly<Record<string, unknown>>
  readonly executable?: string
  readonly modes?: Readonly<Record<string, number>>
}
const optionsOf = (options: Shaping['options'] = {}) => z.strictObject(unit.options).parse(options)
const treeFrom = (contents: Readonly<Record<string, Content>>, { executable = `${home}/MacOS/tool`, modes = {} }: Shaping): FileTree => {
  const tree = treeOf(contents, executable)
  return { ...tree, entries: tree.entries.map(one => (one.type === 'file' ? { ...one, mode: modes[one.path] ?? one.mode } : one)) }
}
const shaped = async (contents: Readonly<Record<string, Content>>, shaping: Shaping = {}) => {
  const notes: string[] = []
  const app = { ...baseApp, category: 'Utility', ...shaping.app }
  const tree = await unit.shape(
    { app, target: 'macos-arm64', tree: treeFrom(contents, shaping), date, note: text => notes.push(text) },
    optionsOf(shaping.options),
  )
  return { tree, notes }
}
/** Code and place of each. */
const problemsOf = async (contents: Readonly<Record<string, Content>>, shaping: Shaping = {}): Promise<readonly Problem[]> =>
  shaped(contents, shaping).then(
    () => [],
    (error: { problems: readonly Problem[] }) => error.problems,
  )
const codesOf = async (...args: Parameters<typeof problemsOf>): Promise<readonly string[]> =>
  (await problemsOf(...args)).map(one => one.code)
const bytesOf = async (tree: FileTree, path: string): Promise<Uint8Array> => {
  const file = tree.entries.find(one => one.path === path)
  if (file?.type !== 'file') throw new Error(`no ${path}`)
  return collect(file.bytes(), 1 << 24)
}
const keysOf = async (tree: FileTree): Promise<Keys> => {
  const value = readPlist(await bytesOf(tree, `${home}/Info.plist`))
  return isDict(value) ? value : {}
}
const asBytes = (content: Content | undefined): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : (content as Uint8Array)

describe('a sealed bundle', () => {
  it('is shipped byte for byte where it agrees: nothing that is merely nice is added, links and types of its own stay', async () => {
    const own = {
      CFBundleURLTypes: [{ CFBundleURLName: 'own', CFBundleURLSchemes: ['other', 'TOOL'] }],
      CFBundleDocumentTypes: [{ CFBundleTypeExtensions: ['md', 'txt'] }],
      LSMinimumSystemVersion: '10.15',
    }
    const contents = bundle(own, { [`${home}/MacOS/tool`]: await signedMachO({ cms: true }) })
    const opens = [{ type: 'text/markdown', extensions: ['md'], name: '' }]
    const { tree, notes } = await shaped(contents, {
      app: { protocols: ['tool'], opens },
      options: { minimum: '10.15', plist: { CFBundlePackageType: 'APPL' } },
    })
    expect(tree.entries.map(one => one.path)).toEqual(Object.keys(contents).toSorted())
    for (const [path, content] of Object.entries(contents)) expect(equalBytes(await bytesOf(tree, path), asBytes(content)), path).toBe(true)
    expect(notes).toEqual([])
  })
  it('is refused, with the keys, where it is signed by somebody and would change', async () => {
    const contents = bundle({}, { [`${home}/MacOS/tool`]: await signedMachO({ cms: true }) })
    const problems = await problemsOf(contents, { app: { protocols: ['tool'] }, options: { minimum: '12.0' } })
    expect(problems).toMatchObject([
      { code: 'app/signed-bundle', message: expect.stringMatching(/: LSMinimumSystemVersion, CFBundleURLTypes$/) },
    ])
    const script = { [`${home}/MacOS/tool`]: '#!/bin/sh\n', [`${home}/_CodeSignature/CodeSignature`]: 'a certificate' }
    expect(await codesOf(bundle({}, script), { options: { minimum: '12.0' } })).toEqual(['app/signed-bundle'])
  })
  it('is signed ad hoc anew where it was, with entitlements and flags, which is told', async () => {
    const { tree, notes } = await shaped(bundle({}, { [`${home}/MacOS/tool`]: await signedMachO() }), { options: { minimum: '12.0' } })
    const bytes = await bytesOf(tree, `${home}/MacOS/tool`)
    const [slice] = (await readMachO(fromBytes(bytes))).slices
    expect(slice && (await readSignature(fromBytes(bytes), slice, { pages: true }))).toMatchObject({
      ...{ kind: 'ad-hoc', identifier: 'dev.example.tool', hasRuntime: true, arePagesIntact: true, handed: askedFor },
      entitlements: expect.stringContaining('audio-input'),
    })
    expect(await keysOf(tree)).toEqual({ ...whole, LSMinimumSystemVersion: '12.0' })
    expect(tree.entries.some(one => one.path.includes('_CodeSignature'))).toBe(false)
    expect(notes).toEqual([expect.stringMatching(/^"Tool.app" loses its ad-hoc seal, since these change in it: LSMinimumSystemVersion; /)])
  })
  it('gets the icon that is named for macOS in place of its own, and links beside its own', async () => {
    const [small, large] = [32, 512].map(side => writeIcns({ width: side, height: side, pixels: new Uint8Array(side * side * 4) }))
    expect(await codesOf(bundle({ CFBundleIconFile: 'Own' }, { [`${home}/Resources/Own.icns`]: small ?? '' }))).toEqual(['app/small-icon'])
    const catalogue = { [`${home}/Resources/Own.icns`]: small ?? '', [`${home}/Resources/Assets.car`]: 'pictures' }
    expect(await codesOf(bundle({ CFBundleIconFile: 'Own' }, catalogue))).toEqual([])
    expect(await codesOf(bundle({ CFBundleIconFile: 'Gone' }))).toEqual(['app/lost-icon'])
    expect(await codesOf(bundle({ CFBundleIconFile: 'Gone', CFBundleIconName: 'Gone' }, catalogue))).toEqual([])
    const links = { CFBundleURLTypes: [{ CFBundleURLSchemes: ['other'] }] }
    const { tree } = await shaped(bundle(links, { [`${home}/Resources/large.icns`]: large ?? '' }), {
      options: { icon: `${home}/Resources/large.icns` },
      app: { protocols: ['tool'] },
    })
    expect(equalBytes(await bytesOf(tree, `${home}/Resources/AppIcon.icns`), large ?? new Uint8Array(0))).toBe(true)
    expect(await keysOf(tree)).toMatchObject({
      CFBundleIconFile: 'AppIcon',
      CFBundleURLTypes: [{ CFBundleURLSchemes: ['other'] }, { CFBundleURLSchemes: ['tool'] }],
    })
  })
})

describe('what a bundle says', () => {
  it.each([
    ['another identifier', { CFBundleIdentifier: 'org.other.thing' }, ['app/other-id']],
    ['another version', { CFBundleShortVersionString: '1.2.2' }, ['app/other-version']],
    ['another version for updaters', { CFBundleVersion: '0.0.1' }, ['app/other-version']],
    ['a number for a text', { CFBundleShortVersionString: 5, CFBundleVersion: true }, ['app/bad-plist', 'app/bad-plist']],
    [
      'all at once',
      { CFBundleIdentifier: 'a.b', CFBundleExecutable: 'gone', CFBundleVersion: '1.2.4' },
      ['app/no-executable', 'app/other-version', 'app/other-id'],
    ],
    ['a build number', { CFBundleVersion: '42' }, []],
    ['a build number of two parts', { CFBundleVersion: '42.1' }, []],
  ] as const)('%s', async (_, keys, codes) => {
    expect(await codesOf(bundle(keys))).toEqual(codes)
  })
  it('names both identifiers; said in the plist, the change is meant', async () => {
    const other = bundle({ CFBundleIdentifier: 'org.other.thing' })
    expect((await problemsOf(other))[0]?.message).toBe(
      'the bundle says that it is "org.other.thing" (CFBundleIdentifier), and app.id is "dev.example.tool"',
    )
    const { tree } = await shaped(other, { options: { plist: { CFBundleIdentifier: 'dev.example.tool' } } })
    expect(await keysOf(tree)).toEqual(whole)
  })
  it('of a build number is told', async () => {
    expect((await shaped(bundle({ CFBundleVersion: '42' }))).notes).toEqual([expect.stringContaining('build number "42"')])
  })
})

describe('packages.app.plist', () => {
  const check = (plist: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): readonly Problem[] =>
    unit.check?.({ app: { ...baseApp, version: '1.2.3-beta.1' }, target: 'macos-arm64' }, optionsOf({ plist, ...more })) ?? []
  it.each([
    ['CFBundleIdentifier', 'dev.sneaky.tool', 'app.id'],
    ['CFBundleExecutable', 'nope', 'builder'],
    ['CFBundleShortVersionString', '9.9', 'app.version'],
    ['CFBundleVersion', '9.9.9', '1.2.3'],
    ['CFBundleVersion', 'nine', '1.2.3'],
    ['CFBundleVersion', 9, '1.2.3'],
    ['CFBundlePackageType', 'BNDL', 'APPL'],
    ['LSMinimumSystemVersion', '12.0', 'packages.app.minimum'],
    ['CFBundleIconFile', 'x', 'packages.app.icon'],
    ['CFBundleURLTypes', ['x'], 'app.protocols'],
    ['CFBundleDocumentTypes', ['x'], 'app.opens'],
  ])('refuses %s: %o in the plan, and names the right place', (key, value, place) => {
    expect(check({ [key]: value, LSUIElement: true })).toMatchObject([
      { code: 'app/owned-key', hint: expect.stringContaining(place), where: { path: 'packages.app.plist' } },
    ])
  })
  it('may say what is so, and a build number', () => {
    const same = { CFBundleIdentifier: 'dev.example.tool', CFBundleShortVersionString: '1.2.3', LSMinimumSystemVersion: '12.0' }
    expect(check({ ...same, CFBundleVersion: '77', LSUIElement: true, constructor: 'x' }, { minimum: '12.0' })).toEqual([])
  })
})

describe('what is no whole bundle', () => {
  const { [`${home}/Info.plist`]: _, ...bare } = bundle()
  const moved = (from: Readonly<Record<string, Content>>, prefix: string): Readonly<Record<string, Content>> =>
    Object.fromEntries(Object.entries(from).map(([path, content]) => [path.replace('Tool.app/', prefix), content]))
  it.each([
    ['a folder named like one', bare, `${home}/Info.plist`, `${home}/MacOS/tool`],
    ['its inside', moved(bare, ''), 'Contents/Info.plist', 'Contents/MacOS/tool'],
    [
      'one inside of another',
      bundle({}, moved(bare, `${home}/Helpers/H.app/`)),
      `${home}/Helpers/H.app/Contents/Info.plist`,
      `${home}/MacOS/tool`,
    ],
  ] as const)('is refused by name: %s', async (__, contents, file, executable) => {
    expect(await problemsOf(contents, { executable })).toMatchObject([{ code: 'app/no-plist', where: { file } }])
  })
  it('is refused where its program would be taken out of it', async () => {
    expect(await codesOf({ ...bundle(), 'README.md': 'x' })).toEqual(['app/beside-bundle'])
  })
})

const nested = (path: string, keys: Keys, more: Readonly<Record<string, Content>> = {}): Readonly<Record<string, Content>> => ({
  [`${home}/${path}/Info.plist`]: writePlist(keys),
  ...Object.fromEntries(Object.entries(more).map(([name, content]) => [`${home}/${path}/${name}`, content])),
})

describe('bundles inside', () => {
  const framework = 'Frameworks/P.framework/Versions/A/Resources'
  it.each([
    ['names no program', nested('Helpers/H.app/Contents', {}, { 'MacOS/h': program }), 'names no program'],
    ['has none', nested('XPCServices/S.xpc/Contents', { CFBundleExecutable: 's' }), 'S.xpc/Contents/MacOS/s", which is not there'],
    ['may not start', nested('PlugIns/E.appex/Contents', { CFBundleExecutable: 'e' }, { 'MacOS/e': program }), 'its mode is 0644'],
    ['loads nothing', nested(framework, { CFBundleExecutable: 'P' }), 'Versions/A/P", which is not there'],
  ] as const)('are refused by name: one %s', async (_, more, words) => {
    expect(await problemsOf(bundle({}, more))).toMatchObject([{ code: 'app/nested-executable', message: expect.stringContaining(words) }])
  })
  it('are taken: a program that starts, a framework, one of resources alone', async () => {
    const parts = {
      ...nested('Helpers/H.app/Contents', { CFBundleExecutable: 'h' }, { 'MacOS/h': program }),
      ...nested(framework, { CFBundleExecutable: 'P' }, { '../P': program }),
      ...nested('Frameworks/Q.framework/Resources', { CFBundleName: 'Q' }),
      [`${home}/Frameworks/P.framework/Versions/A/P`]: program,
    }
    delete (parts as Record<string, Content>)[`${home}/${framework}/../P`]
    expect(await codesOf(bundle({}, parts), { modes: { [`${home}/Helpers/H.app/Contents/MacOS/h`]: 0o755 } })).toEqual([])
  })
  it('that helpers and loginItems name have to stand in their place', async () => {
    const options = { helpers: ['Nope.app'], loginItems: ['H.app'] }
    const there = nested('Library/LoginItems/H.app/Contents', { CFBundleExecutable: 'h' }, { 'MacOS/h': program })
    const modes = { [`${home}/Library/LoginItems/H.app/Contents/MacOS/h`]: 0o755 }
    expect(await problemsOf(bundle({}, there), { options, modes })).toMatchObject([
      { code: 'app/no-bundle', message: 'the bundle holds no "Contents/Helpers/Nope.app", which packages.app.helpers names' },
    ])
  })
})

describe('before a build', () => {
  const part = `${home}/Frameworks/Part.framework`
  const listed = (contents: Readonly<Record<string, Content>>): readonly SizedEntry[] =>
    Object.entries(contents).map(([path, content]): SizedEntry => {
      if (typeof content === 'object' && 'link' in content) return { type: 'link', path, linkTarget: content.link }
      const bytes = asBytes(content)
      return { type: 'file', path, sizeBytes: bytes.length, mode: 0o755, ...(path.endsWith('Info.plist') && { plist: bytes }) }
    })
  const found = (contents: Readonly<Record<string, Content>>) =>
    (unit.fits?.({ app: baseApp, target: 'macos-arm64' }, optionsOf(), listed(contents)) ?? []).map(one => [one.code, one.where.file])
  it('names every fault of a folder that lies there, each link by the one that is broken', () => {
    const contents = bundle(
      { CFBundleIdentifier: 'org.other' },
      {
        [`${part}/Part`]: { link: 'Versions/Current/Part' },
        [`${part}/Versions/Current`]: { link: 'B' },
        [`${part}/Versions/A/Part`]: program,
        [`${home}/Resources/lost`]: { link: '../gone' },
        [`${home}/Resources/a`]: { link: 'b' },
        [`${home}/Resources/b`]: { link: 'a' },
        [`${home}/Resources/Icon\r`]: '',
        [`${home}/Resources/._x`]: 'fork',
        '__MACOSX/Tool.app/._y': 'fork',
        '.DS_Store': 'x',
        '.fseventsd/log': 'x',
      },
    )
    expect(found(contents)).toEqual([
      ['app/junk', `${home}/Resources/Icon\r`],
      ['app/junk', `${home}/Resources/._x`],
      ['app/junk', '__MACOSX'],
      ['app/junk', '.DS_Store'],
      ['app/junk', '.fseventsd'],
      ['app/broken-link', `${part}/Versions/Current`],
      ['app/broken-link', `${home}/Resources/lost`],
      ['app/broken-link', `${home}/Resources/a`],
      ['app/broken-link', `${home}/Resources/b`],
      ['app/other-id', `${home}/Info.plist`],
    ])
  })
  it('finds nothing in a whole one, and knows nothing of a folder that is not there', () => {
    expect(found(bundle({}, { [`${part}/Part`]: { link: 'Versions/A/Part' }, [`${part}/Versions/A/Part`]: program }))).toEqual([])
    expect(unit.fits?.({ app: baseApp, target: 'macos-arm64' }, optionsOf({ helpers: ['H.app'] }), [])).toEqual([])
  })
  it('is asked by the plan, of the folder as it lies on disk', async () => {
    const project = smallProject({
      targets: ['macos-arm64'],
      more: {
        app: { name: 'Tool', id: 'dev.example.tool', bin: 'tool', version: '1.2.3', license: 'MIT' },
        packages: ['app.zip'],
        feeds: [],
      },
    })
    const contents = join(project.root, 'bin/macos-arm64/Tool.app/Contents')
    mkdirSync(join(contents, 'Resources'), { recursive: true })
    rmSync(join(project.root, 'bin/macos-arm64/tool'), { force: true })
    rmSync(join(project.root, 'bin/macos-arm64/tiny'), { force: true })
    writeFileSync(join(contents, 'Info.plist'), writePlist({ ...whole, CFBundleIdentifier: 'org.other' }))
    writeFileSync(join(contents, 'Resources/._x'), 'fork')
    symlinkSync('gone', join(contents, 'Resources/lost'))
    const planned = await project.json(['plan', '--profile', 'dev'])
    rmSync(dirname(project.root), { recursive: true, force: true })
    expect(planned.errors.map(one => one.code).toSorted()).toEqual(['app/broken-link', 'app/junk', 'app/no-executable', 'app/other-id'])
  })
})
