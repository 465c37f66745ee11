// xz, reading: what a stream in memory says it will unpack to and need for it, from its headers alone, before anything is unpacked.
import { FormatError } from '../format-error.ts'
import { dictionaryBytesOf } from './container.ts'

/** Of `xz -9` is 64 MiB; nobody gets more memory of us than this. */
const limitDictionaryBytes = 1 << 27
const streamHeaderBytes = 12

/** The longest that the first block's header can be, behind the stream header. */
export const headBytes = streamHeaderBytes + 1024

/**
 * Looks at the beginning of a stream; a file without a block is fine. Throws `xz/corrupt` and `xz/too-large` (it asks for too much memory).
 */
export const checkHead = (head: Uint8Array): void => {
  if (![0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00].every((byte, index) => head[index] === byte)) throw corrupt('it has no header', 0)
  if ((head[streamHeaderBytes] ?? 0) !== 0) checkBlockHeader(head, streamHeaderBytes)
}

/**
 * How many bytes all blocks unpack to. Chunks of LZMA2 say their sizes, so that no bomb gets a chance.
 * Throws `xz/corrupt` and `xz/too-large`.
 */
export const measureXz = (bytes: Uint8Array): number => {
  checkHead(bytes)
  const check = checkSizes[(bytes[7] ?? 0) & 15] ?? 0
  let sizeBytes = 0
  let at = streamHeaderBytes
  while ((bytes[at] ?? 0) !== 0) {
    const start = at
    at = checkBlockHeader(bytes, at)
    for (let control = bytes[at] ?? 0; control !== 0; control = bytes[at] ?? 0) {
      const chunk = chunkOf(bytes, at, control)
      sizeBytes += chunk.sizeBytes
      at = chunk.end
      if (at >= bytes.length) throw corrupt('a block has no end', start)
    }
    at = start + Math.ceil((at + 1 - start) / 4) * 4 + check
  }
  return sizeBytes
}

/** 2.1.1.2: bytes of the check behind a block. */
const checkSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64]

/** 3.1; gives where the packed data begins. */
const checkBlockHeader = (bytes: Uint8Array, at: number): number => {
  const end = at + ((bytes[at] ?? 0) + 1) * 4
  if (end > bytes.length) throw corrupt('it ends within a header', at)
  const flags = bytes[at + 1] ?? 0
  let next = at + 2
  const integer = (): number => {
    let value = 0
    for (let shift = 0; shift < 63 && next < end; shift += 7) {
      const byte = bytes[next++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw corrupt('a header holds no number where one belongs', at)
  }
  if ((flags & 0x40) !== 0) integer()
  if ((flags & 0x80) !== 0) integer()
  for (let filter = 0; filter <= (flags & 3); filter++) {
    const id = integer()
    const propertyBytes = integer()
    if (id === 0x21 && dictionaryBytesOf(bytes[next] ?? 0) > limitDictionaryBytes)
      throw new FormatError('xz/too-large', `unpacking it needs a window of ${dictionaryBytesOf(bytes[next] ?? 0)} bytes`, at)
    next += propertyBytes
  }
  return end
}

/** 5.3.1 and the LZMA2 of XZ Utils: control, sizes less one, properties where they change. */
const chunkOf = (bytes: Uint8Array, at: number, control: number): { readonly sizeBytes: number; readonly end: number } => {
  const u16 = (offset: number): number => ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
  if (control < 0x80) {
    if (control > 2) throw corrupt(`a chunk begins with ${control}`, at)
    return { sizeBytes: u16(at + 1) + 1, end: at + 3 + u16(at + 1) + 1 }
  }
  return { sizeBytes: ((control & 0x1f) << 16) + u16(at + 1) + 1, end: at + 5 + (control >= 0xc0 ? 1 : 0) + u16(at + 3) + 1 }
}

const corrupt = (message: string, offset: number): FormatError => new FormatError('xz/corrupt', `not sound xz: ${message}`, offset)
