// For the benchmark of Linux packages: app folders of a given size out of this Node's own bytes, and the configs of slipway and of its peers.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tinyElf } from '../../packages/formats/src/testing/binaries.ts'
import { benchFolder } from './six-programs.ts'

export const linuxFormats = ['deb', 'rpm', 'apk', 'pacman'] as const
export type BenchFormat = (typeof linuxFormats)[number]

export interface LinuxBench {
  /** Holds the slipway project, `nfpm.yaml`, `tool.spec`, and `root`: the same files as an installed system has them. */
  readonly home: string
  readonly root: string
  readonly megabytes: number
}

/** Made once; a tree stays between runs. */
export const linuxBench = (megabytes: number): LinuxBench => {
  const home = join(benchFolder, `linux-${megabytes}`)
  const root = join(home, 'root')
  const tree = join(home, 'tree')
  if (!existsSync(join(home, 'complete'))) {
    writeTree(tree, megabytes)
    mkdirSync(join(root, 'usr/lib'), { recursive: true })
    cpSync(tree, join(root, 'usr/lib/tool'), { recursive: true })
    mkdirSync(join(root, 'DEBIAN'), { recursive: true })
    writeFileSync(join(root, 'DEBIAN/control'), control)
    writeFileSync(join(home, 'complete'), '')
  }
  writeFileSync(join(home, 'slipway.jsonc'), JSON.stringify(config, null, 2))
  writeFileSync(join(home, 'nfpm.yaml'), nfpmConfig(tree))
  writeFileSync(join(home, 'tool.spec'), specOf(join(root, 'usr')))
  return { home, root, megabytes }
}

/** Nine tenths in files of 3 MB at most, the rest in small ones; no two are alike, because every one begins elsewhere. */
const writeTree = (tree: string, megabytes: number, machine = 62): void => {
  writeParts(tree, megabytes, machine)
  writeFileSync(join(tree, 'tool'), tinyElf({ machine }), { mode: 0o755 })
}

/** Without the program. */
export const writeParts = (tree: string, megabytes: number, seed = 0): void => {
  const source = readFileSync(process.execPath)
  const total = megabytes * 1e6
  const large = Math.min(3e6, total / 10)
  let at = (1 << 20) + seed
  const write = (path: string, sizeBytes: number): void => {
    if (at + sizeBytes > source.length) at = (at % 4093) + 1
    writeFileSync(join(tree, path), source.subarray(at, at + sizeBytes), { mode: 0o644 })
    at += sizeBytes
  }
  for (const folder of ['lib', 'data']) mkdirSync(join(tree, folder), { recursive: true })
  for (let index = 0; index < (total * 0.9) / large; index++) write(`lib/part-${index}.bin`, large)
  for (let index = 0; index < (total * 0.1) / 20_000; index++) write(`data/${index}.dat`, 20_000)
}

/**
 * The lowest of our levels at which 300 MB are no larger than what nfpm makes of them. Its own numbers say nothing about size: gzip:6 is
 * another compressor's 6, and Zstandard has no number there at all.
 */
export const levelOfNfpm: Readonly<Record<BenchFormat, number>> = { deb: 5, rpm: 3, apk: 3, pacman: 3 }

const config = {
  app: {
    name: 'tool',
    license: 'MIT',
    homepage: 'https://example.org',
    summary: 'A tool to measure with',
    publisher: 'Tool <tool@example.org>',
    version: '1.0.0',
    date: '2026-11-21',
  },
  targets: ['linux-x64'],
  build: { prebuilt: 'tree' },
  packages: { deb: {}, rpm: {}, apk: {}, pacman: { level: levelOfNfpm.pacman } },
  store: { folder: { path: 'bucket', url: 'http://127.0.0.1:8737' } },
}

/** What a Linux app of two targets is released as. */
export const allLinuxFormats = ['deb', 'rpm', 'apk', 'pacman', 'tar.gz', 'tar.zst', 'appimage', 'snap'] as const
/** Those whose files are the same deflate streams. */
export const deflateFormats = ['deb', 'rpm', 'apk', 'tar.gz'] as const
export const pairTargets = ['linux-x64', 'linux-arm64'] as const

/** A project of two targets, other bytes in each. Gives its folder. */
export const linuxPair = (megabytes: number): string => {
  const home = join(benchFolder, `linux-pair-${megabytes}`)
  if (!existsSync(join(home, 'complete'))) {
    // e_machine of x86-64 and of AArch64 (ELF, "Machine").
    for (const [target, machine] of [
      ['linux-x64', 62],
      ['linux-arm64', 183],
    ] as const)
      writeTree(join(home, 'trees', target), megabytes, machine)
    writeFileSync(join(home, 'complete'), '')
  }
  const packages = Object.fromEntries(allLinuxFormats.map(format => [format, {}]))
  const pair = { ...config, targets: pairTargets, build: { prebuilt: 'trees/{target}' }, packages }
  writeFileSync(join(home, 'slipway.jsonc'), JSON.stringify(pair, null, 2))
  return home
}

const control = `Package: tool
Version: 1.0.0-1
Architecture: amd64
Maintainer: Tool <tool@example.org>
Description: A tool to measure with
`

const nfpmConfig = (tree: string): string => `name: tool
arch: amd64
version: 1.0.0
release: "1"
maintainer: Tool <tool@example.org>
description: A tool to measure with
license: MIT
homepage: https://example.org
contents:
  - src: ${tree}
    dst: /usr/lib/tool
    type: tree
deb:
  compression: gzip
rpm:
  compression: gzip:6
`

/** Hard links instead of copies, and nothing done to the files: only the packaging is measured. */
const specOf = (usr: string): string => `%global __os_install_post %{nil}
%global debug_package %{nil}
%global _build_id_links none
Name: tool
Version: 1.0.0
Release: 1
Summary: A tool to measure with
License: MIT
AutoReqProv: no
%description
A tool to measure with
%install
mkdir -p %{buildroot}
cp -al ${usr} %{buildroot}/usr
%files
/usr/lib/tool
`
