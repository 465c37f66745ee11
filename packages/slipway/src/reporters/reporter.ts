// The reporter contract: events -> text on one stream (CONTRACTS 10). Units never print; reporters never decide.
import type { Event, Problem } from '@slipway/core'
import type { Files } from '../io/io.ts'

/** Where a reporter writes: stderr. Failures of it are nobody's business. */
export interface Stream {
  readonly write: (text: string) => void
  /** Columns and rows now; 0 without a terminal. */
  readonly columns: () => number
  readonly rows: () => number
}
export interface ReporterOptions {
  readonly stream: Stream
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Calls again and again until stopped, without keeping the process alive. */
  readonly every: (ms: number, tick: () => void) => () => void
  readonly colour: boolean
  readonly verbose: boolean
  /** The job summary of GitHub Actions. */
  readonly summary?: { readonly files: Pick<Files, 'append'>; readonly file: string }
}
export interface Reporter {
  readonly event: (event: Event) => void
  /** Clears what is redrawn in place, so that a question can stand there; the next event draws again. */
  readonly pause: () => void
  readonly resume: () => void
  /** Puts the terminal back as it was, always, and may write a last word about the problems. Once. */
  readonly end: (problems: readonly Problem[]) => Promise<void>
}
