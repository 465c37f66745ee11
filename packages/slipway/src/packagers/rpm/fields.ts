// What an rpm says of itself, from the app and its options, with every problem told at once (rpm's spec(5) and dependencies manual).
import { clientVersion, problem, SlipwayError, spell, type Problem } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { parseRelation, type RpmChange, type RpmJob, type RpmRelation, type RpmRelationKind } from '@slipway/formats/rpm/index'
import { type Compression, hasLevel, levelHint } from '../linux/compression.ts'
import { defaultDescription } from '../linux/layout.ts'
import type { Libraries } from '../linux/needs.ts'
import { noteLines, oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'

export interface RpmOptions {
  readonly package?: string | undefined
  readonly release: string
  readonly epoch?: number | undefined
  readonly group?: string | undefined
  readonly vendor?: string | undefined
  readonly packager?: string | undefined
  readonly description?: string | undefined
  readonly depends?: readonly string[] | undefined
  readonly recommends?: readonly string[] | undefined
  readonly suggests?: readonly string[] | undefined
  readonly enhances?: readonly string[] | undefined
  readonly supplements?: readonly string[] | undefined
  readonly provides?: readonly string[] | undefined
  readonly conflicts?: readonly string[] | undefined
  readonly obsoletes?: readonly string[] | undefined
  readonly libraries?: false | Libraries | undefined
  readonly triggers?: readonly { readonly on: readonly string[] }[] | undefined
  readonly compression: Compression
  readonly level?: number | undefined
}

/** Option -> what rpm calls it. */
const relations = {
  depends: 'requires',
  recommends: 'recommends',
  suggests: 'suggests',
  enhances: 'enhances',
  supplements: 'supplements',
  provides: 'provides',
  conflicts: 'conflicts',
  obsoletes: 'obsoletes',
} as const
const relationIds = Object.keys(relations) as (keyof typeof relations)[]

export const packageName = ({ app }: Pick<Naming, 'app'>, options: Pick<RpmOptions, 'package'>): string =>
  options.package ?? app.bin.toLowerCase().replace(/[ _]/g, '-')

/** Code: `rpm/illegal-version`. */
export const nevraOf = (naming: Naming, options: RpmOptions): Pick<RpmJob, 'name' | 'version' | 'release' | 'arch' | 'epoch'> => {
  const version = clientVersion('rpm', naming.app.version, { revision: options.release })
  if ('refused' in version) throw new SlipwayError([illegalVersion(naming.app.version, version.refused)])
  // A release has no dash, so the last one begins it.
  const [, text = '', release = ''] = /^(.*)-([^-]*)$/.exec(version.text) ?? []
  const epoch = options.epoch === undefined ? {} : { epoch: options.epoch }
  return { name: packageName(naming, options), ...epoch, version: text, release, arch: spell(naming.target, 'rpm') }
}

const illegalVersion = (version: string, reason: string): Problem =>
  problem(
    'rpm/illegal-version',
    `${JSON.stringify(version)} cannot be the version of an rpm (rpm's manual, Spec file format, Preamble tags): ${reason}`,
    {
      hint: "Use a version such as 1.2.0 or 1.2.0-beta.2, and a packages.rpm.release such as '1'.",
      where: { path: 'app.version' },
    },
  )

/**
 * Problems that are known before anything is built. Codes: `rpm/illegal-name`, `rpm/illegal-version`, `rpm/no-license`,
 * `rpm/illegal-relation`, `rpm/illegal-level`.
 */
export const checkRpm = (naming: Naming, options: RpmOptions): readonly Problem[] => {
  const { app } = naming
  const problems: Problem[] = []
  const name = packageName(naming, options)
  if (!/^[A-Za-z0-9_][A-Za-z0-9._+-]*$/.test(name))
    problems.push(
      problem('rpm/illegal-name', `${JSON.stringify(name)} is no name of an rpm package (rpm's manual, Spec file format, Preamble tags)`, {
        hint: 'Set packages.rpm.package: letters, digits and . _ + - that begin with a letter, a digit or _.',
        where: { path: 'packages.rpm.package' },
      }),
    )
  const version = clientVersion('rpm', app.version, { revision: options.release })
  if ('refused' in version) problems.push(illegalVersion(app.version, version.refused))
  if (oneLine(app.license) === '')
    problems.push(
      problem('rpm/no-license', "an rpm names its license (rpm's manual, Spec file format, Preamble tags), and app.license is empty", {
        hint: "Set app.license to an SPDX expression, as 'MIT'.",
        where: { path: 'app.license' },
      }),
    )
  return [...problems, ...illegalRelations(options), ...illegalLevel(options)]
}

const illegalRelations = (options: RpmOptions): readonly Problem[] => [
  ...relationIds.flatMap(id => (options[id] ?? []).flatMap(one => illegalRelation(one, `packages.rpm.${id}`))),
  ...Object.entries(options.libraries || {}).flatMap(([soname, one]) =>
    typeof one === 'string' ? illegalRelation(one, `packages.rpm.libraries.${soname}`) : [],
  ),
  ...(options.triggers ?? []).flatMap(({ on }, index) => on.flatMap(one => illegalRelation(one, `packages.rpm.triggers.${index}.on`))),
]

const plainOnly = /^packages\.rpm\.(provides|obsoletes|triggers)/

const illegalRelation = (text: string, path: string): readonly Problem[] => {
  const fault = plainOnly.test(path) && text.startsWith('(') ? 'rich dependencies say what is needed, not this' : faultOf(text)
  if (fault === null) return []
  return [
    // explain: A relation of an rpm package (depends, conflicts, a trigger and so on) is not written as rpm reads it.
    problem('rpm/illegal-relation', `${JSON.stringify(text)} is no relation between rpm packages (rpm's manual, Dependencies): ${fault}`, {
      hint: "Write it as 'mpv-libs', 'mpv-libs >= 0.35' or '(mpv-libs or vlc-core)'.",
      where: { path },
    }),
  ]
}

const faultOf = (text: string): string | null => {
  try {
    parseRelation(text)
    return null
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return error.message.replace(/^.* rpm reads: /, '')
  }
}

const illegalLevel = (options: RpmOptions): readonly Problem[] =>
  hasLevel(options)
    ? []
    : [
        problem('rpm/illegal-level', `${options.level ?? ''} is no level of ${options.compression}`, {
          hint: levelHint,
          where: { path: 'packages.rpm.level' },
        }),
      ]

type Described = Pick<RpmJob, 'summary' | 'description' | 'license' | 'group' | 'url' | 'vendor' | 'packager' | 'relations' | 'changelog'>

/** Of a checked subject; untrusted text on one line, and no field that is empty. */
export const descriptionOf = (
  naming: Naming,
  options: RpmOptions,
  { date, needs }: { readonly date: number; readonly needs: readonly string[] },
): Described => {
  const { app } = naming
  const packager = oneLine(options.packager ?? app.publisher)
  const vendor = oneLine(options.vendor ?? app.publisher.replace(/ *<[^>]*>/, ''))
  const url = oneLine(app.homepage)
  return {
    summary: oneLine(app.summary).replace(/\.+$/, '') || oneLine(app.name),
    description: (options.description ?? defaultDescription(app)).trim().split(/\r?\n/).map(oneLine).join('\n'),
    license: oneLine(app.license),
    ...(options.group === undefined ? {} : { group: oneLine(options.group) }),
    ...(url === '' ? {} : { url }),
    ...(vendor === '' ? {} : { vendor }),
    ...(packager === '' ? {} : { packager }),
    relations: relationsOf(options, needs),
    changelog: [changeOf(nevraOf(naming, options), { date, author: packager || oneLine(app.name), notes: app.notes })],
  }
}

const relationsOf = (options: RpmOptions, needs: readonly string[]): Partial<Record<RpmRelationKind, readonly RpmRelation[]>> =>
  Object.fromEntries(
    relationIds.map(id => {
      const texts = [...(options[id] ?? []), ...(id === 'depends' ? needs : [])]
      return [relations[id], texts.map(text => parseRelation(text))]
    }),
  )

/** Days of rpm's changelog begin at noon UTC, so that they are the same in nearly every time zone. */
const changeOf = (
  { version, release }: Pick<RpmJob, 'version' | 'release'>,
  { date, author, notes }: { readonly date: number; readonly author: string; readonly notes: string },
): RpmChange => {
  const lines = noteLines(notes)
  const text = (lines.length === 0 ? [`Release ${version}`] : lines).map(line => `- ${line}`).join('\n')
  return { time: date - (date % 86_400) + 43_200, author: `${author} - ${version}-${release}`, text }
}
