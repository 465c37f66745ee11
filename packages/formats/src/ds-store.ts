// .DS_Store, writing: what the Finder remembers of a folder's window, as a B-tree of one page in a buddy allocator (Mozilla's and Wim Lewis' notes on the format).
import { bigEndian32, concat, encodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface DsStoreRecord {
  /** `.` for the folder itself, else the name of a file in it. */
  readonly name: string
  /** Four letters, as `Iloc`. */
  readonly id: string
  readonly value: { readonly blob: Uint8Array } | { readonly long: number } | { readonly type: string } | { readonly bool: boolean }
}

const pageBytes = 4096
// Offsets count from behind the first four bytes; blocks are powers of two of at least 32 bytes.
const [rootBlockAt, treeBlockAt, leafBlockAt] = [2048, 32, 4096]
const [rootBlockBits, treeBlockBits, leafBlockBits] = [11, 5, 12]

/** The same bytes for the same records, in any order. Throws `ds-store/too-large`, `ds-store/bad-record`. */
export const writeDsStore = (records: readonly DsStoreRecord[]): Uint8Array => {
  const sorted = records.toSorted((a, b) => compare(a.name.toLowerCase(), b.name.toLowerCase()) || compare(a.id, b.id))
  const leaf = concat([bigEndian32(0), bigEndian32(sorted.length), ...sorted.map(recordBytes)])
  if (leaf.length > pageBytes) throw new FormatError('ds-store/too-large', `${leaf.length} bytes of records; a page holds ${pageBytes}`)
  const file = new Uint8Array(4 + leafBlockAt + pageBytes)
  const put = (offset: number, bytes: Uint8Array): void => file.set(bytes, 4 + offset)
  file.set(bigEndian32(1))
  put(0, concat([encodeText('Bud1'), bigEndian32(rootBlockAt), bigEndian32(1 << rootBlockBits), bigEndian32(rootBlockAt)]))
  // Leaf block, one level, the records, one node, the size of a page.
  put(treeBlockAt, concat([2, 0, sorted.length, 1, pageBytes].map(bigEndian32)))
  put(leafBlockAt, leaf)
  put(rootBlockAt, rootBlock())
  return file
}

/** Where the blocks lie, what they are called, what is free. */
const rootBlock = (): Uint8Array => {
  const blocks = [rootBlockAt | rootBlockBits, treeBlockAt | treeBlockBits, leafBlockAt | leafBlockBits]
  // The list of addresses is padded to 256.
  const addresses = Array.from({ length: 256 }, (_, index) => blocks[index] ?? 0)
  const contents = concat([bigEndian32(1), Uint8Array.from([4]), encodeText('DSDB'), bigEndian32(1)])
  // 0 to 31 is the header; 32 to 63 the tree; 64 to 2047 free; 2048 to 4095 the root block; 4096 to 8191 the leaf; all above is free.
  const free = Array.from({ length: 32 }, (_, bits) =>
    bits >= 6 && bits <= 10 ? [1 << bits] : bits >= 13 && bits <= 30 ? [2 ** bits] : [],
  )
  return concat([
    bigEndian32(blocks.length),
    bigEndian32(0),
    ...addresses.map(bigEndian32),
    contents,
    ...free.flatMap(list => [bigEndian32(list.length), ...list.map(bigEndian32)]),
  ])
}

const recordBytes = ({ name, id, value }: DsStoreRecord): Uint8Array => {
  const kind = encodeText(id)
  if (kind.length !== 4 || name === '' || !name.isWellFormed())
    throw new FormatError('ds-store/bad-record', `${JSON.stringify(name)} ${JSON.stringify(id)} is no record`)
  return concat([bigEndian32(name.length), utf16(name), kind, valueBytes(value)])
}

const valueBytes = (value: DsStoreRecord['value']): Uint8Array => {
  if ('blob' in value) return concat([encodeText('blob'), bigEndian32(value.blob.length), value.blob])
  if ('long' in value) return concat([encodeText('long'), bigEndian32(value.long)])
  if ('bool' in value) return concat([encodeText('bool'), Uint8Array.from([value.bool ? 1 : 0])])
  if (value.type.length !== 4) throw new FormatError('ds-store/bad-record', `${JSON.stringify(value.type)} has not four letters`)
  return encodeText(`type${value.type}`)
}

/** Where an icon stands in its window, in points from the upper left. */
export const iconPlace = (x: number, y: number): Uint8Array =>
  concat([bigEndian32(x), bigEndian32(y), Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0])])

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const utf16 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(2 * text.length)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at))
  return bytes
}
