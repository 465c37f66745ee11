// cpio in its old portable form: GNU cpio and bsdtar read what we write, we read what they write.
import { describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { concat } from './bytes.ts'
import { readCpio } from './cpio.ts'
import { limitOdcFileBytes, odcGzParts, type OdcEntry } from './cpio-odc.ts'
import { gzipOf, gunzipWhole } from './gzip.ts'
import { all, codeOf, deflatedBytes, inPieces, judge, mutate, sampleBytes } from './testing/archives.ts'

const limits = { limitEntries: 10_000, limitBytes: 2 ** 31 }
const mtime = 1_700_000_000
const file = (path: string, content: Uint8Array, more: Partial<OdcEntry> = {}): OdcEntry => ({
  path,
  type: 'file',
  mode: 0o644,
  mtime,
  sizeBytes: content.length,
  deflated: () => deflatedBytes(content),
  ...more,
})
const folder = (path: string, more: Partial<OdcEntry> = {}): OdcEntry => ({
  path,
  type: 'folder',
  mode: 0o755,
  mtime,
  sizeBytes: 0,
  ...more,
})
const entries: readonly OdcEntry[] = [
  folder('.', { mode: 0o775, gid: 80 }),
  folder('./app'),
  file('./app/empty', new Uint8Array(0)),
  file('./app/odd', sampleBytes(3), { mode: 0o755 }),
  file('./app/Grüße 日本語 🚢', sampleBytes(70_001)),
  { path: './app/link', type: 'symlink', mode: 0o755, mtime, sizeBytes: 0, linkTarget: '../zür' },
]
const archive = async (list: readonly OdcEntry[] = entries): Promise<Uint8Array> => all(gzipOf(odcGzParts(list)))
const readAll = async (bytes: Uint8Array): Promise<readonly (readonly unknown[])[]> => {
  const rows: (readonly unknown[])[] = []
  for await (const one of readCpio(inPieces(bytes, 1001), limits))
    rows.push([one.path, one.type, one.mode, one.uid, one.gid, one.mtime, one.linkTarget, await all(one.bytes())])
  return rows
}
const contents = (path: string): Uint8Array =>
  path.endsWith('odd') ? sampleBytes(3) : path.endsWith('🚢') ? sampleBytes(70_001) : new Uint8Array(0)
const rows = entries.map(({ path, type, mode, gid = 0, linkTarget }) => [path, type, mode, 0, gid, mtime, linkTarget, contents(path)])

describe('odc', () => {
  it('reads back as it was, as one gzip member', async () => {
    expect(await readAll(gunzipWhole(await archive()))).toEqual(rows)
  })
  it('keeps more entries than it has numbers for inodes', async () => {
    let count = 0
    const many = function* (): Generator<OdcEntry> {
      for (let index = 0; index < 300_000; index++) yield folder(`a${index}`)
    }
    const plain: Uint8Array[] = []
    for await (const part of odcGzParts(many())) if ('plain' in part) plain.push(part.plain)
    for await (const one of readCpio([concat(plain)], { limitEntries: 300_000, limitBytes: 2 ** 31 })) count += one.links
    expect(count).toBe(300_000)
  }, 30_000)
  it('refuses what it has no room for', async () => {
    expect(limitOdcFileBytes).toBe(8 * 2 ** 30 - 1)
    expect(await codeOf(() => archive([file('a', new Uint8Array(1), { sizeBytes: limitOdcFileBytes + 1 })]))).toBe('cpio/too-large')
    expect(await codeOf(() => archive([file('a', new Uint8Array(1), { sizeBytes: 2 })]))).toBe('cpio/size-changed')
    expect(await codeOf(() => archive([folder('a', { mtime: -1 })]))).toBe('cpio/bad-entry')
    expect(await codeOf(() => archive([folder('../a')]))).toBe('cpio/bad-entry')
    expect(await codeOf(() => archive([folder('a', { mtime: 2 ** 32 })]))).toBe('no error')
  })
  it('ends in an error of the format, whatever is changed', async () => {
    const { strange } = await mutate(gunzipWhole(await archive()), readAll, 1000)
    expect(strange).toEqual([])
  }, 20_000)
})

describeWithJudge(['cpio', 'bsdtar'], 'odc, as others read and write it', () => {
  it('is listed and unpacked', async () => {
    const bytes = gunzipWhole(await archive())
    const [listed = '', , link = '', again = ''] = await judge(bytes, 'a.cpio', [
      ['cpio', '-it', '--quiet', '-F', 'FILE'],
      ['sh', '-c', 'mkdir "$1/out" && cd "$1/out" && cpio -idm --quiet -F "$2"', 'sh', 'FOLDER', 'FILE'],
      ['sh', '-c', 'readlink "$1/out/app/link"; stat -c "%a %s %Y" "$1/out/app/odd"', 'sh', 'FOLDER'],
      ['bsdtar', '-tf', 'FILE'],
    ])
    const paths = entries.map(one => one.path)
    expect(listed.trim().split('\n')).toEqual(paths)
    expect(link).toBe(`../zür\n755 3 ${mtime}\n`)
    expect(again.trim().split('\n')).toEqual(paths)
  })
  it('is read as GNU cpio writes it', async () => {
    const [hex = ''] = await judge(new Uint8Array(3).fill(0x61), 'three', [
      ['sh', '-c', 'cd "$1" && echo three | cpio -o --quiet -H odc | xxd -p', 'sh', 'FOLDER'],
    ])
    const [row] = await readAll(Buffer.from(hex.replaceAll('\n', ''), 'hex'))
    expect([row?.[0], row?.[1], row?.[7]]).toEqual(['three', 'file', new Uint8Array(3).fill(0x61)])
  })
  it('is refused when it is cut', async () => {
    const bytes = gunzipWhole(await archive())
    await expect(judge(bytes.subarray(0, 50_000), 'a.cpio', [['cpio', '-it', '--quiet', '-F', 'FILE']])).rejects.toThrow('premature end')
  })
})
