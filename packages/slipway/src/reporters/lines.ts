// One event as one line of text: `0:31 package flet-0.28.3-macos-universal.dmg 52.4 MB sha256 8c1f6e…` (CONFIG 6).
import type { Event } from '@slipway/core'
import { plain } from './safe.ts'
import { madeFile, splitStep, titleOf } from './stages.ts'
import { humanBytes, humanClock, humanDuration } from './table.ts'

export interface Line {
  /** '' for the run itself. */
  readonly stage: string
  readonly text: string
}

/** Turns events into lines; remembers when the run began and which steps have told of their files. */
export const lineMaker = (): ((event: Event) => Line | undefined) => {
  let startedMs = 0
  const told = new Set<string>()
  return event => {
    const now = Date.parse(event.t)
    if (event.type === 'run.start' || startedMs === 0) startedMs = now
    const clock = humanClock(now - startedMs)
    if (event.type === 'run.start') return { stage: '', text: `${clock} ${titleOf(event)}` }
    if (event.type === 'run.end') return { stage: '', text: `${clock} ${event.outcome}` }
    const { stage, subject } = splitStep(event.step)
    const text = event.type === 'step.note' ? noteText(event) : event.type === 'step.end' ? endText(event, { subject, told: told.has(event.step) }) : ''
    if (madeFile(event) !== undefined) told.add(event.step)
    return text === '' ? undefined : { stage, text: `${clock} ${stage} ${text}` }
  }
}

const noteText = (event: Extract<Event, { type: 'step.note' }>): string => {
  const made = madeFile(event)
  if (made === undefined) return plain(event.text)
  const size = made.sizeBytes === undefined ? [] : [humanBytes(made.sizeBytes)]
  const digest = made.sha256 === undefined ? [] : [`sha256 ${made.sha256.slice(0, 6)}…`]
  return [made.file, ...size, ...digest].join(' ')
}

const endText = (event: Extract<Event, { type: 'step.end' }>, { subject, told }: { readonly subject: string; readonly told: boolean }): string => {
  if (told && event.outcome !== 'failed') return ''
  const size = event.bytes > 0 && event.outcome === 'done' ? [humanBytes(event.bytes)] : []
  const time = event.outcome === 'done' && event.ms >= 1000 ? [humanDuration(event.ms)] : []
  const why = event.reason === undefined ? '' : `: ${plain(event.reason)}`
  return [...(subject === '' ? [] : [subject]), `${event.outcome}${why}`, ...size, ...time].join(' ')
}
