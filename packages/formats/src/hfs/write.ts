// HFS Plus, writing (Apple Technical Note TN1150): one extent a file, no journal, unmounted properly; the same bytes on any machine.
import type { ByteChunks } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import { writeBtree } from './btree.ts'
import { catalogRecords, forkOf, type CatalogNode } from './catalog.ts'
import { compareNames, nameUnits } from './names.ts'

export interface HfsFile {
  readonly type: 'file'
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
  readonly bytes: () => ByteChunks
  /** 0x4000: the Finder does not show it. */
  readonly finderFlags?: number
}
export interface HfsLink {
  readonly type: 'link'
  readonly path: string
  readonly linkTarget: string
}
export interface HfsFolder {
  readonly type: 'folder'
  readonly path: string
  readonly mode: number
  readonly finderFlags?: number
}
export type HfsEntry = HfsFile | HfsLink | HfsFolder

export interface HfsWriting {
  /** 1 to 255 UTF-16 units. */
  readonly volumeName: string
  /** Of everything, in seconds since 1970. */
  readonly mtime: number
  /** Finder flags of the root folder: 0x0400 where `.VolumeIcon.icns` is the volume's icon. */
  readonly rootFlags?: number
  /** Eight bytes by which systems tell volumes apart. */
  readonly volumeId?: Uint8Array
}
export interface HfsVolume {
  readonly sizeBytes: number
  /** The catalog numbers of files and folders, by path: aliases name them. */
  readonly ids: ReadonlyMap<string, number>
  readonly bytes: () => AsyncGenerator<Uint8Array>
}

const blockBytes = 4096
const [rootId, firstUserId] = [2, 16]
// 1904-01-01 to 1970-01-01.
const epochSeconds = 2_082_844_800
const rootParent = 1
const treeFiles = { extents: 4096, catalog: 8192, attributes: 8192 } as const

/** Numbers follow from the paths alone: those of files whose contents are made last, as aliases, are known before. Throws `hfs/bad-name` and `hfs/same-name`. */
export const hfsIds = (paths: Iterable<string>): ReadonlyMap<string, number> => {
  const all = new Set<string>()
  for (const path of paths) for (const one of withParents(path)) all.add(one)
  return new Map([...all].sort().map((path, index) => [path, firstUserId + index]))
}

/**
 * A volume of the entries; folders that nobody named are made with 0755. Names that differ in case or composition alone are one name.
 * Throws `hfs/bad-name`, `hfs/bad-entry`, `hfs/same-name`, `hfs/too-many`; while its bytes are read `hfs/size-changed`.
 */
export const hfsVolume = (entries: readonly HfsEntry[], writing: HfsWriting): HfsVolume => {
  const { mtime, volumeName, rootFlags = 0 } = writing
  const date = mtime + epochSeconds
  if (!Number.isInteger(mtime) || mtime < 0 || date > 0xffffffff)
    throw new FormatError('hfs/bad-date', `the date ${mtime} lies outside of 1970 to 2040`)
  const ids = hfsIds(entries.map(checked))
  const listed = nodesOf(entries, ids, { volumeName, rootFlags })
  // The catalog is as large as its records, wherever the files lie: sizes first, then places.
  const trees = {
    extents: writeBtree([], { nodeBytes: treeFiles.extents, maxKeyBytes: 10, compare: 0, hasEqualKeys: true }),
    attributes: writeBtree([], { nodeBytes: treeFiles.attributes, maxKeyBytes: 266, compare: 0 }),
  }
  const catalogOf = (nodes: readonly CatalogNode[]): Uint8Array =>
    writeBtree(catalogRecords(nodes, { date, blockBytes }), { nodeBytes: treeFiles.catalog, maxKeyBytes: 516, compare: 0xcf })
  const layout = layoutOf(listed, { ...trees, catalog: catalogOf(listed.map(one => one.node)) })
  const catalog = catalogOf(layout.nodes)
  return {
    sizeBytes: layout.totalBlocks * blockBytes,
    ids,
    bytes: () => volumeBytes({ ...layout, ...trees, catalog, date, writing, lastId: firstUserId + ids.size }),
  }
}

const checked = ({ path, type, ...entry }: HfsEntry): string => {
  if (!isInsidePath(path) || path.startsWith('./') || path.endsWith('/'))
    throw new FormatError('hfs/bad-entry', `${JSON.stringify(path)} is no path`)
  if (type === 'file' && 'sizeBytes' in entry && (!Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0))
    throw new FormatError('hfs/bad-entry', `${JSON.stringify(path)} has no size`)
  return path
}

