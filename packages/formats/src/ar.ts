// ar, the common form that deb packages use (deb(5), ar(5)): written without long names, read with those of GNU and BSD.
import { concat, decodeText, encodeText, exactReader, isAscii, type Source } from './bytes.ts'
import { FormatError } from './format-error.ts'

export const arMagic: Uint8Array = encodeText('!<arch>\n')

export interface ArEntry {
  readonly name: string
  readonly sizeBytes: number
  /** Whole seconds since 1970. */
  readonly mtime: number
  /** With the file type bits, as deb has them: 0o100644. */
  readonly mode: number
}

export interface ArFound extends ArEntry {
  /** Of the content. */
  readonly offset: number
  readonly uid: number
  readonly gid: number
}

/** A member's header of 60 bytes; uid and gid 0. Throws `ar/bad-entry`. */
export const arHeader = (entry: ArEntry): Uint8Array => {
  const refuse = (reason: string): never => {
    throw new FormatError('ar/bad-entry', `${JSON.stringify(entry.name)} cannot be written: ${reason}`)
  }
  if (!/^[\x21-\x2e\x30-\x7e]{1,16}$/.test(entry.name)) refuse('a name has 1 to 16 printable ASCII characters and no slash or space')
  // `#1/20` and the like are BSD's long names; a name beginning so would be read as one.
  if (entry.name.startsWith('#1')) refuse('a name does not begin with #1')
  const field = (text: string, width: number): string =>
    text.length <= width ? text.padEnd(width) : refuse(`${text} does not fit into ${width} characters`)
  for (const value of [entry.sizeBytes, entry.mtime, entry.mode]) {
    if (!Number.isSafeInteger(value) || value < 0) refuse(`${value} is no whole number from 0 on`)
  }
  const numbers = `${field(String(entry.mtime), 12)}${field('0', 6)}${field('0', 6)}${field(entry.mode.toString(8), 8)}`
  return encodeText(`${field(entry.name, 16)}${numbers}${field(String(entry.sizeBytes), 10)}\`\n`)
}

/** Members begin at even offsets: one newline after an odd size. */
export const arPadding = (sizeBytes: number): Uint8Array => encodeText(sizeBytes % 2 === 1 ? '\n' : '')

export type ArFile = ArEntry & { bytes(): AsyncIterable<Uint8Array> }

/** A whole archive. Throws `ar/bad-entry` and `ar/size-changed`. */
export async function* writeAr(entries: AsyncIterable<ArFile> | Iterable<ArFile>): AsyncGenerator<Uint8Array> {
  yield arMagic
  for await (const entry of entries) {
    yield arHeader(entry)
    let sizeBytes = 0
    for await (const chunk of entry.bytes()) {
      sizeBytes += chunk.length
      if (sizeBytes > entry.sizeBytes) break
      yield chunk
    }
    if (sizeBytes !== entry.sizeBytes) {
      throw new FormatError('ar/size-changed', `${entry.name} gave ${sizeBytes} bytes or more where ${entry.sizeBytes} were announced`)
    }
    if (sizeBytes % 2 === 1) yield arPadding(sizeBytes)
  }
}

/** The members, in order. Throws `ar/bad-magic`, `ar/truncated`, `ar/bad-header`, `ar/bad-name` and `ar/too-many-entries`. */
export const readAr = async (source: Source, options: { readonly limitEntries: number }): Promise<readonly ArFound[]> => {
  const read = exactReader(source, (message, offset) => new FormatError('ar/truncated', message, offset))
  if (source.sizeBytes < arMagic.length || text(await read(0, arMagic.length)) !== text(arMagic)) {
    throw new FormatError('ar/bad-magic', 'not an ar archive', 0)
  }
  const found: ArFound[] = []
  let longNames = ''
  for (let offset = arMagic.length; offset < source.sizeBytes;) {
    if (found.length >= options.limitEntries)
      throw new FormatError('ar/too-many-entries', `more than ${options.limitEntries} members`, offset)
    const header = readHeader(text(await read(offset, 60)), offset)
    const end = offset + 60 + header.sizeBytes
    if (end > source.sizeBytes) throw new FormatError('ar/truncated', `${JSON.stringify(header.name)} is cut off`, offset)
    if (header.name === '//') longNames = text(await read(offset + 60, checkTable(header.sizeBytes, offset)))
    else found.push(await withLongName(header, { read, longNames }))
    offset = end + (header.sizeBytes % 2)
  }
  return found
}

