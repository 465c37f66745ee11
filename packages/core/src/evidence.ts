// Evidence: a signed statement about digests, as an in-toto Statement v1 in a DSSE envelope.
import type { Hex } from './digest.ts'

/** in-toto Statement v1 (https://in-toto.io/Statement/v1). */
export interface Statement<Predicate = unknown> {
  readonly _type: 'https://in-toto.io/Statement/v1'
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: Hex } }[]
  readonly predicateType: string
  readonly predicate: Predicate
}
/** in-toto test-result v0.1: what one check found, for the digests of the subject. */
export interface TestResult {
  readonly result: 'PASSED' | 'WARNED' | 'FAILED'
  readonly configuration: readonly { readonly name: string; readonly digest?: { readonly sha256: Hex } }[]
  readonly passedTests: readonly string[]
  readonly warnedTests: readonly string[]
  readonly failedTests: readonly string[]
  /** Ours beside the standard's: when, by which run and version. */
  readonly slipway: { readonly check: string; readonly at: string; readonly run: string; readonly version: string; readonly plan: Hex }
}
/** SLSA Verification Summary v1: the gate's verdict, over the evidence of each required check. */
export interface VerificationSummary {
  readonly verifier: { readonly id: string; readonly version: Readonly<Record<string, string>> }
  readonly timeVerified: string
  readonly resourceUri: string
  readonly policy: { readonly uri: string; readonly digest: { readonly sha256: Hex } }
  readonly inputAttestations: readonly { readonly uri: string; readonly digest: { readonly sha256: Hex } }[]
  readonly verificationResult: 'PASSED' | 'FAILED'
  readonly verifiedLevels: readonly string[]
}
export const predicateTypes = {
  check: 'https://in-toto.io/attestation/test-result/v0.1',
  gate: 'https://slsa.dev/verification_summary/v1',
} as const

/** DSSE envelope v1. `payload` and `sig` are base64. */
export interface Envelope {
  readonly payloadType: 'application/vnd.in-toto+json'
  readonly payload: string
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[]
}
