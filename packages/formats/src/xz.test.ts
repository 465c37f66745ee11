// xz against the tool of that name, both ways, at the edges of its blocks; and against what is damaged or asks for too much.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { expect, it, describe } from 'vitest'
import { concat, rechunk } from './bytes.ts'
import { compressXz, decompressXz, packXz, unpackXz, unpackXzNow, xzBlockBytes } from './xz.ts'
import { loadLzma } from './xz/lzma.ts'
import { all, itWith, sampleBytes } from './testing/archives.ts'

const pack = (bytes: Uint8Array, more: { level?: number; parallel?: number } = {}) => all(compressXz([bytes], { level: 1, ...more }))
const unpack = (bytes: Uint8Array, limitBytes = 1 << 28) => all(decompressXz(rechunk([bytes], 10_000), { limitBytes }))
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const xz = (input: Uint8Array, ...args: string[]): Buffer => execFileSync('xz', args, { input, maxBuffer: 1 << 28, stdio: 'pipe' })
const large = new Uint8Array(xzBlockBytes * 2 + 12_345)
for (let at = 0; at < large.length; at += 300_000) large.set(sampleBytes(50_000, at + 1).subarray(0, large.length - at), at)

describe('compressXz', () => {
  itWith('xz')('writes one stream of several blocks that xz tests and unpacks', async () => {
    for (const plain of [new Uint8Array(), Uint8Array.of(1), large.subarray(0, xzBlockBytes), large.subarray(0, xzBlockBytes + 1), large]) {
      const packed = await pack(plain)
      xz(packed, '--test', '-')
      expect(digest(xz(packed, '-dc')), `${plain.length}`).toBe(digest(plain))
      expect(digest(await unpack(packed))).toBe(digest(plain))
    }
  })
  itWith('xz')('is refused by xz and by us where a byte was changed or the end is missing', async () => {
    const packed = await pack(large)
    const tampered = [packed.length >> 1, 8, 14, packed.length - 3].map(at =>
      packed.map((byte, index) => (index === at ? byte ^ 0x10 : byte)),
    )
    for (const bytes of [...tampered, packed.subarray(0, -5), packed.subarray(0, packed.length >> 1)]) {
      expect(() => xz(bytes, '--test', '-')).toThrow(/Command failed|EPIPE/)
      await expect(unpack(bytes)).rejects.toMatchObject({ code: expect.stringMatching(/^xz\//) as string })
    }
  })
  it('gives the same bytes for any cut of input and number of threads, and other bytes for another level', async () => {
    const first = digest(await pack(large))
    expect(digest(await all(compressXz(rechunk([large], 77_777), { level: 1, parallel: 4 })))).toBe(first)
    expect(digest(await pack(large, { parallel: 1 }))).toBe(first)
    expect(digest(await pack(large, { level: 3 }))).not.toBe(first)
  })
  it('stops when its reader does, and says what its input says', async () => {
    for await (const _ of compressXz([large], { level: 1 })) break
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield large.subarray(0, 100)
      throw new Error('the disk is gone')
    }
    await expect(all(compressXz(broken(), { level: 1 }))).rejects.toThrow('the disk is gone')
    await expect(all(decompressXz(broken(), { limitBytes: 1 }))).rejects.toThrow('the disk is gone')
  })
})

describe('decompressXz', () => {
  itWith('xz')('reads what xz writes: every check, filters, many blocks, several streams with padding', async () => {
    const plain = large.subarray(0, 3_000_000)
    for (const args of [
      ['-1'],
      ['-9e'],
      ['-C', 'none'],
      ['-C', 'sha256'],
      ['--x86', '--lzma2=preset=1'],
      ['--block-size=100000'],
      ['-T2', '-1'],
    ])
      expect(digest(await unpack(xz(plain, '-zc', ...args))), args.join(' ')).toBe(digest(plain))
    const twice = concat([xz(plain, '-zc1'), new Uint8Array(8), xz(plain, '-zc1')])
    expect(digest(await unpack(twice))).toBe(digest(concat([plain, plain])))
  })
  itWith('xz')('refuses what unpacks to too much, or needs too much memory for it', async () => {
    const bomb = xz(new Uint8Array(1 << 26), '-zc6')
    await expect(unpack(bomb, 1 << 20)).rejects.toMatchObject({ code: 'xz/too-large' })
    const greedy = xz(new Uint8Array(10), '-zc', '--lzma2=preset=1,dict=256MiB')
    await expect(unpack(greedy)).rejects.toMatchObject({ code: 'xz/too-large' })
  })
  it('refuses what is no xz', async () => {
    await expect(unpack(new TextEncoder().encode('hello, this is no xz at all'))).rejects.toMatchObject({ code: 'xz/corrupt' })
    await expect(unpack(new Uint8Array())).rejects.toMatchObject({ code: 'xz/corrupt' })
  })
})

describe('packXz', () => {
  itWith('xz')('keeps small pieces in a window of their own size, which xz unpacks with as much memory', async () => {
    await loadLzma()
    for (const sizeBytes of [1, 100, 8192, 131_072, 1 << 20]) {
      const plain = sampleBytes(sizeBytes, 3)
      for (const packed of [await packXz(plain, { level: 9 }), await packXz(plain, { level: 1 })]) {
        expect(digest(xz(packed, '-dc', `--memlimit=${100_000 + Math.max(4096, sizeBytes * 1.5)}`))).toBe(digest(plain))
        expect(digest(await unpackXz(packed, { limitBytes: sizeBytes }))).toBe(digest(plain))
        expect(digest(unpackXzNow(packed, { limitBytes: sizeBytes }))).toBe(digest(plain))
        expect(() => unpackXzNow(packed, { limitBytes: sizeBytes - 1 })).toThrow('unpacks to more than')
      }
    }
  })
  itWith('xz')('measures before it unpacks, whatever the sizes in the headers say', async () => {
    await loadLzma()
    const bomb = xz(new Uint8Array(1 << 28), '-zc0')
    await expect(unpackXz(bomb, { limitBytes: 1 << 20 })).rejects.toMatchObject({ code: 'xz/too-large' })
    const plain = sampleBytes(50_000, 5)
    for (const args of [['-C', 'sha256'], ['--x86', '--lzma2=preset=1'], ['--block-size=10000']])
      expect(digest(await unpackXz(xz(plain, '-zc', ...args), { limitBytes: 50_000 }))).toBe(digest(plain))
    const damaged = await packXz(plain, { level: 6 })
    for (const end of [0, 5, 13, 20, 1000])
      expect(() => unpackXzNow(damaged.subarray(0, end), { limitBytes: 50_000 })).toThrow('not sound xz')
    damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1
    expect(() => unpackXzNow(damaged, { limitBytes: 50_000 })).toThrow('not sound xz')
    await expect(unpackXz(damaged, { limitBytes: 50_000 })).rejects.toMatchObject({ code: 'xz/corrupt' })
  })
})
