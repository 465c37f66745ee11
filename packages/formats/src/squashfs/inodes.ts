// squashfs, writing: inode table and directory table; a folder is written after everything in it, because it holds addresses.
import { concat, noBytes, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { type Address, type MetadataTable, metadataTable } from './metadata.ts'
import type { SquashfsCompression } from './block.ts'
import * as squashfs from './squashfs.ts'
import type { FileNode, FolderNode, LinkNode, Node, Tree } from './tree.ts'

export interface Inodes {
  readonly inodes: Uint8Array
  readonly directories: Uint8Array
  readonly root: Address
}

/** Both tables of a tree whose files were placed. All owners are id 0; `mtime` in seconds since 1970. */
export const inodesOf = async (
  tree: Tree,
  options: { readonly compression: SquashfsCompression; readonly mtime: number },
): Promise<Inodes> => {
  const tables: Tables = {
    inodes: metadataTable(options.compression),
    directories: metadataTable(options.compression),
    mtime: options.mtime,
  }
  const root = await writeFolder(tree.root, { tables, parentNumber: tree.countNodes + 1 })
  return { inodes: (await tables.inodes.end()).bytes, directories: (await tables.directories.end()).bytes, root }
}

interface Tables {
  readonly inodes: MetadataTable
  readonly directories: MetadataTable
  readonly mtime: number
}
interface Place {
  readonly tables: Tables
  readonly parentNumber: number
}
interface Listed {
  readonly node: Node
  readonly address: Address
}

const writeFolder = async (folder: FolderNode, { tables, parentNumber }: Place): Promise<Address> => {
  const listed: Listed[] = []
  for (const node of folder.children) listed.push({ node, address: await writeNode(node, { tables, parentNumber: folder.number }) })
  const start = tables.directories.next()
  const { sizeBytes, index } = await writeListing(listed, tables.directories)
  const size = sizeBytes + squashfs.sizeOfDots
  const links = 2 + folder.children.filter(child => child.type === 'folder').length
  const address = tables.inodes.next()
  if (index.length === 0 && size <= 0xffff) {
    await tables.inodes.write(header({ type: squashfs.typeFolder, mode: folder.mode, number: folder.number, mtime: tables.mtime }))
    await tables.inodes.write(
      packLittle([
        [4, start.blockOffset],
        [4, links],
        [2, size],
        [2, start.offset],
        [4, parentNumber],
      ]),
    )
    return address
  }
  await tables.inodes.write(
    header({ type: squashfs.typeFolder + squashfs.extended, mode: folder.mode, number: folder.number, mtime: tables.mtime }),
  )
  const numbers = packLittle([
    [4, links],
    [4, size],
    [4, start.blockOffset],
    [4, parentNumber],
    [2, index.length],
    [2, start.offset],
  ])
  await tables.inodes.write(concat([numbers, packLittle([[4, squashfs.none32]]), ...index]))
  return address
}

const writeNode = async (node: Node, place: Place): Promise<Address> => {
  if (node.type === 'folder') return writeFolder(node, place)
  const { inodes, mtime } = place.tables
  const address = inodes.next()
  await inodes.write(node.type === 'file' ? fileInode(node, mtime) : linkInode(node, mtime))
  return address
}

interface Head {
  readonly type: number
  readonly mode: number
  readonly number: number
  readonly mtime: number
}
const header = ({ type, mode, number, mtime }: Head): Uint8Array =>
  packLittle([
    [2, type],
    [2, mode],
    [2, 0],
    [2, 0],
    [4, mtime],
    [4, number],
  ])

const fileInode = (node: FileNode, mtime: number): Uint8Array => {
  const { entry, placed, number } = node
  const sizes = packLittle(placed.sizeWords.map(word => [4, word] as const))
  const isSmall = placed.startOffset <= 0xffffffff && entry.sizeBytes <= 0xffffffff && placed.sparseBytes === 0
  if (isSmall) {
    const start = packLittle([
      [4, placed.startOffset],
      [4, placed.fragment],
      [4, placed.fragmentOffset],
      [4, entry.sizeBytes],
    ])
    return concat([header({ type: squashfs.typeFile, mode: entry.mode, number, mtime }), start, sizes])
  }
  // Readers take the holes off the size for the room used, which must not become nothing.
  const sparseBytes = Math.max(0, Math.min(placed.sparseBytes, entry.sizeBytes - 1))
  const places = packLittle([
    [8, placed.startOffset],
    [8, entry.sizeBytes],
    [8, sparseBytes],
  ])
  const rest = packLittle([
    [4, 1],
    [4, placed.fragment],
    [4, placed.fragmentOffset],
    [4, squashfs.none32],
  ])
  return concat([header({ type: squashfs.typeFile + squashfs.extended, mode: entry.mode, number, mtime }), places, rest, sizes])
}

const linkInode = (node: LinkNode, mtime: number): Uint8Array =>
  concat([
    header({ type: squashfs.typeSymlink, mode: 0o777, number: node.number, mtime }),
    packLittle([
      [4, 1],
      [4, node.target.length],
    ]),
    node.target,
  ])

const typeIds = { folder: squashfs.typeFolder, file: squashfs.typeFile, symlink: squashfs.typeSymlink } as const

/** Runs of entries whose inodes stand in one block; the index names the first run of every further block. */
const writeListing = async (
  listed: readonly Listed[],
  directories: MetadataTable,
): Promise<{ sizeBytes: number; index: readonly Uint8Array[] }> => {
  const index: Uint8Array[] = []
  let indexedBlock = directories.next().blockOffset
  let sizeBytes = 0
  for (let at = 0; at < listed.length;) {
    const first = listed[at]
    if (first === undefined) break
    const length = runLength(listed, at, first)
    const { blockOffset } = directories.next()
    if (blockOffset !== indexedBlock) {
      index.push(
        packLittle([
          [4, sizeBytes],
          [4, blockOffset],
          [4, first.node.name.length - 1],
        ]),
        first.node.name,
      )
      indexedBlock = blockOffset
    }
    const run = runBytes(listed.slice(at, at + length), first)
    await directories.write(run)
    sizeBytes += run.length
    at += length
  }
  if (sizeBytes > 0x7fffffff) throw new FormatError('squashfs/bad-entry', 'a folder with names of more than 2 GiB')
  // Two parts an entry, which leave together as one.
  return { sizeBytes, index: pairs(index) }
}

const pairs = (parts: readonly Uint8Array[]): readonly Uint8Array[] =>
  parts.flatMap((part, at) => (at % 2 === 0 ? [concat([part, parts[at + 1] ?? noBytes])] : []))

const runLength = (listed: readonly Listed[], from: number, first: Listed): number => {
  let length = 1
  for (; length < squashfs.limitRun; length++) {
    const one = listed[from + length]
    if (one === undefined || one.address.blockOffset !== first.address.blockOffset) break
    if (Math.abs(one.node.number - first.node.number) > 0x7fff) break
  }
  return length
}

const runBytes = (run: readonly Listed[], first: Listed): Uint8Array =>
  concat([
    packLittle([
      [4, run.length - 1],
      [4, first.address.blockOffset],
      [4, first.node.number],
    ]),
    ...run.flatMap(({ node, address }) => [
      // The difference is signed.
      packLittle([
        [2, address.offset],
        [2, (node.number - first.node.number) & 0xffff],
        [2, typeIds[node.type]],
        [2, node.name.length - 1],
      ]),
      node.name,
    ]),
  ])
