// The whole sweep of kills: a release of two targets, and each other writing command, killed at every mutating system call (DESIGN 6).
import { describe, expect, it } from 'vitest'
import { sweepKills } from '../anomaly/kill-sweep.ts'
import { firstRelease, goingBack, halting, nextRelease, promotion } from '../anomaly/scenes.ts'
import { killRig } from '../kit/kill.ts'

const strace = killRig()
describe.skipIf(strace === null).each([firstRelease, nextRelease, promotion, halting, goingBack])('$name', scene => {
  it('leaves the old world or the new at every call', async () => {
    const { calls, kills, worlds } = await sweepKills(strace ?? '', scene, { every: 1, seed: 1 })
    expect(kills).toBe(calls)
    expect(worlds.old).toBeGreaterThan(0)
    expect(worlds.new).toBeGreaterThan(0)
  })
})
