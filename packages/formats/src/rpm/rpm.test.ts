// Tests of rpm by ourselves: what is written is read back, digests tell every change, and bad input and broken files are refused.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, encodeText, equalBytes, fromBytes } from '../bytes.ts'
import { all, codeOf, deflatedBytes, listOf, mutate, sampleBytes } from '../testing/archives.ts'
import { mtime, rpmBytes, rpmFile, toolFiles, toolJob } from '../testing/rpms.ts'
import { zstdFrames, zstdFramesOf } from '../zstd-frames.ts'
import { binValue, encodeHeader, int32Value, stringsValue, stringValue } from './header-write.ts'
import {
  foreignPayload,
  gzipPayload,
  parseRelation,
  readRpm,
  readRpmPayload,
  relationText,
  rpmArchive,
  type RpmFile,
  rpmFront,
  type RpmJob,
  type RpmPayload,
  verifyRpm,
  writeRpm,
  zstdPayload,
} from './index.ts'

const limits = { limitEntries: 1000, limitBytes: 1 << 28 }

const contentsOf = async (bytes: Uint8Array, options = limits): Promise<Record<string, Uint8Array>> => {
  const source = fromBytes(bytes)
  const found: Record<string, Uint8Array> = {}
  for await (const one of readRpmPayload(source, await readRpm(source), options)) found[one.path] = await all(one.bytes())
  return found
}
const verify = async (bytes: Uint8Array) => verifyRpm(fromBytes(bytes), await readRpm(fromBytes(bytes)), { archive: limits })

