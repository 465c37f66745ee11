// Tests of the PE reader on small files, sound and lying.
import { describe, expect, it } from 'vitest'
import { fromBytes } from './bytes.ts'
import { readPe } from './pe.ts'
import { codeOf, mutate } from './testing/archives.ts'
import { tinyPe } from './testing/binaries.ts'

describe('readPe', () => {
  it('reads both widths, the architectures, libraries and certificates', async () => {
    expect(await readPe(fromBytes(tinyPe({ certificates: [1024, 16] })))).toEqual({
      machine: 0x8664,
      arch: 'x64',
      bits: 64,
      subsystem: 3,
      isDll: false,
      characteristics: 0x22,
      checksumOffset: 152,
      certificateEntryOffset: 88 + 112 + 32,
      certificates: { offset: 1024, sizeBytes: 16 },
      imageEnd: 1024,
    })
    expect(await readPe(fromBytes(tinyPe({ machine: 0x14c, bits: 32, dll: true })))).toMatchObject({
      arch: 'x86',
      bits: 32,
      isDll: true,
      certificates: undefined,
    })
    expect((await readPe(fromBytes(tinyPe({ machine: 0xaa64 })))).arch).toBe('arm64')
    expect((await readPe(fromBytes(tinyPe({ machine: 0x200 })))).arch).toBe('other:512')
    expect(await readPe(fromBytes(tinyPe({ directories: 4 })))).toMatchObject({
      certificates: undefined,
      certificateEntryOffset: undefined,
    })
  })

  it('says what is wrong', async () => {
    const good = tinyPe({ certificates: [1024, 16] })
    const changed = (at: number, ...bytes: number[]): Uint8Array => {
      const copy = good.slice()
      copy.set(bytes, at)
      return copy
    }
    const cases: [string, Uint8Array][] = [
      ['pe/bad-magic', new Uint8Array(1)],
      ['pe/bad-magic', changed(0, 0)],
      ['pe/bad-magic', changed(64, 0)],
      ['pe/truncated', good.subarray(0, 63)],
      ['pe/truncated', good.subarray(0, 300)],
      ['pe/truncated', changed(63, 0xff)],
      ['pe/bad-header', changed(84, 64)],
      ['pe/bad-header', changed(84, 100)],
      ['pe/bad-header', changed(88, 7)],
      ['pe/bad-header', changed(88 + 108, 17)],
      ['pe/bad-certificates', tinyPe({ certificates: [1016, 16] })],
      ['pe/bad-certificates', tinyPe({ certificates: [1024, 4] })],
      ['pe/bad-certificates', tinyPe({ certificates: [1025, 16] })],
      ['pe/bad-certificates', good.subarray(0, 1030)],
    ]
    for (const [index, [code, bytes]] of cases.entries())
      expect([index, await codeOf(() => readPe(fromBytes(bytes)))]).toEqual([index, code])
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const { strange, refused } = await mutate(tinyPe({ certificates: [1024, 16] }).subarray(0, 380), bytes => readPe(fromBytes(bytes)))
    expect(strange).toEqual([])
    expect(refused).toBeGreaterThan(200)
  })
})
