// Tests of Zstandard frames: the same as one call of the library makes, whichever compressor they come from, one after the other or at once.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concat } from './bytes.ts'
import { listOf, sampleBytes } from './testing/archives.ts'
import { zstdFrame, zstdFrameBytes, zstdFrames } from './zstd-frames.ts'

const atOnce = (bytes: Uint8Array, level: number): Uint8Array =>
  new Uint8Array(zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 } }))

describe('zstdFrame', () => {
  it('makes the same frame as a compressor that never made one before', async () => {
    for (const level of [3, 10, 3])
      for (const sizeBytes of [0, 1, 100, 70_000, 3_000_000]) {
        const bytes = sampleBytes(sizeBytes)
        expect((await zstdFrame(bytes, level)).bytes).toEqual(atOnce(bytes, level))
      }
  })

  it('keeps frames apart that are made at once', async () => {
    const all = Array.from({ length: 9 }, (_, index) => sampleBytes(200_000 + index * 1000))
    const made = await Promise.all(all.map((bytes, index) => zstdFrame(bytes, index % 2 === 0 ? 3 : 5)))
    for (const [index, { bytes, sizeBytes }] of made.entries()) {
      expect(sizeBytes).toBe(all[index]?.length)
      expect(new Uint8Array(zstdDecompressSync(bytes))).toEqual(all[index])
    }
  })
})

describe('zstdFrames', () => {
  it('cuts a stream where the format says', async () => {
    const bytes = sampleBytes(zstdFrameBytes + 1000)
    const frames = await listOf(zstdFrames([bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)], { level: 3 }))
    expect(frames.map(one => one.sizeBytes)).toEqual([zstdFrameBytes, 1000])
    expect(concat(frames.map(one => new Uint8Array(zstdDecompressSync(one.bytes))))).toEqual(bytes)
    expect(await listOf(zstdFrames([], { level: 3 }))).toEqual([])
  })
})
