// squashfs against the kernel's and Debian's own readers and writer, at the edges of its structures, and against broken files.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { concat, equalBytes, fromBytes, noBytes } from '../bytes.ts'
import { all, itWith, judge, randomNumbers, sampleBytes } from '../testing/archives.ts'
import { FormatError } from '../format-error.ts'
import { readSquashfs, readSuperblock, type SquashfsFoundFile } from './read.ts'
import { type SquashfsCompression, type SquashfsEntry, type SquashfsWriting, writeSquashfs } from './write.ts'

const mtime = 1_760_000_001
const zstd: SquashfsCompression = { method: 'zstd', level: 6 }
const gzip: SquashfsCompression = { method: 'gzip', level: 6 }
const xz: SquashfsCompression = { method: 'xz', level: 6 }
const file = (path: string, bytes: Uint8Array, more: { mode?: number; digest?: string } = {}): SquashfsEntry => ({
  type: 'file',
  path,
  mode: 0o644,
  sizeBytes: bytes.length,
  bytes: () => [bytes.subarray(0, 1000), bytes.subarray(1000)],
  ...more,
})
const text = (path: string, content: string): SquashfsEntry => file(path, new TextEncoder().encode(content))
const write = (entries: readonly SquashfsEntry[], options: Partial<SquashfsWriting> = {}): Promise<Uint8Array> =>
  all(writeSquashfs(entries, { compression: zstd, mtime, ...options }))

const mega = 1 << 20
const edges: readonly SquashfsEntry[] = [
  ...[0, 1, 4095, 4096, 4097, 131_071, 131_072, 131_073, mega - 1, mega, mega + 1].map((size, seed) =>
    file(`sizes/${size}`, sampleBytes(size, seed + 1)),
  ),
  file('sparse/holes', concat([new Uint8Array(300_000), sampleBytes(10), new Uint8Array(500_000)])),
  file('sparse/zeros', new Uint8Array(131_072 * 3)),
  file('sparse/zeros-and-tail', new Uint8Array(131_072 * 3 + 5)),
  file('bin/tool', sampleBytes(200), { mode: 0o755 }),
  { type: 'folder', path: 'private', mode: 0o700 },
  { type: 'folder', path: 'void', mode: 0o755 },
  { type: 'symlink', path: 'links/up', linkTarget: '../bin/tool' },
  { type: 'symlink', path: 'links/long', linkTarget: 'x/'.repeat(2000) },
  ...['-rf', '.hidden', 'with space', 'größe-日本語-🚀.txt', 'e\u0301', 'n'.repeat(255), '%s%n'].map(name => text(`names/${name}`, name)),
  text(`deep/${'d/'.repeat(300)}end`, 'deep'),
]
const crowd = Array.from({ length: 10_000 }, (_, index) => text(`crowd/entry-${index}-${'x'.repeat(index % 40)}`, `content ${index}`))

