// The macOS bundle and the disk image: what goes where, what is refused, and what readers that are not ours find in the image.
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { readHfs } from '@slipway/formats/hfs/read'
import { writeIcns } from '@slipway/formats/icns'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, type PlistValue } from '@slipway/formats/plist/value'
import { writePlist } from '@slipway/formats/plist/write'
import { writeBinaryPlist } from '@slipway/formats/plist/write-binary'
import { readPng, writePng } from '@slipway/formats/png'
import { readUdif } from '@slipway/formats/udif/read'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { smallProject } from '../../../../test/kit/project.ts'
import { unsignedMachO } from '../../../formats/src/testing/binaries.ts'
import type { FileTree } from '../tree.ts'
import { app as appUnit } from './app.ts'
import { dmg } from './dmg.ts'
import type { AssetFile, Lend } from './packager.ts'
import { lendFrom } from './testing/lend.ts'
import { app as baseApp, date, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'app-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const png = (side: number): Uint8Array => writePng({ width: side, height: side, pixels: new Uint8Array(side * side * 4).fill(0x80) })
const icns = (side: number): Uint8Array => writeIcns({ width: side, height: side, pixels: new Uint8Array(side * side * 4).fill(0x33) })
const svg = (viewBox: string): Uint8Array =>
  new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}"><rect width="10" height="5" fill="#ff0000"/><image href="/etc/hostname"/></svg>`,
  )
const program = unsignedMachO()
const app: App = { ...baseApp, name: 'A Tool', protocols: ['tool'], category: 'Utility' }
const assetsOf = (files: Readonly<Record<string, Uint8Array>>): ReadonlyMap<string, AssetFile> =>
  new Map(Object.entries(files).map(([path, bytes]) => [path, { bytes, sha256: '' }]))

interface Shaping {
  readonly options?: Readonly<Record<string, unknown>>
  readonly app?: Partial<App>
  readonly assets?: Readonly<Record<string, Uint8Array>>
  readonly lend?: Lend
  readonly executable?: string
  readonly note?: (text: string) => void
}
const bundled = (
  contents: Readonly<Record<string, Content>>,
  { options = {}, app: more, assets = {}, lend, executable, note }: Shaping = {},
): Promise<FileTree> =>
  appUnit.shape(
    {
      app: { ...app, ...more },
      target: 'macos-arm64',
      tree: withModes(treeOf(contents, executable)),
      date,
      assets: assetsOf(assets),
      ...(lend && { lend }),
      ...(note && { note }),
    },
    z.strictObject(appUnit.options).parse(options),
  )
/** A bundle inside of a bundle. `treeOf` makes no program of it: `bin/` and `tool` alone are started there. */
const nested = (
  home: string,
  {
    program: bytes = program,
    mode,
    plist = { CFBundleExecutable: 'h' },
  }: { program?: Uint8Array; mode?: number; plist?: Readonly<Record<string, PlistValue>> } = {},
): Readonly<Record<string, Content>> => {
  started.set(`${home}/Contents/MacOS/h`, mode ?? 0o755)
  return { [`${home}/Contents/Info.plist`]: writePlist(plist), [`${home}/Contents/MacOS/h`]: bytes }
}
const started = new Map<string, number>()
const withModes = (tree: FileTree): FileTree => ({
  ...tree,
  entries: tree.entries.map(one => (one.type === 'file' && started.has(one.path) ? { ...one, mode: started.get(one.path) ?? 0 } : one)),
})
const codeOf = (making: Promise<unknown>): Promise<string> =>
  making.then(
    () => 'none',
    (error: { problems?: readonly { code: string }[]; code?: string }) => error.problems?.[0]?.code ?? error.code ?? 'no code',
  )
const bytesOf = async (tree: FileTree, path: string): Promise<Uint8Array> => {
  const file = tree.entries.find(one => one.path === path)
  if (file?.type !== 'file') throw new Error(`no ${path} among ${tree.entries.map(one => one.path).join(' ')}`)
  return collect(file.bytes(), 1 << 28)
}
const plistOf = async (tree: FileTree, root: string): Promise<{ readonly [key: string]: PlistValue }> => {
  const value = readPlist(await bytesOf(tree, `${root}/Contents/Info.plist`))
  return isDict(value) ? value : {}
}

