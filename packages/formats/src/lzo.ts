// LZO1X, unpacking of one block (Linux, Documentation/staging/lzo.rst, bitstream version 0): what snaps are often packed with.
import { FormatError } from './format-error.ts'

/** Unpacks one block, never to more than `limitBytes`. Throws `lzo/corrupt` and `lzo/too-large`. */
export const unpackLzo = (packed: Uint8Array, { limitBytes }: { readonly limitBytes: number }): Uint8Array => {
  const work: Work = { input: inputOf(packed), out: new Uint8Array(limitBytes), filled: 0 }
  const { input } = work
  // Literals that the last instruction brought: 0 to 3, or 4 for more.
  let state = 0
  const first = packed[0] ?? 0
  if (first > 17) state = literals(work, input.byte() - 17)
  for (;;) {
    const word = input.byte()
    if (word < 16 && state === 0) {
      state = literals(work, 3 + (word === 0 ? input.long(15) : word))
      continue
    }
    const match = matchOf(input, word, state)
    if (match === undefined) break
    repeat(work, match)
    state = literals(work, match.literals)
  }
  if (!input.isAtEnd()) throw corrupt('bytes follow its end')
  return work.out.subarray(0, work.filled)
}

interface Work {
  readonly input: Input
  readonly out: Uint8Array
  filled: number
}

interface Match {
  readonly length: number
  readonly distance: number
  readonly literals: number
}

/** Undefined: the end. */
const matchOf = (input: Input, word: number, state: number): Match | undefined => {
  if (word >= 64) {
    const distance = 1 + ((word >> 2) & 7) + (input.byte() << 3)
    return { length: (word >> 5) + 1, distance, literals: word & 3 }
  }
  if (word < 16) {
    const near = 1 + (word >> 2) + (input.byte() << 2)
    return state === 4 ? { length: 3, distance: near + 2048, literals: word & 3 } : { length: 2, distance: near, literals: word & 3 }
  }
  if (word >= 32) {
    const length = 2 + (word & 31 || input.long(31))
    const last = input.u16()
    return { length, distance: 1 + (last >> 2), literals: last & 3 }
  }
  const length = 2 + (word & 7 || input.long(7))
  const last = input.u16()
  const distance = ((word & 8) << 11) + (last >> 2)
  return distance === 0 ? undefined : { length, distance: distance + 16_384, literals: last & 3 }
}

const literals = (work: Work, count: number): number => {
  const { input, out, filled } = work
  if (filled + count > out.length) throw tooLarge(out.length)
  out.set(input.bytes(count), filled)
  work.filled += count
  return Math.min(count, 4)
}

const repeat = (work: Work, { length, distance }: Match): void => {
  const { out, filled } = work
  if (distance > filled) throw corrupt('it repeats what was not there')
  if (filled + length > out.length) throw tooLarge(out.length)
  // One by one where source and target overlap: that repeats a pattern.
  if (distance >= length) out.copyWithin(filled, filled - distance, filled - distance + length)
  else for (let at = filled; at < filled + length; at++) out[at] = out[at - distance] ?? 0
  work.filled += length
}

interface Input {
  byte(): number
  u16(): number
  /** A length above `base`: 255 for each zero byte, and the byte that is none. */
  long(base: number): number
  bytes(count: number): Uint8Array
  isAtEnd(): boolean
}

const inputOf = (packed: Uint8Array): Input => {
  let at = 0
  const byte = (): number => {
    const value = packed[at++]
    if (value === undefined) throw corrupt('it ends too early')
    return value
  }
  return {
    byte,
    u16: () => byte() | (byte() << 8),
    long: base => {
      let length = base
      for (let next = byte(); ; next = byte()) {
        if (next !== 0) return length + next
        length += 255
      }
    },
    bytes: count => {
      if (at + count > packed.length) throw corrupt('it ends too early')
      at += count
      return packed.subarray(at - count, at)
    },
    isAtEnd: () => at === packed.length,
  }
}

const corrupt = (message: string): FormatError => new FormatError('lzo/corrupt', `not sound LZO: ${message}`)
const tooLarge = (limitBytes: number): FormatError => new FormatError('lzo/too-large', `unpacks to more than ${limitBytes} bytes`)
