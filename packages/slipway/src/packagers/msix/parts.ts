// The files of an MSIX package as entries of its zip: small ones are packed side by side in memory, large ones wait on disk.
import { appxBlocks, appxPartName, type AppxFile, type AppxSums } from '@slipway/formats/appx'
import { inMemory } from '@slipway/formats/squashfs/write'
import type { ZipEntry } from '@slipway/formats/zip/write'
import type { PackSubject } from '../packager.ts'

export interface Part {
  /** In the package, with slashes. */
  readonly path: string
  /** Decides how many are begun at once, and what waits on disk; 0 for what is made here. */
  readonly sizeBytes: number
  bytes(): AsyncIterable<Uint8Array>
}
export interface PartPacking {
  readonly subject: PackSubject
  readonly level: number
  /** Takes what the block map says of each, in order. */
  readonly files: AppxFile[]
}

/** Beyond this a file waits on disk. */
const mostKeptBytes = 4 << 20
/** Uncompressed, of files that are begun and not yet asked for. */
const mostAheadBytes = 8 << 20
const mostAhead = 128

/** In order; files after the one that is asked for are begun already, so that no core waits for the next small one. */
export async function* packParts(parts: readonly Part[], packing: PartPacking): AsyncGenerator<ZipEntry> {
  const begun: { readonly part: Part; readonly packed: Promise<Packed> }[] = []
  let aheadBytes = 0
  const finish = async (): Promise<ZipEntry | undefined> => {
    const first = begun.shift()
    if (first === undefined) return undefined
    const { entry, file } = await first.packed
    aheadBytes -= first.part.sizeBytes
    packing.files.push(file)
    return entry
  }
  for (const part of parts) {
    // A large file keeps all cores busy by itself, and what waits on disk must not be begun in vain.
    const isFull = (): boolean =>
      begun.length >= mostAhead || aheadBytes + part.sizeBytes > mostAheadBytes || part.sizeBytes > mostKeptBytes
    while (begun.length > 0 && isFull()) {
      const entry = await finish()
      if (entry !== undefined) yield entry
    }
    const packed = packPart(part, packing)
    // Whoever stops reading leaves some behind; their failure is then nobody's.
    packed.catch(() => undefined)
    aheadBytes += part.sizeBytes
    begun.push({ part, packed })
  }
  for (let entry = await finish(); entry !== undefined; entry = await finish()) yield entry
}

interface Packed {
  readonly entry: ZipEntry
  readonly file: AppxFile
}

/** A zip says sizes before bytes. */
const packPart = async (part: Part, { subject, level }: PartPacking): Promise<Packed> => {
  const { date, deflate, spool = inMemory } = subject
  let sums: AppxSums = { sizeBytes: 0, compressedBytes: 0, crc32: 0, blocks: [] }
  const blocks = async function* (): AsyncGenerator<Uint8Array> {
    sums = yield* appxBlocks(part.bytes(), { level, ...(deflate === undefined ? {} : { deflate }) })
  }
  const open = await (part.sizeBytes > mostKeptBytes ? spool : inMemory)(blocks())
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    yield* open()
  }
  const { path } = part
  const name = path === '[Content_Types].xml' ? path : appxPartName(path)
  const { compressedBytes, crc32 } = sums
  const deflated = { sizeBytes: sums.sizeBytes, compressedBytes, crc32, chunks }
  return {
    entry: { type: 'file', path: name, mode: 0o644, mtime: date, deflated },
    file: { path, sizeBytes: sums.sizeBytes, blocks: sums.blocks },
  }
}
