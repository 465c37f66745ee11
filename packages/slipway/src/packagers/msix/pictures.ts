// The pictures of an app on Windows, of one icon, in the scales and sizes that Windows asks for, with the index by which it finds them.
import { type Image, imageResizer, type ImageSize } from '@slipway/formats/image'
import { writePng } from '@slipway/formats/png'
import type { PriQualifier } from '@slipway/formats/pri/qualifiers'
import { type PriResource, writePri } from '@slipway/formats/pri/write'

interface Tile {
  /** At scale 100, in pixels. */
  readonly width: number
  readonly height: number
  /** How much of the height the icon takes; what is around it belongs to the tile. */
  readonly share: number
  /** The largest scale; default: all. */
  readonly most?: number
}

const tiles = {
  StoreLogo: { width: 50, height: 50, share: 1 },
  Square44x44Logo: { width: 44, height: 44, share: 1 },
  Square71x71Logo: { width: 71, height: 71, share: 2 / 3 },
  Square150x150Logo: { width: 150, height: 150, share: 2 / 3 },
  // Windows takes no large tile without a wide one.
  Wide310x150Logo: { width: 310, height: 150, share: 2 / 3 },
  // It would have as many pixels as all others together, for a tile that Windows 11 no longer shows.
  Square310x310Logo: { width: 310, height: 310, share: 2 / 3, most: 200 },
} as const satisfies Readonly<Record<string, Tile>>

const scales = [100, 125, 150, 200, 400]
/** In lists, the taskbar and the Explorer. */
const targetSizes = [16, 24, 32, 48, 256]
/** Without a plate behind it: on dark ground and on light. */
const forms = ['UNPLATED', 'LIGHTUNPLATED']

export interface Picture {
  /** In the package, with slashes. */
  readonly path: string
  /** Draws it. */
  readonly bytes: () => Uint8Array
}
export interface Pictures {
  readonly pictures: readonly Picture[]
  /** `resources.pri`. */
  readonly index: Uint8Array
}

/**
 * Each tile in every scale for which the icon has enough pixels (413 are enough for all of them), the small one also by size,
 * and each once under the name that the manifest has, for readers that know no index.
 */
export const picturesOf = (icon: Image, identity: string): Pictures => {
  const draw = drawing(icon)
  const pictures: Picture[] = []
  const resources: PriResource[] = []
  for (const [name, tile] of Object.entries<Tile>(tiles)) {
    const variants = [...scaled(tile, icon.width), ...(name === 'Square44x44Logo' ? sized(icon.width) : [])]
    const paths = variants.map(({ qualifiers, size }) => {
      const path = `Assets/${name}${suffixOf(qualifiers)}.png`
      pictures.push({ path, bytes: () => draw(size) })
      return { qualifiers, path: path.replaceAll('/', '\\') }
    })
    resources.push({ name: `Files/Assets/${name}.png`, candidates: paths })
  }
  return { pictures, index: writePri({ name: identity, resources }) }
}

interface Size {
  readonly width: number
  readonly height: number
  /** Side of the icon in the middle. */
  readonly side: number
}
interface Variant {
  readonly qualifiers: readonly PriQualifier[]
  readonly size: Size
}

const scaled = ({ width, height, share, most: mostScale = Infinity }: Tile, most: number): readonly Variant[] => {
  const variants = scales
    .filter(scale => scale <= mostScale)
    .map((scale): Variant => {
      const [wide, high] = [Math.round((width * scale) / 100), Math.round((height * scale) / 100)]
      return { qualifiers: [{ name: 'Scale', value: String(scale) }], size: { width: wide, height: high, side: Math.round(high * share) } }
    })
    .filter(({ size }) => size.side <= most)
  // What stands for all of them is fine enough for most screens.
  const plain = variants[Math.min(3, variants.length - 1)]
  return plain === undefined ? [] : [{ qualifiers: [], size: plain.size }, ...variants]
}

const sized = (most: number): readonly Variant[] =>
  targetSizes
    .filter(side => side <= most)
    .flatMap(side =>
      [[], ...forms.map(form => [{ name: 'AlternateForm', value: form } as const])].map(form => ({
        qualifiers: [{ name: 'TargetSize', value: String(side) } as const, ...form],
        size: { width: side, height: side, side },
      })),
    )

/** As MakePri reads it out of a file name: `.targetsize-16_altform-unplated`. */
const suffixOf = (qualifiers: readonly PriQualifier[]): string =>
  qualifiers.length === 0
    ? ''
    : `.${qualifiers.map(({ name, value }) => `${{ Scale: 'scale', TargetSize: 'targetsize', AlternateForm: 'altform' }[name]}-${value.toLowerCase()}`).join('_')}`

/** Equal pictures are drawn once. */
const drawing = (icon: Image): ((size: Size) => Uint8Array) => {
  const sides = new Map([[icon.width, icon]])
  const drawn = new Map<string, Uint8Array>()
  const resized = resizing(icon)
  return size => {
    const { width, height, side } = size
    const key = `${width}x${height} ${side}`
    const image = sides.get(side) ?? resized(side)
    sides.set(side, image)
    const bytes = drawn.get(key) ?? writePng(centred(image, size))
    drawn.set(key, bytes)
    return bytes
  }
}

interface Half {
  readonly side: number
  readonly resize: (size: ImageSize) => Image
}

/** Out of the icon, or out of the smallest of its halves that is still larger by half: small pictures are many, a large icon has many pixels. */
const resizing = (icon: Image): ((side: number) => Image) => {
  const whole: Half = { side: icon.width, resize: imageResizer(icon) }
  const halves = [whole]
  return side => {
    for (let last = whole; last.side % 2 === 0 && last.side >= side * 3;) {
      const half = last.side / 2
      const found = halves.find(one => one.side === half)
      const next: Half = found ?? { side: half, resize: imageResizer(last.resize({ width: half, height: half })) }
      if (found === undefined) halves.push(next)
      last = next
    }
    const from = halves.findLast(one => one.side >= side * 1.5) ?? whole
    return from.resize({ width: side, height: side })
  }
}

const centred = (icon: Image, { width, height }: Size): Image => {
  if (icon.width === width && icon.height === height) return icon
  const pixels = new Uint8Array(width * height * 4)
  const [left, top] = [(width - icon.width) >> 1, (height - icon.height) >> 1]
  for (let row = 0; row < icon.height; row++)
    pixels.set(icon.pixels.subarray(row * icon.width * 4, (row + 1) * icon.width * 4), ((top + row) * width + left) * 4)
  return { width, height, pixels }
}
