// What Windows cannot hold of an app folder: reserved names, names that differ in case alone, paths that are too long, links (Win32, "Naming Files").
import { problem, type Problem, type Target } from '@slipway/core'
import type { SizedEntry } from '../packager.ts'

export interface WindowsPlace {
  /** The packager that asks. */
  readonly id: string
  readonly target: Target
  /** Length of the folder that it is installed to, with the backslash behind it. */
  readonly homeCharacters: number
  /** Longer paths are accepted: the user's Windows has to be told so. */
  readonly longPaths: boolean
  /** The packager has an option `longPaths`. */
  readonly hasLongPaths?: true
  /** It is an archive: it may hold links, and what other systems leave behind does no harm in it. */
  readonly isArchive?: true
}

/** All at once. Codes: `windows/bad-name`, `windows/same-name`, `windows/long-path`, `windows/link`, `windows/leftover`. */
export const windowsTreeProblems = (entries: readonly SizedEntry[], place: WindowsPlace): readonly Problem[] => {
  const { id, target } = place
  const seen = new Map<string, string>()
  const problems: Problem[] = []
  for (const { type, path } of entries) {
    const where = { path: `packages.${id}`, target, file: path }
    if (type === 'link' && place.isArchive !== true)
      problems.push(
        problem('windows/link', `${JSON.stringify(path)} is a link, and Windows installers hold no links`, {
          hint: 'Put the file itself in its place.',
          where,
        }),
      )
    const bad = path.split('/').find(step => !isWindowsName(step))
    if (bad !== undefined)
      problems.push(
        problem('windows/bad-name', `${JSON.stringify(path)}: Windows allows no file named ${JSON.stringify(bad)}`, {
          hint: 'Rename it: none of < > : " | ? * \\, no control characters, no dot or space at the end, none of aux, con, nul, prn, com1 to lpt9.',
          where,
        }),
      )
    const clash = clashIn(path, seen)
    if (clash !== null)
      problems.push(
        problem('windows/same-name', `${JSON.stringify(clash.known)} and ${JSON.stringify(clash.path)} are one on Windows`, {
          hint: 'Rename one of the two: Windows does not tell upper case from lower.',
          where: { ...where, file: clash.path },
        }),
      )
    if (type === 'file' && place.isArchive !== true && leftovers.test(path))
      problems.push(
        problem('windows/leftover', `${JSON.stringify(path)} is a leftover of the Finder or of Explorer, and would be installed`, {
          hint: 'Delete it from the app folder.',
          where,
        }),
      )
    if (path.length + place.homeCharacters > (place.longPaths ? limitLongCharacters : limitPathCharacters))
      problems.push(tooLong(path, place))
  }
  return problems
}

const leftovers = /(^|\/)(\.DS_Store|\._[^/]*|__MACOSX\/.*|thumbs\.db|ehthumbs\.db|desktop\.ini)$/i

/** The shortest part of a path that another path has in another case: two such folders are one folder there. Each is said once. */
const clashIn = (path: string, seen: Map<string, string>): { readonly known: string; readonly path: string } | null => {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const part = end === -1 ? path : path.slice(0, end)
    const folded = upperCase(part)
    const known = seen.get(folded)
    if (known === undefined) seen.set(folded, part)
    else if (known !== part) {
      const said = `said: ${part}`
      const isNew = !seen.has(said)
      seen.set(said, part)
      return isNew ? { known, path: part } : null
    }
    if (end === -1) return null
  }
}

/** As NTFS compares names: each UTF-16 unit by itself, to the one capital that has it as its small letter; accents stay as they are written. */
const upperCase = (text: string): string =>
  text.replaceAll(/[^\0-\x7f]|[a-z]/g, unit => {
    const upper = unit.toUpperCase()
    return upper.length === 1 && (upper.toLowerCase() === unit || unit === 'ς') ? upper : unit
  })

/** MAX_PATH is 260 with the zero at the end. */
const limitPathCharacters = 259
// Strings of an installer have 1024 characters (NSIS_MAX_STRLEN).
const limitLongCharacters = 1000

const tooLong = (path: string, { id, target, homeCharacters, longPaths, hasLongPaths }: WindowsPlace): Problem =>
  problem(
    'windows/long-path',
    `${JSON.stringify(path)} has ${path.length} characters; with the folder of the app (${homeCharacters}) more than ${longPaths ? limitLongCharacters : limitPathCharacters}`,
    {
      hint:
        longPaths || hasLongPaths !== true
          ? `Shorten the path, or take ${target} out of packages.${id}.targets.`
          : 'Shorten it, or set longPaths: true, if users switch LongPathsEnabled on (Windows 10, 1607) and the program is aware of it.',
      where: { path: `packages.${id}`, target, file: path },
    },
  )

/** One step of a path. */
export const isWindowsName = (name: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- they are what is refused.
  name !== '' && !/[<>:"|?*\\/\u0000-\u001f]/.test(name) && !/[. ]$/.test(name) && !reserved.test(name)

const reserved = /^(aux|con|nul|prn|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)( *\.|$)/i

/** A display name as the name of a folder or shortcut. */
export const windowsName = (name: string): string => {
  // oxlint-disable-next-line no-control-regex -- they are what is replaced.
  const plain = name.replaceAll(/[<>:"|?*\\/\u0000-\u001f]/g, '-').replace(/[. ]+$/, '')
  return isWindowsName(plain) ? plain : `${plain}_`
}
