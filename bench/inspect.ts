// inspect, as npm installs it, against each format's own lister on the same file, in turns; formats with a directory and 100,000 entries
// against fixed times.
import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../scripts/bench/bench.ts'
import type { Bench, BenchFile, Measured } from '../scripts/bench/bench.ts'
import { benchFolder, measureRun } from '../scripts/bench/six-programs.ts'
import { build } from '../scripts/build.ts'
import { projectRoot } from '../scripts/lib/files.ts'

const home = join(projectRoot, 'packages/slipway')
const folder = join(benchFolder, 'inspect')
const installed = join(folder, 'installed')
const launcher = join(installed, 'bin/slipway.js')
const rounds = 5

const make = (file: string, build: (path: string) => void): string => {
  const path = join(folder, file)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  build(`${path}.new`)
  execFileSync('mv', [`${path}.new`, path])
  return path
}
const shell = (script: string, ...args: readonly string[]): void =>
  void execFileSync('sh', ['-euc', script, 'sh', ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })

/** About 300 MB: three copies of Node cut into programs and data. */
const largeTree = (): string =>
  make('large', path => {
    mkdirSync(join(path, 'usr/bin'), { recursive: true })
    mkdirSync(join(path, 'usr/share/app'), { recursive: true })
    for (const name of ['one', 'two']) copyFileSync(process.execPath, join(path, 'usr/bin', name))
    shell('split -b 100k -a 4 "$1" "$2/usr/share/app/part-"', process.execPath, path)
    writeFileSync(join(path, 'app.desktop'), '[Desktop Entry]\nName=App\n')
  })
const manyTree = (): string =>
  make('many', path => {
    for (let part = 0; part < 100; part += 1) {
      const at = join(path, `part-${part}`)
      mkdirSync(at, { recursive: true })
      for (let file = 0; file < 1000; file += 1)
        writeFileSync(join(at, `a file with number ${part * 1000 + file}.txt`), 'x'.repeat(file % 50))
    }
  })

const largeTar = (): string => make('large.tar.gz', path => shell('tar -C "$1" -c . | gzip -6 > "$2"', largeTree(), path))
const manyTar = (): string => make('many.tar.gz', path => shell('tar -C "$1" -c . | gzip -6 > "$2"', manyTree(), path))
const largeZip = (): string => make('large.zip', path => shell('cd "$1" && zip -q -r -0 - . > "$2"', largeTree(), path))
const manyZip = (): string => make('many.zip', path => shell('cd "$1" && zip -q -r -1 - . > "$2"', manyTree(), path))
const image = (): string => make('large.snap', path => shell('mksquashfs "$1" "$2" -comp gzip -quiet -no-progress', largeTree(), path))
const deb = (): string =>
  make('large.deb', path => {
    const control = join(largeTree(), 'DEBIAN')
    mkdirSync(control, { recursive: true })
    writeFileSync(
      join(control, 'control'),
      'Package: app\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: x\n',
    )
    shell('dpkg-deb --root-owner-group -Zgzip -b "$1" "$2"', largeTree(), path)
    rmSync(control, { recursive: true })
  })
// rpmbuild needs minutes for more.
const rpm = (): string =>
  make('many.rpm', path => {
    const spec = join(folder, 'app.spec')
    const steps = [
      '%description\nx\n%install\nmkdir -p %{buildroot}/opt',
      `cd "${manyTree()}"\ncp -r part-[12]? %{buildroot}/opt\n%files\n/opt/*\n`,
    ]
    writeFileSync(
      spec,
      `%global __os_install_post %{nil}\nAutoReqProv: no\nName: app\nVersion: 1\nRelease: 1\nSummary: x\nLicense: MIT\nBuildArch: noarch\n${steps.join('\n')}`,
    )
    const defines = [`_topdir ${join(folder, 'rpm')}`, `_rpmdir ${folder}`, '_binary_payload w6.gzdio'].flatMap(define => [
      '--define',
      define,
    ])
    execFileSync('rpmbuild', ['-bb', '--quiet', ...defines, spec], { stdio: 'ignore' })
    execFileSync('mv', [join(folder, 'noarch/app-1-1.noarch.rpm'), path])
  })

let built: Promise<void> | undefined
const install = async (): Promise<void> => {
  await build()
  rmSync(installed, { recursive: true, force: true })
  for (const part of ['bin', 'dist', 'package.json']) cpSync(join(home, part), join(installed, part), { recursive: true })
}

const ours = (file: string) => measureRun(process.execPath, [launcher, 'inspect', '--json', file], folder)

const against = (name: string, file: () => string, lister: readonly [tool: string, ...args: string[]]): Bench => ({
  name: `inspect of ${name}`,
  limit: 1.3,
  run: async (): Promise<Measured> => {
    const path = file()
    await (built ??= install())
    const pairs: { readonly ours: number; readonly peer: number }[] = []
    await ours(path)
    for (let round = 0; round < rounds; round += 1) {
      const peer = await measureRun(lister[0], [...lister.slice(1), path], folder)
      pairs.push({ ours: (await ours(path)).ms / 1000, peer: peer.ms / 1000 })
    }
    return {
      ours: median(pairs.map(pair => pair.ours)),
      peer: median(pairs.map(pair => pair.peer)),
      ratio: median(pairs.map(pair => pair.ours / pair.peer)),
      unit: 's',
      against: lister.join(' '),
      note: `median of ${rounds} pairs`,
    }
  },
})

const within = (name: string, file: () => string, limitSeconds: number): Bench => ({
  name: `inspect of ${name}`,
  limit: 1,
  run: async (): Promise<Measured> => {
    const path = file()
    await (built ??= install())
    await ours(path)
    const seconds: number[] = []
    for (let round = 0; round < rounds; round += 1) seconds.push((await ours(path)).ms / 1000)
    const middle = median(seconds)
    return { ours: middle, peer: limitSeconds, ratio: middle / limitSeconds, unit: 's', against: `our limit of ${limitSeconds} s` }
  },
})

export const benches: BenchFile['benches'] = [
  against('a tar.gz of 300 MB', largeTar, ['tar', '-tvf']),
  against('a deb of 300 MB', deb, ['dpkg-deb', '-c']),
  against('an rpm of 20,000 files', rpm, ['rpm', '-qlvp', '--nosignature']),
  against('a zip of 100,000 files', manyZip, ['7z', 'l']),
  within('a zip of 300 MB', largeZip, 0.3),
  within('a squashfs image of 300 MB', image, 0.3),
  within('a zip of 100,000 files as JSON', manyZip, 2),
  within('a tar.gz of 100,000 files as JSON', manyTar, 2),
]
