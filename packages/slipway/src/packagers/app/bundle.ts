// From an app folder to one bundle: which case it is, where the files go, that what stands in Info.plist is true.
import { failAll, problem, type Problem } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { plistText, type PlistValue } from '@slipway/formats/plist/value'
import { writePlist } from '@slipway/formats/plist/write'
import type { FileTree, TreeEntry, TreeFile } from '../../tree.ts'
import type { AppOptions } from './options.ts'
import { treeFile } from '../mac/tree-file.ts'
import type { PackSubject, SizedEntry } from '../packager.ts'
import { refuseForeignCode } from './architecture.ts'
import { folderProblems } from './faults.ts'
import { existingBundle, type Found } from './found.ts'
import { icnsOf, iconIn } from './icon.ts'
import { ownKeys } from './info-plist.ts'
import { linkProblems } from './links.ts'
import { plistIn, type Dict } from './plist.ts'
import { sealOf, unsealed } from './seal.ts'

const limitPlistBytes = 1 << 20

/**
 * The tree `<Name>.app/…`. Codes: `app/beside-bundle`, `app/signed-bundle`, `app/wrong-architecture`, and those of faults.ts, seal.ts and of
 * the icon.
 */
export const bundleOf = async (subject: PackSubject, options: AppOptions): Promise<FileTree> => {
  const { tree } = subject
  failAll([...folderProblems(subject, options, await seen(tree)), ...besideProblems(subject)])
  const found = existingBundle(tree.entries)
  const bundle = found === null ? await freshBundle(subject, options) : await completed(subject, options, found)
  failAll(linkProblems(bundle.entries, subject.target))
  await refuseForeignCode(bundle, subject)
  return bundle
}

/** As a plan sees it, where it can look: with the property lists of bundles. */
const seen = ({ entries }: FileTree): Promise<readonly SizedEntry[]> =>
  Promise.all(
    entries.map(async (one): Promise<SizedEntry> => {
      if (one.type !== 'file') return one
      const { type, path, mode, sizeBytes } = one
      const isRead = /(^|\/)Info\.plist$/.test(path) && sizeBytes <= limitPlistBytes
      return { type, path, mode, sizeBytes, ...(isRead && { plist: await collect(one.bytes(), limitPlistBytes) }) }
    }),
  )

/** A program that leaves its bundle finds nothing of it. */
const besideProblems = ({ tree, target }: PackSubject): readonly Problem[] => {
  const bundle = /^([^/]+\.app)\/Contents\/MacOS\//.exec(tree.executable)?.[1] ?? ''
  const other = tree.entries.find(one => one.path !== bundle && !one.path.startsWith(`${bundle}/`))
  if (bundle === '' || other === undefined || existingBundle(tree.entries) !== null) return []
  return [
    problem(
      'app/beside-bundle',
      `the program is that of ${JSON.stringify(bundle)}, and the app folder holds more, as ${JSON.stringify(other.path)}`,
      {
        hint: 'Name the bundle itself as the app folder: build: { prebuilt: ".../Name.app" }; or put the other files into it.',
        where: { target, file: other.path },
      },
    ),
  ]
}

const bundleName = ({ app }: PackSubject): string => `${app.name.replaceAll(/[/:]/g, '-')}.app`

const freshBundle = async (subject: PackSubject, options: AppOptions): Promise<FileTree> => {
  const { app, tree } = subject
  const executable = tree.executable.slice(tree.executable.lastIndexOf('/') + 1)
  const icon = await icnsOf(subject, options)
  const keys = ownKeys(subject, { options, executable, icon: icon === null ? null : 'AppIcon', existing: {}, isSealed: false })
  const special = new Map([
    ...(options.helpers ?? []).map(path => [path, 'Contents/Helpers'] as const),
    ...(options.loginItems ?? []).map(path => [path, 'Contents/Library/LoginItems'] as const),
  ])
  const placed: TreeEntry[] = []
  for (const entry of tree.entries) {
    const home = [...special].find(([path]) => entry.path === path || entry.path.startsWith(`${path}/`))
    if (home === undefined) placed.push(...(await inContents(entry, tree.executable)))
    else placed.push({ ...entry, path: `${home[1]}/${entry.path.slice(home[0].lastIndexOf('/') + 1)}` })
  }
  const entries = [
    ...placed,
    treeFile('Contents/Info.plist', writePlist(keys)),
    treeFile('Contents/PkgInfo', 'APPL????'),
    ...(icon === null ? [] : [treeFile('Contents/Resources/AppIcon.icns', icon)]),
  ]
  return below(bundleName({ ...subject, app }), { entries: withLinks(entries, tree), executable: `Contents/MacOS/${executable}` })
}