describe('a new bundle', () => {
  it('has the program, its code beside it, and all else in Resources, each reachable from beside the program', async () => {
    const tree = await bundled({ tool: program, 'lib/a.dylib': program, 'data/words.txt': 'words', 'notes.md': 'notes' })
    expect(tree.executable).toBe('A Tool.app/Contents/MacOS/tool')
    expect(tree.entries.map(one => `${one.type.slice(0, 1)} ${one.path.slice('A Tool.app/Contents/'.length)}`)).toEqual([
      'f Info.plist',
      'l MacOS/data',
      'f MacOS/lib/a.dylib',
      'l MacOS/notes.md',
      'f MacOS/tool',
      'f PkgInfo',
      'f Resources/data/words.txt',
      'f Resources/notes.md',
    ])
  })
  it('says in Info.plist what the config says', async () => {
    const tree = await bundled(
      { tool: program },
      {
        options: { minimum: '12.0', plist: { LSUIElement: true } },
        app: { icon: 'icon.png', version: '1.2.3-beta.4' },
        assets: { 'icon.png': png(512) },
      },
    )
    expect(await plistOf(tree, 'A Tool.app')).toMatchObject({
      CFBundleExecutable: 'tool',
      CFBundleIdentifier: 'dev.example.tool',
      CFBundleShortVersionString: '1.2.3',
      CFBundleIconFile: 'AppIcon',
      LSMinimumSystemVersion: '12.0',
      LSUIElement: true,
      CFBundleURLTypes: [{ CFBundleURLSchemes: ['tool'] }],
    })
    expect((await bytesOf(tree, 'A Tool.app/Contents/Resources/AppIcon.icns')).length).toBeGreaterThan(500)
  })
  it('puts helpers and login items where macOS looks for them', async () => {
    const contents = { tool: program, ...nested('Helper.app', { mode: 0o755 }), ...nested('Login.app', { mode: 0o755 }) }
    const tree = await bundled(contents, { options: { helpers: ['Helper.app'], loginItems: ['Login.app'] } })
    const paths = tree.entries.map(one => one.path)
    expect(paths).toContain('A Tool.app/Contents/Helpers/Helper.app/Contents/MacOS/h')
    expect(paths).toContain('A Tool.app/Contents/Library/LoginItems/Login.app/Contents/MacOS/h')
    expect(await codeOf(bundled({ tool: program }, { options: { helpers: ['Helper.app'] } }))).toBe('app/no-bundle')
  })
  it.each([
    ['app/no-id', { app: { id: '' } }],
    ['app/bad-id', { app: { id: 'dev_example.tool' } }],
    ['app/bad-minimum', { options: { minimum: 'Sonoma' } }],
    ['app/bad-version', { app: { version: '20261.1.1' } }],
    ['app/no-icon', { app: { icon: 'gone.png' } }],
    ['app/small-icon', { app: { icon: 'a.png' }, assets: { 'a.png': png(256) } }],
    ['app/no-tool', { app: { icon: 'a.svg' }, assets: { 'a.svg': svg('0 0 10 10') } }],
    ['app/small-icon', { options: { icon: 'a.icns' }, assets: { 'a.icns': icns(256) } }],
    ['app/bad-icon', { options: { icon: 'a.icns' }, assets: { 'a.icns': icns(512).subarray(0, 900) } }],
    ['packagers/outside', { contents: { tool: program, '../outside': 'x' } }],
    ['linux/bad-icon', { app: { icon: 'a.icns' }, assets: { 'a.icns': png(512) } }],
  ] as const)('refuses: %s', async (code, shaping) => {
    const { contents = { tool: program }, ...rest } = shaping as Shaping & { readonly contents?: Readonly<Record<string, Content>> }
    expect(await codeOf(bundled(contents, rest))).toBe(code)
  })
})

const info = (more: Readonly<Record<string, PlistValue>> = {}): string =>
  writePlist({
    CFBundleExecutable: 'tool',
    CFBundleIdentifier: 'dev.example.tool',
    CFBundleShortVersionString: '1.2.3',
    CFBundleName: 'A Tool',
    ...more,
  })
const existing = (plist: string | Uint8Array, more: Readonly<Record<string, Content>> = {}): Readonly<Record<string, Content>> => ({
  'A Tool.app/Contents/Info.plist': plist,
  'A Tool.app/Contents/MacOS/tool': program,
  'A Tool.app/Contents/_CodeSignature/CodeResources': 'sealed',
  ...more,
})

it('makes no file of its own', async () => {
  const packing = appUnit.pack()
  await expect(packing.next()).rejects.toMatchObject({ problems: [{ code: 'packagers/no-file' }] })
})

