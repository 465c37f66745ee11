// Tests of compound files: written, read back by 7z and by our reader, cut and changed.
import { describe, expect, it } from 'vitest'
import { fromBytes } from '../bytes.ts'
import { all, codeOf, itWith, judge, randomNumbers, sampleBytes } from '../testing/archives.ts'
import { readCfb } from './read.ts'
import { compareNames, treeOf } from './tree.ts'
import { cfbFile, type CfbStream } from './write.ts'

const clsid = Uint8Array.from({ length: 16 }, (_, at) => at + 1)
const stream = (name: string, bytes: Uint8Array): CfbStream => ({ name, sizeBytes: bytes.length, bytes: () => [bytes] })
const made = async (streams: readonly CfbStream[], version: 3 | 4 = 3): Promise<Uint8Array> =>
  all(cfbFile(streams, { clsid, version }).bytes())
const wholeOf = async (bytes: Uint8Array): Promise<Readonly<Record<string, Uint8Array>>> => {
  const found: Record<string, Uint8Array> = {}
  for (const { path, sizeBytes, open } of (await readCfb(fromBytes(bytes))).streams) {
    // Cut anywhere, the pieces are the whole.
    const [first, rest] = [await open().read(0, sizeBytes >> 1), await open().read(sizeBytes >> 1, sizeBytes)]
    found[path] = Buffer.concat([first, rest])
  }
  return found
}
const sizes = [0, 1, 63, 64, 65, 511, 512, 513, 4095, 4096, 4097, 100_000]
const streams = sizes.map(size => stream(`s${size}`, sampleBytes(size, size + 1)))
const expected = Object.fromEntries(sizes.map(size => [`s${size}`, Buffer.from(sampleBytes(size, size + 1))]))

describe.each([3, 4] as const)('a compound file of version %i', version => {
  it('comes back stream by stream, and has the size that was said', async () => {
    const bytes = await made(streams, version)
    expect(bytes.length).toBe(cfbFile(streams, { clsid, version }).sizeBytes)
    expect(await wholeOf(bytes)).toEqual(expected)
    expect(await readCfb(fromBytes(bytes))).toMatchObject({ version, clsid: '{04030201-0605-0807-090A-0B0C0D0E0F10}' })
  })
  it('has tables that need tables of their own', async () => {
    // More than 109 sectors of FAT: 7 MB in sectors of 512 bytes, 457 MB in larger ones.
    const large = sampleBytes(version === 3 ? 16_000_000 : 1_000_000, 7)
    const bytes = await made([stream('large', large), stream('other', large.subarray(0, 5000))], version)
    expect(Buffer.compare((await wholeOf(bytes))['large'] ?? new Uint8Array(0), large)).toBe(0)
    if (version === 3) expect(new DataView(bytes.buffer).getUint32(72, true)).toBe(2)
  })
  itWith('7z')('is unpacked by 7z, and no cut one', async () => {
    const bytes = await made(streams, version)
    const [listed = ''] = await judge(bytes, 'a.bin', [
      ['7z', 't', 'FILE'],
      ['7z', 'x', '-oFOLDER/out', 'FILE'],
      ...sizes.map(size => ['sh', '-c', `test $(stat -c %s FOLDER/out/s${size}) = ${size}`]),
    ])
    expect(listed).toContain('Type = Compound')
    await expect(judge(bytes.subarray(0, bytes.length - 8192), 'a.bin', [['7z', 't', 'FILE']])).rejects.toThrow('Command failed')
  })
})

