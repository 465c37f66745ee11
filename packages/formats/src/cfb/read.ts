// Compound files, reading (MS-CFB, versions 3 and 4): nothing that the file says of itself is believed; chains end, and hit no sector twice.
import { concat, equalBytes, exactReader, type Fields, fieldsOf, noBytes, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { cfbMagic, cutoffBytes, endOfChain, entryBytes, headerFats, miniBytes, noEntry, rootType, streamType } from './sectors.ts'
import { readGuid } from '../guid.ts'

export interface CfbEntry {
  /** With the storages that it lies in, joined by `/`. */
  readonly path: string
  readonly sizeBytes: number
  /** A Source of its bytes. */
  readonly open: () => Source
}
export interface Cfb {
  readonly version: 3 | 4
  /** What the root says the file is, as `{000C1084-0000-0000-C000-000000000046}`. */
  readonly clsid: string
  readonly streams: readonly CfbEntry[]
}

const [limitEntries, limitTableBytes] = [1 << 17, 1 << 26]

/** Throws `cfb/bad-magic`, `cfb/truncated`, `cfb/bad-header`, `cfb/bad-chain` and `cfb/bad-directory`. */
export const readCfb = async (source: Source): Promise<Cfb> => {
  const readAt = exactReader(source, (message, offset) => new FormatError('cfb/truncated', message, offset))
  const header = await readAt(0, 512)
  if (!equalBytes(header.subarray(0, 8), cfbMagic)) throw new FormatError('cfb/bad-magic', 'this is no compound file', 0)
  const fields = fieldsOf(header, 'little')
  const [version, shift] = [fields.u16(26), fields.u16(30)]
  if (!((version === 3 && shift === 9) || (version === 4 && shift === 12)) || fields.u16(28) !== 0xfffe || fields.u16(32) !== 6)
    throw new FormatError('cfb/bad-header', `version ${version} with sectors of 2^${shift} bytes`, 26)
  if (fields.u32(56) !== cutoffBytes) throw new FormatError('cfb/bad-header', `small streams end at ${fields.u32(56)} bytes`, 56)
  const sectorBytes = 1 << shift
  const sectors: Sectors = { sectorBytes, count: Math.floor(source.sizeBytes / sectorBytes) - 1, readAt }
  const fat = await readFat(sectors, fields)
  const directory = await readChain(sectors, chainOf(fat, fields.u32(48), sectors.count))
  const entries = entriesOf(directory, version)
  const [root] = entries
  if (root === undefined || root.type !== rootType) throw bad('the first entry is not the root')
  const miniChain = root.sizeBytes === 0 ? [] : chainOf(fat, root.start, sectors.count)
  if (miniChain.length * sectorBytes < root.sizeBytes) throw chainError(`the mini stream ends before its ${root.sizeBytes} bytes`)
  const miniFat = numbersOf(await readChain(sectors, fields.u32(64) === 0 ? [] : chainOf(fat, fields.u32(60), sectors.count)))
  const miniCount = Math.floor(root.sizeBytes / miniBytes)
  const open = (entry: RawEntry) => () => {
    if (entry.sizeBytes === 0) return { sizeBytes: 0, read: () => Promise.resolve(noBytes) }
    if (entry.sizeBytes >= cutoffBytes)
      return sourceOf(
        { chain: chainOf(fat, entry.start, sectors.count), pieceBytes: sectorBytes, readAt: at => (at + 1) * sectorBytes },
        entry.sizeBytes,
        readAt,
      )
    const perSector = sectorBytes / miniBytes
    const place = (mini: number): number =>
      ((miniChain[Math.floor(mini / perSector)] ?? 0) + 1) * sectorBytes + (mini % perSector) * miniBytes
    return sourceOf({ chain: chainOf(miniFat, entry.start, miniCount), pieceBytes: miniBytes, readAt: place }, entry.sizeBytes, readAt)
  }
  const streams = walk(entries).map(({ path, entry }) => ({ path, sizeBytes: entry.sizeBytes, open: open(entry) }))
  return { version, clsid: readGuid(root.clsid), streams }
}

interface Sectors {
  readonly sectorBytes: number
  readonly count: number
  readonly readAt: (offset: number, length: number) => Promise<Uint8Array>
}

const bad = (reason: string): FormatError => new FormatError('cfb/bad-directory', `the directory is damaged: ${reason}`)
const chainError = (reason: string): FormatError => new FormatError('cfb/bad-chain', `the sectors are damaged: ${reason}`)

const readSector = ({ sectorBytes, count, readAt }: Sectors, sector: number): Promise<Uint8Array> => {
  if (sector >= count) throw chainError(`sector ${sector} of ${count}`)
  return readAt((sector + 1) * sectorBytes, sectorBytes)
}

const readFat = async (sectors: Sectors, header: Fields): Promise<readonly number[]> => {
  const [count, difatCount] = [header.u32(44), header.u32(72)]
  if (count > sectors.count || difatCount > sectors.count || count * sectors.sectorBytes > limitTableBytes)
    throw new FormatError('cfb/bad-header', `${count} sectors of tables in a file of ${sectors.count}`, 44)
  const places = Array.from({ length: Math.min(headerFats, count) }, (_, at) => header.u32(76 + 4 * at))
  let next = header.u32(68)
  for (let done = 0; places.length < count; done++) {
    if (done >= difatCount) throw chainError(`${places.length} of ${count} tables are named`)
    const numbers = numbersOf(await readSector(sectors, next))
    for (const place of numbers.slice(0, -1)) if (places.length < count) places.push(place)
    next = numbers.at(-1) ?? endOfChain
  }
  const fat: number[] = []
  for (const place of places) for (const number of numbersOf(await readSector(sectors, place))) fat.push(number)
  return fat
}

const numbersOf = (bytes: Uint8Array): number[] => {
  const fields = fieldsOf(bytes, 'little')
  return Array.from({ length: bytes.length >> 2 }, (_, at) => fields.u32(at * 4))
}

const chainOf = (fat: readonly number[], start: number, count: number): readonly number[] => {
  const chain: number[] = []
  for (let sector = start; sector !== endOfChain; sector = fat[sector] ?? noEntry) {
    if (sector >= count) throw chainError(`sector ${sector} of ${count}`)
    if (chain.length >= count) throw chainError('a chain runs in a circle')
    chain.push(sector)
  }
  return chain
}

const readChain = async (sectors: Sectors, chain: readonly number[]): Promise<Uint8Array> => {
  if (chain.length * sectors.sectorBytes > limitTableBytes) throw chainError(`a table of ${chain.length} sectors`)
  const parts: Uint8Array[] = []
  for (const sector of chain) parts.push(await readSector(sectors, sector))
  return concat(parts)
}

interface RawEntry {
  readonly name: string
  readonly type: number
  readonly left: number
  readonly right: number
  readonly child: number
  readonly clsid: Uint8Array
  readonly start: number
  readonly sizeBytes: number
}

const entriesOf = (directory: Uint8Array, version: number): readonly RawEntry[] => {
  const count = Math.floor(directory.length / entryBytes)
  if (count > limitEntries) throw bad(`${count} entries`)
  return Array.from({ length: count }, (_, index) => {
    const bytes = directory.subarray(index * entryBytes, (index + 1) * entryBytes)
    const fields = fieldsOf(bytes, 'little')
    const nameBytes = fields.u16(64)
    if (nameBytes > 64 || nameBytes % 2 !== 0) throw bad(`a name of ${nameBytes} bytes`)
    return {
      name: Array.from({ length: Math.max(0, nameBytes / 2 - 1) }, (_one, at) => String.fromCharCode(fields.u16(at * 2))).join(''),
      type: fields.u8(66),
      left: fields.u32(68),
      right: fields.u32(72),
      child: fields.u32(76),
      clsid: bytes.slice(80, 96),
      start: fields.u32(116),
      // MS-CFB 2.6.3: of version 3 the high half may hold anything.
      sizeBytes: version === 3 ? fields.u32(120) : fields.u64(120),
    }
  })
}

/** Without recursion: a tree of damaged files may be as deep as it has entries. */
const walk = (entries: readonly RawEntry[]): readonly { readonly path: string; readonly entry: RawEntry }[] => {
  const found: { readonly path: string; readonly entry: RawEntry }[] = []
  const seen = new Set<number>([0])
  const waiting = [{ index: entries[0]?.child ?? noEntry, above: '' }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { index, above } = next
    if (index === noEntry) continue
    const entry = entries[index]
    if (entry === undefined || seen.has(index)) throw bad(`it leads to entry ${index} twice, or to none`)
    seen.add(index)
    const path = `${above}${entry.name}`
    if (entry.type === streamType) found.push({ path, entry })
    else if (entry.type === 1) waiting.push({ index: entry.child, above: `${path}/` })
    else throw bad(`entry ${index} has the type ${entry.type}`)
    waiting.push({ index: entry.left, above }, { index: entry.right, above })
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

interface Pieces {
  readonly chain: readonly number[]
  readonly pieceBytes: number
  /** The offset in the file of a piece by its number. */
  readonly readAt: (piece: number) => number
}

const sourceOf = ({ chain, pieceBytes, readAt }: Pieces, sizeBytes: number, read: Sectors['readAt']): Source => {
  if (chain.length * pieceBytes < sizeBytes) throw chainError(`a stream of ${sizeBytes} bytes has ${chain.length} sectors`)
  return {
    sizeBytes,
    read: async (offset, length) => {
      const parts: Uint8Array[] = []
      const end = Math.min(offset + length, sizeBytes)
      for (let at = offset; at < end;) {
        const index = Math.floor(at / pieceBytes)
        let run = 1
        // Pieces that lie one behind the other are read at once.
        while ((index + run) * pieceBytes < end && readAt(chain[index + run] ?? 0) === readAt(chain[index] ?? 0) + run * pieceBytes) run++
        const here = Math.min((index + run) * pieceBytes, end) - at
        parts.push(await read(readAt(chain[index] ?? 0) + (at % pieceBytes), here))
        at += here
      }
      return parts.length === 1 ? (parts[0] ?? noBytes) : concat(parts)
    },
  }
}
