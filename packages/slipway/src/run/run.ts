// Carries out a plan: lock, cache, journal, keys, and the step that belongs to each unit (CONTRACTS 8). The loop itself is schedule.ts.
import { fail, SlipwayError } from '@slipway/core'
import type { Event, Hex, PlanBody, Problem, Step } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { units } from '../plan/kinds.ts'
import { planDigest } from '../plan/plan.ts'
import type { Bucket } from '../stores/store.ts'
import { performAdopt } from './adopt.ts'
import { performBuild } from './build.ts'
import { openCache } from './cache.ts'
import { codeDigest } from './code-digest.ts'
import { deflating } from './deflated.ts'
import { performCheck, performVerdict } from './gate.ts'
import { openJournal } from './journal.ts'
import type { Basis } from './journal.ts'
import { performPackage } from './package.ts'
import { performDraft, performEvidence, performFile, performPublishRecord, performSettle, performTurn, performVerify } from './publish.ts'
import { carryOut } from './schedule.ts'
import type { StepReport, StepResult } from './schedule.ts'
import { performRecord, performSignPackage, performSums } from './sign.ts'
import { need } from './work.ts'
import type { Keys, RunContext, Work } from './work.ts'

export interface RunRequest {
  readonly io: Io
  readonly project: Project
  readonly plan: PlanBody
  readonly command: string
  readonly version: string
  readonly emit: (event: Event) => void
  readonly signal: AbortSignal
  /** The keys of an app, opened when first asked for. */
  readonly keys: (settings: AppSettings) => Keys
  /** `n` of each app's channel when the plan was made. */
  readonly basis: Basis
  /** Looks at an app's bucket as its clients do. */
  readonly verifyOutside: (settings: AppSettings) => Promise<void>
}
export interface RunResult {
  readonly run: string
  readonly works: readonly Work[]
  /** Steps that were not done, and why. */
  readonly skipped: readonly { readonly step: string; readonly why: string }[]
  /** What stopped it; none: all was done. What was made, and published, by then stands in `works`. */
  readonly problems: readonly Problem[]
  readonly ms: number
}

export const runPlan = async (request: RunRequest): Promise<RunResult> => {
  const { io, project, plan } = request
  const from = io.clock.now()
  const run = Buffer.from(io.random(8)).toString('hex')
  const digest = planDigest(plan)
  await io.files.makeFolder(`${project.root}/.slipway`)
  const lock = await lockRun(request)
  try {
    const journal = await openJournal(io, project.root, { plan: digest, basis: request.basis })
    const skipped: { step: string; why: string }[] = []
    const emit = (event: Event): void => {
      if (event.type === 'step.end' && event.outcome === 'skipped') skipped.push({ step: event.step, why: event.reason ?? '' })
      journal.event(event)
      request.emit(event)
    }
    const at = (): { t: string; run: string } => ({ t: new Date(io.clock.now()).toISOString(), run })
    const works = await worksOf(request, run, digest)
    emit({
      ...at(),
      type: 'run.start',
      command: request.command,
      plan: digest,
      steps: plan.steps.map(step => step.id),
      title: titleOf(plan),
    })
    const problems = await carryOut({
      io,
      run,
      steps: plan.steps,
      parallel: Math.max(1, io.host.cores),
      signal: request.signal,
      emit,
      perform: (step, report) => perform(workOf(works, step), step, report),
    }).then((): readonly Problem[] => [], problemsOf)
    const outcome = problems.length === 0 ? 'done' : request.signal.aborted ? 'interrupted' : 'failed'
    emit({ ...at(), type: 'run.end', outcome, ms: io.clock.now() - from })
    // A journal that could not be kept is said, beside what was done all the same: it is a record, never the truth (CONTRACTS 8).
    const unkept = await journal.close().then((): readonly Problem[] => [], problemsOf)
    return { run, works, skipped, problems: [...problems, ...unkept], ms: io.clock.now() - from }
  } finally {
    await lock.release()
  }
}

