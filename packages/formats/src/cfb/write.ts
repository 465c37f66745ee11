// Compound files, writing (MS-CFB): streams below one root, tables first and each stream in one piece; the same bytes on any machine.
import type { ByteChunks } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import {
  cfbMagic,
  cutoffBytes,
  difatSector,
  endOfChain,
  entryBytes,
  fatSector,
  freeSector,
  headerFats,
  miniBytes,
  noEntry,
  rootType,
  streamType,
} from './sectors.ts'
import { treeOf, type Placed } from './tree.ts'

export interface CfbStream {
  /** 1 to 31 UTF-16 units without `/ \ : !`. */
  readonly name: string
  readonly sizeBytes: number
  readonly bytes: () => ByteChunks
}
export interface CfbWriting {
  /** Sixteen bytes that say what the file is. */
  readonly clsid: Uint8Array
  /** 3: sectors of 512 bytes, which every reader knows. 4: of 4096 bytes. Default 3. */
  readonly version?: 3 | 4
}
export interface CfbFile {
  readonly sizeBytes: number
  readonly bytes: () => AsyncGenerator<Uint8Array>
}

// MS-CFB 2.6.3: a stream in a file of version 3 has at most 0x80000000 bytes; 2.8: the range lock of larger files begins here.
const limitBytes = 0x7fffff00

/**
 * A file of the streams; large ones lie in the order given, behind all tables. Throws `cfb/bad-name`, `cfb/same-name`, `cfb/too-large`;
 * while its bytes are read `cfb/size-changed`.
 */
export const cfbFile = (streams: readonly CfbStream[], { clsid, version = 3 }: CfbWriting): CfbFile => {
  const layout = layoutOf(streams, version === 3 ? 512 : 4096)
  if (layout.sizeBytes > limitBytes)
    throw new FormatError('cfb/too-large', `a compound file of ${layout.sizeBytes} bytes; it ends at ${limitBytes} (MS-CFB 2.8)`)
  return {
    sizeBytes: layout.sizeBytes,
    async *bytes() {
      yield headerOf(layout, version)
      yield tableOf(difatOf(layout), layout.difatSectors * layout.sectorBytes)
      yield tableOf(fatOf(layout), layout.fatSectors * layout.sectorBytes)
      yield directoryOf(layout, clsid)
      yield tableOf(miniFatOf(layout), layout.miniFatSectors * layout.sectorBytes)
      for (const { stream, sizeBytes } of layout.small) yield* padded(stream, roundUp(sizeBytes, miniBytes))
      yield new Uint8Array(layout.miniSectors * layout.sectorBytes - layout.miniStreamBytes)
      for (const { stream, sizeBytes } of layout.large) yield* padded(stream, roundUp(sizeBytes, layout.sectorBytes))
    },
  }
}

interface Sized {
  readonly stream: CfbStream
  readonly sizeBytes: number
}

interface Layout {
  readonly sectorBytes: number
  readonly streams: readonly CfbStream[]
  readonly small: readonly Sized[]
  readonly large: readonly Sized[]
  readonly miniStreamBytes: number
  readonly difatSectors: number
  readonly fatSectors: number
  readonly directorySectors: number
  readonly miniFatSectors: number
  readonly miniSectors: number
  readonly sectors: number
  readonly sizeBytes: number
}

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step

const layoutOf = (streams: readonly CfbStream[], sectorBytes: number): Layout => {
  const sized = streams.filter(one => one.sizeBytes > 0).map(stream => ({ stream, sizeBytes: stream.sizeBytes }))
  const small = sized.filter(one => one.sizeBytes < cutoffBytes)
  const large = sized.filter(one => one.sizeBytes >= cutoffBytes)
  const miniStreamBytes = small.reduce((sum, one) => sum + roundUp(one.sizeBytes, miniBytes), 0)
  const perSector = sectorBytes / 4
  const directorySectors = Math.ceil(((streams.length + 1) * entryBytes) / sectorBytes)
  const miniFatSectors = Math.ceil(miniStreamBytes / miniBytes / perSector)
  const miniSectors = Math.ceil(miniStreamBytes / sectorBytes)
  const rest = directorySectors + miniFatSectors + miniSectors + large.reduce((sum, one) => sum + Math.ceil(one.sizeBytes / sectorBytes), 0)
  let [fatSectors, difatSectors] = [0, 0]
  // The tables have entries for their own sectors too.
  for (;;) {
    const fats = Math.ceil((rest + fatSectors + difatSectors) / perSector)
    const difats = Math.max(0, Math.ceil((fats - headerFats) / (perSector - 1)))
    if (fats === fatSectors && difats === difatSectors) break
    ;[fatSectors, difatSectors] = [fats, difats]
  }
  const sectors = rest + fatSectors + difatSectors
  const counts = { difatSectors, fatSectors, directorySectors, miniFatSectors, miniSectors, sectors }
  return { sectorBytes, streams, small, large, miniStreamBytes, ...counts, sizeBytes: (sectors + 1) * sectorBytes }
}

/** The first sector of each region, in the order in which they lie. */
const startsOf = (layout: Layout) => {
  const fat = layout.difatSectors
  const directory = fat + layout.fatSectors
  const miniFat = directory + layout.directorySectors
  const mini = miniFat + layout.miniFatSectors
  return { fat, directory, miniFat, mini, large: mini + layout.miniSectors }
}

