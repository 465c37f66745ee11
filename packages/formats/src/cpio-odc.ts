// cpio, the "old portable" form (odc: magic 070707; SUSv2 "pax"), writing: payloads of macOS packages, gzipped from streams that exist.
import { concat, encodeText } from './bytes.ts'
import { checkCpioSize, checkedNames, type CpioEntry } from './cpio.ts'
import type { Deflated } from './deflate.ts'
import type { GzipPart } from './gzip.ts'

/** Sizes are 11 octal digits: a file has at most 8 GiB less one byte. */
export const limitOdcFileBytes = 8 ** 11 - 1

export interface OdcEntry extends CpioEntry {
  readonly gid?: number
  /** Of a file that is not empty. */
  readonly deflated?: () => Promise<Deflated>
}

/** A whole archive, as parts for `gzipOf`. Throws `cpio/bad-entry`, `cpio/too-large` and `cpio/size-changed`. */
export async function* odcGzParts(entries: Iterable<OdcEntry>): AsyncGenerator<GzipPart> {
  let plain: Uint8Array[] = []
  let inode = 0
  for (const entry of entries) {
    inode += 1
    plain.push(odcHeader(entry, inode))
    if (plain.length >= 128 || (entry.deflated !== undefined && entry.sizeBytes > 0)) {
      yield { plain: concat(plain) }
      plain = []
    }
    if (entry.deflated === undefined || entry.sizeBytes === 0) checkCpioSize(entry, 0)
    else {
      const deflated = await entry.deflated()
      checkCpioSize(entry, deflated.sizeBytes)
      yield { deflated }
    }
  }
  yield { plain: concat([...plain, odcEnd]) }
}

const limits = {
  fileBytes: limitOdcFileBytes,
  rule: 'odc has 11 octal digits for a size',
  timeSeconds: 8 ** 11 - 1,
}

/** Header, name and, of a symlink, its target. Numbers of inodes may repeat: nothing has a second link. */
const odcHeader = (entry: OdcEntry, inode: number): Uint8Array => {
  const { path, target } = checkedNames(entry, inode, limits)
  const mode = typeBits[entry.type] | entry.mode
  const sizeBytes = entry.type === 'symlink' ? target.length : entry.sizeBytes
  return concat([headerOf(path, { inode: inode % 8 ** 6, mode, gid: entry.gid ?? 0, mtime: entry.mtime, sizeBytes }), target])
}

const typeBits = { file: 0o100000, folder: 0o040000, symlink: 0o120000 } as const

interface Numbers {
  readonly inode: number
  readonly mode: number
  readonly gid: number
  readonly mtime: number
  readonly sizeBytes: number
}

// c_dev, c_ino, c_mode, c_uid, c_gid, c_nlink, c_rdev, c_mtime, c_namesize, c_filesize; the name follows with its NUL, and no padding.
const headerOf = (path: Uint8Array, { inode, mode, gid, mtime, sizeBytes }: Numbers): Uint8Array => {
  const short = [0, inode, mode, 0, gid, 1, 0].map(value => octal(value, 6)).join('')
  return concat([
    encodeText(`070707${short}${octal(mtime, 11)}${octal(path.length + 1, 6)}${octal(sizeBytes, 11)}`),
    path,
    new Uint8Array(1),
  ])
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

const odcEnd: Uint8Array = headerOf(encodeText('TRAILER!!!'), { inode: 0, mode: 0, gid: 0, mtime: 0, sizeBytes: 0 })
