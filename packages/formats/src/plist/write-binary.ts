// Property lists in binary, version 00 (CFBinaryPList): every object once in a table, in the order in which it is met.
import { concat, encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isDict, type PlistValue } from './value.ts'

// 2001-01-01 in seconds since 1970.
const epochSeconds = 978_307_200

/** The same bytes for the same value. Throws `plist/bad-value`. */
export const writeBinaryPlist = (value: PlistValue): Uint8Array => {
  const objects: PlistValue[] = []
  const numbers = new Map<string, number>()
  const children: (readonly number[])[] = []
  const add = (one: PlistValue): number => {
    const known = typeof one === 'string' ? numbers.get(one) : undefined
    if (known !== undefined) return known
    const index = objects.push(one) - 1
    if (typeof one === 'string') numbers.set(one, index)
    children[index] = []
    if (Array.isArray(one)) children[index] = (one as readonly PlistValue[]).map(add)
    else if (isDict(one)) children[index] = [...Object.keys(one).map(add), ...Object.values(one).map(add)]
    return index
  }
  add(value)
  const refBytes = widthOf(objects.length)
  const bodies = objects.map((one, index) =>
    bodyOf(
      one,
      (children[index] ?? []).map(ref => numberOf(ref, refBytes)),
    ),
  )
  const head = encodeText('bplist00')
  const offsets: number[] = []
  let offset = head.length
  for (const body of bodies) {
    offsets.push(offset)
    offset += body.length
  }
  const offsetBytes = widthOf(offset)
  const trailer = concat([
    Uint8Array.from([0, 0, 0, 0, 0, 0, offsetBytes, refBytes]),
    ...[objects.length, 0, offset].map(one => numberOf(one, 8)),
  ])
  return concat([head, ...bodies, ...offsets.map(one => numberOf(one, offsetBytes)), trailer])
}

const bodyOf = (value: PlistValue, refs: readonly Uint8Array[]): Uint8Array => {
  if (typeof value === 'boolean') return Uint8Array.from([value ? 9 : 8])
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? integerOf(BigInt(value)) : realOf(value, 0x23)
  if (typeof value === 'bigint') return integerOf(value)
  if (value instanceof Date) return realOf(value.getTime() / 1000 - epochSeconds, 0x33)
  if (value instanceof Uint8Array) return concat([marked(0x40, value.length), value])
  if (Array.isArray(value)) return concat([marked(0xa0, refs.length), ...refs])
  if (isDict(value)) return concat([marked(0xd0, refs.length / 2), ...refs])
  if ('real' in value) return realOf((value as { readonly real: number }).real, 0x23)
  throw new FormatError('plist/bad-value', 'a reference is not written')
}

const textOf = (text: string): Uint8Array => {
  if (!text.isWellFormed()) throw new FormatError('plist/bad-value', 'the text holds half of a surrogate pair')
  // oxlint-disable-next-line no-control-regex -- ASCII is what the form for one byte a letter holds.
  if (/^[\0-\x7f]*$/.test(text)) return concat([marked(0x50, text.length), encodeText(text)])
  const units = Array.from({ length: text.length }, (_, at) => numberOf(text.charCodeAt(at), 2))
  return concat([marked(0x60, text.length), ...units])
}

/** A marker with a count; from 15 on, the count follows as an integer. */
const marked = (kind: number, count: number): Uint8Array =>
  count < 15 ? Uint8Array.from([kind | count]) : concat([Uint8Array.from([kind | 15]), integerOf(BigInt(count))])

const integerOf = (value: bigint): Uint8Array => {
  if (value < -(1n << 63n) || value >= 1n << 63n) throw new FormatError('plist/bad-value', `${value} does not fit into 64 bits`)
  const widthBytes = value < 0n ? 8 : value < 1n << 8n ? 1 : value < 1n << 16n ? 2 : value < 1n << 32n ? 4 : 8
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, value)
  return concat([Uint8Array.from([0x10 | Math.log2(widthBytes)]), bytes.subarray(8 - widthBytes)])
}

const realOf = (value: number, marker: number): Uint8Array => {
  if (!Number.isFinite(value)) throw new FormatError('plist/bad-value', `${value} is no number of a property list`)
  const bytes = new Uint8Array(9)
  bytes[0] = marker
  new DataView(bytes.buffer).setFloat64(1, value)
  return bytes
}

const widthOf = (largest: number): number => (largest < 1 << 8 ? 1 : largest < 1 << 16 ? 2 : largest < 2 ** 32 ? 4 : 8)

const numberOf = (value: number, widthBytes: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes.subarray(8 - widthBytes)
}
