// icns: Apple's icon files, a list of images by type and size (the types that iconutil writes since macOS 11).
import { bigEndian32, concat, encodeText, fieldsOf } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { type Image, resizeImage, writePng } from './png.ts'

/** Type -> side in pixels; PNG but for the two smallest, which older systems read as packed channels alone. */
const types = [
  ['ic04', 16],
  ['ic05', 32],
  ['ic07', 128],
  ['ic08', 256],
  ['ic09', 512],
  ['ic10', 1024],
  ['ic11', 32],
  ['ic12', 64],
  ['ic13', 256],
  ['ic14', 512],
] as const

/** All sizes up to the image's own. A square of at least 32 pixels, else `icns/bad-image`. */
export const writeIcns = (image: Image): Uint8Array => {
  if (image.width !== image.height || image.width < 32)
    throw new FormatError('icns/bad-image', `an icon of ${image.width} x ${image.height} pixels; it is a square of at least 32`)
  const packed = new Map<string, Uint8Array>()
  const members = types
    .filter(([, side]) => side <= image.width)
    .map(([type, side]) => {
      const form = type === 'ic04' || type === 'ic05' ? 'argb' : 'png'
      const key = `${form} ${side}`
      const body = packed.get(key) ?? bodyOf(side === image.width ? image : resizeImage(image, { width: side, height: side }), form)
      packed.set(key, body)
      return concat([encodeText(type), bigEndian32(8 + body.length), body])
    })
  const table = concat([encodeText('TOC '), bigEndian32(8 + 8 * members.length), ...members.map(one => one.subarray(0, 8))])
  const body = concat([table, ...members])
  return concat([encodeText('icns'), bigEndian32(8 + body.length), body])
}

const bodyOf = (image: Image, form: 'argb' | 'png'): Uint8Array => {
  if (form === 'png') return writePng(image)
  const channel = (offset: number): Uint8Array =>
    packChannel(Uint8Array.from({ length: image.width * image.height }, (_, at) => image.pixels[at * 4 + offset] ?? 0))
  return concat([encodeText('ARGB'), channel(3), channel(0), channel(1), channel(2)])
}

/** Runs of 3 to 130 equal bytes as two, others as they are, 1 to 128 behind their count. */
const packChannel = (bytes: Uint8Array): Uint8Array => {
  const packed: number[] = []
  let literal: number[] = []
  const flush = (): void => {
    for (let at = 0; at < literal.length; at += 128) {
      const part = literal.slice(at, at + 128)
      packed.push(part.length - 1, ...part)
    }
    literal = []
  }
  for (let at = 0; at < bytes.length;) {
    const value = bytes[at] ?? 0
    let run = 1
    while (run < 130 && at + run < bytes.length && bytes[at + run] === value) run++
    if (run >= 3) {
      flush()
      packed.push(run + 125, value)
    } else for (let each = 0; each < run; each++) literal.push(value)
    at += run
  }
  flush()
  return Uint8Array.from(packed)
}

/** Type -> side in pixels and points per pixel, of those that older systems and @2x screens know besides (as `iconutil` names them). */
const otherTypes: Readonly<Record<string, readonly [pixels: number, scale: 1 | 2]>> = {
  'ICN#': [32, 1],
  'ics#': [16, 1],
  ics4: [16, 1],
  ics8: [16, 1],
  icl4: [32, 1],
  icl8: [32, 1],
  ich8: [48, 1],
  is32: [16, 1],
  il32: [32, 1],
  ih32: [48, 1],
  it32: [128, 1],
  icp4: [16, 1],
  icp5: [32, 1],
  icp6: [64, 1],
  icsb: [18, 1],
  icsB: [36, 2],
  sb24: [24, 1],
  SB24: [48, 2],
}
const twofold: readonly string[] = ['ic10', 'ic11', 'ic12', 'ic13', 'ic14']
const masks: Readonly<Record<string, number>> = { s8mk: 16, l8mk: 32, h8mk: 48, t8mk: 128 }

export interface IcnsMember {
  /** Four letters, as `ic10`. */
  readonly type: string
  readonly sizeBytes: number
  /** `mask`: of another member. `other`: no picture, as a list of contents or a dark variant's own file. */
  readonly form: 'png' | 'jpeg2000' | 'argb' | 'packed' | 'mask' | 'other'
  /** Side in pixels: what the picture says where it says it, else what the type means; 0 where neither does. */
  readonly pixels: number
  /** 2: for screens of two pixels a point. */
  readonly scale: 1 | 2
}

/** The members of an icon file. Throws `icns/bad-magic`, `icns/truncated`. */
export const readIcns = (bytes: Uint8Array): readonly IcnsMember[] => {
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== 'icns' || bytes.length < 8)
    throw new FormatError('icns/bad-magic', 'this is no icon file', 0)
  const fields = fieldsOf(bytes, 'big')
  if (fields.u32(4) > bytes.length) throw new FormatError('icns/truncated', `it should have ${fields.u32(4)} bytes`, bytes.length)
  const members: IcnsMember[] = []
  for (let at = 8; at < fields.u32(4);) {
    const sizeBytes = at + 8 <= bytes.length ? fields.u32(at + 4) : 0
    if (sizeBytes < 8 || at + sizeBytes > bytes.length) throw new FormatError('icns/truncated', 'a member does not fit', at)
    members.push(memberOf(String.fromCharCode(...bytes.subarray(at, at + 4)), bytes.subarray(at + 8, at + sizeBytes)))
    at += sizeBytes
  }
  return members
}

const memberOf = (type: string, body: Uint8Array): IcnsMember => {
  const common = { type, sizeBytes: body.length }
  const [pixels, scale] = otherTypes[type] ?? [types.find(([name]) => name === type)?.[1] ?? 0, twofold.includes(type) ? 2 : 1]
  if (pixels === 0) return { ...common, form: masks[type] === undefined ? 'other' : 'mask', pixels: masks[type] ?? 0, scale: 1 }
  const head = String.fromCharCode(...body.subarray(0, 8))
  if (head.startsWith('\x89PNG') && body.length >= 24) return { ...common, form: 'png', pixels: fieldsOf(body, 'big').u32(16), scale }
  const isJpeg = head.startsWith('\0\0\0\fjP') || head.startsWith('\xff\x4f\xff\x51')
  return { ...common, form: isJpeg ? 'jpeg2000' : head.startsWith('ARGB') ? 'argb' : 'packed', pixels, scale }
}
