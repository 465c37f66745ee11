// Tests of the architectures by a file's head: thin, fat with both widths, and what only looks like one.
import { describe, expect, it } from 'vitest'
import { collect, concat, packLittle } from '../bytes.ts'
import { unsignedMachO } from '../testing/binaries.ts'
import { machOArchitectures } from './architectures.ts'
import { joinMachO } from './fat.ts'

const [x64, arm64] = [0x01000007, 0x0100000c]
const slice = (cpuType: number) => {
  const bytes = unsignedMachO({ cpu: cpuType })
  return {
    cpuType,
    cpuSubtype: 0,
    sizeBytes: bytes.length,
    chunks: async function* () {
      yield bytes
    },
  }
}
const turned = (words: readonly number[]): Uint8Array => concat(words.map(word => packLittle([[4, word]]).reverse()))

describe('machOArchitectures', () => {
  it('says those of thin and fat files', async () => {
    expect(machOArchitectures(unsignedMachO({ cpu: x64 }))).toEqual(['x64'])
    expect(machOArchitectures(unsignedMachO({ cpu: arm64 }).subarray(0, 8))).toEqual(['arm64'])
    expect(machOArchitectures(await collect(joinMachO([slice(x64), slice(arm64)]).chunks(), 1 << 20))).toEqual(['x64', 'arm64'])
    expect(machOArchitectures(turned([0xcafebabf, 1, arm64, 0, 0, 0, 0, 0, 0, 0]))).toEqual(['arm64'])
    expect(machOArchitectures(turned([0xfeedface, 7]))).toEqual(['x86'])
  })
  it('knows what is none', () => {
    // A Java class of version 52, a torn fat head, text.
    expect(machOArchitectures(turned([0xcafebabe, 52, 0, 0]))).toBeNull()
    expect(machOArchitectures(turned([0xcafebabe, 2, x64]))).toBeNull()
    expect(machOArchitectures(turned([0xcafebabe, 0]))).toBeNull()
    expect(machOArchitectures(new TextEncoder().encode('#!/bin/sh\n'))).toBeNull()
    expect(machOArchitectures(new Uint8Array(7))).toBeNull()
  })
})
