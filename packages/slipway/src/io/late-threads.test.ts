// Threads whose code comes with the first work: the results are those of threads.ts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { afterAll, expect, it } from 'vitest'
import { lateThreads } from './late-threads.ts'

const folder = mkdtempSync(join(tmpdir(), 'late-threads-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('has no thread at hand before there is work, and does all of it after', async () => {
  const threads = lateThreads(1)
  expect(threads.summing(['sha256'])).toBeUndefined()
  const path = join(folder, 'abc')
  writeFileSync(path, 'abc')
  const [bytes, digest] = await Promise.all([
    threads.deflate(new TextEncoder().encode('abc'.repeat(100)), 6),
    threads.digest(path, { algorithm: 'sha256', sizeBytes: 3 }),
  ])
  expect(digest).toEqual({ digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', sizeBytes: 3 })
  const pieces = await Array.fromAsync(threads.deflateFile(path, { level: 6, sizeBytes: 3 }))
  expect(pieces.map(({ sizeBytes, crc32 }) => [sizeBytes, crc32])).toEqual([[3, 0x352441c2]])
  expect(inflateRawSync(bytes, { finishFlush: 2 }).toString()).toBe('abc'.repeat(100))
})

it('hands failures on', async () => {
  const path = join(folder, 'absent')
  await expect(lateThreads(1).digest(path, { algorithm: 'sha256', sizeBytes: 3 })).rejects.toThrow('absent')
  await expect(Array.fromAsync(lateThreads(1).deflateFile(path, { level: 6, sizeBytes: 3 }))).rejects.toThrow('absent')
})
