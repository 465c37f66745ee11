// xar as inspect shows it, and the flat package of macOS that one may be: its components, what they install and what they run.
import { type BomEntry, readBom } from '@slipway/formats/bom/read'
import { type ByteChunks, collect, decodeText } from '@slipway/formats/bytes'
import { readCpio } from '@slipway/formats/cpio'
import { gunzipStream } from '@slipway/formats/gzip'
import { readXar, type XarFound } from '@slipway/formats/xar/read'
import { childOf, readXml, type XmlElement } from '@slipway/formats/xml'
import { keptEntry, openKept } from './archives.ts'
import { bundleFacts } from './bundle.ts'
import { foundOf, lookAt, type Seen, seenOf } from './look.ts'
import { type Found, given, limits, modeText, type Subject } from './report.ts'

const limitTextBytes = 4 * 2 ** 20
const limitBomBytes = 256 * 2 ** 20

/** Codes: those of formats/xar, formats/bom, formats/cpio, formats/gzip and formats/xml. */
export const readXarReport = async (subject: Subject): Promise<Found> => {
  const { files, signatures: styles } = await readXar(subject.source, limits)
  const signatures = [...styles.map(style => `xar (${style})`), ...((await hasTicket(subject)) ? ['notarization ticket'] : [])]
  const infos = files.filter(({ path, type }) => type === 'file' && /^([^/]+\/)?PackageInfo$/.test(path))
  const distribution = files.find(({ path }) => path === 'Distribution')
  if (infos.length === 0 && distribution === undefined) return foundOf('xar', await seenFiles(files, subject.digests), { signatures })
  const seen: Seen[] = []
  const parts: Part[] = []
  const lists = new Map<string, Uint8Array>()
  for (const info of infos) {
    const folder = info.path.slice(0, -'PackageInfo'.length)
    const fileOf = (name: string): XarFound | undefined => files.find(({ path }) => path === folder + name)
    parts.push(await partOf({ info, fileOf, seen, digests: subject.digests, lists }))
  }
  const title = distribution === undefined ? undefined : await xmlOf(distribution)
  return foundOf('pkg', seen, {
    version: childOf(title, 'product')?.attributes.get('version') ?? parts[0]?.version ?? null,
    signatures,
    facts: { ...factsOf(title, parts), ...(await bundleFacts({ seen, open: openKept(lists), nowMs: subject.nowMs })).facts },
  })
}

/** What a stapled notarization ends with. */
const hasTicket = async ({ source }: Subject): Promise<boolean> => {
  const tail = await source.read(Math.max(0, source.sizeBytes - 16), Math.min(16, source.sizeBytes))
  return String.fromCharCode(...tail.subarray(0, 4)) === 't8lr'
}

const seenFiles = async (files: readonly XarFound[], digests: boolean): Promise<readonly Seen[]> => {
  const seen: Seen[] = []
  for (const { path, type, mode, sizeBytes, linkTarget, bytes } of files) {
    const entry = { path, type, mode: modeText(mode), sizeBytes, ...(linkTarget === undefined ? {} : { linkTarget }) }
    seen.push(type === 'file' ? seenOf(entry, await lookAt(bytes(), { sizeBytes, digests })) : { entry })
  }
  return seen
}

const xmlOf = async (file: XarFound): Promise<XmlElement> => readXml(decodeText(await collect(file.bytes(), limitTextBytes)))

interface Part {
  readonly identifier: string
  readonly version: string
  readonly location: string
  readonly scripts: Readonly<Record<string, string>>
  /** Paths of the bill of materials; null without one. */
  readonly listed: number | null
  /** Where payload and bill of materials do not agree. */
  readonly differs: readonly string[]
  /** Why what it installs is not shown; '' where it is. */
  readonly unread: string
}

interface Reading {
  readonly info: XarFound
  readonly fileOf: (name: string) => XarFound | undefined
  readonly seen: Seen[]
  readonly digests: boolean
  /** Property lists of bundles, by path. */
  readonly lists: Map<string, Uint8Array>
}

const partOf = async (reading: Reading): Promise<Part> => {
  const { info, fileOf, seen } = reading
  const { attributes } = await xmlOf(info)
  const location = attributes.get('install-location') ?? '/'
  const before = seen.length
  const [payload, bom] = [fileOf('Payload'), fileOf('Bom')]
  const unread = payload === undefined ? '' : await readPayload(payload, location, reading)
  const listed = bom === undefined ? null : readBom(await collect(bom.bytes(), limitBomBytes), limits)
  const scripts = fileOf('Scripts')
  return {
    identifier: attributes.get('identifier') ?? '',
    version: attributes.get('version') ?? '',
    location,
    scripts: scripts === undefined ? {} : await scriptTexts(scripts),
    listed: listed?.length ?? null,
    differs: listed === null || unread !== '' ? [] : differences(listed, { seen: seen.slice(before), location }),
    unread,
  }
}

