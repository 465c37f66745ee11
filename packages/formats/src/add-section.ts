// One more section in a finished program, which nothing loads: ELF (System V gABI, chapter 4) and PE (Microsoft PE/COFF, section table).
import { concat, encodeText, fieldsOf } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface NewSection {
  /** ASCII; at most 8 bytes for PE. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** A copy of the ELF file with the section, as `strip` keeps it. Throws `elf/no-room` (it has no table of sections, or a full one) and `bytes/out-of-range`. */
export const addElfSection = (elf: Uint8Array, { name, bytes }: NewSection): Uint8Array => {
  const isLarge = elf[4] === 2
  const little = elf[5] !== 2
  const fields = fieldsOf(elf, little ? 'little' : 'big')
  const [tableAt, countAt] = isLarge ? [fields.u64(40), 60] : [fields.u32(32), 48]
  const stride = isLarge ? 64 : 40
  const [count, namesIndex] = [fields.u16(countAt), fields.u16(countAt + 2)]
  if (fields.u16(countAt - 2) !== stride || count >= 0xff00 || namesIndex >= count)
    throw new FormatError('elf/no-room', 'there is no table of sections to add one to')
  const tableEnd = tableAt + stride * count
  if (tableEnd > elf.length) throw new FormatError('elf/no-room', 'the table of sections is cut off', tableAt)
  const namesAt = tableAt + namesIndex * stride
  const [oldNamesAt, oldNamesBytes] = isLarge
    ? [fields.u64(namesAt + 24), fields.u64(namesAt + 32)]
    : [fields.u32(namesAt + 16), fields.u32(namesAt + 20)]
  if (oldNamesAt + oldNamesBytes > elf.length) throw new FormatError('elf/no-room', 'the names of the sections are cut off', namesAt)
  const names = concat([elf.subarray(oldNamesAt, oldNamesAt + oldNamesBytes), encodeText(`${name}\0`)])
  const bytesAt = elf.length + (-elf.length & 7)
  const newTableAt = bytesAt + bytes.length + names.length + (-(bytesAt + bytes.length + names.length) & 7)
  const whole = new Uint8Array(newTableAt + stride * (count + 1))
  whole.set(elf)
  whole.set(bytes, bytesAt)
  whole.set(names, bytesAt + bytes.length)
  whole.set(elf.subarray(tableAt, tableEnd), newTableAt)
  const view = new DataView(whole.buffer)
  const setWord = (at: number, value: number): void => {
    if (isLarge) view.setBigUint64(at, BigInt(value), little)
    else view.setUint32(at, value, little)
  }
  const setPlace = (index: number, offset: number, sizeBytes: number): void => {
    const at = newTableAt + index * stride
    setWord(at + (isLarge ? 24 : 16), offset)
    setWord(at + (isLarge ? 32 : 20), sizeBytes)
  }
  setPlace(namesIndex, bytesAt + bytes.length, names.length)
  setPlace(count, bytesAt, bytes.length)
  view.setUint32(newTableAt + count * stride, oldNamesBytes, little)
  view.setUint32(newTableAt + count * stride + 4, programBits, little)
  setWord(newTableAt + count * stride + (isLarge ? 48 : 32), 1)
  setWord(isLarge ? 40 : 32, newTableAt)
  view.setUint16(countAt, count + 1, little)
  return whole
}

const programBits = 1

/** A copy of the PE file with the section, its checksum right where it had one. Throws `pe/no-room` and `bytes/out-of-range`. */
export const addPeSection = (pe: Uint8Array, { name, bytes }: NewSection): Uint8Array => {
  const fields = fieldsOf(pe, 'little')
  const coff = fields.u32(60) + 4
  const optional = coff + 20
  const count = fields.u16(coff + 2)
  const at = optional + fields.u16(coff + 16) + count * 40
  const [sectionAlignment, fileAlignment] = [fields.u32(optional + 32), fields.u32(optional + 36)]
  const [imageBytes, headersBytes] = [fields.u32(optional + 56), fields.u32(optional + 60)]
  const encoded = encodeText(name)
  const isFree = at + 40 <= Math.min(headersBytes, pe.length) && pe.subarray(at, at + 40).every(byte => byte === 0)
  if (!isFree || encoded.length > 8 || ![sectionAlignment, fileAlignment].every(isPowerOfTwo))
    throw new FormatError('pe/no-room', 'the headers have no room for one more section', at)
  const up = (value: number, alignment: number): number => Math.ceil(value / alignment) * alignment
  const [bytesAt, address] = [up(pe.length, fileAlignment), up(imageBytes, sectionAlignment)]
  const rawBytes = up(bytes.length, fileAlignment)
  const whole = new Uint8Array(bytesAt + rawBytes)
  whole.set(pe)
  whole.set(bytes, bytesAt)
  whole.set(encoded, at)
  const view = new DataView(whole.buffer)
  const header = [bytes.length, address, rawBytes, bytesAt, 0, 0, 0, readOnlyData]
  header.forEach((value, index) => view.setUint32(at + 8 + index * 4, value, true))
  view.setUint16(coff + 2, count + 1, true)
  view.setUint32(optional + 56, address + up(bytes.length, sectionAlignment), true)
  if (fields.u32(optional + 64) === 0) return whole
  view.setUint32(optional + 64, 0, true)
  view.setUint32(optional + 64, checksumOf(view), true)
  return whole
}

/** Initialized, discardable, readable. */
const readOnlyData = 0x42000040

const isPowerOfTwo = (value: number): boolean => value > 0 && value <= 1 << 20 && (value & (value - 1)) === 0

/** The sum of all words with their carries, and the length. */
const checksumOf = (view: DataView): number => {
  let sum = 0
  const even = view.byteLength & ~1
  for (let at = 0; at < even; at += 2) {
    sum += view.getUint16(at, true)
    sum = (sum & 0xffff) + (sum >>> 16)
  }
  return sum + view.byteLength
}
