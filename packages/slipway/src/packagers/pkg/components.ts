// The components of a package: the bundle, and whatever else the config adds; each is installed into a place of its own.
import { fail } from '@slipway/core'
import { plistText } from '@slipway/formats/plist/value'
import type { TreeEntry } from '../../tree.ts'
import { plistOf } from '../mac/plist-of.ts'
import { madeFile } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'
import { identifierOf, pkgVersion } from './check.ts'
import type { PkgOptions } from './options.ts'

export interface Bundle {
  /** Below the place of installation. */
  readonly path: string
  readonly id: string
  readonly short: string
  readonly version: string
}
export interface Component {
  readonly identifier: string
  readonly version: string
  readonly title: string
  readonly description: string
  readonly location: string
  readonly isSelected: boolean
  /** With every folder, parents first. */
  readonly entries: readonly TreeEntry[]
  /** The one that it is about first. */
  readonly bundles: readonly Bundle[]
  /** Oldest macOS, as `11.0`; '' for any. */
  readonly minimum: string
  readonly scripts: Readonly<Record<string, string>>
}

/** Code: `pkg/no-bundle`. */
export const appComponent = async (
  subject: PackSubject,
  chosen: PkgOptions,
  scripts: Readonly<Record<string, string>>,
): Promise<Component> => {
  const { app, tree, target } = subject
  const root = tree.executable.split('/')[0] ?? ''
  const bundles: Bundle[] = []
  let minimum: string | undefined
  for (const file of tree.entries) {
    const path = file.type === 'file' ? bundlePath(file.path) : null
    if (path === null || file.type !== 'file') continue
    const plist = await plistOf(file)
    const id = plistText(plist, 'CFBundleIdentifier')
    if (path === root) minimum = plistText(plist, 'LSMinimumSystemVersion') ?? ''
    if (id === undefined || bundles.some(one => one.id === id && path !== root)) continue
    const version = plistText(plist, 'CFBundleVersion') ?? ''
    const bundle = { path, id, short: plistText(plist, 'CFBundleShortVersionString') ?? version, version }
    if (path === root) bundles.unshift(bundle)
    else bundles.push(bundle)
  }
  if (minimum === undefined || bundles[0]?.path !== root)
    return fail('pkg/no-bundle', `${JSON.stringify(root)} is no bundle with an Info.plist and an identifier`, {
      hint: 'The unit app makes one of the app folder: leave it on.',
      where: { target },
    })
  const { title = app.name, location } = chosen
  return {
    identifier: identifierOf(subject, chosen),
    version: pkgVersion(app),
    title,
    description: app.summary,
    location,
    isSelected: true,
    entries: withFolders(tree.entries),
    bundles: bundles.filter(({ id }, index) => index === 0 || id !== bundles[0]?.id),
    minimum,
    scripts,
  }
}

/** The bundle whose Info.plist this is. */
const bundlePath = (path: string): string | null => {
  const match = /^(?<bundle>.+\.(app|appex|xpc|bundle|plugin|prefPane|qlgenerator))\/Contents\/Info\.plist$/.exec(path)
  const framework = /^(?<bundle>.+\.framework\/Versions\/[^/]+)\/Resources\/Info\.plist$/.exec(path)
  return (match ?? framework)?.groups?.['bundle'] ?? null
}

/** Small files of the project, each a choice of its own. */
export const extraComponents = (subject: PackSubject, chosen: PkgOptions): readonly Component[] =>
  Object.entries(chosen.components ?? {}).map(([key, { title, description, location, files, selected }]) => ({
    identifier: `${identifierOf(subject, chosen)}.${key}`,
    version: pkgVersion(subject.app),
    title,
    description,
    location,
    isSelected: selected,
    entries: withFolders(
      Object.entries(files).map(([name, path]) => {
        const bytes = subject.assets?.get(path)?.bytes ?? new Uint8Array(0)
        return madeFile(name, bytes, { mode: isProgram(bytes) ? 0o755 : 0o644 })
      }),
    ),
    bundles: [],
    minimum: '',
    scripts: {},
  }))

/** A script, or a Mach-O. */
const isProgram = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x23 && bytes[1] === 0x21) ||
  (bytes.length >= 4 &&
    [0xcffaedfe, 0xcefaedfe, 0xcafebabe, 0xcafebabf].includes(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)))

/** With the folders that lead to entries, parents first. */
const withFolders = (entries: readonly TreeEntry[]): readonly TreeEntry[] => {
  const byPath = new Map<string, TreeEntry>()
  for (const { path } of entries)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1)) {
      const folder = path.slice(0, end)
      byPath.set(folder, { type: 'folder', path: folder, mode: 0o755 })
    }
  for (const entry of entries) byPath.set(entry.path, entry)
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}
