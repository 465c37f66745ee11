// The journal: one line an event of a run, by plan digest (CONTRACTS 8). A record and a short cut, never the truth.
import type { Event, Hex } from '@slipway/core'
import type { Io } from '../io/io.ts'

export interface Basis {
  /** `n` of the channel when the plan was made, by app; 0 for a channel that was not there. */
  readonly channels: Readonly<Record<string, number>>
}
export interface Journal {
  readonly event: (event: Event) => void
  /** Waits until all lines are written. */
  readonly close: () => Promise<void>
}

const path = (root: string, plan: Hex): string => `${root}/.slipway/journal/${plan}.jsonl`

export const openJournal = async (
  io: Io,
  root: string,
  { plan, basis }: { readonly plan: Hex; readonly basis: Basis },
): Promise<Journal> => {
  const file = path(root, plan)
  const line = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`)
  await io.files.makeFolder(`${root}/.slipway/journal`)
  await io.files.append(file, line({ type: 'basis', plan, basis }))
  let writing: Promise<void> = Promise.resolve()
  let broken: unknown
  const write = (event: Event): void => {
    writing = writing
      .then(() => io.files.append(file, line(event), { durable: event.type === 'run.end' }))
      .catch((error: unknown) => void (broken ??= error))
  }
  return {
    event: event => (event.type === 'step.progress' ? undefined : write(event)),
    close: async () => {
      await writing
      if (broken !== undefined) throw broken as Error
    },
  }
}

/** The basis of an unfinished run of this plan; null when there is none. A torn last line is passed over. */
export const unfinished = async (io: Io, root: string, plan: Hex): Promise<Basis | null> => {
  const file = path(root, plan)
  if ((await io.files.stat(file)) === null) return null
  const lines = (await io.files.readText(file)).split('\n').flatMap(parsed)
  const last = lines.findLastIndex(one => one.type === 'basis')
  const ended = lines.slice(last).some(one => one.type === 'run.end' && one.outcome === 'done')
  return last < 0 || ended ? null : (lines[last]?.basis ?? null)
}

interface Line {
  readonly type: string
  readonly outcome?: string
  readonly basis?: Basis
}
const parsed = (text: string): readonly Line[] => {
  try {
    return text === '' ? [] : [JSON.parse(text) as Line]
  } catch {
    return []
  }
}
