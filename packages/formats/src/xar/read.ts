// xar, reading; what it says of itself is untrusted, and each file is held to the digests of the table of contents.
import { createHash } from 'node:crypto'
import { createInflate, inflateSync } from 'node:zlib'
import { type ByteChunks, decodeText, exactReader, fieldsOf, type Source, streamRange } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isInsidePath } from '../inside-path.ts'
import { childOf, readXml, type XmlElement } from '../xml.ts'
import { through } from '../zlib-stream.ts'
import { xarHeaderBytes, xarMagic } from './xar.ts'

export interface XarReading {
  readonly limitEntries: number
  /** Of one file, unpacked. */
  readonly limitBytes: number
}

export interface XarFound {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  readonly mode: number
  /** Unpacked; 0 but for files. */
  readonly sizeBytes: number
  readonly linkTarget?: string
  /** Throws `xar/bad-data`, `xar/unsupported` and `xar/truncated`. */
  bytes(): AsyncIterable<Uint8Array>
}

export interface Xar {
  readonly files: readonly XarFound[]
  /** As `RSA` and `CMS`; none of them is checked here. */
  readonly signatures: readonly string[]
}

const limitTocBytes = 64 * 2 ** 20

/**
 * The table of contents, its digest checked. Throws `xar/bad-header`, `xar/bad-toc`, `xar/bad-checksum`, `xar/truncated`,
 * `xar/too-large`, `xar/too-many-entries` and `xar/unsupported`.
 */
export const readXar = async (source: Source, { limitEntries, limitBytes }: XarReading): Promise<Xar> => {
  const read = exactReader(source, (message, offset) => new FormatError('xar/truncated', message, offset))
  const header = fieldsOf(await read(0, xarHeaderBytes), 'big')
  const [headerBytes, packedBytes, plainBytes] = [header.u16(4), sizeAt(header, 8), sizeAt(header, 16)]
  if (header.u32(0) !== xarMagic || header.u16(6) !== 1 || headerBytes < xarHeaderBytes)
    throw new FormatError('xar/bad-header', 'it does not begin as xar, version 1', 0)
  if (packedBytes > limitTocBytes || plainBytes > limitTocBytes)
    throw new FormatError('xar/too-large', `a table of contents of ${plainBytes} bytes; ${limitTocBytes} are read`, 8)
  const packed = await read(headerBytes, packedBytes)
  const toc = childOf(tocOf(packed, plainBytes), 'toc')
  if (toc === undefined) throw badToc('it holds no <toc>')
  const heap = headerBytes + packedBytes
  await checkToc(packed, childOf(toc, 'checksum'), (offset, length) => read(heap + offset, length))
  const reading: Heap = { read: (offset, length) => read(heap + offset, length), heapBytes: source.sizeBytes - heap, limitBytes }
  const files: XarFound[] = []
  const add = (element: XmlElement, above: string): void => {
    if (files.length >= limitEntries) throw new FormatError('xar/too-many-entries', `more than ${limitEntries} entries`)
    const found = foundOf(element, above, reading)
    files.push(found)
    for (const child of element.children) if (child.name === 'file') add(child, `${found.path}/`)
  }
  for (const child of toc.children) if (child.name === 'file') add(child, '')
  const signatures = toc.children.flatMap(({ name, attributes }) => (/^(x-)?signature$/.test(name) ? [attributes.get('style') ?? ''] : []))
  return { files, signatures }
}

