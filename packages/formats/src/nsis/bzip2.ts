// bzip2 as NSIS writes it: blocks alone, without the file's head, sums and random mode (NSIS, Source/bzip2; the coding is Seward's bzip2 1.0).
import { type ByteChunks, concat, noBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

const [blockMark, endMark] = [0x31, 0x17]
const limitBlockBytes = 900_000
// No block is packed to more.
const aheadBytes = 2 << 20
const [groupSymbols, longestCode, shortBits] = [50, 20, 10]

const bad = (reason: string): FormatError => new FormatError('nsis/corrupt', `it does not unpack: ${reason}`)

/** Throws `nsis/corrupt`. */
export async function* unpackNsisBzip2(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = []
  let held = 0
  let bits = bitsOf(noBytes, 0)
  const unpackOne = function* (): Generator<Uint8Array, boolean> {
    const mark = bits.take(8)
    if (mark === endMark) return false
    if (mark !== blockMark) throw bad('a block does not begin as one')
    yield* unrun(blockOf(bits))
    return true
  }
  for await (const chunk of chunks) {
    parts.push(chunk)
    held += chunk.length
    if (held < 2 * aheadBytes) continue
    bits = bitsOf(concat([bits.rest(), ...parts.splice(0)]), bits.usedBits())
    held = 0
    while (bits.leftBytes() > aheadBytes) if (!(yield* unpackOne())) return
  }
  bits = bitsOf(concat([bits.rest(), ...parts]), bits.usedBits())
  while (yield* unpackOne());
}

interface Bits {
  readonly take: (count: number) => number
  readonly bit: () => number
  /** The next bits without taking them; zeros behind the end. */
  readonly peek: (count: number) => number
  readonly skip: (count: number) => void
  readonly leftBytes: () => number
  /** From the byte on that is not used up, of which some bits may be. */
  readonly rest: () => Uint8Array
  readonly usedBits: () => number
}
const bitsOf = (bytes: Uint8Array, skippedBits: number): Bits => {
  let place = skippedBits
  const limit = bytes.length * 8
  return {
    take: count => {
      if (place + count > limit) throw bad('it ends too early')
      let value = 0
      for (let left = count; left > 0;) {
        const free = 8 - (place & 7)
        const part = Math.min(free, left)
        value = value * 2 ** part + (((bytes[place >>> 3] ?? 0) >> (free - part)) & ((1 << part) - 1))
        place += part
        left -= part
      }
      return value
    },
    bit: () => {
      if (place >= limit) throw bad('it ends too early')
      const value = ((bytes[place >>> 3] ?? 0) >> (7 - (place & 7))) & 1
      place++
      return value
    },
    peek: count => {
      const at = place >>> 3
      const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      return (word >> (24 - (place & 7) - count)) & ((1 << count) - 1)
    },
    skip: count => {
      place += count
      if (place > limit) throw bad('it ends too early')
    },
    leftBytes: () => bytes.length - (place >>> 3),
    rest: () => bytes.subarray(place >>> 3),
    usedBits: () => place & 7,
  }
}

/** One block, sorted back (Burrows and Wheeler). */
const blockOf = (bits: Bits): Uint8Array => {
  const first = bits.take(24)
  const last = symbolsOf(bits)
  const size = last.length
  if (first >= size) throw bad('a block begins outside of itself')
  const starts = new Uint32Array(257)
  for (const byte of last) starts[byte + 1] = (starts[byte + 1] ?? 0) + 1
  for (let byte = 0; byte < 256; byte++) starts[byte + 1] = (starts[byte + 1] ?? 0) + (starts[byte] ?? 0)
  // Byte and next place in one number: they are needed together, from anywhere.
  const table = Uint32Array.from(last)
  for (let index = 0; index < size; index++) {
    const byte = last[index] ?? 0
    const at = starts[byte] ?? 0
    table[at] = (table[at] ?? 0) | (index << 8)
    starts[byte] = at + 1
  }
  const block = new Uint8Array(size)
  let at = (table[first] ?? 0) >>> 8
  for (let index = 0; index < size; index++) {
    const both = table[at] ?? 0
    block[index] = both
    at = both >>> 8
  }
  return block
}

/** Huffman codes, runs of zero and the list of recent bytes undone. */
const symbolsOf = (bits: Bits): Uint8Array => {
  const recent = usedBytes(bits)
  const groups = bits.take(3)
  const count = bits.take(15)
  if (groups < 2 || groups > 6 || count === 0) throw bad(`${groups} tables and ${count} choices among them`)
  const choices = choicesOf(bits, { groups, count })
  const tables = Array.from({ length: groups }, () => tableOf(bits, recent.length + 2))
  const whole = new Uint8Array(limitBlockBytes)
  const end = recent.length + 1
  let [size, run, weight] = [0, 0, 1]
  for (let taken = 0; ; taken++) {
    const table = tables[choices[Math.floor(taken / groupSymbols)] ?? -1]
    if (table === undefined) throw bad('a block has no table any more')
    const symbol = symbolOf(bits, table)
    if (symbol <= 1) {
      run += weight << symbol
      weight *= 2
      if (run > limitBlockBytes) throw bad('a run is too long')
      continue
    }
    if (run > 0) {
      if (size + run > limitBlockBytes) throw bad('a block is too long')
      whole.fill(recent[0] ?? 0, size, size + run)
      size += run
      ;[run, weight] = [0, 1]
    }
    if (symbol === end) return whole.subarray(0, size)
    const byte = recent[symbol - 1] ?? 0
    recent.copyWithin(1, 0, symbol - 1)
    recent[0] = byte
    if (size >= limitBlockBytes) throw bad('a block is too long')
    whole[size++] = byte
  }
}

const usedBytes = (bits: Bits): Uint8Array => {
  const rows = bits.take(16)
  const used: number[] = []
  for (let row = 0; row < 16; row++) {
    if (((rows >> (15 - row)) & 1) === 0) continue
    const columns = bits.take(16)
    for (let column = 0; column < 16; column++) if (((columns >> (15 - column)) & 1) === 1) used.push(row * 16 + column)
  }
  if (used.length === 0) throw bad('a block uses no byte')
  return Uint8Array.from(used)
}

const choicesOf = (bits: Bits, { groups, count }: { readonly groups: number; readonly count: number }): Uint8Array => {
  const recent = Array.from({ length: groups }, (_, index) => index)
  return Uint8Array.from({ length: count }, () => {
    let place = 0
    while (bits.bit() === 1) if (++place >= groups) throw bad('a table is chosen that is not there')
    const [choice = 0] = recent.splice(place, 1)
    recent.unshift(choice)
    return choice
  })
}

interface Table {
  /** By length of a code: the first behind the last one, and what its place has to be moved by. */
  readonly ends: Int32Array
  readonly moves: Int32Array
  readonly symbols: Uint16Array
  /** By the next bits: symbol and length of a short code; 0 for a longer one. */
  readonly short: Uint16Array
}
const tableOf = (bits: Bits, count: number): Table => {
  let length = bits.take(5)
  const lengths = Array.from({ length: count }, () => {
    while (bits.bit() === 1) length += bits.bit() === 1 ? -1 : 1
    if (length < 1 || length > longestCode) throw bad(`a code of ${length} bits`)
    return length
  })
  const [ends, moves] = [new Int32Array(longestCode + 1), new Int32Array(longestCode + 1)]
  const symbols: number[] = []
  const short = new Uint16Array(1 << shortBits)
  let code = 0
  for (let bitCount = 1; bitCount <= longestCode; bitCount++) {
    code *= 2
    moves[bitCount] = symbols.length - code
    for (const [symbol, one] of lengths.entries()) if (one === bitCount) symbols.push(symbol)
    if (bitCount <= shortBits) {
      const first = symbols.length - (moves[bitCount] ?? 0)
      for (let one = code; one < first; one++) {
        const begin = one << (shortBits - bitCount)
        const symbol = symbols[one + (moves[bitCount] ?? 0)] ?? 0
        short.fill(symbol * 32 + bitCount, begin, begin + (1 << (shortBits - bitCount)))
      }
    }
    code = symbols.length - (moves[bitCount] ?? 0)
    ends[bitCount] = code
  }
  return { ends, moves, symbols: Uint16Array.from(symbols), short }
}

const symbolOf = (bits: Bits, { ends, moves, symbols, short }: Table): number => {
  const known = short[bits.peek(shortBits)] ?? 0
  if (known > 0) {
    bits.skip(known & 31)
    return known >> 5
  }
  let code = 0
  for (let length = 1; length <= longestCode; length++) {
    code = code * 2 + bits.bit()
    if (code < (ends[length] ?? 0)) return symbols[code + (moves[length] ?? 0)] ?? 0
  }
  throw bad('a code stands for nothing')
}

/** Four equal bytes are followed by how often that byte comes again; a count does not go on in the next block. */
function* unrun(block: Uint8Array): Generator<Uint8Array> {
  let out = new Uint8Array(1 << 20)
  let [size, same, before] = [0, 0, -1]
  for (const byte of block) {
    if (size + 256 > out.length) {
      yield out.subarray(0, size)
      ;[out, size] = [new Uint8Array(1 << 20), 0]
    }
    if (same === 4) {
      out.fill(before, size, size + byte)
      size += byte
      ;[same, before] = [0, -1]
      continue
    }
    same = byte === before ? same + 1 : 1
    before = byte
    out[size++] = byte
  }
  yield out.subarray(0, size)
}
