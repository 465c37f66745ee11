// xar: what 7-Zip reads of ours, what we read, and what is refused.
import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { concat, encodeText, fromBytes } from '../bytes.ts'
import { all, codeOf, inPieces, mutate, sampleBytes } from '../testing/archives.ts'
import { readXar } from './read.ts'
import { spooledXarFile } from './spool.ts'
import { type XarFile, type XarStored, writeXar } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'xar-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mtime = 1_700_000_000
const limits = { limitEntries: 1000, limitBytes: 2 ** 30 }
const large = sampleBytes(3_000_001)
const files = async (): Promise<readonly (XarFile | XarStored)[]> => [
  { path: 'Distribution', bytes: encodeText('<a/>'.repeat(1000)) },
  { path: 'a.pkg/Bom', bytes: new Uint8Array(0) },
  await spooledXarFile('a.pkg/Payload', inPieces(large, 99_991)),
  { path: 'Resources/größe & "more" <🚢>.txt', bytes: encodeText('text') },
]
const archive = async (): Promise<Uint8Array> => all(writeXar(await files(), { mtime }))
const readAll = async (bytes: Uint8Array): Promise<Readonly<Record<string, Uint8Array | string>>> => {
  const { files: found } = await readXar(fromBytes(bytes), limits)
  const read: Record<string, Uint8Array | string> = {}
  for (const { path, type, bytes: content } of found) read[path] = type === 'file' ? await all(content()) : type
  return read
}
const expected = {
  Distribution: encodeText('<a/>'.repeat(1000)),
  'a.pkg': 'folder',
  'a.pkg/Bom': new Uint8Array(0),
  'a.pkg/Payload': large,
  Resources: 'folder',
  'Resources/größe & "more" <🚢>.txt': encodeText('text'),
}

describe('xar', () => {
  it('reads back what it wrote, with the same bytes each time', async () => {
    const bytes = await archive()
    expect(await readAll(bytes)).toEqual(expected)
    expect(await archive()).toEqual(bytes)
    expect((await all(writeXar(await files(), { mtime: mtime + 1 }))).length).toBeGreaterThan(0)
    expect((await readXar(fromBytes(bytes), limits)).signatures).toEqual([])
  })
  it('refuses paths that it cannot hold, and files that are not as long as was said', async () => {
    const code = (...list: readonly (XarFile | XarStored)[]): Promise<string> => codeOf(() => all(writeXar(list, { mtime })))
    const file = (path: string): XarFile => ({ path, bytes: new Uint8Array(1) })
    for (const path of ['', '/a', '../a', 'a//b', './a', 'a/']) expect([path, await code(file(path))]).toEqual([path, 'xar/bad-entry'])
    expect(await code(file('a'), file('a'))).toBe('xar/bad-entry')
    expect(await code(file('a'), file('a/b'))).toBe('xar/bad-entry')
    const stored = { path: 'a', sizeBytes: 2, sha1: '', chunks: () => [new Uint8Array(1)] }
    expect(await code(stored)).toBe('xar/size-changed')
    expect(await code({ ...stored, chunks: () => [new Uint8Array(3)] })).toBe('xar/size-changed')
  })
})

/** An archive with this table of contents, and a heap after its digest. */
const withToc = (xml: string, heap: Uint8Array = new Uint8Array(0)): Uint8Array => {
  const packed = deflateSync(xml)
  const header = new DataView(new ArrayBuffer(28))
  header.setUint32(0, 0x78617221)
  header.setUint16(4, 28)
  header.setUint16(6, 1)
  header.setBigUint64(8, BigInt(packed.length))
  header.setBigUint64(16, BigInt(encodeText(xml).length))
  header.setUint32(24, 1)
  return concat([new Uint8Array(header.buffer), packed, createHash('sha1').update(packed).digest(), heap])
}
const sum = '<checksum style="sha1"><offset>0</offset><size>20</size></checksum>'
const toc = (inside: string): string => `<xar><toc>${sum}${inside}</toc></xar>`
const file = (data: string, name = 'a', type = 'file'): string =>
  toc(`<file id="1"><name>${name}</name><type>${type}</type><data>${data}</data></file>`)
const data = ({ offset = 20, length = 4, size = 4, style = 'application/octet-stream', more = '' } = {}): string =>
  `<offset>${offset}</offset><length>${length}</length><size>${size}</size><encoding style="${style}"/>${more}`
const four = encodeText('four')

