// Tests of tar: round trips over hostile names and sizes, foreign readers and writers, broken files.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { all, codeOf, deflatedBytes, inPieces, itWith, judge, listOf, mutate, sampleBytes } from './testing/archives.ts'
import { concat, encodeText, equalBytes } from './bytes.ts'
import { gunzipStream, gzipOf } from './gzip.ts'
import { parsePax } from './tar-pax.ts'
import {
  isInsideLink,
  isInsidePath,
  readTar,
  type TarEntry,
  type TarFound,
  tarEnd,
  tarGzParts,
  tarHeader,
  tarPadding,
  writeTar,
} from './tar.ts'

const MiB = 1 << 20
const generous = { limitEntries: 10_000, limitBytes: 2 ** 31 }
const mtime = 1_700_000_000

const file = (path: string, content: Uint8Array, more: Partial<TarEntry> = {}) => ({
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

type Read = Omit<TarFound, 'bytes'> & { content: Uint8Array }

const readAll = async (bytes: Uint8Array, pieceBytes = 65_536, options = generous): Promise<Read[]> => {
  const list: Read[] = []
  for await (const { bytes: content, ...entry } of readTar(inPieces(bytes, pieceBytes), options))
    list.push({ ...entry, content: await all(content()) })
  return list
}

const longName = (length: number): string =>
  `${'d'.repeat(60)}/`
    .repeat(10)
    .slice(0, length - 1)
    .replace(/\/$/, 'e') + 'f'

const hostileEntries = [
  folder('app'),
  folder('app/folder with a slash/'),
  file('app/empty', new Uint8Array(0)),
  file('app/one', sampleBytes(1), { mode: 0o4755 }),
  ...[511, 512, 513].map(size => file(`app/${size}`, sampleBytes(size))),
  file('app/-rf *;$(x)\n\t"\'\\', sampleBytes(5)),
  file('app/Grüße/日本語/🚢.txt', sampleBytes(10)),
  ...[99, 100, 101, 155, 156, 200, 255, 256, 257, 400].map(length => file(longName(length), sampleBytes(length))),
  file('n'.repeat(101), sampleBytes(3)),
  folder('m'.repeat(100)),
  folder(`${'m'.repeat(99)}o`),
  symlink('app/link', 'one'),
  symlink('app/up', '../../outside'),
  symlink('app/long', 't'.repeat(101)),
  symlink('app/ümlaut', 'zür'),
]

describe.each(['pax', 'gnu'] as const)('tar as %s', dialect => {
  it('comes back as it was, whatever the names and sizes', async () => {
    const archive = await all(writeTar(hostileEntries, { dialect }))
    for (const pieceBytes of [333, 65_536]) {
      const found = await readAll(archive, pieceBytes)
      expect(found.map(one => one.path)).toEqual(
        hostileEntries.map(one => (one.type === 'folder' && !one.path.endsWith('/') ? `${one.path}/` : one.path)),
      )
      for (const [index, one] of found.entries()) {
        const { path: _, ...written } = hostileEntries[index] ?? folder('')
        const { bytes, ...expected } = { bytes: undefined, ...written }
        expect(one).toMatchObject({ ...expected, uid: 0, gid: 0 })
        expect(
          equalBytes(one.content, bytes === undefined ? new Uint8Array(0) : await all((bytes as () => AsyncIterable<Uint8Array>)())),
        ).toBe(true)
      }
    }
  })

  itWith('tar', 'python3')('is read alike by GNU tar and by python', async () => {
    const archive = await all(writeTar(hostileEntries, { dialect }))
    const script = [
      'import tarfile,sys,json,zlib',
      't=tarfile.open(sys.argv[1])',
      'print(json.dumps([[m.name,m.size,m.mode,m.mtime,m.linkname,m.uname,m.uid,m.type.decode(),zlib.crc32(t.extractfile(m).read()) if m.isfile() else 0] for m in t]))',
    ].join('\n')
    const [listed = '', json = ''] = await judge(archive, 'a.tar', [
      ['tar', '--numeric-owner', '--quoting-style=literal', '--utc', '-tvf', 'FILE'],
      ['python3', '-c', script, 'FILE'],
    ])
    expect(listed).toContain('drwxr-xr-x 0/0               0 2023-11-14 22:13 app/folder with a slash/')
    expect(listed).toContain('-rwsr-xr-x 0/0               1 2023-11-14 22:13 app/one')
    expect(listed).toContain('app/Grüße/日本語/🚢.txt')
    expect(listed).toContain(`app/long -> ${'t'.repeat(101)}`)
    const members = JSON.parse(json) as [string, number, number, number, string, string, number, string, number][]
    expect(members.map(([path]) => path)).toEqual(hostileEntries.map(one => one.path.replace(/\/$/, '')))
    expect(members.every(([, , , time, , owner, uid]) => time === mtime && owner === 'root' && uid === 0)).toBe(true)
    expect(members.map(([, size]) => size)).toEqual(hostileEntries.map(one => one.sizeBytes))
    expect(members.map(([, , , , link]) => link)).toEqual(hostileEntries.map(one => ('linkTarget' in one ? one.linkTarget : '')))
  })

  it('keeps random trees', async () => {
    const step = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 70 }).map(text => `x${text.replace(/[\0/]/g, '_')}`)
    const path = fc
      .array(step, { minLength: 1, maxLength: 6 })
      .map(steps => steps.join('/'))
      .filter(isInsidePath)
    const size = fc.constantFrom(0, 1, 511, 512, 513, MiB - 1, MiB, MiB + 1)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(path, size), { maxLength: 3 }),
        fc.integer({ min: 500, max: 2 * MiB }),
        async (tree, pieceBytes) => {
          const entries = tree.map(([one, sizeBytes]) => file(one, sampleBytes(sizeBytes)))
          const found = await readAll(await all(writeTar(entries, { dialect })), pieceBytes)
          expect(found.map(one => [one.path, one.sizeBytes])).toEqual(tree)
          expect(found.every((one, index) => equalBytes(one.content, sampleBytes(tree[index]?.[1] ?? -1)))).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  })

  itWith('tar')('announces 8 GiB and more', async () => {
    const header = tarHeader(file('big', new Uint8Array(0), { sizeBytes: 8 * 2 ** 30 + 3 }), { dialect })
    for await (const found of readTar([header], generous)) {
      expect(found).toMatchObject({ path: 'big', sizeBytes: 8 * 2 ** 30 + 3 })
      break
    }
    const [listed = ''] = await judge(header, 'a.tar', [['sh', '-c', 'tar -tvf "$1" 2>/dev/null || true', 'sh', 'FILE']])
    expect(listed).toContain(' 8589934595 ')
  })

  itWith('gzip', 'tar')('gives the same through gzip parts, which reuse deflate streams', async () => {
    const content = sampleBytes(MiB + 7)
    const entries = [
      ...hostileEntries.filter(one => one.sizeBytes === 0),
      file('z', content),
      file('zz', content.subarray(0, 512)),
      folder('end'),
    ]
    const plain = await all(writeTar(entries, { dialect }))
    const parts = await Promise.all(
      entries.map(async one => (one.sizeBytes === 0 ? one : { ...one, deflated: await deflatedBytes(content.subarray(0, one.sizeBytes)) })),
    )
    const packed = await all(gzipOf(tarGzParts(parts, { dialect })))
    expect(equalBytes(await all(gunzipStream([packed], { limitBytes: 2 ** 30 })), plain)).toBe(true)
    const [, listed = ''] = await judge(packed, 'a.tar.gz', [
      ['gzip', '-t', 'FILE'],
      ['tar', '-tzf', 'FILE'],
    ])
    expect(listed.trim().split('\n').length).toBeGreaterThanOrEqual(entries.length)
  })
})

