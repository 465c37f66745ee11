// What a Linux package puts into a system: files, links and folders below /, owned by root (Filesystem Hierarchy Standard 3.0).
import { sha256, type Hex } from '@slipway/core'
import { deflatedOf, deflatePieces, type DeflatePiece, type Deflated } from '@slipway/formats/deflate'

/** `config`: kept when a user edited it. `doc` and `license`: marked so where a format can. `ghost`: owned, made by the program itself. */
export type Flag = 'none' | 'config' | 'doc' | 'license' | 'ghost'
export interface InstalledFile {
  readonly type: 'file'
  /** Below `/`, without a slash in front, as `usr/bin/flet`. */
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
  readonly sha256: Hex
  /** As of `TreeFile`. */
  readonly source?: string | undefined
  bytes(): AsyncIterable<Uint8Array>
  /** Hex digest of the content on whatever core is free, where the file is the app's. */
  digest?(algorithm: 'md5' | 'sha1'): Promise<string>
  /** The stream that all formats share. */
  deflated(level: number): Promise<Deflated>
  readonly flag: Flag
}
export interface InstalledLink {
  readonly type: 'link'
  readonly path: string
  readonly linkTarget: string
}
export interface InstalledFolder {
  readonly type: 'folder'
  readonly path: string
  readonly mode: number
  /** Said in the config: the package owns it, wherever it lies. */
  readonly isOwn?: true
}
export type Installed = InstalledFile | InstalledLink | InstalledFolder

/** A small file of our own making. */
export const madeFile = (
  path: string,
  content: Uint8Array | string,
  { mode = 0o644, flag = 'none' }: { readonly mode?: number; readonly flag?: Flag } = {},
): InstalledFile => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const streams = new Map<number, Promise<Deflated>>()
  return {
    type: 'file',
    path,
    mode,
    sizeBytes: bytes.length,
    sha256: sha256(bytes),
    async *bytes() {
      yield bytes
    },
    deflated: level => {
      const made = streams.get(level) ?? deflatedNow(bytes, level)
      streams.set(level, made)
      return made
    },
    flag,
  }
}

const deflatedNow = async (bytes: Uint8Array, level: number): Promise<Deflated> => {
  const pieces: DeflatePiece[] = []
  for await (const piece of deflatePieces([bytes], { level })) pieces.push(piece)
  return deflatedOf(pieces)
}

/** With every folder that leads to an entry, all sorted by code units; package managers make no parents of their own. */
export const withParents = (entries: readonly Installed[]): readonly Installed[] => {
  const byPath = new Map<string, Installed>()
  for (const { path } of entries)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const parent = path.slice(0, end)
      if (!byPath.has(parent)) byPath.set(parent, { type: 'folder', path: parent, mode: 0o755 })
    }
  for (const entry of entries) byPath.set(entry.path, entry)
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}