describe('the directory', () => {
  it('is a search tree of black levels and a red last one', () => {
    for (const count of [0, 1, 2, 3, 4, 7, 8, 100]) {
      const { root, entries } = treeOf(Array.from({ length: count }, (_, at) => `n${at}`))
      const blackHeights = new Set<number>()
      const walk = (index: number, blacks: number, above: boolean): readonly string[] => {
        const entry = entries[index - 1]
        if (entry === undefined) {
          blackHeights.add(blacks)
          return []
        }
        expect(above && entry.isRed).toBe(false)
        const here = blacks + (entry.isRed ? 0 : 1)
        return [...walk(entry.left, here, entry.isRed), entry.name, ...walk(entry.right, here, entry.isRed)]
      }
      const names = walk(root, 0, false)
      expect(names).toEqual([...names].sort(compareNames))
      expect(names).toHaveLength(count)
      expect(blackHeights.size).toBe(1)
    }
  })
  it('has short names first, and no difference between small and capital letters', () => {
    expect(['bb', 'a', 'B', 'aaa'].sort(compareNames)).toEqual(['a', 'B', 'bb', 'aaa'])
    expect(compareNames('ab', 'AB')).toBe(0)
  })
  it('refuses names that are none, or one', async () => {
    const one = new Uint8Array(1)
    for (const name of ['', 'a/b', 'a:b', 'x'.repeat(32)]) expect(await codeOf(() => made([stream(name, one)])), name).toBe('cfb/bad-name')
    expect(await codeOf(() => made([stream('a', one), stream('A', one)]))).toBe('cfb/same-name')
  })
})

describe('writing', () => {
  it('refuses a stream that has another size than it said, and files beyond 2 GB', async () => {
    expect(await codeOf(() => made([{ name: 'a', sizeBytes: 5, bytes: () => [new Uint8Array(4)] }]))).toBe('cfb/size-changed')
    expect(await codeOf(() => made([{ name: 'a', sizeBytes: 4, bytes: () => [new Uint8Array(4), new Uint8Array(1)] }]))).toBe(
      'cfb/size-changed',
    )
    expect(await codeOf(() => made([{ name: 'a', sizeBytes: 0x7fffff00, bytes: () => [] }]))).toBe('cfb/too-large')
  })
})

describe('reading', () => {
  const reading = async (change: (bytes: Uint8Array, view: DataView) => void): Promise<string> => {
    const bytes = await made(streams)
    change(bytes, new DataView(bytes.buffer))
    return codeOf(() => wholeOf(bytes))
  }
  it('says what is wrong', async () => {
    expect(await codeOf(() => wholeOf(new Uint8Array(600)))).toBe('cfb/bad-magic')
    expect(await codeOf(() => wholeOf(new Uint8Array(100)))).toBe('cfb/truncated')
    expect(await reading((_, view) => view.setUint16(30, 12, true))).toBe('cfb/bad-header')
    expect(await reading((_, view) => view.setUint32(44, 0xffffff, true))).toBe('cfb/bad-header')
    expect(await reading((_, view) => view.setUint32(48, 0xffffff, true))).toBe('cfb/bad-chain')
    // The first table of sectors lies behind the header: the directory leads to itself.
    expect(await reading((_, view) => view.setUint32(512 + 4 * view.getUint32(48, true), view.getUint32(48, true), true))).toBe(
      'cfb/bad-chain',
    )
    const root = (view: DataView): number => 512 + 512 * view.getUint32(48, true)
    expect(await reading((_, view) => view.setUint8(root(view) + 66, 2))).toBe('cfb/bad-directory')
    expect(await reading((_, view) => view.setUint32(root(view) + 76, 9999, true))).toBe('cfb/bad-directory')
    expect(await reading((_, view) => view.setUint32(root(view) + 128 + 68, 1, true))).toBe('cfb/bad-directory')
  })
  it('ends with a code or an answer whatever a byte is changed to', async () => {
    const bytes = await made(streams)
    const next = randomNumbers(5)
    for (let round = 0; round < 400; round++) {
      const changed = bytes.slice(0, round % 4 === 0 ? next() % bytes.length : bytes.length)
      // Half of them in the header and the tables.
      for (let at = 0; at < 3; at++) changed[next() % (round % 2 === 0 ? changed.length : Math.min(4096, changed.length))] = next() & 0xff
      expect(await codeOf(() => wholeOf(changed))).toMatch(/^(no error|(cfb|bytes)\/[a-z-]+)$/)
    }
  })
})
