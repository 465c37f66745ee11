// Where the library has no build: said with a code, and nothing else is touched by it.
import { describe, expect, it, vi } from 'vitest'
import { fromBytes } from '../bytes.ts'
import { writeSquashfs } from '../squashfs/write.ts'
import { readSquashfs } from '../squashfs/read.ts'
import { all } from '../testing/archives.ts'
import { compressXz, decompressXz, unpackXzNow } from '../xz.ts'
import { xzStreamHeader } from './container.ts'

vi.mock('@napi-rs/lzma', () => {
  throw new Error('Cannot find native binding')
})

describe('a machine without the library', () => {
  it('says so for xz', async () => {
    const limits = { limitBytes: 100 }
    await expect(all(compressXz([Uint8Array.of(1)], { level: 6 }))).rejects.toMatchObject({ code: 'xz/no-library' })
    await expect(all(decompressXz([Uint8Array.of(1)], limits))).rejects.toMatchObject({ code: 'xz/no-library' })
    expect(() => unpackXzNow(xzStreamHeader, limits)).toThrow('it was not loaded')
    const many = { type: 'file', path: 'x', mode: 0o644, sizeBytes: 200, bytes: () => [new Uint8Array(200).fill(1)] } as const
    const packing = writeSquashfs([many], { compression: { method: 'xz', level: 6 }, mtime: 0 })
    await expect(all(packing)).rejects.toMatchObject({ code: 'xz/no-library' })
  })
  it('packs and reads everything else', async () => {
    const image = await all(writeSquashfs([], { compression: { method: 'gzip', level: 6 }, mtime: 0 }))
    expect((await readSquashfs(fromBytes(image))).entries).toEqual([])
  })
})
