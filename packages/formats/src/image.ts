// Images, and the same in other sizes: each new pixel is the mean of the area that it covers (a box filter), weighted by opacity.

export interface Image {
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** Four bytes a pixel: red, green, blue, opacity (not multiplied). */
  readonly pixels: Uint8Array
}

/** A smaller (or larger) image: each new pixel is the mean of the area that it covers, weighted by opacity. */
export const resizeImage = (image: Image, size: ImageSize): Image => imageResizer(image)(size)

export interface ImageSize {
  readonly width: number
  readonly height: number
}

/** `resizeImage` of one image to several sizes. */
export const imageResizer = (image: Image): ((size: ImageSize) => Image) => {
  const source = weighted(image)
  return size => {
    const across = resampled(source, { from: image.width, to: size.width, lines: image.height, step: 4, stride: image.width * 4 })
    const down = resampled(across, { from: image.height, to: size.height, lines: size.width, step: size.width * 4, stride: 4 })
    const pixels = new Uint8Array(size.width * size.height * 4)
    for (let at = 0; at < pixels.length; at += 4) {
      const opacity = down[at + 3] ?? 0
      for (let channel = 0; channel < 3; channel++)
        pixels[at + channel] = opacity === 0 ? 0 : Math.min(255, Math.round(((down[at + channel] ?? 0) * 255) / opacity))
      pixels[at + 3] = Math.min(255, Math.round(opacity))
    }
    return { ...size, pixels }
  }
}

/** Colors multiplied by opacity: what is invisible must not bleed into what is not. */
const weighted = ({ pixels }: Image): Float64Array => {
  const values = new Float64Array(pixels.length)
  for (let at = 0; at < pixels.length; at += 4) {
    const opacity = pixels[at + 3] ?? 0
    for (let channel = 0; channel < 3; channel++) values[at + channel] = ((pixels[at + channel] ?? 0) * opacity) / 255
    values[at + 3] = opacity
  }
  return values
}

interface Axis {
  readonly from: number
  readonly to: number
  readonly lines: number
  /** Distance of neighbours along the axis, and of lines. */
  readonly step: number
  readonly stride: number
}

/** Means along one axis; rows when `step` is 4, else columns. */
const resampled = (source: Float64Array, { from, to, lines, step, stride }: Axis): Float64Array => {
  const isRow = step === 4
  const target = new Float64Array(to * lines * 4)
  const ratio = from / to
  for (let index = 0; index < to; index++) {
    const [start, end] = [index * ratio, (index + 1) * ratio]
    const [first, last] = [Math.floor(start), Math.min(from, Math.ceil(end))]
    const shares = Float64Array.from(
      { length: last - first },
      (_, at) => (Math.min(end, first + at + 1) - Math.max(start, first + at)) / ratio,
    )
    for (let line = 0; line < lines; line++) {
      let [red, green, blue, opacity] = [0, 0, 0, 0]
      let at = first * step + line * stride
      for (const share of shares) {
        red += (source[at] ?? 0) * share
        green += (source[at + 1] ?? 0) * share
        blue += (source[at + 2] ?? 0) * share
        opacity += (source[at + 3] ?? 0) * share
        at += step
      }
      const out = (isRow ? line * to + index : index * lines + line) * 4
      target[out] = red
      target[out + 1] = green
      target[out + 2] = blue
      target[out + 3] = opacity
    }
  }
  return target
}
