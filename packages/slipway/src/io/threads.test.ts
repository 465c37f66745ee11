// The same results on every thread, with native deflate and without: pieces, files and digests, and what a file that is not there ends in.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateHere } from '@slipway/formats/deflate-program'
import { deflatePieces } from '@slipway/formats/deflate'
import { packLzfse } from '@slipway/formats/lzfse'
import { afterAll, describe, expect, it } from 'vitest'
import type { Threads } from './io.ts'
import { loadNativeDeflate } from './native-deflate.ts'
import { threads } from './threads.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-threads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bytes = new Uint8Array(
  Buffer.concat(Array.from({ length: 40 }, (_, index) => Buffer.concat([randomBytes(20_000), Buffer.alloc(70_000, index)]))),
)
const path = join(folder, 'file')
writeFileSync(path, bytes)

const joined = async (pieces: AsyncIterable<{ readonly bytes: Uint8Array; readonly sizeBytes: number; readonly crc32: number }>) => {
  const hash = createHash('sha256')
  const sums: (readonly [number, number])[] = []
  for await (const piece of pieces) {
    hash.update(piece.bytes)
    sums.push([piece.sizeBytes, piece.crc32])
  }
  return { sha256: hash.digest('hex'), sums }
}

const ways = [
  ['native deflate', loadNativeDeflate],
  ['WebAssembly', () => loadNativeDeflate(`${folder}/`)],
] as const

describe.each([1, 2, 4].flatMap(cores => ways.map(([name, native]) => [cores, name, native] as const)))(
  'with %i cores and %s',
  (cores, _, native) => {
    it('deflates a file to the pieces that formats makes', { timeout: 60_000 }, async () => {
      const pool = threads(cores, native)
      pool.warm(bytes.length)
      const options = { level: 6, sizeBytes: bytes.length }
      const made = await Promise.all([1, 2, 3].map(() => joined(pool.deflateFile(path, options))))
      const expected = await joined(deflatePieces([bytes], { level: 6 }))
      expect(made).toEqual([expected, expected, expected])
    })

    it('deflates pieces that are views of larger bytes', { timeout: 60_000 }, async () => {
      const { deflate } = threads(cores, native)
      const pieces = Array.from({ length: 30 }, (_, index) => bytes.subarray(index * 1000, 50_000 + index * 20_000))
      const made = await Promise.all(pieces.map(piece => deflate(piece, 3, bytes.subarray(0, 900))))
      expect(made.map(one => Buffer.from(one).toString('base64'))).toEqual(
        pieces.map(piece => Buffer.from(deflateHere(piece, 3, bytes.subarray(0, 900))).toString('base64')),
      )
      expect(bytes.length).toBe(3_600_000)
    })

    it('packs LZFSE of views of larger bytes', { timeout: 60_000 }, async () => {
      const { lzfse } = threads(cores, native)
      const pieces = Array.from({ length: 12 }, (_, index) => bytes.subarray(index * 1000, 500_000 + index * 20_000))
      const made = await Promise.all(pieces.map(lzfse))
      for (const [index, piece] of pieces.entries()) expect(Buffer.compare(made[index] ?? Buffer.alloc(0), packLzfse(piece))).toBe(0)
      expect(bytes.length).toBe(3_600_000)
    })

    it('sums up files, and says which is not there', { timeout: 60_000 }, async () => {
      const { digest, deflateFile } = threads(cores, native)
      for (const algorithm of ['sha256', 'sha1', 'md5'] as const) {
        const expected = { digest: createHash(algorithm).update(bytes).digest('hex'), sizeBytes: bytes.length }
        expect(await digest(path, { algorithm, sizeBytes: bytes.length })).toEqual(expected)
        expect(await digest(path, { algorithm, sizeBytes: 0 })).toEqual(expected)
      }
      const lost = join(folder, 'lost')
      await expect(digest(lost, { algorithm: 'md5', sizeBytes: 1 << 22 })).rejects.toMatchObject({ problems: [{ code: 'io/not-found' }] })
      await expect(joined(deflateFile(lost, { level: 6, sizeBytes: 1 << 22 }))).rejects.toMatchObject({
        problems: [{ code: 'io/not-found' }],
      })
    })

    it('sums streams up side by side, once a thread is there', { timeout: 60_000 }, async () => {
      const pool = threads(cores, native)
      const algorithms = ['sha512', 'md5', 'blake2b512']
      expect(pool.summing(algorithms)).toBeUndefined()
      pool.warm(1 << 25)
      await (cores > 1 && isThere(pool))
      const parts = [bytes, bytes.subarray(7, 900_000), new Uint8Array(0)]
      const made = await Promise.all(
        parts.map(async part => {
          const summing = pool.summing(algorithms)
          for (let at = 0; at < part.length; at += 70_001) {
            const piece = part.slice(at, at + 70_001)
            await summing?.add(piece)
            // It is ours again.
            piece.fill(0)
          }
          return summing?.end()
        }),
      )
      const expected = parts.map(part => algorithms.map(algorithm => createHash(algorithm).update(part).digest('hex')))
      expect(made).toEqual(cores > 1 ? expected : [undefined, undefined, undefined])
    })

    it('gives what a shorter file has', async () => {
      const made = await joined(threads(cores, native).deflateFile(path, { level: 1, sizeBytes: bytes.length + 10 }))
      expect(made.sums.reduce((sum, [sizeBytes]) => sum + sizeBytes, 0)).toBe(bytes.length)
    })
  },
)

const isThere = async (pool: Threads, waitMs = 20_000): Promise<boolean> => {
  const limitMs = Date.now() + waitMs
  while (pool.summing([]) === undefined && Date.now() < limitMs) await new Promise(done => void setTimeout(done, 5))
  return pool.summing([]) !== undefined
}

it.runIf(loadNativeDeflate() !== undefined)('starts no thread for native deflate until there is much', { timeout: 60_000 }, async () => {
  const pool = threads(2)
  pool.warm(10 << 20)
  const deflated = () => joined(pool.deflateFile(path, { level: 1, sizeBytes: bytes.length }))
  for (let index = 0; index < 4; index++) await deflated()
  expect(await isThere(pool, 300)).toBe(false)
  for (let index = 0; index < 4; index++) await deflated()
  expect(await isThere(pool)).toBe(true)
})

it('says what native deflate says', async () => {
  const pool = threads(2, () => ({ deflate: () => Promise.reject(new RangeError('no room')), deflateNow: () => [0, 0] }))
  await expect(pool.deflate(bytes, 6)).rejects.toThrow('no room')
  // What it worked in is not lost.
  for (let index = 0; index < 9; index++) await expect(pool.deflate(bytes.subarray(0, 9000), 6)).rejects.toThrow('no room')
})
