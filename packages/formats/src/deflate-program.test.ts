// Tests of deflate as WebAssembly: its provenance, its bytes, and what it is given that it cannot do.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gunzipSync, inflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { judge } from '../../../test/kit/judges.ts'
import { concat, equalBytes } from './bytes.ts'
import { endOfDeflate } from './deflate.ts'
import { deflateHere, windowBytes } from './deflate-program.ts'
import { deflateProgram } from './deflate-wasm.gen.ts'
import { randomNumbers, sampleBytes } from './testing/archives.ts'

const home = new URL('../../../runtime/deflate/', import.meta.url).pathname
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const MiB = 1 << 20

describe('the program', () => {
  it('is the one whose digest is committed, in the folder and in the module', () => {
    const [digest] = readFileSync(join(home, 'deflate.sha256'), 'utf8').split(' ')
    expect(sha256(readFileSync(join(home, 'deflate.wasm')))).toBe(digest)
    expect(sha256(gunzipSync(Buffer.from(deflateProgram, 'base64')))).toBe(digest)
  })

  const lacking = lackingForRebuild()
  it.skipIf(lacking !== '')(`is built again to the same bytes${lacking}`, { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-deflate-'))
    try {
      execFileSync(join(home, 'build.sh'), [folder])
      expect(sha256(readFileSync(join(folder, 'deflate.wasm')))).toBe(sha256(readFileSync(join(home, 'deflate.wasm'))))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** Why it is not built again here; '' where it is. */
function lackingForRebuild(): string {
  if (process.env.SLIPWAY_REBUILD_RUNTIME !== '1') return ' (skipped: only with SLIPWAY_REBUILD_RUNTIME=1)'
  const names = ['clang', 'wasm-ld'].filter(name => judge(name) === undefined)
  return names.length === 0 ? '' : ` (lacking ${names.join(', ')})`
}

describe('deflateHere', () => {
  it('writes these bytes on every machine', () => {
    const made = [1, 6, 9].map(level => sha256(deflateHere(sampleBytes(300_000), level)))
    expect(made).toMatchInlineSnapshot(`
      [
        "5a0f59a9a6caa117120a939b6db5d20f5e58c3f777184bd932728a87f51c00c6",
        "c02e88bb980b0edb63df1a146c9196bf04cb1190203ee213ac353267ae891b7c",
        "05bce249d73330b573e594309cb86d0cc6d7b7bc8b699f9bd9241f0ee3b7b4fe",
      ]
    `)
  })

  it('is about as small as zlib at each level', () => {
    const bytes = new Uint8Array(readFileSync(process.execPath).subarray(20 * MiB, 21 * MiB))
    for (let level = 1; level <= 9; level++) {
      const ours = deflateHere(bytes, level).length
      expect(ours / deflateRawSync(bytes, { level }).length, `level ${level}`).toBeLessThan(1.02)
    }
  })

  it('looks back no further than a window, and gives nothing for nothing', () => {
    const next = randomNumbers(3)
    const noise = new Uint8Array(windowBytes).map(() => next() & 0xff)
    for (const level of [1, 2, 6, 9]) {
      const [alone, after] = [deflateHere(noise, level), deflateHere(noise.subarray(1000), level, noise)]
      expect(after.length).toBeLessThan(alone.length / 50)
      expect(equalBytes(inflateRawSync(concat([alone, after, endOfDeflate])), concat([noise, noise.subarray(1000)]))).toBe(true)
    }
    expect(deflateHere(new Uint8Array(0), 6)).toHaveLength(0)
  })

  it('grows for a larger piece, and packs noise of any length', () => {
    const next = randomNumbers(5)
    const noise = new Uint8Array(3 * MiB).map(() => next() & 0xff)
    for (const sizeBytes of [1, 2, 3, 5, 100, 70_000, 3 * MiB, 9]) {
      const packed = deflateHere(noise.subarray(0, sizeBytes), 6)
      expect(equalBytes(inflateRawSync(concat([packed, endOfDeflate])), noise.subarray(0, sizeBytes))).toBe(true)
    }
  })
})
