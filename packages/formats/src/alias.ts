// Alias records, version 2 (Inside Macintosh: Files, "Alias Manager"; the tags as the Finder writes them): a file on a volume of HFS Plus.
import { bigEndian32, concat, encodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface AliasSubject {
  readonly volumeName: string
  /** Of volume and file, in seconds since 1970. */
  readonly date: number
  /** From the root of the volume, as `.background/picture.png`. */
  readonly path: string
  /** Catalog numbers from the file up to, not with, the root (2). */
  readonly ids: readonly number[]
}

const [headBytes, volumeNameBytes, fileNameBytes] = [150, 27, 63]
// 1904-01-01 to 1970-01-01.
const epochSeconds = 2_082_844_800

/** What the Finder finds a background picture by. Throws `alias/bad-path`. */
export const writeAlias = ({ volumeName, date, path, ids }: AliasSubject): Uint8Array => {
  const steps = path.split('/')
  const [name = '', folder] = [steps.at(-1), steps.at(-2)]
  if (steps.includes('') || ids.length !== steps.length)
    throw new FormatError('alias/bad-path', `${JSON.stringify(path)} is no path in a volume`)
  const created = date + epochSeconds
  const tags = concat([
    ...(folder === undefined ? [] : [tag(0, macText(folder))]),
    tag(1, concat(ids.slice(1).map(bigEndian32))),
    tag(2, macText([volumeName, ...steps].join(':'))),
    tag(14, counted(name)),
    tag(15, counted(volumeName)),
    tag(16, highDate(created)),
    tag(17, highDate(created)),
    tag(18, encodeText(`/${path}`)),
    tag(19, encodeText(`/Volumes/${volumeName}`)),
    Uint8Array.from([0xff, 0xff, 0, 0]),
  ])
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint16(4, headBytes + tags.length)
  view.setUint16(6, 2)
  pascal(head, { offset: 10, text: volumeName, limitBytes: volumeNameBytes })
  view.setUint32(38, created)
  head.set(encodeText('H+'), 42)
  // A disk that can be ejected.
  view.setUint16(44, 5)
  view.setUint32(46, ids[1] ?? 2)
  pascal(head, { offset: 50, text: name, limitBytes: fileNameBytes })
  view.setUint32(114, ids[0] ?? 0)
  view.setUint32(118, created)
  // Levels from and to: the alias and its file have no folder in common.
  view.setInt16(130, -1)
  view.setInt16(132, -1)
  return concat([head, tags])
}

const tag = (kind: number, data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + data.length + (data.length % 2))
  const view = new DataView(bytes.buffer)
  view.setInt16(0, kind)
  view.setUint16(2, data.length)
  bytes.set(data, 4)
  return bytes
}

/** The old encoding holds no more than ASCII for certain; the names in Unicode stand beside it. */
const macText = (text: string): Uint8Array => encodeText(text.replaceAll(/[^\x20-\x7e]/g, '_'))

const pascal = (
  bytes: Uint8Array,
  { offset, text, limitBytes }: { readonly offset: number; readonly text: string; readonly limitBytes: number },
): void => {
  const letters = macText(text).subarray(0, limitBytes)
  bytes[offset] = letters.length
  bytes.set(letters, offset + 1)
}

const counted = (text: string): Uint8Array => {
  const bytes = new Uint8Array(2 + 2 * text.length)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, text.length)
  for (let at = 0; at < text.length; at++) view.setUint16(2 + 2 * at, text.charCodeAt(at))
  return bytes
}

/** Seconds in the upper 48 bits, fractions of 1/65536 below. */
const highDate = (seconds: number): Uint8Array => {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(seconds) << 16n)
  return bytes
}
