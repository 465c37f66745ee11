// What an Arch package says of itself, from the app and its options, with every problem told at once (PKGBUILD(5)).
import { fail, parseTarget, problem, SlipwayError, type Problem } from '@slipway/core'
import { isPacmanName, isPacmanProvision, isPacmanRelation, type PacmanFields, pacmanVersion } from '@slipway/formats/pacman/index'
import { type Compression, hasLevel, levelHint } from '../linux/compression.ts'
import { withNeeds } from '../linux/entries.ts'
import type { Installed } from '../linux/installed.ts'
import { oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'

export interface PacmanOptions {
  readonly package?: string | undefined
  readonly maintainer?: string | undefined
  readonly release: number
  readonly epoch?: number | undefined
  readonly depends?: readonly string[] | undefined
  readonly optionalDepends?: readonly string[] | undefined
  readonly conflicts?: readonly string[] | undefined
  readonly provides?: readonly string[] | undefined
  readonly replaces?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly compression: Compression
  readonly level?: number | undefined
}

export const packageName = ({ app }: Pick<Naming, 'app'>, options: Pick<PacmanOptions, 'package'>): string =>
  options.package ?? app.bin.toLowerCase().replace(/[ _]/g, '-')

const archs: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7h', x86: 'i686', any: 'any' }

const versionOf = ({ app }: Pick<Naming, 'app'>, { release, epoch = 0 }: Pick<PacmanOptions, 'release' | 'epoch'>): string | undefined =>
  app.version.includes('+') ? undefined : pacmanVersion({ version: app.version, release, epoch })

/** Code: `pacman/illegal-version`. */
export const pacmanVersionOf = (naming: Naming, options: PacmanOptions): string => {
  const version = versionOf(naming, options)
  if (version !== undefined) return version
  throw new SlipwayError(checkPacman(naming, options))
}

const maintainerOf = ({ app }: Pick<Naming, 'app'>, { maintainer }: Pick<PacmanOptions, 'maintainer'>): string =>
  oneLine(maintainer ?? app.publisher)

/** Codes: `pacman/illegal-name`, `pacman/illegal-version`, `pacman/no-maintainer`, `pacman/illegal-relation`, `pacman/bad-level`. */
export const checkPacman = (naming: Naming, options: PacmanOptions): readonly Problem[] => {
  const { app } = naming
  const problems: Problem[] = []
  for (const [name, path] of [
    [packageName(naming, options), 'package'],
    ...(options.groups ?? []).map(one => [one, 'groups'] as const),
  ] as const)
    if (!isPacmanName(name))
      problems.push(
        problem('pacman/illegal-name', `${JSON.stringify(name)} is no name of an Arch package or group (PKGBUILD(5))`, {
          hint: `Set packages.pacman.${path}: letters, digits and @ . _ + - that begin with neither hyphen nor dot.`,
          where: { path: `packages.pacman.${path}` },
        }),
      )
  if (versionOf(naming, options) === undefined)
    problems.push(
      problem(
        'pacman/illegal-version',
        `${JSON.stringify(app.version)} cannot be the version of an Arch package: it would not sort as it does elsewhere (vercmp(8))`,
        {
          hint: 'Use a version such as 1.2.0, or 1.2.0-beta.2: a word, and numbers behind it.',
          where: { path: 'app.version' },
        },
      ),
    )
  if (maintainerOf(naming, options) === '')
    problems.push(
      problem(
        'pacman/no-maintainer',
        'an Arch package names who packed it (makepkg.conf(5)), and neither packages.pacman.maintainer nor app.publisher does',
        {
          hint: "Set app.publisher, as 'Flet <hello@example.org>'.",
          where: { path: 'packages.pacman.maintainer' },
        },
      ),
    )
  return [...problems, ...badRelations(options), ...badLevel(options)]
}

const badRelations = (options: PacmanOptions): readonly Problem[] =>
  (['depends', 'optionalDepends', 'conflicts', 'provides', 'replaces'] as const).flatMap(id =>
    (options[id] ?? [])
      .filter(
        one =>
          !(id === 'provides' ? isPacmanProvision(one) : isPacmanRelation(id === 'optionalDepends' ? (one.split(': ', 1)[0] ?? '') : one)),
      )
      .map(one =>
        problem('pacman/illegal-relation', `${JSON.stringify(one)} is no relation between Arch packages (PKGBUILD(5))`, {
          hint: "Write it as 'mpv' or 'mpv>=0.35'; what is provided has '=' alone, and 'vim: to edit' says what is optional.",
          where: { path: `packages.pacman.${id}` },
        }),
      ),
  )

const badLevel = (options: PacmanOptions): readonly Problem[] =>
  hasLevel(options)
    ? []
    : [
        problem('pacman/bad-level', `${options.level ?? ''} is no level of ${options.compression}`, {
          hint: levelHint,
          where: { path: 'packages.pacman.level' },
        }),
      ]

/** Of a checked subject. */
export const pacmanFields = (
  naming: Naming,
  options: PacmanOptions,
  { date, needs, entries }: { readonly date: number; readonly needs: readonly string[]; readonly entries: readonly Installed[] },
): PacmanFields => {
  const { app, target } = naming
  const license = oneLine(app.license)
  return {
    name: packageName(naming, options),
    version: versionOf(naming, options) ?? '',
    description: oneLine(app.summary) || oneLine(app.name),
    url: oneLine(app.homepage),
    packager: maintainerOf(naming, options),
    arch: archOf(target),
    date,
    licenses: license === '' ? [] : [license],
    groups: options.groups ?? [],
    depends: withNeeds(options.depends ?? [], needs),
    optionalDepends: (options.optionalDepends ?? []).map(oneLine),
    conflicts: options.conflicts ?? [],
    provides: options.provides ?? [],
    replaces: options.replaces ?? [],
    backup: entries.flatMap(one => (one.type === 'file' && one.flag === 'config' ? [one.path] : [])),
  }
}

const archOf = (target: string): string =>
  archs[parseTarget(target)?.arch ?? ''] ??
  fail('pacman/no-architecture', `Arch has no word for the target ${target}`, {
    hint: 'Narrow packages.pacman.targets.',
    where: { target },
  })
