// PE: what a Windows program says of itself in its headers (Microsoft PE/COFF specification).
import { exactReader, fieldsOf, type Source } from './bytes.ts'
import type { Architecture } from './elf.ts'
import { FormatError } from './format-error.ts'

export interface Pe {
  readonly machine: number
  readonly arch: Architecture
  /** PE32 or PE32+. */
  readonly bits: 32 | 64
  /** 2 windows, 3 console, 1 native (drivers), 10 to 13 EFI. */
  readonly subsystem: number
  readonly isDll: boolean
  readonly characteristics: number
  /** The file offset of the checksum of 4 bytes, which a signature leaves out. */
  readonly checksumOffset: number
  /** The file offset of the directory entry of 8 bytes for the certificates; undefined when there is no room for one. */
  readonly certificateEntryOffset: number | undefined
  /** The attribute certificate table (Authenticode): here an offset in the file, never an address. */
  readonly certificates: { readonly offset: number; readonly sizeBytes: number } | undefined
  /** Where the last section ends in the file. */
  readonly imageEnd: number
}

/** Reads the headers of a PE file. Throws `pe/bad-magic`, `pe/truncated`, `pe/bad-header` and `pe/bad-certificates`. */
export const readPe = async (source: Source): Promise<Pe> => {
  const read = exactReader(source, (message, offset) => new FormatError('pe/truncated', message, offset))
  const coffOffset = await findCoff(source, read)
  const coff = fieldsOf(await read(coffOffset, 20), 'little')
  const optionalOffset = coffOffset + 20
  const optionalBytes = coff.u16(16)
  const optional = fieldsOf(await read(optionalOffset, optionalBytes), 'little')
  if (optionalBytes < 96)
    throw new FormatError('pe/bad-header', `an optional header of ${optionalBytes} bytes: an object, not a program`, optionalOffset)
  const magic = optional.u16(0)
  if (magic !== 0x10b && magic !== 0x20b) throw new FormatError('pe/bad-header', `the optional header's magic is ${magic}`, optionalOffset)
  const directoriesAt = magic === 0x20b ? 112 : 96
  if (optionalBytes < directoriesAt) throw new FormatError('pe/bad-header', `an optional header of ${optionalBytes} bytes`, optionalOffset)
  const directories = optional.u32(directoriesAt - 4)
  if (directories > (optionalBytes - directoriesAt) / 8) {
    throw new FormatError('pe/bad-header', `${directories} data directories do not fit`, optionalOffset + directoriesAt - 4)
  }
  const imageEnd = await readImageEnd(read, { offset: optionalOffset + optionalBytes, count: coff.u16(2) })
  const entryAt = directories > 4 ? directoriesAt + 32 : undefined
  const table = entryAt === undefined ? undefined : { offset: optional.u32(entryAt), sizeBytes: optional.u32(entryAt + 4) }
  return {
    machine: coff.u16(0),
    arch: archs[coff.u16(0)] ?? `other:${coff.u16(0)}`,
    bits: magic === 0x20b ? 64 : 32,
    subsystem: optional.u16(68),
    isDll: (coff.u16(18) & 0x2000) !== 0,
    characteristics: coff.u16(18),
    checksumOffset: optionalOffset + 64,
    certificateEntryOffset: entryAt === undefined ? undefined : optionalOffset + entryAt,
    certificates: table === undefined ? undefined : checkCertificates(table, { imageEnd, sizeBytes: source.sizeBytes }),
    imageEnd,
  }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

const archs: Readonly<Record<number, Architecture>> = { 0x8664: 'x64', 0xaa64: 'arm64', 0x14c: 'x86', 0x1c4: 'armv7' }

/** The COFF header's offset: behind `PE\0\0`, which the MS-DOS header points at. */
const findCoff = async (source: Source, read: Read): Promise<number> => {
  if (source.sizeBytes < 2 || fieldsOf(await read(0, 2), 'big').u16(0) !== 0x4d5a) throw new FormatError('pe/bad-magic', 'not a PE file', 0)
  const offset = fieldsOf(await read(0, 64), 'little').u32(60)
  if (fieldsOf(await read(offset, 4), 'big').u32(0) === 0x50450000) return offset + 4
  throw new FormatError('pe/bad-magic', 'an MS-DOS program without a PE header', offset)
}

const readImageEnd = async (read: Read, { offset, count }: { readonly offset: number; readonly count: number }): Promise<number> => {
  const fields = fieldsOf(await read(offset, count * 40), 'little')
  const headersEnd = offset + count * 40
  return Array.from({ length: count }, (_, index) => {
    const sizeBytes = fields.u32(index * 40 + 16)
    return sizeBytes === 0 ? 0 : fields.u32(index * 40 + 20) + sizeBytes
  }).reduce((end, sectionEnd) => Math.max(end, sectionEnd), headersEnd)
}

const checkCertificates = (
  table: { readonly offset: number; readonly sizeBytes: number },
  file: { readonly imageEnd: number; readonly sizeBytes: number },
): Pe['certificates'] => {
  if (table.offset === 0 && table.sizeBytes === 0) return undefined
  const told = `${table.sizeBytes} bytes at ${table.offset}`
  if (table.sizeBytes < 8 || table.offset < file.imageEnd || table.offset % 8 !== 0) {
    throw new FormatError('pe/bad-certificates', `the certificate table (${told}) is not behind the image`, table.offset)
  }
  if (table.offset + table.sizeBytes > file.sizeBytes) {
    throw new FormatError('pe/bad-certificates', `the certificate table (${told}) reaches beyond the file`, table.offset)
  }
  return table
}
