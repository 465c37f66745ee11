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
import { deflateByWasm, deflateHere, lendDeflate, windowBytes } from './deflate-program.ts'
import { deflateProgram } from './deflate-wasm.gen.ts'
import { randomNumbers, sampleBytes } from './testing/archives.ts'

const home = new URL('../../../runtime/deflate/', import.meta.url).pathname
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const MiB = 1 << 20

describe('the programs', () => {
  const committed = readFileSync(join(home, 'deflate.sha256'), 'utf8')
  const names = ['deflate.wasm', 'deflate-linux-x64.node', 'deflate-linux-arm64.node']

  it('are those whose digests are committed, in the folder and in the module', () => {
    expect(names.map(name => `${sha256(readFileSync(join(home, name)))}  ${name}\n`).join('')).toBe(committed)
    expect(committed).toContain(`${sha256(gunzipSync(Buffer.from(deflateProgram, 'base64')))}  deflate.wasm\n`)
  })

  it('take of libc and of Node only what every version has', () => {
    for (const name of names.slice(1)) {
      const text = readFileSync(join(home, name)).toString('latin1')
      expect(text).not.toMatch(/GLIBC|lib\w+\.so|\/tmp|\/root|clang/)
      expect(text).toMatch(/\0napi_register_module_v1\0/)
    }
  })

  const lacking = lackingForRebuild()
  it.skipIf(lacking !== '')(`are built again to the same bytes${lacking}`, { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-deflate-'))
    try {
      execFileSync(join(home, 'build.sh'), [folder])
      expect(readFileSync(join(folder, 'deflate.sha256'), 'utf8')).toBe(committed)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

/** Why they are not built again here; '' where they are. */
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

  it('asks what was lent once, when the first bytes come', () => {
    const lent: number[] = []
    const bytes = sampleBytes(1000)
    try {
      lendDeflate(() => {
        lent.push(-1)
        return (piece, level, before) => {
          lent.push(level)
          return deflateByWasm(piece, level, before)
        }
      })
      expect(deflateHere(new Uint8Array(0), 6)).toHaveLength(0)
      expect(lent).toEqual([])
      const made = [3, 7].map(level => deflateHere(bytes, level))
      expect(lent).toEqual([-1, 3, 7])
      lendDeflate(() => undefined)
      expect([3, 7].map(level => deflateHere(bytes, level))).toEqual(made)
      expect(lent).toEqual([-1, 3, 7])
    } finally {
      lendDeflate(() => undefined)
    }
  })
})
