// Tests of LZFSE as WebAssembly: its provenance, its bytes, what others read of it and it of others, and what damage ends in.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { describeWithJudge, judge } from '../../../test/kit/judges.ts'
import { equalBytes } from './bytes.ts'
import { packLzfse, unpackLzfse } from './lzfse.ts'
import { lzfseProgram } from './lzfse-wasm.gen.ts'
import { randomNumbers, sampleBytes } from './testing/archives.ts'

const home = new URL('../../../runtime/lzfse/', import.meta.url).pathname
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const MiB = 1 << 20
const noise = (sizeBytes: number): Uint8Array => {
  const next = randomNumbers(7)
  return new Uint8Array(sizeBytes).map(() => next() & 0xff)
}

describe('the program', () => {
  it('is the one whose digest is committed, in the folder and in the module', () => {
    const [digest] = readFileSync(join(home, 'lzfse.sha256'), 'utf8').split(' ')
    expect(sha256(readFileSync(join(home, 'lzfse.wasm')))).toBe(digest)
    expect(sha256(gunzipSync(Buffer.from(lzfseProgram, 'base64')))).toBe(digest)
  })

  const isAsked = process.env.SLIPWAY_REBUILD_RUNTIME === '1' && ['clang', 'wasm-ld'].every(name => judge(name) !== undefined)
  it.skipIf(!isAsked)('is built again to the same bytes (with SLIPWAY_REBUILD_RUNTIME=1, clang and wasm-ld)', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-lzfse-'))
    try {
      execFileSync(join(home, 'build.sh'), [folder], { stdio: 'pipe' })
      expect(sha256(readFileSync(join(folder, 'lzfse.wasm')))).toBe(sha256(readFileSync(join(home, 'lzfse.wasm'))))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('LZFSE', () => {
  it('writes these bytes on every machine', () => {
    expect(sha256(packLzfse(sampleBytes(300_000)))).toMatchInlineSnapshot(
      `"886fd3ebbb0fd17dc02dfcd4678ee8c1f7a4be9cc7528fe311d6317327a80345"`,
    )
  })
  it.each([1, 7, 8, 100, 4095, 4096, 70_000, 3 * MiB])('gives %i bytes back, whatever they are, and grows for them', sizeBytes => {
    for (const bytes of [noise(sizeBytes), sampleBytes(sizeBytes), new Uint8Array(sizeBytes).fill(9)]) {
      const packed = packLzfse(bytes)
      expect(packed.length).toBeLessThan(sizeBytes * 1.02 + 300)
      expect(equalBytes(unpackLzfse(packed, sizeBytes), bytes)).toBe(true)
    }
  })
  it('refuses what gives less or more, and never hangs or reads elsewhere on damage', () => {
    const bytes = sampleBytes(200_000)
    const packed = packLzfse(bytes)
    const codeOf = (damaged: Uint8Array, sizeBytes = bytes.length): string => {
      try {
        return equalBytes(unpackLzfse(damaged, sizeBytes), bytes) ? 'same' : 'other'
      } catch (error) {
        return (error as { code?: string }).code ?? String(error)
      }
    }
    expect([codeOf(packed, bytes.length - 1), codeOf(packed, bytes.length + 1)]).toEqual(['lzfse/corrupt', 'lzfse/corrupt'])
    expect([codeOf(packed.subarray(0, 5000)), codeOf(new Uint8Array(0)), codeOf(noise(500))]).toEqual(Array(3).fill('lzfse/corrupt'))
    const next = randomNumbers(11)
    const seen = new Set<string>()
    for (let turn = 0; turn < 300; turn++) {
      const damaged = Uint8Array.from(packed)
      damaged[next() % (turn % 2 === 0 ? 800 : packed.length)] = next() & 0xff
      seen.add(codeOf(damaged))
    }
    // LZFSE has no sum of its own: a literal may be another one.
    expect([...seen].toSorted()).toEqual(['lzfse/corrupt', 'other', 'same'])
    expect(codeOf(packed)).toBe('same')
  })
})

describeWithJudge(['pyliblzfse'], 'LZFSE, by a build of others', judges => {
  const python = (code: string, input: Uint8Array): Uint8Array =>
    execFileSync(judges.pyliblzfse, ['-c', `import sys, liblzfse\nsys.stdout.buffer.write(${code})`], { input, maxBuffer: 64 * MiB })
  it('is the same, both ways, and refused when it was cut', () => {
    const bytes = sampleBytes(900_000)
    const packed = packLzfse(bytes)
    expect(equalBytes(python('liblzfse.decompress(sys.stdin.buffer.read())', packed), bytes)).toBe(true)
    const theirs = python('liblzfse.compress(sys.stdin.buffer.read())', bytes)
    expect(equalBytes(theirs, packed)).toBe(true)
    expect(() => python('liblzfse.decompress(sys.stdin.buffer.read())', packed.subarray(0, 3000))).toThrow('Command failed')
  })
})
