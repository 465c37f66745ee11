// Tests of the Mach-O reader on small files, thin and fat, sound and lying.
import { describe, expect, it } from 'vitest'
import { concat, fromBytes, packLittle } from './bytes.ts'
import { readMachO } from './macho.ts'
import { codeOf, mutate } from './testing/archives.ts'
import { command, cpuArm64, cpuX64, fat, machText, tinyMachO } from './testing/binaries.ts'

describe('readMachO', () => {
  it('reads a thin file', async () => {
    const bytes = tinyMachO(cpuArm64)
    expect(await readMachO(fromBytes(bytes))).toEqual({
      isFat: false,
      slices: [
        {
          arch: 'arm64',
          cpuType: cpuArm64,
          cpuSubtype: 3,
          offset: 0,
          sizeBytes: bytes.length,
          bits: 64,
          fileType: 'execute',
          flags: 0x85,
          signature: { offset: bytes.length - 16, sizeBytes: 16 },
          platform: 1,
          minimumSystem: '11.0',
          dylibs: ['/usr/lib/libSystem.B.dylib', '@rpath/x'],
          dylibId: undefined,
          rpaths: ['@loader_path'],
        },
      ],
    })
  })

  it('reads the older command, an id and a fat file', async () => {
    const old = command(
      0x24,
      packLittle([
        [4, 0x000a0f04],
        [4, 0],
      ]),
    )
    const id = command(0x0d, machText('libx.dylib', 16, 24))
    const bytes = concat([
      packLittle([
        [4, 0xfeedface],
        [4, 7],
        [4, 3],
        [4, 6],
        [4, 2],
        [4, old.length + id.length],
        [4, 0],
      ]),
      old,
      id,
    ])
    expect((await readMachO(fromBytes(bytes))).slices[0]).toMatchObject({
      arch: 'x86',
      bits: 32,
      fileType: 'dylib',
      platform: 1,
      minimumSystem: '10.15.4',
      dylibId: 'libx.dylib',
      signature: undefined,
    })
    const both = await readMachO(
      fromBytes(
        fat([
          [cpuX64, tinyMachO(cpuX64)],
          [cpuArm64, tinyMachO(cpuArm64)],
        ]),
      ),
    )
    expect([both.isFat, both.slices.map(slice => [slice.arch, slice.offset])]).toEqual([
      true,
      [
        ['x64', 4096],
        ['arm64', 8192],
      ],
    ])
  })

  it('says what is wrong', async () => {
    const good = tinyMachO(cpuX64)
    const changed = (at: number, ...bytes: number[]): Uint8Array => {
      const copy = good.slice()
      copy.set(bytes, at)
      return copy
    }
    const both = (...bytes: [at: number, value: number][]): Uint8Array => {
      const copy = fat([
        [cpuX64, good],
        [cpuArm64, tinyMachO(cpuArm64)],
      ])
      for (const [at, value] of bytes) copy[at] = value
      return copy
    }
    const cases: [string, Uint8Array][] = [
      ['macho/bad-magic', new Uint8Array(2)],
      ['macho/bad-magic', changed(0, 0)],
      ['macho/truncated', good.subarray(0, 31)],
      ['macho/truncated', good.subarray(0, 60)],
      ['macho/bad-header', changed(23, 0xff)],
      ['macho/bad-command', changed(16, 9)],
      ['macho/bad-command', changed(16, 1)],
      ['macho/bad-command', changed(36, 0)],
      ['macho/bad-command', changed(36, 26)],
      ['macho/bad-command', changed(64, 200)],
      ['macho/bad-command', good.subarray(0, good.length - 1)],
      [
        'macho/bad-command',
        tinyMachO(cpuX64, [
          command(
            0x1d,
            packLittle([
              [4, 0],
              [4, 0],
            ]),
          ),
        ]),
      ],
      ['macho/bad-command', tinyMachO(cpuX64, [command(0x0c, concat([packLittle([[4, 12]]), Uint8Array.of(0xff, 0xff, 0xff, 0)]))])],
      ['macho/bad-fat', both([7, 0])],
      ['macho/bad-fat', both([7, 52])],
      ['macho/bad-fat', both([8 + 3, 12])],
      ['macho/bad-fat', both([8 + 10, 0], [8 + 11, 0])],
      ['macho/bad-fat', both([28 + 10, 0x10])],
      ['macho/bad-fat', both([28 + 12, 1])],
      ['macho/bad-magic', both([4096, 0])],
    ]
    for (const [index, [code, bytes]] of cases.entries())
      expect([index, await codeOf(() => readMachO(fromBytes(bytes)))]).toEqual([index, code])
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const thin = await mutate(tinyMachO(cpuArm64), bytes => readMachO(fromBytes(bytes)))
    const both = await mutate(fat([[cpuX64, tinyMachO(cpuX64)]]).subarray(0, 4096 + tinyMachO(cpuX64).length), bytes =>
      readMachO(fromBytes(bytes)),
    )
    expect([thin.strange, both.strange]).toEqual([[], []])
    expect(thin.refused).toBeGreaterThan(500)
  })
})
