// The store contract: a place -> a bucket (CONTRACTS 4, TRUST 5). Keys are relative, with `/`; bytes are immutable but for swaps.
import * as z from 'zod'
import type { Hex, Problem } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { Shape, Unit } from '../unit.ts'

const common = {
  url: z.string().optional().describe('Public address of the bucket, as https://dl.example.org'),
  keep: z.int().optional().describe('Full releases that `prune` leaves; never less than trust.keep'),
}
type Common = typeof common
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

export interface StoredObject {
  /** Changes when the bytes do, and is of the same moment as what `bytes` gave before. Costs a reading of a large object: ask for it to swap. */
  readonly tag: () => Promise<string>
  readonly sizeBytes: number
  readonly bytes: () => AsyncIterable<Uint8Array>
}
export interface BucketReader {
  /** Whether it is there and how large it is, without reading it; null: not there. */
  readonly stat: (key: string) => Promise<{ readonly sizeBytes: number } | null>
  /** null: not there. A large object is never held whole. */
  readonly read: (key: string) => Promise<StoredObject | null>
}
export interface Bucket extends BucketReader {
  /** Writes once. `exists`: something was there already, whatever its bytes; the caller reads back. */
  readonly create: (
    key: string,
    object: { readonly bytes: () => AsyncIterable<Uint8Array>; readonly sizeBytes: number; readonly sha256: Hex },
  ) => Promise<'created' | 'exists'>
  /** Compare and swap: `expected` is the tag that was read, null for "not there". false: lost. */
  readonly swap: (key: string, bytes: Uint8Array, expected: string | null) => Promise<boolean>
  readonly list: (prefix: string) => AsyncIterable<{ readonly key: string; readonly sizeBytes: number }>
  readonly remove: (key: string) => Promise<void>
  /** Public URL of a key. */
  readonly url: (key: string) => string
  /** Milliseconds since 1970 by the store's own clock, where it has one. */
  readonly now?: () => Promise<number>
  readonly declares: { readonly cas: true; readonly paths: boolean; readonly immutable: boolean }
}
export interface Open<S extends Shape> {
  /** Where it is, in words for the plan: `folder bucket`, `s3 flet`. */
  readonly place: (options: Options<S>) => string
  /** `base` is '' or '<app>/' (TRUST 3: one base an app). */
  readonly open: (options: Options<S>, base: string, io: Io) => Promise<Bucket>
  /** What would stop a publish there, found without writing anything. */
  readonly probe?: (options: Options<S>, base: string, io: Io) => Promise<readonly Problem[]>
}

export const store = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Open<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnyStore = Unit & Open<Shape>

/** Why a text cannot be a key of any store, or null. Keys are relative, with `/`, without a part that leads elsewhere. */
export const keyFault = (key: string): string | null => {
  if (key === '') return 'it is empty'
  if (!key.isWellFormed() || /[\u0000-\u001f\u007f-\u009f]/.test(key)) return 'it holds control characters'
  if (key.includes('\\')) return 'it holds a backslash'
  if (key.startsWith('/')) return 'it is absolute'
  if (key.length > 1024) return 'it is longer than 1024 characters'
  const parts = key.split('/')
  if (parts.includes('')) return 'it holds an empty part'
  return parts.includes('.') || parts.includes('..') ? 'a part of it leads elsewhere' : null
}
