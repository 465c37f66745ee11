// The icon of a bundle: an icns that exists, or one made from a PNG or, through librsvg's rsvg-convert, from an SVG.
import { fail } from '@slipway/core'
import { collect, equalBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readIcns, writeIcns } from '@slipway/formats/icns'
import type { Image } from '@slipway/formats/png'
import { plistText } from '@slipway/formats/plist/value'
import type { TreeFile } from '../../tree.ts'
import type { AppOptions } from './options.ts'
import { drawnSvg } from '../linux/drawing.ts'
import { iconBytes, iconImage, imageKind } from '../linux/icons.ts'
import { treeFile } from '../mac/tree-file.ts'
import type { PackSubject } from '../packager.ts'
import { iconPaths } from './faults.ts'
import type { Dict } from './plist.ts'

const [wantedPixels, leastPixels] = [1024, 512]
/** Of a bundle that exists, which older tools made: the Finder's own size. */
const leastOwnPixels = 256

/** Null: the app has none. Codes: `app/no-icon`, `app/small-icon`, `app/svg-icon`, `app/bad-icon`, and what is no image `linux/bad-icon`. */
export const icnsOf = async (subject: PackSubject, { icon }: AppOptions): Promise<Uint8Array | null> => {
  const { app, target } = subject
  const path = icon ?? app.icon
  if (path === '') return null
  const from = icon === undefined ? 'app.icon' : 'packages.app.icon'
  const bytes = await iconBytes(subject, path)
  if (bytes === undefined)
    return fail('app/no-icon', `neither the project nor the app folder holds a file ${JSON.stringify(path)}`, {
      hint: 'An icon is the path of a PNG, an SVG or an icns.',
      where: { path: from, target },
    })
  if (path.endsWith('.icns') && imageKind(bytes)?.includes('icns') === true) return sound(bytes, { path, from, target })
  const image = iconImage({ bytes, path, from })
  if (image === 'svg') return writeIcns(await drawn(subject, bytes, { path, from, target }))
  if (image.width < leastPixels)
    return fail('app/small-icon', `the icon ${JSON.stringify(path)} has ${image.width} pixels, and a Mac shows up to ${wantedPixels}`, {
      hint: 'Name a square PNG of 1024 pixels, at least 512, or an SVG.',
      where: { path: from, target },
    })
  return writeIcns(image)
}

interface Existing {
  readonly existing: Dict
  readonly fileAt: (path: string) => TreeFile | undefined
}
interface Chosen {
  /** For CFBundleIconFile; null: the bundle goes without. */
  readonly name: string | null
  readonly added: readonly TreeFile[]
}
const limitIcnsBytes = 1 << 25

/** The icon of a bundle that exists: its own, unless one is named for macOS; what is there has to be large enough. */
export const iconIn = async (subject: PackSubject, options: AppOptions, { existing, fileAt }: Existing): Promise<Chosen> => {
  const own = plistText(existing, 'CFBundleIconFile') ?? ''
  const file = iconPaths(own)
    .map(fileAt)
    .find(one => one !== undefined)
  const bytes = file?.path.endsWith('.icns') === true ? await collect(file.bytes(), limitIcnsBytes) : undefined
  const hasOwn = own !== '' || plistText(existing, 'CFBundleIconName') !== undefined
  if (options.icon === undefined && hasOwn) {
    // Beside a catalogue Xcode leaves small pictures alone in the icns, for old systems.
    const hasCatalogue = fileAt('Contents/Resources/Assets.car') !== undefined
    if (bytes !== undefined && !hasCatalogue)
      sound(bytes, { path: file?.path ?? '', from: 'packages.app.icon', target: subject.target, least: leastOwnPixels })
    return { name: own === '' ? null : own, added: [] }
  }
  const icon = await icnsOf(subject, options)
  if (icon === null) return { name: null, added: [] }
  if (bytes !== undefined && equalBytes(bytes, icon)) return { name: own, added: [] }
  const path = bytes === undefined ? 'Contents/Resources/AppIcon.icns' : (file?.path ?? '')
  return { name: bytes === undefined ? 'AppIcon' : own, added: [treeFile(path, icon)] }
}

interface Place {
  readonly path: string
  readonly from: string
  readonly target: string
  readonly least?: number
}

/** An icns is kept as it is, if it has what the Finder shows. */
const sound = (bytes: Uint8Array, { path, from, target, least = leastPixels }: Place): Uint8Array => {
  const where = { path: from, target }
  const name = JSON.stringify(path)
  try {
    const pixels = readIcns(bytes).flatMap(one => (['mask', 'other'].includes(one.form) ? [] : [one.pixels]))
    if (Math.max(0, ...pixels) >= least) return bytes
    const sizes = [...new Set(pixels)].toSorted((left, right) => left - right).join(', ')
    return fail('app/small-icon', `the icon ${name} has pictures of ${sizes || 'no'} pixels, and a Mac shows up to ${wantedPixels}`, {
      hint: `Make it with all sizes up to 1024 pixels, at least ${least}; or name the PNG of that size, and Slipway makes the icns.`,
      where,
    })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('app/bad-icon', `the icon ${name} is a damaged icns: ${error.message}`, { hint: 'Export it again.', where })
  }
}

/** The drawing as one large picture. */
const drawn = async ({ lend }: PackSubject, bytes: Uint8Array, { path, from, target }: Place): Promise<Image> => {
  if (lend === undefined)
    return fail('app/no-tool', 'nobody lends rsvg-convert', { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
  const image = await drawnSvg(lend, bytes, wantedPixels)
  if (image.width !== image.height)
    return fail('app/svg-icon', `the icon ${JSON.stringify(path)} is ${image.width} x ${image.height} when it is drawn`, {
      hint: 'An icon is square: give the SVG a square viewBox.',
      where: { path: from, target },
    })
  return image
}
