// The error type: what went wrong, where, and how to fix it; secrets are redacted inside (DESIGN 5, CONTRACTS 11).
import { redact } from './redact.ts'

/** Exit codes of the command line (CONTRACTS 11). */
export const exitCodes = { ok: 0, input: 2, refused: 3, machine: 4, corrupt: 5, bug: 70 } as const
export type Exit = Exclude<keyof typeof exitCodes, 'ok'>

/** A place that a problem is about: a config path, a file with line and column, a target, an object of the bucket. */
export interface Where {
  readonly path?: string
  readonly file?: string
  readonly line?: number
  readonly column?: number
  readonly target?: string
  readonly object?: string
}

/** One problem. `code` is `<unit, command or folder>/<reason>` and stable; `hint` says how to fix it. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly where: Where
  readonly facts?: Readonly<Record<string, unknown>>
  readonly cause?: string
  readonly exit: Exit
}

export interface ProblemDetail {
  readonly hint: string
  readonly where?: Where
  readonly facts?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
  /** Which exit code it ends in; `input` (2) unless said. */
  readonly exit?: Exit
}

/** Builds a problem without throwing it, so that a phase can report all of its problems at once. */
export const problem = (code: string, message: string, detail: ProblemDetail): Problem => ({
  code,
  message: redact(message),
  hint: redact(detail.hint),
  where: detail.where ?? {},
  ...(detail.facts === undefined ? {} : { facts: JSON.parse(redact(JSON.stringify(detail.facts))) as Record<string, unknown> }),
  ...(detail.cause === undefined ? {} : { cause: redact(causeText(detail.cause)) }),
  exit: detail.exit ?? 'input',
})

/** One or more problems, thrown together. */
export class SlipwayError extends Error {
  override readonly name = 'SlipwayError'
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[]) {
    super(problems.map(one => `${one.code}: ${one.message}`).join('\n'))
    this.problems = problems
  }
}

/** Throws one problem. */
export const fail = (code: string, message: string, detail: ProblemDetail): never => {
  throw new SlipwayError([problem(code, message, detail)])
}

/** Throws all of them, if there are any. */
export const failAll = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new SlipwayError(problems)
}

/** The exit code for several problems: 70, 5, 4, 3, 2 in this order (CONTRACTS 11). */
export const exitCodeOf = (problems: readonly Problem[]): number => Math.max(0, ...problems.map(one => exitCodes[one.exit]))

/** A problem as `--json` prints it (CONFIG 7). */
export const publicProblem = ({ exit: _exit, ...rest }: Problem): Omit<Problem, 'exit'> => rest

const causeText = (cause: unknown): string => {
  if (cause instanceof SlipwayError) return cause.message
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause === undefined ? cause.message : `${cause.message}: ${causeText(cause.cause)}`
}
