// nsis: what an installer says of itself: the header behind the program's image (NSIS, Source/exehead/fileform.h).
import { exactReader, fieldsOf, type Source } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { FormatError } from './format-error.ts'

export interface NsisHeader {
  /** Offset of the header in the file. */
  readonly offset: number
  /** An uninstaller, not an installer. */
  readonly isUninstaller: boolean
  /** It starts without pages. */
  readonly isSilent: boolean
  /** Whether the file is checked before anything is installed, and cannot be told not to. */
  readonly crc: 'none' | 'checked' | 'forced'
  /** Bytes of the script, unpacked. */
  readonly headerBytes: number
  /** Bytes from the header on, with the checksum. */
  readonly followingBytes: number
  /** The file ends where it says. */
  readonly isWhole: boolean
  /** Undefined where there is none, or the file is cut off. */
  readonly isCrcRight: boolean | undefined
}

/** `0xDEADBEEF`, then `NullsoftInst`. */
const signature = [0xef, 0xbe, 0xad, 0xde, ...'NullsoftInst'].map(one => (typeof one === 'number' ? one : one.charCodeAt(0)))
const alignmentBytes = 512
// It stands right behind the image; some space is left for what others put between.
const limitSearchBytes = 1 << 16

/** Undefined where the file is no NSIS installer. `from`: where the image ends. Throws `nsis/truncated`. */
export const readNsis = async (source: Source, from: number): Promise<NsisHeader | undefined> => {
  const read = exactReader(source, (message, offset) => new FormatError('nsis/truncated', message, offset))
  const end = Math.min(source.sizeBytes - 28, from + limitSearchBytes)
  // The image may end before its alignment, or behind the header where a section was added.
  for (let offset = Math.floor(from / alignmentBytes) * alignmentBytes; offset <= end; offset += alignmentBytes) {
    const head = await read(offset, 28)
    if (!signature.every((byte, index) => head[index + 4] === byte)) continue
    const fields = fieldsOf(head, 'little')
    const flags = fields.u32(0)
    const followingBytes = fields.u32(24)
    const isWhole = offset + followingBytes <= source.sizeBytes
    const hasCrc = (flags & 4) === 0
    return {
      offset,
      isUninstaller: (flags & 1) !== 0,
      isSilent: (flags & 2) !== 0,
      crc: hasCrc ? ((flags & 8) === 0 ? 'checked' : 'forced') : 'none',
      headerBytes: fields.u32(20),
      followingBytes,
      isWhole,
      isCrcRight: hasCrc && isWhole && followingBytes >= 32 ? await isRight(read, offset + followingBytes - 4) : undefined,
    }
  }
  return undefined
}

/** Over everything but the first 512 bytes, which a signature changes. */
const isRight = async (read: (offset: number, length: number) => Promise<Uint8Array>, end: number): Promise<boolean> => {
  let sum = 0
  for (let at = alignmentBytes; at < end; at += 1 << 20) sum = crc32(await read(at, Math.min(1 << 20, end - at)), sum)
  return sum === fieldsOf(await read(end, 4), 'little').u32(0)
}
