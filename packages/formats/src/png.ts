// PNG (W3C Portable Network Graphics, second edition): any still image in, RGBA of 8 bits; the same pixels out in the same bytes.
import { deflateSync, inflateSync } from 'node:zlib'
import { concat, encodeText, equalBytes, fieldsOf } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { FormatError } from './format-error.ts'
import type { Image } from './image.ts'

export { type Image, resizeImage } from './image.ts'

export const pngSignature: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const sideLimit = 8192
const pixelLimit = 1 << 25

export interface PngHeader {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly color: number
  readonly interlaced: boolean
}

/** Width, height and form of the pixels. Throws `png/bad-magic`, `png/truncated`, `png/bad-header`. */
export const pngHeader = (bytes: Uint8Array): PngHeader => {
  if (!equalBytes(bytes.subarray(0, 8), pngSignature)) throw new FormatError('png/bad-magic', 'this is no PNG', 0)
  if (bytes.length < 33) throw new FormatError('png/truncated', 'the file ends in its header', bytes.length)
  const fields = fieldsOf(bytes, 'big')
  const [width, height, depth, color] = [fields.u32(16), fields.u32(20), fields.u8(24), fields.u8(25)]
  const interlace = fields.u8(28)
  const isKnown = (depthsOf[color] ?? []).includes(depth) && fields.u8(26) === 0 && fields.u8(27) === 0 && interlace <= 1
  if (fields.u32(8) !== 13 || fields.u32(12) !== 0x49484452 || !isKnown)
    throw new FormatError('png/bad-header', 'its first chunk is no sound IHDR', 8)
  if (width === 0 || height === 0 || width > sideLimit || height > sideLimit || width * height > pixelLimit)
    throw new FormatError('png/bad-header', `an image of ${width} x ${height} pixels`, 16)
  return { width, height, depth, color, interlaced: interlace === 1 }
}

/** Color types and their bit depths (PNG 11.2.2); channels a pixel. */
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** Throws those of `pngHeader`, and `png/bad-chunk`, `png/bad-data`. */
export const readPng = (bytes: Uint8Array): Image => {
  const header = pngHeader(bytes)
  const { palette, transparency, data } = readChunks(bytes)
  if (header.color === 3 && palette === null) throw new FormatError('png/bad-chunk', 'a palette image without PLTE')
  const pixels = new Uint8Array(header.width * header.height * 4)
  const passes = header.interlaced ? adam7 : [[0, 0, 1, 1] as const]
  const sizes = passes.map(([x, y, dx, dy]) => [Math.ceil((header.width - x) / dx), Math.ceil((header.height - y) / dy)] as const)
  const bits = (channelsOf[header.color] ?? 0) * header.depth
  const rowBytes = (width: number): number => Math.ceil((width * bits) / 8)
  const rawBytes = sizes.reduce((sum, [width, height]) => sum + (width > 0 && height > 0 ? (rowBytes(width) + 1) * height : 0), 0)
  const raw = inflated(data, rawBytes)
  let at = 0
  passes.forEach(([x, y, dx, dy], index) => {
    const [width, height] = sizes[index] ?? [0, 0]
    if (width <= 0 || height <= 0) return
    const length = rowBytes(width)
    let above = new Uint8Array(length)
    for (let row = 0; row < height; row++) {
      const line = raw.slice(at + 1, at + 1 + length)
      unfilter(raw[at] ?? 0, { line, above, step: Math.max(1, bits >> 3) })
      spread(line, { header, palette, transparency, pixels, width, x, dx, y: y + row * dy })
      above = line
      at += length + 1
    }
  })
  return { width: header.width, height: header.height, pixels }
}

/** Where the seven passes begin, and their steps (PNG 8.2). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

interface Chunks {
  readonly palette: Uint8Array | null
  readonly transparency: Uint8Array | null
  readonly data: Uint8Array
}

const readChunks = (bytes: Uint8Array): Chunks => {
  const fields = fieldsOf(bytes, 'big')
  const data: Uint8Array[] = []
  let palette: Uint8Array | null = null
  let transparency: Uint8Array | null = null
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw new FormatError('png/truncated', 'the file ends before its IEND', bytes.length)
    const length = fields.u32(at)
    if (at + 12 + length > bytes.length) throw new FormatError('png/truncated', 'a chunk is longer than the file', at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const body = bytes.subarray(at + 8, at + 8 + length)
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== fields.u32(at + 8 + length))
      throw new FormatError('png/bad-chunk', `the checksum of ${JSON.stringify(type)} is wrong`, at)
    if (type === 'IEND') return { palette, transparency, data: concat(data) }
    if (type === 'IDAT') data.push(body)
    else if (type === 'PLTE') palette = body
    else if (type === 'tRNS') transparency = body
    // A lower-case first letter: it may be skipped (PNG 5.4).
    else if (type !== 'IHDR' && /^[A-Z]/.test(type)) throw new FormatError('png/bad-chunk', `${JSON.stringify(type)} is not known`, at)
    at += 12 + length
  }
}

const inflated = (data: Uint8Array, rawBytes: number): Uint8Array => {
  try {
    const raw = inflateSync(data, { maxOutputLength: rawBytes + 1 })
    if (raw.length === rawBytes) return raw
  } catch {
    // Said below.
  }
  throw new FormatError('png/bad-data', 'its pixels do not unpack to the size that the header says')
}

/** Filters of PNG 9.2, undone in place. */
const unfilter = (type: number, { line, above, step }: { line: Uint8Array; above: Uint8Array; step: number }): void => {
  if (type > 4) throw new FormatError('png/bad-data', `the filter ${type} is not known`)
  if (type === 0) return
  for (let at = 0; at < line.length; at++) {
    const a = at >= step ? (line[at - step] ?? 0) : 0
    const b = above[at] ?? 0
    const c = at >= step ? (above[at - step] ?? 0) : 0
    const guess = type === 1 ? a : type === 2 ? b : type === 3 ? (a + b) >> 1 : paeth(a, b, c)
    line[at] = (line[at] ?? 0) + guess
  }
}

