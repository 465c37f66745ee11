// cpio, reading from a stream: newc with and without checksums (magic 070701 and 070702; cpio(5)).
import { type ByteChunks, decodeText } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { byteStream, type ByteStream, type StreamErrors } from './tar-stream.ts'

export interface CpioReading {
  readonly limitEntries: number
  /** Of the whole archive, headers and padding included. */
  readonly limitBytes: number
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
      const header = readHeader(await stream.take(110), offset)
      const path = await readName(stream, header)
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
      await skipPadding(stream, header.sizeBytes)
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
}

const readHeader = (bytes: Uint8Array, offset: number): Header => {
  const text = String.fromCharCode(...bytes)
  const magic = text.slice(0, 6)
  if (magic === '070707' || magic === '07070X') {
    throw new FormatError('cpio/unsupported', `the form ${magic} of cpio is not read; newc (070701, 070702) is`, offset)
  }
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
  }
}

const limitNameBytes = 1 << 16

const readName = async (stream: ByteStream, { nameBytes, offset }: Header): Promise<string> => {
  if (nameBytes < 2 || nameBytes > limitNameBytes) throw new FormatError('cpio/bad-header', `a name of ${nameBytes} bytes`, offset)
  const bytes = await stream.take(nameBytes)
  if (bytes.indexOf(0) !== nameBytes - 1) throw new FormatError('cpio/bad-name', 'a name does not end with its one NUL', offset + 110)
  await skipPadding(stream, 110 + nameBytes)
  return textOf(bytes.subarray(0, -1), offset + 110)
}

const readTarget = async (stream: ByteStream, { sizeBytes, offset }: Header): Promise<string> => {
  if (sizeBytes === 0 || sizeBytes > limitNameBytes) throw new FormatError('cpio/bad-header', `a link of ${sizeBytes} bytes`, offset)
  const bytes = await stream.take(sizeBytes)
  if (bytes.includes(0)) throw new FormatError('cpio/bad-name', 'the target of a link holds a NUL', offset)
  return textOf(bytes, offset)
}

const skipPadding = (stream: ByteStream, sizeBytes: number): Promise<void> => stream.skip((4 - (sizeBytes % 4)) % 4)

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