describe('rpm', () => {
  it('reads back what it wrote', async () => {
    const rpm = await readRpm(fromBytes(await rpmBytes({ epoch: 2 })))
    expect(rpm).toMatchObject({
      isSource: false,
      name: 'tool',
      version: '1.2.3',
      release: '1',
      epoch: 2,
      arch: 'x86_64',
      os: 'linux',
      description: 'A longer text\nof two lines.',
      license: 'MIT',
      sourceRpm: 'tool-1.2.3-1.src.rpm',
      buildHost: 'localhost',
      buildTime: mtime,
      installedBytes: 50,
      signatures: [],
      changelog: [{ time: 1_735_732_800, author: 'A <a@b.example> - 1.2.3-1', text: '- first' }],
    })
    const texts = Object.fromEntries(Object.entries(rpm.relations).map(([kind, list]) => [kind, list.map(relationText)]))
    expect(texts).toEqual({
      provides: ['config(tool) = 2:1.2.3-1', 'tool = 2:1.2.3-1', 'tool(x86-64) = 2:1.2.3-1', 'virtual = 7'],
      requires: [
        'config(tool) = 2:1.2.3-1',
        'rpmlib(BuiltinLuaScripts) <= 4.2.2-1',
        'rpmlib(CompressedFileNames) <= 3.0.4-1',
        'rpmlib(FileDigests) <= 4.6.0-1',
        'rpmlib(PayloadFilesHavePrefix) <= 4.0-1',
        'rpmlib(RichDependencies) <= 4.12.0-1',
        'rpmlib(TildeInVersions) <= 4.10.0-1',
      ],
      conflicts: ['old < 2:1.0~rc1'],
      obsoletes: ['older <= 1'],
      recommends: ['(bar or baz >= 2)'],
      suggests: ['sug'],
      supplements: ['(a and b)'],
      enhances: ['en'],
    })
    expect(Object.keys(rpm.scripts)).toEqual(['pre', 'post', 'preun', 'postun', 'pretrans', 'posttrans'])
    expect(rpm.scripts.pretrans).toEqual({ program: ['<lua>'], text: '-- pretrans\n' })
    expect(rpm.triggers.map(one => [one.when, one.program, one.on.map(relationText)])).toEqual([['triggerin', '<lua>', ['foo > 1', 'oof']]])
    expect(rpm.files.map(one => [one.path, one.type, one.mode, one.flags, one.linkTarget])).toEqual([
      ['/etc/tool.conf', 'file', 0o644, ['config', 'noreplace'], undefined],
      ['/usr/bin/tool', 'file', 0o755, [], undefined],
      ['/usr/lib/tool/empty', 'file', 0o644, [], undefined],
      ['/usr/share/doc/tool/README Grüße.md', 'file', 0o644, ['doc'], undefined],
      ['/usr/share/licenses/tool/LICENSE', 'file', 0o644, ['license'], undefined],
      ['/usr/share/tool', 'folder', 0o750, [], undefined],
      ['/usr/share/tool/link', 'symlink', 0o777, [], '../../bin/tool'],
      ['/var/lib/tool/state', 'file', 0o644, ['ghost'], undefined],
    ])
    expect(rpm.files[0]).toMatchObject({ owner: 'root', group: 'root', sizeBytes: 4, mtime, digest: { algorithm: 'sha256' } })
  })

  it('adds the interpreter of each script, with when it is needed', async () => {
    const scripts = { post: { text: 'x' }, preun: { text: 'x', program: ['/usr/bin/perl', '-w'] } }
    const { relations } = await readRpm(fromBytes(await rpmBytes({ scripts, triggers: [] })))
    expect(relations.requires.filter(one => !one.name.includes('('))).toEqual([
      { name: '/bin/sh', marks: ['interp', 'post'] },
      { name: '/usr/bin/perl', marks: ['interp', 'preun'] },
    ])
    expect(relations.requires.map(one => one.name)).toContain('rpmlib(ScriptletInterpreterArgs)')
  })

  it('is the same bytes each time, in whatever order the files come', async () => {
    const bytes = await rpmBytes()
    expect(equalBytes(bytes, await rpmBytes({ files: toolFiles.toReversed() }))).toBe(true)
    expect((await verify(bytes)).map(one => [one.covers, one.algorithm, one.isRight])).toEqual([
      ['header', 'sha256', true],
      ['header', 'sha1', true],
      ['payload', 'sha256', true],
      ['archive', 'sha256', true],
    ])
  })

  it('tells a change of any byte behind the signature header', async () => {
    const bytes = await rpmBytes()
    const { header } = await readRpm(fromBytes(bytes))
    for (let at = header.offset + 40; at < bytes.length; at += 37) {
      const changed = bytes.slice()
      changed[at] = (changed[at] ?? 0) ^ 1
      // The archive cannot always be unpacked then, and need not be.
      const outcome = await codeOf(async () => {
        const digests = await verifyRpm(fromBytes(changed), await readRpm(fromBytes(changed)))
        return digests.every(one => one.isRight) ? Promise.reject(new Error(`byte ${at} is not covered`)) : undefined
      })
      expect(outcome).toMatch(/^(no error|rpm\/.*)$/)
    }
  })

  it('leaves room for a signature, and moves nothing when it comes', async () => {
    const job = await toolJob()
    const unsigned = await all(writeRpm(job))
    for (const algorithm of ['rsa', 'dsa'] as const) {
      const signed = await all(writeRpm(job, { algorithm, bytes: sampleBytes(438) }))
      expect(signed).toHaveLength(unsigned.length)
      const rpm = await readRpm(fromBytes(signed))
      expect(rpm.signatures).toEqual([{ algorithm, covers: 'header', bytes: sampleBytes(438) }])
      expect(equalBytes(signed.subarray(rpm.header.offset), unsigned.subarray(rpm.header.offset))).toBe(true)
    }
    expect(await codeOf(() => rpmFront(job, { algorithm: 'rsa', bytes: sampleBytes(5000) }))).toBe('rpm/bad-signature')
  })

  it('announces more than 4 GiB in all with wide numbers', async () => {
    const big = Array.from({ length: 3 }, (_, index) => rpmFile(`/b${index}`, '', { sizeBytes: 2 ** 31 }))
    const payload: RpmPayload = { ...(await toolJob()).payload, sizeBytes: 2 ** 33, archiveBytes: 2 ** 33 + 8 }
    const front = rpmFront(await toolJob({ files: big, payload }))
    const rpm = await readRpm(fromBytes(front))
    expect([rpm.installedBytes, rpm.payload.archiveBytes]).toEqual([3 * 2 ** 31, 2 ** 33 + 8])
    const one = [rpmFile('/b', '', { sizeBytes: 2 ** 32 })]
    const large = await readRpm(fromBytes(rpmFront(await toolJob({ files: one, payload }))))
    expect(large.files.map(file => file.sizeBytes)).toEqual([2 ** 32])
    expect(large.relations.requires.map(relationText)).toContain('rpmlib(LargeFiles) <= 4.12.0-1')
    expect(await codeOf(async () => encodeHeader([binValue(1, new Uint8Array(2 ** 28))], 63))).toBe('rpm/too-large')
  })
})

