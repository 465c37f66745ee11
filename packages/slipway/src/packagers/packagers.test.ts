// Every packager against the conformance of its kind; what they write is unpacked by tools that we did not write.
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
  nsis: {
    target: 'windows-x64',
    unpack: (file, folder) => {
      runJudge('7z', ['x', '-y', '-bso0', file], folder)
      // What every installer has beside the app; and modes, which Windows lacks.
      for (const own of ['uninstall.exe', '$PLUGINSDIR']) rmSync(join(folder, own), { recursive: true })
      for (const path of ['tool', 'bin/other'].filter(one => existsSync(join(folder, one)))) chmodSync(join(folder, path), 0o755)
    },
    home: () => '',
    filesAlone: '7z lists no empty folders, and links are refused: nsis.test.ts',
    skip: {
      'keeps hostile names': 'Windows allows none with quotes or stars; those that it allows: nsis.test.ts',
      'changes with the date alone where it keeps one': 'an installer keeps no date: files get that of the installation',
    },
  },
  'app.zip': {
    target: 'macos-universal',
    unpack: (file, folder) => void runJudge('unzip', ['-q', file], folder),
    home: () => '',
  },
  'app.tar.gz': {
    target: 'macos-universal',
    unpack: (file, folder) => void runJudge('tar', ['-xpzf', file], folder),
    home: () => '',
  },
  dmg: {
    target: 'macos-universal',
    unpack: (file, folder) => {
      // 7z makes no links through links, and says so with code 2: links are read by sleuthkit.
      runJudge('/bin/sh', ['-c', '7z x -y -bso0 -bse0 "$1" -x!"*/.DS_Store" -x!"*/Applications" || test $? = 2', 'sh', file], folder)
      const image = join(mkdtempSync(join(folder, '..', 'image-')), 'image')
      runJudge('/bin/sh', ['-c', '7z x -tdmg -so "$1" >"$2"', 'sh', file, image], folder)
      for (const [, inode = '', path = ''] of runJudge('fls', ['-rp', image], folder).matchAll(/^l\/l (\d+):\t(.*)$/gm)) {
        if (path === 'Applications') continue
        rmSync(join(folder, 'A Tool 1.2.3', path), { force: true })
        symlinkSync(runJudge('icat', [image, inode], folder), join(folder, 'A Tool 1.2.3', path))
      }
    },
    home: facts => textOf(facts['volume']),
    skip: { 'keeps hostile names': 'HFS Plus keeps names decomposed, so they are not what they were: hfs.test.ts' },
  },
  pkg: {
    target: 'macos-universal',
    unpack: (file, folder) => {
      const inside = mkdtempSync(join(tmpdir(), 'pkg-'))
      runJudge('7z', ['x', '-txar', `-o${inside}`, file, '*.pkg/Payload'], inside)
      runJudge('/bin/sh', ['-c', 'gzip -dc "$1"/*.pkg/Payload | cpio -idm --quiet', 'sh', inside], folder)
      rmSync(inside, { recursive: true })
    },
    home: () => '',
  },
  npm: {
    target: 'linux-x64',
    unpack: (file, folder) => void runJudge('tar', ['-xpzf', file], folder),
    home: () => 'package/app',
    filesAlone: 'npm unpacks no links and makes no empty folders, so they are refused: npm.test.ts',
  },
  msi: {
    target: 'windows-x64',
    unpack: (file, folder) => {
      runJudge('msiextract', ['-C', folder, file], folder)
      // Windows keeps no modes.
      runJudge(
        '/bin/sh',
        ['-c', 'chmod -R a=rX,u+w . && find . -path "*/bin/*" -exec chmod 755 {} + && chmod 755 "Programs/A Tool/tool"'],
        folder,
      )
    },
    home: () => 'Programs/A Tool',
    filesAlone: 'Windows Installer knows no links, so they are refused, and msiextract makes no empty folders: msi.test.ts',
    skip: { 'keeps hostile names': 'Windows forbids most of them, and they are refused: msi.test.ts' },
  },
  msix: {
    target: 'windows-x64',
    options: { icon: 'icon.png' },
    unpack: (file, folder) => {
      runJudge('7z', ['x', '-y', '-bso0', file], folder)
      // What every package has beside the app; and modes, which Windows lacks.
      for (const own of ['Assets', 'resources.pri', 'AppxManifest.xml', 'AppxBlockMap.xml', '[Content_Types].xml'])
        rmSync(join(folder, own), { recursive: true })
      for (const path of ['tool', 'bin/other'].filter(one => existsSync(join(folder, one)))) chmodSync(join(folder, path), 0o755)
    },
    home: () => '',
    filesAlone: 'a package holds files alone, and links are refused: msix.test.ts',
    skip: { 'keeps hostile names': 'Windows forbids most of them, and they are refused: msix.test.ts' },
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

// Those that are made from packages have no app folder: from-packages.test.ts. Those that shape one write no file: app.test.ts.
const ofTrees = Object.values(packagers as unknown as Record<string, AnyPackager>).filter(
  unit => unit.from === undefined && unit.shape === undefined,
)
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
