// The control archive of a deb: control fields, md5sums, conffiles, maintainer scripts (Debian Policy 5, 6 and appendix D; deb-control(5)).
import { SlipwayError, clientVersion, problem, spell, type Problem } from '@slipway/core'
import { defaultDescription } from '../linux/layout.ts'
import { oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'
import { badRelations, badTriggers } from './relations.ts'

export interface DebOptions {
  readonly package?: string | undefined
  readonly maintainer?: string | undefined
  readonly description?: string | undefined
  readonly section: string
  readonly priority: string
  readonly revision: string
  readonly epoch?: number | undefined
  readonly preDepends?: readonly string[] | undefined
  readonly depends?: readonly string[] | undefined
  readonly recommends?: readonly string[] | undefined
  readonly suggests?: readonly string[] | undefined
  readonly enhances?: readonly string[] | undefined
  readonly conflicts?: readonly string[] | undefined
  readonly breaks?: readonly string[] | undefined
  readonly provides?: readonly string[] | undefined
  readonly replaces?: readonly string[] | undefined
  readonly builtUsing?: readonly string[] | undefined
  readonly triggers?: { readonly interest?: readonly string[] | undefined; readonly activate?: readonly string[] | undefined } | undefined
}

/** The first three stand in the file name too. */
export type ControlFields = Readonly<Record<string, string>> & {
  readonly Package: string
  readonly Version: string
  readonly Architecture: string
}

const relations = {
  builtUsing: 'Built-Using',
  preDepends: 'Pre-Depends',
  depends: 'Depends',
  recommends: 'Recommends',
  suggests: 'Suggests',
  enhances: 'Enhances',
  conflicts: 'Conflicts',
  breaks: 'Breaks',
  provides: 'Provides',
  replaces: 'Replaces',
} as const
const relationIds = Object.keys(relations) as (keyof typeof relations)[]

export const packageName = ({ app }: Pick<Naming, 'app'>, options: Pick<DebOptions, 'package'>): string =>
  options.package ?? app.bin.toLowerCase().replace(/[ _]/g, '-')

/** `0.28.3-1`, or `1:0.28.3-1`: the revision tells packagings of one version apart. Code: `deb/bad-version`. */
export const debVersion = ({ app }: Pick<Naming, 'app'>, { revision, epoch = 0 }: Pick<DebOptions, 'revision' | 'epoch'>): string => {
  const version = clientVersion('deb', app.version, { revision })
  if ('text' in version) return epoch === 0 ? version.text : `${epoch}:${version.text}`
  throw new SlipwayError([badVersion(app.version, version.refused)])
}

const badVersion = (version: string, reason: string): Problem =>
  problem('deb/bad-version', `${JSON.stringify(version)} cannot be the version of a deb (Debian Policy 5.6.12): ${reason}`, {
    hint: "Use a version such as 1.2.0 or 1.2.0-beta.2, and a packages.deb.revision such as '1'.",
    where: { path: 'app.version' },
  })

export const maintainerOf = ({ app }: Pick<Naming, 'app'>, { maintainer }: Pick<DebOptions, 'maintainer'>): string =>
  oneLine(maintainer ?? app.publisher)

/** Problems that are known before anything is built. Codes: `deb/no-maintainer`, `deb/bad-name`, `deb/bad-version`, those of relations.ts. */
export const checkControl = (naming: Naming, options: DebOptions): readonly Problem[] => {
  const problems: Problem[] = []
  const name = packageName(naming, options)
  if (!/^[^<>]*[^<>\s][^<>]* <[^<>\s@]+@[^<>\s@]+>$/.test(maintainerOf(naming, options)))
    problems.push(
      problem(
        'deb/no-maintainer',
        'a deb names its maintainer as `Name <mail>` (Debian Policy 5.6.2), and neither packages.deb.maintainer nor app.publisher does',
        {
          hint: "Set packages.deb.maintainer, or app.publisher, to a name and a mail address: 'Flet <hello@example.org>'.",
          where: { path: 'packages.deb.maintainer' },
        },
      ),
    )
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
    problems.push(
      problem('deb/bad-name', `${JSON.stringify(name)} is no name of a Debian package (Debian Policy 5.6.1)`, {
        hint: 'Set packages.deb.package: two or more of a-z 0-9 + - . that begin with a letter or digit.',
        where: { path: 'packages.deb.package' },
      }),
    )
  const version = clientVersion('deb', naming.app.version, { revision: options.revision })
  if ('refused' in version) problems.push(badVersion(naming.app.version, version.refused))
  return [...problems, ...relationIds.flatMap(id => badRelations(id, options[id] ?? [])), ...badTriggers(options.triggers ?? {})]
}

/** The fields in the order that dpkg-deb writes them. */
export const controlFields = (
  naming: Naming,
  options: DebOptions,
  { installedKib, needs }: { readonly installedKib: number; readonly needs: readonly string[] },
): ControlFields => {
  const { app, target } = naming
  const fields: Record<string, string> & ControlFields = {
    Package: packageName(naming, options),
    Version: debVersion(naming, options),
    Architecture: spell(target, 'deb'),
    Maintainer: maintainerOf(naming, options),
    'Installed-Size': String(installedKib),
  }
  for (const id of relationIds) {
    const list = id === 'depends' ? withNeeds(options.depends ?? [], needs) : (options[id] ?? [])
    if (list.length > 0) fields[relations[id]] = list.map(oneLine).join(', ')
  }
  fields['Section'] = oneLine(options.section)
  fields['Priority'] = oneLine(options.priority)
  if (app.homepage !== '') fields['Homepage'] = oneLine(app.homepage)
  const synopsis = oneLine(app.summary) || oneLine(app.name)
  fields['Description'] = [synopsis, ...folded(options.description ?? defaultDescription(app))].join('\n')
  return fields
}

export const controlText = (fields: ControlFields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

/** What the config says of a package stands before what was computed. */
const withNeeds = (said: readonly string[], needs: readonly string[]): readonly string[] => {
  const names = (relation: string): readonly string[] => relation.split('|').map(one => one.trim().split(/[ :(]/)[0] ?? '')
  const known = new Set(said.flatMap(names))
  return [...said, ...needs.filter(relation => !names(relation).some(name => known.has(name)))]
}

/** Continuation lines (deb822): each begins with a space, an empty one is a dot. */
const folded = (text: string): readonly string[] =>
  text
    .trim()
    .split(/\r?\n/)
    .map(line => (oneLine(line) === '' ? ' .' : ` ${oneLine(line)}`))
