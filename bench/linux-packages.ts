// Linux packages of a 10 MB and a 300 MB app through `slipway package`, against dpkg-deb, rpmbuild and nfpm; all of a round in turns.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type BenchFile, type Measured, median } from '../scripts/bench/bench.ts'
import { type BenchFormat, linuxBench, type LinuxBench, linuxFormats } from '../scripts/bench/linux-trees.ts'
import { measureRun, type Measurement } from '../scripts/bench/six-programs.ts'
import { preparePeer } from '../scripts/judges/peers.ts'
import { projectRoot } from '../scripts/lib/files.ts'

const launcher = join(projectRoot, 'packages/slipway/bin/slipway.js')
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
  const ours: Maker = {
    name: 'slipway',
    command: async () => [process.execPath, launcher, 'package', '--only', format, '--set', `out=${out}`],
  }
  return [ours, ...[own[format]].filter(one => one !== undefined), nfpm]
}

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
const pairs = (rounds: Rounds, peer: string, figure: Figure): Omit<Measured, 'unit' | 'against'> => {
  const [ours, theirs] = [rounds.get('slipway') ?? [], rounds.get(peer) ?? []].map(all => all.map(figure)) as [number[], number[]]
  return {
    ours: median(ours),
    peer: median(theirs),
    ratio: median(ours.map((one, index) => one / (theirs[index] ?? NaN))),
    ...(theirs.length === 0 ? { note: `${peer} is lacking` } : { note: `median of ${theirs.length} pairs` }),
  }
}

const seconds: Figure = made => made.ms / 1000
const megabytesOf: Figure = made => made.sizeBytes / 1e6

const benchesOf = (megabytes: number, format: BenchFormat): readonly Bench[] => {
  const title = `${megabytes} MB as ${format}`
  const own = { deb: 'dpkg-deb -Zgzip -z6', rpm: 'rpmbuild w6.gzdio', apk: null, pacman: null }[format]
  const peers = [...(own === null ? [] : [{ peer: own, limit: 0.4 }]), { peer: 'nfpm 2.44.0', limit: 1 }]
  return [
    ...peers.flatMap(({ peer, limit }): readonly Bench[] => [
      {
        name: `${title}, time against ${peer}`,
        limit,
        run: async () => ({ ...pairs(await roundsOf(megabytes, format), peer, seconds), unit: 's', against: peer }),
      },
      {
        name: `${title}, size against ${peer}`,
        limit: 1.02,
        run: async () => ({ ...pairs(await roundsOf(megabytes, format), peer, megabytesOf), unit: 'MB', against: peer }),
      },
    ]),
    { name: `${title}, peak memory`, limit: 1, run: () => memoryOf(megabytes, format) },
  ]
}

const memoryOf = async (megabytes: number, format: BenchFormat): Promise<Measured> => {
  const rounds = await roundsOf(megabytes, format)
  const peak = (name: string): number => Math.max(...(rounds.get(name) ?? []).map(made => made.peakMegabytes))
  const peers = [...rounds.keys()].filter(name => name !== 'slipway').map(name => `${name} ${peak(name).toFixed(0)} MB`)
  return {
    ours: peak('slipway'),
    peer: memoryLimitMegabytes,
    ratio: peak('slipway') / memoryLimitMegabytes,
    unit: 'MB',
    against: `our limit of ${memoryLimitMegabytes} MB`,
    note: peers.join(', '),
  }
}

export const benches: BenchFile['benches'] = [10, 300].flatMap(megabytes => linuxFormats.flatMap(format => benchesOf(megabytes, format)))
