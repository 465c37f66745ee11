// Tests of the deflate pieces, of gzip put together from them, and of Zstandard.
import { gunzipSync, gzipSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { all, codeOf, deflatedBytes, inPieces, itWith, judge, listOf, mutate, randomNumbers, sampleBytes } from './testing/archives.ts'
import { concat, encodeText, equalBytes } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { chunkBytes, deflateAlone, deflatedOf, deflatePieces, endOfDeflate } from './deflate.ts'
import { gunzipStream, gzipOf } from './gzip.ts'
import { compressZstd, decompressZstd } from './zstd.ts'

const MiB = 1 << 20
const limit = { limitBytes: 2 ** 30 }

describe('deflatePieces', () => {
  it.each([0, 1, 511, 512, MiB - 1, MiB, MiB + 1, 3 * MiB + 77])('unpacks to the same %i bytes at every level', async sizeBytes => {
    const bytes = sampleBytes(sizeBytes)
    for (const level of [0, 1, 6, 9]) {
      const deflated = await deflatedBytes(bytes, level)
      expect(deflated.sizeBytes).toBe(sizeBytes)
      expect(deflated.crc32).toBe(crc32(bytes))
      const packed = await all(deflated.chunks())
      expect(packed.length).toBe(deflated.compressedBytes)
      expect(equalBytes(inflateRawSync(concat([packed, endOfDeflate])), bytes)).toBe(true)
    }
  })

  it('gives no piece for nothing, and the end block alone is a stream', async () => {
    expect(await listOf(deflatePieces([], { level: 6 }))).toEqual([])
    expect(inflateRawSync(endOfDeflate).length).toBe(0)
  })

  it('gives the same bytes for any cut of the input and any number at once', async () => {
    const bytes = sampleBytes(2 * MiB + 4321)
    const expected = await all((await deflatedBytes(bytes)).chunks())
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1000, max: 3 * MiB }), fc.integer({ min: 1, max: 5 }), async (pieceBytes, parallel) => {
        const pieces = await listOf(deflatePieces(inPieces(bytes, pieceBytes), { level: 6, parallel }))
        expect(equalBytes(concat(pieces.map(piece => piece.bytes)), expected)).toBe(true)
      }),
      { numRuns: 12 },
    )
  })

  it('looks back over the cut: repeated noise costs almost nothing', async () => {
    const next = randomNumbers(7)
    const noise = new Uint8Array(MiB).map(() => next() & 0xff)
    const repeated = concat([noise, noise.subarray(MiB - 30_000)])
    const [first, second] = await listOf(deflatePieces([repeated], { level: 6 }))
    expect(first?.bytes.length).toBeGreaterThan(MiB / 4)
    expect(second?.bytes.length).toBeLessThan(1000)
  })

  it('reads ahead no further than it may', async () => {
    let given = 0
    const input = async function* (): AsyncGenerator<Uint8Array> {
      for (; given < 20; given++) yield new Uint8Array(chunkBytes)
    }
    const pieces = deflatePieces(input(), { level: 1, parallel: 2 })
    await pieces.next()
    expect(given).toBeLessThanOrEqual(4)
    await pieces.return(undefined)
    expect(given).toBeLessThanOrEqual(4)
  })

  it('passes on what its input throws', async () => {
    const input = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(chunkBytes * 2)
      throw new Error('the disk is gone')
    }
    expect(
      await codeOf(() =>
        all(
          (async function* () {
            for await (const piece of deflatePieces(input(), { level: 1 })) yield piece.bytes
          })(),
        ),
      ),
    ).toBe('Error: the disk is gone')
  })
})

