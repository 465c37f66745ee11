// From an app folder to one bundle: which case it is, where the files go, that what stands in Info.plist is true.
import { fail } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readPlist } from '@slipway/formats/plist/read'
import { isDict, plistText, type PlistValue } from '@slipway/formats/plist/value'
import { writePlist } from '@slipway/formats/plist/write'
import type { FileTree, TreeEntry, TreeFile } from '../../tree.ts'
import type { AppOptions } from './options.ts'
import { madeFile } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'
import { refuseForeignCode } from './architecture.ts'
import { icnsOf } from './icon.ts'
import { ownKeys } from './info-plist.ts'
import { unsealed } from './seal.ts'

const limitPlistBytes = 1 << 20

/**
 * The tree `<Name>.app/…`. Codes: `app/no-executable`, `app/not-signable`, `app/other-version`, `app/bad-plist`, `app/junk`, `app/no-bundle`, `app/broken-link`,
 * `app/wrong-architecture` and those of the icon.
 */
export const bundleOf = async (subject: PackSubject, options: AppOptions): Promise<FileTree> => {
  const found = existingBundle(subject.tree)
  refuseJunk(subject)
  refuseBrokenLinks(subject.tree, subject)
  const bundle = found === null ? await freshBundle(subject, options) : await completed(subject, options, found)
  refuseBrokenLinks(bundle, subject)
  await refuseForeignCode(bundle, subject)
  return bundle
}

interface Found {
  /** Name of its folder, with `.app`. */
  readonly name: string
  /** Entries with paths inside of the bundle: `Contents/…`. */
  readonly entries: readonly TreeEntry[]
}

/** The app folder is a bundle, or holds nothing but one. */
const existingBundle = ({ entries }: FileTree): Found | null => {
  if (entries.some(one => one.path === 'Contents/Info.plist')) return { name: '', entries }
  const tops = new Set(entries.map(one => one.path.split('/')[0] ?? ''))
  const [top = ''] = tops
  if (tops.size !== 1 || !top.endsWith('.app')) return null
  const inside = entries.filter(one => one.path !== top)
  return { name: top, entries: inside.map(one => ({ ...one, path: one.path.slice(top.length + 1) })) }
}

const bundleName = ({ app }: PackSubject): string => `${app.name.replaceAll(/[/:]/g, '-')}.app`

