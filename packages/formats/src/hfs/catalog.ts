// The HFS Plus catalog: a record for each file, link and folder, and a thread back from its number to its place (TN1150, "Catalog File").
import type { BtreeRecord } from './btree.ts'
import { compareNames, nameUnits } from './names.ts'

export interface CatalogNode {
  readonly id: number
  readonly parent: number
  readonly name: string
  readonly type: 'file' | 'link' | 'folder'
  /** Permission bits. */
  readonly mode: number
  readonly sizeBytes: number
  readonly firstBlock: number
  /** Of a folder: what lies right in it. */
  readonly valence: number
  /** Finder flags, as 0x4000 invisible, 0x0400 own icon. */
  readonly finderFlags: number
}
export interface CatalogDates {
  /** Seconds since 1904-01-01. */
  readonly date: number
  readonly blockBytes: number
}

const [folderRecord, fileRecord, folderThread, fileThread] = [1, 2, 3, 4]
const fileTypes = { file: 0o100000, link: 0o120000, folder: 0o040000 } as const
// "Unknown": belongs to whoever looks, as on every disk image.
const owner = 99

/** All records in the order of a catalog: by parent, then by name without case; threads first. */
export const catalogRecords = (nodes: readonly CatalogNode[], dates: CatalogDates): readonly BtreeRecord[] => {
  const keyed = nodes.flatMap(node => {
    const units = nameUnits(node.name)
    return [
      { parent: node.id, units: noUnits, record: { key: keyOf(node.id, noUnits), data: threadOf(node, units) } },
      {
        parent: node.parent,
        units,
        record: { key: keyOf(node.parent, units), data: node.type === 'folder' ? folderOf(node, dates) : fileOf(node, dates) },
      },
    ]
  })
  return keyed.toSorted((a, b) => a.parent - b.parent || compareNames(a.units, b.units)).map(one => one.record)
}

const noUnits = new Uint16Array(0)

const keyOf = (parent: number, units: Uint16Array): Uint8Array => {
  const key = new Uint8Array(8 + 2 * units.length)
  const view = new DataView(key.buffer)
  view.setUint16(0, key.length - 2)
  view.setUint32(2, parent)
  view.setUint16(6, units.length)
  for (const [at, unit] of units.entries()) view.setUint16(8 + 2 * at, unit)
  return key
}

const threadOf = (node: CatalogNode, units: Uint16Array): Uint8Array => {
  const data = new Uint8Array(10 + 2 * units.length)
  const view = new DataView(data.buffer)
  view.setUint16(0, node.type === 'folder' ? folderThread : fileThread)
  view.setUint32(4, node.parent)
  view.setUint16(8, units.length)
  for (const [at, unit] of units.entries()) view.setUint16(10 + 2 * at, unit)
  return data
}

/** What a folder's and a file's record have in common: number, dates, owner and mode. */
const startOf = (view: DataView, node: CatalogNode, { date }: CatalogDates): void => {
  view.setUint32(8, node.id)
  for (const offset of [12, 16, 20, 24]) view.setUint32(offset, date)
  view.setUint32(32, owner)
  view.setUint32(36, owner)
  view.setUint16(42, fileTypes[node.type] | node.mode)
  view.setUint32(44, 1)
}

const folderOf = (node: CatalogNode, dates: CatalogDates): Uint8Array => {
  const data = new Uint8Array(88)
  const view = new DataView(data.buffer)
  view.setUint16(0, folderRecord)
  view.setUint32(4, node.valence)
  startOf(view, node, dates)
  view.setUint16(56, node.finderFlags)
  return data
}

const fileOf = (node: CatalogNode, dates: CatalogDates): Uint8Array => {
  const data = new Uint8Array(248)
  const view = new DataView(data.buffer)
  view.setUint16(0, fileRecord)
  // Every file has a thread.
  view.setUint16(2, 0x0002)
  startOf(view, node, dates)
  if (node.type === 'link') data.set(linkType, 48)
  view.setUint16(56, node.finderFlags)
  forkOf(view, 88, { ...node, blockBytes: dates.blockBytes })
  return data
}

/** Type and creator by which a file is a symbolic link. */
const linkType = new TextEncoder().encode('slnkrhap')

/** A fork in one piece: size and place. */
export const forkOf = (
  view: DataView,
  offset: number,
  { sizeBytes, firstBlock, blockBytes }: { readonly sizeBytes: number; readonly firstBlock: number; readonly blockBytes: number },
): void => {
  const blocks = Math.ceil(sizeBytes / blockBytes)
  view.setBigUint64(offset, BigInt(sizeBytes))
  view.setUint32(offset + 12, blocks)
  if (blocks === 0) return
  view.setUint32(offset + 16, firstBlock)
  view.setUint32(offset + 20, blocks)
}
