// PE: what a program looks like to Windows: its icon, what it says of itself, and its manifest, as resources (Windows SDK: GRPICONDIR, VS_VERSIONINFO).
import { concat, encodeText, fieldsOf, packLittle } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { readIco } from './ico.ts'
import { type PeResource, readPeResources, withPeResources } from './pe-resources.ts'

export interface PeAppearance {
  /** An ico. */
  readonly icon?: Uint8Array
  readonly version?: {
    /** Four numbers of 16 bits. */
    readonly numbers: readonly [number, number, number, number]
    /** As `ProductName`, `CompanyName`, `FileVersion`. */
    readonly texts: Readonly<Record<string, string>>
  }
  /** Put into its manifest where that says nothing of them. */
  readonly settings?: readonly ManifestSetting[]
}
/** Sharp on every screen, paths beyond 259 characters, UTF-8 as code page. */
export type ManifestSetting = 'dpiAware' | 'longPaths' | 'utf8'

const [iconType, groupType, versionType, manifestType] = [3, 14, 16, 24]
const english = 0x409

/** What is not given stays. Codes: `pe/bad-manifest`, and those of ico.ts and pe-resources.ts. */
export const withPeAppearance = (pe: Uint8Array, appearance: PeAppearance): Uint8Array =>
  withPeResources(pe, appeared(readPeResources(pe), appearance))

/** Whether it has an icon and a version of its own, and what of an appearance it does not show yet. Codes: those of `withPeAppearance`. */
export const peShows = (
  pe: Uint8Array,
  appearance: PeAppearance = {},
): { readonly hasIcon: boolean; readonly hasVersion: boolean; readonly lacks: readonly ('icon' | 'version' | 'manifest')[] } => {
  const before = readPeResources(pe)
  const after = appeared(before, appearance)
  const isNew = (type: number): boolean => {
    const texts = [before, after].map(all => all.filter(one => one.type === type).map(one => one.bytes.join()))
    return texts[0]?.sort().join('|') !== texts[1]?.sort().join('|')
  }
  const parts = [
    ['icon', iconType],
    ['version', versionType],
    ['manifest', manifestType],
  ] as const
  return {
    hasIcon: before.some(one => one.type === groupType),
    hasVersion: before.some(one => one.type === versionType),
    lacks: parts.flatMap(([name, type]) => (isNew(type) ? [name] : [])),
  }
}

const appeared = (before: readonly PeResource[], { icon, version, settings = [] }: PeAppearance): readonly PeResource[] => {
  let resources = before
  if (icon !== undefined) resources = withIcon(resources, icon)
  if (version !== undefined) {
    const old = resources.find(one => one.type === versionType)
    const made = { type: versionType, name: 1, language: old?.language ?? english, codePage: 0, bytes: versionBytes(version, fixedOf(old)) }
    resources = [...resources.filter(one => one.type !== versionType), made]
  }
  return settings.length > 0 ? withManifest(resources, settings) : resources
}

/** Takes the place of the first group, which is the program's; images that no other group has go with it. */
const withIcon = (resources: readonly PeResource[], icon: Uint8Array): readonly PeResource[] => {
  const groups = resources.filter(one => one.type === groupType)
  const [first] = groups
  const language = first?.language ?? english
  const kept = new Set(groups.filter(one => one.name !== first?.name).flatMap(imagesOf))
  const rest = resources.filter(one => {
    if (one.type === groupType) return one.name !== first?.name
    return one.type !== iconType || kept.has(Number(one.name)) || first === undefined
  })
  const start = 1 + rest.reduce((most, one) => (one.type === iconType && typeof one.name === 'number' ? Math.max(most, one.name) : most), 0)
  const members = readIco(icon)
  const images = members.map(({ bytes }, index) => ({ type: iconType, name: start + index, language, codePage: 0, bytes }))
  const entries = members.map(({ width, height, bitsPerPixel, bytes }, index) =>
    concat([
      Uint8Array.of(width & 0xff, height & 0xff, 0, 0),
      packLittle([
        [2, 1],
        [2, bitsPerPixel],
        [4, bytes.length],
        [2, start + index],
      ]),
    ]),
  )
  const group = concat([
    packLittle([
      [2, 0],
      [2, 1],
      [2, members.length],
    ]),
    ...entries,
  ])
  return [...rest, ...images, { type: groupType, name: first?.name ?? 1, language, codePage: 0, bytes: group }]
}

const imagesOf = ({ bytes }: PeResource): readonly number[] => {
  const fields = fieldsOf(bytes, 'little')
  return Array.from({ length: fields.u16(4) }, (_, index) => fields.u16(6 + 14 * index + 12))
}

