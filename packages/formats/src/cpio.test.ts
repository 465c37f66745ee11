// Tests of cpio: round trips, GNU cpio and bsdtar as foreign readers and writers, broken files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { concat, encodeText, equalBytes } from './bytes.ts'
import {
  type CpioEntry,
  cpioEnd,
  type CpioFound,
  cpioHeader,
  cpioPadding,
  limitCpioFileBytes,
  limitCpioPathBytes,
  type CpioReading,
  readCpio,
  strippedHeader,
  writeCpio,
} from './cpio.ts'
import { all, codeOf, inPieces, judge, mutate, sampleBytes } from './testing/archives.ts'

const generous = { limitEntries: 10_000, limitBytes: 2 ** 31 }
const mtime = 1_700_000_000
const file = (path: string, content: Uint8Array, more: Partial<CpioEntry> = {}) => ({
  path,
  type: 'file' as const,
  mode: 0o644,
  mtime,
  sizeBytes: content.length,
  bytes: () => inPieces(content, 100_000),
  ...more,
})
const folder = (path: string) => ({ path, type: 'folder' as const, mode: 0o755, mtime, sizeBytes: 0 })
const symlink = (path: string, linkTarget: string) => ({ path, type: 'symlink' as const, mode: 0o777, mtime, sizeBytes: 0, linkTarget })

type Read = Omit<CpioFound, 'bytes'> & { content: Uint8Array }
const readAll = async (bytes: Uint8Array, pieceBytes = 65_536, options: CpioReading = generous): Promise<Read[]> => {
  const list: Read[] = []
  for await (const { bytes: content, ...entry } of readCpio(inPieces(bytes, pieceBytes), options))
    list.push({ ...entry, content: await all(content()) })
  return list
}

const hostile = [
  folder('./app'),
  file('./app/empty', new Uint8Array(0)),
  ...[1, 2, 3, 4, 5].map(size => file(`./app/${'n'.repeat(size)}`, sampleBytes(size), { mode: 0o4755 })),
  file('./app/-rf *;$(x)\t"\'\\', sampleBytes(5)),
  file('./app/Grüße/日本語/🚢.txt', sampleBytes(10)),
  file(`./${'d'.repeat(200)}/${'e'.repeat(200)}`, sampleBytes(70_001)),
  symlink('./app/link', 'n'),
  symlink('./app/up', '../../zür'),
]

