// The sweep of kills: the real process is killed as it enters a mutating system call; the bucket is judged, and running again converges.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { machine } from '../../packages/slipway/src/io/machine.ts'
import { countCalls, killAt } from '../kit/kill.ts'
import type { Call, Command } from '../kit/kill.ts'
import { mustRun, prepare } from './scenes.ts'
import type { Scene, Stage } from './scenes.ts'
import { assertSound, essence, judgeWorld, treeOf } from './world.ts'

export interface Sweep {
  /** Every how manieth call; 1: all. */
  readonly every: number
  readonly seed: number
}
interface Swept {
  readonly calls: number
  readonly kills: number
  readonly worlds: { readonly old: number; readonly new: number }
}

/** Counts the calls of a clean run, kills at the chosen ones, and fails when one of them did not die there. */
export const sweepKills = async (strace: string, scene: Scene, { every, seed }: Sweep): Promise<Swept> => {
  const stage = await prepare(scene)
  const command: Command = { args: [...scene.args, '--reporter', 'none'], root: stage.project.root, home: `${stage.saved.base}.saved/home` }
  try {
    const { calls, clean } = await cleanRun(strace, command, stage)
    const chosen = calls.filter((_call, index) => index % every === Math.floor(every / 2))
    const random = randomOf(seed)
    const worlds = { old: 0, new: 0 }
    for (const call of chosen) {
      const again = calls[Math.floor(random() * calls.length)] ?? call
      worlds[await killOnce({ strace, command, stage, clean }, call, again)] += 1
    }
    const byName = countBy(chosen.map(one => one.name))
    console.log(
      `${scene.name}: ${calls.length} mutating system calls, killed at ${chosen.length} of them (${byName}); ${worlds.old} left the old world, ${worlds.new} the new`,
    )
    return { calls: calls.length, kills: chosen.length, worlds }
  } finally {
    stage.saved.remove()
  }
}

/** Twice: the first run fills the compile cache, which is not the release's. */
const cleanRun = async (strace: string, command: Command, { project, saved }: Stage) => {
  await countCalls(strace, command)
  saved.restore()
  const calls = await countCalls(strace, command)
  const clean = essence(treeOf(project.bucket))
  saved.restore()
  return { calls, clean }
}

interface Rig {
  readonly strace: string
  readonly command: Command
  readonly stage: Stage
  readonly clean: readonly string[]
}

const killOnce = async ({ strace, command, stage, clean }: Rig, call: Call, again: Call): Promise<'old' | 'new'> => {
  const { project, scene, saved, before } = stage
  try {
    await killThere({ strace, command, stage, clean }, call)
    const world = await judgeWorld({ project, before, isNew: scene.isNew })
    await assertNoLock(stage)
    // The run that is to mend it may be killed as well; where it has no such call any more, it ends.
    const second = await killAt(strace, command, again)
    if (second.signal === null) expect([second.exitCode, second.stderr]).toEqual([0, ''])
    await judgeWorld({ project, before, isNew: scene.isNew })
    await assertNoLock(stage)
    await mustRun(project, scene.args)
    expect(scene.isNew(await assertSound(project))).toBe(true)
    expect(essence(treeOf(project.bucket))).toEqual(clean)
    return world
  } catch (error) {
    throw new Error(`${scene.name}, killed at ${call.thread} ${call.nth} ${call.shape}, then at ${again.nth} ${again.shape}`, {
      cause: error,
    })
  } finally {
    saved.restore()
  }
}

/** How often a thread opens modules and the like before a call may differ by a few: then the calls are counted anew. */
const killThere = async ({ strace, command, stage }: Rig, call: Call): Promise<void> => {
  let nth = call.nth
  for (let tries = 1; ; tries += 1) {
    const killed = await killAt(strace, command, { ...call, nth })
    if (tries === mostTries || (killed.signal === 'SIGKILL' && killed.shape === call.shape))
      return expect([killed.signal, killed.shape]).toEqual(['SIGKILL', call.shape])
    stage.saved.restore()
    const sameCalls = (await countCalls(strace, command)).filter(one => one.thread === call.thread && one.shape === call.shape)
    nth = sameCalls[call.occurrence - 1]?.nth ?? nth
    stage.saved.restore()
  }
}
const mostTries = 6

/** Both locks died with the process: anybody gets them at once. */
const assertNoLock = async ({ project }: Stage): Promise<void> => {
  for (const path of [join(project.root, '.slipway/lock'), `${project.bucket}.lock`]) {
    if (!existsSync(path)) continue
    const lock = await machine().files.lock(path)
    expect(lock, path).toHaveProperty('release')
    if ('release' in lock) await lock.release()
  }
  expect(readdirSync(project.root)).not.toContain('lock')
}

const countBy = (names: readonly string[]): string =>
  Object.entries(Object.groupBy(names, name => name))
    .map(([name, all]) => `${name} ${all?.length ?? 0}`)
    .join(', ')

/** mulberry32: the same draws for the same seed. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