/** Flags, system, type of the old one: a library stays one. */
const fixedOf = (old: PeResource | undefined): Uint8Array => {
  // VOS_NT_WINDOWS32, VFT_APP.
  const none = packLittle([
    [4, 0x3f],
    [4, 0],
    [4, 0x40004],
    [4, 1],
    [4, 0],
    [4, 0],
    [4, 0],
  ])
  const at = 40
  return old !== undefined && old.bytes.length >= at + 52 && fieldsOf(old.bytes, 'little').u32(at) === 0xfeef04bd
    ? old.bytes.subarray(at + 24, at + 52)
    : none
}

const versionBytes = ({ numbers, texts }: NonNullable<PeAppearance['version']>, rest: Uint8Array): Uint8Array => {
  const [major, minor, patch, build] = numbers
  const words: [2, number][] = [
    [2, minor],
    [2, major],
    [2, build],
    [2, patch],
  ]
  const fixed = concat([packLittle([[4, 0xfeef04bd], [4, 0x10000], ...words, ...words]), rest])
  const strings = Object.entries(texts).map(([key, text]) => {
    const value = utf16(`${text}\0`)
    return block(key, { value, words: value.length / 2, isText: true })
  })
  // US English, Unicode.
  const table = block('040904b0', { isText: true, children: strings })
  const translation = block('Translation', {
    value: packLittle([
      [2, english],
      [2, 1200],
    ]),
    words: 4,
  })
  const children = [
    block('StringFileInfo', { isText: true, children: [table] }),
    block('VarFileInfo', { isText: true, children: [translation] }),
  ]
  return block('VS_VERSION_INFO', { value: fixed, words: fixed.length, children })
}

interface Block {
  readonly value?: Uint8Array
  /** Of the value: words of a text, bytes of anything else. */
  readonly words?: number
  readonly isText?: boolean
  readonly children?: readonly Uint8Array[]
}

const block = (key: string, { value = new Uint8Array(0), words = 0, isText = false, children = [] }: Block): Uint8Array => {
  const head = padded(concat([new Uint8Array(6), utf16(`${key}\0`)]))
  const inside = children.reduce((sum, child) => concat([padded(sum), child]), concat([head, value]))
  if (inside.length > 0xffff) throw new FormatError('pe/bad-resources', `a version resource of ${inside.length} bytes`)
  inside.set(
    packLittle([
      [2, inside.length],
      [2, words],
      [2, isText ? 1 : 0],
    ]),
  )
  return inside
}

const padded = (bytes: Uint8Array): Uint8Array => (bytes.length % 4 === 0 ? bytes : concat([bytes, new Uint8Array(4 - (bytes.length % 4))]))

const utf16 = (text: string): Uint8Array => packLittle(Array.from({ length: text.length }, (_, at) => [2, text.charCodeAt(at)] as const))

const home = 'http://schemas.microsoft.com/SMI'
const elements = [
  ['dpiAware', 'dpiAware', `<dpiAware xmlns="${home}/2005/WindowsSettings">true/pm</dpiAware>`],
  ['dpiAware', 'dpiAwareness', `<dpiAwareness xmlns="${home}/2016/WindowsSettings">PerMonitorV2, PerMonitor</dpiAwareness>`],
  ['longPaths', 'longPathAware', `<longPathAware xmlns="${home}/2016/WindowsSettings">true</longPathAware>`],
  ['utf8', 'activeCodePage', `<activeCodePage xmlns="${home}/2019/WindowsSettings">UTF-8</activeCodePage>`],
] as const
const bare =
  '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0"></assembly>'

const withManifest = (resources: readonly PeResource[], settings: readonly ManifestSetting[]): readonly PeResource[] => {
  const old = resources.find(one => one.type === manifestType)
  const text = old === undefined ? bare : new TextDecoder().decode(old.bytes)
  const lacking = elements
    .filter(([setting, name]) => settings.includes(setting) && !new RegExp(`[<:]${name}[\\s>]`).test(text))
    .map(([, , element]) => element)
  if (lacking.length === 0) return resources
  // Settings name their own space, so they may stand in an element that is there, under whatever prefix.
  const inside = /<\/(?:[\w.-]+:)?windowsSettings\s*>/.exec(text)
  const end = inside?.index ?? text.lastIndexOf('</assembly>')
  if (end === -1) throw new FormatError('pe/bad-manifest', 'its manifest has no end')
  const added =
    inside === null
      ? `<application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>${lacking.join('')}</windowsSettings></application>`
      : lacking.join('')
  const bytes = encodeText(text.slice(0, end) + added + text.slice(end))
  const made = { type: manifestType, name: old?.name ?? 1, language: old?.language ?? english, codePage: old?.codePage ?? 0, bytes }
  return [...resources.filter(one => one !== old), made]
}
