// PE: the version resource of a program (PE/COFF specification, .rsrc section; VS_VERSIONINFO of the Windows SDK).
import { exactReader, type Fields, fieldsOf, type Source } from './bytes.ts'
import { FormatError } from './format-error.ts'

export interface PeVersion {
  /** Four numbers, as `1.2.3.0`. */
  readonly fileVersion: string
  readonly productVersion: string
  /** StringFileInfo of the first language: `ProductName`, `FileVersion`, `CompanyName` and others. */
  readonly texts: Readonly<Record<string, string>>
}

const [resourceVersion, limitResourceBytes, limitSections] = [16, 1 << 20, 96]

/** Undefined where there is no version resource. Throws `pe/truncated`, `pe/bad-magic` and `pe/bad-resources`. */
export const readPeVersion = async (source: Source): Promise<PeVersion | undefined> => {
  const read: Read = exactReader(source, (message, offset) => new FormatError('pe/truncated', message, offset))
  const coffAt = fieldsOf(await read(0, 64), 'little').u32(60) + 4
  if (fieldsOf(await read(coffAt - 4, 4), 'big').u32(0) !== 0x50450000) throw new FormatError('pe/bad-magic', 'not a PE file', 0)
  const coff = fieldsOf(await read(coffAt, 20), 'little')
  const optional = fieldsOf(await read(coffAt + 20, coff.u16(16)), 'little')
  const directoriesAt = optional.u16(0) === 0x20b ? 112 : 96
  if (coff.u16(16) < directoriesAt + 24 || optional.u32(directoriesAt - 4) < 3) return undefined
  const address = optional.u32(directoriesAt + 16)
  if (address === 0) return undefined
  const sections = await readSections(read, { offset: coffAt + 20 + coff.u16(16), count: coff.u16(2) })
  const data = await findVersion({ read, sections, address, rootAt: offsetOf(sections, address) })
  return data === undefined ? undefined : parseVersion(data)
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

interface Section {
  readonly address: number
  readonly sizeBytes: number
  readonly offset: number
}

const readSections = async (read: Read, { offset, count }: { offset: number; count: number }): Promise<readonly Section[]> => {
  if (count > limitSections) throw bad(`${count} sections`, offset)
  const fields = fieldsOf(await read(offset, count * 40), 'little')
  return Array.from({ length: count }, (_, index) => ({
    address: fields.u32(index * 40 + 12),
    sizeBytes: fields.u32(index * 40 + 16),
    offset: fields.u32(index * 40 + 20),
  }))
}

const bad = (reason: string, offset?: number): FormatError =>
  new FormatError('pe/bad-resources', `the resources are damaged: ${reason}`, offset)

const offsetOf = (sections: readonly Section[], address: number): number => {
  const section = sections.find(one => address >= one.address && address < one.address + one.sizeBytes)
  if (section === undefined) throw bad(`the address ${address} is in no section`)
  return section.offset + address - section.address
}

interface Resources {
  readonly read: Read
  readonly sections: readonly Section[]
  readonly address: number
  readonly rootAt: number
}

/** Three levels: type, name, language; of the last two the first is taken. */
const findVersion = async ({ read, sections, rootAt }: Resources): Promise<Uint8Array | undefined> => {
  let at = 0
  for (let level = 0; level < 3; level++) {
    const table = fieldsOf(await read(rootAt + at, 16), 'little')
    const count = table.u16(12) + table.u16(14)
    if (count > 4096) throw bad(`${count} entries`, rootAt + at)
    const entries = fieldsOf(await read(rootAt + at + 16, count * 8), 'little')
    const index = Array.from({ length: count }, (_, one) => one).find(one => level > 0 || entries.u32(one * 8) === resourceVersion)
    if (index === undefined) return undefined
    const next = entries.u32(index * 8 + 4)
    if (next >= 0x80000000 !== level < 2) throw bad('a level is missing', rootAt + at)
    at = next % 0x80000000
  }
  const leaf = fieldsOf(await read(rootAt + at, 16), 'little')
  if (leaf.u32(4) > limitResourceBytes) throw bad(`a version resource of ${leaf.u32(4)} bytes`, rootAt + at)
  return read(offsetOf(sections, leaf.u32(0)), leaf.u32(4))
}

interface Block {
  readonly key: string
  readonly value: Uint8Array
  readonly children: readonly Block[]
}

const parseVersion = (data: Uint8Array): PeVersion => {
  const root = readBlock(data, { at: 0, end: data.length, depth: 0 }).block
  if (root.key !== 'VS_VERSION_INFO') throw bad('the version resource is none')
  const fixed = fieldsOf(root.value, 'little')
  if (root.value.length < 52 || fixed.u32(0) !== 0xfeef04bd) throw bad('the version resource has no fixed part')
  const strings = root.children.find(({ key }) => key === 'StringFileInfo')?.children[0]?.children ?? []
  return {
    fileVersion: fourNumbers(fixed, 8),
    productVersion: fourNumbers(fixed, 16),
    texts: Object.fromEntries(strings.map(({ key, value }) => [key, utf16(value)])),
  }
}

const fourNumbers = (fields: Fields, at: number): string =>
  [fields.u16(at + 2), fields.u16(at), fields.u16(at + 6), fields.u16(at + 4)].join('.')

const align4 = (value: number): number => (value + 3) & ~3

interface BlockPlace {
  readonly at: number
  readonly end: number
  readonly depth: number
}

/** wLength, wValueLength (words when the type is text), wType, a key that ends with NUL, the value, then children; each aligned. */
const readBlock = (data: Uint8Array, { at, end, depth }: BlockPlace): { readonly block: Block; readonly next: number } => {
  const fields = fieldsOf(data, 'little')
  const sizeBytes = at + 6 <= end ? fields.u16(at) : 0
  if (sizeBytes < 8 || at + sizeBytes > end || depth > 3) throw bad('a version block does not fit')
  const blockEnd = at + sizeBytes
  let keyEnd = at + 6
  while (keyEnd + 2 <= blockEnd && fields.u16(keyEnd) !== 0) keyEnd += 2
  const valueAt = Math.min(align4(keyEnd + 2), blockEnd)
  const valueBytes = fields.u16(at + 2) * (fields.u16(at + 4) === 1 ? 2 : 1)
  const valueEnd = Math.min(valueAt + valueBytes, blockEnd)
  const children: Block[] = []
  for (let child = align4(valueEnd); child + 6 <= blockEnd && depth < 3;) {
    const found = readBlock(data, { at: child, end: blockEnd, depth: depth + 1 })
    children.push(found.block)
    child = align4(found.next)
  }
  return { block: { key: utf16(data.subarray(at + 6, keyEnd)), value: data.subarray(valueAt, valueEnd), children }, next: blockEnd }
}

const utf16 = (bytes: Uint8Array): string =>
  new TextDecoder('utf-16le').decode(bytes.subarray(0, bytes.length & ~1)).replace(/\0[\s\S]*$/, '')
