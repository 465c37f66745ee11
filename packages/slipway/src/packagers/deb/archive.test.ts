// The data member of very many files waits on disk: the same bytes as without.
import { describe, expect, it } from 'vitest'
import { madeFile } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'
import { tarGzMember, type Member } from './archive.ts'

const bytesOf = async ({ bytes, sizeBytes }: Member): Promise<Buffer> => {
  const whole = Buffer.concat(await Array.fromAsync(bytes(), chunk => chunk.slice()))
  expect(whole.length).toBe(sizeBytes)
  return whole
}

describe('tarGzMember', () => {
  it('writes the same through a spool, which only many files need', { timeout: 60_000 }, async () => {
    const files = Array.from({ length: 10_000 }, (_, index) => madeFile(`usr/lib/tool/${index}`, String(index)))
    let spooled = 0
    const spool: NonNullable<PackSubject['spool']> = async chunks => {
      spooled += 1
      const kept = await Array.fromAsync(chunks, chunk => chunk.slice())
      return async function* () {
        yield* kept
      }
    }
    const options = { date: 1_700_000_000, level: 1 }
    const once = await bytesOf(await tarGzMember(files, { ...options, spool }))
    expect(spooled).toBe(1)
    expect(once.equals(await bytesOf(await tarGzMember(files, options)))).toBe(true)
    await tarGzMember(files.slice(1), { ...options, spool })
    expect(spooled).toBe(1)
  })
})
