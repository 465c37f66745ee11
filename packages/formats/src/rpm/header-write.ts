// rpm: writing a header structure (an index of tags, then their data), with the region that seals it as immutable.
import { concat, encodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { headerMagic, limitHeaderBytes, limitHeaderEntries, types } from './tags.ts'

/** One value of a header, encoded. */
export interface HeaderValue {
  readonly tag: number
  readonly type: number
  readonly count: number
  readonly bytes: Uint8Array
}

export const stringValue = (tag: number, text: string): HeaderValue => ({ tag, type: types.string, count: 1, bytes: nulEnded([text], tag) })

/** Text in one language, that of the table `C`. */
export const i18nValue = (tag: number, text: string): HeaderValue => ({ tag, type: types.i18n, count: 1, bytes: nulEnded([text], tag) })

export const stringsValue = (tag: number, texts: readonly string[]): HeaderValue => ({
  tag,
  type: types.strings,
  count: texts.length,
  bytes: nulEnded(texts, tag),
})

export const int16Value = (tag: number, numbers: readonly number[]): HeaderValue => integers(tag, numbers, 2)
export const int32Value = (tag: number, numbers: readonly number[]): HeaderValue => integers(tag, numbers, 4)
export const int64Value = (tag: number, numbers: readonly number[]): HeaderValue => integers(tag, numbers, 8)

export const binValue = (tag: number, bytes: Uint8Array): HeaderValue => ({ tag, type: types.bin, count: bytes.length, bytes })

/** A header with its magic, sorted by tag; `region` is 62 for signatures and 63 else. Throws `rpm/too-large` over rpm's own limits. */
export const encodeHeader = (values: readonly HeaderValue[], region: number): Uint8Array => {
  const sorted = values.toSorted((left, right) => left.tag - right.tag)
  const index = new Uint8Array((sorted.length + 1) * 16)
  const view = new DataView(index.buffer)
  const parts: Uint8Array[] = []
  let offset = 0
  sorted.forEach((value, at) => {
    const padding = -offset & (alignments[value.type] ?? 0)
    parts.push(new Uint8Array(padding), value.bytes)
    offset += padding
    writeEntry(view, (at + 1) * 16, { ...value, offset })
    offset += value.bytes.length
  })
  // The region: its entry points behind the data, to an entry that points back over the whole index.
  writeEntry(view, 0, { tag: region, type: types.bin, offset, count: 16 })
  const trailer = new Uint8Array(16)
  writeEntry(new DataView(trailer.buffer), 0, { tag: region, type: types.bin, offset: -index.length, count: 16 })
  const dataBytes = offset + 16
  if (sorted.length + 1 > limitHeaderEntries || dataBytes > limitHeaderBytes) {
    throw new FormatError('rpm/too-large', `a header of ${dataBytes} bytes; rpm reads at most ${limitHeaderBytes}`)
  }
  const sizes = new Uint8Array(8)
  new DataView(sizes.buffer).setUint32(0, sorted.length + 1)
  new DataView(sizes.buffer).setUint32(4, dataBytes)
  return concat([headerMagic, sizes, index, ...parts, trailer])
}

/** One less than the width that the data of a type is aligned to. */
const alignments: Readonly<Record<number, number>> = { [types.int16]: 1, [types.int32]: 3, [types.int64]: 7 }

interface IndexEntry {
  readonly tag: number
  readonly type: number
  readonly offset: number
  readonly count: number
}

const writeEntry = (view: DataView, at: number, { tag, type, offset, count }: IndexEntry): void => {
  view.setUint32(at, tag)
  view.setUint32(at + 4, type)
  view.setInt32(at + 8, offset)
  view.setUint32(at + 12, count)
}

const nulEnded = (texts: readonly string[], tag: number): Uint8Array => {
  const bytes = encodeText(`${texts.join('\0')}\0`)
  let nuls = 0
  for (let at = bytes.indexOf(0); at !== -1; at = bytes.indexOf(0, at + 1)) nuls += 1
  if (nuls === texts.length) return bytes
  throw new FormatError('rpm/bad-text', `a text of tag ${tag} holds a NUL, which ends it for every reader`)
}

const integers = (tag: number, numbers: readonly number[], widthBytes: 2 | 4 | 8): HeaderValue => {
  const bytes = new Uint8Array(numbers.length * widthBytes)
  const view = new DataView(bytes.buffer)
  numbers.forEach((value, index) => {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (widthBytes * 8)) {
      throw new FormatError('rpm/bad-number', `${value} of tag ${tag} is no whole number of ${widthBytes} bytes`)
    }
    if (widthBytes === 2) view.setUint16(index * 2, value)
    else if (widthBytes === 4) view.setUint32(index * 4, value)
    else view.setBigUint64(index * 8, BigInt(value))
  })
  const type = { 2: types.int16, 4: types.int32, 8: types.int64 }[widthBytes]
  return { tag, type, count: numbers.length, bytes }
}
