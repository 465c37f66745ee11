// The named sections of a program and where they are in its file (System V gABI chapter 4, Microsoft PE/COFF, Apple's mach-o/loader.h).
import { exactReader, type Fields, fieldsOf, type Source, untilNul } from './bytes.ts'
import { FormatError } from './format-error.ts'
import type { MachOSlice } from './macho.ts'

export interface Section {
  readonly name: string
  /** In the file. */
  readonly offset: number
  /** In the file: 0 for one that only takes memory. May reach beyond a damaged file. */
  readonly sizeBytes: number
}

/** None where the table was taken off. Throws `elf/truncated` and `elf/bad-header`. */
export const readElfSections = async (source: Source): Promise<readonly Section[]> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const table = await readElfTable(source)
  const names = table.sections[table.namesIndex]
  if (names === undefined) return []
  const texts = await read(names.offset, Math.min(names.sizeBytes, limitNamesBytes))
  return table.sections.map(({ nameAt, offset, sizeBytes }) => ({ name: textAt(texts, nameAt), offset, sizeBytes }))
}

const limitNamesBytes = 1 << 20

const textAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...untilNul(bytes.subarray(at, at + 256)))

interface ElfTable {
  readonly namesIndex: number
  readonly sections: readonly (Omit<Section, 'name'> & { readonly nameAt: number })[]
}

const readElfTable = async (source: Source): Promise<ElfTable> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const ident = await read(0, 16)
  const isLarge = ident[4] === 2
  const order = ident[5] === 2 ? 'big' : 'little'
  const head = fieldsOf(await read(0, isLarge ? 64 : 52), order)
  const [stride, count, namesIndex] = [58, 60, 62].map(at => head.u16(isLarge ? at : at - 12)) as [number, number, number]
  if (count === 0) return { namesIndex, sections: [] }
  if (stride !== (isLarge ? 64 : 40)) throw new FormatError('elf/bad-header', `sections of ${stride} bytes`, isLarge ? 58 : 46)
  const fields = fieldsOf(await read(isLarge ? head.u64(40) : head.u32(32), stride * count), order)
  const sections = Array.from({ length: count }, (_, index) => {
    const at = index * stride
    const takesNoRoom = fields.u32(at + 4) === noBits
    const [offset, sizeBytes] = isLarge ? [fields.u64(at + 24), fields.u64(at + 32)] : [fields.u32(at + 16), fields.u32(at + 20)]
    return { nameAt: fields.u32(at), offset, sizeBytes: takesNoRoom ? 0 : sizeBytes }
  })
  return { namesIndex, sections }
}

const noBits = 8

/** Throws `pe/truncated`. */
export const readPeSections = async (source: Source): Promise<readonly Section[]> => {
  const read = exactReader(source, (message, offset) => new FormatError('pe/truncated', message, offset))
  const coffOffset = fieldsOf(await read(0, 64), 'little').u32(60) + 4
  const coff = fieldsOf(await read(coffOffset, 20), 'little')
  const table = await read(coffOffset + 20 + coff.u16(16), coff.u16(2) * 40)
  const fields = fieldsOf(table, 'little')
  return Array.from({ length: coff.u16(2) }, (_, index) => {
    const at = index * 40
    // In memory it may be smaller than in the file, where it is rounded up.
    const sizeBytes = Math.min(fields.u32(at + 16), fields.u32(at + 8) || fields.u32(at + 16))
    return { name: textAt(table.subarray(at, at + 8), 0), offset: fields.u32(at + 20), sizeBytes }
  })
}

const [segment32, segment64] = [0x01, 0x19]

/** Of one slice; the offsets are in the whole file. Throws `macho/truncated` and `macho/bad-command`. */
export const readMachOSections = async (source: Source, slice: MachOSlice): Promise<readonly Section[]> => {
  const read = exactReader(source, (message, offset) => new FormatError('macho/truncated', message, offset))
  const headBytes = slice.bits === 64 ? 32 : 28
  const magic = fieldsOf(await read(slice.offset, 4), 'big').u32(0)
  const order = magic === 0xfeedface || magic === 0xfeedfacf ? 'big' : 'little'
  const header = fieldsOf(await read(slice.offset, headBytes), order)
  const bytes = await read(slice.offset + headBytes, header.u32(20))
  const fields = fieldsOf(bytes, order)
  const found: Section[] = []
  for (let at = 0; at + 8 <= bytes.length; at += Math.max(8, fields.u32(at + 4))) {
    const id = fields.u32(at)
    if (id !== segment32 && id !== segment64) continue
    const places = sectionPlaces(fields, at, id === segment64)
    found.push(
      ...places.map(place => ({ ...sectionAt(bytes, fields, place), offset: slice.offset + fields.u32(place.at + place.offsetAt) })),
    )
  }
  return found
}

interface SectionPlace {
  readonly at: number
  readonly sizeAt: number
  readonly offsetAt: number
  readonly isLarge: boolean
}

const sectionPlaces = (fields: Fields, at: number, isLarge: boolean): readonly SectionPlace[] => {
  const [countAt, firstAt, stride] = isLarge ? [64, 72, 80] : [48, 56, 68]
  const count = fields.u32(at + countAt)
  if (firstAt + count * stride > fields.u32(at + 4)) throw new FormatError('macho/bad-command', 'the sections do not fit', at)
  const [sizeAt, offsetAt] = isLarge ? [40, 48] : [36, 40]
  return Array.from({ length: count }, (_, index) => ({ at: at + firstAt + index * stride, sizeAt, offsetAt, isLarge }))
}

const sectionAt = (bytes: Uint8Array, fields: Fields, { at, sizeAt, isLarge }: SectionPlace): Omit<Section, 'offset'> => ({
  name: textAt(bytes.subarray(at, at + 16), 0),
  sizeBytes: isLarge ? fields.u64(at + sizeAt) : fields.u32(at + sizeAt),
})
