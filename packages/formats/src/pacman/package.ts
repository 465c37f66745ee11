// pacman: what a package says of itself (PKGBUILD(5), BUILDINFO(5); pacman 6.0, scripts/makepkg.sh and libmakepkg/lint_pkgbuild).
import { FormatError } from '../format-error.ts'
import { pkginfoText } from '../pkginfo.ts'
import { isPacmanVersion } from './version.ts'

export interface PacmanFields {
  readonly name: string
  /** What several packages were built from; default `name`. */
  readonly base?: string
  /** As `pacmanVersion` gives it: `[epoch:]pkgver-pkgrel`. */
  readonly version: string
  /** One line. */
  readonly description: string
  readonly url: string
  /** `Name <mail>` */
  readonly packager: string
  /** As Arch names it: `x86_64`, `aarch64`, `armv7h`, `any`. */
  readonly arch: string
  /** Whole seconds since 1970: builddate, and the time of the files that describe the package. */
  readonly date: number
  readonly licenses?: readonly string[]
  readonly groups?: readonly string[]
  /** `name`, `name>=1.2`. */
  readonly depends?: readonly string[]
  /** `name: what it is good for` */
  readonly optionalDepends?: readonly string[]
  readonly conflicts?: readonly string[]
  /** `name` or `name=version`. */
  readonly provides?: readonly string[]
  readonly replaces?: readonly string[]
  /** Paths of files, without a slash in front, that a user may edit: an upgrade puts its own beside them as `.pacnew`. */
  readonly backup?: readonly string[]
  /** What built it: `buildtool` and `buildtoolver` of .BUILDINFO. */
  readonly buildTool?: { readonly name: string; readonly version: string }
}

export const isPacmanName = (text: string): boolean => /^[A-Za-z0-9@_+][A-Za-z0-9@._+-]*$/.test(text)

/** `name` or `name[<>=]version`; of a version, the release may be left out. */
export const isPacmanRelation = (text: string): boolean => {
  const [, name, version] = /^([^<>=]+)(?:(?:[<>]=?|=)(.*))?$/s.exec(text) ?? []
  if (name === undefined || !isPacmanName(name)) return false
  return version === undefined || isPacmanVersion(version) || isPacmanVersion(`${version}-1`)
}

/** `name` or `name=version`. */
export const isPacmanProvision = (text: string): boolean => isPacmanRelation(text) && !/[<>]/.test(text)

/** Throws `pacman/bad-name`, `pacman/bad-version`, `pacman/bad-relation` and `pacman/bad-field`. */
export const pacmanPkginfo = (fields: PacmanFields, installedBytes: number): string => {
  checkFields(fields)
  return text([
    ['pkgname', fields.name],
    ['pkgbase', fields.base ?? fields.name],
    ['pkgver', fields.version],
    ['pkgdesc', fields.description],
    ['url', fields.url],
    ['builddate', String(fields.date)],
    ['packager', fields.packager],
    ['size', String(installedBytes)],
    ['arch', fields.arch],
    ['license', fields.licenses],
    ['replaces', fields.replaces],
    ['group', fields.groups],
    ['conflict', fields.conflicts],
    ['provides', fields.provides],
    ['backup', fields.backup],
    ['depend', fields.depends],
    ['optdepend', fields.optionalDepends],
  ])
}

/** Throws `pacman/bad-field`. The folders of the build are left out: they would tell two machines apart. */
export const pacmanBuildinfo = (fields: PacmanFields): string =>
  text([
    ['format', '2'],
    ['pkgname', fields.name],
    ['pkgbase', fields.base ?? fields.name],
    ['pkgver', fields.version],
    ['pkgarch', fields.arch],
    ['packager', fields.packager],
    ['builddate', String(fields.date)],
    ['buildtool', fields.buildTool?.name],
    ['buildtoolver', fields.buildTool?.version],
  ])

const text = (fields: Parameters<typeof pkginfoText>[0]): string =>
  pkginfoText(fields, message => new FormatError('pacman/bad-field', message))

const checkFields = (fields: PacmanFields): void => {
  for (const name of [fields.name, fields.base ?? fields.name, ...(fields.groups ?? [])])
    if (!isPacmanName(name))
      throw new FormatError('pacman/bad-name', `${JSON.stringify(name)}: a letter, digit or @ _ +, then letters, digits and @ . _ + -`)
  if (!isPacmanVersion(fields.version))
    throw new FormatError(
      'pacman/bad-version',
      `${JSON.stringify(fields.version)}: [epoch:]pkgver-pkgrel, and no colon, slash, hyphen or space in pkgver`,
    )
  const needed = [...(fields.depends ?? []), ...(fields.conflicts ?? []), ...(fields.replaces ?? [])]
  const optional = (fields.optionalDepends ?? []).map(one => one.split(': ', 1)[0] ?? '')
  const relation = [...needed, ...optional].find(one => !isPacmanRelation(one)) ?? fields.provides?.find(one => !isPacmanProvision(one))
  if (relation !== undefined) throw new FormatError('pacman/bad-relation', `${JSON.stringify(relation)} is no relation that pacman reads`)
  const required = { description: fields.description, packager: fields.packager }
  for (const [key, value] of Object.entries(required)) if (value === '') throw new FormatError('pacman/bad-field', `the ${key} is empty`)
  if (!/^[A-Za-z0-9_]+$/.test(fields.arch)) throw new FormatError('pacman/bad-field', `${JSON.stringify(fields.arch)} is no architecture`)
  if (!Number.isSafeInteger(fields.date) || fields.date < 0)
    throw new FormatError('pacman/bad-field', `${fields.date} is no whole number from 0 on`)
}
