// The signer contract (CONTRACTS 4). A signer takes part in each stage whose verb it has: tree, package, release, feed.
import * as z from 'zod'
import type { App, Artifact, Hex, Problem, Target } from '@slipway/core'
import type { Key } from '../keys/key.ts'
import type { FileTree } from '../tree.ts'
import type { Shape, Unit } from '../unit.ts'

const common = {
  targets: z.array(z.string()).readonly().optional().describe('Targets that it signs; default: all that it knows'),
  optional: z.boolean().optional().describe('true: a missing secret gives unsigned, labelled files'),
}
type Common = typeof common
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

export interface PackageSubject {
  readonly app: App
  readonly file: string
  readonly target: Target
  /** Seconds since 1970: of the commit. */
  readonly date: number
  readonly sizeBytes: number
  readonly sha256: Hex
  /** 64 bytes, computed while the package was written. */
  readonly blake2b512: Uint8Array
  readonly bytes: () => AsyncIterable<Uint8Array>
}
export interface ReleaseSubject {
  readonly app: App
  readonly date: number
  readonly artifacts: readonly Artifact[]
  /** release.json as it will be published. */
  readonly record: Uint8Array
}
export interface NewFile {
  readonly file: string
  readonly bytes: Uint8Array
}

export interface Sign<S extends Shape> {
  readonly form: 'embedded' | 'detached'
  /** Which targets it has something to sign for. */
  readonly os: readonly ('macos' | 'windows' | 'linux' | 'any')[]
  /** Secrets that it needs: option name -> default reference and words for a person. */
  readonly secrets?: Readonly<Record<string, { readonly default: string; readonly what: string }>>
  /** What it asks before the platforms of these targets go unsigned, as `<id>/undecided`: unsigned is decided, never an accident. */
  readonly undecided?: (targets: readonly Target[]) => Problem | undefined
  readonly tree?: (
    subject: { readonly app: App; readonly target: Target; readonly tree: FileTree },
    key: Key,
    options: Options<S>,
  ) => Promise<FileTree>
  /** Detached: the signature text. */
  readonly package?: (subject: PackageSubject, key: Key, options: Options<S>) => Promise<string>
  readonly release?: (subject: ReleaseSubject, key: Key, options: Options<S>) => Promise<readonly NewFile[]>
  readonly feed?: (head: Uint8Array, key: Key, options: Options<S>) => Promise<Uint8Array>
}

export const signer = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Sign<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnySigner = Unit & Sign<Shape>