describe('tar writing', () => {
  it('uses the prefix before it uses pax, and pax only where needed', () => {
    expect(tarHeader(file(longName(100), new Uint8Array(0))).length).toBe(512)
    expect(tarHeader(file(`${'a'.repeat(150)}/${'b'.repeat(100)}`, new Uint8Array(0))).length).toBe(512)
    expect(tarHeader(file('a'.repeat(101), new Uint8Array(0))).length).toBe(1536)
    expect(tarHeader(file('é', new Uint8Array(0))).length).toBe(1536)
    expect(tarHeader(file('old', new Uint8Array(0), { mtime: -5 })).length).toBe(1536)
  })

  it('pads to blocks', () => {
    expect([0, 1, 511, 512, 513].map(size => tarPadding(size).length)).toEqual([0, 511, 1, 0, 511])
    expect(tarEnd.length).toBe(1024)
  })

  it.each([
    ['an absolute path', file('/etc/passwd', new Uint8Array(0))],
    ['a way out', file('a/../../b', new Uint8Array(0))],
    ['a NUL', file('a\0b', new Uint8Array(0))],
    ['no path', file('', new Uint8Array(0))],
    ['half a surrogate', file('\ud800', new Uint8Array(0))],
    ['a file with a slash', file('a/', new Uint8Array(0))],
    ['a negative size', file('a', new Uint8Array(0), { sizeBytes: -1 })],
    ['a fraction of a second', file('a', new Uint8Array(0), { mtime: 1.5 })],
    ['a mode with a type', file('a', new Uint8Array(0), { mode: 0o100644 })],
    ['a link without a target', symlink('a', '')],
    ['a file with a target', file('a', new Uint8Array(0), { linkTarget: 'b' })],
    ['a folder with bytes', { ...folder('a'), sizeBytes: 1 }],
  ])('refuses %s', async (_, entry) => {
    expect(await codeOf(() => tarHeader(entry))).toBe('tar/bad-entry')
  })

  it('refuses content of another length than announced', async () => {
    const short = { ...file('a', sampleBytes(9)), sizeBytes: 10 }
    const long = { ...file('a', sampleBytes(11)), sizeBytes: 10 }
    for (const entry of [short, long, { ...folder('a'), type: 'file' as const, sizeBytes: 10 }]) {
      expect(await codeOf(() => all(writeTar([entry])))).toBe('tar/size-changed')
    }
    expect(await codeOf(async () => listOf(tarGzParts([{ ...short, deflated: await deflatedBytes(sampleBytes(9)) }])))).toBe(
      'tar/size-changed',
    )
  })
})

