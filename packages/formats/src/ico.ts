// ico: Windows icon files, a list of images by size; bitmaps up to 128 pixels, PNG at 256 (as Windows Vista and later read them).
import { concat, fieldsOf, packLittle } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { type Image, pngHeader, pngSignature, resizeImage, writePng } from './png.ts'

/** The sizes that Windows asks for at 100 % to 400 %. */
const sides = [16, 20, 24, 32, 40, 48, 64, 96, 128, 256]
const limitImages = 1024

/** All sizes up to the image's own and 256. A square of at least 16 pixels, else `ico/bad-image`. */
export const writeIco = (image: Image): Uint8Array => {
  if (image.width !== image.height || image.width < 16)
    throw new FormatError('ico/bad-image', `an icon of ${image.width} x ${image.height} pixels; it is a square of at least 16`)
  const members = sides
    .filter(side => side <= image.width)
    .map(side => {
      const resized = side === image.width ? image : resizeImage(image, { width: side, height: side })
      return { side, body: side === 256 ? writePng(resized) : bitmap(resized) }
    })
  let offset = 6 + 16 * members.length
  const entries = members.map(({ side, body }) => {
    const entry = concat([
      // 0 stands for 256.
      Uint8Array.of(side & 0xff, side & 0xff, 0, 0),
      packLittle([
        [2, 1],
        [2, 32],
        [4, body.length],
        [4, offset],
      ]),
    ])
    offset += body.length
    return entry
  })
  const head = packLittle([
    [2, 0],
    [2, 1],
    [2, members.length],
  ])
  return concat([head, ...entries, ...members.map(({ body }) => body)])
}

/** BITMAPINFOHEADER of twice the height, rows from the bottom in BGRA, then one bit a pixel for what is fully clear. */
const bitmap = ({ width, height, pixels }: Image): Uint8Array => {
  const maskRowBytes = Math.ceil(width / 32) * 4
  const colors = new Uint8Array(width * height * 4)
  const mask = new Uint8Array(maskRowBytes * height)
  for (let row = 0; row < height; row++) {
    const target = height - 1 - row
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * 4
      const to = (target * width + column) * 4
      const opacity = pixels[from + 3] ?? 0
      colors.set([pixels[from + 2] ?? 0, pixels[from + 1] ?? 0, pixels[from] ?? 0, opacity], to)
      if (opacity === 0) {
        const at = target * maskRowBytes + (column >> 3)
        mask[at] = (mask[at] ?? 0) | (0x80 >> (column & 7))
      }
    }
  }
  const head = packLittle([
    [4, 40],
    [4, width],
    [4, height * 2],
    [2, 1],
    [2, 32],
    [4, 0],
    [4, colors.length + mask.length],
    [4, 0],
    [4, 0],
    [4, 0],
    [4, 0],
  ])
  return concat([head, colors, mask])
}

export interface IcoMember {
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly bitsPerPixel: number
  readonly form: 'png' | 'bitmap'
  readonly bytes: Uint8Array
}

/** The images of an icon file. Throws `ico/bad-magic`, `ico/truncated`, `ico/bad-entry`, and of PNG members `png/…`. */
export const readIco = (bytes: Uint8Array): readonly IcoMember[] => {
  const fields = fieldsOf(bytes, 'little')
  if (bytes.length < 6 || fields.u16(0) !== 0 || fields.u16(2) !== 1) throw new FormatError('ico/bad-magic', 'this is no icon file', 0)
  const count = fields.u16(4)
  if (count === 0 || count > limitImages) throw new FormatError('ico/bad-entry', `an icon file of ${count} images`, 4)
  if (6 + 16 * count > bytes.length) throw new FormatError('ico/truncated', 'the file ends in its list of images', bytes.length)
  return Array.from({ length: count }, (_, index) => readMember(bytes, 6 + 16 * index))
}

const readMember = (bytes: Uint8Array, at: number): IcoMember => {
  const fields = fieldsOf(bytes, 'little')
  const [sizeBytes, offset] = [fields.u32(at + 8), fields.u32(at + 12)]
  if (offset + sizeBytes > bytes.length)
    throw new FormatError('ico/truncated', `an image of ${sizeBytes} bytes at ${offset} does not fit`, at)
  const body = bytes.subarray(offset, offset + sizeBytes)
  const told = { width: fields.u8(at) || 256, height: fields.u8(at + 1) || 256 }
  if (pngSignature.every((byte, index) => body[index] === byte)) {
    const { width, height } = pngHeader(body)
    return { width, height, bitsPerPixel: fields.u16(at + 6), form: 'png', bytes: body }
  }
  if (sizeBytes < 40 || fieldsOf(body, 'little').u32(0) < 40)
    throw new FormatError('ico/bad-entry', 'an image is neither a PNG nor a bitmap', at)
  const head = fieldsOf(body, 'little')
  if ((head.u32(4) & 0xff) !== (told.width & 0xff) || head.u32(8) !== 2 * head.u32(4))
    throw new FormatError(
      'ico/bad-entry',
      `the list says ${told.width} x ${told.height} pixels, the bitmap ${head.u32(4)} x ${head.u32(8) / 2}`,
      at,
    )
  return { ...told, bitsPerPixel: head.u16(14), form: 'bitmap', bytes: body }
}
