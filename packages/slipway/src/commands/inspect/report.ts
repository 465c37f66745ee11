// What inspect says of a file, and what the reader of a format is handed.
import type { ByteChunks, Source } from '@slipway/formats/bytes'

export interface Entry {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'other'
  /** Octal text, as `0755`. */
  readonly mode: string
  readonly sizeBytes: number
  /** Of the bytes, or as the package announces it (rpm, asar). */
  readonly sha256?: string
  readonly linkTarget?: string
  /** Where it is a program: its format and architecture. */
  readonly program?: string
}
/** An entry that is being filled: to spread what is optional into a hundred thousand of them costs more than to read them. */
export type Draft = { -readonly [Key in keyof Entry]: Entry[Key] }
export interface Report {
  readonly file: string
  readonly format: string
  readonly sizeBytes: number
  /** Null where that would have read more than the format needs; `--digests` and `--diff` take it always. */
  readonly sha256: string | null
  readonly arch: string | null
  readonly version: string | null
  /** What kinds of signature are there; none of them is checked here. */
  readonly signatures: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  readonly contents: readonly Entry[]
}
/** What a format knows; the rest of a report is the same for all. */
export type Found = Pick<Report, 'format' | 'arch' | 'version' | 'signatures' | 'facts' | 'contents'>
/** What a program says of itself, alone or inside of a package. */
export interface Program {
  readonly format: string
  readonly arch: string
  readonly version: string | null
  readonly signatures: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  /** Whether it is signed lies where it was not read. */
  readonly isSealUnread?: true
  /** Only its begin was read. */
  readonly isHeadOnly?: true
}
/** A file that can be read anywhere or as a stream, and its base name. */
export interface Subject {
  readonly name: string
  readonly source: Source
  readonly stream: () => ByteChunks
  /** Whether every entry is hashed. */
  readonly digests: boolean
  /** Milliseconds since 1970: what has expired by then is said to. */
  readonly nowMs: number
}

export const limits = { limitEntries: 1_000_000, limitBytes: 64 * 2 ** 30 } as const

export const modeText = (mode: number): string => (modeTexts[mode & 0o7777] ??= (mode & 0o7777).toString(8).padStart(4, '0'))

const modeTexts: Record<number, string> = {}

/** Without what is undefined, an empty list or an empty record. */
export const given = (facts: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined && !isEmpty(value)))

const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0