describe('a bundle that exists', () => {
  it('is completed; what changed loses its seal, and its program is signed ad hoc', async () => {
    const tree = await bundled(existing(info()))
    const keys = await plistOf(tree, 'A Tool.app')
    expect(Object.keys(keys).slice(0, 4)).toEqual([
      'CFBundleExecutable',
      'CFBundleIdentifier',
      'CFBundleShortVersionString',
      'CFBundleName',
    ])
    expect(keys['CFBundlePackageType']).toBe('APPL')
    expect(tree.entries.some(one => one.path.includes('_CodeSignature'))).toBe(false)
    const signed = await bytesOf(tree, 'A Tool.app/Contents/MacOS/tool')
    expect(Buffer.from(signed).includes(Buffer.from([0xfa, 0xde, 0x0c, 0xc0]))).toBe(true)
  })
  it('keeps every byte where nothing has to change', async () => {
    const keys = await plistOf(await bundled(existing(info())), 'A Tool.app')
    const whole = existing(writeBinaryPlist(keys))
    const tree = await bundled(whole)
    for (const [path, content] of Object.entries(whole))
      expect(
        Buffer.compare(await bytesOf(tree, path), typeof content === 'string' ? Buffer.from(content) : (content as Uint8Array)),
        path,
      ).toBe(0)
  })
  it('is found as the app folder itself too', async () => {
    const inside = Object.fromEntries(
      Object.entries(existing(info())).map(([path, content]) => [path.slice('A Tool.app/'.length), content]),
    )
    expect((await bundled(inside)).executable).toBe('A Tool.app/Contents/MacOS/tool')
  })
  it.each([
    ['app/other-version', existing(info({ CFBundleShortVersionString: '1.2.2' }))],
    ['app/no-executable', existing(info({ CFBundleExecutable: 'gone' }))],
    ['app/not-signable', { ...existing(info()), 'A Tool.app/Contents/MacOS/tool': program.subarray(0, 100) }],
    ['app/bad-plist', existing('no list')],
    ['app/bad-plist', existing('<plist><array/></plist>')],
    ['app/junk', existing(info(), { 'A Tool.app/Contents/Resources/.DS_Store': 'x' })],
    ['app/junk', existing(info(), { 'A Tool.app/Contents/Resources/._icon': 'x' })],
    ['app/broken-link', existing(info(), { 'A Tool.app/Contents/Frameworks/F.framework/F': { link: 'Versions/Current/F' } })],
  ] as const)('refuses: %s', async (code, contents) => {
    expect(await codeOf(bundled(contents))).toBe(code)
  })
  it('names each framework and helper that is for another architecture, all at once', async () => {
    const other = unsignedMachO({ cpu: 0x01000007 })
    const parts = existing(info(), {
      'A Tool.app/Contents/Frameworks/F.framework/Versions/A/F': other,
      'A Tool.app/Contents/Frameworks/G.framework/Versions/A/G': program,
      ...nested('A Tool.app/Contents/Helpers/H.app', { program: other }),
      // The app's own business.
      'A Tool.app/Contents/Resources/prebuilds/darwin-x64/m.node': other,
      'A Tool.app/Contents/MacOS/prebuilds/darwin-x64/m.node': other,
    })
    await expect(bundled(parts)).rejects.toMatchObject({
      problems: [
        {
          code: 'app/wrong-architecture',
          message: 'A Tool.app/Contents/Frameworks/F.framework/Versions/A/F is for x64 alone; macos-arm64 needs arm64',
        },
        { code: 'app/wrong-architecture', where: { file: 'A Tool.app/Contents/Helpers/H.app/Contents/MacOS/h', target: 'macos-arm64' } },
      ],
    })
  })
  it('takes the chain of links of a framework', async () => {
    const home = 'A Tool.app/Contents/Frameworks/F.framework'
    const tree = await bundled(
      existing(info(), {
        [`${home}/F`]: { link: 'Versions/Current/F' },
        [`${home}/Versions/Current`]: { link: 'A' },
        [`${home}/Versions/A/F`]: program,
      }),
    )
    expect(tree.entries.filter(one => one.type === 'link')).toHaveLength(2)
  })
})

const imageOf = async (
  shaping: Shaping & { readonly dmg?: Readonly<Record<string, unknown>>; readonly extra?: Readonly<Record<string, Content>> } = {},
): Promise<Uint8Array> => {
  return packed(await bundled({ tool: program, 'data/words.txt': 'words', ...shaping.extra }, shaping), shaping)
}
const packed = async (
  tree: FileTree,
  shaping: Shaping & { readonly dmg?: Readonly<Record<string, unknown>> } = {},
): Promise<Uint8Array> => {
  const options = z.strictObject(dmg.options).parse(shaping.dmg ?? {})
  const parts: Uint8Array[] = []
  for await (const part of dmg.pack(
    { app: { ...app, ...shaping.app }, target: 'macos-arm64', tree, date, assets: assetsOf(shaping.assets ?? {}) },
    options,
  ))
    parts.push(part)
  return Buffer.concat(parts)
}

