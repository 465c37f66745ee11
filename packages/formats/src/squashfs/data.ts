// squashfs, writing: file contents as packed blocks in order, several being packed at once; small files share fragments.
import { concat, rechunk } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { inFlight } from '../in-flight.ts'
import { packBlock, type PackedBlock, type SquashfsCompression } from './block.ts'
import type { Placed } from './placed.ts'
import * as squashfs from './squashfs.ts'
import type { FileNode } from './tree.ts'

export interface Fragment {
  startOffset: number
  sizeWord: number
}

export interface DataPacking {
  readonly compression: SquashfsCompression
  readonly blockBytes: number
  readonly hasFragments: boolean
  /** How many blocks are packed at once; never changes the bytes. */
  readonly parallel: number
  /** Filled while the blocks go out. */
  readonly fragments: Fragment[]
}

/** The data area. Throws `squashfs/size-changed` when a file does not have the size that was announced. */
export async function* packData(files: readonly FileNode[], packing: DataPacking): AsyncGenerator<Uint8Array> {
  let offset: number = squashfs.superblockBytes
  const land = async ({ packed, place }: Job) => ({ ...(await packed), place })
  for await (const { bytes, isStored, place } of inFlight(jobsOf(files, packing), land, packing.parallel + 1)) {
    place(offset, bytes.length | (isStored && bytes.length > 0 ? squashfs.dataStored : 0))
    offset += bytes.length
    yield bytes
  }
}

interface Job {
  readonly packed: Promise<PackedBlock>
  readonly place: (offset: number, sizeWord: number) => void
}

async function* jobsOf(files: readonly FileNode[], packing: DataPacking): AsyncGenerator<Job> {
  const known = new Map<string, Placed>()
  const tails = tailsOf(packing)
  for (const file of files) {
    const { digest, sizeBytes } = file.entry
    const same = digest === undefined ? undefined : known.get(`${digest} ${sizeBytes}`)
    file.placed = same ?? { startOffset: 0, sizeWords: [], sparseBytes: 0, fragment: squashfs.none32, fragmentOffset: 0 }
    if (same !== undefined) continue
    if (digest !== undefined) known.set(`${digest} ${sizeBytes}`, file.placed)
    if (packing.hasFragments && sizeBytes < packing.blockBytes) yield* tails.add(await wholeOf(file), file.placed)
    else yield* blocksOf(file, packing)
  }
  yield* tails.end()
}

async function* blocksOf(file: FileNode, { blockBytes, compression }: DataPacking): AsyncGenerator<Job> {
  const { placed } = file
  for await (const block of rechunk(checked(file), blockBytes)) {
    const isSparse = isZero(block)
    if (isSparse) placed.sparseBytes += block.length
    const place = (offset: number, sizeWord: number): void => {
      if (placed.sizeWords.length === 0) placed.startOffset = offset
      placed.sizeWords.push(sizeWord)
    }
    yield { packed: isSparse ? nothing : packBlock(block, compression), place }
  }
}

const nothing: Promise<PackedBlock> = Promise.resolve({ bytes: new Uint8Array(0), isStored: false })

/** Fills fragments with whole small files, in order. */
const tailsOf = ({ blockBytes, compression, fragments }: DataPacking) => {
  let parts: Uint8Array[] = []
  let filled = 0
  const flush = function* (): Generator<Job> {
    if (filled === 0) return
    const fragment: Fragment = { startOffset: 0, sizeWord: 0 }
    fragments.push(fragment)
    yield {
      packed: packBlock(concat(parts), compression),
      place: (startOffset, sizeWord) => void Object.assign(fragment, { startOffset, sizeWord }),
    }
    parts = []
    filled = 0
  }
  const add = function* (bytes: Uint8Array, placed: Placed): Generator<Job> {
    if (bytes.length === 0) return
    if (filled + bytes.length > blockBytes) yield* flush()
    placed.fragment = fragments.length
    placed.fragmentOffset = filled
    parts.push(bytes)
    filled += bytes.length
  }
  return { add, end: flush }
}

const wholeOf = async (file: FileNode): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  for await (const chunk of checked(file)) parts.push(Uint8Array.from(chunk))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : concat(parts)
}

async function* checked({ entry }: FileNode): AsyncGenerator<Uint8Array> {
  const changed = (): FormatError =>
    new FormatError('squashfs/size-changed', `${JSON.stringify(entry.path)} has not ${entry.sizeBytes} bytes`)
  let sizeBytes = 0
  for await (const chunk of entry.bytes()) {
    sizeBytes += chunk.length
    if (sizeBytes > entry.sizeBytes) throw changed()
    yield chunk
  }
  if (sizeBytes !== entry.sizeBytes) throw changed()
}

/** Word by word: most blocks end this at the first one. */
const isZero = (block: Uint8Array): boolean => {
  if (block.byteOffset % 4 !== 0) return false
  const words = new Int32Array(block.buffer, block.byteOffset, block.length >> 2)
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false
  for (let at = words.length * 4; at < block.length; at++) if (block[at] !== 0) return false
  return true
}
