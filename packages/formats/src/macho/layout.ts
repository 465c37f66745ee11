// Mach-O: where the load commands, segments and signature of one little-endian 64-bit slice are, for changing it (mach-o/loader.h).
import { decodeText, exactReader, type Fields, fieldsOf, type Source, untilNul } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

/** A file that is made while it is read; `chunks` may be asked for more than once. */
export interface FileBytes {
  readonly sizeBytes: number
  readonly chunks: () => AsyncIterable<Uint8Array>
}

export interface Segment {
  readonly name: string
  /** Of its load command, in `head`. */
  readonly at: number
  readonly fileOffset: number
  readonly fileBytes: number
  readonly memoryBytes: number
}

export interface Layout {
  /** Header and load commands, a copy. */
  readonly head: Uint8Array
  readonly cpuType: number
  /** As written, capability bits included. */
  readonly cpuSubtype: number
  readonly isProgram: boolean
  readonly text: Segment | undefined
  readonly linkEdit: Segment
  readonly signature: { readonly at: number; readonly offset: number; readonly sizeBytes: number } | undefined
  /** The first byte behind the load commands that something else uses. */
  readonly roomEnd: number
  /** Where the content ends without its signature. */
  readonly contentEnd: number
}

export const headerBytes = 32
const [commandSegment64, commandSignature] = [0x19, 0x1d]

/**
 * Reads one slice. Throws `macho/truncated`, `macho/bad-header`, `macho/bad-command`, `macho/unsupported` (32-bit or big-endian, or
 * no `__LINKEDIT`) and `macho/trailing-data` (the signature, or `__LINKEDIT` where there is none, is not the end of the file).
 */
export const readLayout = async (source: Source): Promise<Layout> => {
  const read = exactReader(source, (message, offset) => new FormatError('macho/truncated', message, offset))
  const header = fieldsOf(await read(0, headerBytes), 'little')
  if (header.u32(0) !== 0xfeedfacf) throw new FormatError('macho/unsupported', 'only 64-bit little-endian Mach-O files are signed', 0)
  const commandsBytes = header.u32(20)
  if (commandsBytes > 1 << 24) throw new FormatError('macho/bad-header', `${commandsBytes} bytes of load commands`, 20)
  const head = (await read(0, headerBytes + commandsBytes)).slice()
  const fields = fieldsOf(head, 'little')
  const commands = placesOf(fields, header.u32(16), head.length)
  const segments = commands.filter(({ id }) => id === commandSegment64).map(({ at }) => segmentAt(head, fields, at))
  const linkEdit = segments.find(segment => segment.name === '__LINKEDIT')
  if (linkEdit === undefined) throw new FormatError('macho/unsupported', 'there is no __LINKEDIT segment to hold a signature')
  const places = commands.filter(({ id }) => id === commandSignature)
  if (places.length > 1) throw new FormatError('macho/bad-command', 'two signatures', places[1]?.at)
  const [place] = places
  const signature =
    place === undefined ? undefined : { at: place.at, offset: fields.u32(place.at + 8), sizeBytes: fields.u32(place.at + 12) }
  const contentEnd = await checkEnd(source, { linkEdit, segments, signature, headBytes: head.length })
  return {
    head,
    cpuType: header.u32(4),
    cpuSubtype: header.u32(8),
    isProgram: header.u32(12) === 2,
    text: segments.find(segment => segment.name === '__TEXT'),
    linkEdit,
    signature,
    roomEnd: roomEndOf(fields, segments, contentEnd),
    contentEnd,
  }
}

interface CommandPlace {
  readonly id: number
  readonly at: number
}

const placesOf = (fields: Fields, count: number, end: number): readonly CommandPlace[] => {
  const places: CommandPlace[] = []
  let at = headerBytes
  for (let index = 0; index < count; index++) {
    const sizeBytes = at + 8 <= end ? fields.u32(at + 4) : 0
    const id = sizeBytes === 0 ? 0 : fields.u32(at)
    const leastBytes = id === commandSegment64 ? 72 : id === commandSignature ? 16 : 8
    if (sizeBytes < leastBytes || sizeBytes % 4 !== 0 || at + sizeBytes > end)
      throw new FormatError('macho/bad-command', `load command ${index} does not fit`, at)
    if (id === commandSegment64 && fields.u32(at + 64) * 80 + 72 > sizeBytes)
      throw new FormatError('macho/bad-command', `the sections of load command ${index} do not fit`, at)
    places.push({ id, at })
    at += sizeBytes
  }
  if (at !== end) throw new FormatError('macho/bad-command', 'bytes follow the last load command', at)
  return places
}

const segmentAt = (head: Uint8Array, fields: Fields, at: number): Segment => ({
  name: nameAt(head, at + 8),
  at,
  memoryBytes: fields.u64(at + 32),
  fileOffset: fields.u64(at + 40),
  fileBytes: fields.u64(at + 48),
})

const nameAt = (head: Uint8Array, at: number): string => {
  try {
    return decodeText(untilNul(head.subarray(at, at + 16)))
  } catch {
    throw new FormatError('macho/bad-command', 'the name of a segment is not UTF-8', at)
  }
}

interface End {
  readonly linkEdit: Segment
  readonly segments: readonly Segment[]
  readonly signature: Layout['signature']
  readonly headBytes: number
}

const limitPaddingBytes = 16 * 1024

const checkEnd = async (source: Source, { linkEdit, segments, signature, headBytes }: End): Promise<number> => {
  const end = linkEdit.fileOffset + linkEdit.fileBytes
  if (end > source.sizeBytes) throw new FormatError('macho/truncated', 'the file ends inside of __LINKEDIT', source.sizeBytes)
  const trailing = (message: string, at: number): FormatError => new FormatError('macho/trailing-data', message, at)
  for (const other of segments) {
    if (other.fileBytes > 0 && other.fileOffset > linkEdit.fileOffset) throw trailing(`${other.name} stands behind __LINKEDIT`, end)
  }
  const contentEnd = signature === undefined ? end : signature.offset
  if (contentEnd < headBytes) throw new FormatError('macho/bad-command', 'the content ends inside of the load commands', contentEnd)
  if (signature !== undefined && (signature.offset < linkEdit.fileOffset || signature.offset + signature.sizeBytes > end)) {
    throw new FormatError('macho/bad-command', 'the signature lies outside of __LINKEDIT', signature.offset)
  }
  if (signature !== undefined && end - signature.offset - signature.sizeBytes > limitPaddingBytes)
    throw trailing('the signature is not at the end of __LINKEDIT', signature.offset)
  const restBytes = source.sizeBytes - end
  if (restBytes > limitPaddingBytes || (await source.read(end, restBytes)).some(byte => byte !== 0))
    throw trailing('bytes follow __LINKEDIT, which a signature cannot cover', end)
  return contentEnd
}

const roomEndOf = (fields: Fields, segments: readonly Segment[], contentEnd: number): number => {
  let end = contentEnd
  for (const { at, fileOffset, fileBytes } of segments) {
    if (fileOffset > 0 && fileBytes > 0) end = Math.min(end, fileOffset)
    for (let section = 0; section < fields.u32(at + 64); section++) {
      const [sizeBytes, offset] = [fields.u64(at + 72 + section * 80 + 40), fields.u32(at + 72 + section * 80 + 48)]
      if (offset > 0 && sizeBytes > 0) end = Math.min(end, offset)
    }
  }
  return end
}
