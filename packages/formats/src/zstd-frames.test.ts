// Tests of Zstandard frames: the same as one call of the library makes, whatever was made before, one after the other or at once.
import { closeSync, openSync, readSync } from 'node:fs'
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concat } from './bytes.ts'
import { listOf, sampleBytes } from './testing/archives.ts'
import { zstdFrame, zstdFrameBytes, zstdFrames } from './zstd-frames.ts'

const atOnce = (bytes: Uint8Array, level: number): Uint8Array => {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 }
  return new Uint8Array(zstdCompressSync(bytes, { params, chunkSize: 8 << 20 }))
}

const programBytes = (offset: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  const file = openSync(process.execPath, 'r')
  readSync(file, bytes, 0, length, offset)
  closeSync(file)
  return bytes
}

describe('zstdFrame', () => {
  it('makes the same frame as a compressor that never made one before', async () => {
    for (const level of [3, 10, 3])
      for (const sizeBytes of [0, 1, 100, 70_000, 3_000_000]) {
        const bytes = sampleBytes(sizeBytes)
        expect((await zstdFrame(bytes, level)).bytes).toEqual(atOnce(bytes, level))
      }
  })

  it('does not depend on the frames before, whose compressors may have had other room', async () => {
    // Of a program, because most of what is made up compresses the same however it is cut.
    const program = programBytes(0, 9_000_000)
    const bytes = program.subarray(5_000_000, 5_900_000)
    const seen = new Set<string>()
    for (let round = 0; round < 4; round++) {
      seen.add(Buffer.from((await zstdFrame(bytes, 3)).bytes).toString('base64'))
      await zstdFrame(program.subarray(round * 1_000_000, round * 1_000_000 + zstdFrameBytes), 3)
    }
    expect(seen.size).toBe(1)
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