const problemsOf = (error: unknown): readonly Problem[] => {
  if (error instanceof SlipwayError) return error.problems
  throw error
}

/** Two runs in one checkout: the second ends with exit 3 and names the first's process (CONTRACTS 8). */
const lockRun = async ({ io, project, command }: RunRequest) => {
  const lock = await io.files.lock(`${project.root}/.slipway/lock`, { owner: `slipway ${command}, process ${io.host.pid}` })
  if ('release' in lock) return lock
  return fail('run/busy', `Another run is at work in this checkout: ${lock.heldBy}`, {
    hint: 'Wait for it to end, or stop it.',
    exit: 'refused',
  })
}

const worksOf = async (request: RunRequest, run: string, digest: Hex): Promise<readonly Work[]> => {
  const { io, project, plan } = request
  const cache = openCache(io, `${project.root}/.slipway/cache`)
  const context: RunContext = {
    io,
    project,
    plan,
    planDigest: digest,
    run,
    version: request.version,
    code: await codeDigest(io),
    cache,
    deflated: deflating(io, cache),
    signal: request.signal,
  }
  return project.apps.flatMap(settings => {
    const planned = plan.apps.find(one => one.app === settings.app.key)
    if (planned === undefined) return []
    const date =
      project.date ??
      fail('plan/no-date', 'There is no date for this release', {
        hint: 'Commit the sources to git, set SOURCE_DATE_EPOCH, or set app.date.',
      })
    const work: Work = {
      ...context,
      settings,
      planned,
      date,
      basis: request.basis.channels[settings.app.key] ?? 0,
      keys: request.keys(settings),
      bucket: openBucket(io, project, settings),
      trees: new Map(),
      shaped: new Map(),
      made: new Map(),
      release: undefined,
      draft: null,
      sums: undefined,
      evidence: new Map(),
      verdict: undefined,
      verifyOutside: () => request.verifyOutside(settings),
    }
    return [work]
  })
}

/** Opened once, when the first step asks for it. */
export const openBucket = (io: Io, project: Project, settings: AppSettings): (() => Promise<Bucket>) => {
  let opened: Promise<Bucket> | undefined
  return () => (opened ??= units.stores(project.store.id).open(project.store.options as never, settings.base, io))
}

const workOf = (works: readonly Work[], step: Step): Work =>
  need(
    works.find(work => work.settings.app.key === step.app),
    `app ${step.app}`,
  )

type Perform = (work: Work, step: Step, report: StepReport) => Promise<StepResult>
const byKind: Readonly<Record<string, Perform>> = {
  builders: performBuild,
  packagers: performPackage,
  signers: (work, step) => (step.makes.length > 0 ? performSums(work, step) : performSignPackage(work, step, fileOf(step))),
  checks: performCheck,
}
const byUnit: Readonly<Record<string, Perform>> = {
  'release/record': performRecord,
  'publish/adopt': performAdopt,
  'gate/verdict': performVerdict,
  'publish/draft': performDraft,
  'publish/file': (work, step) => performFile(work, fileOf(step)),
  'publish/record': performPublishRecord,
  'publish/evidence': performEvidence,
  'publish/turn': performTurn,
  'publish/settle': (work, _step, report) => performSettle(work, report),
  'publish/verify': (work, _step, report) => performVerify(work, report),
}

const perform: Perform = (work, step, report) =>
  need(byUnit[step.unit] ?? byKind[step.unit.split('/')[0] ?? ''], `way to carry out ${step.unit}`)(work, step, report)

/** The file that a step is about stands at the end of its id. */
const fileOf = (step: Step): string => step.id.slice(step.id.lastIndexOf(':') + 1)

const titleOf = (plan: PlanBody): string => plan.apps.map(app => `${app.app} ${app.version} to ${app.channel}`).join(', ')
