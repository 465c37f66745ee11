// Every packager against the conformance of its kind; what they write is unpacked by tools that we did not write.
import { describe, expect, it } from 'vitest'
import type { Json } from '@slipway/core'
import { collectPackage, packagerConformance, runJudge, type PackagerFixture } from './conformance.ts'
import * as packagers from './index.ts'
import type { AnyPackager } from './packager.ts'
import { app, treeOf } from './testing/trees.ts'

const textOf = (fact: Json | undefined): string => (typeof fact === 'string' ? fact : JSON.stringify(fact))
const oneFile = 'it is one file: the executable alone'
const fixtures: Readonly<Record<string, PackagerFixture>> = {
  'tar.gz': {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['-xpzf', file], folder),
    home: facts => textOf(facts['folder']),
  },
  'tar.xz': {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['-xJpf', file], folder),
    home: facts => textOf(facts['folder']),
  },
  'tar.zst': {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['--zstd', '-xpf', file], folder),
    home: facts => textOf(facts['folder']),
  },
  zip: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('unzip', ['-q', file], folder),
    home: facts => textOf(facts['folder']),
  },
  deb: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('dpkg-deb', ['-x', file, '.'], folder),
    home: facts => `usr/lib/${textOf(facts['Package'])}`,
  },
  apk: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['--warning=no-unknown-keyword', '-xpzf', file], folder),
    home: facts => `usr/lib/${textOf(facts['pkgname'])}`,
  },
  rpm: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('bsdtar', ['-xpf', file], folder),
    home: facts => `usr/lib/${textOf(facts['NAME'])}`,
  },
  pacman: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('bsdtar', ['-xpf', file], folder),
    home: facts => `usr/lib/${textOf(facts['pkgname'])}`,
  },
  appimage: {
    target: 'linux-x64',
    unpack: (file, folder) => {
      const offset = runJudge('/bin/sh', ['-c', 'chmod 755 "$1" && exec "$1" --appimage-offset', 'sh', file], folder).trim()
      runJudge('unsquashfs', ['-q', '-n', '-f', '-d', folder, '-o', offset, file], folder)
    },
    home: () => 'usr/lib/tool',
  },
  snap: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('unsquashfs', ['-q', '-n', '-f', '-d', folder, file], folder),
    home: facts => `usr/lib/${textOf(facts['name'])}`,
  },
  npm: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['-xpzf', file], folder),
    home: () => 'package/app',
    filesAlone: 'npm unpacks no links and makes no empty folders, so they are refused: npm.test.ts',
  },
  binary: {
    target: 'linux-x64',
    unpack: null,
    home: () => '',
    skip: {
      'changes with the date alone where it keeps one': 'an executable has no date of ours',
      'keeps hostile names': oneFile,
      'keeps empty and large files, links, modes and empty folders': oneFile,
      'packs 10,000 entries': oneFile,
    },
  },
}

// Those that are made from packages have no app folder: from-packages.test.ts.
const ofTrees = Object.values(packagers as unknown as Record<string, AnyPackager>).filter(unit => unit.from === undefined)
const skips = ofTrees.map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`packagers/${unit.id} has no conformance fixture`)
  return packagerConformance(unit, fixture)
})

describe('packagers', () => {
  it('refuses a bare executable that is not there', async () => {
    const packing = { tree: treeOf({ other: 'x' }), target: 'linux-x64', options: {} as never }
    await expect(collectPackage(packagers.binary as unknown as AnyPackager, packing)).rejects.toThrow('binary/no-executable')
  })
  it('packs a bare executable as it is, with .exe on Windows alone', async () => {
    const packing = { tree: treeOf({ tool: 'bytes of it' }), target: 'linux-x64', options: {} as never }
    const { bytes, facts } = await collectPackage(packagers.binary as unknown as AnyPackager, packing)
    expect([bytes.toString(), facts]).toEqual(['bytes of it', { executable: 'tool' }])
    expect(['windows-arm64', 'macos-x64'].map(target => packagers.binary.fileName({ app, target }, {}))).toEqual([
      'tool-1.2.3-windows-arm64.exe',
      'tool-1.2.3-macos-x64',
    ])
  })
  it('skips only what has a reason, and says how much', () => {
    const skipped = skips.flat()
    process.stdout.write(`packager conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
    expect(skipped).toHaveLength(
      Object.values(fixtures).reduce(
        (sum, { skip = {}, filesAlone }) => sum + Object.keys(skip).length + (filesAlone === undefined ? 0 : 1),
        0,
      ),
    )
    for (const line of skipped) expect(line).toMatch(/^[a-z.]+: .+: .{10,}$/)
  })
})