describe('cpio', () => {
  it('writes the header of cpio(5) to the byte', () => {
    const fields = '00000001000081a40000000000000000000000016553f1000000000200000000000000000000000000000000'
    const expected = `070701${fields}0000000600000000./a/b\0`
    expect(new TextDecoder().decode(cpioHeader(file('./a/b', sampleBytes(2)), 1))).toBe(expected)
    expect(expected.length % 4).toBe(0)
    expect(cpioEnd).toHaveLength(124)
    expect([0, 1, 2, 3, 4].map(size => cpioPadding(size).length)).toEqual([0, 3, 2, 1, 0])
  })

  it('comes back as it was, whatever the names and sizes, in any pieces', async () => {
    const archive = await all(writeCpio(hostile))
    for (const pieceBytes of [7, 65_536]) {
      const found = await readAll(archive, pieceBytes)
      expect(found.map(one => [one.path, one.type, one.mode, one.mtime, one.sizeBytes, one.linkTarget, one.inode])).toEqual(
        hostile.map((one, index) => [
          one.path,
          one.type,
          one.mode,
          one.mtime,
          one.sizeBytes,
          'linkTarget' in one ? one.linkTarget : undefined,
          index + 1,
        ]),
      )
      for (const one of found) if (one.type === 'file') expect(equalBytes(one.content, sampleBytes(one.sizeBytes))).toBe(true)
    }
  })

  it('comes back for any tree', async () => {
    const step = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter(one => !/[/\\\0]|^\.\.?$|^[A-Za-z]:/.test(one))
    const path = fc.array(step, { minLength: 1, maxLength: 5 }).map(steps => `./${steps.join('/')}`)
    const tree = fc.uniqueArray(fc.tuple(path, fc.integer({ min: 0, max: 5000 })), { maxLength: 20, selector: ([one]) => one })
    await fc.assert(
      fc.asyncProperty(tree, fc.integer({ min: 100, max: 10_000 }), async (entries, pieceBytes) => {
        const found = await readAll(await all(writeCpio(entries.map(([one, size]) => file(one, sampleBytes(size))))), pieceBytes)
        expect(found.map(one => [one.path, one.sizeBytes])).toEqual(entries)
        expect(found.every(one => equalBytes(one.content, sampleBytes(one.sizeBytes)))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('skips what nobody reads, and hands content out once', async () => {
    const archive = await all(writeCpio([file('./a', sampleBytes(9)), file('./b', sampleBytes(3))]))
    const found: CpioFound[] = []
    for await (const one of readCpio(inPieces(archive, 10), generous)) found.push(one)
    expect(found.map(one => one.path)).toEqual(['./a', './b'])
    const [first] = found
    expect(await codeOf(() => all(first?.bytes() ?? []))).toBe('cpio/passed')
  })

  it('refuses what does not fit', async () => {
    const bad: Partial<CpioEntry>[] = [
      { path: '' },
      { path: '/a' },
      { path: './../a' },
      { path: 'a\0b' },
      { path: 'a/' },
      { path: 'TRAILER!!!' },
      { path: 'p'.repeat(limitCpioPathBytes + 1) },
      { sizeBytes: -1 },
      { sizeBytes: 1.5 },
      { mtime: -1 },
      { mtime: 2 ** 32 },
      { mode: 0o10000 },
      { linkTarget: 'x' },
      { type: 'symlink', sizeBytes: 0 },
      { type: 'symlink', sizeBytes: 0, linkTarget: 'a\0' },
      { type: 'symlink', sizeBytes: 0, linkTarget: 't'.repeat(4096) },
      { type: 'folder' },
    ]
    const entry: CpioEntry = { path: 'a', type: 'file', mode: 0o644, sizeBytes: 1, mtime: 0 }
    for (const one of bad) expect([one, await codeOf(() => cpioHeader({ ...entry, ...one }, 1))]).toEqual([one, 'cpio/bad-entry'])
    expect(await codeOf(() => cpioHeader(entry, 0))).toBe('cpio/bad-entry')
    expect(cpioHeader({ ...entry, sizeBytes: limitCpioFileBytes }, 1)).toHaveLength(112)
    expect(() => cpioHeader({ ...entry, sizeBytes: limitCpioFileBytes + 1 }, 1)).toThrow(/at most 4294967295/)
    expect(await codeOf(() => cpioHeader({ ...entry, sizeBytes: limitCpioFileBytes + 1 }, 1))).toBe('cpio/too-large')
    for (const size of [9, 11])
      expect(await codeOf(() => all(writeCpio([{ ...file('a', sampleBytes(size)), sizeBytes: 10 }])))).toBe('cpio/size-changed')
  })

  const header = (fields: Partial<Record<number, number>>, { magic = '070701', name = 'a\0' } = {}): Uint8Array => {
    const defaults: Record<number, number> = { 0: 1, 1: 0o100644, 4: 1, 11: name.length }
    const numbers = Array.from({ length: 13 }, (_, index) => fields[index] ?? defaults[index] ?? 0)
    const bytes = encodeText(`${magic}${numbers.map(one => one.toString(16).padStart(8, '0')).join('')}${name}`)
    return concat([bytes, cpioPadding(bytes.length)])
  }

  it('reads entries that are only a place in the list of an rpm', async () => {
    const listed = [
      { path: '/a', type: 'file', mode: 0o4755, sizeBytes: 3, mtime: 7 },
      { path: '/d', type: 'folder', mode: 0o755, sizeBytes: 4096, mtime: 7 },
      { path: '/l', type: 'symlink', mode: 0o777, sizeBytes: 1, mtime: 7 },
    ] as const
    const bytes = concat([strippedHeader(0), encodeText('abc'), cpioPadding(3), strippedHeader(1), strippedHeader(2, 'a'), cpioEnd])
    const found = await readAll(bytes, 100, { ...generous, listed })
    expect(found).toMatchObject([
      { path: './a', type: 'file', mode: 0o4755, mtime: 7, inode: 1 },
      { path: './d', type: 'folder', mode: 0o755 },
      { path: './l', type: 'symlink', linkTarget: 'a', inode: 3 },
    ])
    for (const place of ['00000003', 'zzzzzzzz'])
      expect(await codeOf(() => readAll(concat([encodeText(`07070X${place}\0\0`), cpioEnd]), 100, { ...generous, listed }))).toBe(
        'cpio/bad-header',
      )
  })

  it('says what is wrong', async () => {
    const cases: [string, Uint8Array][] = [
      ['cpio/truncated', new Uint8Array(0)],
      ['cpio/truncated', header({ 6: 4 })],
      ['cpio/truncated', header({})],
      ['cpio/bad-header', new Uint8Array(110)],
      ['cpio/bad-header', concat([encodeText('070701'), encodeText('x'.repeat(104))])],
      ['cpio/bad-header', header({ 11: 1 })],
      ['cpio/bad-header', header({ 11: 2 ** 20 })],
      ['cpio/bad-header', header({ 1: 0o040755, 6: 1 })],
      ['cpio/bad-header', header({ 1: 0o120777 })],
      ['cpio/bad-header', header({ 1: 0o120777, 6: 2 ** 31 })],
      ['cpio/bad-name', concat([header({ 1: 0o120777, 6: 4 }), encodeText('a\0bc')])],
      ['cpio/bad-name', header({}, { name: 'ab' })],
      ['cpio/bad-name', header({}, { name: 'a\0b\0' })],
      ['cpio/bad-name', concat([header({}).subarray(0, 110), Uint8Array.of(0xff, 0)])],
      ['cpio/bad-header', header({}, { magic: '070707' }).map(byte => (byte === 0x30 ? 0x39 : byte))],
      ['cpio/bad-header', encodeText(`070707${'0'.repeat(69)}9a`)],
      ['cpio/unsupported', header({}, { magic: '07070X' })],
      ['cpio/bad-checksum', concat([header({ 6: 4, 12: 9 }, { magic: '070702' }), sampleBytes(4), cpioEnd])],
      ['cpio/trailing-data', concat([cpioEnd, encodeText('more')])],
    ]
    for (const [index, [code, bytes]] of cases.entries()) expect([index, await codeOf(() => readAll(bytes))]).toEqual([index, code])
    const two = await all(writeCpio([file('a', sampleBytes(1)), file('b', sampleBytes(1))]))
    expect(await codeOf(() => readAll(two, 100, { ...generous, limitEntries: 1 }))).toBe('cpio/too-many-entries')
    expect(await codeOf(() => readAll(two, 100, { ...generous, limitBytes: 200 }))).toBe('cpio/too-large')
    expect(await readAll(concat([cpioEnd, new Uint8Array(388)]))).toEqual([])
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const bytes = await all(
      writeCpio([folder('./a'), file('./a/odd', sampleBytes(41)), symlink('./a/l', 'odd'), file('./b', sampleBytes(4))]),
    )
    const result = await mutate(bytes, broken => readAll(broken))
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(700)
    expect(result.slowestMs).toBeLessThan(1000)
  })
})

describeWithJudge(['cpio', 'bsdtar'], 'cpio, as others see it', () => {
  it('is listed and unpacked by GNU cpio and bsdtar', async () => {
    const archive = await all(writeCpio(hostile))
    const [listed = '', also = ''] = await judge(archive, 'a.cpio', [
      ['sh', '-c', 'cpio -t --quiet < "$1"', 'sh', 'FILE'],
      ['bsdtar', '-tf', 'FILE'],
    ])
    expect(listed.split('\n').filter(line => line !== '')).toHaveLength(hostile.length)
    expect(listed).toContain('Grüße/日本語/🚢.txt\n')
    expect(also.split('\n').filter(line => line !== '')).toHaveLength(hostile.length)
    const [sum = ''] = await judge(archive, 'a.cpio', [
      ['sh', '-c', 'mkdir "$2/out" && cd "$2/out" && cpio -id --quiet < "$1" && cat app/nnnn && readlink app/link', 'sh', 'FILE', 'FOLDER'],
    ])
    expect(sum).toBe(`${new TextDecoder('latin1').decode(sampleBytes(4))}n\n`)
    await expect(judge(archive.subarray(0, 300), 'a.cpio', [['sh', '-c', 'cpio -t --quiet < "$1"', 'sh', 'FILE']])).rejects.toThrow(
      'premature end',
    )
  })

  it.each(['newc', 'crc'])('reads what GNU cpio writes as %s', async form => {
    const place = mkdtempSync(join(tmpdir(), 'cpio-'))
    try {
      const script = `umask 022; echo hello > one; ln one two; ln -s one three; mkdir four; find one two three four | cpio -o --quiet -H ${form} > ../a.cpio`
      execFileSync('sh', ['-c', `mkdir in && cd in && ${script}`], { cwd: place })
      const found = await readAll(new Uint8Array(readFileSync(join(place, 'a.cpio'))))
      expect(found.map(one => [one.path, one.type, one.links, one.linkTarget, new TextDecoder().decode(one.content)])).toEqual([
        ['one', 'file', 2, undefined, ''],
        ['two', 'file', 2, undefined, 'hello\n'],
        ['three', 'symlink', 1, 'one', ''],
        ['four', 'folder', 2, undefined, ''],
      ])
    } finally {
      rmSync(place, { recursive: true })
    }
  })
})
