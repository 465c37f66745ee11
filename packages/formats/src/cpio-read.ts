// cpio, reading from a stream: newc with and without checksums, and odc (magic 070701, 070702 and 070707; cpio(5)).
import { type ByteChunks, concat, decodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { byteStream, type ByteStream, type StreamErrors } from './tar-stream.ts'

export interface CpioReading {
  readonly limitEntries: number
  /** Of the whole archive, headers and padding included. */
  readonly limitBytes: number
  /** Of an rpm: its list of files, for entries that name only their place in it. */
  readonly listed?: readonly CpioListed[]
}

export interface CpioListed {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  readonly mode: number
  readonly sizeBytes: number
  readonly mtime: number
}

export interface CpioFound {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  /** Permission bits only. */
  readonly mode: number
  /** 0 but for files. */
  readonly sizeBytes: number
  readonly linkTarget?: string
  /** Seconds since 1970. */
  readonly mtime: number
  readonly uid: number
  readonly gid: number
  /** Of hard links (`links` above 1) only the last has the content, and all have the same number. */
  readonly inode: number
  readonly links: number
  /** The content, once, and only until the next entry is asked for. */
  bytes(): AsyncIterable<Uint8Array>
}

/**
 * Reads an archive entry by entry; content that nobody asked for is skipped. Paths are as written: check them with `isInsidePath`.
 * Throws `cpio/truncated`, `cpio/bad-header`, `cpio/bad-name`, `cpio/bad-checksum`, `cpio/unsupported`, `cpio/trailing-data`,
 * `cpio/too-many-entries`, `cpio/too-large` and `cpio/passed`.
 */
export async function* readCpio(chunks: ByteChunks, options: CpioReading): AsyncGenerator<CpioFound> {
  const stream = byteStream(chunks, options.limitBytes, errors)
  let entries = 0
  try {
    for (;;) {
      const offset = stream.offset()
      const magic = await stream.take(6)
      const stripped = isStripped(magic) ? await readPlace(stream, options.listed, offset) : undefined
      const header =
        stripped?.header ?? (isOdc(magic) ? readOdc : readHeader)(concat([magic, await stream.take(isOdc(magic) ? 70 : 104)]), offset)
      const path = stripped?.path ?? (await readName(stream, header))
      if (path === 'TRAILER!!!') break
      entries += 1
      if (entries > options.limitEntries)
        throw new FormatError('cpio/too-many-entries', `more than ${options.limitEntries} entries`, offset)
      const type = types[header.mode >> 12] ?? 'other'
      if (type !== 'file' && type !== 'symlink' && header.sizeBytes > 0) {
        throw new FormatError('cpio/bad-header', `${JSON.stringify(path)} is no file and yet has ${header.sizeBytes} bytes`, offset)
      }
      const common = { path, type, mode: header.mode & 0o7777, mtime: header.mtime, uid: header.uid, gid: header.gid }
      const found = { ...common, inode: header.inode, links: header.links }
      if (type === 'symlink') yield { ...found, sizeBytes: 0, linkTarget: await readTarget(stream, header), bytes: nothing }
      else {
        const content = stream.content(header.sizeBytes)
        const bytes = header.isSummed ? () => summed(content.bytes(), header) : content.bytes
        yield { ...found, sizeBytes: header.sizeBytes, bytes }
        await content.skip()
      }
      await skipPadding(stream, header.sizeBytes, header)
    }
    await stream.onlyZerosFollow()
  } finally {
    await stream.close()
  }
}

const errors: StreamErrors = {
  truncated: (message, offset) => new FormatError('cpio/truncated', message, offset),
  trailing: (message, offset) => new FormatError('cpio/trailing-data', message, offset),
  tooLarge: (message, offset) => new FormatError('cpio/too-large', message, offset),
  passed: (message, offset) => new FormatError('cpio/passed', message, offset),
}

const types: Readonly<Record<number, CpioFound['type']>> = { 0o10: 'file', 0o04: 'folder', 0o12: 'symlink' }

async function* nothing(): AsyncGenerator<Uint8Array> {}

interface Header {
  readonly offset: number
  readonly inode: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly links: number
  readonly mtime: number
  readonly sizeBytes: number
  readonly nameBytes: number
  readonly isSummed: boolean
  readonly sum: number
  /** Names and contents are filled up to a multiple of it. */
  readonly align: 1 | 4
}

const isOdc = (magic: Uint8Array): boolean => String.fromCharCode(...magic) === '070707'

/** c_dev, c_ino, c_mode, c_uid, c_gid, c_nlink, c_rdev with 6 octal digits, c_mtime with 11, c_namesize with 6, c_filesize with 11. */
const readOdc = (bytes: Uint8Array, offset: number): Header => {
  const text = String.fromCharCode(...bytes)
  if (!/^[0-7]{76}$/.test(text)) throw new FormatError('cpio/bad-header', 'a number is not octal', offset)
  const field = (at: number, digits: number): number => Number.parseInt(text.slice(at, at + digits), 8)
  const owner = { mode: field(18, 6), uid: field(24, 6), gid: field(30, 6), links: field(36, 6) }
  const sizes = { mtime: field(48, 11), nameBytes: field(59, 6), sizeBytes: field(65, 11) }
  return { offset, inode: field(12, 6), ...owner, ...sizes, isSummed: false, sum: 0, align: 1 }
}

const readHeader = (bytes: Uint8Array, offset: number): Header => {
  const text = String.fromCharCode(...bytes)
  const magic = text.slice(0, 6)
  if (magic !== '070701' && magic !== '070702') throw new FormatError('cpio/bad-header', 'no entry begins here', offset)
  if (!/^[0-9a-fA-F]{104}$/.test(text.slice(6))) throw new FormatError('cpio/bad-header', 'a number is not 8 hex digits', offset)
  const field = (index: number): number => Number.parseInt(text.slice(6 + index * 8, 14 + index * 8), 16)
  return {
    offset,
    inode: field(0),
    mode: field(1),
    uid: field(2),
    gid: field(3),
    links: field(4),
    mtime: field(5),
    sizeBytes: field(6),
    nameBytes: field(11),
    isSummed: magic === '070702',
    sum: field(12),
    align: 4,
  }
}

const isStripped = (magic: Uint8Array): boolean => String.fromCharCode(...magic) === '07070X'

/** An entry without a name: 8 hex digits are its place in the list, and padding follows. */
const readPlace = async (
  stream: ByteStream,
  listed: readonly CpioListed[] | undefined,
  offset: number,
): Promise<{ readonly header: Header; readonly path: string }> => {
  if (listed === undefined)
    throw new FormatError('cpio/unsupported', 'the form 07070X of cpio is read with the list of files of its rpm alone', offset)
  const text = String.fromCharCode(...(await stream.take(10)))
  const place = Number.parseInt(text.slice(0, 8), 16)
  const file = /^[0-9a-fA-F]{8}\0\0$/.test(text) ? listed[place] : undefined
  if (file === undefined) throw new FormatError('cpio/bad-header', 'an entry names no place in the list of files', offset)
  const { mtime, sizeBytes } = file
  const mode = (typeBits[file.type] << 12) | file.mode
  const rest = { uid: 0, gid: 0, links: 1, nameBytes: 0, isSummed: false, sum: 0, align: 4 as const }
  return {
    path: `.${file.path}`,
    header: { offset, inode: place + 1, mode, mtime, sizeBytes: file.type === 'folder' ? 0 : sizeBytes, ...rest },
  }
}

const typeBits = { file: 0o10, folder: 0o04, symlink: 0o12, other: 0 } as const

const limitNameBytes = 1 << 16

const readName = async (stream: ByteStream, header: Header): Promise<string> => {
  const { nameBytes, offset } = header
  if (nameBytes < 2 || nameBytes > limitNameBytes) throw new FormatError('cpio/bad-header', `a name of ${nameBytes} bytes`, offset)
  const bytes = await stream.take(nameBytes)
  if (bytes.indexOf(0) !== nameBytes - 1) throw new FormatError('cpio/bad-name', 'a name does not end with its one NUL', offset + 110)
  await skipPadding(stream, 110 + nameBytes, header)
  return textOf(bytes.subarray(0, -1), offset + 110)
}

const readTarget = async (stream: ByteStream, { sizeBytes, offset }: Header): Promise<string> => {
  if (sizeBytes === 0 || sizeBytes > limitNameBytes) throw new FormatError('cpio/bad-header', `a link of ${sizeBytes} bytes`, offset)
  const bytes = await stream.take(sizeBytes)
  if (bytes.includes(0)) throw new FormatError('cpio/bad-name', 'the target of a link holds a NUL', offset)
  return textOf(bytes, offset)
}

const skipPadding = (stream: ByteStream, sizeBytes: number, { align }: Header): Promise<void> =>
  stream.skip((align - (sizeBytes % align)) % align)

const textOf = (bytes: Uint8Array, offset: number): string => {
  try {
    return decodeText(bytes)
  } catch {
    throw new FormatError('cpio/bad-name', 'a name is not UTF-8', offset)
  }
}

/** The checksum of 070702 is the sum of all bytes. */
async function* summed(chunks: AsyncIterable<Uint8Array>, { sum, offset }: Header): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of chunks) {
    for (const byte of chunk) total = (total + byte) >>> 0
    yield chunk
  }
  if (total !== sum) throw new FormatError('cpio/bad-checksum', `the bytes sum up to ${total} where ${sum} was announced`, offset)
}
