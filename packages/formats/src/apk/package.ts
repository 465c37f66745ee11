// apk: what a package says of itself, and apk's rules for it (apk-package(5); apk-tools 3.0.6, src/package.c and src/ctype.c).
import { FormatError } from '../format-error.ts'
import { pkginfoText } from '../pkginfo.ts'
import { isApkVersion } from './version.ts'

/** Scripts by their names in the control member, without the dot; each is run by the interpreter of its `#!` line. */
export const apkScriptKinds = [
  'pre-install',
  'post-install',
  'pre-upgrade',
  'post-upgrade',
  'pre-deinstall',
  'post-deinstall',
  'trigger',
] as const
export type ApkScriptKind = (typeof apkScriptKinds)[number]
export type ApkScripts = Partial<Readonly<Record<ApkScriptKind, string>>>

export interface ApkFields {
  readonly name: string
  /** As `apkVersion` gives it: `1.2.3-r0`. */
  readonly version: string
  /** One line. */
  readonly description: string
  readonly url: string
  /** `Name <mail>`; of who packed it. */
  readonly packager: string
  /** As Alpine names it: `x86_64`, `aarch64`, `armv7`, `noarch`. */
  readonly arch: string
  readonly license: string
  /** Whole seconds since 1970: builddate, and the time of the control files. */
  readonly date: number
  /** The source package; default `name`. */
  readonly origin?: string
  readonly maintainer?: string
  /** Of the source, as a version control system names it. */
  readonly commit?: string
  /** `libc>=1.2`, `so:libmpv.so.2`; a conflict is a dependency with `!` in front. */
  readonly depends?: readonly string[]
  /** `name` or `name=version`. */
  readonly provides?: readonly string[]
  readonly replaces?: readonly string[]
  readonly replacesPriority?: number
  readonly providerPriority?: number
  /** It is installed by itself when all of these are. */
  readonly installIf?: readonly string[]
  /** Absolute folders, with `*`, whose changes run the `trigger` script. */
  readonly triggers?: readonly string[]
}

/** What the rest of the package adds to its fields. */
export interface ApkMeasures {
  readonly installedBytes: number
  /** Hex, of the data member. */
  readonly dataSha256: string
}

export const isApkName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(text)

/** apk knows an architecture by its name only. */
export const isApkArch = (text: string): boolean => /^[a-z0-9_]+$/.test(text)

/** `[!]name[op version]`: names may be `so:`, `cmd:`, `pc:` ones or paths too. */
export const isApkDependency = (text: string): boolean => {
  const [, version] = /^!?[A-Za-z0-9/._+][A-Za-z0-9/._+:,[\]-]*(?:(?:=?~|[<>]~|[<>]?=|[<>])(.*))?$/s.exec(text) ?? [undefined, '']
  return version === undefined || isApkVersion(version)
}

/** `name` or `name=version`. */
export const isApkProvision = (text: string): boolean => isApkDependency(text) && !/[!<>~]/.test(text)

/** Throws `apk/bad-name`, `apk/bad-version`, `apk/bad-relation`, `apk/bad-trigger` and `apk/bad-field`. */
export const apkPkginfo = (fields: ApkFields, { installedBytes, dataSha256 }: ApkMeasures): string => {
  checkFields(fields)
  const number = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value))
  return pkginfoText(
    [
      ['pkgname', fields.name],
      ['pkgver', fields.version],
      ['pkgdesc', fields.description],
      ['url', fields.url],
      ['builddate', String(fields.date)],
      ['packager', fields.packager],
      ['size', String(installedBytes)],
      ['arch', fields.arch],
      ['origin', fields.origin ?? fields.name],
      ['commit', fields.commit],
      ['maintainer', fields.maintainer],
      ['replaces_priority', number(fields.replacesPriority)],
      ['provider_priority', number(fields.providerPriority)],
      ['license', fields.license],
      ['replaces', fields.replaces],
      ['depend', fields.depends],
      ['provides', fields.provides],
      ['triggers', fields.triggers?.join(' ')],
      ['install_if', fields.installIf?.join(' ')],
      ['datahash', dataSha256],
    ],
    message => new FormatError('apk/bad-field', message),
  )
}

const checkFields = (fields: ApkFields): void => {
  if (!isApkName(fields.name))
    throw new FormatError('apk/bad-name', `${JSON.stringify(fields.name)}: a letter or digit, then letters, digits and . _ + -`)
  if (!isApkVersion(fields.version))
    throw new FormatError('apk/bad-version', `${JSON.stringify(fields.version)}: number{.number}{letter}{_suffix{number}}{~hash}{-r#}`)
  const needed = [...(fields.depends ?? []), ...(fields.replaces ?? []), ...(fields.installIf ?? [])]
  const relation = needed.find(one => !isApkDependency(one)) ?? fields.provides?.find(one => !isApkProvision(one))
  if (relation !== undefined) throw new FormatError('apk/bad-relation', `${JSON.stringify(relation)} is no relation that apk reads`)
  const trigger = fields.triggers?.find(one => !/^\/\S*$/.test(one))
  if (trigger !== undefined) throw new FormatError('apk/bad-trigger', `${JSON.stringify(trigger)} is no absolute path without spaces`)
  const required = { description: fields.description, packager: fields.packager, license: fields.license }
  for (const [key, value] of Object.entries(required)) if (value === '') throw new FormatError('apk/bad-field', `the ${key} is empty`)
  if (!isApkArch(fields.arch)) throw new FormatError('apk/bad-field', `${JSON.stringify(fields.arch)} is no architecture`)
  for (const value of [fields.date, fields.replacesPriority ?? 0, fields.providerPriority ?? 0])
    if (!Number.isSafeInteger(value) || value < 0) throw new FormatError('apk/bad-field', `${value} is no whole number from 0 on`)
}
