// Every event as one JSON line, for programs (CONTRACTS 10).
import { type Event, redact } from '@slipway/core'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { safeJson } from './safe.ts'

/** One event as a line, with its end. */
export const jsonLine = (event: Event): string => `${redact(safeJson(event))}\n`

export const jsonl = ({ stream }: Pick<ReporterOptions, 'stream'>): Reporter => ({
  event: event => stream.write(jsonLine(event)),
  pause: () => undefined,
  resume: () => undefined,
  end: () => Promise.resolve(),
})