describe('dmg', () => {
  it.each([
    ['dmg/bad-volume', { dmg: { volume: 'a/b' } }],
    ['dmg/bad-background', { dmg: { background: 'b.png' }, assets: { 'b.png': new TextEncoder().encode('no picture') } }],
    ['dmg/bad-licence', { dmg: { licence: 'l.txt' }, assets: { 'l.txt': new Uint8Array(0) } }],
    ['mac/same-name', { extra: { 'data/WORDS.txt': 'other' } }],
    ['dmg/old-system', { dmg: { compression: 'lzma' }, options: { minimum: '10.14.6' } }],
    ['dmg/old-system', { dmg: { compression: 'lzfse' }, options: { minimum: '10.9' } }],
  ] as const)('refuses: %s', async (code, shaping) => {
    const making =
      code === 'dmg/bad-volume'
        ? Promise.resolve(dmg.check?.({ app, target: 'macos-arm64' }, z.strictObject(dmg.options).parse(shaping.dmg))[0]?.code)
        : codeOf(imageOf(shaping))
    expect(await making).toBe(code)
  })
  it.each([
    [{ minimum: '10.10.5' }, undefined, 'zlib'],
    [{ minimum: '10.11' }, undefined, 'lzfse'],
    [{}, undefined, 'lzfse'],
    [{}, 'zlib', 'zlib'],
    [{ minimum: '10.15' }, 'lzma', 'lzma'],
  ] as const)('is packed as the oldest macOS can read: %o, %s', async (options, compression, expected) => {
    const image = join(folder, 'packed.dmg')
    writeFileSync(image, await imageOf({ options, dmg: compression === undefined ? {} : { compression } }))
    const { data } = await smallProject().json(['inspect', image])
    expect(data).toMatchObject({ facts: { partitions: [expect.stringMatching(new RegExp(`, ${expected}$`))] } })
  })
  it.each([
    ['lzma', { minimum: '10.14' }, ['dmg/old-system']],
    ['lzma', { minimum: '10.15' }, []],
    ['lzfse', { minimum: '10.10' }, ['dmg/old-system']],
    // What the bundle says is not known yet.
    ['lzma', {}, []],
    ['zlib', { minimum: '10.9' }, []],
  ] as const)('refuses in the plan what the oldest macOS cannot read: %s, %o', (compression, insideOptions, codes) => {
    const options = z.strictObject(dmg.options).parse({ compression })
    expect(dmg.check?.({ app, target: 'macos-arm64', insideOptions }, options).map(one => one.code)).toEqual(codes)
  })
  it('shows the icon of the bundle as its own, whatever its name', async () => {
    const picture = icns(512)
    for (const [name, file] of [
      ['Logo', 'Logo.icns'],
      ['Logo.icns', 'Logo.icns'],
    ] as const) {
      const tree = await bundled(existing(info({ CFBundleIconFile: name }), { [`A Tool.app/Contents/Resources/${file}`]: picture }))
      const image = await packed(tree)
      const { partitions, open } = await readUdif(fromBytes(image))
      const volume = await readHfs(open(partitions[0]!))
      const found = volume.entries.find(one => one.path === '.VolumeIcon.icns')
      expect(found === undefined ? null : Buffer.compare(await collect(volume.open(found), 1 << 20), picture)).toBe(0)
    }
  })
  it('shows a licence from resources of the image', async () => {
    const image = await imageOf({ dmg: { licence: 'l.txt' }, assets: { 'l.txt': new TextEncoder().encode('Be kind.\nÄlways – ©') } })
    const text = Buffer.from(image).toString('latin1')
    for (const resource of ['<key>LPic</key>', '<key>STR#</key>', '<key>TEXT</key>']) expect(text).toContain(resource)
  })
  it('has the same bytes twice', async () => {
    expect(Buffer.compare(await imageOf(), await imageOf())).toBe(0)
  })
})

