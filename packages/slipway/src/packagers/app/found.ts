// What an app folder for macOS is: a bundle, a folder that holds one, or files that become one (Apple's Bundle Programming Guide).
import { problem, type Problem, type Target } from '@slipway/core'

interface Placed {
  readonly path: string
}
export interface Found<Entry extends Placed> {
  /** Name of its folder, with `.app`; '': the app folder is the bundle itself. */
  readonly name: string
  /** Entries with paths inside of the bundle: `Contents/…`. */
  readonly entries: readonly Entry[]
}

/** The app folder is a bundle, or holds nothing but one; null: it is none yet. What a Mac left beside it does not count. */
export const existingBundle = <Entry extends Placed>(all: readonly Entry[]): Found<Entry> | null => {
  const entries = all.filter(one => junkIn(one.path) === null)
  if (entries.some(one => one.path === 'Contents/Info.plist')) return { name: '', entries }
  const top = onlyTop(entries)
  if (top === null || !entries.some(one => one.path === `${top}/Contents/Info.plist`)) return null
  const inside = entries.filter(one => one.path !== top)
  return { name: top, entries: inside.map(one => ({ ...one, path: one.path.slice(top.length + 1) })) }
}

const onlyTop = (entries: readonly Placed[]): string | null => {
  const [top = '', ...more] = new Set(entries.map(one => one.path.split('/')[0] ?? ''))
  return more.length === 0 && top.endsWith('.app') ? top : null
}

/** What is named like a bundle, or laid out like one, and has no Info.plist, would be wrapped into a second one. Code: `app/no-plist`. */
export const plistless = (all: readonly Placed[], target: Target): readonly Problem[] => {
  const paths = new Set(all.map(one => one.path))
  const entries = all.filter(one => junkIn(one.path) === null)
  const top = onlyTop(entries)
  const homes = new Set(entries.some(one => /^Contents\/(MacOS|Frameworks|Helpers|Resources|_CodeSignature)\//.test(one.path)) ? [''] : [])
  for (const { path } of entries) for (const { index } of path.matchAll(/\.app(?=\/Contents\/)/g)) homes.add(`${path.slice(0, index)}.app/`)
  if (top !== null) homes.add(`${top}/`)
  return [...homes]
    .filter(home => !paths.has(`${home}Contents/Info.plist`))
    .map(home => {
      const name = home === '' ? 'the app folder' : JSON.stringify(home.slice(0, -1))
      return problem('app/no-plist', `${name} is laid out as a macOS bundle and has no Contents/Info.plist`, {
        hint: 'Build or copy the bundle again with all of its files; of a folder that is no bundle Slipway makes one.',
        where: { target, file: `${home}Contents/Info.plist` },
      })
    })
}

/** Of a path the part that a Mac left behind, as far as its name; null: it is none. */
const junkIn = (path: string): string | null =>
  /^(?:.*?\/)??(?:\.DS_Store|\._[^/]*|__MACOSX|Icon\r|\.Trashes|\.fseventsd|\.Spotlight-V100|\.TemporaryItems)(?=\/|$)/.exec(path)?.[0] ??
  null

/** What a Mac leaves behind in folders, and what would break a signature: each once. Code: `app/junk`. */
export const junkProblems = (entries: readonly Placed[], target: Target): readonly Problem[] =>
  [...new Set(entries.flatMap(one => junkIn(one.path) ?? []))].map(path =>
    problem('app/junk', `${JSON.stringify(path)} is a leftover of the Finder or a resource fork`, {
      hint: 'Take it out of the app folder: a signature would not cover it.',
      where: { target, file: path },
    }),
  )
