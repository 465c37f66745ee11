// cpio, writing: the "new ASCII" form (newc: magic 070701; cpio(5)), which rpm payloads and initramfs images use.
import { concat, encodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { isInsidePath } from './inside-path.ts'

export { readCpio, type CpioFound, type CpioReading } from './cpio-read.ts'

export interface CpioEntry {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink'
  /** Permission bits only. */
  readonly mode: number
  /** Of a file; 0 for the others. */
  readonly sizeBytes: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  readonly linkTarget?: string
}

export type CpioFile = CpioEntry & { readonly bytes?: () => AsyncIterable<Uint8Array> }

/** Sizes and times are 8 hex digits: a file has at most 4 GiB less one byte. */
export const limitCpioFileBytes = 0xffffffff
/** Names with their NUL are at most PATH_MAX bytes: rpm and the kernel refuse longer ones. */
export const limitCpioPathBytes = 4095

/** The zero bytes after a file's content, up to the next multiple of 4. */
export const cpioPadding = (sizeBytes: number): Uint8Array => new Uint8Array((4 - (sizeBytes % 4)) % 4)

/** A whole archive; inode numbers are counted from 1. Throws `cpio/bad-entry`, `cpio/too-large` and `cpio/size-changed`. */
export async function* writeCpio(entries: AsyncIterable<CpioFile> | Iterable<CpioFile>): AsyncGenerator<Uint8Array> {
  let inode = 0
  for await (const entry of entries) {
    inode += 1
    yield cpioHeader(entry, inode)
    let sizeBytes = 0
    if (entry.bytes !== undefined) {
      for await (const chunk of entry.bytes()) {
        sizeBytes += chunk.length
        if (sizeBytes > entry.sizeBytes) break
        yield chunk
      }
    }
    checkCpioSize(entry, sizeBytes)
    const padding = cpioPadding(sizeBytes)
    if (padding.length > 0) yield padding
  }
  yield cpioEnd
}

/** Throws `cpio/size-changed` where a file's content is not as long as its header said. */
export const checkCpioSize = (entry: CpioEntry, sizeBytes: number): void => {
  if (sizeBytes === entry.sizeBytes) return
  throw new FormatError('cpio/size-changed', `${entry.path} gave ${sizeBytes} bytes or more where ${entry.sizeBytes} were announced`)
}

/** Header, name and, of a symlink, its target; owner 0, one link. `inode` is from 1 on. Throws `cpio/bad-entry` and `cpio/too-large`. */
export const cpioHeader = (entry: CpioEntry, inode: number): Uint8Array => {
  const { path, target } = checkedNames(entry, inode)
  const header = headerOf(path, {
    inode,
    mode: typeBits[entry.type] | entry.mode,
    mtime: entry.mtime,
    sizeBytes: entry.type === 'symlink' ? target.length : entry.sizeBytes,
  })
  return target.length === 0 ? header : concat([header, target, cpioPadding(target.length)])
}

/**
 * The header of an entry in the form that rpm has for files of 4 GiB and more: its place in the package's own list of files, which has
 * name, mode and size (rpm's lib/cpio.c, "stripped" headers). The target of a symlink follows as content.
 */
export const strippedHeader = (place: number, linkTarget = ''): Uint8Array => {
  const target = encodeText(linkTarget)
  return concat([encodeText(`07070X${place.toString(16).padStart(8, '0')}`), cpioPadding(14), target, cpioPadding(target.length)])
}

interface Numbers {
  readonly inode: number
  readonly mode: number
  readonly mtime: number
  readonly sizeBytes: number
}

// c_ino, c_mode, c_uid, c_gid, c_nlink, c_mtime, c_filesize, four device numbers, c_namesize, c_check.
const headerOf = (path: Uint8Array, { inode, mode, mtime, sizeBytes }: Numbers): Uint8Array => {
  const fields = [inode, mode, 0, 0, 1, mtime, sizeBytes, 0, 0, 0, 0, path.length + 1, 0]
  const nameEnd = 110 + path.length + 1
  const header = new Uint8Array(nameEnd + cpioPadding(nameEnd).length)
  header.set(encodeText(`070701${fields.map(field => field.toString(16).padStart(8, '0')).join('')}`))
  header.set(path, 110)
  return header
}

/** The entry that ends an archive. */
export const cpioEnd: Uint8Array = headerOf(encodeText('TRAILER!!!'), { inode: 0, mode: 0, mtime: 0, sizeBytes: 0 })

const typeBits = { file: 0o100000, folder: 0o040000, symlink: 0o120000 } as const

export interface CpioLimits {
  readonly fileBytes: number
  readonly rule: string
  readonly timeSeconds: number
}

const newcLimits: CpioLimits = {
  fileBytes: limitCpioFileBytes,
  rule: 'newc has 8 hex digits for a size',
  timeSeconds: 0xffffffff,
}

/** Path and target as bytes, of an entry that the form has room for. Throws `cpio/bad-entry` and `cpio/too-large`. */
export const checkedNames = (
  entry: CpioEntry,
  inode: number,
  limits: CpioLimits = newcLimits,
): { readonly path: Uint8Array; readonly target: Uint8Array } => {
  const target = encodeText(entry.linkTarget ?? '')
  const path = encodeText(entry.path)
  const refuse = (reason: string): never => {
    throw new FormatError('cpio/bad-entry', `${JSON.stringify(entry.path)} cannot be written: ${reason}`)
  }
  if (!isInsidePath(entry.path)) refuse('the path is empty, absolute, leaves the archive or holds a NUL')
  if (entry.path === 'TRAILER!!!') refuse('this name ends an archive')
  if (entry.path.endsWith('/')) refuse('a path does not end in a slash')
  if (path.length > limitCpioPathBytes) refuse(`a path has at most ${limitCpioPathBytes} bytes`)
  if (target.length > limitCpioPathBytes) refuse(`the target of a link has at most ${limitCpioPathBytes} bytes`)
  if (!Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0) refuse(`the size is ${entry.sizeBytes}`)
  if (entry.type !== 'file' && entry.sizeBytes !== 0) refuse('only files have bytes')
  if (!isField(entry.mtime, limits.timeSeconds))
    refuse(`the time is ${entry.mtime}, and not whole seconds from 1970 on that the form can hold`)
  if (!isField(inode) || inode === 0) refuse(`the inode number is ${inode}`)
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o7777) refuse(`the mode is ${entry.mode}`)
  const isLink = target.length > 0 && !target.includes(0)
  if ((entry.type === 'symlink') !== isLink) refuse('a symlink, and only it, has a target')
  if (entry.sizeBytes <= limits.fileBytes) return { path, target }
  throw new FormatError(
    'cpio/too-large',
    `${JSON.stringify(entry.path)} has ${entry.sizeBytes} bytes; ${limits.rule}, so a file has at most ${limits.fileBytes}`,
  )
}

const isField = (value: number, limit = 0xffffffff): boolean => Number.isInteger(value) && value >= 0 && value <= limit
