// LZO1X against lzop, which packs by the same library as mksquashfs does: every level, and content of every kind.
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fieldsOf } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { unpackLzo } from './lzo.ts'
import { itWith, randomNumbers, sampleBytes } from './testing/archives.ts'

const noise = Uint8Array.from(
  { length: 100_000 },
  (() => {
    const next = randomNumbers(9)
    return () => next() & 0xff
  })(),
)
const contents = [
  Uint8Array.of(1),
  new Uint8Array(5),
  new Uint8Array(200_000),
  noise,
  sampleBytes(200_000, 4),
  concat([noise, new Uint8Array(70_000), noise, sampleBytes(3000), noise.subarray(5, 40_000)]),
  concat(Array.from({ length: 3000 }, (_, index) => noise.subarray(index * 7, index * 7 + (index % 23)))),
]

interface Block {
  readonly packed: Uint8Array
  readonly sizeBytes: number
}

/** The blocks of an .lzo file that were not stored: behind a header of varying length, sizes with their checksums. */
const lzop = (plain: Uint8Array, level: string): readonly Block[] => {
  const file = execFileSync('lzop', [level, '--no-checksum', '--no-name', '-c'], { input: plain, maxBuffer: 1 << 26, stdio: 'pipe' })
  const fields = fieldsOf(file, 'big')
  const blocks: Block[] = []
  // Magic, versions, method, level, flags, mode, two times, a name of no length, a checksum.
  let at = 9 + 2 + 2 + 2 + 1 + 1 + 4 + 4 + 4 + 4 + 1 + (fields.u8(33) + 4)
  const hasCheck = (fields.u32(17) & 3) !== 0
  for (let sizeBytes = fields.u32(at); sizeBytes !== 0; sizeBytes = fields.u32(at)) {
    const packedBytes = fields.u32(at + 4)
    at += hasCheck ? 12 : 8
    if (packedBytes < sizeBytes) blocks.push({ packed: file.subarray(at, at + packedBytes), sizeBytes })
    at += packedBytes
  }
  return blocks
}

describe('unpackLzo', () => {
  itWith('lzop')('unpacks what lzop packs to what lzop unpacks it to', () => {
    let count = 0
    for (const plain of contents)
      for (const level of ['-1', '-3', '-6', '-7', '-9']) {
        let start = 0
        const blocks = lzop(plain, level)
        const packedAll = blocks.reduce((sum, one) => sum + one.sizeBytes, 0) === plain.length
        for (const { packed, sizeBytes } of blocks) {
          const found = unpackLzo(packed, { limitBytes: sizeBytes })
          expect(found.length).toBe(sizeBytes)
          if (packedAll) expect(equalBytes(found, plain.subarray(start, start + sizeBytes)), level).toBe(true)
          start += sizeBytes
          count += packedAll ? 1 : 0
        }
      }
    expect(count).toBeGreaterThan(20)
  })
  itWith('lzop')('refuses more than it may hold, and never reads or writes outside, whatever is damaged', () => {
    const [block] = lzop(sampleBytes(20_000, 2), '-9')
    if (block === undefined) throw new Error('lzop stored what shrinks')
    const { packed, sizeBytes } = block
    expect(() => unpackLzo(packed, { limitBytes: sizeBytes - 1 })).toThrow('unpacks to more than')
    expect(() => unpackLzo(packed.subarray(0, -1), { limitBytes: sizeBytes })).toThrow('not sound LZO')
    expect(() => unpackLzo(concat([packed, Uint8Array.of(0)]), { limitBytes: sizeBytes })).toThrow('not sound LZO')
    const next = randomNumbers(3)
    const codes = new Set<string>()
    for (let round = 0; round < 2000; round++) {
      const damaged = packed.slice()
      damaged[next() % damaged.length] = next() & 0xff
      try {
        expect(unpackLzo(damaged, { limitBytes: sizeBytes }).length).toBeLessThanOrEqual(sizeBytes)
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        codes.add(error.code)
      }
    }
    expect([...codes]).toContain('lzo/corrupt')
  })
})

it('stops at the limit', () => {
  // 238 literal bytes and more: a long literal run says its length first (0x00, zeros, the rest).
  const block = Uint8Array.from([255, ...Array.from({ length: 238 }, () => 7), 0x11, 0, 0])
  expect(unpackLzo(block, { limitBytes: 238 })).toHaveLength(238)
  expect(() => unpackLzo(block, { limitBytes: 100 })).toThrow(expect.objectContaining({ code: 'lzo/too-large' }))
})
