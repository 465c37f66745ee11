// The icon of an app for Windows: an ico that exists, or one made from a PNG.
import { fail, problem, SlipwayError } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { readIco, writeIco } from '@slipway/formats/ico'
import { iconBytes, iconImage, imageKind } from '../linux/icons.ts'
import type { PackSubject } from '../packager.ts'

export interface IconPlace {
  readonly path: string
  /** Config path that names it. */
  readonly from: string
  /** The unit that asks, for the hint. */
  readonly unit: string
}

/** Codes: `windows/no-icon`, `windows/small-icon`, `windows/svg-icon`, `windows/bad-icon`, and what is no image `linux/bad-icon`. */
export const icoOf = async (subject: PackSubject, { path, from, unit }: IconPlace): Promise<Uint8Array> => {
  const { target } = subject
  const bytes = await iconBytes(subject, path)
  if (bytes === undefined)
    return fail('windows/no-icon', `neither the project nor the app folder holds a file ${JSON.stringify(path)}`, {
      hint: 'An icon is the path of a PNG or an ico.',
      where: { path: from, target },
    })
  return icoFrom(bytes, { path, from, unit })
}

/** An ico as it is, or one of all sizes. */
export const icoFrom = (bytes: Uint8Array, { path, from, unit }: IconPlace): Uint8Array => {
  const where = { path: from }
  const name = JSON.stringify(path)
  if (imageKind(bytes)?.includes('.ico') === true) return sound(bytes, { path, from, unit })
  const image = iconImage({ bytes, path, from })
  if (image === 'svg')
    return fail('windows/svg-icon', `Windows has no icons of SVG, and ${name} is one`, {
      hint: `Name a PNG of 256 pixels beside it: packages: { ${unit}: { icon: … } }.`,
      where,
    })
  if (image.width < 256)
    return fail('windows/small-icon', `the icon ${name} has ${image.width} pixels, and Windows shows up to 256`, {
      hint: 'Name a square PNG of at least 256 pixels.',
      where,
    })
  return writeIco(image)
}

const sound = (bytes: Uint8Array, { path, from }: IconPlace): Uint8Array => {
  try {
    readIco(bytes)
    return bytes
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new SlipwayError([
      problem('windows/bad-icon', `the icon ${JSON.stringify(path)} is damaged: ${error.message}`, {
        hint: 'Export it again.',
        where: { path: from },
      }),
    ])
  }
}
