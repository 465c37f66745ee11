// What Windows cannot hold of an app folder: reserved names, names that differ in case alone, paths that are too long, links (Win32, "Naming Files").
import { problem, type Problem, type Target } from '@slipway/core'
import type { SizedEntry } from '../packager.ts'

export interface WindowsPlace {
  readonly target: Target
  /** Length of the folder that it is installed to, with the backslash behind it. */
  readonly homeCharacters: number
  /** Longer paths are accepted: the user's Windows has to be told so. */
  readonly longPaths: boolean
}

/** All at once. Codes: `windows/bad-name`, `windows/same-name`, `windows/long-path`, `windows/link`. */
export const windowsTreeProblems = (entries: readonly SizedEntry[], place: WindowsPlace): readonly Problem[] => {
  const { target } = place
  const seen = new Map<string, string>()
  const problems: Problem[] = []
  for (const { type, path } of entries) {
    const where = { target, file: path }
    if (type === 'link')
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
    const folded = path.normalize('NFC').toUpperCase()
    const other = seen.get(folded)
    if (other !== undefined)
      problems.push(
        problem('windows/same-name', `${JSON.stringify(other)} and ${JSON.stringify(path)} are one file on Windows`, {
          hint: 'Rename one of the two: Windows does not tell upper case from lower.',
          where,
        }),
      )
    seen.set(folded, path)
    if (path.length + place.homeCharacters > (place.longPaths ? limitLongCharacters : limitPathCharacters))
      problems.push(tooLong(path, place))
  }
  return problems
}

/** MAX_PATH is 260 with the zero at the end. */
const limitPathCharacters = 259
// Strings of an installer have 1024 characters (NSIS_MAX_STRLEN).
const limitLongCharacters = 1000

const tooLong = (path: string, { target, homeCharacters, longPaths }: WindowsPlace): Problem =>
  problem(
    'windows/long-path',
    `${JSON.stringify(path)} has ${path.length} characters; with the folder of the app (${homeCharacters}) more than ${longPaths ? limitLongCharacters : limitPathCharacters}`,
    {
      hint: longPaths
        ? 'Shorten the path.'
        : 'Shorten it, or set longPaths: true, if users switch LongPathsEnabled on (Windows 10, 1607) and the program is aware of it.',
      where: { target, file: path },
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
