// What Windows takes for one name: NTFS compares unit by unit with one capital each, and composes nothing.
import { describe, expect, it } from 'vitest'
import type { SizedEntry } from '../packager.ts'
import { windowsTreeProblems, type WindowsPlace } from './names.ts'

const place: WindowsPlace = { id: 'msi', target: 'windows-x64', homeCharacters: 50, longPaths: false }
const saidOf = (entries: readonly (string | SizedEntry)[], more: Partial<WindowsPlace> = {}): readonly string[] =>
  windowsTreeProblems(
    entries.map(one => (typeof one === 'string' ? { type: 'file', path: one } : one)),
    { ...place, ...more },
  ).map(({ code, where }) => `${code} ${where.path ?? ''} ${where.file ?? ''}`)

describe('an app folder for Windows', () => {
  it.each([
    ['Data', 'data'],
    ['\u00c9.txt', '\u00e9.txt'],
    ['\u03a3', '\u03c2'],
  ])('holds not both %s and %s', (one, other) => {
    expect(saidOf([one, other])).toEqual([`windows/same-name packages.msi ${other}`])
  })
  it.each([
    ['\u00e9.txt', 'e\u0301.txt'],
    ['stra\u00dfe', 'STRASSE'],
    ['\u0131', 'I'],
    ['\u00b5', '\u03bc'],
    ['\u017f', 's'],
  ])('holds both %s and %s', (one, other) => {
    expect(saidOf([one, other])).toEqual([])
  })
  it('says a folder in two spellings once', () => {
    expect(saidOf(['DATA/a', 'data/b', 'data/c'])).toEqual(['windows/same-name packages.msi data'])
  })
  it('installs no leftovers, and an archive may hold them and links', () => {
    const entries: readonly SizedEntry[] = [
      ...['.DS_Store', 'a/._b', 'a/Thumbs.db', 'a/Desktop.ini', '__MACOSX/x', 'thumbs.dbx', 'a._b'].map(path => ({
        type: 'file' as const,
        path,
      })),
      { type: 'link', path: 'link' },
    ]
    expect(saidOf(entries)).toEqual([
      'windows/leftover packages.msi .DS_Store',
      'windows/leftover packages.msi a/._b',
      'windows/leftover packages.msi a/Thumbs.db',
      'windows/leftover packages.msi a/Desktop.ini',
      'windows/leftover packages.msi __MACOSX/x',
      'windows/link packages.msi link',
    ])
    expect(saidOf(entries, { isArchive: true })).toEqual([])
  })
  it('names the option for long paths where there is one alone', () => {
    const hint = (more: Partial<WindowsPlace>): string =>
      windowsTreeProblems([{ type: 'file', path: 'x'.repeat(250) }], { ...place, ...more })[0]?.hint ?? ''
    expect(hint({ id: 'nsis', hasLongPaths: true })).toContain('longPaths: true')
    expect(hint({})).toBe('Shorten the path, or take windows-x64 out of packages.msi.targets.')
  })
})