const folder = mkdtempSync(join(tmpdir(), 'squashfs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const expectSame = async (bytes: Uint8Array, entries: readonly SquashfsEntry[]): Promise<void> => {
  const found = await readSquashfs(fromBytes(bytes))
  const byPath = new Map(found.entries.map(entry => [entry.path, entry]))
  for (const entry of entries) {
    const one = byPath.get(entry.path)
    expect(one?.type, entry.path).toBe(entry.type)
    if (entry.type === 'symlink') expect(one).toMatchObject({ linkTarget: entry.linkTarget, mode: 0o777 })
    else expect(one).toMatchObject({ mode: entry.mode, mtime, uid: 0, gid: 0 })
    if (entry.type !== 'file') continue
    const content = await all(found.open(one as SquashfsFoundFile, { limitBytes: 1 << 30 }))
    expect(equalBytes(content, await all(entry.bytes())), entry.path).toBe(true)
  }
}

const canMount = spawnSync('sh', ['-c', 'test "$(id -u)" = 0 && grep -qw squashfs /proc/filesystems']).status === 0
const itMounted = canMount ? it : it.skip

describe('writeSquashfs', () => {
  for (const compression of [zstd, gzip, xz])
    it(`is read back whole by our reader, ${compression.method}`, async () => {
      await expectSame(await write(edges, { compression }), edges)
    })
  it('is read back with the smallest and largest blocks and without fragments', async () => {
    for (const blockBytes of [4096, 1 << 20]) await expectSame(await write(edges, { blockBytes, hasFragments: false }), edges)
  })
  it('gives the same bytes for any order of entries, cut of input and number of threads', async () => {
    const first = await write(edges)
    const other = await write([...edges].reverse(), { parallel: 1 })
    expect(equalBytes(first, other)).toBe(true)
    const later = await write(edges, { mtime: mtime + 1 })
    expect(equalBytes(first, later)).toBe(false)
    expect(equalBytes(await write(edges, { compression: xz }), await write([...edges].reverse(), { compression: xz, parallel: 1 }))).toBe(
      true,
    )
  })
  itWith('unsquashfs')('is unpacked by unsquashfs where it is packed with xz, and a tampered twin is not', async () => {
    const bytes = await write([...edges, ...crowd.slice(0, 300)], { compression: xz })
    const [said = ''] = await judge(bytes, 'it.sqfs', [
      ['unsquashfs', '-s', 'FILE'],
      ['unsquashfs', '-q', '-n', '-d', join(folder, 'xz-out'), 'FILE'],
    ])
    expect(said).toContain('Compression xz')
    for (const entry of edges)
      if (entry.type === 'file')
        expect(equalBytes(readFileSync(join(folder, 'xz-out', entry.path)), await all(entry.bytes())), entry.path).toBe(true)
    const tampered = bytes.slice()
    tampered.fill(0xff, 5000, 5400)
    await expect(judge(tampered, 'it.sqfs', [['unsquashfs', '-strict', '-d', join(folder, 'xz-bad'), 'FILE']])).rejects.toThrow(
      'Command failed',
    )
  })
  it('stores files with one digest once', async () => {
    const noise = crowdNoise(400_000)
    const alone = await write([file('a', noise, { digest: 'd' })])
    const both = await write([file('a', noise, { digest: 'd' }), file('b', noise, { digest: 'd' })])
    const apart = await write([file('a', noise), file('b', noise)])
    expect(both.length - alone.length).toBeLessThan(4097)
    expect(apart.length - alone.length).toBeGreaterThan(390_000)
    await expectSame(both, [file('a', noise), file('b', noise)])
  })
  it('takes no room for holes, and never more than the content for what does not compress', async () => {
    expect((await write([file('zeros', new Uint8Array(1 << 24))])).length).toBe(4096)
    expect((await write([file('noise', crowdNoise(1 << 20))])).length).toBeLessThan((1 << 20) + 8192)
  })
  it('sends data through the spool that it was given, and the superblock before it', async () => {
    let spooledBytes = 0
    const spool: NonNullable<SquashfsWriting['spool']> = async bytes => {
      const parts: Uint8Array[] = []
      for await (const part of bytes) spooledBytes += parts[parts.push(part) - 1]?.length ?? 0
      return () => parts
    }
    expect(equalBytes(await write(edges, { spool }), await write(edges))).toBe(true)
    expect(spooledBytes).toBeGreaterThan(1 << 20)
  })
  itWith('unsquashfs')('unpacks with unsquashfs to what went in, links, modes and empty folders too', async () => {
    const bytes = await write([...edges, ...crowd])
    const out = join(folder, 'out')
    const [listed = ''] = await judge(bytes, 'it.sqfs', [
      ['unsquashfs', '-lls', 'FILE'],
      ['unsquashfs', '-q', '-n', '-d', out, 'FILE'],
    ])
    expect(listed).toContain('-rwxr-xr-x root/root               200 ')
    expect(listed).toContain('drwx------ root/root')
    expect(listed.split('\n').length).toBeGreaterThan(10_300)
    for (const entry of [...edges, ...crowd]) {
      if (entry.type === 'file') expect(equalBytes(readFileSync(join(out, entry.path)), await all(entry.bytes())), entry.path).toBe(true)
    }
  })
  itMounted('is mounted by the kernel, which finds every one of 10,000 names in one folder', async () => {
    for (const compression of [zstd, gzip, xz]) {
      // To pack so many names with xz takes long, and says nothing more about the names.
      const entries = compression === xz ? [...edges, ...crowd.slice(0, 500)] : [...edges, ...crowd]
      const path = join(folder, `${compression.method}.sqfs`)
      const at = join(folder, 'mounted')
      mkdirSync(at, { recursive: true })
      writeFileSync(path, await write(entries, { compression }))
      execFileSync('mount', ['-t', 'squashfs', '-o', 'loop,ro', path, at])
      try {
        for (const entry of entries) {
          if (entry.type === 'file') expect(equalBytes(readFileSync(join(at, entry.path)), await all(entry.bytes())), entry.path).toBe(true)
        }
      } finally {
        execFileSync('umount', [at])
      }
    }
  })
  itWith('7z')('is tested sound by 7z, and a tampered twin is not', async () => {
    const bytes = await write(edges, { compression: gzip })
    await expect(judge(bytes, 'it.sqfs', [['7z', 't', 'FILE']])).resolves.toHaveLength(1)
    const tampered = bytes.slice()
    tampered.fill(0xff, 5000, 5400)
    await expect(judge(tampered, 'it.sqfs', [['7z', 't', 'FILE']])).rejects.toThrow('Command failed')
  })
  const refused: readonly (readonly [string, readonly SquashfsEntry[], Partial<SquashfsWriting>])[] = [
    ['squashfs/bad-entry', [text('../x', '')], {}],
    ['squashfs/bad-entry', [text('/x', '')], {}],
    ['squashfs/bad-entry', [text('n'.repeat(256), '')], {}],
    ['squashfs/bad-entry', [text('a\ud800', '')], {}],
    ['squashfs/bad-entry', [file('a', noBytes, { mode: 0o10000 })], {}],
    ['squashfs/bad-entry', [{ type: 'symlink', path: 'a', linkTarget: 'x'.repeat(4096) }], {}],
    ['squashfs/bad-entry', [{ type: 'symlink', path: 'a', linkTarget: '' }], {}],
    ['squashfs/duplicate', [text('a', ''), text('./a', '')], {}],
    ['squashfs/duplicate', [text('a', ''), text('a/b', '')], {}],
    ['squashfs/duplicate', [text('a/b', ''), text('a', '')], {}],
    ['squashfs/size-changed', [{ type: 'file', path: 'a', mode: 0o644, sizeBytes: 5, bytes: () => [Uint8Array.of(1)] }], {}],
    ['squashfs/size-changed', [{ type: 'file', path: 'a', mode: 0o644, sizeBytes: 0, bytes: () => [Uint8Array.of(1)] }], {}],
    ['squashfs/bad-options', [], { blockBytes: 5000 }],
    ['squashfs/bad-options', [], { mtime: -1 }],
    ['squashfs/bad-options', [], { compression: { method: 'gzip', level: 10 } }],
  ]
  for (const [code, entries, options] of refused)
    it(`refuses ${JSON.stringify(entries[0]?.path ?? options).slice(0, 40)}: ${code}`, async () => {
      await expect(write(entries, options)).rejects.toMatchObject({ code })
    })
})

describe('readSquashfs', () => {
  itWith('mksquashfs')('reads what mksquashfs writes: tails in fragments, owners, exports, extended attributes, pipes', async () => {
    const tree = join(folder, 'tree')
    mkdirSync(join(tree, 'sub'), { recursive: true })
    writeFileSync(join(tree, 'big'), sampleBytes(300_000))
    writeFileSync(join(tree, 'sub/small'), 'small')
    symlinkSync('../big', join(tree, 'sub/link'))
    execFileSync('mkfifo', [join(tree, 'pipe')])
    for (const extra of [
      ['-comp', 'zstd', '-always-use-fragments'],
      ['-comp', 'gzip', '-no-fragments'],
      ['-comp', 'zstd', '-noI', '-noD'],
    ]) {
      const path = join(folder, 'foreign.sqfs')
      rmSync(path, { force: true })
      execFileSync('mksquashfs', [tree, path, '-quiet', '-no-progress', '-force-uid', '1234', ...extra])
      const found = await readSquashfs(fromBytes(readFileSync(path)))
      expect(found.entries.map(entry => `${entry.type} ${entry.path} ${entry.uid}`).sort()).toEqual([
        'file big 1234',
        'file sub/small 1234',
        'folder sub 1234',
        'other pipe 1234',
        'symlink sub/link 1234',
      ])
      const big = found.entries.find(entry => entry.path === 'big') as SquashfsFoundFile
      expect(equalBytes(await all(found.open(big, { limitBytes: 1 << 20 })), sampleBytes(300_000))).toBe(true)
    }
  })
  itWith('mksquashfs')('reads what mksquashfs packs with xz, its filters, and lzo; a damaged block is no content', async () => {
    const from = join(folder, 'packed-by-others')
    mkdirSync(join(from, 'many'), { recursive: true })
    writeFileSync(join(from, 'big'), sampleBytes(1_500_000))
    for (let index = 0; index < 500; index++) writeFileSync(join(from, 'many', `${index}`), sampleBytes(index * 3, index))
    for (const args of [
      ['xz'],
      ['xz', '-Xbcj', 'x86,arm'],
      ['xz', '-b', '1M', '-Xdict-size', '100%'],
      ['lzo'],
      ['lzo', '-Xalgorithm', 'lzo1x_1'],
    ]) {
      const path = join(folder, 'foreign.sqfs')
      execFileSync('mksquashfs', [from, path, '-quiet', '-no-progress', '-noappend', '-comp', ...args])
      const bytes = new Uint8Array(readFileSync(path))
      const found = await readSquashfs(fromBytes(bytes))
      expect(found.superblock.method).toBe(args[0])
      const read = async (name: string, image = found): Promise<Uint8Array> =>
        all(image.open(image.entries.find(entry => entry.path === name) as SquashfsFoundFile, { limitBytes: 1 << 21 }))
      expect(equalBytes(await read('big'), sampleBytes(1_500_000)), args.join(' ')).toBe(true)
      for (const index of [0, 1, 77, 499]) expect(equalBytes(await read(`many/${index}`), sampleBytes(index * 3, index))).toBe(true)
      const [start] = [Number((found.entries.find(entry => entry.path === 'big') as SquashfsFoundFile).startOffset)]
      const tampered = bytes.slice()
      tampered.fill(0xff, start + 30, start + 90)
      await expect(read('big', await readSquashfs(fromBytes(tampered)))).rejects.toMatchObject({ code: 'squashfs/corrupt' })
    }
  })
  itWith('mksquashfs')('says what lz4 needs instead of reading it, and still tells the superblock', async () => {
    const path = join(folder, 'lz4.sqfs')
    execFileSync('mksquashfs', [join(folder, 'packed-by-others'), path, '-quiet', '-no-progress', '-comp', 'lz4'])
    const source = fromBytes(readFileSync(path))
    expect((await readSuperblock(source)).method).toBe('lz4')
    await expect(readSquashfs(source)).rejects.toMatchObject({ code: 'squashfs/unsupported' })
  })
  it('reads a file system behind something else, and only there', async () => {
    const bytes = concat([sampleBytes(777), await write(edges)])
    expect((await readSquashfs(fromBytes(bytes), { offset: 777 })).entries.length).toBeGreaterThan(edges.length)
    await expect(readSquashfs(fromBytes(bytes))).rejects.toMatchObject({ code: 'squashfs/bad-superblock' })
  })
  it('keeps its limits', async () => {
    const bytes = await write(edges)
    await expect(readSquashfs(fromBytes(bytes), { limitEntries: 10 })).rejects.toMatchObject({ code: 'squashfs/too-many-entries' })
    const found = await readSquashfs(fromBytes(bytes))
    const zeros = found.entries.find(entry => entry.path === 'sparse/zeros') as SquashfsFoundFile
    await expect(all(found.open(zeros, { limitBytes: 1000 }))).rejects.toMatchObject({ code: 'squashfs/too-large' })
    await expect(readSquashfs(fromBytes(bytes.subarray(0, bytes.length - 4096)))).rejects.toMatchObject({ code: 'squashfs/truncated' })
    await expect(readSquashfs(fromBytes(bytes.subarray(0, 50)))).rejects.toMatchObject({ code: 'squashfs/truncated' })
  })
  for (const [at, value, code] of [
    [0, 0, 'squashfs/bad-superblock'],
    [20, 99, 'squashfs/bad-superblock'],
    [12, 1, 'squashfs/bad-superblock'],
    [28, 3, 'squashfs/unsupported'],
    [26, 0, 'squashfs/bad-metadata'],
    [33, 0xff, 'squashfs/bad-address'],
  ] as const)
    it(`refuses ${value} at byte ${at} of the superblock: ${code}`, async () => {
      const bytes = await write([text('a', 'a')])
      bytes[at] = value
      if (at === 0) bytes.fill(0, 0, 4)
      await expect(readSquashfs(fromBytes(bytes))).rejects.toMatchObject({ code })
    })
  it('refuses names that are no names, and entries longer than their folder', async () => {
    const bytes = await write([text('safe-name', 'a')], { hasFragments: false })
    const at = Buffer.from(bytes).indexOf('safe-name')
    expect(at).toBeGreaterThan(0)
    bytes[at + 4] = 0x2f
    await expect(readSquashfs(fromBytes(bytes))).rejects.toMatchObject({ code: 'squashfs/bad-name' })
    bytes[at - 2] = 200
    await expect(readSquashfs(fromBytes(bytes))).rejects.toMatchObject({ code: 'squashfs/bad-directory' })
  })
  it('ends with a code for 2,000 broken files, in bounded time', { timeout: 120_000 }, async () => {
    const next = randomNumbers(7)
    const whole = await write(edges.slice(0, 6).concat(edges.slice(14)), { compression: { method: 'gzip', level: 1 } })
    // So small that its tables are stored unpacked, and a broken byte is seen as it is.
    const small = await write([text('one', '1')], { compression: { method: 'gzip', level: 1 } })
    const codes = new Set<string>()
    for (let round = 0; round < 2000; round++) {
      const bytes = (round % 4 < 2 ? whole : small).slice()
      const tables = Number(new DataView(bytes.buffer).getBigUint64(64, true))
      const count = 1 + (next() % 3)
      for (let index = 0; index < count; index++) {
        const area =
          round % 3 === 0
            ? { from: 0, size: 96 }
            : round % 3 === 1
              ? { from: tables, size: Math.min(300, bytes.length - tables) }
              : { from: 0, size: bytes.length }
        bytes[area.from + (next() % area.size)] = round % 2 === 0 ? next() & 0xff : ([0, 255, 1, 128][next() % 4] ?? 0)
      }
      try {
        const found = await readSquashfs(fromBytes(round % 10 === 0 ? bytes.subarray(0, next() % bytes.length) : bytes))
        for (const entry of found.entries) if (entry.type === 'file') await all(found.open(entry, { limitBytes: 1 << 22 }))
      } catch (error) {
        if (!(error instanceof FormatError)) throw error
        codes.add(error.code)
      }
    }
    const wanted = ['truncated', 'bad-superblock', 'bad-metadata', 'bad-address', 'bad-inode', 'corrupt', 'unsupported']
    expect([...codes]).toEqual(expect.arrayContaining(wanted.map(code => `squashfs/${code}`)))
  })
})

const crowdNoise = (sizeBytes: number): Uint8Array => {
  const next = randomNumbers(99)
  return Uint8Array.from({ length: sizeBytes }, () => next() & 0xff)
}