const text = (bytes: Uint8Array): string => Array.from(bytes, byte => String.fromCharCode(byte)).join('')

const checkTable = (sizeBytes: number, offset: number): number => {
  if (sizeBytes <= 1 << 24) return sizeBytes
  throw new FormatError('ar/bad-header', `a table of names of ${sizeBytes} bytes`, offset)
}

const readHeader = (header: string, offset: number): ArFound => {
  const number = (from: number, to: number, base: 8 | 10): number => {
    const digits = header.slice(from, to).trimEnd()
    if (!(base === 8 ? /^[0-7]*$/ : /^[0-9]*$/).test(digits))
      throw new FormatError('ar/bad-header', `${JSON.stringify(digits)} is no number`, offset + from)
    return digits === '' ? 0 : Number.parseInt(digits, base)
  }
  if (header.slice(58) !== '`\n') throw new FormatError('ar/bad-header', 'a header does not end as it must', offset)
  if (header.slice(48, 58).trim() === '') throw new FormatError('ar/bad-header', 'a header has no size', offset)
  const mode = number(40, 48, 8)
  return {
    name: header.slice(0, 16).trimEnd(),
    sizeBytes: number(48, 58, 10),
    mtime: number(16, 28, 10),
    mode,
    offset: offset + 60,
    uid: number(28, 34, 10),
    gid: number(34, 40, 10),
  }
}

interface LongNames {
  readonly read: (offset: number, length: number) => Promise<Uint8Array>
  /** GNU's table `//`. */
  readonly longNames: string
}

const withLongName = async (header: ArFound, { read, longNames }: LongNames): Promise<ArFound> => {
  const refuse = (reason: string): FormatError =>
    new FormatError('ar/bad-name', `the name ${JSON.stringify(header.name)} ${reason}`, header.offset)
  const gnu = /^\/([0-9]+)$/.exec(header.name)
  if (gnu !== null) {
    const start = Number(gnu[1])
    const end = longNames.indexOf('/\n', start)
    if (end <= start) throw refuse('is not in the table of long names')
    return { ...header, name: utf8(longNames.slice(start, end), refuse) }
  }
  const bsd = /^#1\/([0-9]+)$/.exec(header.name)
  if (bsd !== null) {
    const nameBytes = Number(bsd[1])
    if (nameBytes === 0 || nameBytes > header.sizeBytes || nameBytes > 4096) throw refuse('has a bad length')
    const name = utf8(text(await read(header.offset, nameBytes)).replace(/\0+$/, ''), refuse)
    return { ...header, name, offset: header.offset + nameBytes, sizeBytes: header.sizeBytes - nameBytes }
  }
  if (header.name === '') throw refuse('is empty')
  // GNU ends short names with a slash; `/` alone is its symbol table.
  const short = header.name.length > 1 && header.name.endsWith('/') && header.name !== '/SYM64/' ? header.name.slice(0, -1) : header.name
  return { ...header, name: utf8(short, refuse) }
}

const utf8 = (latin: string, refuse: (reason: string) => FormatError): string => {
  const bytes = Uint8Array.from(latin, character => character.charCodeAt(0))
  if (bytes.length === 0 || bytes.includes(0)) throw refuse('is empty or holds a NUL')
  if (isAscii(bytes)) return latin
  try {
    return decodeText(concat([bytes]))
  } catch {
    throw refuse('is not UTF-8')
  }
}