const withParents = (path: string): readonly string[] => {
  const steps = path.split('/')
  return steps.map((_, index) => steps.slice(0, index + 1).join('/'))
}

interface Listed {
  readonly node: CatalogNode
  readonly content: (() => ByteChunks) | null
}

const nodesOf = (
  entries: readonly HfsEntry[],
  ids: ReadonlyMap<string, number>,
  root: { readonly volumeName: string; readonly rootFlags: number },
): readonly Listed[] => {
  const byPath = new Map<string, HfsEntry>()
  for (const entry of entries) {
    if (byPath.has(entry.path)) throw new FormatError('hfs/same-name', `${JSON.stringify(entry.path)} stands there twice`)
    byPath.set(entry.path, entry)
  }
  const children = new Map<string, string[]>()
  for (const path of ids.keys()) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
    const parentEntry = byPath.get(parent)
    if (parentEntry !== undefined && parentEntry.type !== 'folder')
      throw new FormatError('hfs/bad-entry', `${JSON.stringify(parent)} is no folder, but ${JSON.stringify(path)} lies in it`)
    children.set(parent, [...(children.get(parent) ?? []), path])
  }
  for (const siblings of children.values()) refuseSame(siblings)
  const nodes = [...ids].map(([path, id]): Listed => {
    const entry = byPath.get(path) ?? { type: 'folder', path, mode: 0o755 }
    const slash = path.lastIndexOf('/')
    const text = entry.type === 'link' ? new TextEncoder().encode(entry.linkTarget) : null
    const node: CatalogNode = {
      id,
      parent: slash === -1 ? rootId : (ids.get(path.slice(0, slash)) ?? rootId),
      name: path.slice(slash + 1),
      type: entry.type,
      mode: entry.type === 'link' ? 0o755 : entry.mode & 0o7777,
      sizeBytes: entry.type === 'file' ? entry.sizeBytes : (text?.length ?? 0),
      firstBlock: 0,
      valence: children.get(path)?.length ?? 0,
      finderFlags: entry.type === 'link' ? 0 : (entry.finderFlags ?? 0),
    }
    return { node, content: entry.type === 'file' ? () => entry.bytes() : text === null ? null : () => [text] }
  })
  const top: CatalogNode = {
    id: rootId,
    parent: rootParent,
    name: root.volumeName,
    type: 'folder',
    mode: 0o755,
    sizeBytes: 0,
    firstBlock: 0,
    valence: children.get('')?.length ?? 0,
    finderFlags: root.rootFlags,
  }
  return [{ node: top, content: null }, ...nodes]
}

const refuseSame = (siblings: readonly string[]): void => {
  const named = siblings.map(path => ({ path, units: nameUnits(path.slice(path.lastIndexOf('/') + 1)) }))
  named.sort((a, b) => compareNames(a.units, b.units))
  for (const [index, { path, units }] of named.entries()) {
    const before = named[index - 1]
    if (before !== undefined && compareNames(before.units, units) === 0)
      throw new FormatError(
        'hfs/same-name',
        `${JSON.stringify(before.path)} and ${JSON.stringify(path)} are one name on a Mac, which minds no case`,
      )
  }
}

interface Trees {
  readonly extents: Uint8Array
  readonly attributes: Uint8Array
  readonly catalog: Uint8Array
}
interface Layout {
  readonly nodes: readonly CatalogNode[]
  readonly contents: readonly { readonly content: () => ByteChunks; readonly sizeBytes: number }[]
  readonly totalBlocks: number
  readonly usedBlocks: number
  readonly bitmapBlocks: number
  readonly places: { readonly extents: number; readonly attributes: number; readonly catalog: number; readonly data: number }
}

