// What is wrong with an app folder for macOS, all at once: seen in `plan` where the folder lies there, and again before it is packed.
import { problem, type Problem } from '@slipway/core'
import { plistText } from '@slipway/formats/plist/value'
import type { Naming, SizedEntry } from '../packager.ts'
import { existingBundle, junkProblems, plistless } from './found.ts'
import { linkProblems } from './links.ts'
import { nestedProblems } from './nested.ts'
import type { AppOptions } from './options.ts'
import { plistIn, type Dict } from './plist.ts'

/**
 * Codes: `app/no-executable`, `app/other-version`, `app/other-id`, `app/lost-icon`, `app/no-bundle`, and those of found.ts, links.ts,
 * nested.ts and plist.ts.
 */
export const folderProblems = (naming: Naming, options: AppOptions, entries: readonly SizedEntry[]): readonly Problem[] => {
  const { target } = naming
  // A look that found nothing knows nothing.
  if (entries.length === 0) return []
  const found = existingBundle(entries)
  const bundle = found === null ? null : found.name
  return [
    ...junkProblems(entries, target),
    ...plistless(entries, target),
    ...linkProblems(entries, target),
    ...(found === null ? [] : bundleProblems(naming, options, found)),
    ...homeProblems(naming, options, { entries: found?.entries ?? entries, isBundle: found !== null }),
    ...nestedProblems(entries, { bundle, target }),
  ]
}

interface Bundle {
  readonly name: string
  readonly entries: readonly SizedEntry[]
}
const bundleProblems = (naming: Naming, options: AppOptions, { name, entries }: Bundle): readonly Problem[] => {
  const { app, target } = naming
  const file = name === '' ? 'Contents/Info.plist' : `${name}/Contents/Info.plist`
  const { plist, problems } = plistIn({ path: file, bytes: entries.find(one => one.path === 'Contents/Info.plist')?.plist }, target)
  if (plist === undefined) return problems
  const has = (path: string): boolean => entries.some(one => one.path === path && one.type !== 'folder')
  const executable = `Contents/MacOS/${plistText(plist, 'CFBundleExecutable') ?? app.bin}`
  const lacks = (code: Problem | false): readonly Problem[] => (code === false ? [] : [code])
  return [
    ...problems,
    ...lacks(
      !entries.some(one => one.path === executable && one.type === 'file') &&
        problem('app/no-executable', `the bundle has no ${JSON.stringify(executable)}, which its Info.plist names`, {
          hint: 'Build the bundle again, or correct CFBundleExecutable.',
          where: { target, file },
        }),
    ),
    ...versionProblems(naming, plist, file),
    ...lacks(otherId(naming, options, plist) && foreignId(naming, plist, file)),
    ...lacks(
      iconLost(plist, has) !== null &&
        options.icon === undefined &&
        problem('app/lost-icon', `the bundle has no icon ${JSON.stringify(iconLost(plist, has))}, which its Info.plist names`, {
          hint: 'Build the bundle with its icon, correct CFBundleIconFile, or name one: packages: { app: { icon: … } }.',
          where: { target, file },
        }),
    ),
  ]
}

const otherId = ({ app }: Naming, { plist: said }: AppOptions, plist: Dict): boolean => {
  const id = plistText(plist, 'CFBundleIdentifier')
  // Whoever says the identifier there means the change. A TODO is asked for as the question that it is.
  return id !== undefined && id !== app.id && said?.['CFBundleIdentifier'] !== app.id && app.id !== '' && !app.id.startsWith('TODO:')
}
const foreignId = ({ app, target }: Naming, plist: Dict, file: string): Problem => {
  const id = JSON.stringify(plistText(plist, 'CFBundleIdentifier'))
  const own = JSON.stringify(app.id)
  return problem('app/other-id', `the bundle says that it is ${id} (CFBundleIdentifier), and app.id is ${own}`, {
    hint: `Build the bundle with that identifier, or set app.id: ${id}. To give the bundle another one here: packages: { app: { plist: { CFBundleIdentifier: ${own} } } }.`,
    where: { target, file },
  })
}

/** A build number of its own may count as it likes; what looks like a version of a release is taken for one by updaters. */
const versionProblems = ({ app, target }: Naming, plist: Dict, file: string): readonly Problem[] => {
  const [release = ''] = app.version.split(/[-+]/)
  const isOther = (key: string, text: string | undefined): boolean =>
    text !== undefined && text !== release && text !== app.version && (key !== 'CFBundleVersion' || isVersion(text))
  return ['CFBundleShortVersionString', 'CFBundleVersion']
    .filter(key => isOther(key, plistText(plist, key)))
    .map(key =>
      problem(
        'app/other-version',
        `the bundle says that it is ${JSON.stringify(plistText(plist, key))} (${key}), and the release is ${app.version}`,
        {
          hint: `Build the bundle from this version, or correct ${key}${key === 'CFBundleVersion' ? ': the version, or a whole number that grows' : ''}.`,
          where: { target, file },
        },
      ),
    )
}
export const isVersion = (text: string): boolean => /^\d+\.\d+\.\d+$/.test(text)

/** The name of an icon that is not there; null: it is, or a catalogue has it, or none is named. */
const iconLost = (plist: Dict, has: (path: string) => boolean): string | null => {
  const name = plistText(plist, 'CFBundleIconFile') ?? ''
  const isThere = name === '' || iconPaths(name).some(has)
  return isThere || (plist['CFBundleIconName'] !== undefined && has('Contents/Resources/Assets.car')) ? null : name
}
/** The ending may be left out. */
export const iconPaths = (name: string): readonly string[] => [`Contents/Resources/${name}`, `Contents/Resources/${name}.icns`]

interface Homes {
  readonly entries: readonly SizedEntry[]
  readonly isBundle: boolean
}
/** Of a folder they are moved to their places; a bundle has to have them there. */
const homeProblems = (
  { target }: Naming,
  { helpers = [], loginItems = [] }: AppOptions,
  { entries, isBundle }: Homes,
): readonly Problem[] =>
  (
    [
      ['helpers', 'Contents/Helpers', helpers],
      ['loginItems', 'Contents/Library/LoginItems', loginItems],
    ] as const
  ).flatMap(([option, home, paths]) =>
    paths.flatMap(path => {
      const wanted = isBundle ? `${home}/${path.slice(path.lastIndexOf('/') + 1)}` : path
      if (entries.some(one => one.path.startsWith(`${wanted}/`))) return []
      return [
        problem(
          'app/no-bundle',
          `the ${isBundle ? 'bundle' : 'app folder'} holds no ${JSON.stringify(wanted)}, which packages.app.${option} names`,
          {
            hint: isBundle
              ? 'In a bundle that exists they have to stand in their place already: let its build put them there, or take the entry out.'
              : 'helpers and loginItems name bundles of the app folder.',
            where: { path: `packages.app.${option}`, target },
          },
        ),
      ]
    }),
  )
