// The check contract: a subject -> findings (CONTRACTS 4, 10). What it finds is evidence for these exact digests.
import * as z from 'zod'
import type { App, Artifact, Json, PlannedApp, PublicKeyRecord } from '@slipway/core'
import type { Shape, Unit } from '../unit.ts'

const common = {
  fresh: z.string().optional().describe("Evidence older than this is stale, as '7d'"),
  env: z.record(z.string(), z.string()).optional().describe('Environment of its command'),
  cwd: z.string().optional().describe('Folder that its command starts in'),
}
type Common = typeof common
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

export type Severity = 'info' | 'low' | 'medium' | 'high' | 'critical'
/** One thing found (CONTRACTS 10). */
export interface Finding {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly where: {
    readonly path?: string
    readonly file?: string
    readonly line?: number
    readonly target?: string
    readonly object?: string
  }
  readonly why: string
  readonly fix: string
  readonly evidence?: Json
}
export interface CheckSubject {
  readonly app: App
  readonly planned: PlannedApp
  /** Made and signed, as they would be published. */
  readonly artifacts: readonly Artifact[]
  /** SHA256SUMS and its .minisig, by file name. */
  readonly sums: Readonly<Record<string, Uint8Array>>
  /** Public halves that signatures must verify with. */
  readonly accepts: Readonly<Record<string, PublicKeyRecord>>
  /** Bytes of an artifact or of release.json. */
  readonly bytes: (file: string) => AsyncIterable<Uint8Array>
}
export interface CheckResult {
  /** What was looked at, in words: they stand in the evidence as passed tests. */
  readonly tested: readonly string[]
  readonly findings: readonly Finding[]
}
export interface Examine<S extends Shape> {
  readonly subject: 'source' | 'artifact' | 'release'
  readonly check: (subject: CheckSubject, options: Options<S>) => Promise<CheckResult>
}

export const check = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Examine<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnyCheck = Unit & Examine<Shape>