const freshBundle = async (subject: PackSubject, options: AppOptions): Promise<FileTree> => {
  const { app, tree } = subject
  const executable = tree.executable.slice(tree.executable.lastIndexOf('/') + 1)
  const icon = await icnsOf(subject, options)
  const keys = ownKeys(subject, { options, executable, icon: icon === null ? null : 'AppIcon', existing: {} })
  const special = new Map([
    ...(options.helpers ?? []).map(path => [path, 'Contents/Helpers'] as const),
    ...(options.loginItems ?? []).map(path => [path, 'Contents/Library/LoginItems'] as const),
  ])
  for (const path of special.keys())
    if (!tree.entries.some(one => one.path.startsWith(`${path}/`)))
      fail('app/no-bundle', `the app folder holds no bundle ${JSON.stringify(path)}`, {
        hint: 'helpers and loginItems name bundles of the app folder.',
        where: { path: 'packages.app', target: subject.target },
      })
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
const completed = async (subject: PackSubject, options: AppOptions, { name, entries }: Found): Promise<FileTree> => {
  const plistFile = entries.find((one): one is TreeFile => one.type === 'file' && one.path === 'Contents/Info.plist')
  const existing = plistFile === undefined ? {} : await plistOf(plistFile, subject)
  const executable = plistText(existing, 'CFBundleExecutable') ?? subject.app.bin
  const path = `Contents/MacOS/${executable}`
  if (!entries.some(one => one.path === path && one.type === 'file'))
    fail('app/no-executable', `the bundle has no ${path}, which its Info.plist names`, {
      hint: 'Build the bundle again, or correct CFBundleExecutable.',
      where: { target: subject.target, file: 'Contents/Info.plist' },
    })
  const short = plistText(existing, 'CFBundleShortVersionString')
  const [release = ''] = subject.app.version.split(/[-+]/)
  if (short !== undefined && short !== release && short !== subject.app.version)
    fail('app/other-version', `the bundle says that it is ${short}, and the release is ${subject.app.version}`, {
      hint: 'Build the bundle from this version, or correct CFBundleShortVersionString.',
      where: { target: subject.target, file: 'Contents/Info.plist' },
    })
  const ownIcon = plistText(existing, 'CFBundleIconFile') ?? null
  const icon = ownIcon === null ? await icnsOf(subject, options) : null
  const keys = ownKeys(subject, { options, executable, icon: icon === null ? ownIcon : 'AppIcon', existing })
  const added = icon === null ? [] : [treeFile('Contents/Resources/AppIcon.icns', icon)]
  const root = name === '' ? bundleName(subject) : name
  const same = added.length === 0 && writePlist(keys) === writePlist(existing)
  if (same) return below(root, { entries, executable: path })
  const changed = [
    ...entries.filter(one => one.path !== 'Contents/Info.plist'),
    treeFile('Contents/Info.plist', writePlist(keys)),
    ...added,
  ]
  return below(root, await unsealed({ entries: changed, executable: path }, subject))
}

const plistOf = async (file: TreeFile, { target }: PackSubject): Promise<{ readonly [key: string]: PlistValue }> => {
  try {
    const value = readPlist(await collect(file.bytes(), limitPlistBytes))
    if (isDict(value)) return value
    throw new FormatError('plist/bad-xml', 'it is no dictionary')
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('app/bad-plist', `${file.path} is no property list: ${error.message}`, {
      hint: 'Write it again, as XML or binary.',
      where: { target, file: file.path },
    })
  }
}

/** What a Mac leaves behind in folders, and what would break a signature. */
const refuseJunk = ({ tree, target }: PackSubject): void => {
  const junk = tree.entries.find(one => /(^|\/)(\.DS_Store|\._[^/]*|__MACOSX(\/|$)|Icon\r)/.test(one.path))
  if (junk !== undefined)
    fail('app/junk', `${JSON.stringify(junk.path)} is a leftover of the Finder or a resource fork`, {
      hint: 'Take it out of the app folder: a signature would not cover it.',
      where: { target, file: junk.path },
    })
}

const refuseBrokenLinks = ({ entries }: FileTree, { target }: PackSubject): void => {
  const paths = new Set(entries.flatMap(one => one.path.split('/').map((_, at, steps) => steps.slice(0, at + 1).join('/'))))
  const links = new Map(entries.flatMap(one => (one.type === 'link' ? [[one.path, one.linkTarget] as const] : [])))
  for (const [path, linkTarget] of links) {
    if (resolves(path, linkTarget, { paths, links })) continue
    fail('app/broken-link', `${JSON.stringify(path)} leads to ${JSON.stringify(linkTarget)}, which is not there`, {
      hint: 'Copy the bundle with its links (ditto, tar), not through a tool that drops them.',
      where: { target, file: path },
    })
  }
}

const resolves = (
  path: string,
  linkTarget: string,
  tree: { readonly paths: ReadonlySet<string>; readonly links: ReadonlyMap<string, string> },
): boolean => {
  let steps = path.split('/').slice(0, -1)
  let left = linkTarget.split('/')
  for (let turns = 0; left.length > 0 && turns < 400; turns++) {
    const [step = '', ...rest] = left
    left = rest
    if (step === '..') steps = steps.slice(0, -1)
    else if (step !== '.' && step !== '') {
      const here = [...steps, step].join('/')
      const link = tree.links.get(here)
      if (link !== undefined) left = [...link.split('/'), ...left]
      else if (!tree.paths.has(here)) return false
      else steps = here.split('/')
    }
  }
  return left.length === 0
}

const below = (root: string, { entries, executable }: FileTree): FileTree => ({
  entries: entries.map(one => ({ ...one, path: `${root}/${one.path}` })).toSorted((a, b) => (a.path < b.path ? -1 : 1)),
  executable: `${root}/${executable}`,
})

export const treeFile = (path: string, content: Uint8Array | string): TreeFile => {
  const { flag: _, ...file } = madeFile(path, content)
  return file
}
