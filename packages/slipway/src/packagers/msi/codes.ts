// msi: the codes that tell products and packages apart, and the version, which is three numbers (Windows Installer, "Product Codes", "ProductVersion").
import { compareVersions, problem, type App, type Problem, type Target } from '@slipway/core'
import { guidOf, isGuid } from '@slipway/formats/guid'
import type { Naming } from '../packager.ts'
import type { MsiOptions } from './options.ts'

// Of Slipway alone: other GUIDs of the same names are others.
const space = '{5E9F2C1B-7D0A-5B47-9C3E-2A6D8F41B0C7}'

type Named = Pick<App, 'id' | 'version'>

/** The same for all versions of an app: by it Windows finds what an installation replaces. */
export const upgradeCodeOf = ({ id }: Named, { upgradeCode }: MsiOptions): string =>
  upgradeCode === undefined ? guidOf(space, `upgrade ${id}`) : `{${upgradeCode.replaceAll(/[{}]/g, '').toUpperCase()}}`

/** Of one version of an app for one target. */
export const productCodeOf = (app: Named, { target, mode }: { readonly target: Target; readonly mode: string }): string =>
  guidOf(space, `product ${app.id} ${app.version} ${target} ${mode}`)

/** Of one component; none is shared by two versions, so that none is kept where a file has gone. */
export const componentCode = (productCode: string, path: string): string => guidOf(productCode, `component ${path}`)

/** Of one file: everything in it is in `content`. */
export const packageCodeOf = (productCode: string, content: string): string => guidOf(productCode, `package ${content}`)

/** What Windows Installer orders releases by; undefined where it cannot hold the version. */
export const msiVersion = (version: string, { prerelease }: MsiOptions): string | undefined => {
  const [, major = '', minor = '', patch = '', word] = /^(\d+)\.(\d+)\.(\d+)(-[^+]*)?(?:\+.*)?$/.exec(version) ?? []
  if (major === '' || (word !== undefined && prerelease === 'refuse')) return undefined
  return Number(major) > 255 || Number(minor) > 255 || Number(patch) > 65_535 ? undefined : `${major}.${minor}.${patch}`
}

/** By the three numbers; where they are equal an installation replaces the other one whatever it is, and SemVer's order stands. */
export const compareMsi = (before: Naming, after: Naming, chosen: MsiOptions): number => {
  const [a, b] = [before, after].map(({ app }) =>
    (msiVersion(app.version, { ...chosen, prerelease: 'drop' }) ?? '0.0.0').split('.').map(Number),
  )
  const first = [0, 1, 2].map(at => (a?.[at] ?? 0) - (b?.[at] ?? 0)).find(difference => difference !== 0)
  if (first !== undefined) return first
  const order = compareVersions(before.app.version, after.app.version)
  // Two builds of one version: the product code is another, so the second one replaces the first.
  return order === 0 && before.app.version !== after.app.version ? -1 : order
}

/** Codes: `msi/no-id`, `msi/bad-upgrade-code`, `msi/prerelease`, `msi/bad-version`. */
export const codeProblems = ({ app }: Pick<Naming, 'app'>, chosen: MsiOptions): readonly Problem[] => {
  const { upgradeCode } = chosen
  const problems: Problem[] = []
  if (app.id === '')
    problems.push(
      problem('msi/no-id', 'an MSI needs app.id: the codes by which Windows finds older versions are made of it', {
        hint: 'Write one that is yours and never changes, as app: { id: "org.example.tool" }.',
        where: { path: 'app.id' },
      }),
    )
  if (upgradeCode !== undefined && !isGuid(upgradeCodeOf(app, chosen)))
    problems.push(
      problem('msi/bad-upgrade-code', `${JSON.stringify(upgradeCode)} is no GUID`, {
        hint: 'Copy the UpgradeCode of your old packages (msiinfo export OLD.msi Property), or leave it out: one is made of app.id.',
        where: { path: 'packages.msi.upgradeCode' },
      }),
    )
  return [...problems, ...versionProblems(app.version, chosen)]
}

const versionProblems = (version: string, chosen: MsiOptions): readonly Problem[] => {
  const where = { path: 'app.version' }
  if (msiVersion(version, chosen) !== undefined) return []
  const plain = msiVersion(version, { ...chosen, prerelease: 'drop' })
  if (plain !== undefined)
    return [
      problem('msi/prerelease', `an MSI cannot hold the version ${version}: it has three numbers and no words`, {
        hint: `Set packages.msi.prerelease to "drop", which makes it ${plain}: Windows then replaces any other ${plain}, older or newer.`,
        where,
      }),
    ]
  return [
    problem('msi/bad-version', `an MSI cannot hold the version ${version}: it ends at 255.255.65535`, {
      hint: 'Give the release a version with smaller numbers (Windows Installer, "ProductVersion").',
      where,
    }),
  ]
}
