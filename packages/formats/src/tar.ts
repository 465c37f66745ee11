// tar, writing: POSIX.1-2017 ustar with pax records, or the GNU form of long names (the only one that dpkg unpacks).
import { concat, encodeText, isAscii, noBytes } from './bytes.ts'
import type { Deflated } from './deflate.ts'
import { FormatError } from './format-error.ts'
import type { GzipPart } from './gzip.ts'
import { isInsidePath } from './inside-path.ts'

export { isInsideLink, isInsidePath } from './inside-path.ts'
export { readTar, type TarFound, type TarReading } from './tar-read.ts'

export interface TarEntry {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink'
  /** Permission bits only. */
  readonly mode: number
  /** Of a file; 0 for the others. */
  readonly sizeBytes: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  readonly linkTarget?: string
  /** More pax records of this entry, as Alpine's checksums; not in the GNU dialect. */
  readonly pax?: Readonly<Record<string, string>>
}

export interface TarWriting {
  /** How names longer than a header are written; `gnu` for deb packages. Default `pax`. */
  readonly dialect?: 'pax' | 'gnu'
}

export type TarFile = TarEntry & { readonly bytes?: () => AsyncIterable<Uint8Array> }
export type TarDeflated = TarEntry & { readonly deflated?: Deflated }

/** The two zero blocks that end an archive. */
export const tarEnd: Uint8Array = new Uint8Array(1024)

/** The zero bytes after a file's content, up to the next block of 512. */
export const tarPadding = (sizeBytes: number): Uint8Array => new Uint8Array((512 - (sizeBytes % 512)) % 512)

/** A whole tar, one entry after the other. Throws `tar/bad-entry` and `tar/size-changed`. */
export async function* writeTar(entries: AsyncIterable<TarFile> | Iterable<TarFile>, options: TarWriting = {}): AsyncGenerator<Uint8Array> {
  for await (const entry of entries) {
    yield tarHeader(entry, options)
    let sizeBytes = 0
    if (entry.bytes !== undefined) {
      for await (const chunk of entry.bytes()) {
        sizeBytes += chunk.length
        if (sizeBytes > entry.sizeBytes) break
        yield chunk
      }
    }
    checkSize(entry, sizeBytes)
    const padding = tarPadding(sizeBytes)
    if (padding.length > 0) yield padding
  }
  yield tarEnd
}

/** The same tar as parts for `gzipOf`, reusing each file's deflate stream. */
export async function* tarGzParts(
  entries: AsyncIterable<TarDeflated> | Iterable<TarDeflated>,
  options: TarWriting = {},
): AsyncGenerator<GzipPart> {
  let plain: Uint8Array[] = []
  for await (const entry of entries) {
    plain.push(tarHeader(entry, options))
    checkSize(entry, entry.deflated?.sizeBytes ?? 0)
    if (entry.deflated !== undefined && entry.sizeBytes > 0) {
      yield { plain: concat(plain) }
      yield { deflated: entry.deflated }
      plain = [tarPadding(entry.sizeBytes)]
    }
    if (plain.length >= 128) {
      yield { plain: concat(plain) }
      plain = []
    }
  }
  yield { plain: concat([...plain, tarEnd]) }
}

const checkSize = (entry: TarEntry, sizeBytes: number): void => {
  if (sizeBytes === entry.sizeBytes) return
  throw new FormatError('tar/size-changed', `${entry.path} gave ${sizeBytes} bytes or more where ${entry.sizeBytes} were announced`)
}

/** The header blocks of an entry (pax or GNU blocks first where needed); uid and gid 0, owner root. Throws `tar/bad-entry`. */
export const tarHeader = (entry: TarEntry, options: TarWriting = {}): Uint8Array => {
  checkEntry(entry, options)
  const path = encodeText(entry.type === 'folder' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path)
  const link = encodeText(entry.linkTarget ?? '')
  return options.dialect === 'gnu' ? gnuHeader(entry, path, link) : paxHeader(entry, path, link)
}

const checkEntry = (entry: TarEntry, options: TarWriting): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('tar/bad-entry', `${JSON.stringify(entry.path)} cannot be written: ${reason}`)
  }
  if (!isInsidePath(entry.path)) refuse('the path is empty, absolute, leaves the archive or holds a NUL')
  if (!entry.path.isWellFormed() || entry.linkTarget?.isWellFormed() === false) refuse('a name has no UTF-8 form')
  if (entry.type !== 'folder' && entry.path.endsWith('/')) refuse('only the path of a folder ends in a slash')
  if (!Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0) refuse(`the size is ${entry.sizeBytes}`)
  if (entry.type !== 'file' && entry.sizeBytes !== 0) refuse('only files have bytes')
  if (!Number.isSafeInteger(entry.mtime)) refuse(`the time is ${entry.mtime}`)
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o7777) refuse(`the mode is ${entry.mode}`)
  const isLink = entry.linkTarget !== undefined && entry.linkTarget !== '' && !entry.linkTarget.includes('\0')
  if ((entry.type === 'symlink') !== isLink) refuse('a symlink, and only it, has a target')
  if (entry.pax !== undefined && options.dialect === 'gnu') refuse('the GNU dialect has no pax records')
}

const typeFlags = { file: '0', folder: '5', symlink: '2' } as const
const octalMax = 8 ** 11 - 1
const fitsOctal = (value: number): boolean => value >= 0 && value <= octalMax

