// HFS Plus, reading (TN1150): every file, link and folder of a volume, from the leaves of its catalog; every bound checked.
import { exactReader, fieldsOf, type Fields, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { nameOf } from './names.ts'

export interface HfsFound {
  readonly type: 'file' | 'link' | 'folder'
  readonly path: string
  /** Permission bits. */
  readonly mode: number
  readonly sizeBytes: number
  readonly linkTarget?: string
  readonly extents: readonly Extent[]
}
interface Extent {
  readonly start: number
  readonly blocks: number
}
export interface HfsVolumeFound {
  readonly volumeName: string
  /** Whether case is told apart (HFSX). */
  readonly isCaseSensitive: boolean
  /** Sorted by path. */
  readonly entries: readonly HfsFound[]
  /** Streams a file. Throws `hfs/truncated`, and `hfs/fragmented` where it has more than eight pieces. */
  readonly open: (entry: HfsFound) => AsyncGenerator<Uint8Array>
  /** A file that can be read anywhere; its reads throw the same. */
  readonly sourceOf: (entry: HfsFound) => Source
}

const [headerAt, headerBytes] = [1024, 512]
const limitCatalogBytes = 1 << 30
const limitLinkBytes = 4096
const rootParent = 1

/** Whether a volume begins as HFS Plus does. */
export const isHfs = async (source: Source): Promise<boolean> => {
  const bytes = await source.read(headerAt, 2)
  const magic = String.fromCharCode(...bytes)
  return magic === 'H+' || magic === 'HX'
}

/** Throws `hfs/bad-header`, `hfs/bad-catalog`, `hfs/truncated`, `hfs/fragmented`. */
export const readHfs = async (source: Source, { limitEntries = 1_000_000 } = {}): Promise<HfsVolumeFound> => {
  const read = exactReader(source, (message, offset) => new FormatError('hfs/truncated', message, offset))
  const header = fieldsOf(await read(headerAt, headerBytes), 'big')
  const magic = header.u16(0)
  const blockBytes = header.u32(40)
  if ((magic !== 0x482b && magic !== 0x4858) || blockBytes < 512 || (blockBytes & (blockBytes - 1)) !== 0)
    throw new FormatError('hfs/bad-header', 'it has no header of HFS Plus', headerAt)
  const catalog = forkAt(header, 272)
  if (catalog.sizeBytes > limitCatalogBytes || catalog.sizeBytes > source.sizeBytes)
    throw new FormatError('hfs/bad-header', `a catalog of ${catalog.sizeBytes} bytes`, headerAt + 272)
  const open = (fork: Fork): AsyncGenerator<Uint8Array> => streamFork(read, fork, blockBytes)
  const parts: Uint8Array[] = []
  for await (const part of open(catalog)) parts.push(part)
  const records = leavesOf(joined(parts, catalog.sizeBytes), limitEntries)
  const { volumeName, entries } = await placed(records, open)
  return { volumeName, isCaseSensitive: magic === 0x4858, entries, open, sourceOf: fork => forkSource(read, fork, blockBytes) }
}

interface Fork {
  readonly sizeBytes: number
  readonly extents: readonly Extent[]
}
const forkAt = (fields: Fields, offset: number): Fork => ({
  sizeBytes: fields.u64(offset),
  extents: Array.from({ length: 8 }, (_, index) => ({
    start: fields.u32(offset + 16 + index * 8),
    blocks: fields.u32(offset + 20 + index * 8),
  })).filter(one => one.blocks > 0),
})

async function* streamFork(
  read: (offset: number, length: number) => Promise<Uint8Array>,
  { sizeBytes, extents }: Fork,
  blockBytes: number,
): AsyncGenerator<Uint8Array> {
  let left = sizeBytes
  for (const { start, blocks } of extents) {
    for (let at = 0; at < blocks * blockBytes && left > 0;) {
      const length = Math.min(1 << 20, blocks * blockBytes - at, left)
      yield await read(start * blockBytes + at, length)
      at += length
      left -= length
    }
  }
  if (left > 0) throw new FormatError('hfs/fragmented', `${left} bytes of a file lie in more than eight pieces`)
}

const forkSource = (
  read: (offset: number, length: number) => Promise<Uint8Array>,
  { sizeBytes, extents }: Fork,
  blockBytes: number,
): Source => ({
  sizeBytes,
  read: async (offset, length) => {
    const whole = new Uint8Array(Math.max(0, Math.min(length, sizeBytes - offset)))
    let [filled, before] = [0, 0]
    for (const { start, blocks } of extents) {
      const inside = offset + filled - before
      const part = Math.min(blocks * blockBytes - inside, whole.length - filled)
      if (part > 0) {
        whole.set(await read(start * blockBytes + inside, part), filled)
        filled += part
      }
      before += blocks * blockBytes
    }
    if (filled < whole.length)
      throw new FormatError('hfs/fragmented', `${whole.length - filled} bytes of a file lie in more than eight pieces`)
    return whole
  },
})

const joined = (parts: readonly Uint8Array[], sizeBytes: number): Uint8Array => {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

interface CatalogRecord {
  readonly id: number
  readonly parent: number
  readonly name: string
  readonly kind: number
  readonly mode: number
  readonly fork: Fork
}

/** The records of files and folders, from leaf to leaf; a chain that runs in a circle ends after as many nodes as there are. */
const leavesOf = (catalog: Uint8Array, limitEntries: number): readonly CatalogRecord[] => {
  const bad = (reason: string): FormatError => new FormatError('hfs/bad-catalog', reason)
  const fields = fieldsOf(catalog, 'big')
  if (catalog.length < 512) throw bad('it is too short')
  const [nodeBytes, total] = [fields.u16(14 + 18), fields.u32(14 + 22)]
  if (nodeBytes < 512 || (nodeBytes & (nodeBytes - 1)) !== 0) throw bad(`nodes of ${nodeBytes} bytes`)
  const records: CatalogRecord[] = []
  let node = fields.u32(14 + 10)
  for (let turns = 0; node !== 0; turns++) {
    const start = node * nodeBytes
    if (start + nodeBytes > catalog.length || turns > total) throw bad(`leaf ${node} is not there`)
    const inside = fieldsOf(catalog.subarray(start, start + nodeBytes), 'big')
    const count = inside.u16(10)
    if (count * 2 + 14 > nodeBytes) throw bad(`leaf ${node} has ${count} records`)
    for (let index = 0; index < count; index++) {
      const record = recordAt(inside, inside.u16(nodeBytes - 2 * (index + 1)))
      if (record !== null && records.push(record) > limitEntries) throw bad(`more than ${limitEntries} entries`)
    }
    node = inside.u32(0)
  }
  return records
}

const recordAt = (fields: Fields, at: number): CatalogRecord | null => {
  const keyBytes = fields.u16(at)
  const units = fields.u16(at + 6)
  const data = at + 2 + keyBytes + (keyBytes % 2)
  const kind = fields.u16(data)
  if (kind !== 1 && kind !== 2) return null
  if (units > 255) throw new FormatError('hfs/bad-catalog', `a name of ${units} units`)
  const name = nameOf(Uint16Array.from({ length: units }, (_, index) => fields.u16(at + 8 + 2 * index)))
  const fork = kind === 2 ? forkAt(fields, data + 88) : { sizeBytes: 0, extents: [] }
  return { id: fields.u32(data + 8), parent: fields.u32(at + 2), name, kind, mode: fields.u16(data + 42), fork }
}

const placed = async (
  records: readonly CatalogRecord[],
  open: (fork: Fork) => AsyncGenerator<Uint8Array>,
): Promise<{ readonly volumeName: string; readonly entries: readonly HfsFound[] }> => {
  const folders = new Map(records.flatMap(one => (one.kind === 1 ? [[one.id, one] as const] : [])))
  const paths = new Map<number, string>()
  const pathOf = (id: number, depth = 0): string => {
    const known = paths.get(id)
    if (known !== undefined) return known
    const folder = folders.get(id)
    if (folder === undefined || depth > 500) throw new FormatError('hfs/bad-catalog', `folder ${id} is not there, or in itself`)
    const path = folder.parent === rootParent ? '' : `${pathOf(folder.parent, depth + 1)}${folder.name}/`
    paths.set(id, path)
    return path
  }
  const entries: HfsFound[] = []
  for (const { parent, name, kind, mode, fork } of records) {
    if (parent === rootParent) continue
    const path = `${pathOf(parent)}${name}`
    const isLink = kind === 2 && (mode & 0o170000) === 0o120000
    const linkTarget = isLink && fork.sizeBytes <= limitLinkBytes ? await textOf(open(fork)) : undefined
    entries.push({
      type: kind === 1 ? 'folder' : isLink ? 'link' : 'file',
      path,
      mode: mode & 0o7777,
      sizeBytes: fork.sizeBytes,
      extents: fork.extents,
      ...(linkTarget === undefined ? {} : { linkTarget }),
    })
  }
  const root = records.find(one => one.parent === rootParent)
  return { volumeName: root?.name.normalize('NFC') ?? '', entries: entries.toSorted((a, b) => (a.path < b.path ? -1 : 1)) }
}

const textOf = async (chunks: AsyncGenerator<Uint8Array>): Promise<string> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true })
  return text + decoder.decode()
}