describe('rpm payloads', () => {
  const big = sampleBytes(5 << 20)
  const plain: readonly RpmFile[] = [
    ...toolFiles,
    rpmFile('/usr/lib/tool/big', big),
    rpmFile('/usr/lib/tool/mid', big.subarray(0, 200_000)),
  ]
  const shared = plain.map(file => {
    if (file.type !== 'file' || file.sizeBytes < 1000) return file
    const bytes = big.subarray(0, file.sizeBytes)
    const zstd = async (level: number) => zstdFramesOf(await listOf(zstdFrames([bytes], { level })))
    return { ...file, deflated: (level: number) => deflatedBytes(bytes, level), zstd }
  })

  it.each(['gzip', 'zstd'] as const)('by %s are the same with and without shared streams, and come back', async kind => {
    const make = kind === 'gzip' ? gzipPayload : zstdPayload
    const payload = await make(plain, { level: 3 })
    const again = await make(shared, { level: 3 })
    expect(again.sha256).toBe(payload.sha256)
    expect(again.archiveBytes).toBe((await all(rpmArchive(plain))).length)
    const bytes = await rpmBytes({ files: plain, payload: again })
    expect((await verify(bytes)).filter(one => !one.isRight)).toEqual([])
    const contents = await contentsOf(bytes)
    expect(equalBytes(contents['./usr/lib/tool/big'] ?? big.subarray(1), big)).toBe(true)
    expect(Object.keys(contents)).not.toContain('./var/lib/tool/state')
  })

  it('can be spooled, so that nothing is compressed twice', async () => {
    let opened = 0
    const files = [
      rpmFile('/big', big, {
        bytes: () => (
          (opened += 1),
          (async function* () {
            yield big
          })()
        ),
      }),
    ]
    const spool = async (chunks: AsyncIterable<Uint8Array>) => {
      const kept = await all(chunks)
      return async function* () {
        yield kept
      }
    }
    const payload = await zstdPayload(files, { level: 1, spool, hashesArchive: false })
    const bytes = await rpmBytes({ files, payload })
    expect(opened).toBe(1)
    expect((await verify(bytes)).map(one => one.covers)).toEqual(['header', 'header', 'payload'])
  })

  it('by a compressor that is not ours are read with the matching reader only', async () => {
    const flip = async function* (chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      for await (const chunk of chunks) yield chunk.map(byte => byte ^ 0x55)
    }
    const payload = await foreignPayload(toolFiles, { compressor: 'lzma' as 'xz', flags: '2', compress: flip })
    const bytes = await rpmBytes({ payload })
    expect(await codeOf(() => contentsOf(bytes))).toBe('rpm/unsupported')
    const decompressors = { lzma: flip }
    const contents = await contentsOf(bytes, { ...limits, decompressors } as typeof limits)
    expect(contents['./etc/tool.conf']).toEqual(encodeText('x=1\n'))
    const source = fromBytes(bytes)
    const digests = await verifyRpm(source, await readRpm(source), { archive: { ...limits, decompressors } })
    expect(digests.map(one => one.isRight)).toEqual([true, true, true, true])
  })

  it('that change between the two readings are found', async () => {
    const job = await toolJob()
    const other = { ...job.payload, chunks: () => gzipLike(job.payload) }
    expect(await codeOf(() => all(writeRpm({ ...job, payload: other })))).toBe('rpm/payload-changed')
    const short = [rpmFile('/a', 'abc', { sizeBytes: 2 })]
    expect(await codeOf(() => gzipPayload(short, { level: 6 }))).toBe('cpio/size-changed')
    const wrong = [rpmFile('/a', sampleBytes(200_000), { deflated: () => deflatedBytes(sampleBytes(199_999)) })]
    expect(await codeOf(() => gzipPayload(wrong, { level: 6 }))).toBe('rpm/size-changed')
    const long = [rpmFile('/a', sampleBytes(2 << 20), { sizeBytes: (2 << 20) + 1 })]
    expect(await codeOf(() => zstdPayload(long, { level: 1 }))).toBe('cpio/size-changed')
  })

  const gzipLike = async function* (payload: RpmPayload): AsyncGenerator<Uint8Array> {
    for await (const chunk of payload.chunks()) yield chunk.map(byte => byte ^ 1)
  }

  it('keep any tree', async () => {
    const step = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter(one => !/[/\\\0\n]|^\.\.?$|^[A-Za-z]:/.test(one))
    const tree = fc.uniqueArray(fc.tuple(step, step, fc.integer({ min: 0, max: 300_000 })), {
      maxLength: 12,
      selector: ([a, b]) => `${a}/${b}`,
    })
    await fc.assert(
      fc.asyncProperty(tree, async list => {
        const files = list.map(([a, b, size]) => rpmFile(`/d/${a}/${b}`, sampleBytes(size)))
        const bytes = await rpmBytes({ files, payload: await gzipPayload(files, { level: 1 }) })
        const { files: found } = await readRpm(fromBytes(bytes))
        expect(new Map(found.map(one => [one.path, one.sizeBytes]))).toEqual(new Map(files.map(one => [one.path, one.sizeBytes])))
        const contents = await contentsOf(bytes)
        for (const one of files) expect(contents[`.${one.path}`]?.length).toBe(one.sizeBytes)
      }),
      { numRuns: 20 },
    )
  })
})

