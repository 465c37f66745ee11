// Icons in all sizes of the hicolor theme, from one PNG or SVG (Icon Theme Specification 0.13).
import { fail, SlipwayError, problem } from '@slipway/core'
import { collect } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readPng, resizeImage, writePng } from '@slipway/formats/png'
import type { TreeFile } from '../../tree.ts'
import type { PackSubject } from '../packager.ts'
import { madeFile, type InstalledFile } from './installed.ts'

export interface IconSource {
  readonly bytes: Uint8Array
  readonly path: string
  /** Config path that names it. */
  readonly from: string
}

const sizes = [16, 22, 24, 32, 48, 64, 96, 128, 192, 256, 512]

/** A PNG is made smaller, never larger. Code: `linux/bad-icon`. */
export const iconFiles = (source: IconSource, name: string): readonly InstalledFile[] => {
  const home = 'usr/share/icons/hicolor'
  const image = iconImage(source)
  if (image === 'svg') return [madeFile(`${home}/scalable/apps/${name}.svg`, source.bytes)]
  return sizes
    .filter(size => size <= image.width)
    .map(size => {
      const bytes = size === image.width ? source.bytes : writePng(resizeImage(image, { width: size, height: size }))
      return madeFile(`${home}/${size}x${size}/apps/${name}.png`, bytes)
    })
}

const limitIconBytes = 1 << 25

/** The file that a config names as icon: of the project, else of the app folder; undefined where neither has it. */
export const iconBytes = async ({ assets, tree }: Pick<PackSubject, 'assets' | 'tree'>, path: string): Promise<Uint8Array | undefined> => {
  const inTree = tree.entries.find((one): one is TreeFile => one.type === 'file' && one.path === path)
  return assets?.get(path)?.bytes ?? (inTree && (await collect(inTree.bytes(), limitIconBytes)))
}

/** A square image that is large enough, or refused by what it is, whatever its name says. Code: `linux/bad-icon`. */
export const iconImage = (source: IconSource): 'svg' | ReturnType<typeof readPng> => {
  const kind = imageKind(source.bytes)
  const ending = /\.([a-z]+)$/i.exec(source.path)?.[1]?.toLowerCase() ?? ''
  if ((kind === 'svg' || kind === 'png') && ending !== kind && !(kind === 'svg' && ending === 'svgz'))
    refuse(source, `is a ${kind.toUpperCase()} under another name`, `Rename it to end in .${kind}.`)
  if (kind === 'svg') return kind
  if (kind !== 'png') return refuse(source, kind === null ? 'is no image' : `is ${kind}`, 'Name a square PNG of 512 pixels, or an SVG.')
  const image = imageOf(source)
  if (image.width !== image.height)
    refuse(source, `is ${image.width} x ${image.height} pixels`, 'An icon is square; add transparent edges.')
  if (image.width < 48) refuse(source, `has only ${image.width} x ${image.height} pixels`, 'Use a square of 512 pixels.')
  return image
}

const imageOf = (source: IconSource): ReturnType<typeof readPng> => {
  try {
    return readPng(source.bytes)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new SlipwayError([
      problem('linux/bad-icon', `the icon ${JSON.stringify(source.path)} is a damaged PNG: ${error.message}`, {
        hint: 'Export it again.',
        where: { path: source.from },
      }),
    ])
  }
}

/** What the bytes are, whatever the name says; null: nothing known. */
export const imageKind = (bytes: Uint8Array): string | null => {
  const head = String.fromCharCode(...bytes.subarray(0, 16))
  if (head.startsWith('\x89PNG')) return 'png'
  if (head.startsWith('icns')) return 'an Apple icon (.icns)'
  if (head.startsWith('\0\0\x01\0')) return 'a Windows icon (.ico)'
  if (head.startsWith('\xff\xd8\xff')) return 'a JPEG'
  if (head.startsWith('GIF8')) return 'a GIF'
  if (/^RIFF.{4}WEBP/s.test(head)) return 'a WebP'
  const text = new TextDecoder().decode(bytes.subarray(0, 1 << 16))
  return /^\ufeff?\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg[^>[]*(\[[^\]]*\])?[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<(svg:)?svg[\s>/]/i.test(
    text,
  )
    ? 'svg'
    : null
}

const refuse = (source: IconSource, what: string, hint: string): never =>
  fail('linux/bad-icon', `the icon ${JSON.stringify(source.path)} ${what}`, { hint, where: { path: source.from } })