const paeth = (a: number, b: number, c: number): number => {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c
}

interface Spreading {
  readonly header: PngHeader
  readonly palette: Uint8Array | null
  readonly transparency: Uint8Array | null
  readonly pixels: Uint8Array
  readonly width: number
  readonly x: number
  readonly dx: number
  readonly y: number
}

/** One row of samples -> RGBA at its places. */
const spread = (line: Uint8Array, { header, palette, transparency, pixels, width, x, dx, y }: Spreading): void => {
  const { color, depth } = header
  if (color === 6 && depth === 8 && dx === 1) return pixels.set(line, y * header.width * 4)
  const channels = channelsOf[color] ?? 0
  const sample = (index: number): number => {
    if (depth === 8) return line[index] ?? 0
    if (depth === 16) return ((line[index * 2] ?? 0) << 8) | (line[index * 2 + 1] ?? 0)
    const bit = index * depth
    return ((line[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1)
  }
  const toByte = (value: number): number =>
    depth === 16 ? value >> 8 : depth === 8 ? value : Math.round((value * 255) / ((1 << depth) - 1))
  const hidden = transparency !== null && color !== 3 ? fieldsOf(transparency, 'big') : null
  for (let index = 0; index < width; index++) {
    const at = (y * header.width + x + index * dx) * 4
    const values = Array.from({ length: channels }, (_, channel) => sample(index * channels + channel))
    const [first = 0, second = 0, third = 0, fourth = 0] = values
    if (color === 3) {
      pixels.set(
        [palette?.[first * 3] ?? 0, palette?.[first * 3 + 1] ?? 0, palette?.[first * 3 + 2] ?? 0, transparency?.[first] ?? 255],
        at,
      )
      continue
    }
    const isHidden = hidden !== null && color < 3 && values.every((value, channel) => value === hidden.u16(channel * 2))
    const opacity = color === 6 ? toByte(fourth) : color === 4 ? toByte(second) : isHidden ? 0 : 255
    const isGray = color === 0 || color === 4
    pixels.set(
      isGray ? [toByte(first), toByte(first), toByte(first), opacity] : [toByte(first), toByte(second), toByte(third), opacity],
      at,
    )
  }
}

/** RGBA of 8 bits, each row with the filter that leaves the least (PNG 12.8). */
export const writePng = ({ width, height, pixels }: Image): Uint8Array => {
  const rowBytes = width * 4
  const raw = new Uint8Array((rowBytes + 1) * height)
  let above: Uint8Array = new Uint8Array(rowBytes)
  for (let row = 0; row < height; row++) {
    const line = pixels.subarray(row * rowBytes, (row + 1) * rowBytes)
    raw.set(smallestFilter(line, above), row * (rowBytes + 1))
    above = line
  }
  const header = new Uint8Array(13)
  const view = new DataView(header.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  header.set([8, 6], 8)
  return concat([pngSignature, chunk('IHDR', header), chunk('IDAT', deflateSync(raw, { level: 9 })), chunk('IEND', new Uint8Array(0))])
}

const smallestFilter = (line: Uint8Array, above: Uint8Array): Uint8Array => {
  let best: Uint8Array = new Uint8Array(line.length + 1)
  // What the search below would find, too, of rows around a picture.
  if (line.every(byte => byte === 0)) return best
  if (line.every((byte, at) => byte === above[at])) {
    best[0] = 2
    return best
  }
  let bestSum = Infinity
  for (let type = 0; type <= 4; type++) {
    const row = new Uint8Array(line.length + 1)
    row[0] = type
    let sum = 0
    for (let at = 0; at < line.length && sum < bestSum; at++) {
      const a = at >= 4 ? (line[at - 4] ?? 0) : 0
      const b = above[at] ?? 0
      const c = at >= 4 ? (above[at - 4] ?? 0) : 0
      const guess = type === 0 ? 0 : type === 1 ? a : type === 2 ? b : type === 3 ? (a + b) >> 1 : paeth(a, b, c)
      const left = ((line[at] ?? 0) - guess) & 0xff
      row[at + 1] = left
      sum += left < 128 ? left : 256 - left
    }
    if (sum < bestSum) [best, bestSum] = [row, sum]
  }
  return best
}

const chunk = (type: string, body: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(body.length + 12)
  const view = new DataView(whole.buffer)
  view.setUint32(0, body.length)
  whole.set(encodeText(type), 4)
  whole.set(body, 8)
  view.setUint32(body.length + 8, crc32(whole.subarray(4, body.length + 8)))
  return whole
}
