// Tests of the byte basics and of CRC-32.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { all, codeOf, inPieces, listOf, sampleBytes } from './testing/archives.ts'
import {
  collect,
  concat,
  decodeText,
  encodeText,
  equalBytes,
  exactReader,
  fieldsOf,
  fromBytes,
  packLittle,
  letGo,
  rechunk,
  roomOf,
  streamRange,
  untilNul,
} from './bytes.ts'
import { combineCrc32, crc32 } from './crc32.ts'
import { FormatError } from './format-error.ts'

describe('bytes', () => {
  it('reads text strictly', async () => {
    expect(decodeText(encodeText('é\ufeff€'))).toBe('é\ufeff€')
    expect(await codeOf(() => decodeText(Uint8Array.of(0xff)))).toBe('bytes/bad-text')
    expect(await codeOf(() => encodeText('\ud800'))).toBe('bytes/bad-text')
  })

  it('keeps a byte order mark, since it is part of the bytes', () => {
    expect(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa')
  })

  it('reads both byte orders inside of the bytes only', async () => {
    const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).subarray(0)
    expect([fieldsOf(bytes, 'little').u16(1), fieldsOf(bytes, 'big').u16(1)]).toEqual([0x0302, 0x0203])
    expect([fieldsOf(bytes, 'little').u32(0), fieldsOf(bytes, 'big').u32(4)]).toEqual([0x04030201, 0x05060708])
    expect(fieldsOf(Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 2), 'big').u64(0)).toBe(2 ** 32 + 2)
    expect(await codeOf(() => fieldsOf(bytes, 'little').u32(5))).toBe('bytes/out-of-range')
    expect(await codeOf(() => fieldsOf(bytes, 'little').u8(-1))).toBe('bytes/out-of-range')
    expect(await codeOf(() => fieldsOf(new Uint8Array(8).fill(0xff), 'little').u64(0))).toBe('bytes/too-large')
  })

  it('reads inside of a view, not of its buffer', () => {
    const view = Uint8Array.of(9, 9, 1, 0, 0, 0).subarray(2)
    expect(fieldsOf(view, 'little').u32(0)).toBe(1)
  })

  it('packs little-endian fields', () => {
    const packed = packLittle([
      [2, 0x1234],
      [4, 0xfffffffe],
      [8, 2 ** 40 + 1],
    ])
    expect([...packed]).toEqual([0x34, 0x12, 0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 1, 0, 0])
  })

  it('re-cuts a stream into fresh pieces of one size', async () => {
    const bytes = sampleBytes(1000)
    for (const pieceBytes of [1, 7, 99, 100, 101, 5000]) {
      const pieces = await listOf(rechunk(inPieces(bytes, pieceBytes), 100))
      expect(pieces.map(piece => piece.length)).toEqual(Array.from({ length: 10 }, () => 100))
      expect(equalBytes(concat(pieces), bytes)).toBe(true)
      expect(pieces.every(piece => piece.buffer !== bytes.buffer)).toBe(true)
    }
    expect(await listOf(rechunk([], 100))).toEqual([])
    expect((await listOf(rechunk([new Uint8Array(0), new Uint8Array(150)], 100))).map(piece => piece.length)).toEqual([100, 50])
  })

  it('collects up to a limit', async () => {
    expect(await collect([Uint8Array.of(1), Uint8Array.of(2)], 2)).toEqual(Uint8Array.of(1, 2))
    expect(await codeOf(() => collect([new Uint8Array(3)], 2))).toBe('bytes/too-large')
  })

  it('reads exactly or not at all', async () => {
    const torn = (message: string, offset: number): FormatError => new FormatError('test/torn', message, offset)
    const read = exactReader(fromBytes(Uint8Array.of(1, 2, 3)), torn)
    expect(await read(1, 2)).toEqual(Uint8Array.of(2, 3))
    for (const [offset, length] of [
      [2, 2],
      [-1, 1],
      [0.5, 1],
      [2 ** 60, 1],
      [0, -1],
    ] as const) {
      expect(await codeOf(() => read(offset, length))).toBe('test/torn')
    }
    const shrinking = exactReader({ sizeBytes: 9, read: () => Promise.resolve(new Uint8Array(2)) }, torn)
    expect(await codeOf(() => shrinking(0, 3))).toBe('test/torn')
    expect(await all(streamRange(read, { offset: 0, sizeBytes: 3 }, 2))).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('ends text at a NUL', () => {
    expect(untilNul(Uint8Array.of(1, 0, 2))).toEqual(Uint8Array.of(1))
    expect(untilNul(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2))
  })
})

describe('crc32', () => {
  it('has the check value of the catalogue', () => {
    expect(crc32(encodeText('123456789'))).toBe(0xcbf43926)
    expect(crc32(encodeText('6789'), crc32(encodeText('12345')))).toBe(0xcbf43926)
  })

  it('joins two checksums without the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 3000 }), (left, right) => {
        expect(combineCrc32(crc32(left), crc32(right), right.length)).toBe(crc32(concat([left, right])))
      }),
    )
  })

  it('joins over lengths above 2^32', () => {
    // Zeros by doubling: the checksum of 2^33 zero bytes, put together from halves.
    let [sum, sizeBytes] = [crc32(new Uint8Array(1)), 1]
    while (sizeBytes < 2 ** 33) [sum, sizeBytes] = [combineCrc32(sum, sum, sizeBytes), sizeBytes * 2]
    const tail = crc32(new Uint8Array(5))
    expect(combineCrc32(sum, tail, 5)).toBe(combineCrc32(crc32(new Uint8Array(5)), sum, 2 ** 33))
  })
})

describe('memory that is used again', () => {
  it('is never seen by whoever let go of it', () => {
    const sizeBytes = 1 << 18
    const first = roomOf(sizeBytes)
    const view = first.subarray(10, 20)
    letGo(first)
    const second = roomOf(sizeBytes).fill(7)
    expect([first.length, view.length]).toEqual([0, 0])
    const third = roomOf(sizeBytes).fill(9)
    expect([second.length, third.length, second[0], third[0]]).toEqual([sizeBytes, sizeBytes, 7, 9])
    // Twice is as good as once.
    letGo(second)
    letGo(second)
    expect(roomOf(sizeBytes).buffer).not.toBe(roomOf(sizeBytes).buffer)
  })

  it('does not take away what shares one small buffer', () => {
    const [one, two] = [Buffer.from('one'), Buffer.from('two')]
    letGo(one)
    expect([one.toString(), two.toString()]).toEqual(['one', 'two'])
  })
})
