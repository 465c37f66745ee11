// What verify looked at and what it found wrong. Everything wrong in a bucket is exit 5 and named by its object.
import { problem } from '@slipway/core'
import type { Problem } from '@slipway/core'

export interface Report {
  objects: number
  bytes: number
  signatures: number
  readonly problems: Problem[]
  /** Immutable objects with the digest that they must have; for repair. */
  readonly expected: Map<string, string>
}

export const emptyReport = (): Report => ({ objects: 0, bytes: 0, signatures: 0, problems: [], expected: new Map() })

/** Records something wrong about one object. */
export const wrong = (report: Report, found: { readonly code: string; readonly object: string; readonly message: string; readonly hint: string; readonly cause?: unknown }): void => {
  const { code, object, message, hint, cause } = found
  report.problems.push(problem(code, message, { hint, where: { object }, exit: 'corrupt', ...(cause === undefined ? {} : { cause }) }))
}

export const restoreHint = 'Restore the object from a copy (`slipway verify --repair FROM`), and find out who could write it.'
