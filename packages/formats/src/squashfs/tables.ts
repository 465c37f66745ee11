// squashfs, reading: whole tables of metadata, unpacked, with the addresses of their blocks; and the tables behind a list.
import { concat, exactReader, type Fields, fieldsOf, noBytes, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import * as squashfs from './squashfs.ts'
import { type Superblock, torn } from './superblock.ts'
import { unpackBlockNow } from './unpack.ts'

export interface Table {
  readonly bytes: Uint8Array
  readonly fields: Fields
  /** The offset in `bytes` of an address; `squashfs/bad-address` when no block begins there. */
  at(blockOffset: number, offset: number): number
}

export interface Tables {
  readonly inodes: Table
  readonly directories: Table
  /** Owner numbers. */
  readonly ids: readonly number[]
  readonly fragments: readonly { readonly offset: number; readonly sizeWord: number }[]
}

export interface Volume {
  readonly superblock: Superblock
  /** Exactly `length` bytes at an offset of the file system. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/** A file system in a file: nothing beyond its announced end can be read. */
export const volumeOf = (source: Source, superblock: Superblock, offset: number): Volume => {
  const part: Source = { sizeBytes: superblock.usedBytes, read: (at, length) => source.read(offset + at, length) }
  return { superblock, read: exactReader(part, torn) }
}

/** All tables of a file system. Throws `squashfs/bad-metadata`, `squashfs/corrupt`, `squashfs/truncated`, `squashfs/too-large`. */
export const readTables = async (volume: Volume): Promise<Tables> => {
  const { superblock } = volume
  const ids = await readListed(volume, { listOffset: superblock.idsOffset, count: superblock.countIds, itemBytes: 4 })
  const fragments =
    superblock.fragmentOffset === undefined
      ? undefined
      : await readListed(volume, { listOffset: superblock.fragmentOffset, count: superblock.countFragments, itemBytes: 16 })
  const exported =
    superblock.exportOffset === undefined ? undefined : fieldsOf(await volume.read(superblock.exportOffset, 8), 'little').u64(0)
  const after = [ids.offset, fragments?.offset, exported].filter(at => at !== undefined && at >= superblock.directoryOffset)
  const directoryEnd = Math.min(...after.map(Number), superblock.idsOffset)
  const idFields = fieldsOf(ids.bytes, 'little')
  const fragmentFields = fieldsOf(fragments?.bytes ?? noBytes, 'little')
  return {
    inodes: await readTable(volume, superblock.inodeOffset, superblock.directoryOffset),
    directories: await readTable(volume, superblock.directoryOffset, directoryEnd),
    ids: Array.from({ length: superblock.countIds }, (_, index) => idFields.u32(index * 4)),
    fragments: Array.from({ length: fragments === undefined ? 0 : superblock.countFragments }, (_, index) => ({
      offset: fragmentFields.u64(index * 16),
      sizeWord: fragmentFields.u32(index * 16 + 8),
    })),
  }
}

/** Room for some millions of entries. */
const limitTableBytes = 1 << 28

const readTable = async (volume: Volume, start: number, end: number): Promise<Table> => {
  if (end - start > limitTableBytes) throw new FormatError('squashfs/too-large', `a table of ${end - start} bytes`, start)
  const packed = await volume.read(start, end - start)
  const places = new Map<number, number>()
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for (let at = 0; at < packed.length;) {
    const block = metadataBlock(volume, packed, { at, start })
    places.set(at, sizeBytes)
    parts.push(block.bytes)
    sizeBytes += block.bytes.length
    if (sizeBytes > limitTableBytes) throw new FormatError('squashfs/too-large', `a table of more than ${limitTableBytes} bytes`, start)
    at = block.end
  }
  const bytes = concat(parts)
  const at = (blockOffset: number, offset: number): number => {
    const place = places.get(blockOffset)
    // A folder without entries may be addressed at the very end.
    if (place === undefined && blockOffset === packed.length && offset === 0) return bytes.length
    if (place === undefined || offset > squashfs.metadataBytes || place + offset > bytes.length)
      throw new FormatError('squashfs/bad-address', `nothing is at ${blockOffset}:${offset} of the table`, start)
    return place + offset
  }
  return { bytes, fields: fieldsOf(bytes, 'little'), at }
}

const metadataBlock = (
  { superblock }: Volume,
  packed: Uint8Array,
  { at, start }: { readonly at: number; readonly start: number },
): { readonly bytes: Uint8Array; readonly end: number } => {
  const offset = start + at
  if (at + 2 > packed.length) throw new FormatError('squashfs/bad-metadata', 'a block without its size', offset)
  const word = fieldsOf(packed, 'little').u16(at)
  // A size of 0 stands for the largest one.
  const length = (word & ~squashfs.metadataStored) % squashfs.metadataStored || squashfs.metadataStored
  const end = at + 2 + length
  if (length > squashfs.metadataBytes || end > packed.length)
    throw new FormatError('squashfs/bad-metadata', `a block of ${length} bytes reaches out of its table`, offset)
  const content = packed.subarray(at + 2, end)
  if ((word & squashfs.metadataStored) !== 0) return { bytes: content, end }
  return { bytes: unpackBlockNow(superblock.method, { bytes: content, offset, limitBytes: squashfs.metadataBytes }), end }
}

interface Listed {
  readonly listOffset: number
  readonly count: number
  readonly itemBytes: number
}

const readListed = async (
  volume: Volume,
  { listOffset, count, itemBytes }: Listed,
): Promise<{ readonly bytes: Uint8Array; readonly offset: number }> => {
  const sizeBytes = count * itemBytes
  const countBlocks = Math.ceil(sizeBytes / squashfs.metadataBytes)
  if (sizeBytes > limitTableBytes || count === 0) throw new FormatError('squashfs/bad-metadata', `a table of ${count} items`, listOffset)
  const list = fieldsOf(await volume.read(listOffset, countBlocks * 8), 'little')
  const parts: Uint8Array[] = []
  for (let index = 0; index < countBlocks; index++) {
    const start = list.u64(index * 8)
    const room = Math.min(volume.superblock.usedBytes - start, squashfs.metadataBytes + 2)
    parts.push(metadataBlock(volume, await volume.read(start, Math.max(0, room)), { at: 0, start }).bytes)
  }
  const bytes = concat(parts)
  if (bytes.length < sizeBytes)
    throw new FormatError('squashfs/bad-metadata', `a table of ${count} items has ${bytes.length} bytes`, listOffset)
  return { bytes, offset: list.u64(0) }
}