describe('gzip', () => {
  itWith('gzip', 'python3')('puts parts together into one member that gzip and python accept', async () => {
    const [left, right] = [sampleBytes(MiB + 5, 1), sampleBytes(70_000, 2)]
    const parts = [
      { plain: encodeText('head') },
      { deflated: await deflatedBytes(left) },
      { plain: new Uint8Array(0) },
      { plain: new Uint8Array(512) },
      { deflated: await deflatedBytes(right, 9) },
      { deflated: await deflatedBytes(new Uint8Array(0)) },
    ]
    const whole = concat([encodeText('head'), left, new Uint8Array(512), right])
    const packed = await all(gzipOf(parts))
    expect([...packed.subarray(0, 10)]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])
    expect(equalBytes(gunzipSync(packed), whole)).toBe(true)
    expect(equalBytes(await all(gunzipStream(inPieces(packed, 999), limit)), whole)).toBe(true)
    const script = 'import gzip,sys,zlib; print(zlib.crc32(gzip.open(sys.argv[1]).read()))'
    const [, printed = ''] = await judge(packed, 'whole.gz', [
      ['gzip', '-t', 'FILE'],
      ['python3', '-c', script, 'FILE'],
    ])
    expect(Number(printed)).toBe(crc32(whole))
  })

  itWith('gzip')('writes an empty member', async () => {
    const packed = await all(gzipOf([]))
    await judge(packed, 'empty.gz', [['gzip', '-t', 'FILE']])
    expect(gunzipSync(packed).length).toBe(0)
  })

  it('refuses a stream that is not as long as it said', async () => {
    const deflated = await deflatedBytes(sampleBytes(100))
    expect(await codeOf(() => all(gzipOf([{ deflated: { ...deflated, compressedBytes: 7 } }])))).toBe('gzip/size-changed')
  })

  it('reads all members up to a limit, and no broken one', async () => {
    const two = concat([gzipSync('one '), gzipSync('two')])
    expect(await all(gunzipStream([two], limit))).toEqual(encodeText('one two'))
    expect(await codeOf(() => all(gunzipStream([two], { limitBytes: 6 })))).toBe('gzip/too-large')
    for (const cut of [0, 5, 15, two.length - 1]) {
      expect(await codeOf(() => all(gunzipStream([two.subarray(0, cut)], limit)))).toBe('gzip/corrupt')
    }
    expect(await codeOf(() => all(gunzipStream([], limit)))).toBe('gzip/corrupt')
    expect(await codeOf(() => all(gunzipStream([encodeText('not gzip')], limit)))).toBe('gzip/corrupt')
  })

  it('closes its input when the reader stops early, and passes its errors on', async () => {
    const packed = gzipSync(sampleBytes(5 * MiB))
    let isClosed = false
    const input = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* inPieces(packed, 1000)
      } finally {
        isClosed = true
      }
    }
    for await (const _ of gunzipStream(input(), limit)) break
    expect(isClosed).toBe(true)
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield packed.subarray(0, 2000)
      throw new Error('the network is gone')
    }
    expect(await codeOf(() => all(gunzipStream(failing(), limit)))).toBe('Error: the network is gone')
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const packed = await all(gzipOf([{ plain: encodeText('head') }, { deflated: await deflatedBytes(sampleBytes(3000)) }]))
    const result = await mutate(packed, bytes => all(gunzipStream([bytes], limit)))
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(1500)
  })

  it('deflates small bytes on their own', async () => {
    expect((await deflateAlone(new Uint8Array(0), 9)).length).toBe(0)
    expect(
      inflateRawSync(concat([await deflateAlone(encodeText('abc'), 9), await deflateAlone(encodeText('d'), 9), endOfDeflate])).toString(),
    ).toBe('abcd')
    expect(deflatedOf([]).sizeBytes).toBe(0)
  })
})

describe('zstd', () => {
  itWith('zstd')('writes one frame that zstd accepts, the same for any cut of the input', async () => {
    const bytes = sampleBytes(2 * MiB + 99)
    const packed = await all(compressZstd([bytes], { level: 3, sizeBytes: bytes.length }))
    expect(equalBytes(zstdDecompressSync(packed), bytes)).toBe(true)
    for (const pieceBytes of [4097, MiB, MiB + 1]) {
      const other = await all(compressZstd(inPieces(bytes, pieceBytes), { level: 3, sizeBytes: bytes.length }))
      expect(equalBytes(other, packed)).toBe(true)
    }
    const [, listed = ''] = await judge(packed, 'whole.zst', [
      ['zstd', '-q', '-t', 'FILE'],
      ['zstd', '-lv', 'FILE'],
    ])
    expect(listed).toMatch(/Check: XXH64/)
    expect(listed).toContain(`(${bytes.length} B)`)
    expect(equalBytes(await all(decompressZstd(inPieces(packed, 5000), limit)), bytes)).toBe(true)
  })

  it('checks the announced size', async () => {
    expect(await codeOf(() => all(compressZstd([new Uint8Array(5)], { level: 3, sizeBytes: 4 })))).toBe('zstd/size-changed')
    expect(await codeOf(() => all(compressZstd([new Uint8Array(5)], { level: 3, sizeBytes: 6 })))).toBe('zstd/size-changed')
    expect((await all(decompressZstd(compressZstd([], { level: 3 }), limit))).length).toBe(0)
  })

  it('reads all frames, however they are cut, and nothing behind them', async () => {
    const frames = [zstdCompressSync('one '), zstdCompressSync(sampleBytes(30_000)), zstdCompressSync(''), zstdCompressSync('end')]
    const whole = concat([encodeText('one '), sampleBytes(30_000), encodeText('end')])
    const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3)
    const packed = concat([skippable, ...frames, skippable])
    for (const pieceBytes of [1, 13, 1000, 65_536, packed.length]) {
      expect(equalBytes(await all(decompressZstd(inPieces(packed, pieceBytes), limit)), whole)).toBe(true)
    }
    expect(await codeOf(() => all(decompressZstd([concat([packed, encodeText('rubbish')])], limit)))).toBe('zstd/corrupt')
    expect(await codeOf(() => all(decompressZstd([packed.subarray(0, packed.length - skippable.length - 2)], limit)))).toBe('zstd/corrupt')
    expect(await codeOf(() => all(decompressZstd([packed], { limitBytes: 30_000 })))).toBe('zstd/too-large')
    expect(await codeOf(() => all(decompressZstd([], limit)))).toBe('zstd/corrupt')
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const packed = await all(compressZstd([sampleBytes(3000)], { level: 3, sizeBytes: 3000 }))
    const result = await mutate(packed, bytes => all(decompressZstd([bytes], { limitBytes: MiB })))
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(1500)
  })
})
