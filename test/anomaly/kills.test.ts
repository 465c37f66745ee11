// A sample of the sweep of kills (test/sweep has all of it): a release of two targets, killed at every sixteenth mutating system call.
import { describe, expect, it } from 'vitest'
import { killRig } from '../kit/kill.ts'
import { sweepKills } from './kill-sweep.ts'
import { firstRelease } from './scenes.ts'

const strace = killRig()
describe.skipIf(strace === null)('a process killed at a mutating system call', () => {
  it('leaves the old world or the new, and the next run ends the work', async () => {
    const { calls, kills, worlds } = await sweepKills(strace ?? '', firstRelease, { every: 16, seed: 1 })
    expect(kills).toBeGreaterThanOrEqual(Math.floor(calls / 16))
    expect(worlds.old).toBeGreaterThan(0)
    expect(worlds.new).toBeGreaterThan(0)
  }, 600_000)
})
