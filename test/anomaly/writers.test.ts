// Several writers on one bucket: a halt that runs through a stopped publisher (TRUST 9, test 1), two publishers at once, two runs in one checkout.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ChannelState } from '@slipway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Io } from '../../packages/slipway/src/io/io.ts'
import type { BucketReader } from '../../packages/slipway/src/stores/store.ts'
import { verifyBucket } from '../../packages/slipway/src/verify/verify.ts'
import { start } from '../kit/kill.ts'
import { smallProject } from '../kit/project.ts'
import type { Document, SmallProject } from '../kit/project.ts'
import { randomOf } from './kill-sweep.ts'
import { mustRun, nextRelease, prepare, stagedRelease } from './scenes.ts'
import type { Stage } from './scenes.ts'
import { watched } from './stops.ts'
import type { Effect } from './stops.ts'
import { assertSound, essence, headsNaming, openSmall, save, steadyMachine, treeOf, url } from './world.ts'
import type { Saved } from './world.ts'

const sweepMs = 600_000
const haltArgs = ['rollout', 'stable', '--halt', '--reason', 'crashes at start']
/** Long enough for another writer to come to a lock that is held, and to wait there. */
const pauseMs = 40

describe.each([stagedRelease, nextRelease])('a halt while $name is under way', scene => {
  let stage: Stage
  let effects: readonly Effect[]
  beforeAll(async () => {
    stage = await prepare(scene)
    effects = await bucketEffects(stage.project, scene.args)
    stage.saved.restore()
  })
  afterAll(() => stage.saved.remove())

  it(
    'wins over a publisher that stood still before any effect of its publishing',
    async () => {
      const ends = { halted: 0, committed: 0 }
      for (const effect of effects) {
        const { project, saved } = stage
        const { stopped, other } = await during({ project, args: scene.args, effect }, () => project.json(haltArgs))
        ends[await judgeHalt(stage, effect, { publisher: stopped, halter: other })] += 1
        saved.restore()
      }
      console.log(
        `${scene.name}: a halt at ${effects.length} effects of publishing; ${ends.halted} publishers stopped, ${ends.committed} had committed`,
      )
      expect(ends.halted).toBeGreaterThan(10)
      expect(ends.committed).toBeGreaterThan(3)
    },
    sweepMs,
  )

  it(
    'wins over a publisher whose acknowledgement was lost',
    async () => {
      for (const effect of effects.filter(one => one.name !== 'lock')) {
        const { project, saved } = stage
        let halting: Promise<Document> | undefined
        const lose = async (now: Effect): Promise<boolean> => {
          if (now.n !== effect.n) return false
          halting = project.json(haltArgs)
          if (!now.locked) await halting
          return true
        }
        const publisher = await project.json(scene.args, watched(steadyMachine(), { lose }))
        const halter = await halting
        expect([halter?.exitCode, publisher.exitCode !== 70], why(effect)).toEqual([0, true])
        const { stable } = await assertSound(project)
        expect(stable?.halted?.reason, why(effect)).toBe('crashes at start')
        const resumed = await project.json([...scene.args, '--resume'])
        expect([resumed.exitCode, resumed.errors.map(one => one.code)], why(effect)).toEqual([
          3,
          [isCommitted(stable) ? 'channel/halted' : 'publish/halted'],
        ])
        if (scene === stagedRelease) expect(headsNaming(project, '1.1.0'), why(effect)).toEqual([])
        saved.restore()
      }
    },
    sweepMs,
  )
})

describe('verify while another one commits', () => {
  it(
    'looks again, and finds nothing wrong',
    async () => {
      const stage = await prepare(stagedRelease)
      const { project } = stage
      await mustRun(project, stagedRelease.args)
      const bucket = await openSmall(project)
      let halting: Promise<void> | undefined
      const reader: BucketReader = {
        ...bucket,
        read: async key => {
          if (key.startsWith('feeds/')) await (halting ??= mustRun(project, haltArgs))
          return bucket.read(key)
        },
      }
      const [root, minisign] = [readFileSync(join(project.keys, 'root.json')), readFileSync(join(project.keys, 'minisign.pub'), 'utf8')]
      const found = await verifyBucket({
        reader,
        app: 'tiny',
        base: url,
        keys: { root, minisign },
        nowMs: Date.now(),
        deep: false,
        strict: false,
      })
      expect(halting).toBeDefined()
      expect(found.report.problems).toEqual([])
      stage.saved.remove()
    },
    sweepMs,
  )
})

