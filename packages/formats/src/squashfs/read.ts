// squashfs 4.0, reading: entries and file streams of a file system anywhere in a file, every bound checked (Linux fs/squashfs).
import { decodeText, fieldsOf, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { loadLzma } from '../xz/lzma.ts'
import { type FileInode, type FolderInode, type Inode, inodeAt } from './inode.ts'
import * as squashfs from './squashfs.ts'
import { readSuperblock, type Superblock } from './superblock.ts'
import { readTables, type Tables, type Volume, volumeOf } from './tables.ts'
import { isReadable, unpackBlock, unsupported } from './unpack.ts'

export { readSuperblock, type Superblock } from './superblock.ts'

/** Without the root itself. Devices, pipes and sockets are `other`. */
export type SquashfsFound = Inode & { readonly path: string }
export type SquashfsFoundFile = FileInode & { readonly path: string }

export interface Squashfs {
  readonly superblock: Superblock
  /** In the order of the directories, a folder before what is in it. */
  readonly entries: readonly SquashfsFound[]
  /** Streams a file. Throws `squashfs/too-large` (more than `limitBytes`), `squashfs/corrupt`, `squashfs/truncated`. */
  open(entry: SquashfsFoundFile, options: { readonly limitBytes: number }): AsyncGenerator<Uint8Array>
}

export interface SquashfsReading {
  /** Of the superblock in the file; in an AppImage the size of its ELF. */
  readonly offset?: number
  /** Default 1,000,000. */
  readonly limitEntries?: number
}

/**
 * Opens a squashfs 4.0. Paths have no `..` and no empty step; link targets are as written.
 * Throws the codes of `readSuperblock`, `squashfs/bad-metadata`, `squashfs/bad-address`, `squashfs/bad-inode`,
 * `squashfs/bad-directory`, `squashfs/bad-name`, `squashfs/corrupt`, `squashfs/too-many-entries`, `squashfs/too-large`,
 * `squashfs/unsupported` (lz4, lzma), `xz/no-library` and `bytes/…`.
 */
export const readSquashfs = async (source: Source, options: SquashfsReading = {}): Promise<Squashfs> => {
  const { offset = 0, limitEntries = 1_000_000 } = options
  const superblock = await readSuperblock(source, offset)
  if (!isReadable(superblock.method)) throw unsupported(superblock.method, offset)
  if (superblock.method === 'xz') await loadLzma()
  const volume = volumeOf(source, superblock, offset)
  const tables = await readTables(volume)
  const entries = entriesOf(tables, superblock, limitEntries)
  return { superblock, entries, open: (entry, { limitBytes }) => contentOf({ volume, tables, entry }, limitBytes) }
}

const entriesOf = (tables: Tables, superblock: Superblock, limitEntries: number): readonly SquashfsFound[] => {
  const rootAt = tables.inodes.at(superblock.rootBlockOffset, superblock.rootOffset)
  const root = inodeAt(tables, superblock, rootAt)
  if (root.type !== 'folder') throw new FormatError('squashfs/bad-inode', 'the root is no folder')
  const entries: SquashfsFound[] = []
  // A folder has one parent, so that one seen twice is a loop.
  const seen = new Set([rootAt])
  const open: { readonly prefix: string; readonly folder: FolderInode }[] = [{ prefix: '', folder: root }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { prefix } = next
    for (const { name, at } of listingOf(tables, next.folder)) {
      const inode = inodeAt(tables, superblock, at)
      const path = prefix + name
      entries.push({ ...inode, path })
      if (entries.length > limitEntries) throw new FormatError('squashfs/too-many-entries', `more than ${limitEntries} entries`)
      if (inode.type !== 'folder') continue
      if (seen.has(at) || path.length > limitPathUnits)
        throw new FormatError('squashfs/bad-directory', `${JSON.stringify(path.slice(0, 80))} is in itself`)
      seen.add(at)
      open.push({ prefix: `${path}/`, folder: inode })
    }
  }
  return entries
}

const limitPathUnits = 65_536

function* listingOf({ directories, inodes }: Tables, folder: FolderInode): Generator<{ readonly name: string; readonly at: number }> {
  if (folder.sizeBytes === 0) return
  const { fields } = directories
  let at = directories.at(folder.blockOffset, folder.offset)
  const end = at + folder.sizeBytes
  const bad = (message: string): FormatError => new FormatError('squashfs/bad-directory', message)
  if (end > directories.bytes.length) throw bad(`a listing of ${folder.sizeBytes} bytes reaches out of its table`)
  while (at < end) {
    const count = fields.u32(at) + 1
    const blockOffset = fields.u32(at + 4)
    if (count > squashfs.limitRun) throw bad(`a run of ${count} entries`)
    at += 12
    for (let index = 0; index < count; index++) {
      const length = fields.u16(at + 6) + 1
      if (at + 8 + length > end) throw bad('an entry reaches out of its listing')
      const name = nameOf(directories.bytes.subarray(at + 8, at + 8 + length))
      yield { name, at: inodes.at(blockOffset, fields.u16(at)) }
      at += 8 + length
    }
  }
}

const nameOf = (bytes: Uint8Array): string => {
  const name = decodeText(bytes)
  if (name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
    throw new FormatError('squashfs/bad-name', `${JSON.stringify(name)} is no name of an entry`)
  return name
}

interface Opened {
  readonly volume: Volume
  readonly tables: Tables
  readonly entry: SquashfsFoundFile
}

async function* contentOf({ volume, tables, entry }: Opened, limitBytes: number): AsyncGenerator<Uint8Array> {
  const { blockBytes } = volume.superblock
  if (entry.sizeBytes > limitBytes)
    throw new FormatError('squashfs/too-large', `${JSON.stringify(entry.path)} has ${entry.sizeBytes} bytes`)
  const words = fieldsOf(tables.inodes.bytes.subarray(entry.wordsAt, entry.wordsAt + entry.countWords * 4), 'little')
  let offset = entry.startOffset
  for (let index = 0; index < entry.countWords; index++) {
    const sizeBytes = Math.min(blockBytes, entry.sizeBytes - index * blockBytes)
    const sizeWord = words.u32(index * 4)
    yield await readBlock(volume, { offset, sizeWord, sizeBytes, isWhole: true })
    offset += sizeWord & (squashfs.dataStored - 1)
  }
  const fragment = entry.fragment === undefined ? undefined : tables.fragments[entry.fragment]
  const tailBytes = entry.sizeBytes - entry.countWords * blockBytes
  if (fragment === undefined || tailBytes <= 0) return
  const shared = await readBlock(volume, { ...fragment, sizeBytes: blockBytes, isWhole: false })
  const tail = shared.subarray(entry.fragmentOffset, entry.fragmentOffset + tailBytes)
  if (tail.length !== tailBytes)
    throw new FormatError('squashfs/corrupt', `${JSON.stringify(entry.path)} reaches out of its fragment`, fragment.offset)
  yield tail
}

interface Block {
  readonly offset: number
  readonly sizeWord: number
  readonly sizeBytes: number
  readonly isWhole: boolean
}

const readBlock = async ({ superblock, read }: Volume, { offset, sizeWord, sizeBytes, isWhole }: Block): Promise<Uint8Array> => {
  if (sizeWord === 0 && isWhole) return new Uint8Array(sizeBytes)
  const packedBytes = sizeWord & (squashfs.dataStored - 1)
  const isStored = (sizeWord & squashfs.dataStored) !== 0
  const bad = (what: string): FormatError => new FormatError('squashfs/corrupt', `a block has ${what}`, offset)
  if (packedBytes === 0 || packedBytes > superblock.blockBytes || sizeWord >= squashfs.dataStored * 2)
    throw bad(`the size word ${sizeWord}`)
  const packed = await read(offset, packedBytes)
  const bytes = isStored ? packed : await unpackBlock(superblock.method, { bytes: packed, offset, limitBytes: sizeBytes })
  if (isWhole ? bytes.length !== sizeBytes : bytes.length > sizeBytes) throw bad(`${bytes.length} bytes instead of ${sizeBytes}`)
  return bytes
}
