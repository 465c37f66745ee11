// rpm: the payload's cpio as parts: what is small is put together, and what is large stays a file whose compressed form can be shared.
import { checkCpioSize, cpioEnd, cpioHeader, cpioPadding, strippedHeader } from '../cpio.ts'
import { cpioEntry, hasLargeFiles, payloadFiles, type RpmContent, type RpmFile, sortFiles } from './files.ts'

export type ArchivePart =
  | {
      /** Headers, padding and small files, in order; `load` reads the files again each time. */
      readonly kind: 'mixed'
      readonly sizeBytes: number
      readonly load: () => Promise<Uint8Array>
    }
  | { readonly kind: 'file'; readonly sizeBytes: number; readonly file: RpmContent }

export interface PartSizes {
  /** From this size on a file is a part of its own. */
  readonly largeBytes: number
  /** About as much is put together at most. */
  readonly mixedBytes: number
}

/** The whole archive in parts, one after the other. Throws `rpm/bad-file`, `rpm/too-large`, `cpio/bad-entry`. */
export function* archiveParts(all: readonly RpmFile[], { largeBytes, mixedBytes }: PartSizes): Generator<ArchivePart> {
  const archive: Archive = {
    files: payloadFiles(all),
    places: hasLargeFiles(all) ? new Map(sortFiles(all).map((file, place) => [file, place])) : null,
    largeBytes,
  }
  let from = 0
  let sizeBytes = 0
  for (let step = 0; step <= 2 * archive.files.length; step++) {
    for (const piece of piecesAt(archive, step)) sizeBytes += piece instanceof Uint8Array ? piece.length : piece.sizeBytes
    const file = archive.files[step >> 1]
    const isLarge = step % 2 === 0 && file?.type === 'file' && file.sizeBytes >= largeBytes
    if (!isLarge && step !== 2 * archive.files.length && (step % 2 === 0 || sizeBytes < mixedBytes)) continue
    if (sizeBytes > 0) yield mixedPart(archive, { from, end: step + 1, sizeBytes })
    if (isLarge) yield { kind: 'file', sizeBytes: file.sizeBytes, file }
    from = step + 1
    sizeBytes = 0
  }
}

interface Archive {
  /** As the payload has them. */
  readonly files: readonly RpmFile[]
  /** Among those of the header, where the payload has no names of its own. */
  readonly places: ReadonlyMap<RpmFile, number> | null
  readonly largeBytes: number
}

/**
 * The archive in steps, two for each file: its header, then what follows; at last the end. Headers are made when they are asked for:
 * those of a hundred thousand files would fill the memory.
 */
const piecesAt = ({ files, places, largeBytes }: Archive, step: number): readonly (Uint8Array | RpmContent)[] => {
  const index = step >> 1
  const file = files[index]
  if (file === undefined) return [cpioEnd]
  if (step % 2 === 1) {
    if (file.type !== 'file') return []
    return file.sizeBytes < largeBytes ? [file, cpioPadding(file.sizeBytes)] : [cpioPadding(file.sizeBytes)]
  }
  const place = places?.get(file)
  return [
    place === undefined ? cpioHeader(cpioEntry(file), index + 1) : strippedHeader(place, file.type === 'symlink' ? file.linkTarget : ''),
  ]
}

/** The archive itself, uncompressed, for a compressor that is not ours. */
export async function* rpmArchive(files: readonly RpmFile[]): AsyncGenerator<Uint8Array> {
  for (const part of archiveParts(files, { largeBytes: 1 << 20, mixedBytes: 1 << 20 })) yield* partBytes(part)
}

/** Throws `cpio/size-changed`. */
export async function* partBytes(part: ArchivePart): AsyncGenerator<Uint8Array> {
  if (part.kind === 'mixed') yield await part.load()
  else yield* fileBytes(part.file)
}

async function* fileBytes(file: RpmContent): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0
  for await (const chunk of file.bytes()) {
    sizeBytes += chunk.length
    if (sizeBytes > file.sizeBytes) break
    yield chunk
  }
  checkCpioSize(cpioEntry(file), sizeBytes)
}

const mixedPart = (
  archive: Archive,
  { from, end, sizeBytes }: { readonly from: number; readonly end: number; readonly sizeBytes: number },
): ArchivePart => ({
  kind: 'mixed',
  sizeBytes,
  load: async () => {
    const whole = new Uint8Array(sizeBytes)
    let filled = 0
    const add = (bytes: Uint8Array): void => {
      whole.set(bytes, filled)
      filled += bytes.length
    }
    for (let step = from; step < end; step++)
      for (const piece of piecesAt(archive, step)) {
        if (piece instanceof Uint8Array) add(piece)
        else for await (const chunk of fileBytes(piece)) add(chunk)
      }
    return whole
  },
})
