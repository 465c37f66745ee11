// What a Mac takes for one name, judged by Apple's own words: HFS Plus folds as TN1150 does, APFS by Unicode's case folding.
import { describe, expect, it } from 'vitest'
import { compareNames, foldName, nameUnits } from '@slipway/formats/hfs/names'
import { SlipwayError } from '@slipway/core'
import * as packagers from '../index.ts'
import type { AnyPackager } from '../packager.ts'
import { app, date, defaultsOf, treeOf } from '../testing/trees.ts'
import { macTreeProblems } from './tree.ts'

const saidOf = (paths: readonly string[], target = 'macos-arm64'): readonly string[] =>
  macTreeProblems(
    paths.map(path => ({ path })),
    { id: 'app.zip', target },
  ).map(({ code, message }) => `${code}: ${message}`)

describe('names that are one on a Mac', () => {
  it.each([
    ['Data', 'data'],
    ['\u00e9.txt', 'e\u0301.txt'],
    // APFS folds fully, HFS Plus does not.
    ['stra\u00dfe', 'STRASSE'],
    // HFS Plus passes over joiners.
    ['a\u200db', 'ab'],
    ['\u0416', '\u0436'],
  ])('%s and %s', (one, other) => {
    expect(saidOf([one, other])).toEqual([`mac/same-name: ${JSON.stringify(one)} and ${JSON.stringify(other)} are one on a Mac`])
  })
  it('says a folder in two spellings once, and nothing of names that differ, or of other systems', () => {
    expect(saidOf(['Data/a', 'data/b', 'data/c'])).toEqual(['mac/same-name: "Data" and "data" are one on a Mac'])
    expect(saidOf(['a/Data', 'b/data', 'a/Data1', 'o', '\u00f6', 'oe'])).toEqual([])
    expect(saidOf(['Data', 'data'], 'linux-x64')).toEqual([])
  })
  it('folds as the catalog of a volume compares', () => {
    const names = [
      'Data',
      'data',
      'DATA',
      '\u00e9',
      'e\u0301',
      '\u00c9',
      'ss',
      '\u00df',
      'a\u200db',
      'ab',
      'a:b',
      '\u{1f680}',
      '\u03a3',
      '\u03c3',
    ]
    for (const one of names)
      for (const other of names)
        expect(foldName(one) === foldName(other), `${one} ${other}`).toBe(compareNames(nameUnits(one), nameUnits(other)) === 0)
  })
  it('is refused by every packager for macOS, and by nothing else of the same tree', async () => {
    const codesOf = async (id: string, contents: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      const unit = (Object.values(packagers) as unknown as AnyPackager[]).find(one => one.id === id)
      if (unit === undefined) throw new Error(id)
      const tree = treeOf(contents, Object.keys(contents)[0] ?? '')
      try {
        for await (const _ of unit.pack({ app, target: 'macos-arm64', tree, date }, defaultsOf(unit as never) as never));
        return []
      } catch (error) {
        if (error instanceof SlipwayError) return error.problems.map(one => one.code)
        throw error
      }
    }
    const clash = { 'A.app/Contents/MacOS/tool': 'x', 'A.app/Contents/Resources/Data': 'x', 'A.app/Contents/Resources/data': 'y' }
    for (const id of ['dmg', 'app.zip', 'app.tar.gz', 'pkg', 'zip']) expect(await codesOf(id, clash), id).toEqual(['mac/same-name'])
    const bundle = { 'Contents/MacOS/tool': 'x', 'Contents/Info.plist': 'x' }
    for (const id of ['zip', 'tar.gz', 'tar.xz', 'tar.zst']) expect(await codesOf(id, bundle), id).toEqual(['mac/bare-bundle'])
    expect(await codesOf('zip', { 'A.app/Contents/MacOS/tool': 'x' })).toEqual([])
  })
})
