// zip, writing: a stream whose sizes are known before, so that no data descriptor is needed (PKWARE APPNOTE 6.3.10).
import { concat, encodeText, isAscii, noBytes, packLittle } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { type Deflated, endOfDeflate } from '../deflate.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import * as zip from './zip.ts'

/** Bytes that go in as they are; checksum and size are known before. */
export interface Stored {
  readonly crc32: number
  readonly sizeBytes: number
  chunks(): AsyncIterable<Uint8Array>
}

interface ZipCommon {
  /** With forward slashes; a folder may end in one. */
  readonly path: string
  /** Permission bits only. */
  readonly mode: number
  /** Seconds since 1970, written as UTC; a zip keeps even seconds from 1980 on. */
  readonly mtime: number
}

export type ZipEntry =
  | (ZipCommon & { readonly type: 'file'; readonly stored: Stored })
  | (ZipCommon & { readonly type: 'file'; readonly deflated: Deflated })
  | (ZipCommon & { readonly type: 'folder' })
  | (ZipCommon & { readonly type: 'symlink'; readonly linkTarget: string })

export interface ZipWriting {
  /** Writes every zip64 structure although nothing is large. */
  readonly forceZip64?: boolean
  /** Offset of the first byte in the file it will be part of, in bytes; 0 unless something stands before. */
  readonly offset?: number
}

/** A zip of the entries in their order. Throws `zip/bad-entry`, `zip/duplicate` and `zip/size-changed`. */
export async function* writeZip(
  entries: AsyncIterable<ZipEntry> | Iterable<ZipEntry>,
  options: ZipWriting = {},
): AsyncGenerator<Uint8Array> {
  const paths = new Set<string>()
  const central = growing()
  const forced = options.forceZip64 === true
  let offset = options.offset ?? 0
  for await (const entry of entries) {
    const member = memberOf(entry, { offset, forced })
    const path = entry.path.replace(/\/+$/, '')
    if (paths.has(path)) throw new FormatError('zip/duplicate', `${JSON.stringify(path)} is in the archive twice`, offset)
    paths.add(path)
    const local = localHeader(member)
    yield local
    yield* checkedContent(member)
    central.add(centralHeader(member))
    offset += local.length + member.compressedBytes
  }
  yield* central.pieces()
  yield endRecords({ count: paths.size, sizeBytes: central.sizeBytes(), offset, forced })
}

/** Small records one after the other in few large pieces: each alone takes several times the memory of what is in it. */
const growing = () => {
  const full: Uint8Array[] = []
  let last = new Uint8Array(0)
  let filled = 0
  return {
    add: (record: Uint8Array): void => {
      if (filled + record.length > last.length) {
        full.push(last.subarray(0, filled))
        last = new Uint8Array(Math.max(directoryPieceBytes, record.length))
        filled = 0
      }
      last.set(record, filled)
      filled += record.length
    },
    pieces: (): readonly Uint8Array[] => [...full, last.subarray(0, filled)].filter(piece => piece.length > 0),
    sizeBytes: (): number => full.reduce((sum, piece) => sum + piece.length, filled),
  }
}
const directoryPieceBytes = 1 << 18

interface Member {
  readonly path: string
  readonly name: Uint8Array
  readonly flags: number
  readonly method: number
  readonly crc32: number
  readonly sizeBytes: number
  readonly compressedBytes: number
  readonly mtime: number
  readonly external: number
  readonly offset: number
  readonly hasLargeSizes: boolean
  readonly hasLargeOffset: boolean
  content(): AsyncIterable<Uint8Array>
}

const memberOf = (entry: ZipEntry, { offset, forced }: { readonly offset: number; readonly forced: boolean }): Member => {
  checkEntry(entry)
  const path = entry.type === 'folder' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path
  const name = encodeText(path)
  if (name.length > zip.max16) throw new FormatError('zip/bad-entry', `a path of ${name.length} bytes does not fit`, offset)
  const body = bodyOf(entry)
  return {
    path,
    name,
    flags: isAscii(name) ? 0 : zip.flagUtf8,
    ...body,
    mtime: entry.mtime,
    // 4.4.15: the upper half is the Unix mode by agreement, the lowest byte the MS-DOS attributes.
    external: (typeBits[entry.type] | entry.mode) * 0x10000 + (entry.type === 'folder' ? zip.dosFolder : 0),
    offset,
    hasLargeSizes: forced || body.sizeBytes >= zip.max32 || body.compressedBytes >= zip.max32,
    hasLargeOffset: forced || offset >= zip.max32,
  }
}

const typeBits = { file: zip.modeFile, folder: zip.modeFolder, symlink: zip.modeSymlink } as const

const checkEntry = (entry: ZipEntry): void => {
  const refuse = (reason: string): never => {
    throw new FormatError('zip/bad-entry', `${JSON.stringify(entry.path)} cannot be written: ${reason}`)
  }
  if (!isInsidePath(entry.path)) refuse('the path is empty, absolute, leaves the archive or holds a NUL')
  if (!entry.path.isWellFormed()) refuse('the path has no UTF-8 form')
  if (entry.type !== 'folder' && entry.path.endsWith('/')) refuse('only the path of a folder ends in a slash')
  if (!Number.isInteger(entry.mode) || entry.mode < 0 || entry.mode > 0o7777) refuse(`the mode is ${entry.mode}`)
  if (!Number.isFinite(entry.mtime)) refuse(`the time is ${entry.mtime}`)
  if (entry.type !== 'symlink') return
  if (entry.linkTarget === '' || entry.linkTarget.includes('\0') || !entry.linkTarget.isWellFormed()) refuse('the link has no target')
}

