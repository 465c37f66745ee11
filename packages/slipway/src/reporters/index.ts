// The list of reporters, and which one `auto` is (CONTRACTS 10).
import { github } from './github.ts'
import { jsonl } from './jsonl.ts'
import { live } from './live.ts'
import { none } from './none.ts'
import { plain } from './plain.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'

export type ReporterName = 'live' | 'plain' | 'jsonl' | 'github' | 'none'

export interface Surroundings {
  readonly terminal: boolean
  /** Values of the variables, as they are. */
  readonly ci: string | undefined
  readonly githubActions: string | undefined
}

/** What `auto` stands for: github on its runners, live at a terminal outside of CI, else plain. */
export const autoReporter = ({ terminal, ci, githubActions }: Surroundings): ReporterName => {
  if (isOn(githubActions)) return 'github'
  return terminal && !isOn(ci) ? 'live' : 'plain'
}

const isOn = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== '0' && value !== 'false'

export const openReporter = (name: ReporterName, options: ReporterOptions): Reporter => reporters[name](options)

const reporters: Readonly<Record<ReporterName, (options: ReporterOptions) => Reporter>> = { live, plain, jsonl, github, none }
