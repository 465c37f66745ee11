// Cabinets, reading (MS-CAB): what is in them, and the files of stored and MSZIP folders with every checksum looked at.
import { inflateRawSync } from 'node:zlib'
import { decodeText, exactReader, type Fields, fieldsOf, noBytes, type Source, untilNul } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { blockBytes, blockSum } from './blocks.ts'

export interface CabEntry {
  readonly name: string
  readonly sizeBytes: number
  /** Index of its folder; undefined where it goes on in another cabinet. */
  readonly folder: number | undefined
  /** Where it begins in the folder. */
  readonly offset: number
}
export interface CabFolder {
  readonly offset: number
  readonly blocks: number
  readonly compression: 'none' | 'mszip' | 'quantum' | 'lzx'
}
export interface CabListing {
  readonly files: readonly CabEntry[]
  readonly folders: readonly CabFolder[]
  /** Bytes that each block reserves for others. */
  readonly reservedBytes: number
}

/** Throws `cab/bad-magic`, `cab/truncated`, `cab/bad-header`. */
export const readCab = async (source: Source): Promise<CabListing> => {
  const read = readerOf(source)
  const head = fieldsOf(await read(0, 36), 'little')
  if (head.u32(0) !== 0x4643534d) throw new FormatError('cab/bad-magic', 'this is no cabinet', 0)
  const flags = head.u16(30)
  const [folderCount, fileCount, filesAt] = [head.u16(26), head.u16(28), head.u32(16)]
  if (head.u8(25) !== 1 || head.u32(8) > source.sizeBytes || (flags & ~7) !== 0)
    throw new FormatError('cab/bad-header', `version ${head.u8(25)}, ${head.u32(8)} bytes of ${source.sizeBytes}, flags ${flags}`, 8)
  const reserved = (flags & 4) === 0 ? undefined : fieldsOf(await read(36, 4), 'little')
  let at = reserved === undefined ? 36 : 40 + reserved.u16(0)
  // The names of the cabinets before and after, and of their disks.
  for (let strings = ((flags & 1) + ((flags >> 1) & 1)) * 2; strings > 0; strings--) at += (await stringAt(source, at)).sizeBytes
  const folderBytes = 8 + (reserved?.u8(2) ?? 0)
  const table = fieldsOf(await read(at, folderCount * folderBytes), 'little')
  const folders = Array.from({ length: folderCount }, (_, index) => folderOf(table, index * folderBytes))
  return { folders, files: await filesOf(source, { filesAt, fileCount, folderCount }), reservedBytes: reserved?.u8(3) ?? 0 }
}

/**
 * All files of a folder in their order, each with its bytes, which are good until the next is asked for.
 * Throws `cab/unsupported`, `cab/bad-block`, `cab/bad-checksum` and `cab/bad-folder`.
 */
export async function* openFolder(
  source: Source,
  { folders, files, reservedBytes }: CabListing,
  index: number,
): AsyncGenerator<{ readonly file: CabEntry; readonly bytes: () => AsyncGenerator<Uint8Array> }> {
  const folder = folders[index]
  if (folder === undefined) throw new FormatError('cab/bad-folder', `there is no folder ${index}`)
  const blocks = blocksOf(source, folder, reservedBytes)
  let [block, blockAt]: [Uint8Array, number] = [noBytes, 0]
  async function* take(file: CabEntry): AsyncGenerator<Uint8Array> {
    for (let at = file.offset; at < file.offset + file.sizeBytes;) {
      while (blockAt + block.length <= at) {
        blockAt += block.length
        const next = await blocks.next()
        if (next.done === true) throw new FormatError('cab/bad-folder', `the folder ends within ${JSON.stringify(file.name)}`)
        block = next.value
      }
      const part = block.subarray(at - blockAt, file.offset + file.sizeBytes - blockAt)
      yield part
      at += part.length
    }
  }
  let end = 0
  for (const file of files.filter(one => one.folder === index)) {
    if (file.offset < end) throw new FormatError('cab/bad-folder', `${JSON.stringify(file.name)} lies upon the file before it`)
    end = file.offset + file.sizeBytes
    yield { file, bytes: () => take(file) }
  }
}

const readerOf = (source: Source) => exactReader(source, (message, offset) => new FormatError('cab/truncated', message, offset))

const compressions = ['none', 'mszip', 'quantum', 'lzx'] as const

