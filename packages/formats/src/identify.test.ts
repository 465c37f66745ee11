// Tests of the kind of a file by its first bytes.
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { writeAr } from './ar.ts'
import { concat, encodeText, fromBytes } from './bytes.ts'
import { type FileKind, identify } from './identify.ts'
import { tarEnd, tarHeader } from './tar.ts'
import { all, mutate } from './testing/archives.ts'
import { cpuX64, fat, tinyElf, tinyMachO, tinyPe } from './testing/binaries.ts'
import { writeZip } from './zip/write.ts'

describe('identify', () => {
  it('knows each kind by its first bytes', async () => {
    const tar = concat([tarHeader({ path: 'a', type: 'folder', mode: 0o755, mtime: 0, sizeBytes: 0 }), tarEnd])
    const old = tar.slice()
    old.fill(0, 257, 265)
    old.set(
      encodeText(
        (
          tar.subarray(0, 512).reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0) -
          encodeText('ustar00').reduce((sum, byte) => sum + byte, 0)
        )
          .toString(8)
          .padStart(6, '0'),
      ),
      148,
    )
    const cases: [FileKind, Uint8Array][] = [
      ['elf', tinyElf({})],
      ['pe', tinyPe({})],
      ['macho', tinyMachO(cpuX64)],
      ['macho-fat', fat([[cpuX64, tinyMachO(cpuX64)]])],
      ['zip', await all(writeZip([]))],
      ['zip', await all(writeZip([{ path: 'a', type: 'folder', mode: 0o755, mtime: 0 }]))],
      ['gzip', gzipSync('a')],
      ['zstd', zstdCompressSync('a')],
      ['xz', Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
      ['ar', await all(writeAr([]))],
      ['cfb', Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)],
      ['cab', encodeText('MSCF\0\0\0\0')],
      ['xar', encodeText('xar!')],
      ['tar', tar],
      ['tar', old],
      ['unknown', Uint8Array.of(0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65, 0, 0)],
      ['unknown', Uint8Array.of(0xca, 0xfe, 0xba, 0xbe)],
      ['unknown', encodeText('MZ')],
      ['unknown', new Uint8Array(64).fill(0xff).fill(0x4d, 0, 1).fill(0x5a, 1, 2)],
      ['unknown', new Uint8Array(1024)],
      ['unknown', new Uint8Array(0)],
      ['unknown', encodeText('#!/bin/sh\n')],
    ]
    for (const [index, [kind, bytes]] of cases.entries()) expect([index, await identify(fromBytes(bytes))]).toEqual([index, kind])
  })

  it('never throws for any bytes', async () => {
    for (const bytes of [tinyPe({}), tinyMachO(cpuX64), tinyElf({})]) {
      expect(await mutate(bytes, broken => identify(fromBytes(broken)), 500)).toMatchObject({ strange: [], refused: 0 })
    }
  })
})
