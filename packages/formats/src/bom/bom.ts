// A bill of materials (BOMStore): what its writer and its reader share. Apple documents none of it; its own files were read for it.

export interface BomEntry {
  /** Below the place of installation, as `Flet.app/Contents`; `.` is that place itself. */
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink'
  /** Permission bits only. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  readonly sizeBytes: number
  /** cksum(1) of the content, of a symlink of its target; 0 of a folder. */
  readonly checksum: number
  readonly linkTarget?: string
}

export const bomMagic = 'BOMStore'
export const typeBits = { file: 0o100000, folder: 0o040000, symlink: 0o120000 } as const
/** Numbers that stand for the types of entries. */
export const kinds = { file: 1, folder: 2, symlink: 3 } as const
/** Bytes of a node of a tree, and of its head: is-leaf, count, next, previous. */
export const [nodeBytes, nodeHeadBytes] = [4096, 12]
