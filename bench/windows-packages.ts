// msi and msix of flet's Windows folder and of a larger app, against `zip -6 -r` of the same files, all of a round in turns; nsis beside makensis.
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bench, type BenchFile, type Measured, median } from '../scripts/bench/bench.ts'
import { installedLauncher } from '../scripts/bench/installed.ts'
import { benchFolder, measureRun, type Measurement } from '../scripts/bench/six-programs.ts'
import { fletOnWindows, largeOnWindows, type WindowsBench } from '../scripts/bench/windows-trees.ts'

const memoryLimitMegabytes = 300
const rounds = 3
const makers = ['msi', 'msix', 'zip -6'] as const
type Maker = (typeof makers)[number]

interface Made extends Measurement {
  readonly sizeBytes: number
}
type Rounds = Readonly<Record<Maker, readonly Made[]>>

const out = 'made'

const clean = ({ home }: WindowsBench): void => {
  for (const folder of [out, '.slipway']) rmSync(join(home, folder), { recursive: true, force: true })
  mkdirSync(join(home, out))
}

const commandOf = async ({ home, tree }: WindowsBench, maker: Maker): Promise<readonly [words: readonly string[], cwd: string]> =>
  maker === 'zip -6'
    ? [['zip', '-q', '-6', '-r', join(home, out, 'tool.zip'), '.'], tree]
    : [[process.execPath, await installedLauncher(), 'package', '--only', maker, '--set', `out=${out}`], home]

const make = async (bench: WindowsBench, maker: Maker): Promise<Made> => {
  clean(bench)
  const [[tool = '', ...args], cwd] = await commandOf(bench, maker)
  const measured = await measureRun(tool, args, cwd)
  const place = join(bench.home, out)
  const [file = ''] = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter(one => /\.(msix?|zip)$/.test(one))
  return { ...measured, sizeBytes: statSync(join(place, file)).size }
}

const ran = new Map<string, Promise<Rounds>>()

/** Every maker once a round, so that a slow minute of the machine is everybody's. */
const roundsOf = (bench: WindowsBench): Promise<Rounds> => {
  const known = ran.get(bench.name) ?? runRounds(bench)
  ran.set(bench.name, known)
  return known
}

const runRounds = async (bench: WindowsBench): Promise<Rounds> => {
  const made: Record<Maker, Made[]> = { msi: [], msix: [], 'zip -6': [] }
  // The first run fills the compile cache, as it does for a user.
  for (const maker of makers) await make(bench, maker)
  for (let round = 0; round < rounds; round++) for (const maker of makers) made[maker].push(await make(bench, maker))
  return made
}

const compared = (all: Rounds, maker: Maker, figure: (made: Made) => number): Omit<Measured, 'unit'> => {
  const [ours, theirs] = [all[maker].map(figure), all['zip -6'].map(figure)]
  const cpu = (name: Maker): string => (median(all[name].map(made => made.cpuMs)) / 1000).toFixed(2)
  return {
    ours: median(ours),
    peer: median(theirs),
    ratio: median(ours.map((one, index) => one / (theirs[index] ?? NaN))),
    against: 'zip -6 -r',
    note: `median of ${rounds} pairs; processor time ${cpu(maker)} s and ${cpu('zip -6')} s`,
  }
}

const benchesOf = (title: string, bench: () => WindowsBench): readonly Bench[] =>
  (['msi', 'msix'] as const).flatMap((maker): readonly Bench[] => [
    {
      name: `${title} as ${maker}, time`,
      limit: 1,
      run: async () => ({ ...compared(await roundsOf(bench()), maker, made => made.ms / 1000), unit: 's' }),
    },
    {
      name: `${title} as ${maker}, size`,
      // Each block of 64 KiB of an MSIX package is packed alone, and it holds 50 pictures.
      limit: maker === 'msix' ? 1.03 : 1.02,
      run: async () => ({ ...compared(await roundsOf(bench()), maker, made => made.sizeBytes / 1e6), unit: 'MB' }),
    },
    {
      name: `${title} as ${maker}, peak memory`,
      limit: 1,
      run: async () => {
        const peak = Math.max(...(await roundsOf(bench()))[maker].map(made => made.peakMegabytes))
        return {
          ours: peak,
          peer: memoryLimitMegabytes,
          ratio: peak / memoryLimitMegabytes,
          unit: 'MB',
          against: `our limit of ${memoryLimitMegabytes} MB`,
        }
      },
    },
  ])

/** A `makensis` in front of the real one that writes down how long that took. */
const watchedTools = (): { readonly folder: string; readonly log: string } => {
  const folder = join(benchFolder, 'watched')
  const log = join(folder, 'took')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'makensis'),
    `#!/bin/sh\nfrom=$(/bin/date +%s%N)\n/usr/bin/makensis "$@"\ncode=$?\nto=$(/bin/date +%s%N)\necho $((to - from)) > '${log}'\nexit $code\n`,
  )
  chmodSync(join(folder, 'makensis'), 0o755)
  return { folder, log }
}

const nsisBench: Bench = {
  name: 'flet as nsis, our share of the time',
  limit: 1.25,
  run: async () => {
    const bench = fletOnWindows()
    const { folder, log } = watchedTools()
    const launcher = await installedLauncher()
    const pairs: (readonly [whole: number, theirs: number])[] = []
    for (let round = 0; round < rounds; round++) {
      clean(bench)
      rmSync(log, { force: true })
      const words = [`PATH=${folder}:${process.env.PATH ?? ''}`, process.execPath, launcher]
      const { ms } = await measureRun('env', [...words, 'package', '--only', 'nsis', '--set', `out=${out}`], bench.home)
      pairs.push([ms / 1000, Number(readFileSync(log, 'utf8')) / 1e9])
    }
    return {
      ours: median(pairs.map(([whole]) => whole)),
      peer: median(pairs.map(([, theirs]) => theirs)),
      ratio: median(pairs.map(([whole, theirs]) => whole / theirs)),
      unit: 's',
      against: 'makensis alone, in the same run',
    }
  },
}

export const benches: BenchFile['benches'] = [
  ...benchesOf('flet (96 MB, 80 files)', fletOnWindows),
  ...benchesOf('300 MB in 1,590 files', () => largeOnWindows(300)),
  nsisBench,
]
