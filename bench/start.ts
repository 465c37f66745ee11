// Start time: the published bundle and the source through the launcher, against bare `node -e 0`, in turns (npx left out).
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type BenchFile, type Measured, median } from '../scripts/bench/bench.ts'
import { build } from '../scripts/build.ts'
import { projectRoot } from '../scripts/lib/files.ts'

const home = join(projectRoot, 'packages', 'slipway')
const pairs = 21
const warmUps = 3

const timeMs = (args: readonly string[]): number => {
  const started = performance.now()
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] })
  const ms = performance.now() - started
  if (ran.status !== 0) throw new Error(`node ${args.join(' ')} ended with ${ran.status ?? ran.signal ?? 'nothing'}: ${ran.stderr}`)
  return ms
}

const measure = (launcher: string, flag: string): Measured => {
  // The first runs fill the compile cache, as they do for a user.
  for (let run = 0; run < warmUps; run++) timeMs([launcher, flag])
  const times = Array.from({ length: pairs }, () => ({ peer: timeMs(['-e', '0']), ours: timeMs([launcher, flag]) }))
  return {
    ours: median(times.map(pair => pair.ours)),
    peer: median(times.map(pair => pair.peer)),
    ratio: median(times.map(pair => pair.ours / pair.peer)),
    unit: 'ms',
    against: 'node -e 0',
    note: `median of ${pairs} pairs`,
  }
}

/** As npm would install it: bin and dist without src. */
const measureBundle = async (flag: string): Promise<Measured> => {
  const installed = mkdtempSync(join(tmpdir(), 'slipway-start-'))
  try {
    built ??= build()
    await built
    for (const part of ['bin', 'dist', 'package.json']) cpSync(join(home, part), join(installed, part), { recursive: true })
    return measure(join(installed, 'bin', 'slipway.js'), flag)
  } finally {
    rmSync(installed, { recursive: true, force: true })
  }
}

let built: Promise<unknown> | undefined

const flags = ['--help', '--version']

export const benches: BenchFile['benches'] = [
  ...flags.map((flag): Bench => ({ name: `start, bundle, ${flag}`, limit: 2, run: () => measureBundle(flag) })),
  ...flags.map((flag): Bench => ({
    name: `start, source, ${flag}`,
    limit: 3.5,
    run: () => Promise.resolve(measure(join(home, 'bin', 'slipway.js'), flag)),
  })),
]