const paxHeader = (entry: TarEntry, path: Uint8Array, link: Uint8Array): Uint8Array => {
  const split = isAscii(path) ? splitPath(path) : undefined
  const records: Uint8Array[] = []
  if (split === undefined) records.push(paxRecord('path', path))
  if (link.length > 100 || !isAscii(link)) records.push(paxRecord('linkpath', link))
  if (!fitsOctal(entry.sizeBytes)) records.push(paxRecord('size', encodeText(String(entry.sizeBytes))))
  if (!fitsOctal(entry.mtime)) records.push(paxRecord('mtime', encodeText(String(entry.mtime))))
  for (const [key, value] of Object.entries(entry.pax ?? {})) records.push(paxRecord(key, encodeText(value)))
  const block = ustarBlock({
    name: split?.name ?? toAscii(path),
    prefix: split?.prefix ?? noBytes,
    link: toAscii(link),
    typeFlag: typeFlags[entry.type],
    mode: entry.mode,
    size: octal(fitsOctal(entry.sizeBytes) ? entry.sizeBytes : 0, 12),
    mtime: fitsOctal(entry.mtime) ? entry.mtime : 0,
    magic: 'ustar\x0000',
  })
  if (records.length === 0) return block
  const body = concat(records)
  // The name is seen only by readers that do not know pax; it must not depend on a process or a counter.
  const extended = ustarBlock({
    name: concat([encodeText('PaxHeaders/'), toAscii(path.subarray(-89))]),
    prefix: noBytes,
    link: noBytes,
    typeFlag: 'x',
    mode: 0o644,
    size: octal(body.length, 12),
    mtime: 0,
    magic: 'ustar\x0000',
  })
  return concat([extended, body, tarPadding(body.length), block])
}

const gnuHeader = (entry: TarEntry, path: Uint8Array, link: Uint8Array): Uint8Array => {
  const magic = 'ustar  \0'
  const longName = (typeFlag: string, name: Uint8Array): Uint8Array[] => {
    if (name.length <= 100) return []
    const fields = { name: encodeText('././@LongLink'), prefix: noBytes, link: noBytes, mode: 0o644, mtime: 0, magic }
    const block = ustarBlock({ ...fields, typeFlag, size: octal(name.length + 1, 12) })
    return [block, name, Uint8Array.of(0), tarPadding(name.length + 1)]
  }
  if (!fitsOctal(entry.mtime)) throw new FormatError('tar/bad-entry', `${entry.path}: the time ${entry.mtime} does not fit`)
  const block = ustarBlock({
    name: path.subarray(0, 100),
    prefix: noBytes,
    link: link.subarray(0, 100),
    typeFlag: typeFlags[entry.type],
    mode: entry.mode,
    size: fitsOctal(entry.sizeBytes) ? octal(entry.sizeBytes, 12) : base256(entry.sizeBytes),
    mtime: entry.mtime,
    magic,
  })
  return concat([...longName('K', link), ...longName('L', path), block])
}

/** ustar: a path longer than 100 bytes may be cut at a slash into a prefix of 155 and a name of 100. */
const splitPath = (path: Uint8Array): { name: Uint8Array; prefix: Uint8Array } | undefined => {
  if (path.length <= 100) return { name: path, prefix: noBytes }
  for (let cut = path.length - 101; cut <= 155 && cut < path.length - 1; cut++) {
    if (cut > 0 && path[cut] === 0x2f) return { prefix: path.subarray(0, cut), name: path.subarray(cut + 1) }
  }
  return undefined
}

/** `<length> <key>=<value>\n`, where the length counts its own digits too. */
const paxRecord = (key: string, value: Uint8Array): Uint8Array => {
  const rest = concat([encodeText(` ${key}=`), value, Uint8Array.of(0x0a)])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return concat([encodeText(String(length)), rest])
}

interface Block {
  readonly name: Uint8Array
  readonly prefix: Uint8Array
  readonly link: Uint8Array
  readonly typeFlag: string
  readonly mode: number
  readonly size: Uint8Array
  readonly mtime: number
  readonly magic: string
}

const ustarBlock = (fields: Block): Uint8Array => {
  const block = new Uint8Array(512)
  block.set(fields.name.subarray(0, 100), 0)
  block.set(octal(fields.mode, 8), 100)
  block.set(octal(0, 8), 108)
  block.set(octal(0, 8), 116)
  block.set(fields.size, 124)
  block.set(octal(fields.mtime, 12), 136)
  block.fill(0x20, 148, 156)
  block.set(encodeText(fields.typeFlag), 156)
  block.set(fields.link.subarray(0, 100), 157)
  block.set(encodeText(fields.magic), 257)
  block.set(encodeText('root'), 265)
  block.set(encodeText('root'), 297)
  block.set(fields.prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.set(encodeText(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return block
}

const octal = (value: number, widthBytes: number): Uint8Array => encodeText(`${value.toString(8).padStart(widthBytes - 1, '0')}\0`)

const base256 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setBigUint64(4, BigInt(value))
  bytes[0] = 0x80
  return bytes
}

const toAscii = (bytes: Uint8Array): Uint8Array => bytes.slice(0, 100).map(byte => (byte < 0x80 ? byte : 0x5f))
