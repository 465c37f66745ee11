// Where the files of an app folder lie on a Linux system (Filesystem Hierarchy Standard 3.0).
import { fail } from '@slipway/core'
import type { FileTree, TreeFile } from '../../tree.ts'
import type { Flag, Installed, InstalledFile } from './installed.ts'

export interface Place {
  readonly package: string
  readonly bin: string
  /** Paths in the app folder, below `etc/`. */
  readonly conffiles: readonly string[]
  readonly target: string
  /** Home of licenses: Debian keeps them with the documents. */
  readonly licenses: string
  /** Config path of the format, as `packages.deb`. */
  readonly at: string
}

/**
 * An executable alone goes to /usr/bin, anything more to /usr/lib/<package> with a link from /usr/bin; documents on top of the folder
 * go to /usr/share/doc, conffiles to /etc. Codes: `linux/no-executable`, `linux/bad-conffile`.
 */
export const placeTree = (tree: FileTree, place: Place): readonly Installed[] => {
  const conffiles = new Set(place.conffiles)
  const files = new Set(tree.entries.flatMap(one => (one.type === 'file' ? [one.path] : [])))
  for (const path of conffiles) if (!files.has(path) || !path.startsWith('etc/')) refuseConffile(path, place)
  if (!files.has(tree.executable))
    fail('linux/no-executable', `the app folder holds no file ${JSON.stringify(tree.executable)}`, {
      hint: 'Name the executable with build.prebuilt.bin.',
      where: { path: place.at, target: place.target },
    })
  const below = `usr/lib/${place.package}/`
  const special = (path: string): boolean => conffiles.has(path) || isDocument(path)
  const alone = tree.entries.every(one => one.type === 'folder' || one.path === tree.executable || special(one.path))
  const kept = keptFolders(tree, special)
  const placed = tree.entries.flatMap((one): readonly Installed[] => {
    if (one.type === 'link') return [{ ...one, path: `${below}${one.path}` }]
    if (one.type === 'folder') return alone || !kept(one.path) ? [] : [{ ...one, path: `${below}${one.path}` }]
    if (conffiles.has(one.path)) return [placedFile(one, one.path, { flag: 'config' })]
    if (isDocument(one.path)) {
      const flag = isLicense(one.path) ? 'license' : 'doc'
      return [placedFile(one, `${flag === 'license' ? place.licenses : `usr/share/doc/${place.package}`}/${one.path}`, { flag })]
    }
    const mode = one.path === tree.executable ? one.mode | 0o755 : one.mode
    return [placedFile(one, alone ? `usr/bin/${place.bin}` : `${below}${one.path}`, { mode, flag: 'none' })]
  })
  if (alone) return placed
  return [...placed, { type: 'link', path: `usr/bin/${place.bin}`, linkTarget: `../lib/${place.package}/${tree.executable}` }]
}

/** Whole at once: what is spread from another object takes twice the memory, and there may be a hundred thousand. */
const placedFile = (
  file: TreeFile,
  path: string,
  { mode = file.mode, flag }: { readonly mode?: number; readonly flag: Flag },
): InstalledFile => {
  const { source, sizeBytes, sha256 } = file
  // They see the entry that they are called on, of which all that they need goes along.
  const { bytes, deflated, digest } = file as Methods
  if (digest === undefined) return { type: 'file', path, source, mode, sizeBytes, sha256, flag, bytes, deflated }
  return { type: 'file', path, source, mode, sizeBytes, sha256, flag, bytes, deflated, digest }
}

type Methods = { readonly [Name in 'bytes' | 'deflated' | 'digest']: InstalledFile[Name] }

/** A folder that held nothing but conffiles is gone; an empty one stays. */
const keptFolders = (tree: FileTree, special: (path: string) => boolean): ((path: string) => boolean) => {
  const [any, plain] = [new Set<string>(), new Set<string>()]
  for (const one of tree.entries) {
    if (one.type === 'folder') continue
    for (let end = one.path.indexOf('/'); end !== -1; end = one.path.indexOf('/', end + 1)) {
      any.add(one.path.slice(0, end))
      if (!special(one.path)) plain.add(one.path.slice(0, end))
    }
  }
  return path => !any.has(path) || plain.has(path)
}

const isDocument = (path: string): boolean => /^(README|LICENSE|LICENCE|COPYING|CHANGELOG|NOTICE)[^/]*$/i.test(path)
const isLicense = (path: string): boolean => /^(LICENSE|LICENCE|COPYING|NOTICE)/i.test(path)

export const refuseConffile = (path: string, place?: Pick<Place, 'target'>): never =>
  fail('linux/bad-conffile', `${JSON.stringify(path)} is no file of the app folder below etc/`, {
    hint: 'app.conffiles names files of the app folder, as etc/flet.conf, which is installed as /etc/flet.conf.',
    where: { path: 'app.conffiles', ...(place === undefined ? {} : { target: place.target }) },
  })
