// The icon of a bundle: an icns that exists, or one made from a PNG or, through librsvg's rsvg-convert, from an SVG.
import { fail } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { readIcns, writeIcns } from '@slipway/formats/icns'
import type { Image } from '@slipway/formats/png'
import type { AppOptions } from './options.ts'
import { drawnSvg } from '../linux/drawing.ts'
import { iconBytes, iconImage, imageKind } from '../linux/icons.ts'
import type { PackSubject } from '../packager.ts'

const [wantedPixels, leastPixels] = [1024, 512]

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

interface Place {
  readonly path: string
  readonly from: string
  readonly target: string
}

/** An icns is kept as it is, if it has what the Finder shows. */
const sound = (bytes: Uint8Array, { path, from, target }: Place): Uint8Array => {
  const where = { path: from, target }
  const name = JSON.stringify(path)
  try {
    const pixels = readIcns(bytes).flatMap(one => (['mask', 'other'].includes(one.form) ? [] : [one.pixels]))
    if (Math.max(0, ...pixels) >= leastPixels) return bytes
    const sizes = [...new Set(pixels)].toSorted((left, right) => left - right).join(', ')
    return fail('app/small-icon', `the icon ${name} has pictures of ${sizes || 'no'} pixels, and a Mac shows up to ${wantedPixels}`, {
      hint: 'Make it with all sizes up to 1024 pixels, at least 512; or name the PNG of that size, and Slipway makes the icns.',
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
