// Bytes: text, integers of both byte orders, re-cutting of streams, and random access to a file that may lie about itself.
import { FormatError } from './format-error.ts'

/** A file that can be read anywhere. `read` gives exactly `length` bytes, or fewer only where the file ends. */
export interface Source {
  readonly sizeBytes: number
  read(offset: number, length: number): Promise<Uint8Array>
}

export type ByteChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** Makes the error of a field that points outside of the file; each format brings its own code. */
export type Torn = (message: string, offset: number) => FormatError

export const noBytes: Uint8Array = new Uint8Array(0)

/** A Source over bytes in memory. */
export const fromBytes = (bytes: Uint8Array): Source => ({
  sizeBytes: bytes.length,
  read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
})

/** A read that gives all the bytes asked for, or throws what `torn` makes; never a short answer. */
export const exactReader =
  (source: Source, torn: Torn) =>
  async (offset: number, length: number): Promise<Uint8Array> => {
    const asked = `${length} bytes at ${offset} of a file of ${source.sizeBytes} bytes`
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
      throw torn(`cannot read ${asked}`, offset)
    if (offset + length > source.sizeBytes) throw torn(`it ends too early: ${asked}`, offset)
    if (length === 0) return noBytes
    const bytes = await source.read(offset, length)
    if (bytes.length !== length) throw torn(`the file became shorter while it was read: ${asked}`, offset)
    return bytes
  }

/** Streams a range of a file in pieces of at most `pieceBytes`. */
export async function* streamRange(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  range: { readonly offset: number; readonly sizeBytes: number },
  pieceBytes = 1 << 20,
): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < range.sizeBytes; done += pieceBytes) {
    yield await read(range.offset + done, Math.min(pieceBytes, range.sizeBytes - done))
  }
}

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export const equalBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** UTF-8. A lone surrogate has no UTF-8 form and is refused (`bytes/bad-text`), not silently replaced. */
export const encodeText = (text: string): Uint8Array => {
  if (!text.isWellFormed()) throw new FormatError('bytes/bad-text', 'the text holds half of a surrogate pair and has no UTF-8 form')
  return encoder.encode(text)
}

/** Strict UTF-8; anything else is `bytes/bad-text`. */
export const decodeText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch {
    throw new FormatError('bytes/bad-text', 'the bytes are not UTF-8')
  }
}

export const isAscii = (bytes: Uint8Array): boolean => bytes.every(byte => byte < 0x80)

/** Reads integers of one byte order; outside of the bytes is `bytes/out-of-range`, above 2^53-1 is `bytes/too-large`. */
export interface Fields {
  u8(offset: number): number
  u16(offset: number): number
  u32(offset: number): number
  u64(offset: number): number
}

/** Integers of `bytes` in the given order. */
export const fieldsOf = (bytes: Uint8Array, order: 'little' | 'big'): Fields => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const little = order === 'little'
  const at = (offset: number, widthBytes: number): number => {
    if (Number.isSafeInteger(offset) && offset >= 0 && offset + widthBytes <= bytes.length) return offset
    throw new FormatError('bytes/out-of-range', `a field of ${widthBytes} bytes at ${offset} lies outside of ${bytes.length} bytes`, offset)
  }
  return {
    u8: offset => view.getUint8(at(offset, 1)),
    u16: offset => view.getUint16(at(offset, 2), little),
    u32: offset => view.getUint32(at(offset, 4), little),
    u64: offset => {
      const value = view.getBigUint64(at(offset, 8), little)
      if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value)
      throw new FormatError('bytes/too-large', `the number ${value} is larger than any file`, offset)
    },
  }
}

/** Writes unsigned little-endian integers one after the other: `[[2, 20], [4, 0x04034b50]]`. */
export const packLittle = (fields: readonly (readonly [widthBytes: 2 | 4 | 8, value: number])[]): Uint8Array => {
  const bytes = new Uint8Array(fields.reduce((sum, [widthBytes]) => sum + widthBytes, 0))
  const view = new DataView(bytes.buffer)
  let offset = 0
  for (const [widthBytes, value] of fields) {
    if (widthBytes === 2) view.setUint16(offset, value, true)
    else if (widthBytes === 4) view.setUint32(offset, value, true)
    else view.setBigUint64(offset, BigInt(value), true)
    offset += widthBytes
  }
  return bytes
}

/** One unsigned big-endian integer of 32 bits. */
export const bigEndian32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** The same bytes in pieces of exactly `sizeBytes` (the last may be shorter, none is empty); every piece is a fresh copy. */
export async function* rechunk(chunks: ByteChunks, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(0)
  let filled = 0
  for await (const chunk of chunks) {
    for (let offset = 0; offset < chunk.length;) {
      const part = chunk.subarray(offset, offset + sizeBytes - filled)
      // A whole piece for each of many small files would be mostly zeros to clear and collect.
      if (filled + part.length > piece.length) {
        const larger = filled === 0 && part.length < leastLetGoBytes ? new Uint8Array(part.length) : roomOf(sizeBytes)
        larger.set(piece.subarray(0, filled))
        letGo(piece)
        piece = larger
      }
      piece.set(part, filled)
      filled += part.length
      offset += part.length
      if (filled < sizeBytes) continue
      yield piece
      piece = new Uint8Array(0)
      filled = 0
    }
  }
  if (filled > 0) yield piece.slice(0, filled)
}

/** Gives the memory of bytes back at once that nobody looks at again; all views of the same buffer become empty. */
export const letGo = ({ buffer, byteLength }: Uint8Array): void => {
  // Node keeps small buffers together in one of 64 KiB, which cannot be given back.
  if (!(buffer instanceof ArrayBuffer) || byteLength < leastLetGoBytes || buffer.detached) return
  const kept = free.get(buffer.byteLength)
  if (kept === undefined || kept.length >= mostKept) buffer.transfer(0)
  // Another buffer over the same memory: whoever still looks at the old one sees nothing, instead of somebody else's bytes.
  else kept.push(buffer.transfer())
}

/** Memory that was let go of, else fresh; what lies in it is anything. Asking the system for it each time costs as much as reading a file. */
export const roomOf = (sizeBytes: number): Uint8Array<ArrayBuffer> => {
  const kept = free.get(sizeBytes) ?? []
  // Only what is asked for more than once is worth keeping.
  if (sizeBytes >= leastLetGoBytes) free.set(sizeBytes, kept)
  return new Uint8Array(kept.pop() ?? new ArrayBuffer(sizeBytes))
}

const free = new Map<number, ArrayBuffer[]>()
const mostKept = 4
const leastLetGoBytes = 1 << 17

/** All the bytes of a stream; more than `limitBytes` is `bytes/too-large`. */
export const collect = async (chunks: ByteChunks, limitBytes: number): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sizeBytes += chunk.length
    if (sizeBytes > limitBytes) throw new FormatError('bytes/too-large', `more than the ${limitBytes} bytes allowed here`)
    // A large chunk may be good only until the next one is asked for.
    parts.push(chunk.length < leastLetGoBytes ? chunk : chunk.slice())
  }
  return concat(parts)
}

/** The bytes up to the first NUL, or all of them. */
export const untilNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}