describe('tar reading', () => {
  itWith('tar').each(['v7', 'oldgnu', 'gnu', 'ustar', 'posix'])('reads what GNU tar writes as %s', async format => {
    const place = mkdtempSync(join(tmpdir(), 'archive-'))
    try {
      const long = format === 'v7' ? 'short' : `${'p'.repeat(80)}-${'q'.repeat(10)}`
      execFileSync(
        'sh',
        ['-c', `mkdir -p in/sub/${long} && printf hello > in/sub/${long}/file && ln -s sub in/link && ln in/sub/${long}/file in/hard`],
        { cwd: place },
      )
      execFileSync('tar', ['-cf', 'a.tar', `--format=${format}`, '--sort=name', 'in'], { cwd: place })
      const found = await readAll(new Uint8Array(readFileSync(join(place, 'a.tar'))))
      expect(found.map(one => `${one.type} ${one.path} ${one.linkTarget ?? ''}`.trim())).toEqual([
        'folder in/',
        'file in/hard',
        'symlink in/link sub',
        'folder in/sub/',
        `folder in/sub/${long}/`,
        `hardlink in/sub/${long}/file in/hard`,
      ])
      expect(found[1]?.content).toEqual(encodeText('hello'))
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  itWith('python3')('reads pax files of python', async () => {
    const place = mkdtempSync(join(tmpdir(), 'archive-'))
    try {
      const script = [
        'import tarfile,io,sys',
        't=tarfile.open(sys.argv[1],"w",format=tarfile.PAX_FORMAT,pax_headers={"comment":"global"})',
        'i=tarfile.TarInfo("é"*90); i.size=3; i.mtime=1.25; i.uid=3000000; t.addfile(i,io.BytesIO(b"abc")); t.close()',
      ].join('\n')
      writeFileSync(join(place, 'make.py'), script)
      execFileSync('python3', ['make.py', 'a.tar'], { cwd: place })
      const found = await readAll(new Uint8Array(readFileSync(join(place, 'a.tar'))))
      expect(found).toMatchObject([{ path: 'é'.repeat(90), mtime: 1.25, uid: 3_000_000, sizeBytes: 3 }])
    } finally {
      rmSync(place, { recursive: true })
    }
  })

  it('skips what nobody reads and refuses what is read too late', async () => {
    const archive = await all(writeTar([file('a', sampleBytes(3000)), file('b', sampleBytes(700)), file('c', sampleBytes(5))]))
    const seen: [string, number][] = []
    let first: TarFound | undefined
    for await (const found of readTar(inPieces(archive, 100), generous)) {
      first ??= found
      if (found.path === 'b')
        for await (const chunk of found.bytes()) {
          seen.push(['part', chunk.length])
          break
        }
      seen.push([found.path, found.sizeBytes])
    }
    expect(seen).toEqual([
      ['a', 3000],
      ['part', expect.any(Number)],
      ['b', 700],
      ['c', 5],
    ])
    expect(await codeOf(() => all(first?.bytes() ?? []))).toBe('tar/passed')
  })

  const archive = (): Promise<Uint8Array> => all(writeTar([file('a', sampleBytes(600)), file('é', sampleBytes(600)), symlink('l', 'a')]))
  /** The archive with bytes of its first header changed and the checksum made right again. */
  const patched = async (at: number, bytes: Uint8Array): Promise<Uint8Array> => {
    const whole = await archive()
    whole.set(bytes, at)
    whole.fill(0x20, 148, 156)
    const sum = whole.subarray(0, 512).reduce((total, byte) => total + byte, 0)
    whole.set(encodeText(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
    return whole
  }

  it('says what is wrong', async () => {
    const whole = await archive()
    const wrong = whole.slice()
    wrong[0] = 0x62
    const negative = new Uint8Array(12).fill(0xff)
    const cases: [string, Uint8Array][] = [
      ['tar/bad-checksum', wrong],
      ['tar/truncated', whole.subarray(0, 700)],
      ['tar/truncated', whole.subarray(0, whole.length - 1024)],
      ['tar/truncated', new Uint8Array(0)],
      ['tar/trailing-data', concat([whole, encodeText('more')])],
      ['tar/bad-number', await patched(124, negative)],
      ['tar/bad-number', await patched(124, encodeText('-0000000001'))],
      ['tar/bad-number', await patched(108, encodeText('99'))],
      ['tar/bad-header', await patched(156, encodeText('5'))],
      ['tar/bad-header', await patched(156, encodeText('2'))],
      ['tar/bad-name', await patched(0, Uint8Array.of(0xff))],
      ['tar/bad-name', await patched(0, Uint8Array.of(0))],
      ['tar/bad-pax', await patched(156, encodeText('x'))],
      ['tar/unsupported', await patched(156, encodeText('S'))],
    ]
    for (const [code, bytes] of cases) expect([code, await codeOf(() => readAll(bytes))]).toEqual([code, code])
    expect(await codeOf(() => readAll(whole, 999, { ...generous, limitEntries: 2 }))).toBe('tar/too-many-entries')
    expect(await codeOf(() => readAll(whole, 999, { ...generous, limitBytes: 2000 }))).toBe('tar/too-large')
  })

  it('refuses bad pax records', async () => {
    for (const record of [
      'x path=a\n',
      '8 path=a\n',
      '99 path=a\n',
      '10 path=a.',
      '0 a=b\n',
      '6 =ab\n',
      '12 size=-1.\n',
      '11 size=1x\n',
      '12 path=a\0b\n',
      '10 uid=1.5',
    ]) {
      expect([record, await codeOf(() => parsePax(encodeText(record), 0))]).toEqual([record, 'tar/bad-pax'])
    }
    expect([...parsePax(encodeText('10 path=a\n11 mtime=1\n9 gid=12\n'), 0)]).toEqual([
      ['path', 'a'],
      ['mtime', '1'],
      ['gid', '12'],
    ])
    expect(parsePax(encodeText('10 path=a\n8 path=\n'), 0).size).toBe(0)
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    for (const dialect of ['pax', 'gnu'] as const) {
      const bytes = await all(
        writeTar([file('a', sampleBytes(40)), file('é'.repeat(80), sampleBytes(9)), symlink('l', 'x'.repeat(120))], { dialect }),
      )
      const result = await mutate(bytes, broken => readAll(broken, 4096, { limitEntries: 100, limitBytes: MiB }))
      expect(result.strange).toEqual([])
      expect(result.refused).toBeGreaterThan(1000)
    }
  })
})

describe('isInsidePath', () => {
  it('refuses every way out', () => {
    for (const path of ['', '/a', '\\a', 'C:a', 'a:b', 'c:\\a', '..', 'a/..', 'a/../b', 'a\\..\\b', '../a', 'a\0b', '\\\\server\\share']) {
      expect([path, isInsidePath(path)]).toEqual([path, false])
    }
    for (const path of ['a', './a', '...', 'a..b/..c', 'a/b/', 'ab:c', '日本']) expect([path, isInsidePath(path)]).toEqual([path, true])
  })

  it('judges links by where they point', () => {
    for (const [path, target] of [
      ['a/b', '../c'],
      ['a', 'b'],
      ['a/b/c', '../../d'],
      ['a/b', './x/../../y'],
    ] as const) {
      expect([target, isInsideLink(path, target)]).toEqual([target, true])
    }
    for (const [path, target] of [
      ['a', '../c'],
      ['a/b', '../../c'],
      ['a', '/etc'],
      ['a', 'C:x'],
      ['a', ''],
      ['a/b', 'x/../../../y'],
    ] as const) {
      expect([target, isInsideLink(path, target)]).toEqual([target, false])
    }
  })
})
