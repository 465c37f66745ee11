// Packing six 10 MB programs as tar.gz, zip and deb (18 packages), signing and indexing them, against tar, zip and dpkg-deb two at a time.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { median } from '../scripts/bench/bench.ts'
import type { BenchFile, Measured } from '../scripts/bench/bench.ts'
import { benchEnvironment, benchFolder, measureRun, sixPrograms } from '../scripts/bench/six-programs.ts'
import type { Measurement, Six } from '../scripts/bench/six-programs.ts'
import { projectRoot } from '../scripts/lib/files.ts'

const launcher = join(projectRoot, 'packages/slipway/bin/slipway.js')
const rounds = 5

interface Round {
  readonly ours: Measurement
  readonly peer: Measurement
  readonly repeat: Measurement
}
interface Run {
  readonly rounds: readonly Round[]
  readonly ourBytes: number
  readonly peerBytes: number
}

let ran: Promise<Run> | undefined
const run = (): Promise<Run> => (ran ??= runOnce())

const runOnce = async (): Promise<Run> => {
  const six = sixPrograms()
  if (!readdirSync(six.root).includes('trust'))
    for (const app of ['one', 'two'])
      execFileSync(process.execPath, [launcher, 'keys', 'generate', '--app', app], {
        cwd: six.root,
        stdio: 'ignore',
        env: benchEnvironment,
      })
  const jobs = peerJobs(six)
  const measured: Round[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const made of ['.slipway', 'bucket', 'dist', 'release']) rmSync(join(six.root, made), { recursive: true, force: true })
    const ours = await measureRun(process.execPath, [launcher, 'release'], six.root)
    const repeat = await measureRun(process.execPath, [launcher, 'release'], six.root)
    rmSync(jobs.out, { recursive: true, force: true })
    mkdirSync(jobs.out, { recursive: true })
    const peer = await measureRun('xargs', ['-P2', '-I{}', '-a', jobs.list, 'sh', '-c', '{}'], jobs.out)
    measured.push({ ours, peer, repeat })
  }
  return {
    rounds: measured,
    ourBytes: bytesOf(join(six.root, 'dist'), /\.(tar\.gz|zip|deb)$/),
    peerBytes: bytesOf(jobs.out, /\.(tar\.gz|zip|deb)$/),
  }
}

/** The same 18 packages by the tools that everybody has, at the same level. */
const peerJobs = ({ programs }: Six): { readonly list: string; readonly out: string } => {
  const [out, trees] = [join(benchFolder, 'peer'), join(benchFolder, 'trees')]
  const jobs = programs.flatMap(program => {
    const name = `${basename(program)}-${basename(dirname(program))}`
    const tree = join(trees, name)
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    mkdirSync(join(tree, 'usr/bin'), { recursive: true })
    cpSync(program, join(tree, 'usr/bin', basename(program)))
    writeFileSync(
      join(tree, 'DEBIAN/control'),
      `Package: ${basename(program)}\nVersion: 1.0.0-1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: x\n`,
    )
    const folder = dirname(program)
    return [
      `tar -C ${folder} -c ${basename(program)} | gzip -6 > ${join(out, `${name}.tar.gz`)}`,
      `cd ${folder} && zip -q -6 ${join(out, `${name}.zip`)} ${basename(program)}`,
      `dpkg-deb --root-owner-group -Zgzip -z6 -b ${tree} ${join(out, `${name}.deb`)}`,
    ]
  })
  const list = join(benchFolder, 'jobs.txt')
  writeFileSync(list, `${jobs.join('\n')}\n`)
  return { list, out }
}

const bytesOf = (folder: string, pattern: RegExp): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => pattern.test(file))
    .reduce((sum, file) => sum + statSync(join(folder, file)).size, 0)

const against = 'tar | gzip -6, zip -6, dpkg-deb -Zgzip -z6 by xargs -P2'

export const benches: BenchFile['benches'] = [
  {
    name: 'release of 18 packages from six 10 MB programs',
    limit: 0.8,
    run: async (): Promise<Measured> => {
      const all = (await run()).rounds
      return {
        ours: median(all.map(one => one.ours.ms)) / 1000,
        peer: median(all.map(one => one.peer.ms)) / 1000,
        ratio: median(all.map(one => one.ours.ms / one.peer.ms)),
        unit: 's',
        against,
        note: `packing, signing, indexing, publishing, verifying; median of ${rounds} pairs`,
      }
    },
  },
  {
    name: 'size of those 18 packages',
    limit: 1.02,
    run: async (): Promise<Measured> => {
      const { ourBytes, peerBytes } = await run()
      return { ours: ourBytes / 1e6, peer: peerBytes / 1e6, ratio: ourBytes / peerBytes, unit: 'MB', against }
    },
  },
  {
    name: 'peak memory of that release',
    limit: 1,
    run: async (): Promise<Measured> => {
      const peak = Math.max(...(await run()).rounds.map(one => one.ours.peakMegabytes))
      return { ours: peak, peer: 300, ratio: peak / 300, unit: 'MB', against: 'our limit of 300 MB' }
    },
  },
  {
    name: 'the same release again, nothing changed',
    limit: 1,
    run: async (): Promise<Measured> => {
      const seconds = median((await run()).rounds.map(one => one.repeat.ms)) / 1000
      return { ours: seconds, peer: 5, ratio: seconds / 5, unit: 's', against: 'our limit of 5 s' }
    },
  },
]