const folderOf = (table: Fields, at: number): CabFolder => {
  const compression = compressions[table.u16(at + 6) & 0x0f]
  if (compression === undefined) throw new FormatError('cab/bad-header', `compression ${table.u16(at + 6)}`)
  return { offset: table.u32(at), blocks: table.u16(at + 4), compression }
}

const stringAt = async (source: Source, offset: number): Promise<{ readonly text: string; readonly sizeBytes: number }> => {
  const bytes = untilNul(await source.read(offset, Math.max(0, Math.min(257, source.sizeBytes - offset))))
  if (bytes.length > 256 || offset + bytes.length >= source.sizeBytes) throw new FormatError('cab/truncated', 'a name does not end', offset)
  return { text: textOf(bytes), sizeBytes: bytes.length + 1 }
}

const textOf = (bytes: Uint8Array): string => {
  try {
    return decodeText(bytes)
  } catch {
    // Written on some old system, whose code page nobody says.
    return String.fromCharCode(...bytes)
  }
}

interface FileTable {
  readonly filesAt: number
  readonly fileCount: number
  readonly folderCount: number
}

const filesOf = async (source: Source, { filesAt, fileCount, folderCount }: FileTable): Promise<readonly CabEntry[]> => {
  const read = readerOf(source)
  const files: CabEntry[] = []
  // A record has at most 16 + 257 bytes.
  let [window, windowAt]: [Uint8Array, number] = [noBytes, filesAt]
  for (let at = filesAt; files.length < fileCount;) {
    if (at + 273 > windowAt + window.length) {
      ;[window, windowAt] = [await read(at, Math.max(0, Math.min(1 << 20, source.sizeBytes - at))), at]
    }
    const fields = fieldsOf(window.subarray(at - windowAt, at - windowAt + 273), 'little')
    const name = untilNul(window.subarray(at - windowAt + 16, at - windowAt + 273))
    if (name.length > 256 || at + 16 + name.length >= source.sizeBytes) throw new FormatError('cab/truncated', 'a name does not end', at)
    const folder = fields.u16(8)
    if (folder >= folderCount && folder < 0xfffd)
      throw new FormatError('cab/bad-header', `a file in folder ${folder} of ${folderCount}`, at)
    files.push({ name: textOf(name), sizeBytes: fields.u32(0), folder: folder >= 0xfffd ? undefined : folder, offset: fields.u32(4) })
    at += 17 + name.length
  }
  return files
}

async function* blocksOf(
  source: Source,
  { offset, blocks, compression }: CabFolder,
  reservedBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (compression !== 'none' && compression !== 'mszip') throw new FormatError('cab/unsupported', `${compression} is not read here`, offset)
  const read = readerOf(source)
  let before: Uint8Array | undefined
  let at = offset
  for (let index = 0; index < blocks; index++) {
    const head = await read(at, 8 + reservedBytes)
    const fields = fieldsOf(head, 'little')
    const [sum, dataBytes, sizeBytes] = [fields.u32(0), fields.u16(4), fields.u16(6)]
    const data = await read(at + 8 + reservedBytes, dataBytes)
    if (sizeBytes === 0 || sizeBytes > blockBytes) throw new FormatError('cab/bad-block', `a block of ${sizeBytes} bytes`, at)
    if (sum !== 0 && reservedBytes === 0 && blockSum(head.subarray(4, 8), data) !== sum)
      throw new FormatError('cab/bad-checksum', `the block at ${at} does not match its checksum`, at)
    const block: Uint8Array<ArrayBuffer> = compression === 'none' ? data.slice() : inflateBlock(data, before, { at, sizeBytes })
    if (block.length !== sizeBytes) throw new FormatError('cab/bad-block', `a block has ${block.length} bytes and not ${sizeBytes}`, at)
    before = block
    yield block
    at += 8 + reservedBytes + dataBytes
  }
}

const inflateBlock = (
  data: Uint8Array,
  before: Uint8Array | undefined,
  { at, sizeBytes }: { readonly at: number; readonly sizeBytes: number },
): Uint8Array<ArrayBuffer> => {
  if (data[0] !== 0x43 || data[1] !== 0x4b) throw new FormatError('cab/bad-block', 'a block of MSZIP begins with CK', at)
  try {
    return new Uint8Array(
      inflateRawSync(data.subarray(2), { maxOutputLength: sizeBytes, ...(before === undefined ? {} : { dictionary: before }) }),
    )
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause)
      throw new FormatError('cab/bad-block', `a block cannot be unpacked: ${cause.message}`, at)
    throw cause
  }
}
