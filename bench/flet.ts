// All macOS and Windows packages of examples/flet in one `slipway package`, against the processor time of each made alone, over two cores.
import { rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchFile } from '../scripts/bench/bench.ts'
import { installedLauncher } from '../scripts/bench/installed.ts'
import { measureRun, type Measurement } from '../scripts/bench/six-programs.ts'
import { bothFormats, fletOnBoth } from '../scripts/bench/windows-trees.ts'

const out = 'made'

const packOf = async (home: string, formats: readonly string[], targets: readonly string[]): Promise<Measurement> => {
  for (const folder of [out, '.slipway']) rmSync(join(home, folder), { recursive: true, force: true })
  const words = ['package', '--only', formats.join(','), '--target', targets.join(','), '--set', `out=${out}`]
  return measureRun(process.execPath, [await installedLauncher(), ...words], home)
}

const targets = Object.keys(bothFormats)
const all = Object.entries(bothFormats).flatMap(([target, formats]) => formats.map(format => ({ target, format })))
type Wanted = (typeof all)[number]

interface Run {
  readonly together: Measurement
  readonly single: ReadonlyMap<string, Measurement>
}
const singles = new Map<string, Measurement>()
const runs = new Map<string, Promise<Run>>()

/** Each is made alone once, whatever it is compared with. */
const runOf = (wanted: readonly Wanted[]): Promise<Run> => {
  const key = wanted.map(({ format }) => format).join(', ')
  const known = runs.get(key) ?? runOnce(wanted)
  runs.set(key, known)
  return known
}

const runOnce = async (wanted: readonly Wanted[]): Promise<Run> => {
  const home = fletOnBoth()
  // The first run fills the compile cache, as it does for a user.
  if (singles.size === 0) await packOf(home, ['app.zip'], ['macos-universal'])
  const formats = wanted.map(({ format }) => format)
  const together = await packOf(home, formats, targets)
  for (const { target, format } of wanted) if (!singles.has(format)) singles.set(format, await packOf(home, [format], [target]))
  return { together, single: new Map([...singles].filter(([format]) => formats.some(one => one === format))) }
}

const rowOf = (wanted: readonly Wanted[], against: string): Bench => ({
  name: `flet 0.28.3 for macOS and Windows as ${wanted.map(({ format }) => format).join(', ')}`,
  limit: 1.15,
  run: async () => {
    const { together, single } = await runOf(wanted)
    const times = [...single].map(([format, { cpuMs }]) => [format, cpuMs / 1000] as const)
    const sum = times.reduce((total, [, time]) => total + time, 0)
    const peer = Math.max(sum / Math.min(2, availableParallelism()), ...times.map(([, time]) => time))
    const ours = together.ms / 1000
    const each = times.map(([format, time]) => `${format} ${time.toFixed(2)}`).join(', ')
    const note = `processor time ${(together.cpuMs / 1000).toFixed(2)} s together, ${sum.toFixed(2)} s alone: ${each}`
    return { ours, peer, ratio: ours / peer, unit: 's', against, note }
  },
})

const limitMegabytes = 300

export const benches: BenchFile['benches'] = [
  rowOf(
    all.filter(({ format }) => format !== 'nsis'),
    'processor time of the single runs over two cores',
  ),
  // Nobody makes two threads of makensis: it alone takes longer than all else on the other core.
  rowOf(all, 'the same, or that of nsis alone, which runs on one core'),
  {
    name: 'peak memory of making them all',
    limit: 1,
    run: async () => {
      const peak = (await runOf(all)).together.peakMegabytes
      return { ours: peak, peer: limitMegabytes, ratio: peak / limitMegabytes, unit: 'MB', against: `our limit of ${limitMegabytes} MB` }
    },
  },
]
