// Bundles inside of a bundle: helpers, services, extensions and frameworks, whose Info.plist names the program that macOS starts or loads.
import { problem, type Problem, type Target } from '@slipway/core'
import { plistText } from '@slipway/formats/plist/value'
import type { SizedEntry } from '../packager.ts'
import { plistIn } from './plist.ts'

const programs = /^(?<home>.*\.(?:app|xpc|appex))\/Contents\/Info\.plist$/
const frameworks = /^(?<home>.*\.framework(?:\/Versions\/(?!Current\/)[^/]+)?)\/Resources\/Info\.plist$/

/** All at once. `bundle`: path of the bundle itself, which is checked elsewhere. Codes: `app/nested-executable`, `app/bad-plist`. */
export const nestedProblems = (
  entries: readonly SizedEntry[],
  { bundle, target }: { readonly bundle: string | null; readonly target: Target },
) => {
  const known = new Map(entries.map(one => [one.path, one]))
  return entries.flatMap((entry): readonly Problem[] => {
    const program = programs.exec(entry.path)?.groups?.['home']
    const home = program ?? frameworks.exec(entry.path)?.groups?.['home']
    if (home === undefined || home === bundle || entry.type !== 'file') return []
    const { plist, problems } = plistIn({ path: entry.path, bytes: entry.plist }, target)
    if (plist === undefined) return problems
    const name = plistText(plist, 'CFBundleExecutable')
    // A framework may hold nothing but resources.
    if (name === undefined && program === undefined) return problems
    const wrong =
      name === undefined
        ? 'names no program (CFBundleExecutable)'
        : wrongOf(program === undefined ? `${home}/${name}` : `${home}/Contents/MacOS/${name}`, program !== undefined, known)
    return wrong === null ? problems : [...problems, lacking(home, wrong, target)]
  })
}

const wrongOf = (path: string, isStarted: boolean, known: ReadonlyMap<string, SizedEntry>): string | null => {
  const found = known.get(path)
  const name = JSON.stringify(path)
  if (found === undefined || found.type === 'folder') return `names the program ${name}, which is not there`
  // A framework is loaded, whatever its mode.
  if (!isStarted || found.type === 'link' || found.mode === undefined || (found.mode & 0o111) !== 0) return null
  return `names the program ${name}, which nobody may start: its mode is ${(found.mode & 0o777).toString(8).padStart(4, '0')}`
}

const lacking = (home: string, wrong: string, target: Target): Problem =>
  problem('app/nested-executable', `Info.plist of the nested bundle ${JSON.stringify(home)} ${wrong}`, {
    hint: 'Build or copy the nested bundle again with its program and its modes (ditto, tar), or take it out.',
    where: { target, file: home },
  })
