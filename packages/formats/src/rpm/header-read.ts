// rpm: reading a header structure; whatever it announces is checked against the bytes that are there.
import { decodeText, exactReader, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { headerMagic, limitHeaderBytes, limitHeaderEntries, types } from './tags.ts'

export interface RpmHeader {
  /** Of the whole structure, magic included. */
  readonly offset: number
  readonly sizeBytes: number
  /** The tags that are there, in order, without the region. */
  readonly tags: readonly number[]
  /** The first text of a tag; undefined where the tag is lacking. Text that is not UTF-8 is read as Latin-1, as old packages have it. */
  text(tag: number): string | undefined
  texts(tag: number): readonly string[]
  /** Integers of any width, unsigned. */
  numbers(tag: number): readonly number[]
  bytes(tag: number): Uint8Array | undefined
}

/** Reads the header at `offset`. Throws `rpm/truncated` and `rpm/bad-header`; the values throw `rpm/bad-header` when asked for. */
export const readHeader = async (source: Source, offset: number): Promise<RpmHeader> => {
  const read = exactReader(source, (message, at) => new FormatError('rpm/truncated', message, at))
  const intro = await read(offset, 16)
  if (headerMagic.subarray(0, 4).some((byte, index) => byte !== intro[index])) {
    throw new FormatError('rpm/bad-header', 'no header of version 1 begins here', offset)
  }
  const view = viewOf(intro)
  const [entries, dataBytes] = [view.getUint32(8), view.getUint32(12)]
  if (entries === 0 || entries > limitHeaderEntries || dataBytes > limitHeaderBytes) {
    throw new FormatError('rpm/bad-header', `a header of ${entries} entries and ${dataBytes} bytes`, offset)
  }
  const index = await read(offset + 16, entries * 16)
  const data = await read(offset + 16 + index.length, dataBytes)
  const found = readIndex(index, data, offset + 16)
  return { ...valuesOf(found, data), offset, sizeBytes: 16 + index.length + dataBytes, tags: [...found.keys()] }
}

interface Entry {
  readonly tag: number
  readonly type: number
  readonly offset: number
  readonly count: number
  /** Where the data of another tag begins, or all of it ends. */
  end: number
  /** Of the entry itself, in the file. */
  readonly at: number
}

const readIndex = (index: Uint8Array, data: Uint8Array, at: number): ReadonlyMap<number, Entry> => {
  const view = viewOf(index)
  const found = new Map<number, Entry>()
  for (let start = 0; start < index.length; start += 16) {
    const [tag, type, offset, count] = [
      view.getUint32(start),
      view.getUint32(start + 4),
      view.getUint32(start + 8),
      view.getUint32(start + 12),
    ]
    const entry = { tag, type, offset, count, end: data.length, at: at + start }
    checkEntry(entry, data.length)
    if (tag >= 61 && tag < 64) {
      if (start !== 0) throw bad(entry, 'a region begins inside of the index')
      checkRegion(entry, data, index.length)
    } else if (found.has(tag)) throw bad(entry, 'the tag is there twice')
    else found.set(tag, entry)
  }
  const inOrder = [...found.values()].sort((left, right) => left.offset - right.offset)
  inOrder.forEach((entry, index) => (entry.end = inOrder[index + 1]?.offset ?? data.length))
  return found
}

const bad = ({ tag, at }: Entry, reason: string): FormatError => new FormatError('rpm/bad-header', `tag ${tag}: ${reason}`, at)

const checkEntry = (entry: Entry, dataBytes: number): void => {
  const width = widths[entry.type]
  if (width === undefined) throw bad(entry, `the type ${entry.type} is unknown`)
  if (entry.count === 0) throw bad(entry, 'it has no value')
  // Each text has at least its NUL.
  if (entry.offset + entry.count * width > dataBytes) throw bad(entry, 'its data lies outside of the header')
  if (entry.type === types.string && entry.count !== 1) throw bad(entry, `one text, and ${entry.count} announced`)
  if (entry.type >= types.int16 && entry.type <= types.int64 && entry.offset % width !== 0) throw bad(entry, 'its data is not aligned')
}

const widths: readonly (number | undefined)[] = [undefined, 1, 1, 2, 4, 8, 1, 1, 1, 1]

/** The trailer has the same tag and points back to the first entry (rpm takes the entries between as the sealed ones). */
const checkRegion = (entry: Entry, data: Uint8Array, indexBytes: number): void => {
  if (entry.type !== types.bin || entry.count !== 16) throw bad(entry, 'a region that is none')
  const trailer = viewOf(data.subarray(entry.offset, entry.offset + 16))
  const coveredBytes = -trailer.getInt32(8)
  const isSound = trailer.getUint32(0) === entry.tag && trailer.getUint32(4) === types.bin && trailer.getUint32(12) === 16
  if (!isSound || coveredBytes < 16 || coveredBytes % 16 !== 0 || coveredBytes > indexBytes) throw bad(entry, 'the region has no sound end')
}

const valuesOf = (found: ReadonlyMap<number, Entry>, data: Uint8Array): Pick<RpmHeader, 'text' | 'texts' | 'numbers' | 'bytes'> => {
  const texts = (tag: number): readonly string[] => {
    const entry = found.get(tag)
    return entry === undefined ? [] : textsOf(entry, data)
  }
  return {
    texts,
    text: tag => texts(tag)[0],
    numbers: tag => {
      const entry = found.get(tag)
      return entry === undefined ? [] : numbersOf(entry, data)
    },
    bytes: tag => {
      const entry = found.get(tag)
      if (entry === undefined) return undefined
      if (entry.type !== types.bin) throw bad(entry, `bytes were expected, and the type is ${entry.type}`)
      return data.subarray(entry.offset, entry.offset + entry.count)
    },
  }
}

const textsOf = (entry: Entry, data: Uint8Array): readonly string[] => {
  if (![types.string, types.strings, types.i18n].some(type => type === entry.type)) {
    throw bad(entry, `text was expected, and the type is ${entry.type}`)
  }
  return textsUpTo(entry, data) ?? textsOneByOne(entry, data)
}

/**
 * All at once, up to where the data of the next tag begins: in a large package, to look at each byte takes longer than all else.
 * Undefined where something other than the texts and some padding stands there, or the texts are not UTF-8.
 */
const textsUpTo = ({ offset, end, count }: Entry, data: Uint8Array): readonly string[] | undefined => {
  let joined: string
  try {
    joined = decodeText(data.subarray(offset, end))
  } catch {
    return undefined
  }
  // Owners and link targets: most often one text over and over.
  const first = joined.slice(0, joined.indexOf('\0') + 1)
  // Nothing is there where two tags share their data.
  if (first === '') return undefined
  const isOne = count > 1 && joined.startsWith(first.repeat(count)) && isPadding(joined.slice(first.length * count))
  if (isOne) return Array.from<string>({ length: count }).fill(first.slice(0, -1))
  const texts = joined.split('\0')
  if (texts.length <= count || !isPadding(texts.slice(count).join(''))) return undefined
  texts.length = count
  return texts
}

const isPadding = (text: string): boolean => text.replaceAll('\0', '') === ''

const textsOneByOne = (entry: Entry, data: Uint8Array): readonly string[] => {
  let end = entry.offset
  for (let left = entry.count; left > 0; end++) {
    if (end >= data.length) throw bad(entry, 'a text does not end')
    if (data[end] === 0) left--
  }
  return decode(data.subarray(entry.offset, end - 1)).split('\0')
}

const decode = (bytes: Uint8Array): string => {
  try {
    return decodeText(bytes)
  } catch {
    return new TextDecoder('latin1').decode(bytes)
  }
}

const numbersOf = (entry: Entry, data: Uint8Array): readonly number[] => {
  const width = [types.char, types.int8, types.int16, types.int32, types.int64].some(type => type === entry.type)
    ? widths[entry.type]
    : undefined
  if (width === undefined) throw bad(entry, `numbers were expected, and the type is ${entry.type}`)
  const view = viewOf(data)
  const { count, offset } = entry
  const end = offset + count * width
  const found: number[] = []
  // One loop a width: of a large package each runs cold, and a choice at each value costs more than the value.
  if (width === 1) for (let at = offset; at < end; at++) found.push(view.getUint8(at))
  else if (width === 2) for (let at = offset; at < end; at += 2) found.push(view.getUint16(at))
  else if (width === 4) for (let at = offset; at < end; at += 4) found.push(view.getUint32(at))
  else for (let at = offset; at < end; at += 8) found.push(Number(view.getBigUint64(at)))
  return found
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
