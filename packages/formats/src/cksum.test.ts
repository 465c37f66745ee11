// cksum: the vectors of POSIX's algorithm, and cksum(1) itself.
import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { encodeText } from './bytes.ts'
import { cksumOf, cksumOfBytes } from './cksum.ts'
import { inPieces, itWith, sampleBytes } from './testing/archives.ts'

it('has the checksums that are known', () => {
  expect([cksumOfBytes(new Uint8Array(0)), cksumOfBytes(encodeText('123456789'))]).toEqual([4294967295, 930766865])
})

itWith('cksum')('is what cksum(1) prints, in whatever pieces', async () => {
  for (const size of [0, 1, 255, 256, 65_536, 1_000_003]) {
    const bytes = sampleBytes(size)
    const [sum, length] = execFileSync('cksum', { input: bytes, encoding: 'utf8' }).split(' ').map(Number)
    expect(await cksumOf(inPieces(bytes, 4093))).toEqual({ checksum: sum, sizeBytes: length })
    expect(cksumOfBytes(bytes)).toBe(sum)
  }
})
