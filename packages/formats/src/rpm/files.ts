// rpm: the files of a package as its header lists them (parallel arrays), checked by the rules of rpm and of cpio.
import { limitCpioFileBytes, limitCpioPathBytes, type CpioEntry } from '../cpio.ts'
import { encodeText } from '../bytes.ts'
import type { Deflated } from '../deflate.ts'
import { FormatError } from '../format-error.ts'
import type { ZstdFrames } from '../zstd-frames.ts'
import { type HeaderValue, int16Value, int32Value, int64Value, stringsValue } from './header-write.ts'
import { fileFlags, type RpmFileFlag, sha256Algorithm, tags } from './tags.ts'

interface RpmEntry {
  /** Absolute, as `/usr/bin/tool`. */
  readonly path: string
  /** Permission bits, setuid and the like included. */
  readonly mode: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** Default `root`. */
  readonly owner?: string
  readonly group?: string
  readonly flags?: readonly RpmFileFlag[]
  /** Language that the file is for, as `de`. */
  readonly language?: string
}

export interface RpmContent extends RpmEntry {
  readonly type: 'file'
  readonly sizeBytes: number
  /** 64 hex digits. */
  readonly sha256: string
  /** 1 for programs and libraries of 32 bits, 2 for 64 bits: tells apart what two architectures of one package share. Default 0. */
  readonly color?: 0 | 1 | 2
  /** Opened several times: for what is small, for the digest of the archive, and where there is no stream of the right kind. */
  readonly bytes: () => AsyncIterable<Uint8Array>
  /** The file as one deflate stream, made once and read as often as needed. */
  readonly deflated?: (level: number) => Promise<Deflated>
  /** The file as Zstandard frames, likewise. */
  readonly zstd?: (level: number) => Promise<ZstdFrames>
}
export interface RpmFolder extends RpmEntry {
  readonly type: 'folder'
}
export interface RpmLink extends RpmEntry {
  readonly type: 'symlink'
  readonly linkTarget: string
}
export type RpmFile = RpmContent | RpmFolder | RpmLink

/** In the order of the header and of the payload: by the bytes of the path, as rpm searches them. Throws `rpm/bad-file`. */
export const sortFiles = <File extends RpmFile>(files: readonly File[]): readonly File[] => {
  const sorted = files.toSorted((left, right) => compareBytes(left.path, right.path))
  const folders = new Map<string, RpmFile['type']>()
  for (const file of sorted) {
    checkFile(file, encodeText(file.path).length)
    if (folders.has(file.path)) throw badFile(file, 'the path is there twice')
    folders.set(file.path, file.type)
  }
  for (const file of sorted) {
    const parent = folders.get(file.path.slice(0, Math.max(1, file.path.lastIndexOf('/'))))
    if (parent !== undefined && parent !== 'folder') throw badFile(file, 'what it lies in is no folder')
  }
  return sorted
}

/** The files that the payload has: ghosts are only listed. */
export const payloadFiles = (files: readonly RpmFile[]): readonly RpmFile[] =>
  sortFiles(files).filter(file => file.flags?.includes('ghost') !== true)

/** Where one file has 4 GiB or more, all sizes are listed with 64 bits, and the payload has no names of its own (rpm 4.12 and later). */
export const hasLargeFiles = (files: readonly RpmFile[]): boolean =>
  files.some(file => file.type === 'file' && file.sizeBytes > limitCpioFileBytes)

/** As rpm's payload has it: `./usr/bin/tool`. */
export const cpioEntry = (file: RpmFile): CpioEntry => ({
  path: `.${file.path}`,
  type: file.type,
  mode: file.mode,
  mtime: file.mtime,
  sizeBytes: file.type === 'file' ? file.sizeBytes : 0,
  ...(file.type === 'symlink' ? { linkTarget: file.linkTarget } : {}),
})

/** Bytes of all files and links when installed, as rpmbuild counts them. */
export const installedBytes = (files: readonly RpmFile[]): number => files.reduce((sum, file) => sum + listedBytes(file), 0)

