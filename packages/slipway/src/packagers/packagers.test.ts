// Every packager against the conformance of its kind; what they write is unpacked by tools that we did not write.
import { describe, expect, it } from 'vitest'
import { packagerConformance, runJudge, type PackagerFixture } from './conformance.ts'
import * as packagers from './index.ts'
import type { AnyPackager } from './packager.ts'

const oneFile = 'it is one file: the executable alone'
const fixtures: Readonly<Record<string, PackagerFixture>> = {
  'tar.gz': {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['-xpzf', file], folder),
    home: facts => String(facts['folder']),
  },
  'tar.zst': {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['--zstd', '-xpf', file], folder),
    home: facts => String(facts['folder']),
  },
  zip: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('unzip', ['-q', file], folder),
    home: facts => String(facts['folder']),
  },
  deb: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('dpkg-deb', ['-x', file, '.'], folder),
    home: facts => `usr/lib/${String(facts['Package'])}`,
  },
  binary: {
    target: 'linux-x64',
    unpack: null,
    home: () => '',
    skip: {
      'changes with the date alone where it keeps one': 'an executable has no date of ours',
      'keeps hostile names': oneFile,
      'keeps empty and large files, links, modes and empty folders': oneFile,
    },
  },
}

const skips = Object.values(packagers as unknown as Record<string, AnyPackager>).map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`packagers/${unit.id} has no conformance fixture`)
  return packagerConformance(unit, fixture)
})

describe('packagers', () => {
  it('skips only what has a reason, and says how much', () => {
    const skipped = skips.flat()
    console.info(`packager conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}`)
    expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
    for (const line of skipped) expect(line).toMatch(/^[a-z.]+: .+: .{10,}$/)
  })
})