describe('two publishers of one version', () => {
  let stage: Stage
  let saved: Saved
  let other: SmallProject
  beforeAll(async () => {
    stage = await prepare(nextRelease)
    other = secondCheckout(stage.project, join(stage.saved.base, 'other'))
    saved = save(stage.saved.base)
  })
  afterAll(() => saved.remove())

  describe.each(['the same', 'other'])('with %s inputs', kind => {
    const begin = (): void => {
      saved.restore()
      if (kind === 'other') appendFileSync(join(other.root, 'bin/linux-x64/tiny'), 'another build')
    }

    it(
      'make one release, wherever the first one stood still',
      async () => {
        begin()
        const effects = await bucketEffects(stage.project, nextRelease.args)
        const seen = new Map<string, number>()
        for (const effect of effects) {
          begin()
          const { stopped: first, other: second } = await during({ project: stage.project, args: nextRelease.args, effect }, () =>
            other.json(nextRelease.args),
          )
          const end = await judgePair({ kind, why: why(effect), project: stage.project, runs: [first, second] })
          seen.set(end, (seen.get(end) ?? 0) + 1)
        }
        console.log(
          `two publishers with ${kind} inputs, ${effects.length} stops: ${[...seen].map(([end, count]) => `${end} ${count}`).join(', ')}`,
        )
      },
      sweepMs,
    )

    it(
      'let the draft decide that came first',
      async () => {
        begin()
        const effects = await bucketEffects(stage.project, nextRelease.args)
        begin()
        const [draft, file] = [effects[0], effects.find(one => one.path.includes('/releases/'))]
        if (draft === undefined || file === undefined) throw new Error('publishing has no draft or no file')
        // Both have seen that there is no draft; one writes its own, and before its first file the other comes to write another.
        const late = await hold({ project: stage.project, args: nextRelease.args, effect: draft })
        const early = await hold({ project: other, args: nextRelease.args, effect: file })
        late.goOn()
        const second = await late.running
        early.goOn()
        const first = await early.running
        expect([first.exitCode, first.errors]).toEqual([0, []])
        const codes = second.errors.map(one => one.code)
        expect([second.exitCode, codes]).toEqual(kind === 'other' ? [3, ['publish/two-publishers']] : [0, []])
        await judgePair({ kind, why: 'draft', project: stage.project, runs: [first, second] })
      },
      sweepMs,
    )

    it(
      'make one release in any interleaving',
      async () => {
        for (let seed = 1; seed <= 12; seed += 1) {
          begin()
          const runs = await Promise.all([
            stage.project.json(nextRelease.args, slowed(seed)),
            other.json(nextRelease.args, slowed(seed + 1000)),
          ])
          await judgePair({ kind, why: `seed ${seed}`, project: stage.project, runs })
        }
      },
      sweepMs,
    )

    it(
      'make one release as two processes',
      async () => {
        for (let round = 1; round <= 3; round += 1) {
          begin()
          const args = [...nextRelease.args, '--json', '--reporter', 'none']
          const home = join(saved.base, 'home')
          const ended = await Promise.all([stage.project, other].map(({ root }) => start({ args, root, home }, { cores: 'all' }).ended))
          const runs = ended.map(({ exitCode, stdout }) => ({ exitCode: exitCode ?? -1, errors: (JSON.parse(stdout) as Document).errors }))
          await judgePair({ kind, why: `round ${round}`, project: stage.project, runs })
        }
      },
      sweepMs,
    )
  })
})

describe('two runs in one checkout', () => {
  it(
    'end the second with exit 3, naming the process of the first',
    async () => {
      const stage = await prepare(nextRelease)
      const effect = (await bucketEffects(stage.project, nextRelease.args))[0]
      stage.saved.restore()
      if (effect === undefined) throw new Error('publishing has no effect')
      const args = [...nextRelease.args, '--json', '--reporter', 'none']
      const second = () => start({ args, root: stage.project.root, home: `${stage.saved.base}.saved/home` }, { cores: 'all' }).ended
      const { stopped, other } = await during(
        { project: stage.project, args: nextRelease.args, effect: { ...effect, locked: false } },
        second,
      )
      const { errors } = JSON.parse(other.stdout) as Document
      expect([other.exitCode, errors.map(one => one.code)]).toEqual([3, ['run/busy']])
      expect(errors[0]?.message).toMatch(new RegExp(`\\bslipway release, process ${process.pid}\\b`))
      expect([stopped.exitCode, stopped.errors]).toEqual([0, []])
      await assertSound(stage.project)
      stage.saved.remove()
    },
    sweepMs,
  )
})

