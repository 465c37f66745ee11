// Linux packages of a 10 MB and a 300 MB app through `slipway package`, against dpkg-deb, rpmbuild and nfpm; all of a round in turns.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { availableParallelism } from 'node:os'
import { type Bench, type BenchFile, type Measured, median } from '../scripts/bench/bench.ts'
import { installedLauncher } from '../scripts/bench/installed.ts'
import {
  allLinuxFormats,
  type BenchFormat,
  deflateFormats,
  levelOfNfpm,
  linuxBench,
  type LinuxBench,
  linuxFormats,
  linuxPair,
  pairTargets,
} from '../scripts/bench/linux-trees.ts'
import { measureRun, type Measurement } from '../scripts/bench/six-programs.ts'
import { preparePeer } from '../scripts/judges/peers.ts'

const memoryLimitMegabytes = 200

interface Made extends Measurement {
  readonly sizeBytes: number
}
/** What makes one package in `<home>/<out>`, or undefined where the tool is lacking. */
interface Maker {
  readonly name: string
  readonly command: (format: BenchFormat) => Promise<readonly string[] | undefined>
}

const out = 'made'
const makersFor = ({ home, root }: LinuxBench, format: BenchFormat): readonly Maker[] => {
  const place = join(home, out)
  const nfpm: Maker = {
    name: 'nfpm 2.44.0',
    command: async () => {
      const path = await preparePeer('nfpm')
      const packager = format === 'pacman' ? 'archlinux' : format
      return path === undefined
        ? undefined
        : [path, 'package', '--config', join(home, 'nfpm.yaml'), '--packager', packager, '--target', place]
    },
  }
  const rpmDefines = ['_topdir %{getenv:PWD}/rpmbuild', `_rpmdir ${place}`, '_binary_payload w6.gzdio'].flatMap(one => ['--define', one])
  const own: Partial<Record<BenchFormat, Maker>> = {
    deb: {
      name: 'dpkg-deb -Zgzip -z6',
      command: async () => ['dpkg-deb', '--root-owner-group', '-Zgzip', '-z6', '-b', root, join(place, 'tool.deb')],
    },
    rpm: {
      name: 'rpmbuild w6.gzdio',
      command: async () => ['rpmbuild', '-bb', '--quiet', '--target', 'x86_64', ...rpmDefines, join(home, 'tool.spec')],
    },
  }
  const ours = (name: string, more: readonly string[] = []): Maker => ({
    name,
    command: async () => [process.execPath, await installedLauncher(), 'package', '--only', format, '--set', `out=${out}`, ...more],
  })
  const tool = own[format]
  const light = ours(lightName, ['--set', `packages.${format}.level=${levelOfNfpm[format]}`])
  return [...(tool === undefined ? [] : [ours(oursName), tool]), light, nfpm]
}

/** With the level of each format's default, 6, which Debian's and rpm's own tools are given as well. */
const oursName = 'slipway'
/** With the level that gives nfpm's size. */
const lightName = 'slipway, lighter'

const make = async ({ home }: LinuxBench, command: readonly string[]): Promise<Made> => {
  for (const folder of [out, '.slipway', 'dist', 'rpmbuild']) rmSync(join(home, folder), { recursive: true, force: true })
  mkdirSync(join(home, out))
  const [tool = '', ...args] = command
  const measured = await measureRun(tool, args, home)
  const [file = ''] = readdirSync(join(home, out), { recursive: true, encoding: 'utf8' }).filter(one =>
    /\.(deb|rpm|apk|tar\.zst)$/.test(one),
  )
  return { ...measured, sizeBytes: statSync(join(home, out, file)).size }
}

type Rounds = ReadonlyMap<string, readonly Made[]>
const ran = new Map<string, Promise<Rounds>>()

/** Every maker once a round, so that a slow minute of the machine is everybody's. */
const roundsOf = (megabytes: number, format: BenchFormat): Promise<Rounds> => {
  const key = `${megabytes} ${format}`
  const known = ran.get(key) ?? runRounds(megabytes, format)
  ran.set(key, known)
  return known
}

const runRounds = async (megabytes: number, format: BenchFormat): Promise<Rounds> => {
  const bench = linuxBench(megabytes)
  const commands: (readonly [name: string, command: readonly string[]])[] = []
  for (const { name, command } of makersFor(bench, format)) {
    const words = await command(format)
    if (words !== undefined) commands.push([name, words])
  }
  const rounds = new Map<string, Made[]>(commands.map(([name]) => [name, []]))
  // The first run fills the compile cache, as it does for a user.
  for (const [, command] of commands) await make(bench, command)
  for (let round = 0; round < (megabytes > 100 ? 3 : 5); round++)
    for (const [name, command] of commands) rounds.get(name)?.push(await make(bench, command))
  return rounds
}

type Figure = (made: Made) => number
interface Peer {
  readonly peer: string
  /** Which of our runs it is held against. */
  readonly name: string
  readonly level: number
  readonly limit: number
}
const pairs = (rounds: Rounds, { peer, name, level }: Peer, figure: Figure): Omit<Measured, 'unit' | 'against'> => {
  const [ours, theirs] = [rounds.get(name) ?? [], rounds.get(peer) ?? []].map(all => all.map(figure)) as [number[], number[]]
  const why = name === lightName ? `level ${level}, which gives nfpm's size` : `level ${level}`
  return {
    ours: median(ours),
    peer: median(theirs),
    ratio: median(ours.map((one, index) => one / (theirs[index] ?? NaN))),
    note: theirs.length === 0 ? `${peer} is lacking` : `${why}; median of ${theirs.length} pairs; ${cpuNote(rounds, [name, peer])}`,
  }
}

