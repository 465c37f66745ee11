// What commands of a project share: reading it, planning, the observed state of its buckets. No command of its own.
import { fail, failAll } from '@slipway/core'
import type { PlanBody } from '@slipway/core'
import { readProject } from '../config/read.ts'
import type { AppSettings, Project } from '../config/project.ts'
import type { Observed } from '../plan/observe.ts'
import { keptProblems, type ReadRecord } from '../plan/kept.ts'
import { observe } from '../plan/observe.ts'
import { builderOf, makePlan, planDigest } from '../plan/plan.ts'
import { seeSources } from '../plan/seen.ts'
import { orderProblems } from '../plan/version-order.ts'
import type { Stage } from '../plan/steps.ts'
import { openBucket } from '../run/run.ts'
import { readRelease } from '../run/settle.ts'
import { readState } from '../run/state.ts'
import type { Bucket } from '../stores/store.ts'
import type { Invocation } from './command.ts'

/** The texts of a repeatable flag. */
export const listOf = (invocation: Invocation, flag: string): readonly string[] => {
  const value = invocation.flags[flag]
  const texts = value === undefined || value === true ? [] : typeof value === 'string' ? [value] : value
  return texts.flatMap(text => text.split(',')).filter(text => text !== '')
}
export const textOf = (invocation: Invocation, flag: string): string | undefined => {
  const value = invocation.flags[flag]
  return typeof value === 'string' ? value : undefined
}

export const projectOf = ({ io, global }: Invocation): Promise<Project> =>
  readProject(io, {
    cwd: global.cwd,
    profile: global.profile,
    set: global.set,
    ...(global.config === undefined ? {} : { config: global.config }),
    ...(global.app === undefined ? {} : { app: global.app }),
  })

/** The one app that a command about a channel is for; several and no `--app`: `command/which-app`. */
export const oneApp = (project: Project): AppSettings => {
  const [first, ...others] = project.apps
  if (first !== undefined && others.length === 0) return first
  return fail('command/which-app', `This project has ${project.apps.length} apps`, {
    hint: `Say --app with one of: ${project.apps.map(one => one.app.key).join(' ')}`,
  })
}

export interface Planned {
  readonly project: Project
  readonly plan: PlanBody
  readonly digest: string
  readonly observed: Observed
  readonly buckets: (settings: AppSettings) => Promise<Bucket>
}

export const planFor = async (invocation: Invocation, until: Stage): Promise<Planned> => {
  const project = await projectOf(invocation)
  const channel = textOf(invocation, 'channel')
  const seen = until === 'build' ? undefined : await seeSources(invocation.io, project, builderOf)
  const plan = makePlan({
    project,
    until,
    ...(seen === undefined ? {} : { seen }),
    narrow: { targets: listOf(invocation, 'target'), only: listOf(invocation, 'only') },
    ...(channel === undefined ? {} : { channel }),
  })
  const buckets = bucketsOf(invocation, project)
  const { io } = invocation
  const observed = await observe({
    io,
    project,
    plan,
    bucketOf: buckets,
    stateOf: (settings, bucket) => stateOf(invocation, settings, bucket),
  })
  const records: ReadRecord = async (key, version) => {
    const settings = project.apps.find(one => one.app.key === key)
    if (settings === undefined) return null
    const bucket = await buckets(settings)
    const state = await stateOf(invocation, settings, bucket)
    return state === null ? null : readRelease(bucket, state, version)
  }
  failAll([...orderProblems(project, plan, observed), ...(await keptProblems(project, { plan, observed }, records))])
  return { project, plan, digest: planDigest(plan), observed, buckets }
}

/** Each app's bucket, opened once. */
export const bucketsOf = ({ io }: Invocation, project: Project): ((settings: AppSettings) => Promise<Bucket>) => {
  const opened = new Map<string, () => Promise<Bucket>>()
  return settings => {
    const open = opened.get(settings.app.key) ?? openBucket(io, project, settings)
    opened.set(settings.app.key, open)
    return open()
  }
}

/** The committed state, verified from trust/root.json; null without a root: nothing can be verified, so nothing is known. */
export const stateOf = async ({ io }: Pick<Invocation, 'io'>, settings: AppSettings, bucket: Bucket) => {
  const file = `${settings.trust.folder}/root.json`
  if ((await io.files.stat(file)) === null) return null
  return readState(bucket, await io.files.read(file))
}
