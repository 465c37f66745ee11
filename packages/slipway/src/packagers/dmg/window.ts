// How the window of a disk image looks: .DS_Store with icon places and background, as the Finder writes them.
import { fail } from '@slipway/core'
import { writeAlias } from '@slipway/formats/alias'
import { iconPlace, writeDsStore, type DsStoreRecord } from '@slipway/formats/ds-store'
import { FormatError } from '@slipway/formats/format-error'
import { hfsIds, type HfsEntry, type HfsFile } from '@slipway/formats/hfs/write'
import { writeBinaryPlist } from '@slipway/formats/plist/write-binary'
import { pngHeader } from '@slipway/formats/png'
import type { DmgOptions } from './options.ts'
import type { PackSubject } from '../packager.ts'

/** Finder flag: not shown, even where hidden files are. */
const invisible = 0x4000
const titleBarPoints = 22

export interface Background {
  readonly bytes: Uint8Array
  readonly width: number
  readonly height: number
}

/** Code: `dmg/bad-background`. */
export const backgroundOf = ({ assets, target }: PackSubject, { background }: DmgOptions): Background | null => {
  const bytes = background === undefined ? undefined : assets?.get(background)?.bytes
  if (bytes === undefined) return null
  try {
    const { width, height } = pngHeader(bytes)
    return { bytes, width, height }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('dmg/bad-background', `${JSON.stringify(background)} is no PNG: ${error.message}`, {
      hint: 'Export the picture as PNG, in the size of the window in points.',
      where: { path: 'packages.dmg.background', target },
    })
  }
}

export interface Window {
  readonly subject: PackSubject
  readonly chosen: DmgOptions
  readonly volumeName: string
  readonly bundle: string
  readonly background: Background | null
  /** What else the volume will hold. */
  readonly others: readonly string[]
}

const picture = '.background/background.png'

/** The hidden files beside the bundle. Catalog numbers follow from names, so that the alias can be written before the volume. */
export const windowFiles = (entries: readonly HfsEntry[], window: Window): readonly HfsEntry[] => {
  const { background, subject, volumeName, others } = window
  const pictures: readonly HfsEntry[] =
    background === null
      ? []
      : [{ type: 'folder', path: '.background', mode: 0o755, finderFlags: invisible }, fileOf(picture, background.bytes)]
  const ids = hfsIds([...entries, ...pictures].map(one => one.path).concat('.DS_Store', others))
  const alias =
    background === null
      ? null
      : writeAlias({ volumeName, date: subject.date, path: picture, ids: [ids.get(picture) ?? 0, ids.get('.background') ?? 0] })
  return [...pictures, fileOf('.DS_Store', writeDsStore(recordsOf(window, alias)))]
}

const fileOf = (path: string, bytes: Uint8Array): HfsFile => ({
  type: 'file',
  path,
  mode: 0o644,
  sizeBytes: bytes.length,
  bytes: () => [bytes],
  finderFlags: invisible,
})

const recordsOf = ({ chosen, bundle, background }: Window, alias: Uint8Array | null): readonly DsStoreRecord[] => {
  const [width, height] = chosen.window ?? (background === null ? [540, 380] : [background.width, background.height])
  const middle = Math.round(height / 2)
  const app = chosen.icons?.app ?? [Math.round(width * 0.26), middle]
  const applications = chosen.icons?.applications ?? [Math.round(width * 0.74), middle]
  return [
    { name: '.', id: 'bwsp', value: { blob: writeBinaryPlist(windowKeys(width, height)) } },
    { name: '.', id: 'icvp', value: { blob: writeBinaryPlist(viewKeys(chosen.iconSize, alias)) } },
    { name: '.', id: 'vSrn', value: { long: 1 } },
    { name: '.', id: 'vstl', value: { type: 'icnv' } },
    { name: bundle, id: 'Iloc', value: { blob: iconPlace(app[0], app[1]) } },
    { name: 'Applications', id: 'Iloc', value: { blob: iconPlace(applications[0], applications[1]) } },
  ]
}

const windowKeys = (width: number, height: number) => ({
  ContainerShowSidebar: false,
  PreviewPaneVisibility: false,
  ShowPathbar: false,
  ShowSidebar: false,
  ShowStatusBar: false,
  ShowTabView: false,
  ShowToolbar: false,
  SidebarWidth: 0,
  WindowBounds: `{{200, 200}, {${width}, ${height + titleBarPoints}}}`,
})

const viewKeys = (iconSize: number, alias: Uint8Array | null) => ({
  viewOptionsVersion: 1,
  // 0: the system's colour; 2: a picture.
  backgroundType: alias === null ? 0 : 2,
  backgroundColorRed: { real: 1 },
  backgroundColorGreen: { real: 1 },
  backgroundColorBlue: { real: 1 },
  ...(alias === null ? {} : { backgroundImageAlias: alias }),
  gridOffsetX: { real: 0 },
  gridOffsetY: { real: 0 },
  gridSpacing: { real: 100 },
  arrangeBy: 'none',
  showIconPreview: false,
  showItemInfo: false,
  labelOnBottom: true,
  textSize: { real: 12 },
  iconSize: { real: iconSize },
  scrollPositionX: { real: 0 },
  scrollPositionY: { real: 0 },
})
