// zip: the central directory's records (PKWARE APPNOTE 6.3.10, 4.3.12), checked against each other.
import { decodeText, type Fields, fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import * as zip from './zip.ts'

export interface ZipFound {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  /** Permission bits; 0644 or 0755 where the writer knew none. */
  readonly mode: number
  readonly sizeBytes: number
  readonly compressedBytes: number
  readonly crc32: number
  /** 0 stored, 8 deflated; others are listed but cannot be opened. */
  readonly method: number
  readonly flags: number
  /** Seconds since 1970, the MS-DOS time read as UTC. */
  readonly mtime: number
  /** Of the local header. */
  readonly offset: number
  /** Where the next entry or the directory begins: nothing of this entry may reach beyond. */
  readonly limitOffset: number
  /** All of the directory, in which the name stands as it was written. */
  readonly directory: Uint8Array
  readonly nameAt: number
  readonly nameBytes: number
}

export interface DirectoryPlace {
  readonly offset: number
  readonly count: number
}

/** All records of a directory. Throws `zip/bad-directory`, `zip/bad-name`, `zip/duplicate` and `zip/overlap`. */
export const readCentral = (bytes: Uint8Array, place: DirectoryPlace): readonly ZipFound[] => {
  const fields = fieldsOf(bytes, 'little')
  // Where each record begins, and where the last one ends.
  const starts = new Uint32Array(place.count + 1)
  for (let index = 0, at = 0; index < place.count; index++) {
    at = recordEnd(fields, { at, sizeBytes: bytes.length, offset: place.offset + at })
    starts[index + 1] = at
  }
  const at = starts[place.count] ?? 0
  if (at !== bytes.length)
    throw new FormatError('zip/bad-directory', 'bytes stand between the last entry and the end record', place.offset + at)
  const paths = pathsOf(bytes, fields, starts)
  const found: Mutable<ZipFound>[] = []
  for (let index = 0; index < place.count; index++) {
    const [start, end] = [starts[index] ?? 0, starts[index + 1] ?? 0]
    found.push(readRecord({ bytes, fields, path: paths?.[index] ?? '' }, { at: start, end, offset: place.offset + start }))
  }
  checkDuplicates(found)
  setLimits(found, place.offset)
  return found
}

/** Of `limitOffset`, which is known when all entries are. */
type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

interface DirectoryBytes {
  readonly bytes: Uint8Array
  readonly fields: Fields
  /** Empty where the name is still to be decoded. */
  readonly path: string
}

interface RecordPlace {
  readonly at: number
  readonly end: number
  /** In the file. */
  readonly offset: number
}

const recordEnd = (
  fields: Fields,
  { at, sizeBytes, offset }: { readonly at: number; readonly sizeBytes: number; readonly offset: number },
): number => {
  if (at + zip.centralBytes > sizeBytes || fields.u32(at) !== zip.centralSignature) {
    throw new FormatError('zip/bad-directory', 'an entry of the directory is missing', offset)
  }
  const end = at + zip.centralBytes + fields.u16(at + 28) + fields.u16(at + 30) + fields.u16(at + 32)
  if (end > sizeBytes) throw new FormatError('zip/bad-directory', 'an entry of the directory is cut off', offset)
  return end
}

const readRecord = (directory: DirectoryBytes, { at, end, offset }: RecordPlace): Mutable<ZipFound> => {
  const { bytes, fields } = directory
  const flags = fields.u16(at + 8)
  const nameAt = at + zip.centralBytes
  const nameEnd = nameAt + fields.u16(at + 28)
  const path = directory.path === '' ? pathOf(bytes.subarray(nameAt, nameEnd), flags, offset) : directory.path
  const extraEnd = nameEnd + fields.u16(at + 30)
  let [sizeBytes, compressedBytes, localOffset] = [fields.u32(at + 24), fields.u32(at + 20), fields.u32(at + 42)]
  if (extraEnd > end) throw new FormatError('zip/bad-directory', 'an extra field is cut off', offset)
  if (extraEnd > nameEnd) {
    const field = zip64Field(fields, { at: nameEnd, end: extraEnd, offset })
    if (field !== undefined) {
      const values = [sizeBytes, compressedBytes, localOffset] as const
      ;[sizeBytes = 0, compressedBytes = 0, localOffset = 0] = zip64In(fields, { ...field, offset }, values)
    }
  }
  const disk = fields.u16(at + 34)
  if (disk !== 0 && disk !== zip.max16) throw new FormatError('zip/unsupported', 'the archive is spread over several files', offset)
  const method = fields.u16(at + 10)
  if (method === zip.methodStored && sizeBytes !== compressedBytes && (flags & zip.flagEncrypted) === 0) {
    throw new FormatError('zip/bad-directory', `${JSON.stringify(path)} is stored, but its two sizes differ`, offset)
  }
  const { type, mode } = modeOf(path, { host: fields.u8(at + 5), unixMode: fields.u16(at + 40) })
  const mtime = zip.fromDosTime(fields.u16(at + 14), fields.u16(at + 12))
  const crc32 = fields.u32(at + 16)
  return {
    path,
    type,
    mode,
    sizeBytes,
    compressedBytes,
    crc32,
    method,
    flags,
    mtime,
    offset: localOffset,
    limitOffset: 0,
    directory: bytes,
    nameAt,
    nameBytes: nameEnd - nameAt,
  }
}

/** All names decoded at once, which is much faster than one by one; undefined where they are not all UTF-8 without a NUL. */
const pathsOf = (bytes: Uint8Array, fields: Fields, starts: Uint32Array): readonly string[] | undefined => {
  // What `slice` gives of a Buffer is no copy.
  const joined = new Uint8Array(bytes)
  const count = starts.length - 1
  let filled = 0
  for (let index = 0; index < count; index++) {
    // Each name moves towards the begin, over what has been read.
    const at = starts[index] ?? 0
    const nameBytes = fields.u16(at + 28)
    joined.copyWithin(filled, at + zip.centralBytes, at + zip.centralBytes + nameBytes)
    filled += nameBytes
    joined[filled++] = 0
  }
  try {
    const paths = decodeText(joined.subarray(0, Math.max(0, filled - 1))).split('\0')
    return paths.length === count ? paths : undefined
  } catch {
    return undefined
  }
}

const modeOf = (
  path: string,
  { host, unixMode }: { readonly host: number; readonly unixMode: number },
): Pick<ZipFound, 'type' | 'mode'> => {
  const unix = host === zip.hostUnix || host === zip.hostDarwin ? unixMode : 0
  const isFolder = path.endsWith('/')
  if (unix === 0) return { type: isFolder ? 'folder' : 'file', mode: isFolder ? 0o755 : 0o644 }
  const mode = unix & 0o7777
  if (isFolder) return { type: 'folder', mode }
  const bits = unix & zip.modeTypeMask
  if (bits === zip.modeSymlink) return { type: 'symlink', mode }
  return { type: bits === zip.modeFile || bits === 0 ? 'file' : 'other', mode }
}

/** Flag 11 means UTF-8; without it UTF-8 is still what most writers mean, and code page 437 what the format says (appendix D). */
const pathOf = (name: Uint8Array, flags: number, offset: number): string => {
  if (name.length === 0 || name.includes(0)) throw new FormatError('zip/bad-name', 'a name is empty or holds a NUL', offset)
  try {
    return decodeText(name)
  } catch {
    if ((flags & zip.flagUtf8) !== 0) throw new FormatError('zip/bad-name', 'a name is not the UTF-8 that its flag says', offset)
    return Array.from(name, byte => (byte < 0x80 ? String.fromCharCode(byte) : (codePage437[byte - 0x80] ?? '?'))).join('')
  }
}

const codePage437 = [
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐',
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
].join('')

export interface LargeValues {
  /** The 32-bit fields in the order of the extra field: size, compressed size, offset. */
  readonly values: readonly number[]
  readonly offset: number
}

/** Replaces each all-ones field by its value of the zip64 extra field (4.5.3). Throws `zip/bad-directory`. */
export const zip64Values = (extra: Uint8Array, { values, offset }: LargeValues): readonly number[] => {
  const fields = fieldsOf(extra, 'little')
  const field = zip64Field(fields, { at: 0, end: extra.length, offset })
  return field === undefined ? values : zip64In(fields, { ...field, offset }, values)
}

/** `place`: of the values in the field. */
const zip64In = (fields: Fields, place: RecordPlace, values: readonly number[]): readonly number[] => {
  const wanted = values.filter(value => value === zip.max32).length
  if (place.end - place.at < wanted * 8) throw new FormatError('zip/bad-directory', 'the zip64 field lacks a value', place.offset)
  let { at } = place
  return values.map(value => {
    if (value !== zip.max32) return value
    at += 8
    return fields.u64(at - 8)
  })
}

const zip64Field = (fields: Fields, place: RecordPlace): { readonly at: number; readonly end: number } | undefined => {
  let found: { readonly at: number; readonly end: number } | undefined
  // Some writers leave up to three bytes of padding behind the last field.
  for (let { at } = place; at + 4 <= place.end;) {
    const end = at + 4 + fields.u16(at + 2)
    if (end > place.end) throw new FormatError('zip/bad-directory', 'an extra field is cut off', place.offset)
    if (fields.u16(at) === zip.zip64ExtraId) {
      if (found !== undefined) throw new FormatError('zip/bad-directory', 'two zip64 fields in one entry', place.offset)
      found = { at: at + 4, end }
    }
    at = end
  }
  return found
}

const checkDuplicates = (found: readonly ZipFound[]): void => {
  const paths = new Set<string>()
  for (const { path, offset } of found) {
    const key = path.endsWith('/') ? path.slice(0, -1) : path
    const { size } = paths
    if (paths.add(key).size === size) throw new FormatError('zip/duplicate', `${JSON.stringify(path)} is in the archive twice`, offset)
  }
}

/** No entry may reach into the next one (quoted bytes make zip bombs) or into the directory. */
const setLimits = (found: readonly Mutable<ZipFound>[], directoryOffset: number): void => {
  // Most writers give the directory the order of the file.
  const isInOrder = found.every((entry, index) => entry.offset >= (found[index - 1]?.offset ?? 0))
  const order = isInOrder ? found : [...found].sort((left, right) => left.offset - right.offset)
  order.forEach((entry, index) => {
    entry.limitOffset = order[index + 1]?.offset ?? directoryOffset
    if (entry.offset + zip.localBytes + entry.nameBytes + entry.compressedBytes <= entry.limitOffset) return
    throw new FormatError('zip/overlap', `${JSON.stringify(entry.path)} reaches into what follows it`, entry.offset)
  })
}
