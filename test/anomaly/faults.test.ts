// Every effect of every writing command fails once, before or after it is done: the bucket is old or new, and running again converges (DESIGN 6).
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faulty } from '../../packages/slipway/src/io/faulty.ts'
import { firstRelease, goingBack, halting, mustRun, nextRelease, prepare, promotion } from './scenes.ts'
import type { Stage } from './scenes.ts'
import { assertSound, essence, judgeWorld, steadyMachine, treeOf } from './world.ts'

const sweepMs = 600_000

describe.each([firstRelease, nextRelease, promotion, halting, goingBack])('$name', scene => {
  let stage: Stage
  let clean: Clean
  beforeAll(async () => {
    stage = await prepare(scene)
    clean = await runClean(stage)
  })
  afterAll(() => stage.saved.remove())

  it.each([
    { after: false, when: 'before it is done' },
    { after: true, when: 'once it is done' },
  ])(
    'fails each effect $when',
    async ({ after }) => {
      const worlds = { old: 0, new: 0 }
      for (let n = 1; n <= clean.effects; n += 1) worlds[await breakOnce(stage, clean, { n, after })] += 1
      console.log(
        `${scene.name}: ${clean.effects} fault points, each ${after ? 'after' : 'before'} its effect; ${worlds.old} left the old world, ${worlds.new} the new`,
      )
      expect(worlds.old).toBeGreaterThan(0)
      expect(worlds.new).toBeGreaterThan(0)
    },
    sweepMs,
  )
})

interface Clean {
  readonly effects: number
  readonly essence: readonly string[]
}

/** The same command without a fault: how many effects it has, and what the bucket then is. */
const runClean = async ({ project, scene, saved }: Stage): Promise<Clean> => {
  const door = faulty(steadyMachine(), 0)
  const ran = await project.json(scene.args, door.io)
  expect([ran.exitCode, ran.errors]).toEqual([0, []])
  expect(scene.isNew(await assertSound(project))).toBe(true)
  const found = { effects: door.effects(), essence: essence(treeOf(project.bucket)) }
  saved.restore()
  return found
}

const breakOnce = async (stage: Stage, clean: Clean, { n, after }: { n: number; after: boolean }): Promise<'old' | 'new'> => {
  const { project, scene, saved, before } = stage
  const door = faulty(steadyMachine(), n, { after })
  const ran = await project.json(scene.args, door.io)
  try {
    expect(door.failed(), 'the effect came').toBe(true)
    // A failure that changes nothing for the user may be passed over; any other says what it was.
    if (ran.exitCode !== 0) expect([ran.exitCode, ran.errors.map(one => one.code)]).toEqual([4, ['io/faulty']])
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/\n\s+at /)
    const world = await judgeWorld({ project, before, isNew: scene.isNew })
    if (ran.exitCode === 0) expect(world).toBe('new')
    await mustRun(project, scene.args)
    expect(scene.isNew(await assertSound(project))).toBe(true)
    expect(essence(treeOf(project.bucket))).toEqual(clean.essence)
    return world
  } catch (error) {
    throw new Error(`${scene.name}, fault ${n}: ${ran.errors.map(one => one.message).join('; ')}`, { cause: error })
  } finally {
    saved.restore()
  }
}
