// What has happened so far, a stage at a time: the one model behind the live and GitHub reporters.
import type { Event } from '@slipway/core'
import { plain } from './safe.ts'

export interface StepState {
  readonly subject: string
  state: 'next' | 'running' | 'done' | 'cached' | 'skipped' | 'failed'
  startedMs: number
  endedMs: number
  doneBytes: number
  totalBytes: number
  doneCount: number
  totalCount: number
  note: string
}
export interface StageState {
  readonly name: string
  readonly steps: Map<string, StepState>
}
export interface RunState {
  title: string
  startedMs: number
  /** Of `run.end`. */
  endedMs: number
  outcome: 'running' | 'done' | 'failed' | 'interrupted'
  readonly stages: Map<string, StageState>
}
/** A file that a step made, as its notes tell it. */
export interface MadeFile {
  readonly file: string
  readonly sizeBytes: number | undefined
  readonly sha256: string | undefined
}

export const newRun = (): RunState => ({ title: '', startedMs: 0, endedMs: 0, outcome: 'running', stages: new Map() })

/** `sign:minisign:<file>` is stage `sign`, subject `minisign <file>`; made safe here, once. */
export const splitStep = (step: string): { readonly stage: string; readonly subject: string } => {
  const [stage = '', ...subject] = step.split(':')
  return { stage: plain(stage), subject: plain(subject.join(' ')) }
}

/** Takes one event into the state. */
export const follow = (run: RunState, event: Event): void => {
  const now = Date.parse(event.t)
  if (event.type === 'run.start') {
    run.title = titleOf(event)
    run.startedMs = now
    run.outcome = 'running'
    for (const step of event.steps) stepOf(run, step)
    return
  }
  if (run.startedMs === 0) run.startedMs = now
  if (event.type === 'run.end') [run.outcome, run.endedMs] = [event.outcome, now]
  else followStep(stepOf(run, event.step), event, now)
}

export const titleOf = (event: Extract<Event, { type: 'run.start' }>): string => {
  const title = plain(event.title ?? `slipway ${event.command}`)
  return event.plan === undefined ? title : `${title}   plan ${plain(event.plan.slice(0, 8))}`
}

/** The file that an event tells of: a note by its facts, an end by its reason `<file> <sha256>`. */
export const madeFile = (event: Event): MadeFile | undefined => {
  if (event.type === 'step.end') {
    const [, file, sha256] =
      event.outcome === 'done' || event.outcome === 'cached' ? (/^(.+) ([0-9a-f]{64})$/.exec(event.reason ?? '') ?? []) : []
    return file === undefined ? undefined : { file: plain(file), sizeBytes: event.bytes > 0 ? event.bytes : undefined, sha256 }
  }
  if (event.type !== 'step.note') return undefined
  const { file, sizeBytes, sha256 } = event.facts ?? {}
  if (typeof file !== 'string') return undefined
  return {
    file: plain(file),
    sizeBytes: typeof sizeBytes === 'number' ? sizeBytes : undefined,
    sha256: typeof sha256 === 'string' ? plain(sha256) : undefined,
  }
}

const stepOf = (run: RunState, id: string): StepState => {
  const { stage, subject } = splitStep(id)
  const stageState = run.stages.get(stage) ?? { name: stage, steps: new Map<string, StepState>() }
  run.stages.set(stage, stageState)
  const known = stageState.steps.get(id)
  if (known !== undefined) return known
  const step: StepState = {
    subject,
    state: 'next',
    startedMs: 0,
    endedMs: 0,
    doneBytes: 0,
    totalBytes: 0,
    doneCount: 0,
    totalCount: 0,
    note: '',
  }
  stageState.steps.set(id, step)
  return step
}

const followStep = (step: StepState, event: Exclude<Event, { type: 'run.start' | 'run.end' }>, now: number): void => {
  if (event.type === 'step.end') {
    step.state = event.outcome
    step.endedMs = now
    if (step.startedMs === 0) step.startedMs = now - event.ms
    step.note = plain(event.reason ?? step.note)
    return
  }
  if (step.state === 'next') step.startedMs = now
  if (event.type === 'step.start') step.startedMs = now
  step.state = 'running'
  if (event.type === 'step.note') step.note = plain(event.text)
  if (event.type !== 'step.progress') return
  if (event.unit === 'bytes') [step.doneBytes, step.totalBytes] = [event.done, event.total]
  else [step.doneCount, step.totalCount] = [event.done, event.total]
}
