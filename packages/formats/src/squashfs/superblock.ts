// squashfs, reading: the superblock, held against the size of the file.
import { exactReader, fieldsOf, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import * as squashfs from './squashfs.ts'

export interface Superblock {
  readonly method: squashfs.MethodName
  readonly blockBytes: number
  readonly countInodes: number
  readonly countFragments: number
  readonly countIds: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Of the file system without what pads it, from its own start. */
  readonly usedBytes: number
  readonly rootBlockOffset: number
  readonly rootOffset: number
  /** Offsets from the start of the file system; undefined where there is no such table. */
  readonly inodeOffset: number
  readonly directoryOffset: number
  readonly idsOffset: number
  readonly fragmentOffset: number | undefined
  readonly exportOffset: number | undefined
  readonly xattrOffset: number | undefined
}

/**
 * What the superblock at `offset` says, whatever the compression. Throws `squashfs/truncated`, `squashfs/bad-superblock` and
 * `squashfs/unsupported` (older than 4.0, or the other byte order).
 */
export const readSuperblock = async (source: Source, offset = 0): Promise<Superblock> => {
  const bytes = await exactReader(source, torn)(offset, squashfs.superblockBytes)
  const fields = fieldsOf(bytes, 'little')
  const bad = (message: string): FormatError => new FormatError('squashfs/bad-superblock', message, offset)
  if (fieldsOf(bytes, 'big').u32(0) === squashfs.magic)
    throw new FormatError('squashfs/unsupported', 'its byte order is big-endian', offset)
  if (fields.u32(0) !== squashfs.magic) throw bad('no squashfs begins here')
  if (fields.u16(28) !== 4 || fields.u16(30) !== 0)
    throw new FormatError('squashfs/unsupported', `version ${fields.u16(28)}.${fields.u16(30)} instead of 4.0`, offset)
  const method = Object.entries(squashfs.methodIds).find(([, id]) => id === fields.u16(20))?.[0] as squashfs.MethodName | undefined
  if (method === undefined) throw bad(`the compression ${fields.u16(20)} is not known`)
  const blockBytes = fields.u32(12)
  if (blockBytes < 4096 || blockBytes > 1 << 20 || blockBytes !== 2 ** fields.u16(22)) throw bad(`blocks of ${blockBytes} bytes`)
  const usedBytes = fields.u64(40)
  if (offset + usedBytes > source.sizeBytes) throw torn(`${usedBytes} bytes were announced`, offset)
  const place = (at: number): number => {
    const value = fields.u64(at)
    if (value < squashfs.superblockBytes || value > usedBytes) throw bad(`a table at ${value} of ${usedBytes} bytes`)
    return value
  }
  const placeOrNone = (at: number): number | undefined =>
    fields.u32(at) === squashfs.none32 && fields.u32(at + 4) === squashfs.none32 ? undefined : place(at)
  const countFragments = fields.u32(16)
  const found: Superblock = {
    method,
    blockBytes,
    countInodes: fields.u32(4),
    countFragments,
    countIds: fields.u16(26),
    mtime: fields.u32(8),
    usedBytes,
    rootBlockOffset: fields.u32(34) + fields.u16(38) * 2 ** 32,
    rootOffset: fields.u16(32),
    idsOffset: place(48),
    xattrOffset: placeOrNone(56),
    inodeOffset: place(64),
    directoryOffset: place(72),
    fragmentOffset: countFragments === 0 ? undefined : place(80),
    exportOffset: placeOrNone(88),
  }
  if (found.inodeOffset > found.directoryOffset || found.directoryOffset > found.idsOffset) throw bad('its tables stand in another order')
  return found
}

export const torn = (message: string, offset: number): FormatError => new FormatError('squashfs/truncated', message, offset)
