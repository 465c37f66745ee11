// A bill of materials, writing: the list of installed files that a macOS package carries and that stays as its receipt.
import { concat, encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import { type BomEntry, bomMagic, kinds, nodeBytes, nodeHeadBytes, typeBits } from './bom.ts'

export type { BomEntry } from './bom.ts'

/** The entries of a full node; a node has room for 510, and Apple's tools leave some. */
const pageEntries = 256
const headerBytes = 512

/** A bill of materials; parents stand in front of what is in them. Throws `bom/bad-entry`. */
export const writeBom = (entries: readonly BomEntry[]): Uint8Array => {
  const blocks: Uint8Array[] = [new Uint8Array(0)]
  const add = (block: Uint8Array): number => blocks.push(block) - 1
  // The named blocks come first, as in Apple's files; their bytes are known last.
  const named = { BomInfo: add(empty), Paths: add(empty), HLIndex: add(empty), VIndex: add(empty), Size64: add(empty) }
  const rows = entries.length === 0 ? [] : rowsOf(entries)
  const large: Leaf[] = []
  const leaves = rows.map(({ entry, id, parent, name }): Leaf => {
    const record = add(recordOf(entry))
    if (entry.sizeBytes > 0xffffffff) large.push({ key: add(u64(entry.sizeBytes)), value: add(u32(record)) })
    return { key: add(u32(id, record)), value: add(concat([u32(parent), name, zero])) }
  })
  blocks[named.BomInfo] = bomInfo(entries)
  blocks[named.Paths] = treeOf(leaves, add)
  blocks[named.HLIndex] = treeOf([], add)
  blocks[named.VIndex] = concat([u32(1, add(treeOf([], add, 128)), 0), zero])
  blocks[named.Size64] = treeOf(large, add)
  return fileOf(blocks, named)
}

const empty = new Uint8Array(0)
const zero = new Uint8Array(1)

interface Leaf {
  /** Numbers of blocks. */
  readonly key: number
  readonly value: number
}
interface Row {
  readonly entry: BomEntry
  /** From 1 on. */
  readonly id: number
  readonly parent: number
  readonly name: Uint8Array
}

/** In the order of the tree: by parent, then by the bytes of the name. */
const rowsOf = (entries: readonly BomEntry[]): readonly Row[] => {
  const ids = new Map<string, number>()
  const rows = entries.map((entry, index): Row => {
    const { path } = entry
    const cut = path.lastIndexOf('/')
    const parent = path === '.' ? 0 : ids.get(cut === -1 ? '.' : path.slice(0, cut))
    checkEntry(entry, parent !== undefined && !ids.has(path))
    ids.set(path, index + 1)
    return { entry, id: index + 1, parent: parent ?? 0, name: encodeText(path.slice(cut + 1)) }
  })
  return rows.sort((a, b) => a.parent - b.parent || compareBytes(a.name, b.name))
}

const compareBytes = (left: Uint8Array, right: Uint8Array): number => {
  for (let at = 0; at < left.length && at < right.length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const checkEntry = (entry: BomEntry, isPlaced: boolean): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('bom/bad-entry', `${JSON.stringify(entry.path)} cannot be listed: ${reason}`)
  }
  if (!isInsidePath(entry.path) || entry.path.endsWith('/')) refuse('the path is empty, absolute, leaves the package or holds a NUL')
  if (!isPlaced) refuse('it stands there twice, or its folder does not stand in front of it')
  for (const [name, value] of Object.entries({ uid: entry.uid, gid: entry.gid, time: entry.mtime, checksum: entry.checksum }))
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) refuse(`the ${name} is ${value}`)
  if (!Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0) refuse(`the size is ${entry.sizeBytes}`)
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o7777) refuse(`the mode is ${entry.mode}`)
  if ((entry.type === 'symlink') !== (entry.linkTarget !== undefined && entry.linkTarget !== '' && !entry.linkTarget.includes('\0')))
    refuse('a symlink, and only it, has a target')
}

