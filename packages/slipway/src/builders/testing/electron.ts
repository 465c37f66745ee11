// Electron's zips for tests, as its releases lay them out (script/zip_manifests), with small programs that hold the wire and the slot where Electron's do.
// The programs do nothing: what a real Electron makes of an app is judged in test/interop/electron.test.ts.
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { collect, concat, encodeText, fromBytes } from '@slipway/formats/bytes'
import { deflatedOf, deflatePieces, type DeflatePiece } from '@slipway/formats/deflate'
import { fuseNames } from '@slipway/formats/electron-slots'
import { writeIcns } from '@slipway/formats/icns'
import { signAdHoc } from '@slipway/formats/macho/sign-adhoc'
import { withPeAppearance } from '@slipway/formats/pe-appearance'
import { writePlist } from '@slipway/formats/plist/write'
import { linkedPe, unsignedMachO } from '@slipway/formats/testing/binaries'
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import { elf } from './jobs.ts'

/** What a file of a template is: its bytes, a link, or a program (mode 0755). */
export type Part = string | Uint8Array | { readonly link: string } | { readonly program: Uint8Array }
export type Parts = Readonly<Record<string, Part>>

/** Of Electron 38: the ninth fuse came later. */
export const usualWire = '101100010'.slice(0, 8)

