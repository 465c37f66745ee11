// squashfs: packing of one block, with zlib streams, xz streams or Zstandard frames; a block that does not shrink is stored as it is.
import { packXz } from '../xz.ts'
import { constants, deflate, deflateSync, zstdCompress, zstdCompressSync, type ZstdOptions } from 'node:zlib'

export interface SquashfsCompression {
  readonly method: 'gzip' | 'xz' | 'zstd'
  /** gzip and xz 1 to 9, zstd 1 to 22. */
  readonly level: number
}

export interface PackedBlock {
  readonly bytes: Uint8Array
  readonly isStored: boolean
}

/** Packs a block on a thread of its own; many may run at once. */
export const packBlock = async (block: Uint8Array, compression: SquashfsCompression): Promise<PackedBlock> => {
  if (compression.method !== 'xz') return packByZlib(block, compression)
  return block.length < leastXzBytes ? stored(block) : smaller(block, await packXz(block, compression))
}

/** Nothing shorter gets smaller than the container around it. */
const leastXzBytes = 64

const packByZlib = (block: Uint8Array, compression: SquashfsCompression): Promise<PackedBlock> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, packed: Uint8Array): void => {
      if (error === null) resolve(smaller(block, packed))
      else reject(error)
    }
    if (compression.method === 'gzip') deflate(block, gzipOptions(block, compression.level), done)
    else zstdCompress(block, zstdOptions(block, compression.level), done)
  })

/** The same at once, for small blocks of metadata: zlib and Zstandard are done before another thread would begin. */
export const packBlockNow = (block: Uint8Array, { method, level }: SquashfsCompression): PackedBlock =>
  smaller(block, method === 'gzip' ? deflateSync(block, gzipOptions(block, level)) : zstdCompressSync(block, zstdOptions(block, level)))

const stored = (block: Uint8Array): PackedBlock => ({ bytes: block, isStored: true })

const smaller = (block: Uint8Array, packed: Uint8Array): PackedBlock =>
  // A copy, because the result is a view of a buffer with room for far more.
  packed.length < block.length ? { bytes: Uint8Array.from(packed), isStored: false } : stored(block)

const gzipOptions = (block: Uint8Array, level: number) => ({ level, memLevel: 8, windowBits: 15, chunkSize: roomFor(block) })

/** The size must be in the frame: the kernel has no memory for a window that is larger than the block. */
const zstdOptions = (block: Uint8Array, level: number): ZstdOptions & { pledgedSrcSize: number } => ({
  chunkSize: roomFor(block),
  pledgedSrcSize: block.length,
  params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_contentSizeFlag]: 1, [constants.ZSTD_c_checksumFlag]: 0 },
})

/** Room for the whole answer, so that it comes in one piece. */
const roomFor = (block: Uint8Array): number => block.length + (block.length >> 7) + 1024
