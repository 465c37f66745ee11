// zip: the central directory's records (PKWARE APPNOTE 6.3.10, 4.3.12), checked against each other.
import { decodeText, type Fields, fieldsOf, isAscii } from '../bytes.ts'
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
  readonly name: Uint8Array
}

export interface DirectoryPlace {
  readonly offset: number
  readonly count: number
}

/** All records of a directory. Throws `zip/bad-directory`, `zip/bad-name`, `zip/duplicate` and `zip/overlap`. */
export const readCentral = (bytes: Uint8Array, place: DirectoryPlace): readonly ZipFound[] => {
  const fields = fieldsOf(bytes, 'little')
  const found: Omit<ZipFound, 'limitOffset'>[] = []
  let at = 0
  for (let index = 0; index < place.count; index++) {
    const end = recordEnd(fields, { at, sizeBytes: bytes.length, offset: place.offset + at })
    found.push(readRecord(bytes.subarray(at, end), place.offset + at))
    at = end
  }
  if (at !== bytes.length)
    throw new FormatError('zip/bad-directory', 'bytes stand between the last entry and the end record', place.offset + at)
  checkDuplicates(found)
  return withLimits(found, place.offset)
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

const readRecord = (record: Uint8Array, offset: number): Omit<ZipFound, 'limitOffset'> => {
  const fields = fieldsOf(record, 'little')
  const flags = fields.u16(8)
  const nameEnd = zip.centralBytes + fields.u16(28)
  const name = record.subarray(zip.centralBytes, nameEnd)
  const path = pathOf(name, flags, offset)
  const large = zip64Values(record.subarray(nameEnd, nameEnd + fields.u16(30)), {
    values: [fields.u32(24), fields.u32(20), fields.u32(42)],
    offset,
  })
  const disk = fields.u16(34)
  if (disk !== 0 && disk !== zip.max16) throw new FormatError('zip/unsupported', 'the archive is spread over several files', offset)
  const [sizeBytes = 0, compressedBytes = 0, localOffset = 0] = large
  const method = fields.u16(10)
  if (method === zip.methodStored && sizeBytes !== compressedBytes && (flags & zip.flagEncrypted) === 0) {
    throw new FormatError('zip/bad-directory', `${JSON.stringify(path)} is stored, but its two sizes differ`, offset)
  }
  return {
    path,
    ...modeOf(path, fields),
    sizeBytes,
    compressedBytes,
    crc32: fields.u32(16),
    method,
    flags,
    mtime: zip.fromDosTime(fields.u16(14), fields.u16(12)),
    offset: localOffset,
    name,
  }
}

const modeOf = (path: string, fields: Fields): Pick<ZipFound, 'type' | 'mode'> => {
  const host = fields.u8(5)
  const unix = host === zip.hostUnix || host === zip.hostDarwin ? fields.u16(40) : 0
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
  if (isAscii(name)) return decodeText(name)
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
  const wanted = values.filter(value => value === zip.max32).length
  const field = zip64Field(extra, offset)
  if (field === undefined || wanted === 0) return values
  if (field.length < wanted * 8) throw new FormatError('zip/bad-directory', 'the zip64 field lacks a value', offset)
  const fields = fieldsOf(field, 'little')
  let at = 0
  return values.map(value => {
    if (value !== zip.max32) return value
    at += 8
    return fields.u64(at - 8)
  })
}

const zip64Field = (extra: Uint8Array, offset: number): Uint8Array | undefined => {
  const fields = fieldsOf(extra, 'little')
  let found: Uint8Array | undefined
  // Some writers leave up to three bytes of padding behind the last field.
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + fields.u16(at + 2)
    if (end > extra.length) throw new FormatError('zip/bad-directory', 'an extra field is cut off', offset)
    if (fields.u16(at) === zip.zip64ExtraId) {
      if (found !== undefined) throw new FormatError('zip/bad-directory', 'two zip64 fields in one entry', offset)
      found = extra.subarray(at + 4, end)
    }
    at = end
  }
  return found
}

const checkDuplicates = (found: readonly Omit<ZipFound, 'limitOffset'>[]): void => {
  const paths = new Set<string>()
  for (const { path, offset } of found) {
    const key = path.endsWith('/') ? path.slice(0, -1) : path
    if (paths.has(key)) throw new FormatError('zip/duplicate', `${JSON.stringify(path)} is in the archive twice`, offset)
    paths.add(key)
  }
}

/** No entry may reach into the next one (quoted bytes make zip bombs) or into the directory. */
const withLimits = (found: readonly Omit<ZipFound, 'limitOffset'>[], directoryOffset: number): readonly ZipFound[] => {
  const order = [...found].sort((left, right) => left.offset - right.offset)
  const limits = new Map<object, number>()
  order.forEach((entry, index) => {
    const limitOffset = order[index + 1]?.offset ?? directoryOffset
    limits.set(entry, limitOffset)
    if (entry.offset + zip.localBytes + entry.name.length + entry.compressedBytes <= limitOffset) return
    throw new FormatError('zip/overlap', `${JSON.stringify(entry.path)} reaches into what follows it`, entry.offset)
  })
  return found.map(entry => ({ ...entry, limitOffset: limits.get(entry) ?? directoryOffset }))
}
