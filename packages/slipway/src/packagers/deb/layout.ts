// Where the files of an app lie on a Debian system (Filesystem Hierarchy Standard 3.0, Debian Policy 9 and 10).
import { fail } from '@slipway/core'
import { deflatedOf, deflatePieces, type DeflatePiece, type Deflated } from '@slipway/formats/deflate'
import type { FileTree, TreeFile } from '../../tree.ts'

export interface DebFile {
  readonly type: 'file'
  /** Without a slash in front, as `usr/bin/esbuild`. */
  readonly path: string
  readonly mode: number
  readonly sizeBytes: number
  readonly bytes: () => AsyncIterable<Uint8Array>
  readonly deflated: (level: number) => Promise<Deflated>
  readonly conffile: boolean
}
export type DebEntry =
  | DebFile
  | { readonly type: 'link'; readonly path: string; readonly linkTarget: string }
  | { readonly type: 'folder'; readonly path: string; readonly mode: number }

export interface Place {
  readonly package: string
  readonly bin: string
  /** Paths in the app folder, below `etc/`. */
  readonly conffiles: readonly string[]
  readonly target: string
}

/** A small file of our own making. */
export const madeFile = (path: string, content: Uint8Array | string, mode = 0o644): DebFile => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    type: 'file',
    path,
    mode,
    sizeBytes: bytes.length,
    async *bytes() {
      yield bytes
    },
    deflated: async level => {
      const pieces: DeflatePiece[] = []
      for await (const piece of deflatePieces([bytes], { level })) pieces.push(piece)
      return deflatedOf(pieces)
    },
    conffile: false,
  }
}

/**
 * The app's own files: an executable alone goes to /usr/bin, anything more to /usr/lib/<package> with a link from /usr/bin;
 * documents on top of the folder go to /usr/share/doc, conffiles to /etc. Codes: `deb/no-executable`, `deb/bad-conffile`.
 */
export const placeTree = (tree: FileTree, place: Place): readonly DebEntry[] => {
  const conffiles = new Set(place.conffiles)
  const found = (path: string): TreeFile | undefined =>
    tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  for (const path of conffiles) if (found(path) === undefined || !path.startsWith('etc/')) refuseConffile(path, place)
  if (found(tree.executable) === undefined)
    fail('deb/no-executable', `the app folder holds no file ${JSON.stringify(tree.executable)}`, {
      hint: 'Name the executable with build.prebuilt.bin.',
      where: { path: 'packages.deb', target: place.target },
    })
  const library = `usr/lib/${place.package}`
  const special = (path: string): boolean => conffiles.has(path) || isDocument(path)
  const alone = tree.entries.every(one => one.type === 'folder' || one.path === tree.executable || special(one.path))
  const home = (path: string): string => {
    if (conffiles.has(path)) return path
    if (isDocument(path)) return `usr/share/doc/${place.package}/${path}`
    return alone ? `usr/bin/${place.bin}` : `${library}/${path}`
  }
  const placed = tree.entries.flatMap((one): readonly DebEntry[] => {
    if (one.type === 'link') return [{ ...one, path: `${library}/${one.path}` }]
    if (one.type === 'folder') return alone ? [] : keptFolder(one.path, tree, special) ? [{ ...one, path: `${library}/${one.path}` }] : []
    const mode = one.path === tree.executable ? one.mode | 0o755 : one.mode
    return [{ ...one, path: home(one.path), mode, conffile: conffiles.has(one.path) }]
  })
  if (alone) return placed
  return [...placed, { type: 'link', path: `usr/bin/${place.bin}`, linkTarget: `../lib/${place.package}/${tree.executable}` }]
}

/** Every folder that leads to an entry, and everything sorted; dpkg makes no parents of its own. */
export const withParents = (entries: readonly DebEntry[]): readonly DebEntry[] => {
  const byPath = new Map<string, DebEntry>()
  for (const entry of entries) {
    const steps = entry.path.split('/').slice(0, -1)
    steps.forEach((_, index) => {
      const path = steps.slice(0, index + 1).join('/')
      if (!byPath.has(path)) byPath.set(path, { type: 'folder', path, mode: 0o755 })
    })
  }
  for (const entry of entries) byPath.set(entry.path, entry)
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A folder that held nothing but conffiles is gone; an empty one stays. */
const keptFolder = (path: string, tree: FileTree, special: (path: string) => boolean): boolean => {
  const below = tree.entries.filter(one => one.type !== 'folder' && one.path.startsWith(`${path}/`))
  return below.length === 0 || below.some(one => !special(one.path))
}

const isDocument = (path: string): boolean => /^(README|LICENSE|LICENCE|COPYING|CHANGELOG|NOTICE)[^/]*$/i.test(path)

const refuseConffile = (path: string, place: Place): never =>
  fail('deb/bad-conffile', `${JSON.stringify(path)} is no file of the app folder below etc/`, {
    hint: 'packages.deb.conffiles names files of the app folder, as etc/flet.conf, which is installed as /etc/flet.conf.',
    where: { path: 'packages.deb.conffiles', target: place.target },
  })