/** Beside others at work on the machine the processor time says more than the clock. */
const cpuNote = (rounds: Rounds, names: readonly [ours: string, peer: string]): string => {
  const [ours, theirs] = names.map(name => median((rounds.get(name) ?? []).map(made => made.cpuMs)) / 1000)
  return `processor time ${(ours ?? NaN).toFixed(2)} s and ${(theirs ?? NaN).toFixed(2)} s`
}

const seconds: Figure = made => made.ms / 1000
const megabytesOf: Figure = made => made.sizeBytes / 1e6

const benchesOf = (megabytes: number, format: BenchFormat): readonly Bench[] => {
  const title = `${megabytes} MB as ${format}`
  const own = { deb: 'dpkg-deb -Zgzip -z6', rpm: 'rpmbuild w6.gzdio', apk: null, pacman: null }[format]
  const nfpm: Peer = { peer: 'nfpm 2.44.0', name: lightName, level: levelOfNfpm[format], limit: 1 }
  const peers: readonly Peer[] = [...(own === null ? [] : [{ peer: own, name: oursName, level: 6, limit: 0.4 }]), nfpm]
  return [
    ...peers.flatMap((one): readonly Bench[] => [
      {
        name: `${title}, time against ${one.peer}`,
        limit: one.limit,
        run: async () => ({ ...pairs(await roundsOf(megabytes, format), one, seconds), unit: 's', against: one.peer }),
      },
      {
        name: `${title}, size against ${one.peer}`,
        limit: 1.02,
        run: async () => ({ ...pairs(await roundsOf(megabytes, format), one, megabytesOf), unit: 'MB', against: one.peer }),
      },
    ]),
    { name: `${title}, peak memory`, limit: 1, run: () => memoryOf(megabytes, format) },
  ]
}

const memoryOf = async (megabytes: number, format: BenchFormat): Promise<Measured> => {
  const rounds = await roundsOf(megabytes, format)
  const peak = (name: string): number => Math.max(...(rounds.get(name) ?? []).map(made => made.peakMegabytes))
  const own: readonly string[] = [oursName, lightName]
  const ours = Math.max(...own.filter(name => rounds.has(name)).map(peak))
  const peers = [...rounds.keys()].filter(name => !own.includes(name)).map(name => `${name} ${peak(name).toFixed(0)} MB`)
  return {
    ours,
    peer: memoryLimitMegabytes,
    ratio: ours / memoryLimitMegabytes,
    unit: 'MB',
    against: `our limit of ${memoryLimitMegabytes} MB`,
    note: peers.join(', '),
  }
}

const packOf = async (home: string, formats: readonly string[], targets: readonly string[]): Promise<Measurement> => {
  for (const folder of [out, '.slipway']) rmSync(join(home, folder), { recursive: true, force: true })
  const words = ['package', '--only', formats.join(','), '--target', targets.join(','), '--set', `out=${out}`]
  return measureRun(process.execPath, [await installedLauncher(), ...words], home)
}

/** All formats of both targets in one run, and each package in a run of its own, in turns. */
const together = async (formats: readonly string[]): Promise<{ readonly all: Measurement; readonly single: readonly Measurement[] }> => {
  const home = linuxPair(100)
  await packOf(home, formats.slice(0, 1), pairTargets.slice(0, 1))
  const all = await packOf(home, formats, pairTargets)
  const single: Measurement[] = []
  for (const target of pairTargets) for (const format of formats) single.push(await packOf(home, [format], [target]))
  return { all, single }
}

const sumOf = (measured: readonly Measurement[], figure: (one: Measurement) => number): number =>
  measured.reduce((sum, one) => sum + figure(one), 0) / 1000

const pairBenches: readonly Bench[] = [
  {
    name: `100 MB for two targets as ${allLinuxFormats.join(', ')}`,
    limit: 1.15,
    run: async () => {
      const { all, single } = await together(allLinuxFormats)
      const peer = sumOf(single, one => one.cpuMs) / Math.min(2, availableParallelism())
      const ours = all.ms / 1000
      return { ours, peer, ratio: ours / peer, unit: 's', against: 'processor time of the single runs over two cores' }
    },
  },
  {
    name: `100 MB for two targets as ${deflateFormats.join(', ')}, one deflate stream a file`,
    limit: 0.5,
    run: async () => {
      const { all, single } = await together(deflateFormats)
      const [ours, peer] = [all.ms / 1000, sumOf(single, one => one.ms)]
      const note = `processor time ${(all.cpuMs / 1000).toFixed(2)} s and ${sumOf(single, one => one.cpuMs).toFixed(2)} s`
      return { ours, peer, ratio: ours / peer, unit: 's', against: 'the single runs one after the other', note }
    },
  },
]

export const benches: BenchFile['benches'] = [
  ...[10, 300].flatMap(megabytes => linuxFormats.flatMap(format => benchesOf(megabytes, format))),
  ...pairBenches,
]
