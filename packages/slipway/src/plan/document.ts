// The plan as `--json` prints it: slipway.plan/1 (CONFIG 7).
import { publicProblem, releaseFile } from '@slipway/core'
import type { Hex, PlanBody, PlannedApp } from '@slipway/core'
import type { Project } from '../config/project.ts'
import { planNotes } from './notes.ts'
import type { Observed, ObservedApp } from './observe.ts'

export interface PlanShown {
  readonly project: Project
  readonly plan: PlanBody
  readonly digest: Hex
  readonly observed: Observed
  /** App -> how the gate of its channel stands. */
  readonly requires: Readonly<Record<string, readonly { readonly check: string; readonly state: string }[]>>
  /** Feed id -> what a percent means for its client. */
  readonly percents: Readonly<Record<string, string>>
}

/** Members of slipway.plan/1 beside schema, ok, errors. */
export const planDocument = (shown: PlanShown): Readonly<Record<string, unknown>> => {
  const { project, plan, digest, observed } = shown
  return {
    digest,
    profile: plan.profile,
    ready: observed.ready,
    commits: plan.sources,
    dirty: project.dirty,
    apps: plan.apps.map(app => appDocument(shown, app)),
    questions: [...project.questions, ...observed.store].map(publicProblem),
    secrets: observed.secrets,
    tools: observed.tools,
    steps: plan.steps.map(step => ({ id: step.id, after: step.needs })),
  }
}

export const observedOf = (observed: Observed, app: PlannedApp): ObservedApp | undefined => observed.apps.find(one => one.app === app.app)

/** The public URL of an object of an app; '' while the store has no address. */
export const urlOf = (project: Project, app: PlannedApp, key: string): string => {
  const { url } = project.store.options
  const base = project.apps.find(one => one.app.key === app.app)?.base ?? ''
  return typeof url === 'string' ? `${url.replace(/\/+$/, '')}/${base}${key.split('/').map(encodeURIComponent).join('/')}` : ''
}

/** With several apps, those of the root and its own. */
const chosenOf = ({ chosen }: Project, { app }: PlannedApp): Project['chosen'] =>
  chosen.filter(({ path }) => !path.startsWith('apps.') || path.startsWith(`apps.${app}.`))

const appDocument = ({ project, observed, requires }: PlanShown, app: PlannedApp) => {
  const seen = observedOf(observed, app)
  const files = app.artifacts.map(({ file, kind, role, target, signatures, labels }) => {
    const url = urlOf(project, app, releaseFile(app.version, file))
    return { file, kind, role, target, url, signatures, labels, sizeBytes: null, sha256: null }
  })
  const feeds = app.feeds.flatMap(feed =>
    Object.entries(feed.heads).map(([head, named]) => ({ feed: feed.id, url: urlOf(project, app, head), files: [...new Set(named)] })),
  )
  return {
    app: app.app,
    version: app.version,
    channel: app.channel,
    percent: app.percent,
    files,
    notes: planNotes(project, app),
    chosen: chosenOf(project, app),
    feeds,
    objects: seen?.objects ?? [],
    channelNow: seen === undefined ? null : { n: seen.n, current: seen.current, halted: seen.halted },
    requires: requires[app.app] ?? [],
  }
}
