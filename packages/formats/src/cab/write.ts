// Cabinets, writing (MS-CAB, MS-MCI): MSZIP in blocks of 32 KiB, each of which reaches back into the one before; the same bytes on any machine.
import { type ByteChunks, concat, encodeText, isAscii, packLittle, rechunk } from '../bytes.ts'
import { type DeflatePieceOn, endOfDeflate } from '../deflate.ts'
import { deflateHere } from '../deflate-program.ts'
import { FormatError } from '../format-error.ts'
import type { Spool } from '../squashfs/write.ts'
import { inMemory } from '../squashfs/write.ts'
import { blockBytes, blockSum, limitCabinetBytes, limitFiles, limitFolderBytes } from './blocks.ts'

export interface CabFile {
  /** ASCII, 1 to 255 characters. */
  readonly name: string
  readonly sizeBytes: number
  readonly bytes: () => ByteChunks
}
export interface CabWriting {
  /** Of every file, in seconds since 1970. */
  readonly mtime: number
  /** 1 to 9. */
  readonly level: number
  /** Where packed data waits, since the head is known last; default memory. */
  readonly spool?: Spool
  /** Default: on this thread. Never changes the bytes. */
  readonly deflate?: DeflatePieceOn
  /** How many blocks are packed at once; never changes the bytes. */
  readonly parallel?: number
  /** Uncompressed bytes after which a new folder begins, which can be unpacked without those before it; default: as far as offsets reach. */
  readonly folderBytes?: number
}
export interface Cab {
  readonly sizeBytes: number
  readonly bytes: () => AsyncGenerator<Uint8Array>
}

/** A cabinet of the files, in their order. Throws `cab/bad-name`, `cab/too-many`, `cab/too-large` and `cab/size-changed`. */
export const writeCab = async (files: readonly CabFile[], writing: CabWriting): Promise<Cab> => {
  checkFiles(files)
  const folders = foldersOf(files, writing.folderBytes ?? limitFolderBytes)
  const names = files.map(one => encodeText(one.name))
  const headBytes = 36 + 8 * folders.length + names.reduce((sum, name) => sum + 17 + name.length, 0)
  const { spool = inMemory } = writing
  const packed: { sizeBytes: number; blocks: number }[] = []
  const data = await spool(packFolders(folders, writing, packed))
  const sizeBytes = headBytes + packed.reduce((sum, one) => sum + one.sizeBytes, 0)
  if (sizeBytes > limitCabinetBytes)
    throw new FormatError('cab/too-large', `a cabinet of ${sizeBytes} bytes; it ends at ${limitCabinetBytes} (MS-CAB 2.1)`)
  const head = headOf({ folders, names, headBytes, packed, sizeBytes, mtime: writing.mtime })
  return {
    sizeBytes,
    async *bytes() {
      yield head
      yield* data()
    },
  }
}

const checkFiles = (files: readonly CabFile[]): void => {
  if (files.length > limitFiles)
    throw new FormatError('cab/too-many', `${files.length} files; a cabinet has at most ${limitFiles} (MS-CAB 2.1)`)
  for (const { name, sizeBytes } of files) {
    if (!isAscii(encodeText(name)) || name.length < 1 || name.length > 255 || name.includes('\0'))
      throw new FormatError('cab/bad-name', `${JSON.stringify(name)} is no name here: 1 to 255 characters of ASCII`)
    if (sizeBytes > limitFolderBytes)
      throw new FormatError('cab/too-large', `${name} has ${sizeBytes} bytes; a file has at most ${limitFolderBytes} (MS-CAB 2.3)`)
  }
}

const foldersOf = (files: readonly CabFile[], folderBytes: number): readonly (readonly CabFile[])[] => {
  const folders: CabFile[][] = []
  let filledBytes = Number.POSITIVE_INFINITY
  for (const file of files) {
    if (filledBytes + file.sizeBytes > folderBytes) {
      folders.push([])
      filledBytes = 0
    }
    folders.at(-1)?.push(file)
    filledBytes += file.sizeBytes
  }
  return folders
}

