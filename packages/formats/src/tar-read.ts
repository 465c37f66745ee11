// tar, reading from a stream: old tar, POSIX ustar with pax records, and GNU long names and large numbers.
import { type ByteChunks, decodeText, untilNul } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { parsePax } from './tar-pax.ts'
import { type ByteStream, byteStream, type Content } from './tar-stream.ts'

export interface TarReading {
  readonly limitEntries: number
  /** Of the whole tar, headers and padding included. */
  readonly limitBytes: number
}

export interface TarFound {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'other'
  /** Permission bits only. */
  readonly mode: number
  readonly sizeBytes: number
  readonly linkTarget?: string
  /** Seconds since 1970; pax may give a fraction. */
  readonly mtime: number
  readonly uid: number
  readonly gid: number
  /** The pax records of this entry alone, where it has any; the values of keys that nothing here reads are not kept. */
  readonly pax?: ReadonlyMap<string, string>
  /** The content, once, and only until the next entry is asked for. */
  bytes(): AsyncIterable<Uint8Array>
}

/**
 * Reads a tar entry by entry; content that nobody asked for is skipped. Paths are as written: check them with `isInsidePath`.
 * Throws `tar/truncated`, `tar/bad-checksum`, `tar/bad-number`, `tar/bad-header`, `tar/bad-name`, `tar/bad-pax`,
 * `tar/unsupported`, `tar/trailing-data`, `tar/too-many-entries`, `tar/too-large` and `tar/passed`.
 */
export async function* readTar(chunks: ByteChunks, options: TarReading): AsyncGenerator<TarFound> {
  const stream = byteStream(chunks, options.limitBytes)
  const passed = stream.content(0)
  await passed.skip()
  let extended: Extended = { local: new Map(), global: new Map() }
  let entries = 0
  try {
    for (;;) {
      const offset = stream.offset()
      const block = await stream.take(512)
      if (block[0] === 0 && block.every(byte => byte === 0)) break
      checkSum(block, offset)
      entries += 1
      if (entries > options.limitEntries) throw new FormatError('tar/too-many-entries', `more than ${options.limitEntries} entries`, offset)
      const flag = String.fromCharCode(block[156] ?? 0)
      if (metaFlags.includes(flag)) {
        extended = await readMeta(stream, block, { flag, extended, offset })
        continue
      }
      const found = describe(block, extended, offset)
      const { sizeBytes } = found
      if (extended.local.size > 0) extended = { local: new Map(), global: extended.global }
      // Most content is passed over: what hands it out is made when it is asked for.
      let content: Content | undefined
      yield Object.assign(found, { bytes: () => (content ??= stream.content(sizeBytes)).bytes() })
      const padding = (512 - (sizeBytes % 512)) % 512
      await content?.skip()
      const restBytes = (content === undefined ? sizeBytes : 0) + padding
      content ??= passed
      if (restBytes > 0) await stream.skip(restBytes)
    }
    if (extended.local.size > 0) throw new FormatError('tar/truncated', 'the last extended header belongs to no entry', stream.offset())
    await stream.onlyZerosFollow()
  } finally {
    await stream.close()
  }
}

interface Extended {
  readonly local: ReadonlyMap<string, string>
  readonly global: ReadonlyMap<string, string>
}

const metaFlags = ['x', 'g', 'L', 'K']
const limitMetaBytes = 1 << 20

const readMeta = async (
  stream: ByteStream,
  block: Uint8Array,
  { flag, extended, offset }: { readonly flag: string; readonly extended: Extended; readonly offset: number },
): Promise<Extended> => {
  const sizeBytes = number(block.subarray(124, 136), offset + 124)
  if (sizeBytes > limitMetaBytes) throw new FormatError('tar/bad-header', `an extended header of ${sizeBytes} bytes`, offset)
  const body = await stream.take(sizeBytes)
  await stream.skip((512 - (sizeBytes % 512)) % 512)
  if (flag === 'x') return { ...extended, local: new Map([...extended.local, ...parsePax(body, offset + 512)]) }
  if (flag === 'g') return { ...extended, global: new Map([...extended.global, ...parsePax(body, offset + 512)]) }
  return { ...extended, local: new Map([...extended.local, [flag === 'L' ? 'path' : 'linkpath', name(body, offset + 512)]]) }
}

const types: Readonly<Record<string, TarFound['type']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'folder',
}