describe('a hostile archive', () => {
  it('is read where it is sound', async () => {
    expect(await readAll(withToc(file(data()), four))).toEqual({ a: four })
    const linked = toc(
      '<file id="1"><name>a</name><type>symlink</type><link type="file">b</link><mode>0755</mode></file><signature style="RSA"/><x-signature style="CMS"/>',
    )
    const { files: found, signatures } = await readXar(fromBytes(withToc(linked)), limits)
    expect([found[0]?.linkTarget, found[0]?.mode, signatures]).toEqual(['b', 0o755, ['RSA', 'CMS']])
    expect(await readAll(withToc('<xar><toc><checksum style="none"/></toc></xar>'))).toEqual({})
  })
  it.each([
    ['xar/truncated', new Uint8Array(10)],
    ['xar/bad-header', new Uint8Array(100)],
    ['xar/bad-header', concat([encodeText('xar!'), Uint8Array.of(0, 28, 0, 1), new Uint8Array(20).fill(0xff)])],
    ['xar/too-large', concat([encodeText('xar!'), Uint8Array.of(0, 28, 0, 1, 0, 0, 0, 9), new Uint8Array(16)])],
    ['xar/truncated', withToc(toc('')).subarray(0, 60)],
    ['xar/bad-toc', withToc('<xar/>')],
    ['xar/bad-toc', withToc('<xar>')],
    ['xar/bad-toc', withToc(toc('')).with(23, 1)],
    ['xar/bad-checksum', withToc(toc('')).map((byte, at, all) => (at === all.length - 1 ? byte ^ 1 : byte))],
    ['xar/unsupported', withToc(toc('').replace('sha1', 'crc'))],
    ['xar/bad-toc', withToc(file(data(), '../a'), four)],
    ['xar/bad-toc', withToc(file(data(), 'a/b'), four)],
    ['xar/bad-toc', withToc(file(data(), ''), four)],
    ['xar/bad-toc', withToc(file('<offset>-1</offset>'), four)],
    ['xar/truncated', withToc(file(data({ offset: 21 })), four)],
    ['xar/truncated', withToc(file(data({ length: 9_007_199_254_740_991 - 30 })), four)],
    ['xar/too-large', withToc(file(data({ size: 2 ** 31 })), four)],
    ['xar/bad-data', withToc(file(data({ size: 5 })), four)],
    ['xar/bad-data', withToc(file(data({ size: 3 })), four)],
    ['xar/bad-data', withToc(file(data({ style: 'application/x-gzip' })), four)],
    ['xar/bad-data', withToc(file(data({ more: '<extracted-checksum style="sha1">00</extracted-checksum>' })), four)],
    ['xar/unsupported', withToc(file(data({ style: 'application/x-bzip2' })), four)],
    ['xar/too-many-entries', withToc(toc('<file><name>a</name></file>'.repeat(1001)))],
  ])('is refused: %s', async (code, bytes) => {
    expect(await codeOf(() => readAll(bytes))).toBe(code)
  })
  it('cannot unpack to more than it says', async () => {
    const bomb = deflateSync(new Uint8Array(50_000_000))
    const bytes = withToc(file(data({ length: bomb.length, size: 10, style: 'application/x-gzip' })), bomb)
    expect(await codeOf(() => readAll(bytes))).toBe('xar/bad-data')
  })
  it('ends in an error of the format, whatever is changed', async () => {
    const small = await all(
      writeXar(
        (await files()).filter(one => 'bytes' in one),
        { mtime },
      ),
    )
    const { strange } = await mutate(small, readAll, 1000)
    expect(strange).toEqual([])
  })
})

describeWithJudge(['7z'], 'an archive, as 7-Zip reads it', judges => {
  it('tests and extracts', async () => {
    const [path, out] = [join(folder, 'a.xar'), join(folder, 'out')]
    writeFileSync(path, await archive())
    execFileSync(judges['7z'], ['t', '-txar', path], { stdio: 'pipe' })
    execFileSync(judges['7z'], ['x', '-txar', `-o${out}`, path], { stdio: 'pipe', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
    for (const [name, content] of Object.entries(expected))
      if (typeof content !== 'string') expect(Buffer.compare(readFileSync(join(out, name)), content)).toBe(0)
  })
  it('is refused with one byte of its heap changed', async () => {
    const bytes = await archive()
    const path = join(folder, 'broken.xar')
    writeFileSync(path, bytes.with(bytes.length - 2_000_000, (bytes[bytes.length - 2_000_000] ?? 0) ^ 1))
    expect(() => execFileSync(judges['7z'], ['t', '-txar', path], { stdio: 'pipe' })).toThrow(/CRC|Command failed/)
  })
})
