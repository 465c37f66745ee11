// The desktop entry and its icon (Desktop Entry Specification 1.5, Icon Theme Specification 0.13).
import { fail, type App } from '@slipway/core'
import type { FileTree, TreeFile } from '../../tree.ts'
import { oneLine } from './control.ts'
import { madeFile, type DebFile } from './layout.ts'

export interface DesktopOptions {
  readonly name?: string | undefined
  readonly comment?: string | undefined
  readonly categories?: readonly string[] | undefined
  /** Path of a PNG or SVG in the app folder. */
  readonly icon?: string | undefined
  readonly protocols?: readonly string[] | undefined
  readonly mimeTypes?: readonly string[] | undefined
  readonly terminal?: boolean | undefined
}
export interface DesktopSubject {
  readonly app: App
  readonly tree: FileTree
  readonly package: string
  readonly desktop: DesktopOptions
  readonly target: string
}

/** The entry and, where the app folder has one, its icon. Codes: `deb/no-icon`, `deb/bad-protocol`. */
export const desktopFiles = async (subject: DesktopSubject): Promise<readonly DebFile[]> => {
  const icon = await iconFile(subject)
  const entry = desktopText(subject, icon !== null)
  return [madeFile(`usr/share/applications/${subject.app.id || subject.package}.desktop`, entry), ...(icon === null ? [] : [icon])]
}

export const desktopText = ({ app, package: name, desktop }: Omit<DesktopSubject, 'tree' | 'target'>, icon: boolean): string => {
  const types = [...(desktop.mimeTypes ?? []), ...(desktop.protocols ?? []).map(protocolType)]
  const categories = desktop.categories ?? [registered.find(one => one.toLowerCase() === app.category.toLowerCase()) ?? 'Utility']
  const lines = [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.5',
    `Name=${value(desktop.name ?? app.name)}`,
    ...((desktop.comment ?? app.summary) === '' ? [] : [`Comment=${value(desktop.comment ?? app.summary)}`]),
    `Exec=${value(argument(app.bin))}${types.length > 0 ? ' %U' : ''}`,
    ...(icon ? [`Icon=${name}`] : []),
    `Terminal=${desktop.terminal === true}`,
    `Categories=${categories.map(listItem).join('')}`,
    ...(types.length > 0 ? [`MimeType=${types.map(listItem).join('')}`] : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Main categories of the Desktop Menu Specification 1.1. */
const registered = 'AudioVideo Audio Video Development Education Game Graphics Network Office Science Settings System Utility'.split(' ')

const value = (text: string): string => oneLine(text).replaceAll('\\', '\\\\')
const listItem = (text: string): string => `${value(text).replaceAll(';', '\\;')};`

/** Exec arguments with reserved characters are quoted; `%` starts a field code and is doubled. */
const argument = (text: string): string => {
  const plain = text.replaceAll('%', '%%')
  return /^[A-Za-z0-9_.+%@:,/-]+$/.test(plain) ? plain : `"${plain.replace(/(["`$\\])/g, '\\$1')}"`
}

const protocolType = (protocol: string): string => {
  if (/^[a-z][a-z0-9+.-]*$/.test(protocol)) return `x-scheme-handler/${protocol}`
  return fail('deb/bad-protocol', `${JSON.stringify(protocol)} is no URL scheme`, {
    hint: "Write the scheme alone, in lower case: 'flet', not 'flet://'.",
    where: { path: 'packages.deb.desktop.protocols' },
  })
}

/** Sizes that the hicolor theme has folders for. */
const themed = new Set([16, 22, 24, 32, 36, 48, 64, 72, 96, 128, 192, 256, 512])

const iconFile = async ({ app, tree, package: name, desktop, target }: DesktopSubject): Promise<DebFile | null> => {
  const path = desktop.icon ?? app.icon
  const file = tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  if (file === undefined) {
    if (desktop.icon === undefined) return null
    return fail('deb/no-icon', `the app folder holds no file ${JSON.stringify(desktop.icon)}`, {
      hint: 'packages.deb.desktop.icon is the path of a PNG or SVG inside of the app folder.',
      where: { path: 'packages.deb.desktop.icon', target },
    })
  }
  const as = (home: string): DebFile => ({ ...file, path: home, mode: 0o644, conffile: false })
  if (/\.svg$/i.test(path)) return as(`usr/share/icons/hicolor/scalable/apps/${name}.svg`)
  if (!/\.png$/i.test(path)) return null
  const size = await pngSize(file)
  return as(
    size !== null && themed.has(size) ? `usr/share/icons/hicolor/${size}x${size}/apps/${name}.png` : `usr/share/pixmaps/${name}.png`,
  )
}

/** Width of a square PNG: bytes 16 to 23 hold width and height (PNG 11.2.2); null for another shape. */
const pngSize = async (file: TreeFile): Promise<number | null> => {
  let head = new Uint8Array(0)
  for await (const chunk of file.bytes()) {
    const longer: Uint8Array<ArrayBuffer> = new Uint8Array(head.length + chunk.length)
    longer.set(head)
    longer.set(chunk, head.length)
    head = longer
    if (head.length >= 24) break
  }
  if (head.length < 24 || head[0] !== 0x89 || head[1] !== 0x50) return null
  const view = new DataView(head.buffer, head.byteOffset)
  return view.getUint32(16) === view.getUint32(20) ? view.getUint32(16) : null
}
