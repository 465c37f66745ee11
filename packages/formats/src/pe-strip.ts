// PE: taking the certificate table off a program that is changed afterwards (PE/COFF specification, attribute certificate table).
import { exactReader, fieldsOf, type Source, streamRange } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { type Pe, readPe } from './pe.ts'

export interface StrippedPe {
  readonly sizeBytes: number
  /** Whether there was a table; without one the bytes are as they were. */
  readonly wasSigned: boolean
  /** May be asked for more than once. */
  readonly chunks: () => AsyncIterable<Uint8Array>
}

/**
 * The program without its certificates: the directory entry is zero, the table is cut off, the checksum is right again. Reads the
 * file twice and keeps a piece of it. Throws `pe/trailing-data` (something else stands behind the table), and what `readPe` throws.
 */
export const stripPe = async (source: Source): Promise<StrippedPe> => {
  const pe = await readPe(source)
  const read: Read = exactReader(source, (message, offset) => new FormatError('pe/truncated', message, offset))
  const { certificates, certificateEntryOffset } = pe
  if (certificates === undefined || certificateEntryOffset === undefined)
    return { sizeBytes: source.sizeBytes, wasSigned: false, chunks: () => streamRange(read, { offset: 0, sizeBytes: source.sizeBytes }) }
  const tableEnd = certificates.offset + certificates.sizeBytes
  const restBytes = source.sizeBytes - tableEnd
  if (restBytes > 7 || (await read(tableEnd, restBytes)).some(byte => byte !== 0))
    throw new FormatError('pe/trailing-data', `${restBytes} bytes stand behind the certificates and would be lost`, tableEnd)
  const sizeBytes = certificates.offset
  const zeros = [
    { offset: pe.checksumOffset, bytes: new Uint8Array(4) },
    { offset: certificateEntryOffset, bytes: new Uint8Array(8) },
  ]
  const checksum = await checksumOf(patched(read, sizeBytes, zeros), sizeBytes)
  const patches = [{ offset: pe.checksumOffset, bytes: checksum }, ...zeros.slice(1)]
  return { sizeBytes, wasSigned: true, chunks: () => patched(read, sizeBytes, patches) }
}

/** The checksum that the headers carry and the one that they should (0 in the headers: the linker wrote none). */
export const readPeChecksum = async (source: Source, pe: Pick<Pe, 'checksumOffset'>): Promise<{ written: number; right: number }> => {
  const read: Read = exactReader(source, (message, offset) => new FormatError('pe/truncated', message, offset))
  const written = fieldsOf(await read(pe.checksumOffset, 4), 'little').u32(0)
  const zero = [{ offset: pe.checksumOffset, bytes: new Uint8Array(4) }]
  const right = await checksumOf(patched(read, source.sizeBytes, zero), source.sizeBytes)
  return { written, right: fieldsOf(right, 'little').u32(0) }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

interface Patch {
  readonly offset: number
  readonly bytes: Uint8Array
}

async function* patched(read: Read, sizeBytes: number, patches: readonly Patch[]): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const chunk of streamRange(read, { offset: 0, sizeBytes })) {
    const end = at + chunk.length
    const inside = patches.filter(({ offset, bytes }) => offset < end && offset + bytes.length > at)
    const piece = inside.length === 0 ? chunk : chunk.slice()
    for (const { offset, bytes } of inside)
      for (const [index, byte] of bytes.entries()) if (offset + index >= at && offset + index < end) piece[offset + index - at] = byte
    yield piece
    at = end
  }
}

/** The sum of all 16-bit words with carries added back, plus the size (ImageHlp's CheckSumMappedFile). Pieces are of an even size. */
const checksumOf = async (chunks: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<Uint8Array> => {
  let sum = 0
  for await (const chunk of chunks) {
    const even = chunk.length & ~1
    for (let at = 0; at < even; at += 2) {
      sum += (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8)
    }
    if (even < chunk.length) sum += chunk[even] ?? 0
  }
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, (sum + sizeBytes) % 2 ** 32, true)
  return bytes
}