describe('rpm, refused', () => {
  const codesOf = async (changes: readonly Partial<RpmJob>[]) =>
    Promise.all(changes.map(async one => [one, await codeOf(async () => rpmFront(await toolJob({ files: [], ...one })))]))
  const expectAll = async (code: string, changes: readonly Partial<RpmJob>[]) =>
    expect(await codesOf(changes)).toEqual(changes.map(one => [one, code]))

  it('packages that rpm would not take', async () => {
    const relation = parseRelation('(a or b)')
    await expectAll('rpm/bad-package', [
      { name: '' },
      { name: 'a b' },
      { name: '-a' },
      { version: '1-2' },
      { version: '' },
      { release: '1/2' },
      { arch: 'X64' },
      { summary: '' },
      { summary: 'a\nb' },
      { license: '' },
      { relations: { provides: [relation] } },
    ])
    await expectAll('rpm/bad-text', [{ description: 'a\0b' }, { url: '\0' }])
    await expectAll('rpm/bad-number', [{ buildTime: -1 }, { epoch: 2 ** 32 }, { buildTime: 0.5 }])
    await expectAll('rpm/bad-script', [
      { scripts: { post: { text: '', program: ['sh'] } } },
      { scripts: { post: { text: '', program: [] } } },
      { scripts: { post: { text: '', program: ['/bin/sh', 'a\n'] } } },
      { triggers: [{ when: 'triggerin', on: [], text: '' }] },
    ])
    await expectAll('rpm/bad-relation', [{ relations: { requires: [{ name: 'a b' }] } }, { relations: { requires: [{ name: 'a,b' }] } }])
  })

  it('files that cannot be', async () => {
    const folder: RpmFile = { type: 'folder', path: '/a', mode: 0o755, mtime: 0 }
    const bad: readonly (readonly RpmFile[])[] = [
      [rpmFile('a', '')],
      [rpmFile('/a/../b', '')],
      [rpmFile('/a//b', '')],
      [rpmFile('/a/', '')],
      [rpmFile('/', '')],
      [rpmFile('/a\nb', '')],
      [rpmFile(`/${'x'.repeat(4094)}`, '')],
      [rpmFile('/a', '', { owner: 'a b' })],
      [rpmFile('/a', '', { sha256: 'x' })],
      [{ ...folder, flags: ['config'] }],
      [folder, folder],
      [rpmFile('/a', ''), rpmFile('/a/b', '')],
    ]
    for (const [index, files] of bad.entries())
      expect([index, await codeOf(() => gzipPayload(files, { level: 1 }))]).toEqual([index, 'rpm/bad-file'])
  })

  it('relations that rpm does not read', () => {
    const good = [
      'a',
      'a >= 1:2.0~rc1-3',
      'libc.so.6(GLIBC_2.17)(64bit)',
      '/usr/bin/env',
      '(a or b >= 2 or c)',
      '(a if b else (c and d))',
      '(a)',
    ]
    for (const one of good) expect(relationText(parseRelation(one))).toBe(one)
    expect(parseRelation('a==1')).toEqual({ name: 'a', comparison: '=', version: '1' })
    const bad = [
      '',
      'a b',
      'a >=',
      '>= 1',
      'a, b',
      'a => 1',
      'é',
      '(a',
      '(a or b))',
      '(a or)',
      '(a or b and c)',
      '(or b)',
      '(a else b)',
      '(a or b) ',
      'a\nb',
    ]
    for (const one of bad) expect(() => parseRelation(one), one).toThrow(/is no relation that rpm reads/)
  })
})

