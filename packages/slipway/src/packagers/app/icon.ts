// The icon of a bundle: an icns that exists, or one made from a PNG.
import { fail } from '@slipway/core'
import { readIcns, writeIcns } from '@slipway/formats/icns'
import type { AppOptions } from './options.ts'
import { iconBytes, iconImage, imageKind } from '../linux/icons.ts'
import type { PackSubject } from '../packager.ts'

const sound = (bytes: Uint8Array): Uint8Array => {
  readIcns(bytes)
  return bytes
}

/** Null: the app has none. Codes: `app/no-icon`, `app/small-icon`, `app/svg-icon`, and what is no image `linux/bad-icon`. */
export const icnsOf = async (subject: PackSubject, { icon }: AppOptions): Promise<Uint8Array | null> => {
  const { app, target } = subject
  const path = icon ?? app.icon
  if (path === '') return null
  const from = icon === undefined ? 'app.icon' : 'packages.app.icon'
  const bytes = await iconBytes(subject, path)
  if (bytes === undefined)
    return fail('app/no-icon', `neither the project nor the app folder holds a file ${JSON.stringify(path)}`, {
      hint: 'An icon is the path of a PNG or an icns.',
      where: { path: from, target },
    })
  if (path.endsWith('.icns') && imageKind(bytes)?.includes('icns') === true) return sound(bytes)
  const image = iconImage({ bytes, path, from })
  if (image === 'svg')
    return fail('app/svg-icon', `a Mac has no icons of SVG, and ${JSON.stringify(path)} is one`, {
      hint: 'Name a PNG of 1024 pixels beside it: packages: { app: { icon: … } }.',
      where: { path: from, target },
    })
  if (image.width < 512)
    return fail('app/small-icon', `the icon ${JSON.stringify(path)} has ${image.width} pixels, and a Mac shows up to 1024`, {
      hint: 'Name a square PNG of 1024 pixels, at least 512.',
      where: { path: from, target },
    })
  return writeIcns(image)
}
