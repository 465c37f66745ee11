// app.zip: the bundle zipped, with modes and links, as `ditto -c -k --keepParent` lays it out: what Sparkle and Squirrel.Mac install.
import { writeZip, type ZipEntry } from '@slipway/formats/zip/write'
import * as z from 'zod'
import { toldVersion } from './mac/version.ts'
import { packager, stem, type PackSubject } from './packager.ts'

/** The bundle is the one thing at the top. Facts: the name of the bundle. */
export const appZip = packager({
  id: 'app.zip',
  title: 'macOS bundle, zipped',
  os: ['macos'],
  role: 'update',
  inside: 'app',
  with: ['dmg', 'app.tar.gz', 'pkg', 'app'],
  always: true,
  tells: toldVersion,
  main: 'level',
  options: { level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9') },
  ext: () => 'app.zip',
  fileName: naming => `${stem(naming)}.app.zip`,
  keeps: ({ app }) => ({ bundleId: app.id }),
  async *pack(subject, { level }) {
    yield* writeZip(entriesOf(subject, level))
    return { bundle: subject.tree.executable.split('/')[0] ?? '' }
  },
})

async function* entriesOf({ tree, date }: PackSubject, level: number): AsyncGenerator<ZipEntry> {
  for (const folder of foldersOf(tree)) yield { type: 'folder', path: folder, mode: 0o755, mtime: date }
  for (const one of tree.entries) {
    if (one.type === 'file') yield { type: 'file', path: one.path, mode: one.mode, mtime: date, deflated: await one.deflated(level) }
    else if (one.type === 'link') yield { type: 'symlink', path: one.path, mode: 0o755, mtime: date, linkTarget: one.linkTarget }
  }
}

/** Every folder, parents first. */
const foldersOf = ({ entries }: PackSubject['tree']): readonly string[] => {
  const folders = new Set<string>()
  for (const { type, path } of entries) {
    const steps = path.split('/')
    for (let at = 1; at < steps.length + (type === 'folder' ? 1 : 0); at++) folders.add(steps.slice(0, at).join('/'))
  }
  return [...folders].sort()
}
