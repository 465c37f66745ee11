// Tests of mtree: round trips, libarchive's writer and reader, broken lines.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeText } from './bytes.ts'
import { type MtreeEntry, mtreeHead, mtreeLine, parseMtree } from './mtree.ts'
import { codeOf, itWith, judge, mutate } from './testing/archives.ts'

const sha256 = 'ab'.repeat(32)
const entries: readonly MtreeEntry[] = [
  { path: 'usr', type: 'folder', mode: 0o755, mtime: 5 },
  { path: 'usr/a b#=\\\n\tü🚢', type: 'file', mode: 0o644, mtime: 5, sizeBytes: 3, sha256, md5: 'cd'.repeat(16) },
  { path: 'usr/run', type: 'file', mode: 0o4755, mtime: 5, sizeBytes: 0, sha256 },
  { path: 'usr/to', type: 'symlink', mode: 0o777, mtime: 5, linkTarget: '../a b' },
]

const mtreeText = (entries: readonly MtreeEntry[]): string => mtreeHead + entries.map(mtreeLine).join('')

describe('mtree', () => {
  it('comes back as it was', () => {
    expect(parseMtree(encodeText(mtreeText(entries)))).toEqual(entries)
    const path = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !/^\/|\/$|\0/.test(text) && text.isWellFormed())
    fc.assert(
      fc.property(fc.array(path), paths => {
        const list = paths.map(one => ({ path: one, type: 'file' as const, mode: 0o600 }))
        expect(parseMtree(encodeText(mtreeText(list)))).toEqual(list)
      }),
    )
  })

  itWith('bsdtar')('is read by libarchive, and reads what libarchive writes', async () => {
    const [listed = ''] = await judge(encodeText(mtreeText(entries)), 'x.mtree', [['bsdtar', '-tvf', 'FILE']])
    expect(listed.split('\n').slice(0, 4)).toEqual([
      expect.stringMatching(/^drwxr-xr-x .*\.\/usr\/?$/),
      expect.stringContaining('ü🚢'),
      expect.stringMatching(/^-rwsr-xr-x .*\.\/usr\/run$/),
      expect.stringContaining('./usr/to -> ../a b'),
    ])
    const folder = mkdtempSync(join(tmpdir(), 'mtree-'))
    writeFileSync(join(folder, 'a b#ü'), 'x', { mode: 0o640 })
    symlinkSync('a b#ü', join(folder, 'to'))
    const options = '--options=!all,use-set,type,uid,gid,mode,time,size,md5,sha256,link'
    const written = execFileSync('bsdtar', ['-cnf', '-', '--format=mtree', options, 'a b#ü', 'to'], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    rmSync(folder, { recursive: true })
    const found = parseMtree(new Uint8Array(written))
    expect(found).toMatchObject([
      { path: 'a b#ü', type: 'file', mode: 0o640, sizeBytes: 1, sha256: expect.stringMatching(/^2d711642/) },
      { path: 'to', type: 'symlink', linkTarget: 'a b#ü' },
    ])
  })

  it('is refused where a line is none', async () => {
    const code = (text: string) => codeOf(() => parseMtree(encodeText(`#mtree\n${text}\n`)))
    expect(await code('./x mode=9 type=file')).toBe('mtree/bad-line')
    expect(await code('./x\\9 type=file')).toBe('mtree/bad-line')
    expect(await code('./x\\377 type=file')).toBe('mtree/bad-line')
    expect(await code('./x')).toBe('mtree/bad-line')
    expect(await code('x type=file')).toBe('mtree/unsupported')
    expect(await codeOf(() => parseMtree(encodeText('./x type=file')))).toBe('mtree/bad-line')
    expect(await codeOf(() => parseMtree(Uint8Array.of(255)))).toBe('mtree/bad-line')
    expect(await codeOf(() => mtreeText([{ path: '/x', type: 'file' }]))).toBe('mtree/bad-entry')
    expect(await codeOf(() => mtreeText([{ path: 'x', type: 'other' }]))).toBe('mtree/bad-entry')
    expect(parseMtree(encodeText('#mtree\n/set type=dir mode=700\n./x\n/unset mode\n./y\n./z type=block\n'))).toEqual([
      { path: 'x', type: 'folder', mode: 0o700 },
      { path: 'y', type: 'folder' },
      { path: 'z', type: 'other' },
    ])
  })

  it('survives 2,000 broken copies', async () => {
    expect((await mutate(encodeText(mtreeText(entries)), async bytes => parseMtree(bytes))).strange).toEqual([])
  })
})
