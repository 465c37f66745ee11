// squashfs, reading: unpacking of one block, never to more than it may hold.
import { inflate, inflateSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { FormatError } from '../format-error.ts'
import type { MethodName } from './squashfs.ts'

export interface Packed {
  readonly bytes: Uint8Array
  /** Of the packed bytes in the file. */
  readonly offset: number
  readonly limitBytes: number
}

/** Unpacks a data block. Throws `squashfs/corrupt` and `squashfs/unsupported`. */
export const unpackBlock = (method: MethodName, packed: Packed): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, bytes: Uint8Array): void => {
      if (error === null) resolve(bytes)
      else reject(corrupt(packed.offset, error.message))
    }
    const options = { maxOutputLength: packed.limitBytes, chunkSize: roomFor(packed) }
    if (method === 'gzip') inflate(packed.bytes, options, done)
    else if (method === 'zstd') zstdDecompress(packed.bytes, options, done)
    else reject(unsupported(method))
  })

/** Unpacks a block of metadata. Throws as `unpackBlock` does. */
export const unpackBlockNow = (method: MethodName, packed: Packed): Uint8Array => {
  if (method !== 'gzip' && method !== 'zstd') throw unsupported(method)
  const options = { maxOutputLength: packed.limitBytes, chunkSize: roomFor(packed) }
  try {
    return method === 'gzip' ? inflateSync(packed.bytes, options) : zstdDecompressSync(packed.bytes, options)
  } catch (cause) {
    throw corrupt(packed.offset, cause instanceof Error ? cause.message : String(cause))
  }
}

const roomFor = ({ limitBytes }: Packed): number => Math.max(1024, limitBytes)
const corrupt = (offset: number, message: string): FormatError =>
  new FormatError('squashfs/corrupt', `a block does not unpack: ${message}`, offset)
const unsupported = (method: MethodName): FormatError =>
  new FormatError('squashfs/unsupported', `its blocks are packed with ${method}; gzip and zstd can be read`)