const wireOf = (states: string, version = 1): Uint8Array =>
  concat([encodeText('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Uint8Array.of(version, states.length), encodeText(states)])
export const digestSlot = (): Uint8Array => concat([encodeText('AGbevlPCksUGKNL8TSn7wGmJEuJsXb2A'), new Uint8Array(34)])

export interface Shape {
  /** Null: an Electron before 12. */
  readonly wire?: string | null
  readonly wireVersion?: number
  readonly wires?: number
  /** Room for the digest, which Electron has from 41 on. */
  readonly hasSlot?: boolean
  /** Takes the place of parts, or takes them out (null). */
  readonly change?: Readonly<Record<string, Part | null>>
}

const dataOf = ({ wire = usualWire, wireVersion = 1, wires = 1, hasSlot = false }: Shape): Uint8Array =>
  concat([
    new Uint8Array(5000).fill(0x51),
    ...(wire === null ? [] : Array.from({ length: wires }, () => concat([wireOf(wire, wireVersion), new Uint8Array(9)]))),
    ...(hasSlot ? [digestSlot()] : []),
    new Uint8Array(100).fill(7),
  ])

/** The parts of the zip for a target. */
export const templateOf = async (target: string, shape: Shape = {}): Promise<Parts> => {
  const [os, arch] = target.split('-')
  const parts =
    os === 'macos' ? await macParts(arch === 'arm64', shape) : os === 'windows' ? windowsParts(shape) : linuxParts(arch === 'arm64', shape)
  const all = { ...parts, LICENSE: 'Copyright (c) Electron contributors', 'LICENSES.chromium.html': '<html>', version: '38.2.0' }
  return Object.fromEntries(Object.entries({ ...all, ...shape.change }).flatMap(([path, part]) => (part === null ? [] : [[path, part]])))
}

const defaultApp = 'the default app'

const linuxParts = (isArm: boolean, shape: Shape): Parts => ({
  electron: { program: concat([elf(isArm ? 183 : 62), dataOf(shape)]) },
  'chrome-sandbox': { program: elf(isArm ? 183 : 62) },
  chrome_crashpad_handler: { program: elf(isArm ? 183 : 62) },
  'libffmpeg.so': { program: elf(isArm ? 183 : 62) },
  'icudtl.dat': 'icu',
  'locales/en-US.pak': 'pak',
  'resources/default_app.asar': defaultApp,
})

const windowsParts = (shape: Shape): Parts => ({
  'electron.exe': { program: windowsProgram(shape) },
  'ffmpeg.dll': linkedPe(),
  'icudtl.dat': 'icu',
  'locales/en-US.pak': 'pak',
  'resources/default_app.asar': defaultApp,
})

/** The wire lies in the last section, in front of the resources. */
const windowsProgram = (shape: Shape): Uint8Array => {
  const data = dataOf(shape)
  const bytes = concat([linkedPe(), data, new Uint8Array((512 - (data.length % 512)) % 512)])
  const view = new DataView(bytes.buffer)
  const [section, sizeBytes] = [88 + 112 + 128, bytes.length - 512]
  view.setUint32(section + 8, sizeBytes, true)
  view.setUint32(section + 16, sizeBytes, true)
  view.setUint32(88 + 56, 4096 + Math.ceil(sizeBytes / 4096) * 4096, true)
  const texts = { ProductName: 'Electron', FileDescription: 'Electron', CompanyName: 'GitHub, Inc.', FileVersion: '38.2.0' }
  return withPeAppearance(bytes, { version: { numbers: [38, 2, 0, 0], texts } })
}

const picture = writeIcns({ width: 256, height: 256, pixels: new Uint8Array(256 * 256 * 4) })
const framework = 'Electron.app/Contents/Frameworks/Electron Framework.framework'

const macParts = async (isArm: boolean, shape: Shape): Promise<Parts> => {
  const cpu = isArm ? 0x0100000c : 0x01000007
  // Electron for Apple silicon is signed ad hoc, for Intel not at all.
  const signed = async (bytes: Uint8Array): Promise<Uint8Array> =>
    isArm ? collect((await signAdHoc(fromBytes(bytes), { identifier: 'Electron', linkerSigned: true })).chunks(), 1 << 24) : bytes
  const program = await signed(unsignedMachO({ cpu }))
  const helpers = ['', ' (GPU)', ' (Plugin)', ' (Renderer)'].map(kind => {
    const name = `Electron Helper${kind}`
    const folder = `Electron.app/Contents/Frameworks/${name}.app/Contents`
    const plist = plistOf(name, 'com.github.Electron.helper', { LSUIElement: true })
    return { [`${folder}/Info.plist`]: plist, [`${folder}/MacOS/${name}`]: { program }, [`${folder}/PkgInfo`]: 'APPL????' }
  })
  const data = dataOf(shape)
  const library = unsignedMachO({ cpu, type: 6, contentBytes: data.length })
  library.set(data, library.length - data.length)
  const word = isArm ? 'arm64' : 'x86_64'
  return {
    'Electron.app/Contents/Info.plist': plistOf('Electron', 'com.github.Electron', {
      CFBundleIconFile: 'electron.icns',
      NSMainNibFile: 'MainMenu',
      NSPrincipalClass: 'AtomApplication',
      LSEnvironment: { MallocNanoZone: '0' },
      LSMinimumSystemVersion: '12.0',
    }),
    'Electron.app/Contents/PkgInfo': 'APPL????',
    'Electron.app/Contents/MacOS/Electron': { program },
    'Electron.app/Contents/Resources/electron.icns': picture,
    'Electron.app/Contents/Resources/default_app.asar': defaultApp,
    'Electron.app/Contents/Resources/en.lproj/locale.pak': 'pak',
    [`${framework}/Electron Framework`]: { link: 'Versions/Current/Electron Framework' },
    [`${framework}/Resources`]: { link: 'Versions/Current/Resources' },
    [`${framework}/Versions/Current`]: { link: 'A' },
    [`${framework}/Versions/A/Electron Framework`]: { program: await signed(library) },
    [`${framework}/Versions/A/Resources/Info.plist`]: plistOf('Electron Framework', 'com.github.Electron.framework', {}),
    [`${framework}/Versions/A/Resources/MainMenu.nib`]: `nib, in the order of ${word}`,
    [`${framework}/Versions/A/Resources/v8_context_snapshot.${word}.bin`]: `snapshot of ${word}`,
    ...Object.fromEntries(helpers.flatMap(one => Object.entries(one))),
  }
}

const plistOf = (name: string, id: string, more: Readonly<Record<string, string | boolean | Readonly<Record<string, string>>>>): string =>
  writePlist({
    CFBundleDisplayName: name,
    CFBundleExecutable: name,
    CFBundleIdentifier: id,
    CFBundleName: name,
    CFBundlePackageType: 'APPL',
    CFBundleShortVersionString: '38.2.0',
    CFBundleVersion: '38.2.0',
    ...more,
  })

/** The zip of parts, with links and modes. */
export const zipOf = async (parts: Parts): Promise<Uint8Array> => {
  const entries: ZipEntry[] = []
  for (const [path, part] of Object.entries(parts)) {
    if (typeof part === 'object' && 'link' in part) {
      entries.push({ type: 'symlink', path, mode: 0o777, mtime: 0, linkTarget: part.link })
      continue
    }
    const isProgram = typeof part === 'object' && 'program' in part
    const bytes = typeof part === 'string' ? encodeText(part) : isProgram ? part.program : part
    const pieces: DeflatePiece[] = []
    for await (const piece of deflatePieces([bytes], { level: 1 })) pieces.push(piece)
    entries.push({ type: 'file', path, mode: isProgram ? 0o755 : 0o644, mtime: 0, deflated: deflatedOf(pieces) })
  }
  return collect(writeZip(entries), 1 << 28)
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The wire with one fuse in another state. */
export const wireWith = (name: (typeof fuseNames)[number], state: string): string =>
  [...usualWire].map((one, index) => (index === fuseNames.indexOf(name) ? state : one)).join('')

/** Files of a tree that lie nowhere. */
export const textFile = (path: string, text: string) => ({
  ...sizedFile(path, text.length),
  bytes: async function* () {
    yield new TextEncoder().encode(text)
  },
})
export const sizedFile = (path: string, sizeBytes: number) => ({
  ...({ type: 'file', path, sizeBytes, mode: 0o644, sha256: '' } as const),
  bytes: async function* () {},
  deflated: () => Promise.reject(new Error('not here')),
})

/** Another name of the same length, in both headers of a zip. */
export const renamedZip = (zip: Uint8Array, name: string): Uint8Array => {
  const bytes = Buffer.from(zip)
  const to = name.startsWith('/') ? '/tmpevil' : '../xevil'
  for (let at = bytes.indexOf('xxxxevil'); at !== -1; at = bytes.indexOf('xxxxevil')) bytes.write(to, at, 'latin1')
  return bytes
}

/** Paths of files and links. */
export const filesBelow = (top: string, below = ''): readonly string[] =>
  readdirSync(join(top, below), { withFileTypes: true }).flatMap(one => {
    const path = below === '' ? one.name : `${below}/${one.name}`
    return one.isDirectory() ? filesBelow(top, path) : [path]
  })
export const digestsBelow = (top: string) =>
  filesBelow(top).map(path => [path, lstatSync(join(top, path)).isSymbolicLink() ? 'link' : sha256Of(readFileSync(join(top, path)))])
