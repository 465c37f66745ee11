// The loop: carries out steps in the order of their needs, as many at once as there are cores (DESIGN 5, rule 3). Units never see it.
import { SlipwayError, fail, problem } from '@slipway/core'
import type { Event, Outcome, Problem, Step } from '@slipway/core'
import type { Io } from '../io/io.ts'
import { withRetry } from './retry.ts'

export interface StepResult {
  readonly outcome: Exclude<Outcome, 'failed'>
  readonly reason?: string
  readonly bytes?: number
}
export interface StepReport {
  readonly note: (text: string, facts?: Readonly<Record<string, unknown>>) => void
  readonly progress: (done: number, total: number, unit?: 'bytes' | 'files' | 'objects') => void
}
export interface Schedule {
  readonly io: Io
  readonly run: string
  readonly steps: readonly Step[]
  readonly parallel: number
  readonly signal: AbortSignal
  readonly emit: (event: Event) => void
  readonly perform: (step: Step, report: StepReport) => Promise<StepResult>
}

interface Running {
  readonly done: Set<string>
  readonly started: Set<string>
  readonly active: Map<string, Promise<void>>
  readonly problems: Problem[]
}

/** Runs all steps. After a failure nothing new starts, what runs may end, and all problems are thrown together. */
export const carryOut = async (schedule: Schedule): Promise<void> => {
  const state: Running = { done: new Set(), started: new Set(), active: new Map(), problems: [] }
  const { steps, signal } = schedule
  while (state.done.size < steps.length) {
    const stop = state.problems.length > 0 || signal.aborted
    if (!stop) startReady(schedule, state)
    if (state.active.size === 0) break
    await Promise.race(state.active.values())
  }
  await Promise.all(state.active.values())
  if (state.problems.length > 0) throw new SlipwayError(state.problems)
  if (signal.aborted) throw new SlipwayError([interrupted()])
  const left = steps.find(step => !state.done.has(step.id))
  // Nothing may be passed over in silence.
  if (left !== undefined)
    fail('run/stuck', `${left.id} waits for ${left.needs.find(need => !state.done.has(need)) ?? 'nothing'}, which no step does`, {
      hint: 'This is a fault of Slipway; please report it.',
      exit: 'bug',
    })
}

/** What an interrupted run ends with; the command line turns it into 130 or 143. */
export const interrupted = (): Problem =>
  problem('run/interrupted', 'The run was interrupted', {
    hint: 'Nothing is half done: run the same command again, or with --resume.',
    exit: 'machine',
  })

const startReady = (schedule: Schedule, state: Running): void => {
  for (const step of schedule.steps) {
    if (state.active.size >= schedule.parallel) return
    if (state.started.has(step.id) || !step.needs.every(need => state.done.has(need))) continue
    state.started.add(step.id)
    const ended = one(schedule, step).then(
      () => void state.done.add(step.id),
      (error: unknown) => void state.problems.push(...problemsOf(error, step)),
    )
    state.active.set(
      step.id,
      ended.finally(() => state.active.delete(step.id)),
    )
  }
}

const one = async ({ io, run, emit, perform, signal }: Schedule, step: Step): Promise<void> => {
  const from = io.clock.now()
  const at = (): { t: string; run: string; step: string } => ({ t: new Date(io.clock.now()).toISOString(), run, step: step.id })
  const report: StepReport = {
    note: (text, facts) => emit({ ...at(), type: 'step.note', text, ...(facts === undefined ? {} : { facts }) }),
    progress: (done, total, unit = 'bytes') => emit({ ...at(), type: 'step.progress', done, total, unit }),
  }
  emit({ ...at(), type: 'step.start' })
  try {
    const result = await withRetry({ io, signal, note: report.note }, () => perform(step, report))
    const { outcome, reason, bytes = 0 } = result
    emit({ ...at(), type: 'step.end', outcome, ms: io.clock.now() - from, bytes, ...(reason === undefined ? {} : { reason }) })
  } catch (error) {
    const reason = problemsOf(error, step)[0]?.code ?? 'bug/unexpected'
    emit({ ...at(), type: 'step.end', outcome: 'failed', reason, ms: io.clock.now() - from, bytes: 0 })
    throw error
  }
}

/** Problems get the step's target where they name no place of their own; anything else goes up as it is (exit 70). */
const problemsOf = (error: unknown, step: Step): readonly Problem[] => {
  if (!(error instanceof SlipwayError)) throw error
  return error.problems.map(one =>
    step.target === undefined || one.where.target !== undefined ? one : { ...one, where: { ...one.where, target: step.target } },
  )
}
