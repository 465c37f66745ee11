// HFS Plus B-trees, written in one go from sorted records (TN1150, "B-Trees"): full leaves, then index nodes above them.
import { bigEndian32 } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

export interface BtreeRecord {
  /** With its length in front, as it stands in a node; even in size. */
  readonly key: Uint8Array
  readonly data: Uint8Array
}
export interface BtreeShape {
  readonly nodeBytes: number
  readonly maxKeyBytes: number
  /** 0xCF: names are compared without case; 0 where keys are no names. */
  readonly compare: number
  /** All keys are as long as the longest; Linux mounts no volume whose extents say otherwise. */
  readonly hasEqualKeys?: true
}

const [leafKind, indexKind, headerKind] = [0xff, 0x00, 0x01]
const descriptorBytes = 14
const headerRecordBytes = 106
const userRecordBytes = 128

interface Node {
  readonly kind: number
  readonly height: number
  readonly records: readonly Uint8Array[]
  /** Links to the neighbours of its level; 0: none. */
  readonly previous: number
  readonly next: number
}

/** The whole file of a tree, a whole number of nodes. Throws `hfs/too-many`. */
export const writeBtree = (records: Iterable<BtreeRecord>, shape: BtreeShape): Uint8Array => {
  const { nodeBytes } = shape
  const levels: BtreeRecord[][][] = []
  let leafRecords = 0
  let level = fill(records, nodeBytes)
  for (const node of level) leafRecords += node.length
  while (level.length > 0) {
    levels.push(level)
    if (level.length === 1) break
    // Nodes are numbered level by level, leaves first, from 1.
    const first = 1 + levels.slice(0, -1).reduce((sum, one) => sum + one.length, 0)
    level = fill(
      level.map((node, index) => ({ key: node[0]?.key ?? new Uint8Array(2), data: bigEndian32(first + index) })),
      nodeBytes,
    )
  }
  const used = 1 + levels.reduce((sum, one) => sum + one.length, 0)
  const headerBits = (nodeBytes - descriptorBytes - headerRecordBytes - userRecordBytes - 8) * 8
  if (used > headerBits) throw new FormatError('hfs/too-many', `${used} nodes in one tree; the header counts ${headerBits}`)
  const bytes = new Uint8Array(used * nodeBytes)
  let index = 1
  for (const [height, nodes] of levels.entries()) {
    for (const [at, node] of nodes.entries()) {
      const place = { kind: height === 0 ? leafKind : indexKind, height: height + 1 }
      const previous = at === 0 ? 0 : index - 1
      const next = at === nodes.length - 1 ? 0 : index + 1
      writeNode(bytes.subarray(index * nodeBytes, (index + 1) * nodeBytes), { ...place, previous, next, records: node.map(joined) })
      index++
    }
  }
  const header = headerOf(shape, { levels, leafRecords, used })
  const map = usedMap(used, headerBits / 8)
  writeNode(bytes.subarray(0, nodeBytes), {
    kind: headerKind,
    height: 0,
    previous: 0,
    next: 0,
    records: [header, new Uint8Array(userRecordBytes), map],
  })
  return bytes
}

interface Counted {
  readonly levels: readonly (readonly BtreeRecord[][])[]
  readonly leafRecords: number
  readonly used: number
}

const headerOf = ({ nodeBytes, maxKeyBytes, compare, hasEqualKeys }: BtreeShape, { levels, leafRecords, used }: Counted): Uint8Array => {
  const header = new Uint8Array(headerRecordBytes)
  const view = new DataView(header.buffer)
  const leaves = levels[0]?.length ?? 0
  view.setUint16(0, levels.length)
  view.setUint32(2, levels.length === 0 ? 0 : used - 1)
  view.setUint32(6, leafRecords)
  view.setUint32(10, leaves === 0 ? 0 : 1)
  view.setUint32(14, leaves)
  view.setUint16(18, nodeBytes)
  view.setUint16(20, maxKeyBytes)
  view.setUint32(22, used)
  view.setUint32(32, nodeBytes)
  view.setUint8(37, compare)
  // 2: keys have a length of two bytes. 4: and are only as long as they have to be, in index nodes too.
  view.setUint32(38, hasEqualKeys === true ? 0x02 : 0x06)
  return header
}

/** Records into nodes, as many as fit into each. */
const fill = (records: Iterable<BtreeRecord>, nodeBytes: number): BtreeRecord[][] => {
  const nodes: BtreeRecord[][] = []
  let node: BtreeRecord[] = []
  let free = 0
  for (const record of records) {
    // Each record has an offset of two bytes at the end of its node, and the free space has one too.
    const sizeBytes = record.key.length + record.data.length + 2
    if (sizeBytes > free) {
      node = []
      nodes.push(node)
      free = nodeBytes - descriptorBytes - 2
    }
    node.push(record)
    free -= sizeBytes
  }
  return nodes
}

const writeNode = (node: Uint8Array, { kind, height, records, previous, next }: Node): void => {
  const view = new DataView(node.buffer, node.byteOffset, node.byteLength)
  view.setUint32(0, next)
  view.setUint32(4, previous)
  view.setUint8(8, kind)
  view.setUint8(9, height)
  view.setUint16(10, records.length)
  let offset = descriptorBytes
  for (const [index, record] of records.entries()) {
    node.set(record, offset)
    view.setUint16(node.length - 2 * (index + 1), offset)
    offset += record.length
  }
  view.setUint16(node.length - 2 * (records.length + 1), offset)
}

const usedMap = (used: number, sizeBytes: number): Uint8Array => {
  const map = new Uint8Array(sizeBytes)
  map.fill(0xff, 0, used >> 3)
  if (used % 8 > 0) map[used >> 3] = 0xff00 >> (used % 8)
  return map
}

const joined = ({ key, data }: BtreeRecord): Uint8Array => {
  const record = new Uint8Array(key.length + data.length)
  record.set(key)
  record.set(data, key.length)
  return record
}
