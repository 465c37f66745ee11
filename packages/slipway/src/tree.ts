// The file tree: what a builder makes and a packager packs. Entries can be opened many times; paths are relative, with `/`, sorted.
import type { Hex } from '@slipway/core'
import type { Deflated } from '@slipway/formats/deflate'

export interface TreeFile {
  readonly type: 'file'
  readonly path: string
  /** 0o755 or 0o644 unless the source said more (setuid is refused unless declared). */
  readonly mode: number
  readonly sizeBytes: number
  readonly sha256: Hex
  /** What the methods find its bytes by: a folder's files share theirs, so they are called on the entry or a copy of it, never alone. */
  readonly source?: string | undefined
  /** A chunk is good until the next one is asked for. */
  bytes(): AsyncIterable<Uint8Array>
  /** Hex digest of the content on whatever core is free. Absent: whoever wants it reads the bytes. */
  digest?(algorithm: 'md5' | 'sha1'): Promise<string>
  /** The file as one raw deflate stream, made once for all formats that share it. `onBytes` hears how much of the file went in. */
  deflated(level: number, onBytes?: (done: number) => void): Promise<Deflated>
}
export interface TreeLink {
  readonly type: 'link'
  readonly path: string
  readonly linkTarget: string
}
export interface TreeFolder {
  readonly type: 'folder'
  readonly path: string
  readonly mode: number
}
export type TreeEntry = TreeFile | TreeLink | TreeFolder
export interface FileTree {
  readonly entries: readonly TreeEntry[]
  /** Path of the program to start, as `bin/esbuild`; what `/usr/bin/<bin>` leads to. */
  readonly executable: string
  /** Where `executable` is a launcher: the program that it starts. */
  readonly program?: string
}
