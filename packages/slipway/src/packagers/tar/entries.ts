// The entries of a tar of an app folder: one folder on top, one time, no owner; shared by the tar formats.
import type { TarEntry, TarFile } from '@slipway/formats/tar'
import { stem, type PackSubject } from '../packager.ts'
import type { TreeEntry, TreeFile } from '../../tree.ts'

export interface Packed {
  readonly entry: TarEntry
  /** null: a folder or a link. */
  readonly file: TreeFile | null
}

/** Top folder first, then everything in the order of the tree. */
export function* tarEntriesOf(subject: PackSubject): Generator<Packed> {
  const top = stem(subject)
  yield { entry: { type: 'folder', path: top, mode: 0o755, sizeBytes: 0, mtime: subject.date }, file: null }
  yield* tarEntriesIn(subject, `${top}/`)
}

/** Everything in the order of the tree, behind a prefix. */
export function* tarEntriesIn({ tree, date }: PackSubject, prefix: string): Generator<Packed> {
  for (const one of tree.entries) yield { entry: entryOf(one, prefix, date), file: one.type === 'file' ? one : null }
}

/** The same with the files' bytes. */
export function* tarFilesOf(subject: PackSubject): Generator<TarFile> {
  for (const { entry, file } of tarEntriesOf(subject)) yield file === null ? entry : { ...entry, bytes: () => file.bytes() }
}

const entryOf = (one: TreeEntry, prefix: string, mtime: number): TarEntry => {
  const path = `${prefix}${one.path}`
  if (one.type === 'file') return { type: 'file', path, mode: one.mode, sizeBytes: one.sizeBytes, mtime }
  if (one.type === 'folder') return { type: 'folder', path, mode: one.mode, sizeBytes: 0, mtime }
  return { type: 'symlink', path, mode: 0o777, sizeBytes: 0, mtime, linkTarget: one.linkTarget }
}