describe('inspect', () => {
  it('says what a disk image holds', async () => {
    const image = join(folder, 'inspected.dmg')
    writeFileSync(image, await imageOf())
    const { data, ok } = await smallProject().json(['inspect', image, '--digests'])
    expect(ok).toBe(true)
    expect(data).toMatchObject({
      format: 'dmg',
      version: '1.2.3',
      facts: { volume: 'A Tool 1.2.3', app: { id: 'dev.example.tool', executable: 'tool', minimum: '11.0' } },
    })
    const contents = data['contents'] as readonly {
      readonly path: string
      readonly mode: string
      readonly sha256?: string
      readonly linkTarget?: string
      readonly program?: string
    }[]
    const of = (path: string) => contents.find(one => one.path === path)
    expect(of('Applications')?.linkTarget).toBe('/Applications')
    expect(of('A Tool.app/Contents/MacOS/tool')).toMatchObject({
      mode: '0755',
      program: 'Mach-O arm64',
      sha256: createHash('sha256').update(program).digest('hex'),
    })
  })
})

describeWithJudge(['rsvg-convert', 'icns2png'], 'an icon of SVG', judges => {
  const drawn = (viewBox: string): Promise<FileTree> =>
    bundled({ tool: program }, { app: { icon: 'a.svg' }, assets: { 'a.svg': svg(viewBox) }, lend: lendFrom(date) })
  it('is drawn in all sizes, as libicns reads it', async () => {
    const file = join(folder, 'drawn.icns')
    writeFileSync(file, await bytesOf(await drawn('0 0 10 10'), 'A Tool.app/Contents/Resources/AppIcon.icns'))
    const listed = execFileSync(judges.icns2png, ['-l', file], { encoding: 'utf8', stdio: 'pipe' })
    for (const side of [256, 512, 1024]) expect(listed).toContain(`${side}x${side}`)
    execFileSync(judges.icns2png, ['-x', '-s', '512x512', '-o', folder, file], { stdio: 'pipe' })
    const { width, pixels } = readPng(readFileSync(join(folder, 'drawn_512x512x32.png')))
    // Red above, nothing below.
    expect([width, [...pixels.subarray(0, 4)], pixels.at(-1)]).toEqual([512, [255, 0, 0, 255], 0])
  })
  it('is refused where it is no square', async () => {
    expect(await codeOf(drawn('0 0 10 20'))).toBe('app/svg-icon')
  })
})

describeWithJudge(['7z', 'fls', 'icat', 'ds-store'], 'dmg, as others read it', judges => {
  it('holds the bundle with modes and links, a link to Applications, and the window as it was drawn', async () => {
    const image = join(folder, 'tool.dmg')
    const volume = join(folder, 'tool.img')
    writeFileSync(
      image,
      await imageOf({
        app: { icon: 'icon.png' },
        dmg: { background: 'b.png', icons: { app: [111, 222] }, iconSize: 96 },
        assets: { 'icon.png': png(512), 'b.png': png(400) },
      }),
    )
    writeFileSync(volume, execFileSync(judges['7z'], ['x', '-tdmg', '-so', image], { stdio: 'pipe', maxBuffer: 1 << 28 }))
    expect(execFileSync(judges.fls, [volume], { encoding: 'utf8' })).toContain('l/l')
    const out = join(folder, 'out')
    // Status 2: it makes no link that leads up, not even inside of the folder.
    expect(spawnSync(judges['7z'], ['x', '-y', `-o${out}`, image], { encoding: 'utf8' }).stderr).toMatch(
      /^\s*ERROR: Dangerous link path was ignored : .*Contents\/MacOS\/data/,
    )
    const home = join(out, readdirSync(out)[0] ?? '')
    const inode =
      /l\/l (\d+):\tA Tool.app\/Contents\/MacOS\/data$/m.exec(execFileSync(judges.fls, ['-rp', volume], { encoding: 'utf8' }))?.[1] ?? ''
    expect(execFileSync(judges.icat, [volume, inode], { encoding: 'utf8' })).toBe('../Resources/data')
    expect(statSync(join(home, 'A Tool.app/Contents/MacOS/tool')).mode & 0o111).not.toBe(0)
    expect(readFileSync(join(home, 'A Tool.app/Contents/MacOS/tool')).equals(program)).toBe(true)
    const code =
      'import sys; from ds_store import DSStore\nfor e in DSStore.open(sys.argv[1], "r"): print(e.filename, e.code.decode(), e.value if e.code == b"Iloc" else sorted(e.value.items())[:9] if isinstance(e.value, dict) else "")'
    const window = execFileSync(judges['ds-store'], ['-c', code, join(home, '.DS_Store')], { encoding: 'utf8' })
    expect(window).toContain('A Tool.app Iloc (111, 222)')
    expect(window).toContain('Applications Iloc (296, 200)')
    expect(window).toContain("('WindowBounds', '{{200, 200}, {400, 422}}')")
    expect(window).toContain("('backgroundType', 2)")
  })
})