const headerOf = (layout: Layout, version: 3 | 4): Uint8Array => {
  const bytes = new Uint8Array(layout.sectorBytes)
  const view = new DataView(bytes.buffer)
  const starts = startsOf(layout)
  bytes.set(cfbMagic)
  view.setUint16(24, 0x3e, true)
  view.setUint16(26, version, true)
  view.setUint16(28, 0xfffe, true)
  view.setUint16(30, Math.log2(layout.sectorBytes), true)
  view.setUint16(32, Math.log2(miniBytes), true)
  view.setUint32(40, version === 3 ? 0 : layout.directorySectors, true)
  view.setUint32(44, layout.fatSectors, true)
  view.setUint32(48, starts.directory, true)
  view.setUint32(56, cutoffBytes, true)
  view.setUint32(60, layout.miniFatSectors === 0 ? endOfChain : starts.miniFat, true)
  view.setUint32(64, layout.miniFatSectors, true)
  view.setUint32(68, layout.difatSectors === 0 ? endOfChain : 0, true)
  view.setUint32(72, layout.difatSectors, true)
  for (let at = 0; at < headerFats; at++) view.setUint32(76 + 4 * at, at < layout.fatSectors ? starts.fat + at : freeSector, true)
  return bytes
}

/** Where the FAT goes on beyond what the header names; the last number of each sector leads to the next one. */
const difatOf = (layout: Layout): readonly number[] => {
  const perSector = layout.sectorBytes / 4 - 1
  const { fat } = startsOf(layout)
  return Array.from({ length: layout.difatSectors }, (_, sector) => [
    ...Array.from({ length: perSector }, (_one, at) => {
      const index = headerFats + sector * perSector + at
      return index < layout.fatSectors ? fat + index : freeSector
    }),
    sector + 1 < layout.difatSectors ? sector + 1 : endOfChain,
  ]).flat()
}

const fatOf = (layout: Layout): readonly number[] => {
  const fat: number[] = []
  for (let at = 0; at < layout.difatSectors; at++) fat.push(difatSector)
  for (let at = 0; at < layout.fatSectors; at++) fat.push(fatSector)
  const lengths = [layout.directorySectors, layout.miniFatSectors, layout.miniSectors]
  for (const length of [...lengths, ...layout.large.map(one => Math.ceil(one.sizeBytes / layout.sectorBytes))]) addChain(fat, length)
  return fat
}

const miniFatOf = (layout: Layout): readonly number[] => {
  const fat: number[] = []
  for (const { sizeBytes } of layout.small) addChain(fat, Math.ceil(sizeBytes / miniBytes))
  return fat
}

const addChain = (fat: number[], length: number): void => {
  const start = fat.length
  for (let at = 1; at <= length; at++) fat.push(at < length ? start + at : endOfChain)
}

const tableOf = (numbers: readonly number[], sizeBytes: number): Uint8Array => {
  const bytes = new Uint8Array(sizeBytes).fill(0xff)
  const view = new DataView(bytes.buffer)
  for (const [at, number] of numbers.entries()) view.setUint32(at * 4, number, true)
  return bytes
}

const directoryOf = (layout: Layout, clsid: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(layout.directorySectors * layout.sectorBytes)
  const starts = startsOf(layout)
  const places = placesOf(layout, starts)
  const tree = treeOf(layout.streams.map(one => one.name))
  const mini = { start: layout.miniStreamBytes === 0 ? endOfChain : starts.mini, sizeBytes: layout.miniStreamBytes }
  const root: Placed = { name: 'Root Entry', isRed: false, left: noEntry, right: noEntry }
  writeEntry(bytes, root, { at: 0, type: rootType, child: tree.root, ...mini })
  bytes.set(clsid, 80)
  for (const [index, placed] of tree.entries.entries())
    writeEntry(bytes, placed, { at: index + 1, type: streamType, child: noEntry, ...(places.get(placed.name) ?? nowhere) })
  for (let at = layout.streams.length + 1; at * entryBytes < bytes.length; at++)
    bytes.fill(0xff, at * entryBytes + 68, at * entryBytes + 80)
  return bytes
}

interface Place {
  readonly start: number
  readonly sizeBytes: number
}
const nowhere: Place = { start: endOfChain, sizeBytes: 0 }

const placesOf = (layout: Layout, starts: { readonly large: number }): ReadonlyMap<string, Place> => {
  const places = new Map<string, Place>()
  let [mini, { large }] = [0, starts]
  for (const { stream, sizeBytes } of layout.small) {
    places.set(stream.name, { start: mini, sizeBytes })
    mini += Math.ceil(sizeBytes / miniBytes)
  }
  for (const { stream, sizeBytes } of layout.large) {
    places.set(stream.name, { start: large, sizeBytes })
    large += Math.ceil(sizeBytes / layout.sectorBytes)
  }
  return places
}

const writeEntry = (
  bytes: Uint8Array,
  { name, isRed, left, right }: Placed,
  { at, type, child, start, sizeBytes }: Place & { readonly at: number; readonly type: number; readonly child: number },
): void => {
  const view = new DataView(bytes.buffer, at * entryBytes, entryBytes)
  for (let unit = 0; unit < name.length; unit++) view.setUint16(unit * 2, name.charCodeAt(unit), true)
  view.setUint16(64, name.length * 2 + 2, true)
  view.setUint8(66, type)
  view.setUint8(67, isRed ? 0 : 1)
  view.setUint32(68, left, true)
  view.setUint32(72, right, true)
  view.setUint32(76, child, true)
  view.setUint32(116, start, true)
  view.setBigUint64(120, BigInt(sizeBytes), true)
}

async function* padded({ name, sizeBytes, bytes }: CfbStream, paddedBytes: number): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of bytes()) {
    done += chunk.length
    if (done > sizeBytes) break
    yield chunk
  }
  if (done !== sizeBytes)
    throw new FormatError('cfb/size-changed', `the stream ${JSON.stringify(name)} has not the ${sizeBytes} bytes that were said`)
  if (paddedBytes > sizeBytes) yield new Uint8Array(paddedBytes - sizeBytes)
}
