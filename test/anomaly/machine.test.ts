// What the machine does to a release: a full disk, a bucket that cannot be written, an interrupt. Nothing is lost, and the same command goes on.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Event } from '@slipway/core'
import { start } from '../kit/kill.ts'
import type { Ended } from '../kit/kill.ts'
import { firstRelease, mustRun, nextRelease, prepare } from './scenes.ts'
import type { Stage } from './scenes.ts'
import { assertSound, essence, judgeWorld, steadyMachine, treeOf } from './world.ts'

const sweepMs = 600_000

const mount = (...args: readonly string[]): boolean => spawnSync('mount', args, { stdio: 'ignore' }).status === 0
const unmount = (path: string): void => void spawnSync('umount', [path], { stdio: 'ignore' })

/** Whether this user may mount; with required judges it must be so. */
const mayMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-mount-'))
  const may = mount('-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder)
  if (may) unmount(folder)
  rmSync(folder, { recursive: true })
  if (!may && process.env['SLIPWAY_JUDGES'] === 'required') throw new Error('full and read-only disks need the right to mount')
  if (!may) console.log('skipped: full and read-only disks (lacking the right to mount)')
  return may
})()

describe.skipIf(!mayMount)('a disk', () => {
  let stage: Stage
  let clean: readonly string[]
  beforeAll(async () => {
    stage = await prepare(firstRelease)
    await mustRun(stage.project, firstRelease.args)
    clean = essence(treeOf(stage.project.bucket))
    stage.saved.restore()
  })
  afterAll(() => stage.saved.remove())

  it.each(['bucket', 'project/.slipway', 'project/dist'])(
    'that is full under %s stops the release, and once there is room it goes on',
    async place => {
      const { project, saved } = stage
      const disk = join(saved.base, place)
      let full = 0
      let sizeKiB = 4
      for (let fitted = 0; fitted < 2; sizeKiB += sizeKiB < 40 ? 4 : 12) {
        mkdirSync(disk, { recursive: true })
        expect(mount('-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', disk)).toBe(true)
        try {
          const ran = await project.json(firstRelease.args, steadyMachine())
          const world = await judgeWorld({ project, before: new Map(), isNew: firstRelease.isNew })
          fitted += ran.exitCode === 0 ? 1 : 0
          full += ran.exitCode === 0 ? 0 : 1
          if (ran.exitCode === 0) expect(world).toBe('new')
          else
            expect(
              [ran.exitCode, [...new Set(ran.errors.map(one => one.code))]],
              `${sizeKiB} KiB: ${ran.errors[0]?.message ?? ''}`,
            ).toEqual([4, ['io/disk-full']])
          expect(mount('-o', 'remount,size=20m', disk)).toBe(true)
          await mustRun(project, firstRelease.args)
          await assertSound(project)
          expect(essence(treeOf(project.bucket))).toEqual(clean)
        } finally {
          unmount(disk)
          saved.restore()
        }
      }
      console.log(`disk full under ${place}: ${full} sizes up to ${sizeKiB} KiB`)
      expect(full).toBeGreaterThanOrEqual(4)
    },
    sweepMs,
  )

  it(
    'that cannot be written is said so, and nothing is lost',
    async () => {
      const { project, saved } = stage
      mkdirSync(project.bucket, { recursive: true })
      expect(mount('-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', project.bucket)).toBe(true)
      try {
        expect(mount('-o', 'remount,ro', project.bucket)).toBe(true)
        const refused = await project.json(firstRelease.args)
        expect([refused.exitCode, [...new Set(refused.errors.map(one => one.code))]]).toEqual([4, ['folder/not-writable']])
        expect(await judgeWorld({ project, before: new Map(), isNew: firstRelease.isNew })).toBe('old')
        expect(mount('-o', 'remount,rw', project.bucket)).toBe(true)
        await mustRun(project, firstRelease.args)
        expect(mount('-o', 'remount,ro', project.bucket)).toBe(true)
        const before = treeOf(project.bucket)
        const halted = await project.json(['rollout', 'stable', '--halt', '--reason', 'crashes'])
        expect([halted.exitCode, halted.errors.map(one => one.code)]).toEqual([4, ['folder/not-writable']])
        expect(treeOf(project.bucket)).toEqual(before)
        await assertSound(project)
      } finally {
        unmount(project.bucket)
        saved.restore()
      }
    },
    sweepMs,
  )
})

describe('an interrupt', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await prepare(nextRelease)
  })
  afterAll(() => stage.saved.remove())

  it(
    'in any step ends with 130, and the release goes on with or without --resume',
    async () => {
      const { project, saved, before } = stage
      const whole = await interruptAt(stage, null)
      expect([whole.ended.exitCode, whole.ended.stderr.includes('\n    at ')]).toEqual([0, false])
      const clean = essence(treeOf(project.bucket))
      saved.restore()
      const worlds = { old: 0, new: 0 }
      const steps = whole.steps.filter((step, at) => at % 4 === 0 || /turn|settle|draft|verify/.test(step))
      for (const [at, step] of steps.entries()) {
        const { ended } = await interruptAt(stage, step)
        expect([step, ended.exitCode, ended.signal]).toEqual([step, 130, null])
        worlds[await judgeWorld({ project, before, isNew: nextRelease.isNew })] += 1
        await mustRun(project, at % 2 === 0 ? [...nextRelease.args, '--resume'] : nextRelease.args)
        expect(nextRelease.isNew(await assertSound(project))).toBe(true)
        expect(essence(treeOf(project.bucket))).toEqual(clean)
        saved.restore()
      }
      console.log(`interrupts in ${steps.length} of ${whole.steps.length} steps: ${worlds.old} left the old world, ${worlds.new} the new`)
      expect(worlds.old).toBeGreaterThan(0)
      expect(worlds.new).toBeGreaterThan(0)
    },
    sweepMs,
  )

  it('that never was leaves nothing to resume', async () => {
    const { project, saved } = stage
    const ran = await project.json([...nextRelease.args, '--resume'])
    expect([ran.exitCode, ran.errors.map(one => one.code)]).toEqual([2, ['release/nothing-to-resume']])
    saved.restore()
  })
})

/** Runs the real process and interrupts it as soon as a step starts; the steps that had started. */
const interruptAt = async (
  { project, scene, saved }: Stage,
  step: string | null,
): Promise<{ readonly ended: Ended; readonly steps: readonly string[] }> => {
  const steps: string[] = []
  const args = [...scene.args, '--reporter', 'jsonl']
  const { child, ended } = start({ args, root: project.root, home: `${saved.base}.saved/home` }, { cores: 'all' })
  let rest = ''
  child.stderr?.on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const event of lines.flatMap(eventOf)) {
      if (event.type !== 'step.start') continue
      steps.push(event.step)
      if (event.step === step) child.kill('SIGINT')
    }
  })
  return { ended: await ended, steps }
}

const eventOf = (line: string): readonly Event[] => (line.startsWith('{') ? [JSON.parse(line) as Event] : [])
