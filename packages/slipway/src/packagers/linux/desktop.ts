// The desktop entry, AppStream metadata and MIME types of an app (Desktop Entry Specification 1.4, AppStream 0.16, Shared MIME-info 0.21).
import { fail, type App } from '@slipway/core'
import { madeFile, type InstalledFile } from './installed.ts'
import { noteLines, oneLine, xml } from './text.ts'

export interface DesktopOptions {
  readonly name?: string | undefined
  readonly comment?: string | undefined
  readonly categories?: readonly string[] | undefined
  /** Path of a PNG or SVG in the project or in the app folder. */
  readonly icon?: string | undefined
  readonly protocols?: readonly string[] | undefined
  readonly mimeTypes?: readonly string[] | undefined
  readonly terminal?: boolean | undefined
  readonly wmClass?: string | undefined
}
export interface DesktopSubject {
  readonly app: App
  readonly package: string
  readonly desktop: DesktopOptions
  readonly description: string
  readonly date: number
  /** Config path of the format, as `packages.deb`. */
  readonly at: string
}

/** The entry, and what app stores and file managers read beside it. Code: `linux/bad-protocol`. */
export const desktopFiles = (subject: DesktopSubject, hasIcon: boolean): readonly InstalledFile[] => {
  const { app, package: name } = subject
  const id = app.id || name
  const own = app.opens.filter(one => one.extensions.length > 0)
  return [
    madeFile(`usr/share/applications/${id}.desktop`, desktopText(subject, hasIcon)),
    // A component without a reverse-domain id is no valid one.
    ...(app.id === '' ? [] : [madeFile(`usr/share/metainfo/${id}.metainfo.xml`, metainfoText(subject))]),
    ...(own.length === 0 ? [] : [madeFile(`usr/share/mime/packages/${name}.xml`, mimeText(own))]),
  ]
}

const desktopText = ({ app, package: name, desktop, at }: DesktopSubject, hasIcon: boolean): string => {
  const protocols = [...new Set([...app.protocols, ...(desktop.protocols ?? [])])]
  const types = [
    ...new Set([...app.opens.map(one => one.type), ...(desktop.mimeTypes ?? []), ...protocols.map(one => protocolType(one, at))]),
  ]
  const categories = desktop.categories ?? [registered.find(one => one.toLowerCase() === app.category.toLowerCase()) ?? 'Utility']
  const comment = desktop.comment ?? app.summary
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.4',
    `Name=${value(desktop.name ?? app.name)}`,
    ...(comment === '' || comment === (desktop.name ?? app.name) ? [] : [`Comment=${value(comment)}`]),
    `Exec=${value(argument(app.bin))}${types.length > 0 ? ' %U' : ''}`,
    ...(hasIcon ? [`Icon=${name}`] : []),
    `Terminal=${desktop.terminal === true}`,
    `Categories=${categories.map(listItem).join('')}`,
    ...(types.length > 0 ? [`MimeType=${types.map(listItem).join('')}`] : []),
    ...(desktop.terminal === true ? [] : [`StartupWMClass=${value(desktop.wmClass ?? app.bin)}`]),
  ]
  return `${lines.join('\n')}\n`
}

/** Main categories of the Desktop Menu Specification 1.1. */
const registered = 'AudioVideo Development Education Game Graphics Network Office Science Settings System Utility'.split(' ')

const value = (text: string): string => oneLine(text).replaceAll('\\', '\\\\')
const listItem = (text: string): string => `${value(text).replaceAll(';', '\\;')};`

/** Exec arguments with reserved characters are quoted; `%` starts a field code and is doubled. */
const argument = (text: string): string => {
  const plain = text.replaceAll('%', '%%')
  return /^[A-Za-z0-9_.+%@:,/-]+$/.test(plain) ? plain : `"${plain.replace(/(["`$\\])/g, '\\$1')}"`
}

const protocolType = (protocol: string, at: string): string => {
  if (/^[a-z][a-z0-9+.-]*$/.test(protocol)) return `x-scheme-handler/${protocol}`
  return fail('linux/bad-protocol', `${JSON.stringify(protocol)} is no URL scheme`, {
    hint: "Write the scheme alone, in lower case: 'flet', not 'flet://'.",
    where: { path: `${at}.desktop.protocols` },
  })
}

const metainfoText = ({ app, desktop, description, date }: DesktopSubject): string => {
  const day = new Date(date * 1000).toISOString().slice(0, 10)
  const developer = xml(app.publisher.replace(/ *<[^>]*>/, ''))
  const notes = noteLines(app.notes)
  const provides = [`<binary>${xml(app.bin)}</binary>`, ...app.opens.map(one => `<mediatype>${xml(one.type)}</mediatype>`)]
  const paragraphs = description
    .split(/\r?\n\s*\r?\n/)
    .map(xml)
    .filter(text => text !== '')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<component type="desktop-application">',
    `  <id>${xml(app.id)}</id>`,
    `  <name>${xml(desktop.name ?? app.name)}</name>`,
    `  <summary>${xml(app.summary || app.name).replace(/\.+$/, '')}</summary>`,
    '  <metadata_license>CC0-1.0</metadata_license>',
    ...(app.license === '' ? [] : [`  <project_license>${xml(app.license)}</project_license>`]),
    ...(developer === '' ? [] : [`  <developer_name>${developer}</developer_name>`]),
    `  <description>${paragraphs.map(text => `<p>${text}</p>`).join('')}</description>`,
    `  <launchable type="desktop-id">${xml(app.id)}.desktop</launchable>`,
    ...(app.homepage === '' ? [] : [`  <url type="homepage">${xml(app.homepage)}</url>`]),
    `  <provides>${provides.join('')}</provides>`,
    '  <content_rating type="oars-1.1"/>',
    '  <releases>',
    `    <release version="${xml(app.version)}" date="${day}"${/-/.test(app.version) ? ' type="development"' : ''}>`,
    ...(notes.length === 0 ? [] : [`      <description><ul>${notes.map(line => `<li>${xml(line)}</li>`).join('')}</ul></description>`]),
    '    </release>',
    '  </releases>',
    '</component>',
    '',
  ].join('\n')
}

const mimeText = (own: App['opens']): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">',
    ...own.flatMap(({ type, extensions, name }) => [
      `  <mime-type type="${xml(type)}">`,
      `    <comment>${xml(name || type)}</comment>`,
      ...extensions.map(one => `    <glob pattern="*.${xml(one)}"/>`),
      '  </mime-type>',
    ]),
    '</mime-info>',
    '',
  ].join('\n')