describe('rpm, broken', () => {
  const header = (values: Parameters<typeof encodeHeader>[0], region = 63) => encodeHeader(values, region)
  const sized = [int32Value(1000, [1])]
  const front = async (main: Uint8Array): Promise<Uint8Array> => {
    const signature = header(sized, 62)
    return concat([(await rpmBytes()).subarray(0, 96), signature, new Uint8Array(-signature.length & 7), main])
  }
  const named = [stringValue(1000, 'n'), stringValue(1001, '1'), stringValue(1002, '1')]

  it('is refused with where and why', async () => {
    const bytes = await rpmBytes()
    const poke = (base: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
      const copy = base.slice()
      copy.set(values, at)
      return copy
    }
    const main = await front(header(named))
    const at = main.length - header(named).length
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['rpm/bad-magic', new Uint8Array(3)],
      ['rpm/bad-magic', new Uint8Array(200)],
      ['rpm/unsupported', poke(bytes, 4, 2)],
      ['rpm/truncated', bytes.subarray(0, 95)],
      ['rpm/truncated', bytes.subarray(0, 5000)],
      ['rpm/bad-header', poke(bytes, 96, 0)],
      ['rpm/bad-header', poke(bytes, 96 + 8, 0, 0, 0, 0)],
      ['rpm/bad-header', poke(bytes, 96 + 8, 0, 1, 0, 0)],
      ['rpm/bad-header', poke(bytes, 96 + 12, 0x10)],
      // Of the first tag behind the region: type, offset, count; and the region's end.
      ['rpm/bad-header', poke(main, at + 32 + 7, 10)],
      ['rpm/bad-header', poke(main, at + 32 + 8, 1)],
      ['rpm/bad-header', poke(main, at + 32 + 15, 2)],
      ['rpm/bad-header', poke(main, at + 32 + 15, 0)],
      ['rpm/bad-header', poke(main, at + 32 + 2, 0, 63)],
      ['rpm/bad-header', poke(main, main.length - 1, 17)],
      ['rpm/bad-header', poke(main, at + 32 + 3, 0xe9)],
      ['rpm/bad-header', await front(header(named.slice(1)))],
      ['rpm/bad-header', await front(header([...named, stringValue(1028, 'x'), stringsValue(1117, ['a'])]))],
      [
        'rpm/bad-header',
        await front(header([...named, stringsValue(1117, ['a', 'b']), int32Value(1116, [0, 1]), stringsValue(1118, ['/'])])),
      ],
      ['rpm/bad-header', await front(header([...named, stringsValue(1117, ['a', 'b']), int32Value(1116, [0]), stringsValue(1118, ['/'])]))],
    ]
    for (const [index, [code, broken]] of cases.entries())
      expect([index, await codeOf(() => readRpm(fromBytes(broken)))]).toEqual([index, code])
    expect((await readRpm(fromBytes(main))).files).toEqual([])
    const drpm = await front(header([...named, stringValue(1124, 'drpm')]))
    expect(await codeOf(() => contentsOf(drpm))).toBe('rpm/unsupported')
  })

  it('ends 2,000 broken files in a FormatError or a result', async () => {
    const result = await mutate(await rpmBytes(), async broken => {
      const source = fromBytes(broken)
      const rpm = await readRpm(source)
      const digests = await verifyRpm(source, rpm, { archive: { limitEntries: 100, limitBytes: 1 << 20 } })
      for await (const one of readRpmPayload(source, rpm, { limitEntries: 100, limitBytes: 1 << 20 })) await all(one.bytes())
      return digests
    })
    expect(result.strange).toEqual([])
    expect(result.refused).toBeGreaterThan(500)
    expect(result.slowestMs).toBeLessThan(2000)
  })
})
