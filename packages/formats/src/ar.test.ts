// Tests of ar: what binutils reads and writes, and broken files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ArEntry, arHeader, arMagic, arPadding, readAr, writeAr } from './ar.ts'
import { concat, encodeText, fromBytes } from './bytes.ts'
import { all, codeOf, inPieces, itWith, judge, mutate, sampleBytes } from './testing/archives.ts'

const member = (name: string, content: Uint8Array) => ({
  name,
  sizeBytes: content.length,
  mtime: 1_700_000_000,
  mode: 0o100644,
  bytes: () => inPieces(content, 1000),
})
const limit = { limitEntries: 100 }
const entry: ArEntry = { name: 'a', sizeBytes: 1, mtime: 0, mode: 0o100644 }

describe('ar', () => {
  it('writes the header of deb(5) to the byte', () => {
    const expected = 'debian-binary   1700000000  0     0     100644  4         `\n'
    expect(arHeader({ name: 'debian-binary', sizeBytes: 4, mtime: 1_700_000_000, mode: 0o100644 })).toEqual(encodeText(expected))
    expect([arPadding(3), arPadding(4)]).toEqual([encodeText('\n'), new Uint8Array(0)])
  })

  itWith('ar')('is read by binutils and by us', async () => {
    const bytes = await all(
      writeAr([
        member('debian-binary', encodeText('2.0\n')),
        member('odd', sampleBytes(4097)),
        member('empty', new Uint8Array(0)),
        member('data.tar.xz', sampleBytes(6)),
      ]),
    )
    const [listed = ''] = await judge(bytes, 'a.deb', [['ar', 'tv', 'FILE']])
    expect(listed.split('\n').map(line => line.replace(/ +/g, ' ').replace(/ \w+ \d+ \d+:\d+ \d+ /, ' '))).toEqual([
      'rw-r--r-- 0/0 4 debian-binary',
      'rw-r--r-- 0/0 4097 odd',
      'rw-r--r-- 0/0 0 empty',
      'rw-r--r-- 0/0 6 data.tar.xz',
      '',
    ])
    const found = await readAr(fromBytes(bytes), limit)
    expect(found.map(one => [one.name, one.sizeBytes, one.mtime, one.mode])).toEqual([
      ['debian-binary', 4, 1_700_000_000, 0o100644],
      ['odd', 4097, 1_700_000_000, 0o100644],
      ['empty', 0, 1_700_000_000, 0o100644],
      ['data.tar.xz', 6, 1_700_000_000, 0o100644],
    ])
    const odd = found[1]?.offset ?? 0
    expect(bytes.subarray(odd, odd + 4097)).toEqual(sampleBytes(4097))
  })

  itWith('ar')('reads the long names of GNU', async () => {
    const place = mkdtempSync(join(tmpdir(), 'archive-'))
    try {
      execFileSync(
        'sh',
        [
          '-c',
          'echo x > short; echo yy > a-name-longer-than-sixteen; echo z > another-name-longer-than-sixteen; ar qcD a.a short a-name* another*',
        ],
        { cwd: place },
      )
      const found = await readAr(fromBytes(new Uint8Array(readFileSync(join(place, 'a.a')))), limit)
      expect(found.map(one => [one.name, one.sizeBytes])).toEqual([
        ['short', 2],
        ['a-name-longer-than-sixteen', 3],
        ['another-name-longer-than-sixteen', 2],
      ])
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  const raw = (name: string, sizeBytes: number, content: string): Uint8Array =>
    concat([arMagic, encodeText(`${name.padEnd(16)}${'0'.padEnd(12)}0     0     100644  ${String(sizeBytes).padEnd(10)}\`\n${content}`)])

  it('reads the long names of BSD', async () => {
    const found = await readAr(fromBytes(raw('#1/20', 24, `${'a-rather-long-name'}\0\0body`)), limit)
    expect(found).toMatchObject([{ name: 'a-rather-long-name', sizeBytes: 4, offset: 88 }])
  })

  it('refuses what does not fit', async () => {
    const bad: Partial<ArEntry>[] = [
      { name: '' },
      { name: 'x'.repeat(17) },
      { name: 'a b' },
      { name: 'a/b' },
      { name: 'é' },
      { name: '#1/3' },
      { sizeBytes: 1e10 },
      { sizeBytes: -1 },
      { mtime: 0.5 },
      { mode: 0o1_000_000_00 * 8 },
    ]
    for (const one of bad) expect([one, await codeOf(() => arHeader({ ...entry, ...one }))]).toEqual([one, 'ar/bad-entry'])
    for (const size of [9, 11])
      expect(await codeOf(() => all(writeAr([{ ...member('a', sampleBytes(size)), sizeBytes: 10 }])))).toBe('ar/size-changed')
  })

  it('says what is wrong', async () => {
    const header = (at: number, text: string): Uint8Array => {
      const bytes = raw('a', 2, 'xx')
      bytes.set(encodeText(text), 8 + at)
      return bytes
    }
    const cases: [string, Uint8Array][] = [
      ['ar/bad-magic', encodeText('!<arch>')],
      ['ar/bad-magic', encodeText('!<thin>\n')],
      ['ar/truncated', raw('a', 3, 'xx')],
      ['ar/truncated', raw('a', 3, 'xx').subarray(0, 60)],
      ['ar/bad-header', header(58, '``')],
      ['ar/bad-header', header(48, '-1')],
      ['ar/bad-header', header(48, '  ')],
      ['ar/bad-header', header(40, '9')],
      ['ar/bad-header', raw('//', 2 ** 25, '')],
      ['ar/bad-name', header(0, '/5')],
      ['ar/bad-name', header(0, '#1/3')],
      ['ar/bad-name', header(0, ' ')],
      ['ar/bad-name', header(0, '\0')],
    ]
    for (const [index, [code, bytes]] of cases.entries()) {
      // The table that is too long must also be in the file for its length to count.
      const source = index === 8 ? { ...fromBytes(bytes), sizeBytes: 2 ** 26 } : fromBytes(bytes)
      expect([index, await codeOf(() => readAr(source, limit))]).toEqual([index, code])
    }
    const many = await all(writeAr([member('a', sampleBytes(1)), member('b', sampleBytes(1))]))
    expect(await codeOf(() => readAr(fromBytes(many), { limitEntries: 1 }))).toBe('ar/too-many-entries')
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const bytes = await all(
      writeAr([member('debian-binary', encodeText('2.0\n')), member('odd', sampleBytes(41)), member('even', sampleBytes(40))]),
    )
    const result = await mutate(bytes, broken => readAr(fromBytes(broken), limit))
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(700)
  })
})
