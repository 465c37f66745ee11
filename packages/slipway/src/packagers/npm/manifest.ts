// package.json of npm's platform packages: names, systems, what npm forbids (docs.npmjs.com, package.json; validate-npm-package-name).
import {
  candidatesFor,
  clientVersion,
  matchesTarget,
  parseTarget,
  problem,
  spell,
  targets,
  type App,
  type Json,
  type Problem,
  type Target,
} from '@slipway/core'
import { oneLine } from '../linux/text.ts'
import type { Naming } from '../packager.ts'
import { nameFault } from './name.ts'

export interface NpmOptions {
  readonly name?: string | undefined
  readonly scope?: string | undefined
  readonly repository?: string | undefined
  readonly access: 'public' | 'restricted'
  readonly targets?: readonly string[] | undefined
}
export type Libc = 'glibc' | 'musl'
export type Manifest = Readonly<Record<string, Json>>

/** Name of the package that users install, as `tool` or `@acme/tool`. */
export const mainName = (app: App, { name }: NpmOptions): string => name ?? app.bin.toLowerCase().replaceAll(' ', '-')

/** `@acme/tool-linux-x64`: named as Node names systems. Throws `target/no-spelling`. */
export const platformName = ({ app, target }: Naming, options: NpmOptions): string => {
  const [, scope, name = ''] = /^(?:(@[^/]*)\/)?(.*)$/s.exec(mainName(app, options)) ?? []
  const chosen = options.scope === undefined ? scope : `@${options.scope.replace(/^@/, '')}`
  const word = parseTarget(target)?.arch === 'universal' ? 'darwin-universal' : spell(target, 'npm')
  return `${chosen === undefined ? '' : `${chosen}/`}${name}-${word}`
}

/** What npm calls the system of a target; undefined where it has no word. */
export const npmOs = (target: Target): string | undefined =>
  ({ linux: 'linux', macos: 'darwin', windows: 'win32' })[parseTarget(target)?.os as string]

/** The processors that get this package: its own, and those of targets that have no package and can run it (as Windows on ARM runs x64). */
export const cpusOf = (naming: Naming, options: NpmOptions): readonly string[] => {
  const own = packedTargets(naming, options)
  const os = parseTarget(naming.target)?.os
  return targets
    .filter(one => one !== 'any' && parseTarget(one)?.os === os && parseTarget(one)?.libc === parseTarget(naming.target)?.libc)
    .filter(
      one => parseTarget(one)?.arch !== 'universal' && candidatesFor(one).find(candidate => own.includes(candidate)) === naming.target,
    )
    .map(one => spell(one, 'npm').replace(/^[a-z0-9]+-|-musl$/g, ''))
    .toSorted()
}

/** Whether the same processor has a package for the other C library too. */
export const hasOtherLibc = (naming: Naming, options: NpmOptions): boolean => {
  const { target } = naming
  return packedTargets(naming, options).includes(target.endsWith('-musl') ? target.slice(0, -'-musl'.length) : `${target}-musl`)
}

const packedTargets = ({ target, targets: all = [target] }: Naming, { targets: only }: NpmOptions): readonly Target[] =>
  all.filter(one => only === undefined || only.some(pattern => matchesTarget(pattern, one)))

