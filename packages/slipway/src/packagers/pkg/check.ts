// What can be said of a package for the Installer before anything is built: identifiers, places, the version that macOS compares.
import { problem, type App, type Problem } from '@slipway/core'
import { isInsidePath } from '@slipway/formats/inside-path'
import type { Naming } from '../packager.ts'
import type { PkgOptions } from './options.ts'

export const identifierOf = ({ app }: Pick<Naming, 'app'>, { identifier }: PkgOptions): string => identifier ?? app.id

/** The Installer compares numbers: what stands behind `-` or `+` is left out, as in the bundle. */
export const pkgVersion = ({ version }: Pick<App, 'version'>): string => version.split(/[-+]/)[0] ?? ''

/** Codes: `pkg/illegal-identifier`, `pkg/illegal-location`, `pkg/illegal-component`. */
export const problemsOf = ({ app }: Naming, chosen: PkgOptions): readonly Problem[] => {
  const problems: Problem[] = []
  const identifier = identifierOf({ app }, chosen)
  if (!/^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(identifier) || identifier.length > 200)
    problems.push(
      problem('pkg/illegal-identifier', `${JSON.stringify(identifier)} is no identifier of a macOS package`, {
        hint: "Write a reverse domain of letters, digits, hyphens and dots, as 'dev.flet.desktop'; it never changes.",
        where: { path: chosen.identifier === undefined ? 'app.id' : 'packages.pkg.identifier' },
      }),
    )
  problems.push(...locationProblems(chosen.location, 'packages.pkg.location'))
  for (const [key, { location, files }] of Object.entries(chosen.components ?? {})) {
    const path = `packages.pkg.components.${key}`
    problems.push(...locationProblems(location, `${path}.location`))
    const names = Object.keys(files)
    const bad = names.find(name => !isPlain(name) || names.some(other => other.startsWith(`${name}/`)))
    const isKey = /^[A-Za-z0-9-]{1,40}$/.test(key)
    if (isKey && bad === undefined && names.length > 0) continue
    const what = isKey
      ? bad === undefined
        ? 'holds no file'
        : `cannot hold a file ${JSON.stringify(bad)}`
      : 'has a name that no identifier can end in'
    problems.push(
      // explain: A component of packages.pkg has a name that no identifier can end in, holds no file, or names a file that would lie
      // outside of its folder or below another file.
      problem('pkg/illegal-component', `the component ${JSON.stringify(key)} ${what}`, {
        hint: 'Name it with letters, digits and hyphens; its files have paths below its location.',
        where: { path },
      }),
    )
  }
  return problems
}

const isPlain = (path: string): boolean =>
  isInsidePath(path) && path.isWellFormed() && !/[\0-\x1f\\]/.test(path) && !path.split('/').some(step => step === '' || step === '.')

const locationProblems = (location: string, path: string): readonly Problem[] =>
  location.startsWith('/') && isPlain(location.slice(1))
    ? []
    : [
        problem('pkg/illegal-location', `${JSON.stringify(location)} is no folder that a package is installed into`, {
          hint: "Write the whole path, without '..' and without a slash at the end: '/Applications'.",
          where: { path },
        }),
      ]
