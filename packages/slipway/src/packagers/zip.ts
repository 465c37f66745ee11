// zip with zip64, modes and symbolic links, from deflate streams that other formats share (PKWARE APPNOTE 6.3.10).
import { failAll, type Problem, type Target } from '@slipway/core'
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import * as z from 'zod'
import { packager, stem, type PackSubject, type SizedEntry } from './packager.ts'
import { windowsTreeProblems } from './windows/names.ts'

/** Packs the app folder below one folder named like the file. Facts: that folder and the executable in it. Codes: those of windows/, for Windows. */
export const zip = packager({
  id: 'zip',
  title: 'zip archive',
  os: ['macos', 'windows', 'linux'],
  role: 'both',
  topFolder: true,
  main: 'level',
  options: { level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9') },
  ext: () => 'zip',
  fileName: naming => `${stem(naming)}.zip`,
  fits: ({ target }, _chosen, entries) => entryProblems(target, entries),
  async *pack(subject, { level }) {
    failAll(entryProblems(subject.target, subject.tree.entries))
    yield* writeZip(entriesOf(subject, level))
    return { folder: stem(subject), executable: subject.tree.executable }
  },
})

/** What unpacks it on Windows would stop there. Links stay what they are. */
const entryProblems = (target: Target, entries: readonly SizedEntry[]): readonly Problem[] =>
  target.startsWith('windows-')
    ? windowsTreeProblems(entries, { id: 'zip', target, homeCharacters: 0, longPaths: true, isArchive: true })
    : []

async function* entriesOf(subject: PackSubject, level: number): AsyncGenerator<ZipEntry> {
  const top = stem(subject)
  const mtime = subject.date
  yield { type: 'folder', path: top, mode: 0o755, mtime }
  for (const one of subject.tree.entries) {
    const path = `${top}/${one.path}`
    if (one.type === 'file') yield { type: 'file', path, mode: one.mode, mtime, deflated: await one.deflated(level) }
    else if (one.type === 'folder') yield { type: 'folder', path, mode: one.mode, mtime }
    else yield { type: 'symlink', path, mode: 0o777, mtime, linkTarget: one.linkTarget }
  }
}