/** The fields that main and platform packages share, in npm's usual order. */
export const commonFields = (
  app: App,
  options: NpmOptions,
  { name, description }: { readonly name: string; readonly description: string },
) => {
  const repository = options.repository ?? forgeOf(app.homepage)
  return {
    name,
    version: app.version,
    description: oneLine(description),
    ...(/^https?:\/\//.test(app.homepage) ? { homepage: app.homepage } : {}),
    ...(repository === undefined ? {} : { repository: { type: 'git', url: repository } }),
    license: app.license,
    ...(app.publisher === '' ? {} : { author: oneLine(app.publisher) }),
  } satisfies Manifest
}

/** A home page on a forge is the repository. */
const forgeOf = (homepage: string): string | undefined =>
  /^https:\/\/(?:github\.com|gitlab\.com|codeberg\.org)\/[\w.-]+\/[\w.-]+?\/?$/.test(homepage)
    ? `git+${homepage.replace(/\/$/, '')}.git`
    : undefined

/** Of one platform. No scripts, no `bin`: the main package has it. */
export const platformManifest = (naming: Naming, options: NpmOptions, libc: Libc | null): Manifest => ({
  ...commonFields(naming.app, options, {
    name: platformName(naming, options),
    description: `${naming.app.summary || naming.app.name} (${naming.target})`,
  }),
  os: [npmOs(naming.target) ?? ''],
  cpu: cpusOf(naming, options),
  ...(libc === null ? {} : { libc: [libc] }),
  // Yarn's Plug'n'Play would keep the program inside of a zip.
  preferUnplugged: true,
  publishConfig: { access: options.access },
})

/**
 * All that npm would refuse or nobody could install. Codes: `npm/illegal-name`, `npm/illegal-version`, `npm/illegal-target`,
 * `npm/needless-target`, `npm/no-license`, `npm/illegal-repository`.
 */
export const checkNpm = (naming: Naming, options: NpmOptions): readonly Problem[] => [
  ...nameProblems(naming, options),
  ...versionProblems(naming),
  ...targetProblems(naming, options),
  ...(naming.app.license === ''
    ? [
        problem('npm/no-license', 'no license is known, and npm asks for one', {
          hint: "Set app.license to an SPDX expression such as 'MIT'; 'UNLICENSED' grants nobody anything.",
          where: { path: 'app.license' },
        }),
      ]
    : []),
  ...(options.repository === undefined || /^(git\+)?(https|ssh|git):\/\/[\x21-\x7e]+$/.test(options.repository)
    ? []
    : [
        problem('npm/illegal-repository', `${JSON.stringify(options.repository)} is no address of a repository`, {
          hint: "Write it as 'git+https://github.com/acme/tool.git'.",
          where: { path: 'packages.npm.repository' },
        }),
      ]),
]

const nameProblems = (naming: Naming, options: NpmOptions): readonly Problem[] => {
  const main = mainName(naming.app, options)
  const names = npmOs(naming.target) === undefined ? [main] : [main, platformName(naming, options)]
  const fault = names.flatMap(name => nameFault(name) ?? [])[0]
  if (fault === undefined) return []
  const wrong = nameFault(main) === undefined ? platformName(naming, options) : main
  return [
    problem('npm/illegal-name', `${JSON.stringify(wrong)} cannot be the name of an npm package: ${fault}`, {
      hint: "Set packages.npm.name to lower-case letters, digits, dots, dashes and underscores, as 'tool' or '@acme/tool'.",
      where: { path: nameFault(main) === undefined && options.scope !== undefined ? 'packages.npm.scope' : 'packages.npm.name' },
    }),
  ]
}

const versionProblems = ({ app }: Naming): readonly Problem[] => {
  const version = clientVersion('npm', app.version)
  if ('text' in version) return []
  return [
    problem('npm/illegal-version', `${JSON.stringify(app.version)} cannot be the version of an npm package: ${version.refused}`, {
      hint: 'Use a version such as 1.2.0 or 1.2.0-beta.2.',
      where: { path: 'app.version' },
    }),
  ]
}

const targetProblems = (naming: Naming, options: NpmOptions): readonly Problem[] => {
  const { target } = naming
  if (npmOs(target) === undefined || parseTarget(target)?.arch === 'any')
    return [
      problem('npm/illegal-target', `npm has no words for a package for ${target}`, {
        hint: 'Narrow packages.npm.targets to targets with a system and an architecture.',
        where: { path: 'packages.npm.targets', target },
      }),
    ]
  if (cpusOf(naming, options).length > 0) return []
  return [
    problem('npm/needless-target', `nobody would get the package for ${target}: every processor has one of its own`, {
      hint: `Take ${target} out of packages.npm.targets, or the others.`,
      where: { path: 'packages.npm.targets', target },
    }),
  ]
}