/** Code goes to MacOS and all else to Resources, which a signature seals; each where the other parts look for it, through a link. */
const inContents = async (entry: TreeEntry, executable: string): Promise<readonly TreeEntry[]> => {
  if (entry.path === executable) return [{ ...entry, path: `Contents/MacOS/${executable.slice(executable.lastIndexOf('/') + 1)}` }]
  if (entry.type === 'file' && (await isCode(entry))) return [{ ...entry, path: `Contents/MacOS/${entry.path}` }]
  return [{ ...entry, path: `Contents/Resources/${entry.path}` }]
}

const isCode = async (file: TreeFile): Promise<boolean> => {
  for await (const chunk of file.bytes()) {
    const magic = chunk.length < 4 ? 0 : new DataView(chunk.buffer, chunk.byteOffset).getUint32(0)
    return [0xcffaedfe, 0xcefaedfe, 0xcafebabe, 0xcafebabf].includes(magic)
  }
  return false
}

/** For each file or folder at the top of the app folder that went to Resources alone: a link beside the program. */
const withLinks = (entries: readonly TreeEntry[], tree: FileTree): readonly TreeEntry[] => {
  const tops = new Set(tree.entries.map(one => one.path.split('/')[0] ?? ''))
  const has = (folder: string, top: string): boolean =>
    entries.some(one => one.path === `${folder}/${top}` || one.path.startsWith(`${folder}/${top}/`))
  const links = [...tops]
    .filter(top => has('Contents/Resources', top) && !has('Contents/MacOS', top))
    .map((top): TreeEntry => ({ type: 'link', path: `Contents/MacOS/${top}`, linkTarget: `../Resources/${top}` }))
  return [...entries, ...links]
}

/** A bundle that exists keeps its bytes where nothing has to change. */
const completed = async (subject: PackSubject, options: AppOptions, { name, entries: all }: Found<TreeEntry>): Promise<FileTree> => {
  const { app, target } = subject
  const fileAt = (path: string): TreeFile | undefined => all.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  const list = fileAt('Contents/Info.plist')
  const bytes = list === undefined ? undefined : await collect(list.bytes(), limitPlistBytes)
  const { plist: existing = {} } = plistIn({ path: 'Contents/Info.plist', bytes }, target)
  const executable = plistText(existing, 'CFBundleExecutable') ?? app.bin
  const path = `Contents/MacOS/${executable}`
  // Whatever its mode was on its way here, it is started.
  const entries = all.map(one => (one.type === 'file' && one.path === path ? { ...one, mode: one.mode | 0o111 } : one))
  const icon = await iconIn(subject, options, { existing, fileAt })
  const seal = await sealOf({ entries, executable: path })
  // The name of a picture in a catalogue would be shown in place of the new icon.
  const { CFBundleIconName: _, ...others } = existing
  const base = icon.added.length > 0 ? others : existing
  const keys = ownKeys(subject, { options, executable, icon: icon.name, existing: base, isSealed: seal !== 'none' })
  const changes = changedKeys(existing, keys)
  const root = name === '' ? bundleName(subject) : name
  tellBuildNumber(subject, keys, root)
  if (icon.added.length === 0 && changes.length === 0) return below(root, { entries, executable: path })
  const made = [...(changes.length === 0 ? [] : [treeFile('Contents/Info.plist', writePlist(keys))]), ...icon.added]
  const changed = [...entries.filter(one => !made.some(other => other.path === one.path)), ...made]
  return below(
    root,
    await unsealed(subject, {
      tree: { entries: changed, executable: path },
      root,
      seal,
      changes: changes.length > 0 ? changes : ['the icon'],
    }),
  )
}

const tellBuildNumber = ({ app, note }: PackSubject, keys: Dict, root: string): void => {
  const [release = ''] = app.version.split(/[-+]/)
  const build = plistText(keys, 'CFBundleVersion')
  if (build === undefined || build === release || build === app.version) return
  note?.(
    `${JSON.stringify(root)} has the build number ${JSON.stringify(build)} (CFBundleVersion): updaters that compare it, as Sparkle, need it to grow with each release`,
  )
}

const changedKeys = (before: Dict, after: Dict): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(key => said(before[key]) !== said(after[key]))
const said = (value: PlistValue | undefined): string => (value === undefined ? '' : writePlist([value]))

const below = (root: string, { entries, executable }: FileTree): FileTree => ({
  entries: entries.map(one => ({ ...one, path: `${root}/${one.path}` })).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  executable: `${root}/${executable}`,
})