/** The effects of a whole run on the bucket, and when it asks for its lock. */
const bucketEffects = async (project: SmallProject, args: readonly string[]): Promise<readonly Effect[]> => {
  const effects: Effect[] = []
  const before = (effect: Effect): void => void effects.push(effect)
  const ran = await project.json(args, watched(steadyMachine(), { before }))
  expect([ran.exitCode, ran.errors]).toEqual([0, []])
  return effects
}

interface Stop {
  readonly project: SmallProject
  readonly args: readonly string[]
  readonly effect: Effect
}

/** Stops a run before one effect, does something else, and lets it go on. Where the run holds the lock, the other one must wait for it. */
const during = async <T>(stop: Stop, act: () => Promise<T>): Promise<{ readonly stopped: Document; readonly other: T }> => {
  const { goOn, running } = await hold(stop)
  const acting = act()
  if (stop.effect.locked) await new Promise(resolve => setTimeout(resolve, pauseMs))
  else await acting
  goOn()
  return { stopped: await running, other: await acting }
}

/** Starts a run and comes back when it stands still before the effect. */
const hold = async ({ project, args, effect }: Stop): Promise<{ readonly goOn: () => void; readonly running: Promise<Document> }> => {
  const arrived = Promise.withResolvers<void>()
  const going = Promise.withResolvers<void>()
  const before = async (now: Effect): Promise<void> => {
    if (now.n !== effect.n) return
    arrived.resolve()
    await going.promise
  }
  const running = project.json(args, watched(steadyMachine(), { before }))
  const early = await Promise.race([arrived.promise, running])
  expect(early, `the run came to ${why(effect)}`).toBeUndefined()
  return { goOn: () => going.resolve(), running }
}

const judgeHalt = async (
  { project, scene }: Stage,
  effect: Effect,
  { publisher, halter }: { publisher: Document; halter: Document },
): Promise<'halted' | 'committed'> => {
  expect([halter.exitCode, halter.errors], why(effect)).toEqual([0, []])
  // All heads show the committed state, and that one is halted.
  const { stable } = await assertSound(project)
  expect(stable?.halted?.reason, why(effect)).toBe('crashes at start')
  const committed = isCommitted(stable)
  if (committed) expect([publisher.exitCode, publisher.errors], why(effect)).toEqual([0, []])
  else expect([publisher.exitCode, publisher.errors.map(one => one.code)], why(effect)).toEqual([3, ['publish/halted']])
  if (!committed || scene === stagedRelease) expect(headsNaming(project, '1.1.0'), why(effect)).toEqual([])
  return committed ? 'committed' : 'halted'
}

const isCommitted = (stable: ChannelState | undefined): boolean => stable?.candidate?.version === '1.1.0' || stable?.current === '1.1.0'

interface Pair {
  readonly kind: string
  readonly why: string
  readonly project: SmallProject
  readonly runs: readonly Pick<Document, 'exitCode' | 'errors'>[]
}

/** One release stands, whole; a loser was told so, in one of the words that there are for it. */
const judgePair = async ({ kind, why: words, project, runs }: Pair): Promise<string> => {
  const ends = runs.map(({ exitCode, errors }) => (exitCode === 0 ? 'done' : `${exitCode} ${errors.map(one => one.code).join(' ')}`))
  expect(ends, words).toContain('done')
  const allowed = kind === 'other' ? losing : [...losing, 'done']
  for (const end of ends.toSorted((a, b) => Number(b === 'done') - Number(a === 'done')).slice(1)) expect(allowed, words).toContain(end)
  const { stable } = await assertSound(project)
  expect([stable?.current, stable?.before, stable?.n], words).toEqual(['1.1.0', '1.0.0', 2])
  const files = essence(treeOf(project.bucket)).filter(line => line.startsWith('releases/1.1.0/'))
  expect(files.length, words).toBe(7)
  return ends.join(' + ')
}
const losing = ['3 publish/version-taken', '3 publish/two-publishers']

/** A door whose effects take their time, by chance: the same for the same seed. */
const slowed = (seed: number): Io => {
  const random = randomOf(seed)
  return watched(steadyMachine(), { before: () => new Promise(resolve => setTimeout(resolve, Math.floor(random() * 6))) })
}

/** The same sources in another place, for the same bucket and keys. */
const secondCheckout = (project: SmallProject, folder: string): SmallProject =>
  smallProject({
    version: '1.1.0',
    folder,
    more: {
      store: { folder: { path: project.bucket, url: url.slice(0, -1) } },
      trust: { folder: project.keys, keyring: join(project.secret, 'tiny.keys') },
    },
  })

const why = ({ n, name, path, locked }: Effect): string => `effect ${n}, ${name} ${path}${locked ? ', with the lock' : ''}`