interface Heap {
  /** Offsets are in the heap. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>
  readonly heapBytes: number
  readonly limitBytes: number
}

const badToc = (message: string): FormatError => new FormatError('xar/bad-toc', `the table of contents: ${message}`)

const sizeAt = (header: ReturnType<typeof fieldsOf>, offset: number): number => {
  try {
    return header.u64(offset)
  } catch {
    throw new FormatError('xar/bad-header', 'a size is larger than any file', offset)
  }
}

const tocOf = (packed: Uint8Array, plainBytes: number): XmlElement => {
  let plain: Uint8Array
  try {
    plain = inflateSync(packed, { maxOutputLength: Math.max(1, plainBytes) })
  } catch {
    throw badToc('it does not unpack to the size that the header says')
  }
  if (plain.length !== plainBytes) throw badToc('it does not unpack to the size that the header says')
  try {
    return readXml(decodeText(plain))
  } catch (error) {
    throw error instanceof FormatError ? badToc(error.message) : error
  }
}

const checkToc = async (packed: Uint8Array, checksum: XmlElement | undefined, read: Heap['read']): Promise<void> => {
  const style = checksum?.attributes.get('style')?.toLowerCase() ?? 'none'
  if (style === 'none') return
  const said = await read(numberOf(checksum, 'offset'), Math.min(numberOf(checksum, 'size'), 64))
  const found = hashOf(style).update(packed).digest()
  if (said.length !== found.length || !said.every((byte, index) => byte === found[index]))
    throw new FormatError('xar/bad-checksum', `the table of contents is not what its ${style} says`)
}

const hashOf = (style: string): ReturnType<typeof createHash> => {
  if (['md5', 'sha1', 'sha256', 'sha512'].includes(style)) return createHash(style)
  throw new FormatError('xar/unsupported', `digests of the kind ${JSON.stringify(style)} are not read`)
}

const numberOf = (element: XmlElement | undefined, name: string): number => {
  const text = childOf(element, name)?.text.trim() ?? ''
  const value = Number(text)
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value)) throw badToc(`<${name}> is no number`)
  return value
}

const types: Readonly<Record<string, XarFound['type']>> = { file: 'file', directory: 'folder', symlink: 'symlink', hardlink: 'file' }

const foundOf = (element: XmlElement, above: string, heap: Heap): XarFound => {
  // Apple's tools may write a name twice; the last counts.
  const name = element.children.findLast(child => child.name === 'name')
  if (name === undefined || name.text === '' || name.attributes.has('enctype')) throw badToc('a file has no plain name')
  const path = above + name.text
  if (!isInsidePath(path) || name.text.includes('/')) throw badToc(`${JSON.stringify(path)} leads out of the archive`)
  const type = types[childOf(element, 'type')?.text ?? ''] ?? 'other'
  const mode = Number.parseInt(/^[0-7]{1,7}$/.exec(childOf(element, 'mode')?.text ?? '')?.[0] ?? '0', 8) & 0o7777
  const data = childOf(element, 'data')
  const linkTarget = type === 'symlink' ? (childOf(element, 'link')?.text ?? '') : undefined
  const common = { path, type, mode, ...(linkTarget === undefined ? {} : { linkTarget }) }
  if (type !== 'file' || data === undefined) return { ...common, sizeBytes: 0, bytes: nothing }
  const content = { offset: numberOf(data, 'offset'), packedBytes: numberOf(data, 'length'), sizeBytes: numberOf(data, 'size') }
  if (content.offset + content.packedBytes > heap.heapBytes)
    throw new FormatError('xar/truncated', `${path} ends at ${content.offset + content.packedBytes} of a heap of ${heap.heapBytes} bytes`)
  if (content.sizeBytes > heap.limitBytes) throw new FormatError('xar/too-large', `${path} has ${content.sizeBytes} bytes`)
  return { ...common, sizeBytes: content.sizeBytes, bytes: () => bytesOf({ path, data, heap, ...content }) }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

interface Content {
  readonly path: string
  readonly data: XmlElement
  readonly heap: Heap
  readonly offset: number
  readonly packedBytes: number
  readonly sizeBytes: number
}

async function* bytesOf({ path, data, heap, offset, packedBytes, sizeBytes }: Content): AsyncGenerator<Uint8Array> {
  const bad = (what: string): FormatError => new FormatError('xar/bad-data', `${path} ${what}`)
  const encoding = childOf(data, 'encoding')?.attributes.get('style') ?? 'application/octet-stream'
  const packed = streamRange(heap.read, { offset, sizeBytes: packedBytes })
  const checksum = childOf(data, 'extracted-checksum')
  const hash = checksum === undefined ? undefined : hashOf(checksum.attributes.get('style')?.toLowerCase() ?? '')
  let givenBytes = 0
  for await (const chunk of unpacked(packed, encoding, message => bad(`is not sound: ${message}`))) {
    givenBytes += chunk.length
    if (givenBytes > sizeBytes) break
    hash?.update(chunk)
    yield chunk
  }
  if (givenBytes !== sizeBytes) throw bad(`has not the ${sizeBytes} bytes that the table of contents says`)
  if (hash !== undefined && hash.digest('hex') !== checksum?.text.trim().toLowerCase()) throw bad('is not what its digest says')
}

const unpacked = (packed: ByteChunks, encoding: string, bad: (message: string) => FormatError): ByteChunks => {
  if (encoding === 'application/octet-stream') return packed
  if (encoding === 'application/x-gzip') return through(createInflate({ chunkSize: 1 << 16 }), packed, bad)
  throw new FormatError('xar/unsupported', `the encoding ${JSON.stringify(encoding)} is not read`)
}