async function* packFolders(
  folders: readonly (readonly CabFile[])[],
  writing: CabWriting,
  packed: { sizeBytes: number; blocks: number }[],
): AsyncGenerator<Uint8Array> {
  for (const files of folders) {
    const sum = { sizeBytes: 0, blocks: 0 }
    packed.push(sum)
    for await (const block of packBlocks(contentsOf(files), writing)) {
      sum.sizeBytes += block.length
      sum.blocks += 1
      yield block
    }
  }
}

async function* contentsOf(files: readonly CabFile[]): AsyncGenerator<Uint8Array> {
  for (const { name, sizeBytes, bytes } of files) {
    let done = 0
    for await (const chunk of bytes()) {
      done += chunk.length
      yield chunk
    }
    if (done !== sizeBytes) throw new FormatError('cab/size-changed', `${name} was to have ${sizeBytes} bytes and has ${done}`)
  }
}

async function* packBlocks(chunks: ByteChunks, { level, deflate, parallel = 64 }: CabWriting): AsyncGenerator<Uint8Array> {
  const flying: Promise<Uint8Array>[] = []
  let before: Uint8Array | undefined
  for await (const chunk of rechunk(chunks, blockBytes)) {
    const block = packBlock(chunk, before, { level, ...(deflate === undefined ? {} : { deflate }) })
    // Whoever stops reading leaves blocks behind; their failure is then nobody's.
    block.catch(() => undefined)
    flying.push(block)
    before = chunk
    const first = flying.length > parallel ? flying.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const block of flying) yield await block
}

const mark = Uint8Array.of(0x43, 0x4b)

const packBlock = async (
  chunk: Uint8Array,
  before: Uint8Array | undefined,
  { level, deflate }: { readonly level: number; readonly deflate?: DeflatePieceOn },
): Promise<Uint8Array> => {
  const deflated = deflate === undefined ? deflateHere(chunk, level, before) : await deflate(chunk, level, before)
  // MS-MCI 2: a block that would be larger than what it stands for is one stored deflate block.
  const data =
    deflated.length + endOfDeflate.length < chunk.length + 5
      ? concat([mark, deflated, endOfDeflate])
      : concat([
          mark,
          Uint8Array.of(1),
          packLittle([
            [2, chunk.length],
            [2, chunk.length ^ 0xffff],
          ]),
          chunk,
        ])
  const sizes = packLittle([
    [2, data.length],
    [2, chunk.length],
  ])
  return concat([packLittle([[4, blockSum(sizes, data)]]), sizes, data])
}

interface Head {
  readonly folders: readonly (readonly CabFile[])[]
  readonly names: readonly Uint8Array[]
  readonly headBytes: number
  readonly packed: readonly { readonly sizeBytes: number; readonly blocks: number }[]
  readonly sizeBytes: number
  readonly mtime: number
}

const headOf = ({ folders, names, headBytes, packed, sizeBytes, mtime }: Head): Uint8Array => {
  const parts: Uint8Array[] = [
    packLittle([
      [4, 0x4643534d],
      [4, 0],
      [4, sizeBytes],
      [4, 0],
      [4, 36 + 8 * folders.length],
      [4, 0],
      [2, 0x0103],
    ]),
    packLittle([
      [2, folders.length],
      [2, names.length],
      [2, 0],
      [2, 0],
      [2, 0],
    ]),
  ]
  let dataAt = headBytes
  for (const { sizeBytes: dataBytes, blocks } of packed) {
    parts.push(
      packLittle([
        [4, dataAt],
        [2, blocks],
        [2, 1],
      ]),
    )
    dataAt += dataBytes
  }
  const [date, time] = dosTime(mtime)
  let index = 0
  for (const [folder, files] of folders.entries()) {
    let offset = 0
    for (const file of files) {
      // 0x20: the archive bit, as every new file has it.
      parts.push(
        packLittle([
          [4, file.sizeBytes],
          [4, offset],
          [2, folder],
          [2, date],
          [2, time],
          [2, 0x20],
        ]),
      )
      parts.push(names[index] ?? mark, Uint8Array.of(0))
      offset += file.sizeBytes
      index += 1
    }
  }
  return concat(parts)
}

/** In UTC, from 1980 to 2107. */
const dosTime = (mtime: number): readonly [date: number, time: number] => {
  const moment = new Date(Math.min(Math.max(mtime, 315_532_800), 4_354_819_198) * 1000)
  const date = ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate()
  return [date, (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | (moment.getUTCSeconds() >> 1)]
}
