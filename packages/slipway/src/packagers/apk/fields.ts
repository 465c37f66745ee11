// What an apk says of itself, from the app and its options, with every problem told at once (apk-package(5)).
import { fail, parseTarget, problem, SlipwayError, type Problem } from '@slipway/core'
import { type ApkFields, apkVersion, isApkDependency, isApkName, isApkProvision } from '@slipway/formats/apk/index'
import { withNeeds } from '../linux/entries.ts'
import { oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'

export interface ApkOptions {
  readonly package?: string | undefined
  readonly maintainer?: string | undefined
  readonly revision: number
  readonly depends?: readonly string[] | undefined
  readonly conflicts?: readonly string[] | undefined
  readonly provides?: readonly string[] | undefined
  readonly replaces?: readonly string[] | undefined
  readonly installIf?: readonly string[] | undefined
  readonly triggers?: readonly string[] | undefined
  readonly scripts?: { readonly trigger?: string | undefined } | undefined
}

export const packageName = ({ app }: Pick<Naming, 'app'>, options: Pick<ApkOptions, 'package'>): string =>
  options.package ?? app.bin.toLowerCase().replace(/[ _]/g, '-')

const archs: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64', armv7: 'armv7', x86: 'x86', any: 'noarch' }

const versionOf = ({ app }: Pick<Naming, 'app'>, { revision }: Pick<ApkOptions, 'revision'>): string | undefined =>
  app.version.includes('+') ? undefined : apkVersion({ version: app.version, revision })

/** Code: `apk/illegal-version`. */
export const apkVersionOf = (naming: Naming, options: ApkOptions): string => {
  const version = versionOf(naming, options)
  if (version !== undefined) return version
  throw new SlipwayError(checkApk(naming, options))
}

const maintainerOf = ({ app }: Pick<Naming, 'app'>, { maintainer }: Pick<ApkOptions, 'maintainer'>): string =>
  oneLine(maintainer ?? app.publisher)

/** Codes: `apk/illegal-name`, `apk/illegal-version`, `apk/no-maintainer`, `apk/no-license`, `apk/illegal-relation`, `apk/illegal-trigger`. */
export const checkApk = (naming: Naming, options: ApkOptions): readonly Problem[] => {
  const { app } = naming
  const problems: Problem[] = []
  const name = packageName(naming, options)
  if (!isApkName(name))
    problems.push(
      problem('apk/illegal-name', `${JSON.stringify(name)} is no name of an Alpine package (apk-package(5))`, {
        hint: 'Set packages.apk.package: letters, digits and . _ + - that begin with a letter or digit.',
        where: { path: 'packages.apk.package' },
      }),
    )
  if (versionOf(naming, options) === undefined)
    problems.push(
      problem(
        'apk/illegal-version',
        `${JSON.stringify(app.version)} cannot be the version of an apk: it would not sort as it does elsewhere (apk-package(5))`,
        {
          hint: 'Use a version such as 1.2.0, or 1.2.0-beta.2; Alpine knows the prereleases alpha, beta, pre and rc alone.',
          where: { path: 'app.version' },
        },
      ),
    )
  if (maintainerOf(naming, options) === '')
    problems.push(
      problem('apk/no-maintainer', 'an apk names who packed it (APKBUILD(5)), and neither packages.apk.maintainer nor app.publisher does', {
        hint: "Set app.publisher, as 'Flet <hello@example.org>'.",
        where: { path: 'packages.apk.maintainer' },
      }),
    )
  if (oneLine(app.license) === '')
    problems.push(
      problem('apk/no-license', 'an apk names its license (APKBUILD(5)), and app.license is empty', {
        hint: "Set app.license to an SPDX expression, as 'MIT'.",
        where: { path: 'app.license' },
      }),
    )
  return [...problems, ...badRelations(options), ...badTriggers(options)]
}

const badRelations = (options: ApkOptions): readonly Problem[] =>
  (['depends', 'conflicts', 'provides', 'replaces', 'installIf'] as const).flatMap(id =>
    (options[id] ?? [])
      .filter(one => !(id === 'provides' ? isApkProvision(one) : isApkDependency(one)) || (id === 'conflicts' && one.startsWith('!')))
      .map(one =>
        problem('apk/illegal-relation', `${JSON.stringify(one)} is no relation between Alpine packages (apk-world(5))`, {
          hint: "Write it as 'mpv-libs', 'mpv-libs>=0.35' or 'so:libmpv.so.2'; what is provided has '=' alone.",
          where: { path: `packages.apk.${id}` },
        }),
      ),
  )

const badTriggers = ({ triggers = [], scripts }: ApkOptions): readonly Problem[] => {
  const isWhole = (scripts?.trigger === undefined) === (triggers.length === 0)
  if (isWhole && triggers.every(one => /^\/\S*$/.test(one))) return []
  return [
    problem(
      'apk/illegal-trigger',
      'a trigger of an apk is a script and the absolute paths of the folders that it waits for, without spaces',
      {
        hint: "Set both packages.apk.scripts.trigger and packages.apk.triggers, as ['/usr/share/icons/*'].",
        where: { path: 'packages.apk.triggers' },
      },
    ),
  ]
}

/** Of a checked subject. */
export const apkFields = (
  naming: Naming,
  options: ApkOptions,
  { date, needs }: { readonly date: number; readonly needs: readonly string[] },
): ApkFields => {
  const { app, target } = naming
  const name = packageName(naming, options)
  const maintainer = maintainerOf(naming, options)
  return {
    name,
    version: versionOf(naming, options) ?? '',
    description: oneLine(app.summary) || oneLine(app.name),
    url: oneLine(app.homepage),
    packager: maintainer,
    maintainer,
    arch: archOf(target),
    license: oneLine(app.license),
    date,
    depends: [...withNeeds(options.depends ?? [], needs), ...(options.conflicts ?? []).map(one => `!${one}`)],
    provides: options.provides ?? [],
    replaces: options.replaces ?? [],
    installIf: options.installIf ?? [],
    triggers: options.triggers ?? [],
  }
}

const archOf = (target: string): string =>
  archs[parseTarget(target)?.arch ?? ''] ??
  fail('apk/no-architecture', `Alpine has no word for the target ${target}`, { hint: 'Narrow packages.apk.targets.', where: { target } })
