// The commands that the sweeps break: what is there before each, the command line, and the state that it is to end in.
import { dirname } from 'node:path'
import { expect } from 'vitest'
import { nextVersion, smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'
import { save, scratch, steadyMachine, treeOf } from './world.ts'
import type { Channels, Saved, Tree } from './world.ts'

export interface Scene {
  readonly name: string
  /** Commands that make the bucket as it is before, each with the version whose project it runs in. */
  readonly before: readonly (readonly [version: string, ...args: string[]])[]
  readonly version: string
  /** More of the config. */
  readonly more?: Readonly<Record<string, unknown>>
  readonly args: readonly string[]
  readonly isNew: (channels: Channels) => boolean
}

const reason = ['--reason', 'crashes at start']

export const firstRelease: Scene = {
  name: 'release 1.0.0 to an empty bucket',
  before: [],
  version: '1.0.0',
  args: ['release', '--channel', 'stable'],
  isNew: ({ stable }) => stable?.current === '1.0.0' && stable.n === 1,
}
/** Its packages are in the cache: only what the gate and publishing do is left. */
export const nextRelease: Scene = {
  name: 'release 1.1.0 over 1.0.0',
  before: [
    ['1.0.0', 'release', '--channel', 'stable'],
    ['1.1.0', 'package'],
  ],
  version: '1.1.0',
  args: ['release', '--channel', 'stable'],
  isNew: ({ stable }) => stable?.current === '1.1.0' && stable.before === '1.0.0' && stable.n === 2,
}
export const promotion: Scene = {
  name: 'promote 1.1.0 from canary to 10 % of stable',
  before: [
    ['1.0.0', 'release', '--channel', 'stable'],
    ['1.1.0', 'release', '--channel', 'canary'],
  ],
  version: '1.1.0',
  args: ['promote', '1.1.0', '--to', 'stable', '--rollout', '10'],
  isNew: ({ stable, canary }) => stable?.candidate?.version === '1.1.0' && stable.current === '1.0.0' && canary?.n === 1,
}
export const halting: Scene = {
  name: 'rollout stable --halt at 10 %',
  before: [...promotion.before, ['1.1.0', ...promotion.args]],
  version: '1.1.0',
  args: ['rollout', 'stable', '--halt', ...reason],
  isNew: ({ stable }) => stable?.halted?.version === '1.1.0' && stable.current === '1.0.0',
}
export const goingBack: Scene = {
  name: 'rollback stable from 1.1.0 to 1.0.0',
  before: [...nextRelease.before, ['1.1.0', ...nextRelease.args]],
  version: '1.1.0',
  args: ['rollback', 'stable', ...reason],
  isNew: ({ stable }) => stable?.current === '1.0.0' && stable.halted?.version === '1.1.0',
}
export const stagedRelease: Scene = {
  name: 'release 1.1.0 to 10 % of stable',
  before: [
    ['1.0.0', 'release', '--channel', 'stable'],
    ['1.0.0', 'rollout', 'stable', '--percent', '100'],
  ],
  version: '1.1.0',
  more: { channels: { stable: { rollout: ['10% 1d', '100%'] } } },
  args: ['release', '--channel', 'stable'],
  isNew: ({ stable }) => stable?.candidate?.version === '1.1.0' && stable.current === '1.0.0',
}

export interface Stage {
  readonly scene: Scene
  readonly project: SmallProject
  readonly saved: Saved
  /** The bucket before the command. */
  readonly before: Tree
}

/** Plays everything before the command and keeps a copy of it. */
export const prepare = async (scene: Scene): Promise<Stage> => {
  const versions = [...new Set([...scene.before.map(([version]) => version), scene.version])]
  const more = scene.more ?? {}
  let project = smallProject({ version: versions[0] ?? scene.version, folder: scratch(), more })
  await mustRun(project, ['keys', 'generate'])
  for (const version of versions) {
    project = nextVersion(project, version, { more })
    for (const [of, ...args] of scene.before) if (of === version) await mustRun(project, args)
  }
  return { scene, project, saved: save(dirname(project.root)), before: treeOf(project.bucket) }
}

/** Runs a command that must succeed. */
export const mustRun = async (project: SmallProject, args: readonly string[]): Promise<void> => {
  const ran = await project.json(args, steadyMachine())
  expect([ran.exitCode, ran.errors]).toEqual([0, []])
}