const describe = (block: Uint8Array, extended: Extended, offset: number): Omit<TarFound, 'bytes'> => {
  const pax = (key: string): string | undefined => extended.local.get(key) ?? extended.global.get(key)
  const field = (from: number, to: number): number => number(block.subarray(from, to), offset + from)
  const paxNumber = (key: string, from: number, to: number): number => {
    const text = pax(key)
    return text === undefined ? field(from, to) : Number(text)
  }
  const flag = String.fromCharCode(block[156] ?? 0)
  if (flag === 'S' || [...extended.local.keys()].some(key => key.startsWith('GNU.sparse.'))) {
    throw new FormatError('tar/unsupported', 'sparse files are not read', offset)
  }
  const path = pax('path') ?? headerPath(block, offset)
  if (path === '') throw new FormatError('tar/bad-name', 'an entry has no name', offset)
  const written = types[flag] ?? 'other'
  // Old tar has no flag for folders: the slash says it.
  const type = written === 'file' && path.endsWith('/') ? 'folder' : written
  const sizeBytes = paxNumber('size', 124, 136)
  if (sizeBytes > 0 && type !== 'file' && (type !== 'other' || '346'.includes(flag))) {
    // Readers disagree on whether such an entry is followed by bytes, so it could hide entries from one of them.
    throw new FormatError('tar/bad-header', `${JSON.stringify(path)} is no file and yet has ${sizeBytes} bytes`, offset)
  }
  const linkTarget =
    type === 'symlink' || type === 'hardlink' ? (pax('linkpath') ?? name(block.subarray(157, 257), offset + 157)) : undefined
  if (linkTarget === '') throw new FormatError('tar/bad-header', `the link ${JSON.stringify(path)} has no target`, offset)
  const found: Mutable<Omit<TarFound, 'bytes'>> = {
    path,
    type,
    mode: field(100, 108) & 0o7777,
    sizeBytes,
    mtime: paxNumber('mtime', 136, 148),
    uid: paxNumber('uid', 108, 116),
    gid: paxNumber('gid', 116, 124),
  }
  if (linkTarget !== undefined) found.linkTarget = linkTarget
  if (extended.local.size > 0) found.pax = extended.local
  return found
}

/** While it is filled. */
type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

const headerPath = (block: Uint8Array, offset: number): string => {
  const base = name(block.subarray(0, 100), offset)
  // GNU's magic is `ustar  `: there the bytes of the prefix mean something else.
  const isUstar = ustar.every((byte, index) => block[257 + index] === byte)
  const prefix = isUstar && block[345] !== 0 ? name(block.subarray(345, 500), offset + 345) : ''
  return prefix === '' ? base : `${prefix}/${base}`
}

const ustar = [0x75, 0x73, 0x74, 0x61, 0x72, 0]

const name = (bytes: Uint8Array, offset: number): string => {
  try {
    return decodeText(untilNul(bytes))
  } catch {
    throw new FormatError('tar/bad-name', 'a name is not UTF-8', offset)
  }
}

/** Octal text, or GNU's base 256 (first bit set). Negative or unreadable is `tar/bad-number`. */
const number = (bytes: Uint8Array, offset: number): number => {
  const first = bytes[0] ?? 0
  if (first >= 0x80) {
    const value = bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, first & 0x7f)
    if (first < 0xc0 && Number.isSafeInteger(value)) return value
    throw new FormatError('tar/bad-number', 'a number is negative or larger than any file', offset)
  }
  // Digits between spaces, up to a NUL; read by hand, since every entry has seven of them.
  let [value, at] = [0, 0]
  while (bytes[at] === 0x20) at++
  for (let byte = bytes[at] ?? 0; byte >= 0x30 && byte <= 0x37; byte = bytes[++at] ?? 0) value = value * 8 + byte - 0x30
  while (bytes[at] === 0x20) at++
  if ((bytes[at] ?? 0) === 0) return value
  const text = String.fromCharCode(...untilNul(bytes)).trim()
  throw new FormatError('tar/bad-number', `${JSON.stringify(text)} is not an octal number`, offset)
}

/** The header's bytes summed with the checksum as spaces; old programs summed them as signed. */
const checkSum = (block: Uint8Array, offset: number): void => {
  let [plain, high] = [8 * 0x20, 0]
  for (let index = 0; index < 512; index++) {
    if (index === 148) index = 156
    const byte = block[index] ?? 0
    plain += byte
    high += byte >> 7
  }
  const signed = plain - 256 * high
  // Six digits, a NUL and a space, as nearly all programs write it: without a text for each entry.
  let usual = 0
  for (let index = 148; index < 154; index++) {
    const digit = (block[index] ?? 0) - 0x30
    usual = digit >= 0 && digit <= 7 ? usual * 8 + digit : NaN
  }
  if (usual === plain && block[154] === 0) return
  const text = String.fromCharCode(...untilNul(block.subarray(148, 156))).trim()
  const written = /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : -1
  if (written === plain || written === signed) return
  throw new FormatError('tar/bad-checksum', `the header's checksum is ${JSON.stringify(text)} and must be ${plain.toString(8)}`, offset)
}
