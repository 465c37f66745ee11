// The control archive of a deb: control fields, md5sums, conffiles, maintainer scripts (Debian Policy 5, 6 and appendix D; deb-control(5)).
import { SlipwayError, clientVersion, problem, spell, type Problem } from '@slipway/core'
import type { Naming } from '../packager.ts'

export interface DebOptions {
  readonly package?: string | undefined
  readonly maintainer?: string | undefined
  readonly description?: string | undefined
  readonly section: string
  readonly priority: string
  readonly revision: string
  readonly depends?: readonly string[] | undefined
  readonly recommends?: readonly string[] | undefined
  readonly suggests?: readonly string[] | undefined
  readonly conflicts?: readonly string[] | undefined
  readonly provides?: readonly string[] | undefined
  readonly replaces?: readonly string[] | undefined
}

/** The first three stand in the file name too. */
export type ControlFields = Readonly<Record<string, string>> & {
  readonly Package: string
  readonly Version: string
  readonly Architecture: string
}

const relations = {
  depends: 'Depends',
  recommends: 'Recommends',
  suggests: 'Suggests',
  conflicts: 'Conflicts',
  provides: 'Provides',
  replaces: 'Replaces',
} as const
const relationIds = Object.keys(relations) as (keyof typeof relations)[]

export const packageName = ({ app }: Pick<Naming, 'app'>, options: Pick<DebOptions, 'package'>): string =>
  options.package ?? app.bin.toLowerCase().replace(/[ _]/g, '-')

/** `0.28.3-1`: the revision tells packagings of one version apart. Code: `deb/bad-version`. */
export const debVersion = ({ app }: Pick<Naming, 'app'>, { revision }: Pick<DebOptions, 'revision'>): string => {
  const version = clientVersion('deb', app.version, { revision })
  if ('text' in version) return version.text
  throw new SlipwayError([badVersion(app.version, version.refused)])
}

const badVersion = (version: string, reason: string): Problem =>
  problem('deb/bad-version', `${JSON.stringify(version)} cannot be the version of a deb: ${reason}`, {
    hint: "Use a version such as 1.2.0 or 1.2.0-beta.2, and a packages.deb.revision such as '1'.",
    where: { path: 'app.version' },
  })

export const maintainerOf = ({ app }: Pick<Naming, 'app'>, { maintainer }: Pick<DebOptions, 'maintainer'>): string =>
  oneLine(maintainer ?? app.publisher)

/** Problems that are known before anything is built. Codes: `deb/no-maintainer`, `deb/bad-name`, `deb/bad-relation`, `deb/bad-version`. */
export const checkControl = (naming: Naming, options: DebOptions): readonly Problem[] => {
  const problems: Problem[] = []
  const name = packageName(naming, options)
  if (!/^[^<>]*[^<>\s][^<>]* <[^<>\s@]+@[^<>\s@]+>$/.test(maintainerOf(naming, options)))
    problems.push(
      problem(
        'deb/no-maintainer',
        'a deb names its maintainer as `Name <mail>`, and neither packages.deb.maintainer nor app.publisher does',
        {
          hint: "Set packages.deb.maintainer, or app.publisher, to a name and a mail address: 'Flet <hello@example.org>'.",
          where: { path: 'packages.deb.maintainer' },
        },
      ),
    )
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name))
    problems.push(
      problem('deb/bad-name', `${JSON.stringify(name)} is no name of a Debian package`, {
        hint: 'Set packages.deb.package: two or more of a-z 0-9 + - . that begin with a letter or digit.',
        where: { path: 'packages.deb.package' },
      }),
    )
  const version = clientVersion('deb', naming.app.version, { revision: options.revision })
  if ('refused' in version) problems.push(badVersion(naming.app.version, version.refused))
  return [...problems, ...relationIds.flatMap(id => badRelations(id, options[id] ?? []))]
}

const badRelations = (id: string, relations: readonly string[]): readonly Problem[] =>
  relations
    .filter(relation => !relation.split('|').every(one => relationPattern.test(one.trim())))
    .map(relation =>
      problem('deb/bad-relation', `${JSON.stringify(relation)} is no relation between packages`, {
        hint: "Write it as 'libmpv1 | libmpv2 (>= 0.35)'.",
        where: { path: `packages.deb.${id}` },
      }),
    )

const relationPattern = /^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?( \((<<|<=|=|>=|>>) [A-Za-z0-9.+~:-]+\))?$/

/** The fields in the order that dpkg-deb writes them. */
export const controlFields = (naming: Naming, options: DebOptions, installedKib: number): ControlFields => {
  const { app, target } = naming
  const fields: Record<string, string> & ControlFields = {
    Package: packageName(naming, options),
    Version: debVersion(naming, options),
    Architecture: spell(target, 'deb'),
    Maintainer: maintainerOf(naming, options),
    'Installed-Size': String(installedKib),
  }
  for (const id of relationIds) {
    const list = options[id] ?? []
    if (list.length > 0) fields[relations[id]] = list.map(oneLine).join(', ')
  }
  fields['Section'] = oneLine(options.section)
  fields['Priority'] = oneLine(options.priority)
  if (app.homepage !== '') fields['Homepage'] = oneLine(app.homepage)
  const synopsis = oneLine(app.summary) || oneLine(app.name)
  fields['Description'] = [synopsis, ...folded(options.description ?? defaultDescription(naming))].join('\n')
  return fields
}

export const controlText = (fields: ControlFields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

/** Control characters and line ends would start another field. */
export const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f]+/g, ' ').trim()

/** Continuation lines (deb822): each begins with a space, an empty one is a dot. */
const folded = (text: string): readonly string[] =>
  text
    .trim()
    .split(/\r?\n/)
    .map(line => (oneLine(line) === '' ? ' .' : ` ${oneLine(line)}`))

const defaultDescription = ({ app }: Naming): string => {
  const by = oneLine(app.publisher).replace(/ *<[^>]*>/, '')
  return `This package holds ${oneLine(app.name)}${by === '' ? '' : ` as released by ${by}`}.\nIt was packaged from the files of that release, without changing them.`
}
