// asar (Electron's archive): reading its header: two Chromium pickles around a JSON tree, then the files' bytes.
import { exactReader, fieldsOf, type Source, streamRange } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { isAsar } from './identify.ts'

export interface AsarFound {
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink'
  readonly sizeBytes: number
  readonly isExecutable: boolean
  /** Stands beside the archive, in `NAME.asar.unpacked`. */
  readonly isUnpacked: boolean
  /** In the file; undefined for what is not in it. */
  readonly offset: number | undefined
  readonly linkTarget: string | undefined
  /** SHA-256 of the whole file, hex, where the header has it. */
  readonly sha256: string | undefined
}

export interface Asar {
  readonly entries: readonly AsarFound[]
  /** The JSON header's bytes, which Electron's own integrity check hashes (ElectronAsarIntegrity). */
  readonly header: Uint8Array
  /** Where the files begin. */
  readonly dataOffset: number
}

const limitHeaderBytes = 1 << 28
const limitDepth = 256

/**
 * Reads the tree, parents before children. Names are as written, but never empty, `.`, `..` or with a slash or NUL.
 * Throws `asar/bad-magic`, `asar/truncated`, `asar/bad-header`, `asar/bad-name` and `asar/too-many-entries`.
 */
export const readAsar = async (source: Source, options: { readonly limitEntries: number }): Promise<Asar> => {
  const read = exactReader(source, (message, offset) => new FormatError('asar/truncated', message, offset))
  if (source.sizeBytes < 17 || !isAsar(await read(0, 17))) throw new FormatError('asar/bad-magic', 'not an asar archive', 0)
  const fields = fieldsOf(await read(0, 16), 'little')
  const [headerBytes, textBytes] = [fields.u32(4), fields.u32(12)]
  if (headerBytes > limitHeaderBytes) throw new FormatError('asar/bad-header', `a header of ${headerBytes} bytes`, 4)
  const header = await read(16, textBytes)
  const dataOffset = 8 + headerBytes
  const entries: AsarFound[] = []
  const walk = { entries, dataOffset, sizeBytes: source.sizeBytes, limitEntries: options.limitEntries }
  walkFolder(walk, parseHeader(header), { path: '', depth: 0 })
  return { entries, header, dataOffset }
}

/** The bytes of a file inside the archive. */
export const openAsarEntry = (source: Source, entry: AsarFound): AsyncGenerator<Uint8Array> => {
  const read = exactReader(source, (message, offset) => new FormatError('asar/truncated', message, offset))
  return streamRange(read, { offset: entry.offset ?? 0, sizeBytes: entry.offset === undefined ? 0 : entry.sizeBytes })
}

const parseHeader = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new FormatError('asar/bad-header', 'the header is not JSON', 16)
  }
}

interface Walk {
  readonly entries: AsarFound[]
  readonly dataOffset: number
  readonly sizeBytes: number
  readonly limitEntries: number
}

interface FolderPlace {
  readonly path: string
  readonly depth: number
}

const walkFolder = (walk: Walk, node: unknown, { path, depth }: FolderPlace): void => {
  const files = memberOf(node, 'files')
  if (!isRecord(files) || depth > limitDepth) throw badEntry(path, 'is no folder, or too deep')
  for (const [name, child] of Object.entries(files)) {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new FormatError('asar/bad-name', `the name ${JSON.stringify(name)} is not allowed`, 16)
    if (walk.entries.length >= walk.limitEntries)
      throw new FormatError('asar/too-many-entries', `more than ${walk.limitEntries} entries`, 16)
    const inner = path === '' ? name : `${path}/${name}`
    const entry = entryOf(walk, child, inner)
    walk.entries.push(entry)
    if (entry.type === 'folder') walkFolder(walk, child, { path: inner, depth: depth + 1 })
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const memberOf = (value: unknown, name: string): unknown => (isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined)

const badEntry = (path: string, reason: string): FormatError => new FormatError('asar/bad-header', `${JSON.stringify(path)} ${reason}`, 16)

const entryOf = (walk: Walk, node: unknown, path: string): AsarFound => {
  const common = { path, sizeBytes: 0, isExecutable: false, offset: undefined, linkTarget: undefined, sha256: undefined }
  const isUnpacked = memberOf(node, 'unpacked') === true
  if (memberOf(node, 'files') !== undefined) return { ...common, type: 'folder', isUnpacked }
  const link = memberOf(node, 'link')
  if (typeof link === 'string') return { ...common, type: 'symlink', isUnpacked, linkTarget: link }
  const sizeBytes = memberOf(node, 'size')
  if (typeof sizeBytes !== 'number' || !Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw badEntry(path, 'has no sound size')
  const offset = isUnpacked ? undefined : offsetOf(walk, node, { path, sizeBytes })
  const digest = memberOf(memberOf(node, 'integrity'), 'hash')
  return {
    ...common,
    type: 'file',
    sizeBytes,
    isExecutable: memberOf(node, 'executable') === true,
    isUnpacked,
    offset,
    sha256: typeof digest === 'string' && /^[0-9a-f]{64}$/i.test(digest) ? digest.toLowerCase() : undefined,
  }
}

/** Offsets are decimal text, since JSON's numbers end at 2^53; they count from the end of the header. */
const offsetOf = (walk: Walk, node: unknown, { path, sizeBytes }: { readonly path: string; readonly sizeBytes: number }): number => {
  const text = memberOf(node, 'offset')
  if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,15})$/.test(text)) throw badEntry(path, 'has no sound offset')
  const offset = walk.dataOffset + Number(text)
  if (offset + sizeBytes > walk.sizeBytes)
    throw new FormatError('asar/truncated', `${JSON.stringify(path)} lies beyond the end of the file`, offset)
  return offset
}