/** The path below the root that an entry is installed to; '' for that root itself. */
const installed = (location: string, path: string): string =>
  [...location.split('/'), ...path.split('/')].filter(step => step !== '' && step !== '.').join('/')

const readPayload = async (payload: XarFound, location: string, { seen, digests, lists }: Reading): Promise<string> => {
  const opened = await cpioOf(payload)
  if (typeof opened === 'string') return opened
  for await (const found of readCpio(opened, limits)) {
    seen.push(await keptEntry({ ...found, path: installed(location, found.path) }, { digests, lists }))
  }
  return ''
}

/** The bytes of a payload as cpio; a word about it where it is compressed in another way. */
const cpioOf = async (payload: XarFound): Promise<ByteChunks | string> => {
  let head: Uint8Array = new Uint8Array(0)
  for await (const chunk of payload.bytes()) {
    head = chunk.slice(0, 6)
    break
  }
  if (head[0] === 0x1f && head[1] === 0x8b) return gunzipStream(payload.bytes(), limits)
  const text = String.fromCharCode(...head)
  if (text.startsWith('0707')) return payload.bytes()
  if (text.startsWith('pbzx')) return 'pbzx'
  return text.startsWith('BZh') ? 'bzip2' : 'unknown'
}

const scriptTexts = async (scripts: XarFound): Promise<Readonly<Record<string, string>>> => {
  const opened = await cpioOf(scripts)
  const texts: Record<string, string> = {}
  if (typeof opened === 'string') return texts
  for await (const { path, type, sizeBytes, bytes } of readCpio(opened, limits)) {
    if (type !== 'file') continue
    const text = sizeBytes > limitTextBytes ? null : await collect(bytes(), limitTextBytes)
    texts[path.replace(/^\.\//, '')] = text === null || text.includes(0) ? `${sizeBytes} bytes` : new TextDecoder().decode(text)
  }
  return texts
}

const differences = (
  listed: readonly BomEntry[],
  { seen, location }: { readonly seen: readonly Seen[]; readonly location: string },
): readonly string[] => {
  const lineOf = (path: string, type: string, { mode, sizeBytes }: { readonly mode: string; readonly sizeBytes: number }): string =>
    `${path} ${type} ${mode} ${type === 'file' ? sizeBytes : 0}`
  const expected = new Map(
    listed.map(one => {
      const path = installed(location, one.path)
      return [lineOf(path, one.type, { mode: modeText(one.mode), sizeBytes: one.sizeBytes }), path]
    }),
  )
  const found = new Map(seen.map(({ entry }) => [lineOf(entry.path, entry.type, entry), entry.path]))
  const lone = [...expected].filter(([line]) => !found.has(line)).concat([...found].filter(([line]) => !expected.has(line)))
  return [...new Set(lone.map(([, path]) => path))].sort().slice(0, 20)
}

const factsOf = (distribution: XmlElement | undefined, parts: readonly Part[]): Readonly<Record<string, unknown>> => {
  const checked = childOf(childOf(distribution, 'volume-check'), 'allowed-os-versions')
  const settings = childOf(distribution, 'options')?.attributes
  const [main] = parts
  return given({
    name: childOf(distribution, 'title')?.text.trim() || main?.identifier,
    fields: given({
      identifier: main?.identifier,
      minimum: childOf(checked, 'os-version')?.attributes.get('min'),
      processors: settings?.get('hostArchitectures'),
      customize: settings?.get('customize'),
    }),
    components: Object.fromEntries(parts.map(({ identifier, version, location }) => [identifier, `${version} in ${location}`])),
    scripts: Object.fromEntries(
      parts.flatMap(({ identifier, scripts }) =>
        Object.entries(scripts).map(([name, text]) => [parts.length > 1 ? `${identifier} ${name}` : name, text]),
      ),
    ),
    billsOfMaterials: Object.fromEntries(parts.flatMap(({ identifier, listed }) => (listed === null ? [] : [[identifier, listed]]))),
    notInBillOfMaterials: parts.flatMap(({ differs }) => differs),
    notRead: parts.flatMap(({ identifier, unread }) => (unread === '' ? [] : [`payload of ${identifier}: ${unread}`])),
  })
}