/** The header's values for sorted files. */
export const fileValues = (files: readonly RpmFile[]): readonly HeaderValue[] => {
  const total = installedBytes(files)
  const size = total > 0xffffffff ? int64Value(tags.longSize, [total]) : int32Value(tags.size, [total])
  if (files.length === 0) return [size]
  const int16 = (tag: number, value: (file: RpmFile) => number) => int16Value(tag, files.map(value))
  const int32 = (tag: number, value: (file: RpmFile, index: number) => number) => int32Value(tag, files.map(value))
  const texts = (tag: number, value: (file: RpmFile) => string) => stringsValue(tag, files.map(value))
  const colorOf = (file: RpmFile): number => (file.type === 'file' ? (file.color ?? 0) : 0)
  return [
    size,
    ...pathValues(files),
    hasLargeFiles(files) ? int64Value(tags.longFileSizes, files.map(listedBytes)) : int32(tags.fileSizes, listedBytes),
    int16(tags.fileModes, file => typeBits[file.type] | file.mode),
    int16(tags.fileRdevs, () => 0),
    int32(tags.fileMtimes, file => file.mtime),
    texts(tags.fileDigests, file => (file.type === 'file' ? file.sha256 : '')),
    texts(tags.fileLinkTos, file => (file.type === 'symlink' ? file.linkTarget : '')),
    int32(tags.fileFlags, file => (file.flags ?? []).reduce((sum, flag) => sum | fileFlags[flag], 0)),
    texts(tags.fileUserName, file => file.owner ?? 'root'),
    texts(tags.fileGroupName, file => file.group ?? 'root'),
    int32(tags.fileVerifyFlags, () => 0xffffffff),
    int32(tags.fileDevices, () => 1),
    int32(tags.fileInodes, (_, index) => index + 1),
    texts(tags.fileLangs, file => file.language ?? ''),
    ...(files.some(file => colorOf(file) > 0) ? [int32(tags.fileColors, colorOf)] : []),
    int32Value(tags.fileDigestAlgo, [sha256Algorithm]),
  ]
}

const listedBytes = (file: RpmFile): number =>
  file.type === 'file' ? file.sizeBytes : file.type === 'symlink' ? encodeText(file.linkTarget).length : 0

const pathValues = (files: readonly RpmFile[]): readonly HeaderValue[] => {
  const indexes = new Map<string, number>()
  const dirIndexes = files.map(({ path }) => {
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const known = indexes.get(folder)
    if (known !== undefined) return known
    indexes.set(folder, indexes.size)
    return indexes.size - 1
  })
  return [
    int32Value(tags.dirIndexes, dirIndexes),
    stringsValue(
      tags.baseNames,
      files.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
    ),
    stringsValue(tags.dirNames, [...indexes.keys()]),
  ]
}

const typeBits = { file: 0o100000, folder: 0o040000, symlink: 0o120000 } as const

const badFile = (file: RpmFile, reason: string): FormatError =>
  new FormatError('rpm/bad-file', `${JSON.stringify(file.path)} cannot be in a package: ${reason}`)

const checkFile = (file: RpmFile, pathBytes: number): void => {
  const steps = file.path.split('/')
  if (steps[0] !== '' || steps.slice(1).some(step => step === '' || step === '.' || step === '..')) {
    throw badFile(file, "a path is absolute and has no '.', '..' or empty steps")
  }
  if (/[\0\n]/.test(file.path)) throw badFile(file, 'a path holds no NUL and no line break')
  if (pathBytes + 1 > limitCpioPathBytes) throw badFile(file, `a path has at most ${limitCpioPathBytes - 1} bytes`)
  for (const name of [file.owner ?? 'root', file.group ?? 'root']) {
    if (!/^[A-Za-z_][A-Za-z0-9_.-]*\$?$/.test(name)) throw badFile(file, `${JSON.stringify(name)} is no name of a user or group`)
  }
  if (file.type === 'folder' && file.flags?.some(flag => flag === 'config' || flag === 'noreplace') === true) {
    throw badFile(file, 'only files and links are configuration')
  }
  if (file.type !== 'file') return
  if (!/^[0-9a-f]{64}$/.test(file.sha256)) throw badFile(file, 'its SHA-256 is not 64 hex digits')
}

/** As their UTF-8 bytes, without making those of a hundred thousand paths: by code points, where UTF-16 has its pairs before U+E000. */
const compareBytes = (left: string, right: string): number => {
  const shared = Math.min(left.length, right.length)
  for (let at = 0; at < shared; at++) {
    const [one, other] = [left.charCodeAt(at), right.charCodeAt(at)]
    if (one !== other) return isHalfOfPair(one) === isHalfOfPair(other) ? one - other : isHalfOfPair(one) ? 1 : -1
  }
  return left.length - right.length
}

const isHalfOfPair = (unit: number): boolean => (unit & 0xf800) === 0xd800
