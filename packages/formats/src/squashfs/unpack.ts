// squashfs, reading: unpacking of one block, never to more than it may hold.
import { inflate, inflateSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { FormatError } from '../format-error.ts'
import { unpackLzo } from '../lzo.ts'
import { unpackXz, unpackXzNow } from '../xz.ts'
import type { MethodName } from './squashfs.ts'

export interface Packed {
  readonly bytes: Uint8Array
  /** Of the packed bytes in the file. */
  readonly offset: number
  readonly limitBytes: number
}

/** Unpacks a data block; xz after `loadLzma`. Throws `squashfs/corrupt` and `squashfs/unsupported`. */
export const unpackBlock = async (method: MethodName, packed: Packed): Promise<Uint8Array> => {
  if (method !== 'xz' && method !== 'lzo') return unpackByZlib(method, packed)
  try {
    if (method === 'lzo') return unpackLzo(packed.bytes, packed)
    return await unpackXz(packed.bytes, packed)
  } catch (cause) {
    throw corrupt(packed.offset, cause)
  }
}

const unpackByZlib = (method: MethodName, packed: Packed): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const done = (error: Error | null, bytes: Uint8Array): void => {
      if (error === null) resolve(bytes)
      else reject(corrupt(packed.offset, error))
    }
    const options = { maxOutputLength: packed.limitBytes, chunkSize: roomFor(packed) }
    if (method === 'gzip') inflate(packed.bytes, options, done)
    else if (method === 'zstd') zstdDecompress(packed.bytes, options, done)
    else reject(unsupported(method, packed.offset))
  })

/** Unpacks a block of metadata. Throws as `unpackBlock` does. */
export const unpackBlockNow = (method: MethodName, packed: Packed): Uint8Array => {
  if (!isReadable(method)) throw unsupported(method, packed.offset)
  const options = { maxOutputLength: packed.limitBytes, chunkSize: roomFor(packed) }
  try {
    if (method === 'lzo') return unpackLzo(packed.bytes, packed)
    if (method === 'xz') return unpackXzNow(packed.bytes, packed)
    return method === 'gzip' ? inflateSync(packed.bytes, options) : zstdDecompressSync(packed.bytes, options)
  } catch (cause) {
    throw corrupt(packed.offset, cause)
  }
}

const roomFor = ({ limitBytes }: Packed): number => Math.max(1024, limitBytes)
const corrupt = (offset: number, cause: unknown): FormatError =>
  new FormatError('squashfs/corrupt', `a block does not unpack: ${cause instanceof Error ? cause.message : String(cause)}`, offset)

const readable: readonly MethodName[] = ['gzip', 'lzo', 'xz', 'zstd']

export const isReadable = (method: MethodName): boolean => readable.includes(method)

export const unsupported = (method: MethodName, offset: number): FormatError =>
  new FormatError('squashfs/unsupported', `its blocks are packed with ${method}; ${readable.join(', ')} can be read`, offset)