/** Header, bitmap, trees, files in the order of their numbers, and the second header at the end. */
const layoutOf = (listed: readonly Listed[], { extents, attributes, catalog }: Trees): Layout => {
  const blocksOf = (sizeBytes: number): number => Math.ceil(sizeBytes / blockBytes)
  const dataBlocks = listed.reduce((sum, { node }) => sum + blocksOf(node.sizeBytes), 0)
  const fixed = 1 + [extents, attributes, catalog].reduce((sum, tree) => sum + blocksOf(tree.length), 0) + dataBlocks + 1
  let bitmapBlocks = 1
  while (bitmapBlocks * blockBytes * 8 < fixed + bitmapBlocks) bitmapBlocks++
  const totalBlocks = fixed + bitmapBlocks
  if (totalBlocks > 0xffffffff) throw new FormatError('hfs/too-many', `${totalBlocks} blocks; a volume has at most 2^32 - 1`)
  const places = { extents: 1 + bitmapBlocks, attributes: 0, catalog: 0, data: 0 }
  places.attributes = places.extents + blocksOf(extents.length)
  places.catalog = places.attributes + blocksOf(attributes.length)
  places.data = places.catalog + blocksOf(catalog.length)
  let next = places.data
  const nodes = listed.map(({ node }) => {
    const firstBlock = next
    next += blocksOf(node.sizeBytes)
    return { ...node, firstBlock }
  })
  const contents = listed.flatMap(({ node, content }) => (content === null ? [] : [{ content, sizeBytes: node.sizeBytes }]))
  return { nodes, contents, totalBlocks, usedBlocks: next, bitmapBlocks, places }
}

interface Volume extends Layout, Trees {
  readonly date: number
  readonly writing: HfsWriting
  readonly lastId: number
}

async function* volumeBytes(volume: Volume): AsyncGenerator<Uint8Array> {
  const header = volumeHeader(volume)
  const start = new Uint8Array(blockBytes)
  start.set(header, 1024)
  yield start
  yield bitmapOf(volume)
  for (const tree of [volume.extents, volume.attributes, volume.catalog]) yield padded(tree)
  for (const one of volume.contents) {
    let done = 0
    for await (const chunk of one.content()) {
      done += chunk.length
      yield chunk
    }
    if (done !== one.sizeBytes) throw new FormatError('hfs/size-changed', `a file of ${one.sizeBytes} bytes gave ${done}`)
    if (done % blockBytes > 0) yield new Uint8Array(blockBytes - (done % blockBytes))
  }
  const end = new Uint8Array(blockBytes)
  end.set(header, blockBytes - 1024)
  yield end
}

/** A bit for each block, the first block in the highest bit: all but those between the files and the last one are in use. */
const bitmapOf = ({ bitmapBlocks, usedBlocks, totalBlocks }: Volume): Uint8Array => {
  const bitmap = new Uint8Array(bitmapBlocks * blockBytes)
  const mark = (block: number): void => void (bitmap[block >> 3] = (bitmap[block >> 3] ?? 0) | (0x80 >> (block & 7)))
  bitmap.fill(0xff, 0, usedBlocks >> 3)
  for (let block = usedBlocks & ~7; block < usedBlocks; block++) mark(block)
  mark(totalBlocks - 1)
  return bitmap
}

const volumeHeader = (volume: Volume): Uint8Array => {
  const header = new Uint8Array(512)
  const view = new DataView(header.buffer)
  const { nodes, places, totalBlocks, usedBlocks, date, writing } = volume
  header.set(new TextEncoder().encode('H+'))
  view.setUint16(2, 4)
  // Unmounted properly; nothing else.
  view.setUint32(4, 0x100)
  header.set(new TextEncoder().encode('10.0'), 8)
  for (const offset of [16, 20, 28]) view.setUint32(offset, date)
  view.setUint32(32, nodes.filter(node => node.type !== 'folder').length)
  view.setUint32(36, nodes.filter(node => node.type === 'folder').length - 1)
  view.setUint32(40, blockBytes)
  view.setUint32(44, totalBlocks)
  view.setUint32(48, totalBlocks - usedBlocks - 1)
  view.setUint32(52, usedBlocks)
  view.setUint32(56, blockBytes)
  view.setUint32(60, blockBytes)
  view.setUint32(64, volume.lastId)
  view.setUint32(68, 1)
  view.setBigUint64(72, 1n)
  // Finder info 2: the folder that opens when the volume is mounted.
  view.setUint32(80 + 8, rootId)
  header.set((writing.volumeId ?? new Uint8Array(8)).subarray(0, 8), 80 + 24)
  const fork = (offset: number, sizeBytes: number, firstBlock: number): void => {
    forkOf(view, offset, { sizeBytes, firstBlock, blockBytes })
    view.setUint32(offset + 8, blockBytes)
  }
  fork(112, volume.bitmapBlocks * blockBytes, 1)
  fork(192, volume.extents.length, places.extents)
  fork(272, volume.catalog.length, places.catalog)
  fork(352, volume.attributes.length, places.attributes)
  return header
}

const padded = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(Math.ceil(bytes.length / blockBytes) * blockBytes)
  whole.set(bytes)
  return whole
}