type Body = Pick<Member, 'method' | 'crc32' | 'sizeBytes' | 'compressedBytes' | 'content'>

const bodyOf = (entry: ZipEntry): Body => {
  if (entry.type === 'folder') return storedBody(noBytes)
  if (entry.type === 'symlink') return storedBody(encodeText(entry.linkTarget))
  if ('stored' in entry) {
    const { stored } = entry
    const sizes = { sizeBytes: stored.sizeBytes, compressedBytes: stored.sizeBytes }
    return { method: zip.methodStored, crc32: stored.crc32, ...sizes, content: () => stored.chunks() }
  }
  const { deflated } = entry
  // Nothing deflates to less than two bytes, and some readers dislike a deflated file of size 0.
  if (deflated.sizeBytes === 0) return storedBody(noBytes)
  return {
    method: zip.methodDeflated,
    crc32: deflated.crc32,
    sizeBytes: deflated.sizeBytes,
    compressedBytes: deflated.compressedBytes + endOfDeflate.length,
    async *content() {
      yield* deflated.chunks()
      yield endOfDeflate
    },
  }
}

const storedBody = (bytes: Uint8Array): Body => ({
  method: zip.methodStored,
  crc32: crc32(bytes),
  sizeBytes: bytes.length,
  compressedBytes: bytes.length,
  async *content() {
    if (bytes.length > 0) yield bytes
  },
})

async function* checkedContent(member: Member): AsyncGenerator<Uint8Array> {
  let givenBytes = 0
  for await (const chunk of member.content()) {
    givenBytes += chunk.length
    if (givenBytes > member.compressedBytes) break
    yield chunk
  }
  if (givenBytes === member.compressedBytes) return
  const told = `${givenBytes} bytes or more where ${member.compressedBytes} were announced`
  throw new FormatError('zip/size-changed', `${JSON.stringify(member.path)} gave ${told}`, member.offset)
}

const versionNeeded = (member: Member): number => {
  if (member.hasLargeSizes || member.hasLargeOffset) return 45
  return member.method === zip.methodDeflated || member.path.endsWith('/') ? 20 : 10
}

type PackedFields = Parameters<typeof packLittle>[0]

/** The part that the local and the central header share: from the flags to the length of the name. */
const sharedFields = (member: Member): PackedFields => {
  const { date, time } = zip.toDosTime(member.mtime)
  return [
    [2, member.flags],
    [2, member.method],
    [2, time],
    [2, date],
    [4, member.crc32],
    [4, member.hasLargeSizes ? zip.max32 : member.compressedBytes],
    [4, member.hasLargeSizes ? zip.max32 : member.sizeBytes],
    [2, member.name.length],
  ]
}

/** 4.5.3: exactly the values whose field is all ones, in this order. */
const zip64Extra = (values: readonly number[]): Uint8Array =>
  values.length === 0 ? noBytes : packLittle([[2, zip.zip64ExtraId], [2, values.length * 8], ...values.map(value => [8, value] as const)])

const largeSizes = (member: Member): number[] => (member.hasLargeSizes ? [member.sizeBytes, member.compressedBytes] : [])

const localHeader = (member: Member): Uint8Array => {
  const extra = zip64Extra(largeSizes(member))
  // The local header knows no offset, so a large offset alone does not make it zip64.
  const version = member.hasLargeSizes ? 45 : versionNeeded({ ...member, hasLargeOffset: false })
  const fields: PackedFields = [[4, zip.localSignature], [2, version], ...sharedFields(member), [2, extra.length]]
  return concat([packLittle(fields), member.name, extra])
}

const centralHeader = (member: Member): Uint8Array => {
  const extra = zip64Extra([...largeSizes(member), ...(member.hasLargeOffset ? [member.offset] : [])])
  const fields: PackedFields = [
    [4, zip.centralSignature],
    [2, zip.hostUnix * 256 + 45],
    [2, versionNeeded(member)],
    ...sharedFields(member),
    [2, extra.length],
    [2, 0], // comment
    [2, 0], // disk
    [2, 0], // internal attributes
    [4, member.external],
    [4, member.hasLargeOffset ? zip.max32 : member.offset],
  ]
  return concat([packLittle(fields), member.name, extra])
}

interface Directory {
  readonly count: number
  readonly sizeBytes: number
  readonly offset: number
  readonly forced: boolean
}

const endRecords = ({ count, sizeBytes, offset, forced }: Directory): Uint8Array => {
  const isLarge = forced || count >= zip.max16 || sizeBytes >= zip.max32 || offset >= zip.max32
  const large: PackedFields = [
    [4, zip.zip64EndSignature],
    [8, zip.zip64EndBytes - 12],
    [2, zip.hostUnix * 256 + 45],
    [2, 45],
    [4, 0],
    [4, 0],
    [8, count],
    [8, count],
    [8, sizeBytes],
    [8, offset],
    [4, zip.zip64LocatorSignature],
    [4, 0],
    [8, offset + sizeBytes],
    [4, 1],
  ]
  return packLittle([
    ...(isLarge ? large : []),
    [4, zip.endSignature],
    [2, 0],
    [2, 0],
    [2, forced ? zip.max16 : Math.min(count, zip.max16)],
    [2, forced ? zip.max16 : Math.min(count, zip.max16)],
    [4, forced ? zip.max32 : Math.min(sizeBytes, zip.max32)],
    [4, forced ? zip.max32 : Math.min(offset, zip.max32)],
    [2, 0],
  ])
}
