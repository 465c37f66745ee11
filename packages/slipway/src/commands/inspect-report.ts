// What inspect says of a file, and how an entry's bytes are looked at once: hashed, and read where they are a program.
import { createHash } from 'node:crypto'
import { type ByteChunks, concat, fromBytes, type Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { type Program, readProgram } from './inspect-programs.ts'

export interface Entry {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'other'
  /** Octal text, as `0755`. */
  readonly mode: string
  readonly sizeBytes: number
  readonly sha256?: string
  readonly linkTarget?: string
  /** Where it is a program: its format and architecture. */
  readonly program?: string
}
export interface Report {
  readonly file: string
  readonly format: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly arch: string | null
  readonly version: string | null
  /** What kinds of signature are there; none of them is checked here. */
  readonly signatures: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>
  readonly contents: readonly Entry[]
}
/** What a format knows; the rest of a report is the same for all. */
export type Found = Pick<Report, 'format' | 'arch' | 'version' | 'signatures' | 'facts' | 'contents'>
/** A file that can be read anywhere or as a stream, and its base name. */
export interface Subject {
  readonly name: string
  readonly source: Source
  readonly stream: () => ByteChunks
}

export const limits = { limitEntries: 1_000_000, limitBytes: 64 * 2 ** 30 } as const
// Programs inside of archives are read whole, to see their headers; larger ones are only hashed.
const limitProgramBytes = 128 * 2 ** 20

export const modeText = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0')

/** One pass over an entry: its digest, and what it is when it is a program. */
export const lookAt = async (chunks: ByteChunks, sizeBytes: number): Promise<{ sha256: string; program?: Program }> => {
  const hash = createHash('sha256')
  const kept: Uint8Array[] = []
  let isKept = sizeBytes <= limitProgramBytes
  let first = true
  for await (const chunk of chunks) {
    hash.update(chunk)
    if (first && chunk.length > 0) {
      isKept &&= mayBeProgram(chunk)
      first = false
    }
    if (isKept) kept.push(chunk.slice())
  }
  const program = isKept && kept.length > 0 ? await programOf(concat(kept)) : undefined
  return { sha256: hash.digest('hex'), ...(program === undefined ? {} : { program }) }
}

const programOf = async (bytes: Uint8Array): Promise<Program | undefined> => {
  const source = fromBytes(bytes)
  try {
    return await readProgram(source, await identify(source))
  } catch (error) {
    // A damaged program does not make its archive unreadable.
    if (error instanceof FormatError) return undefined
    throw error
  }
}

const magics = [
  [0x7f, 0x45],
  [0x4d, 0x5a],
  [0xfe, 0xed],
  [0xce, 0xfa],
  [0xcf, 0xfa],
  [0xca, 0xfe],
]
const mayBeProgram = (chunk: Uint8Array): boolean => magics.some(([a, b]) => chunk[0] === a && (chunk.length < 2 || chunk[1] === b))

/** The architectures of all programs inside, joined; null without one. */
export const archOfAll = (programs: readonly (Program | undefined)[]): string | null => {
  const archs = new Set(programs.flatMap(program => (program === undefined ? [] : program.arch.split(' + '))))
  return archs.size === 0 ? null : [...archs].sort().join(' + ')
}

/** Signatures that a bundle carries as files. */
export const signaturesInside = (paths: readonly string[]): string[] => [
  ...(paths.some(path => path.endsWith('/_CodeSignature/CodeResources')) ? ['codesign (bundle)'] : []),
  ...(paths.some(path => /^META-INF\/[^/]+\.(RSA|DSA|EC)$/.test(path)) ? ['jar'] : []),
  ...(paths.includes('AppxSignature.p7x') ? ['authenticode (msix)'] : []),
]
