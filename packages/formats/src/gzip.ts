// gzip (RFC 1952): a member put together from deflate streams that already exist, and a reader with a size cap.
import { createGunzip, gunzipSync } from 'node:zlib'
import { type ByteChunks, packLittle } from './bytes.ts'
import { combineCrc32, crc32 } from './crc32.ts'
import { deflateAlone, type Deflated, endOfDeflate } from './deflate.ts'
import { FormatError } from './format-error.ts'
import { through } from './zlib-stream.ts'

/** Bytes deflated here (keep them small), or a file's stream that exists already. */
export type GzipPart = { readonly plain: Uint8Array } | { readonly deflated: Deflated }

// RFC 1952 2.3: deflate, no flags, no time, no extra flags, operating system unknown.
const header = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
const plainLevel = 9

/** One gzip member of all parts, in order. Throws `gzip/size-changed` when a stream is not as long as it said. */
export async function* gzipOf(parts: AsyncIterable<GzipPart> | Iterable<GzipPart>): AsyncGenerator<Uint8Array> {
  let sum = 0
  let sizeBytes = 0
  yield header
  for await (const part of parts) {
    if ('plain' in part) {
      sum = crc32(part.plain, sum)
      sizeBytes += part.plain.length
      if (part.plain.length > 0) yield await deflateAlone(part.plain, plainLevel)
    } else {
      sum = combineCrc32(sum, part.deflated.crc32, part.deflated.sizeBytes)
      sizeBytes += part.deflated.sizeBytes
      yield* checkedChunks(part.deflated)
    }
  }
  yield endOfDeflate
  yield packLittle([
    [4, sum],
    [4, sizeBytes % 2 ** 32],
  ])
}

async function* checkedChunks(deflated: Deflated): AsyncGenerator<Uint8Array> {
  let givenBytes = 0
  for await (const chunk of deflated.chunks()) {
    givenBytes += chunk.length
    yield chunk
  }
  if (givenBytes === deflated.compressedBytes) return
  throw new FormatError('gzip/size-changed', `a deflate stream gave ${givenBytes} bytes where ${deflated.compressedBytes} were announced`)
}

/** Unpacks gzip, all members. Throws `gzip/corrupt` (bad or cut off) and `gzip/too-large` (more than `limitBytes`). */
export async function* gunzipStream(chunks: ByteChunks, options: { readonly limitBytes: number }): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  const stream = createGunzip({ chunkSize: 1 << 18 })
  for await (const chunk of through(stream, chunks, message => new FormatError('gzip/corrupt', `not sound gzip: ${message}`))) {
    sizeBytes += chunk.length
    if (sizeBytes > options.limitBytes) throw new FormatError('gzip/too-large', `unpacks to more than ${options.limitBytes} bytes`)
    yield chunk
  }
}

/** A small gzip file that we wrote ourselves, unpacked at once. */
export const gunzipWhole = (bytes: Uint8Array): Uint8Array => Uint8Array.from(gunzipSync(bytes))
