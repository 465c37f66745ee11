// The files that every deb carries beside the app: copyright (DEP-5 1.0), changelog.Debian.gz (Debian Policy 4.4, 12.7), lintian overrides.
import type { App } from '@slipway/core'
import { gzipped, noteLines, oneLine } from '../linux/text.ts'

/** Machine-readable copyright. The year is the release's: no clock. */
export const copyrightText = (app: App, date: number): string => {
  const license = oneLine(app.license) || 'unstated'
  const common = commonLicenses.get(license)
  const text =
    common === undefined
      ? `The license is ${license}; its text stands with the source of the app.`
      : `On Debian systems its text is ${common}.`
  const contact = oneLine(app.publisher)
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    `Upstream-Name: ${oneLine(app.name)}`,
    ...(contact === '' ? [] : [`Upstream-Contact: ${contact}`]),
    ...(app.homepage === '' ? [] : [`Source: ${oneLine(app.homepage)}`]),
    '',
    'Files: *',
    `Copyright: ${new Date(date * 1000).getUTCFullYear()} ${contact || oneLine(app.name)}`,
    `License: ${license.replaceAll(' AND ', ' and ').replaceAll(' OR ', ' or ')}`,
    ` ${text}`,
    '',
  ].join('\n')
}

/** Texts that every Debian system has (Policy 12.5). */
const commonLicenses: ReadonlyMap<string, string> = new Map(
  [
    ['Apache-2.0', 'Apache-2.0'],
    ['GPL-2.0-only', 'GPL-2'],
    ['GPL-2.0-or-later', 'GPL-2'],
    ['GPL-3.0-only', 'GPL-3'],
    ['GPL-3.0-or-later', 'GPL-3'],
    ['LGPL-2.1-only', 'LGPL-2.1'],
    ['LGPL-2.1-or-later', 'LGPL-2.1'],
    ['LGPL-3.0-only', 'LGPL-3'],
    ['LGPL-3.0-or-later', 'LGPL-3'],
    ['MPL-2.0', 'MPL-2.0'],
    ['CC0-1.0', 'CC0-1.0'],
  ].map(([id = '', file = '']) => [id, `/usr/share/common-licenses/${file}`]),
)

export interface ChangeSubject {
  readonly package: string
  readonly version: string
  readonly maintainer: string
  readonly date: number
  /** Untrusted, plain text or Markdown. */
  readonly notes: string
}

/** One entry, compressed as `gzip -9n` does. */
export const changelogGz = (subject: ChangeSubject): Promise<Uint8Array> => gzipped(changelogText(subject))

export const changelogText = ({ package: name, version, maintainer, date, notes }: ChangeSubject): string => {
  const lines = noteLines(notes)
  const items = lines.length === 0 ? [`Release ${version}`] : lines
  const body = items.flatMap(item => wrapped(item, 76).map((part, index) => (index === 0 ? `  * ${part}` : `    ${part}`)))
  return [`${name} (${version}) stable; urgency=medium`, '', ...body, '', ` -- ${maintainer}  ${mailDate(date)}`, ''].join('\n')
}

const wrapped = (text: string, columns: number): readonly string[] => {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

/** RFC 5322 in UTC, as `Thu, 01 Jan 1970 00:00:00 +0000`. */
const mailDate = (date: number): string => new Date(date * 1000).toUTCString().replace('GMT', '+0000')

interface Overrides {
  /** What lintian takes for a mistake and is none: Go and musl programs are linked statically on purpose. */
  readonly isStatic: boolean
  readonly accepted: readonly string[]
}

/** Empty where there is none. */
export const overridesText = (name: string, { isStatic, accepted }: Overrides): string => {
  const tags = [...new Set(accepted)].filter(tag => !isStatic || tag !== 'statically-linked-binary')
  return [
    ...(isStatic ? ['# The program is published as one static file.', `${name}: statically-linked-binary`] : []),
    ...(tags.length === 0 ? [] : ['# Of the files as they were built, which the package holds unchanged.']),
    ...tags.map(tag => `${name}: ${tag}`),
  ]
    .map(line => `${line}\n`)
    .join('')
}
