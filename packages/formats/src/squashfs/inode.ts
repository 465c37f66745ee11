// squashfs, reading: one inode of any type, within the bounds of its table.
import { decodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import * as squashfs from './squashfs.ts'
import type { Superblock } from './superblock.ts'
import type { Tables } from './tables.ts'

interface InodeCommon {
  /** Permission bits only. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtime: number
}
export interface FileInode extends InodeCommon {
  readonly type: 'file'
  readonly sizeBytes: number
  readonly startOffset: number
  readonly fragment: number | undefined
  readonly fragmentOffset: number
  /** Where its block words begin in the inode table, and how many there are. */
  readonly wordsAt: number
  readonly countWords: number
}
export interface FolderInode extends InodeCommon {
  readonly type: 'folder'
  readonly blockOffset: number
  readonly offset: number
  readonly sizeBytes: number
}
export interface LinkInode extends InodeCommon {
  readonly type: 'symlink'
  readonly linkTarget: string
}
export interface OtherInode extends InodeCommon {
  readonly type: 'other'
}
export type Inode = FileInode | FolderInode | LinkInode | OtherInode

/** The inode at an offset of the unpacked table. Throws `squashfs/bad-inode` and `bytes/out-of-range`. */
export const inodeAt = (tables: Tables, superblock: Superblock, at: number): Inode => {
  const { fields } = tables.inodes
  const type = fields.u16(at)
  if (type < 1 || type > 2 * squashfs.extended) throw new FormatError('squashfs/bad-inode', `an inode of type ${type}`)
  const common: InodeCommon = {
    mode: fields.u16(at + 2) & 0o7777,
    uid: idOf(tables, fields.u16(at + 4)),
    gid: idOf(tables, fields.u16(at + 6)),
    mtime: fields.u32(at + 8),
  }
  const isExtended = type > squashfs.extended
  const basic = isExtended ? type - squashfs.extended : type
  if (basic === squashfs.typeFolder) return { ...common, ...folderAt(tables, at + 16, isExtended) }
  if (basic === squashfs.typeFile) return { ...common, ...fileAt(tables, superblock, { at: at + 16, isExtended }) }
  if (basic === squashfs.typeSymlink) return { ...common, type: 'symlink', linkTarget: targetAt(tables, at + 16) }
  return { ...common, type: 'other' }
}

const idOf = ({ ids }: Tables, index: number): number => {
  const id = ids[index]
  if (id === undefined) throw new FormatError('squashfs/bad-inode', `an owner ${index} of ${ids.length}`)
  return id
}

const folderAt = ({ inodes: { fields } }: Tables, at: number, isExtended: boolean) => {
  const size = isExtended ? fields.u32(at + 4) : fields.u16(at + 8)
  return {
    type: 'folder' as const,
    blockOffset: fields.u32(isExtended ? at + 8 : at),
    offset: fields.u16(isExtended ? at + 18 : at + 10),
    // An empty folder may say 0 or 3.
    sizeBytes: Math.max(0, size - squashfs.sizeOfDots),
  }
}

const fileAt = (
  { inodes, fragments }: Tables,
  { blockBytes }: Superblock,
  { at, isExtended }: { readonly at: number; readonly isExtended: boolean },
): Omit<FileInode, keyof InodeCommon> => {
  const { fields } = inodes
  const sizeBytes = isExtended ? fields.u64(at + 8) : fields.u32(at + 12)
  const index = fields.u32(isExtended ? at + 28 : at + 4)
  const fragment = index === squashfs.none32 ? undefined : index
  if (fragment !== undefined && fragment >= fragments.length)
    throw new FormatError('squashfs/bad-inode', `a fragment ${fragment} of ${fragments.length}`)
  const wordsAt = at + (isExtended ? 40 : 16)
  const countWords = fragment === undefined ? Math.ceil(sizeBytes / blockBytes) : Math.floor(sizeBytes / blockBytes)
  if (wordsAt + countWords * 4 > inodes.bytes.length)
    throw new FormatError('squashfs/bad-inode', `a file of ${sizeBytes} bytes without its blocks`)
  return {
    type: 'file',
    sizeBytes,
    startOffset: isExtended ? fields.u64(at) : fields.u32(at),
    fragment,
    fragmentOffset: fields.u32(isExtended ? at + 32 : at + 8),
    wordsAt,
    countWords,
  }
}

const targetAt = ({ inodes }: Tables, at: number): string => {
  const length = inodes.fields.u32(at + 4)
  if (length === 0 || length > 0xffff || at + 8 + length > inodes.bytes.length)
    throw new FormatError('squashfs/bad-inode', `a link target of ${length} bytes`)
  return decodeText(inodes.bytes.subarray(at + 8, at + 8 + length))
}
