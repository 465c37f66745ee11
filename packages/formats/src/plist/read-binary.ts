// Binary property lists, version 00 (CFBinaryPList): a table of objects that name each other by number. What they hold is untrusted.
import { fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { PlistValue } from './value.ts'

const limitDepth = 64
const trailerBytes = 32
// 2001-01-01 in seconds since 1970.
const epochSeconds = 978_307_200

export const isBinaryPlist = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes.subarray(0, 6)) === 'bplist'

/** Throws `plist/bad-binary`. */
export const readBinaryPlist = (bytes: Uint8Array): PlistValue => {
  if (!isBinaryPlist(bytes) || bytes.length < 8 + trailerBytes) throw bad('it is none, or ends too early', 0)
  const trailer = fieldsOf(bytes.subarray(bytes.length - trailerBytes), 'big')
  const [offsetBytes, refBytes] = [trailer.u8(6), trailer.u8(7)]
  const [count, top, table] = [small(trailer, 8), small(trailer, 16), small(trailer, 24)]
  if (table + count * offsetBytes > bytes.length - trailerBytes || offsetBytes < 1 || offsetBytes > 8 || refBytes < 1 || refBytes > 8)
    throw bad('the table of its objects lies outside', bytes.length - trailerBytes)
  // A short list of objects that hold each other many times would otherwise be a very long one.
  let left = bytes.length * 4 + 1000
  const reader: Reader = {
    bytes,
    refBytes,
    object: (ref, depth) => {
      if (ref >= count || depth > limitDepth || left-- <= 0) throw bad(`object ${ref} is not there, or nested too deeply`, table)
      return valueAt(reader, whole(bytes, table + ref * offsetBytes, offsetBytes), depth)
    },
  }
  return reader.object(top, 0)
}

interface Reader {
  readonly bytes: Uint8Array
  readonly refBytes: number
  readonly object: (ref: number, depth: number) => PlistValue
}

const valueAt = (reader: Reader, offset: number, depth: number): PlistValue => {
  const { bytes } = reader
  const marker = bytes[offset] ?? 0
  const [kind, low] = [marker >> 4, marker & 15]
  if (kind === 0) return low === 9 || (low === 8 ? false : refuse(`marker ${marker}`, offset))
  if (kind === 1) return integerAt(bytes, offset + 1, 1 << low)
  if (kind === 2) return { real: realAt(bytes, offset + 1, 1 << low) }
  if (kind === 3) return new Date((realAt(bytes, offset + 1, 8) + epochSeconds) * 1000)
  if (kind === 8) return { uid: whole(bytes, offset + 1, low + 1) }
  const { count, start } = countAt(bytes, offset)
  if (kind === 4) return Uint8Array.from(cut(bytes, start, count))
  if (kind === 5) return String.fromCharCode(...cut(bytes, start, count))
  if (kind === 6) return new TextDecoder('utf-16be').decode(cut(bytes, start, count * 2))
  const ref = (index: number): PlistValue => reader.object(whole(bytes, start + index * reader.refBytes, reader.refBytes), depth + 1)
  cut(bytes, start, count * reader.refBytes * (kind === 13 ? 2 : 1))
  if (kind === 10 || kind === 12) return Array.from({ length: count }, (_, index) => ref(index))
  if (kind !== 13) return refuse(`marker ${marker}`, offset)
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const key = ref(index)
      return [typeof key === 'string' ? key : refuse('a key that is no text', offset), ref(count + index)] as const
    }),
  )
}

/** A count of 15 says that an integer with the real one follows. */
const countAt = (bytes: Uint8Array, offset: number): { readonly count: number; readonly start: number } => {
  const low = (bytes[offset] ?? 0) & 15
  if (low < 15) return { count: low, start: offset + 1 }
  const marker = bytes[offset + 1] ?? 0
  if (marker >> 4 !== 1 || (marker & 15) > 3) return refuse('a count that is no number', offset)
  const widthBytes = 1 << (marker & 15)
  return { count: whole(bytes, offset + 2, widthBytes), start: offset + 2 + widthBytes }
}

const integerAt = (bytes: Uint8Array, offset: number, widthBytes: number): PlistValue => {
  if (widthBytes < 8) return whole(bytes, offset, widthBytes)
  const part = cut(bytes, offset + (widthBytes === 16 ? 8 : 0), 8)
  const value = new DataView(part.buffer, part.byteOffset, 8).getBigInt64(0)
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

const realAt = (bytes: Uint8Array, offset: number, widthBytes: number): number => {
  const part = cut(bytes, offset, widthBytes)
  const view = new DataView(part.buffer, part.byteOffset, part.length)
  return widthBytes === 4 ? view.getFloat32(0) : widthBytes === 8 ? view.getFloat64(0) : refuse(`a real of ${widthBytes} bytes`, offset)
}

const whole = (bytes: Uint8Array, offset: number, widthBytes: number): number => {
  const value = cut(bytes, offset, widthBytes).reduce((sum, byte) => sum * 256 + byte, 0)
  return Number.isSafeInteger(value) ? value : refuse('a number that is too large', offset)
}

const cut = (bytes: Uint8Array, offset: number, length: number): Uint8Array =>
  offset >= 8 && offset + length <= bytes.length
    ? bytes.subarray(offset, offset + length)
    : refuse(`${length} bytes that are not there`, offset)

const small = (fields: ReturnType<typeof fieldsOf>, offset: number): number => {
  try {
    return fields.u64(offset)
  } catch {
    return refuse('a number that is too large', offset)
  }
}

const bad = (reason: string, offset: number): FormatError => new FormatError('plist/bad-binary', reason, offset)
const refuse = (reason: string, offset: number): never => {
  throw bad(reason, offset)
}