/** Type, 1, all fields are there (0x000f), mode, owner, group, time, size, 1, checksum, target, zeros. */
const recordOf = ({ type, mode, uid, gid, mtime, sizeBytes, checksum, linkTarget }: BomEntry): Uint8Array => {
  const bits = typeBits[type] | mode
  const head = [Uint8Array.of(kinds[type], 1, 0, 0x0f, bits >> 8, bits & 0xff), u32(uid, gid, mtime, sizeBytes % 2 ** 32), Uint8Array.of(1)]
  if (type === 'folder') return concat([...head, u32(0, 0)])
  if (linkTarget === undefined) return concat([...head, u32(checksum, 0, 0)])
  const target = encodeText(linkTarget)
  return concat([...head, u32(checksum, target.length + 1), target, zero, u32(0, 0)])
}

/** Version, paths and one more, then the sizes for each processor; all files count as belonging to none. */
const bomInfo = (entries: readonly BomEntry[]): Uint8Array => {
  const totalBytes = entries.reduce((sum, { type, sizeBytes }) => sum + (type === 'folder' ? 0 : sizeBytes), 0)
  return u32(1, entries.length + 1, 1, 0, 0, totalBytes % 2 ** 32, 0)
}

/** Nodes from the leaves up to one root; gives the block of the tree. */
const treeOf = (leaves: readonly Leaf[], add: (block: Uint8Array) => number, blockBytes: number = nodeBytes): Uint8Array => {
  let level = levelOf(leaves, { add, blockBytes, isLeaf: true })
  while (level.length > 1) level = levelOf(level, { add, blockBytes, isLeaf: false })
  return concat([encodeText('tree'), u32(1, level[0]?.key ?? 0, blockBytes, leaves.length), zero])
}

/** One node for each page of entries; each knows its neighbours. What stands above names a node and the last value in it. */
const levelOf = (
  entries: readonly Leaf[],
  { add, blockBytes, isLeaf }: { readonly add: (block: Uint8Array) => number; readonly blockBytes: number; readonly isLeaf: boolean },
): readonly Leaf[] => {
  const count = Math.max(1, Math.ceil(entries.length / pageEntries))
  const nodes: Leaf[] = []
  for (let page = 0; page < count; page++) {
    const inside = entries.slice(page * pageEntries, (page + 1) * pageEntries)
    const node = new Uint8Array(blockBytes)
    const number = add(node)
    const [next, previous] = [page === count - 1 ? 0 : number + 1, page === 0 ? 0 : number - 1]
    node.set(concat([u16(isLeaf ? 1 : 0, inside.length), u32(next, previous)]))
    inside.forEach(({ key, value }, index) => node.set(u32(key, value), nodeHeadBytes + index * 8))
    nodes.push({ key: number, value: inside.at(-1)?.value ?? 0 })
  }
  return nodes
}

/** Header, blocks, names of blocks, places of blocks with an empty list of free ones. */
const fileOf = (blocks: readonly Uint8Array[], named: Readonly<Record<string, number>>): Uint8Array => {
  let offset = headerBytes
  const places = blocks.map((block, index) => {
    const place = u32(index === 0 ? 0 : offset, block.length)
    offset += block.length
    return place
  })
  const names = concat([
    u32(Object.keys(named).length),
    ...Object.entries(named).map(([name, number]) => concat([u32(number), Uint8Array.of(name.length), encodeText(name)])),
  ])
  const index = concat([u32(blocks.length), ...places, u32(0, 0, 0, 0, 0)])
  const header = new Uint8Array(headerBytes)
  header.set(concat([encodeText(bomMagic), u32(1, blocks.length - 1, offset + names.length, index.length, offset, names.length)]))
  return concat([header, ...blocks, names, index])
}

const u16 = (...values: readonly number[]): Uint8Array => Uint8Array.from(values.flatMap(value => [value >> 8, value & 0xff]))

const u32 = (...values: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => view.setUint32(index * 4, value))
  return bytes
}

const u64 = (value: number): Uint8Array => u32(Math.floor(value / 2 ** 32), value % 2 ** 32)
