// One event as one line of text: `0:31 package flet-0.28.3-macos-universal.dmg 52.4 MB sha256 8c1f6e…` (CONFIG 6).
import type { Event } from '@slipway/core'
import { plain } from './safe.ts'
import { type MadeFile, madeFile, splitStep, titleOf } from './stages.ts'
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
    const text =
      event.type === 'step.note'
        ? noteText(event)
        : event.type === 'step.end'
          ? endText(event, { subject, told: told.has(event.step) })
          : ''
    if (madeFile(event) !== undefined) told.add(event.step)
    return text === '' ? undefined : { stage, text: `${clock} ${stage} ${text}` }
  }
}

const noteText = (event: Extract<Event, { type: 'step.note' }>): string => {
  const made = madeFile(event)
  return made === undefined ? plain(event.text) : fileText(made)
}

const fileText = ({ file, sizeBytes, sha256 }: MadeFile): string =>
  [
    file,
    ...(sizeBytes === undefined ? [] : [humanBytes(sizeBytes)]),
    ...(sha256 === undefined ? [] : [`sha256 ${sha256.slice(0, 6)}…`]),
  ].join(' ')

/** Of a good end the reason says what was made; of another, why. */
const endText = (
  event: Extract<Event, { type: 'step.end' }>,
  { subject, told }: { readonly subject: string; readonly told: boolean },
): string => {
  const { outcome, reason, bytes, ms } = event
  const isGood = outcome === 'done' || outcome === 'cached'
  if (!isGood) return [subject, reason === undefined ? outcome : `${outcome}: ${plain(reason)}`].filter(part => part !== '').join(' ')
  if (told) return ''
  const made = madeFile(event)
  const time = outcome === 'done' && ms >= 1000 ? [humanDuration(ms)] : []
  const cached = outcome === 'cached' ? ['cached'] : []
  if (made !== undefined) return [fileText(made), ...cached].join(' ')
  if (reason !== undefined) return [plain(reason), ...(bytes > 0 ? [humanBytes(bytes)] : []), ...cached].join(' ')
  return [subject, outcome, ...(bytes > 0 && outcome === 'done' ? [humanBytes(bytes)] : []), ...time].filter(part => part !== '').join(' ')
}
