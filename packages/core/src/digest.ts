// SHA-256 (FIPS 180-4) and UTF-8 (RFC 3629) without the machine: core runs in browsers and must answer synchronously.
import { fail } from './error.ts'

/** Lower-case hexadecimal text of a digest. */
export type Hex = string

/** Bytes, or a well-formed text for its UTF-8 bytes, to the digest that `sha256` gives. */
export type Sha256 = (data: Uint8Array | string) => Hex

let machines: Sha256 | undefined

/** Where the machine has SHA-256 itself, it lends it: the same digests in a fraction of the time. undefined takes it back. */
export const lendSha256 = (hash: Sha256 | undefined): void => {
  machines = hash
}

/** SHA-256 of bytes, as 64 lower-case hex digits. */
export const sha256 = (bytes: Uint8Array): Hex => (machines ?? ownSha256)(bytes)

const ownSha256 = (data: Uint8Array | string): Hex => {
  const bytes = typeof data === 'string' ? utf8(data) : data
  const state = Int32Array.from(initial)
  const whole = bytes.length - (bytes.length % 64)
  const schedule = new DataView(new ArrayBuffer(256))
  const body = new DataView(bytes.buffer, bytes.byteOffset, whole)
  for (let at = 0; at < whole; at += 64) compress(state, body, { at, schedule })
  const tail = paddedTail(bytes, whole)
  for (let at = 0; at < tail.byteLength; at += 64) compress(state, tail, { at, schedule })
  return [...state].map(word => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** SHA-256 of the UTF-8 bytes of a text. Throws `core/lone-surrogate`. */
export const sha256Text = (text: string): Hex => (machines ?? ownSha256)(wellFormed(text))

/** Whether a text is a SHA-256 digest as we write it: 64 lower-case hex digits. */
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** UTF-8 bytes of a text. Throws `core/lone-surrogate`, where other encoders would put U+FFFD and make two texts one. */
export const utf8 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 3)
  let at = 0
  for (const character of wellFormed(text)) {
    const code = character.codePointAt(0) as number
    if (code < 0x80) bytes[at++] = code
    else {
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3
      bytes[at++] = ((0xff << (7 - more)) & 0xff) | (code >> (6 * more))
      for (let left = more - 1; left >= 0; left--) bytes[at++] = 0x80 | ((code >> (6 * left)) & 0x3f)
    }
  }
  return bytes.subarray(0, at)
}

const wellFormed = (text: string): string =>
  text.isWellFormed()
    ? text
    : fail('core/lone-surrogate', 'A text holds half of a surrogate pair, which UTF-8 cannot carry.', {
        hint: 'Find where the text was cut in the middle of a character.',
      })

// The rest, a 1 bit, zeros and the length in bits as 64-bit big endian (FIPS 180-4, 5.1.1).
const paddedTail = (bytes: Uint8Array, whole: number): DataView => {
  const rest = bytes.length - whole
  const tail = new Uint8Array(rest < 56 ? 64 : 128)
  tail.set(bytes.subarray(whole))
  tail[rest] = 0x80
  const view = new DataView(tail.buffer)
  view.setUint32(tail.length - 8, Math.floor(bytes.length / 0x20000000))
  view.setUint32(tail.length - 4, (bytes.length << 3) >>> 0)
  return view
}

// One block (FIPS 180-4, 6.2.2). DataViews and not arrays: their reads are numbers to the type checker and as fast.
const compress = (state: Int32Array, input: DataView, { at, schedule }: { at: number; schedule: DataView }): void => {
  for (let i = 0; i < 64; i += 4) schedule.setInt32(i, input.getInt32(at + i))
  for (let i = 64; i < 256; i += 4) {
    const early = schedule.getInt32(i - 60)
    const late = schedule.getInt32(i - 8)
    const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
    schedule.setInt32(i, schedule.getInt32(i - 64) + s0 + schedule.getInt32(i - 28) + s1)
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 256; i += 4) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants.getInt32(i) + schedule.getInt32(i)) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const added = [a, b, c, d, e, f, g, h]
  for (const [index, word] of added.entries()) state[index] = ((state[index] as number) + word) | 0
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

const words = (hex: string): DataView => {
  const view = new DataView(new ArrayBuffer(hex.length / 2))
  for (let i = 0; i < hex.length; i += 8) view.setUint32(i / 2, Number.parseInt(hex.slice(i, i + 8), 16))
  return view
}

const initial = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]

// FIPS 180-4, 4.2.2.
const constants = words(
  '428a2f9871374491b5c0fbcfe9b5dba53956c25b59f111f1923f82a4ab1c5ed5' +
    'd807aa9812835b01243185be550c7dc372be5d7480deb1fe9bdc06a7c19bf174' +
    'e49b69c1efbe47860fc19dc6240ca1cc2de92c6f4a7484aa5cb0a9dc76f988da' +
    '983e5152a831c66db00327c8bf597fc7c6e00bf3d5a7914706ca635114292967' +
    '27b70a852e1b21384d2c6dfc53380d13650a7354766a0abb81c2c92e92722c85' +
    'a2bfe8a1a81a664bc24b8b70c76c51a3d192e819d6990624f40e3585106aa070' +
    '19a4c1161e376c082748774c34b0bcb5391c0cb34ed8aa4a5b9cca4f682e6ff3' +
    '748f82ee78a5636f84c878148cc7020890befffaa4506cebbef9a3f7c67178f2',
)
