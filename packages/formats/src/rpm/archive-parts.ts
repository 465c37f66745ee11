// rpm: the payload's cpio as parts: what is small is put together, and what is large stays a file whose compressed form can be shared.
import { concat } from '../bytes.ts'
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

/** The whole archive in parts. Throws `rpm/bad-file`, `rpm/too-large`, `cpio/bad-entry`. */
export const archiveParts = (files: readonly RpmFile[], { largeBytes, mixedBytes }: PartSizes): readonly ArchivePart[] => {
  const parts: ArchivePart[] = []
  let pieces: (Uint8Array | RpmContent)[] = []
  let sizeBytes = 0
  const add = (piece: Uint8Array | RpmContent): void => {
    pieces.push(piece)
    sizeBytes += piece instanceof Uint8Array ? piece.length : piece.sizeBytes
  }
  const flush = (): void => {
    if (sizeBytes > 0) parts.push(mixedPart(pieces, sizeBytes))
    pieces = []
    sizeBytes = 0
  }
  const places = hasLargeFiles(files) ? new Map(sortFiles(files).map((file, place) => [file, place])) : null
  payloadFiles(files).forEach((file, index) => {
    const place = places?.get(file)
    add(
      place === undefined ? cpioHeader(cpioEntry(file), index + 1) : strippedHeader(place, file.type === 'symlink' ? file.linkTarget : ''),
    )
    if (file.type === 'file') {
      if (file.sizeBytes < largeBytes) add(file)
      else {
        flush()
        parts.push({ kind: 'file', sizeBytes: file.sizeBytes, file })
      }
      add(cpioPadding(file.sizeBytes))
    }
    if (sizeBytes >= mixedBytes) flush()
  })
  add(cpioEnd)
  flush()
  return parts
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

const mixedPart = (pieces: readonly (Uint8Array | RpmContent)[], sizeBytes: number): ArchivePart => ({
  kind: 'mixed',
  sizeBytes,
  load: async () => {
    const loaded: Uint8Array[] = []
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) loaded.push(piece)
      else for await (const chunk of fileBytes(piece)) loaded.push(chunk)
    }
    return concat(loaded)
  },
})
