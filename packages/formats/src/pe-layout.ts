// PE: where sections and directories of a whole file lie, and what lies behind them (Microsoft PE/COFF specification, section table).
import { fieldsOf } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface Section {
  /** Offset of its header. */
  readonly at: number
  readonly name: string
  readonly virtualBytes: number
  readonly address: number
  readonly rawBytes: number
  readonly offset: number
}

/** Throws `pe/bad-magic` and `bytes/out-of-range`. */
export const layoutOf = (pe: Uint8Array) => {
  const fields = fieldsOf(pe, 'little')
  if (pe.length < 64 || fields.u16(0) !== 0x5a4d) throw new FormatError('pe/bad-magic', 'not a PE file', 0)
  const coffAt = fields.u32(60) + 4
  if (fields.u32(coffAt - 4) !== 0x4550) throw new FormatError('pe/bad-magic', 'not a PE file', coffAt)
  const optionalAt = coffAt + 20
  const directoriesAt = optionalAt + (fields.u16(optionalAt) === 0x20b ? 112 : 96)
  const sectionsAt = optionalAt + fields.u16(coffAt + 16)
  const sections = Array.from({ length: fields.u16(coffAt + 2) }, (_, index): Section => {
    const at = sectionsAt + index * 40
    const name = String.fromCharCode(...pe.subarray(at, at + 8)).replaceAll('\0', '')
    return {
      at,
      name,
      virtualBytes: fields.u32(at + 8),
      address: fields.u32(at + 12),
      rawBytes: fields.u32(at + 16),
      offset: fields.u32(at + 20),
    }
  })
  return { fields, optionalAt, directoriesAt, sectionsAt, sections, directories: fields.u32(directoriesAt - 4) }
}

/**
 * Bytes of the file that belong to no section, and are neither certificates, symbols nor padding: what a program carries behind its
 * image and reads from its own file. Throws what `layoutOf` throws.
 */
export const dataBehindBytes = (pe: Uint8Array): number => {
  const { fields, sections, directoriesAt, directories, optionalAt } = layoutOf(pe)
  const signedAt = directories > 4 ? fields.u32(directoriesAt + 32) : 0
  const fileEnd = signedAt === 0 ? pe.length : Math.min(signedAt, pe.length)
  const imageEnd = sections.reduce((end, one) => Math.max(end, one.rawBytes === 0 ? 0 : one.offset + one.rawBytes), optionalAt)
  const symbolsAt = fields.u32(optionalAt - 12)
  const namesAt = symbolsAt + 18 * fields.u32(optionalAt - 8)
  const hasSymbols = symbolsAt >= imageEnd && namesAt + 4 <= fileEnd
  const behind = pe.subarray(Math.min(hasSymbols ? namesAt + fields.u32(namesAt) : imageEnd, fileEnd), fileEnd)
  return behind.length < 4096 && behind.every(byte => byte === 0) ? 0 : behind.length
}
