// What verify looked at and what it found wrong. Everything wrong in a bucket is exit 5 and named by its object.
import { problem } from '@slipway/core'
import type { Hex, Problem } from '@slipway/core'

/** What an object must be: its digest, or its whole bytes where the committed state alone gives them. */
export type Expected = { readonly sha256: Hex } | { readonly bytes: Uint8Array } | { readonly holds: (bytes: Uint8Array) => boolean }

export interface Report {
  objects: number
  bytes: number
  signatures: number
  readonly problems: Problem[]
  /** Objects and what they must be, as far as the chain says it; for repair. */
  readonly expected: Map<string, Expected>
  /** Versions whose record, and channels whose heads, could not be judged: nothing else is said about their objects. */
  readonly unjudged: Set<string>
}

export const emptyReport = (): Report => ({ objects: 0, bytes: 0, signatures: 0, problems: [], expected: new Map(), unjudged: new Set() })

/** Records something wrong about one object. */
export const wrong = (report: Report, found: Problem): void => void report.problems.push(found)

/** An object that must be there is not. */
export const missingObject = (object: string): Problem =>
  // explain: An object that the signed state of the bucket names is not there.
  problem('verify/missing', `${object} is missing`, {
    hint: 'Restore it from a copy (`slipway verify --repair FROM`); a head is rendered again by `slipway publish --refresh`.',
    where: { object },
    exit: 'corrupt',
  })
