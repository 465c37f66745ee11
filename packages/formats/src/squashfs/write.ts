// squashfs 4.0, writing (Linux fs/squashfs): zlib, xz or Zstandard, no owners, one time; the same bytes on any machine.
import { concat, noBytes, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { SquashfsCompression } from './block.ts'
import { type Fragment, packData } from './data.ts'
import { inodesOf } from './inodes.ts'
import { listedTable } from './metadata.ts'
import * as squashfs from './squashfs.ts'
import { type SquashfsEntry, treeOf } from './tree.ts'

export type { SquashfsCompression } from './block.ts'
export type { SquashfsEntry, SquashfsFile } from './tree.ts'

/** Takes a stream in and gives it back later: the superblock stands first and is known last. */
export type Spool = (bytes: AsyncIterable<Uint8Array>) => Promise<() => AsyncIterable<Uint8Array> | Iterable<Uint8Array>>

export interface SquashfsWriting {
  readonly compression: SquashfsCompression
  /** Of every entry and of the file system, in seconds since 1970. */
  readonly mtime: number
  /** A power of two from 4 KiB to 1 MiB; default 128 KiB. */
  readonly blockBytes?: number
  /** Files below one block share blocks; default true. */
  readonly hasFragments?: boolean
  /** Where packed data waits; default memory. */
  readonly spool?: Spool
  /** How many blocks are packed at once; never changes the bytes. */
  readonly parallel?: number
}

/**
 * A file system of the entries, padded to 4 KiB; folders that nobody named are made with 0755.
 * Throws `squashfs/bad-entry`, `squashfs/duplicate`, `squashfs/size-changed` and `squashfs/bad-options`.
 */
export async function* writeSquashfs(entries: Iterable<SquashfsEntry>, options: SquashfsWriting): AsyncGenerator<Uint8Array> {
  const { compression, mtime, blockBytes = 1 << 17, hasFragments = true, spool = inMemory, parallel = 8 } = options
  checkOptions(options, blockBytes)
  const tree = treeOf(entries)
  const fragments: Fragment[] = []
  let dataBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const block of packData(tree.files, { compression, blockBytes, hasFragments, parallel, fragments })) {
      dataBytes += block.length
      yield block
    }
  }
  const data = await spool(counted())
  const { inodes, directories, root } = await inodesOf(tree, { compression, mtime })
  const inodeOffset = squashfs.superblockBytes + dataBytes
  const directoryOffset = inodeOffset + inodes.length
  const fragmentTable = await fragmentTableOf(fragments, { compression, offset: directoryOffset + directories.length })
  const idsOffset = directoryOffset + directories.length + fragmentTable.bytes.length
  const ids = await listedTable(packLittle([[4, 0]]), { compression, offset: idsOffset })
  const usedBytes = idsOffset + ids.bytes.length
  yield superblock({
    countNodes: tree.countNodes,
    mtime,
    blockBytes,
    countFragments: fragments.length,
    flags: squashfs.flagNoXattrs | squashfs.flagDuplicates | (hasFragments ? 0 : squashfs.flagNoFragments),
    method: compression.method,
    root: BigInt(root.blockOffset) * 0x10000n + BigInt(root.offset),
    usedBytes,
    idsOffset: ids.listOffset,
    inodeOffset,
    directoryOffset,
    fragmentOffset: fragmentTable.listOffset,
  })
  yield* data()
  yield concat([inodes, directories, fragmentTable.bytes, ids.bytes, new Uint8Array((4096 - (usedBytes % 4096)) % 4096)])
}

/** A Spool that keeps everything in memory: for small file systems. */
export const inMemory: Spool = async bytes => {
  const parts: Uint8Array[] = []
  for await (const part of bytes) parts.push(part)
  return () => parts
}

const checkOptions = ({ compression, mtime }: SquashfsWriting, blockBytes: number): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('squashfs/bad-options', reason)
  }
  const isPower = Number.isInteger(Math.log2(blockBytes))
  if (!isPower || blockBytes < 4096 || blockBytes > 1 << 20) refuse(`a block of ${blockBytes} bytes is no power of two from 4 KiB to 1 MiB`)
  if (!Number.isInteger(mtime) || mtime < 0 || mtime > 0xffffffff) refuse(`the time ${mtime} does not fit into 32 bits`)
  const highest = compression.method === 'zstd' ? 22 : 9
  if (!Number.isInteger(compression.level) || compression.level < 1 || compression.level > highest)
    refuse(`${compression.method} has levels 1 to ${highest}, not ${compression.level}`)
}

const fragmentTableOf = async (
  fragments: readonly Fragment[],
  place: { readonly compression: SquashfsCompression; readonly offset: number },
): Promise<{ readonly bytes: Uint8Array; readonly listOffset: number | undefined }> => {
  if (fragments.length === 0) return { bytes: noBytes, listOffset: undefined }
  return listedTable(
    concat(
      fragments.map(one =>
        packLittle([
          [8, one.startOffset],
          [4, one.sizeWord],
          [4, 0],
        ]),
      ),
    ),
    place,
  )
}

interface Superblock {
  readonly countNodes: number
  readonly mtime: number
  readonly blockBytes: number
  readonly countFragments: number
  readonly flags: number
  readonly method: SquashfsCompression['method']
  readonly root: bigint
  readonly usedBytes: number
  readonly idsOffset: number
  readonly inodeOffset: number
  readonly directoryOffset: number
  readonly fragmentOffset: number | undefined
}

const superblock = (fields: Superblock): Uint8Array => {
  const bytes = new Uint8Array(squashfs.superblockBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(
    packLittle([
      [4, squashfs.magic],
      [4, fields.countNodes],
      [4, fields.mtime],
      [4, fields.blockBytes],
      [4, fields.countFragments],
    ]),
  )
  const method = squashfs.methodIds[fields.method]
  bytes.set(
    packLittle([
      [2, method],
      [2, Math.log2(fields.blockBytes)],
      [2, fields.flags],
      [2, 1],
      [2, 4],
      [2, 0],
    ]),
    20,
  )
  view.setBigUint64(32, fields.root, true)
  bytes.set(
    packLittle([
      [8, fields.usedBytes],
      [8, fields.idsOffset],
    ]),
    40,
  )
  view.setBigUint64(56, squashfs.none64, true)
  bytes.set(
    packLittle([
      [8, fields.inodeOffset],
      [8, fields.directoryOffset],
    ]),
    64,
  )
  view.setBigUint64(80, fields.fragmentOffset === undefined ? squashfs.none64 : BigInt(fields.fragmentOffset), true)
  view.setBigUint64(88, squashfs.none64, true)
  return bytes
}
