// squashfs, writing: the entries as a tree of folders whose names stand in the order of their bytes.
import { encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import type { Placed } from './placed.ts'
import * as squashfs from './squashfs.ts'

interface EntryCommon {
  /** With forward slashes, relative to the root. */
  readonly path: string
}
export interface SquashfsFile extends EntryCommon {
  readonly type: 'file'
  /** Permission bits only. */
  readonly mode: number
  readonly sizeBytes: number
  /** Files with the same digest are stored once. */
  readonly digest?: string
  readonly bytes: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}
export interface SquashfsFolder extends EntryCommon {
  readonly type: 'folder'
  readonly mode: number
}
export interface SquashfsSymlink extends EntryCommon {
  readonly type: 'symlink'
  readonly linkTarget: string
}
export type SquashfsEntry = SquashfsFile | SquashfsFolder | SquashfsSymlink

export interface FileNode {
  readonly type: 'file'
  readonly name: Uint8Array
  readonly number: number
  readonly entry: SquashfsFile
  placed: Placed
}
export interface LinkNode {
  readonly type: 'symlink'
  readonly name: Uint8Array
  readonly number: number
  readonly target: Uint8Array
}
export interface FolderNode {
  readonly type: 'folder'
  readonly name: Uint8Array
  readonly number: number
  readonly mode: number
  readonly children: readonly Node[]
}
export type Node = FileNode | LinkNode | FolderNode

export interface Tree {
  readonly root: FolderNode
  readonly files: readonly FileNode[]
  readonly countNodes: number
}

/**
 * Sorts entries into a tree; folders that nobody named are made with 0755. The order of the entries does not matter.
 * Throws `squashfs/bad-entry` and `squashfs/duplicate`.
 */
export const treeOf = (entries: Iterable<SquashfsEntry>): Tree => {
  const root: Draft = { entry: undefined, children: new Map() }
  for (const entry of entries) {
    checkEntry(entry)
    const steps = entry.path.split('/').filter(step => step !== '' && step !== '.')
    const draft = draftAt(root, steps, entry.path)
    if (draft.entry !== undefined || (entry.type !== 'folder' && draft.children.size > 0))
      throw new FormatError('squashfs/duplicate', `${JSON.stringify(entry.path)} is there twice`)
    draft.entry = entry
  }
  const files: FileNode[] = []
  const counter = { next: 1 }
  const whole = nodeOf(root, noName, { files, counter })
  if (whole.type !== 'folder') throw new FormatError('squashfs/bad-entry', 'the root is no folder')
  return { root: whole, files, countNodes: counter.next - 1 }
}

interface Draft {
  entry: SquashfsEntry | undefined
  readonly children: Map<string, Draft>
}

const noName = new Uint8Array(0)
const unplaced: Placed = { startOffset: 0, sizeWords: [], sparseBytes: 0, fragment: squashfs.none32, fragmentOffset: 0 }
/** Directories nest as deep as a path that Linux can open at all. */
const limitDepth = 2048

const draftAt = (root: Draft, steps: readonly string[], path: string): Draft => {
  if (steps.length > limitDepth) throw new FormatError('squashfs/bad-entry', `${JSON.stringify(path.slice(0, 80))} is too deep`)
  let draft = root
  for (const step of steps) {
    if (draft.entry !== undefined && draft.entry.type !== 'folder')
      throw new FormatError('squashfs/duplicate', `${JSON.stringify(path)} lies below something that is no folder`)
    const next = draft.children.get(step) ?? { entry: undefined, children: new Map() }
    draft.children.set(step, next)
    draft = next
  }
  return draft
}

interface Numbering {
  readonly files: FileNode[]
  readonly counter: { next: number }
}

/** Numbers rise in the order in which inodes are written, so that one directory's stay close together. */
const nodeOf = (draft: Draft, name: Uint8Array, numbering: Numbering): Node => {
  const { entry } = draft
  if (entry?.type === 'file') {
    const file: FileNode = { type: 'file', name, number: numbering.counter.next++, entry, placed: unplaced }
    numbering.files.push(file)
    return file
  }
  if (entry?.type === 'symlink') return { type: 'symlink', name, number: numbering.counter.next++, target: encodeText(entry.linkTarget) }
  const children = [...draft.children]
    .map(([step, child]) => ({ name: encodeText(step), child }))
    .sort((a, b) => compareBytes(a.name, b.name))
    .map(one => nodeOf(one.child, one.name, numbering))
  return { type: 'folder', name, number: numbering.counter.next++, mode: entry?.mode ?? 0o755, children }
}

const compareBytes = (left: Uint8Array, right: Uint8Array): number => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const checkEntry = (entry: SquashfsEntry): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('squashfs/bad-entry', `${JSON.stringify(entry.path)} cannot be written: ${reason}`)
  }
  const isRoot = entry.path === '.' || entry.path === ''
  if (isRoot ? entry.type !== 'folder' : !isInsidePath(entry.path)) refuse('the path is empty, absolute, leaves the root or holds a NUL')
  if (!entry.path.isWellFormed()) refuse('the path has no UTF-8 form')
  const longest = Math.max(...entry.path.split('/').map(step => encodeText(step).length))
  if (longest > squashfs.limitNameBytes) refuse(`a name of ${longest} bytes is longer than ${squashfs.limitNameBytes}`)
  if (entry.type === 'symlink') {
    if (entry.linkTarget === '' || entry.linkTarget.includes('\0') || !entry.linkTarget.isWellFormed()) refuse('a symlink has a target')
    if (encodeText(entry.linkTarget).length > squashfs.limitTargetBytes) refuse(`a target is at most ${squashfs.limitTargetBytes} bytes`)
    return
  }
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o7777) refuse(`the mode is ${entry.mode}`)
  if (entry.type === 'file' && (!Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0)) refuse(`the size is ${entry.sizeBytes}`)
}
