// PE: the resources of a program, read and written anew in a section of their own (Microsoft PE/COFF specification, the .rsrc section).
import { concat, encodeText, type Fields, packLittle } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { layoutOf, type Section } from './pe-layout.ts'

export interface PeResource {
  /** 3 icon, 14 icon group, 16 version, 24 manifest. */
  readonly type: number | string
  readonly name: number | string
  readonly language: number
  readonly codePage: number
  readonly bytes: Uint8Array
}

const limitResources = 65_536

/** In the order of the file; none where it has none. Throws `pe/bad-magic`, `pe/bad-resources`, `bytes/out-of-range`. */
export const readPeResources = (pe: Uint8Array): readonly PeResource[] => {
  const { fields, sections, directoriesAt, directories } = layoutOf(pe)
  const address = directories > 2 ? fields.u32(directoriesAt + 16) : 0
  if (address === 0) return []
  const root = offsetOf(sections, address)
  const found: PeResource[] = []
  const walk = (at: number, path: readonly (number | string)[]): void => {
    const count = fields.u16(root + at + 12) + fields.u16(root + at + 14)
    for (let index = 0; index < count; index++) {
      const entry = root + at + 16 + index * 8
      const key = keyOf(pe, fields, { root, value: fields.u32(entry) })
      const next = fields.u32(entry + 4)
      if (next >= 0x80000000 !== path.length < 2) throw bad('a level is missing', entry)
      if (path.length < 2) {
        walk(next % 0x80000000, [...path, key])
        continue
      }
      const [type = 0, name = 0] = path
      const leaf = root + next
      const offset = offsetOf(sections, fields.u32(leaf))
      if (offset + fields.u32(leaf + 4) > pe.length) throw bad('a resource does not fit', leaf)
      const bytes = copyOf(pe, offset, offset + fields.u32(leaf + 4))
      found.push({ type, name, language: Number(key), codePage: fields.u32(leaf + 8), bytes })
      if (found.length > limitResources) throw bad('too many', leaf)
    }
  }
  walk(0, [])
  return found
}

/**
 * A copy of the program with these resources in place of its own: in its last section, else in a new one. Nothing else of the image
 * moves; what stands behind it follows, moved by whole alignments. Certificates are cut off and a checksum is right again. Throws what
 * `readPeResources` throws, `pe/no-room` and `pe/trailing-data`.
 */
export const withPeResources = (signed: Uint8Array, resources: readonly PeResource[]): Uint8Array => {
  const pe = withoutCertificates(signed)
  const { fields, sections, sectionsAt, directoriesAt, directories, optionalAt } = layoutOf(pe)
  if (directories < 3) throw new FormatError('pe/no-room', 'the headers have no entry for resources', directoriesAt)
  const [alignment, fileAlignment] = [fields.u32(optionalAt + 32), fields.u32(optionalAt + 36)]
  const imageEnd = sections.reduce((end, one) => Math.max(end, one.rawBytes === 0 ? 0 : one.offset + one.rawBytes), 0)
  const last = sections.reduce<Section | undefined>(
    (one, next) => (one === undefined || next.address > one.address ? next : one),
    undefined,
  )
  const own = fields.u32(directoriesAt + 16)
  const old = sections.find(one => one.address === own && one.name === '.rsrc')
  const isAlone = old === undefined || !isShared(old, { fields, directoriesAt, directories, entryAddress: fields.u32(optionalAt + 16) })
  const isOwnLast = last !== undefined && last === old && isAlone && last.offset + last.rawBytes === imageEnd
  const headerAt = isOwnLast ? last.at : sectionsAt + sections.length * 40
  const address = isOwnLast ? last.address : up(Math.max(...sections.map(one => one.address + Math.max(one.virtualBytes, 1))), alignment)
  const offset = isOwnLast ? last.offset : up(imageEnd, fileAlignment)
  const headersEnd = Math.min(fields.u32(optionalAt + 60), ...sections.filter(one => one.rawBytes > 0).map(one => one.offset))
  if (!isOwnLast && (headerAt + 40 > headersEnd || pe.subarray(headerAt, headerAt + 40).some(byte => byte !== 0)))
    throw new FormatError('pe/no-room', 'the headers have no room for one more section', headerAt)
  const data = resourceBytes(resources, address)
  const rawBytes = up(data.length, fileAlignment)
  const behind = pe.subarray(imageEnd)
  // What was aligned stays aligned.
  const whole = new Uint8Array(offset + rawBytes + behind.length)
  whole.set(pe.subarray(0, Math.min(offset, imageEnd)))
  whole.set(data, offset)
  whole.set(behind, offset + rawBytes)
  const view = new DataView(whole.buffer)
  whole.set(encodeText('.rsrc\0\0\0'), headerAt)
  ;[data.length, address, rawBytes, offset, 0, 0, 0, initializedData].forEach((value, index) =>
    view.setUint32(headerAt + 8 + index * 4, value, true),
  )
  if (!isOwnLast) view.setUint16(optionalAt - 18, sections.length + 1, true)
  view.setUint32(optionalAt + 8, fields.u32(optionalAt + 8) + rawBytes - (isOwnLast ? last.rawBytes : 0), true)
  view.setUint32(optionalAt + 56, address + up(data.length, alignment), true)
  view.setUint32(directoriesAt + 16, address, true)
  view.setUint32(directoriesAt + 20, data.length, true)
  // The table of symbols, of no section, stands behind them.
  const symbolsAt = fields.u32(optionalAt - 12)
  if (symbolsAt >= imageEnd) view.setUint32(optionalAt - 12, symbolsAt + offset + rawBytes - imageEnd, true)
  if (!isOwnLast && isAlone) retire(whole, old)
  setChecksum(view, optionalAt + 64)
  return whole
}

interface Directories {
  readonly fields: Fields
  readonly directoriesAt: number
  readonly directories: number
  readonly entryAddress: number
}

/** Something else lies in the section too, as packers put the imports there: it is not the resources' to write. */
const isShared = (section: Section, { fields, directoriesAt, directories, entryAddress }: Directories): boolean => {
  const end = section.address + Math.max(section.virtualBytes, section.rawBytes)
  const others = Array.from({ length: Math.min(directories, 16) }, (_, index) => index)
    // 2 is the resources' own; 4 is an offset in the file.
    .filter(index => index !== 2 && index !== 4)
    .map(index => fields.u32(directoriesAt + index * 8))
  return [entryAddress, ...others].some(address => address >= section.address && address < end)
}

/** A subclass of Uint8Array, as Node's Buffer, slices without a copy. */
const copyOf = (bytes: Uint8Array, start: number, end: number): Uint8Array => new Uint8Array(bytes.subarray(start, end))

/** The section that held the resources before: its place stays, empty, since others stand behind it. */
const retire = (pe: Uint8Array, old: Section | undefined): void => {
  if (old === undefined) return
  pe.set(encodeText('.rsrc0\0\0'), old.at)
  pe.fill(0, old.offset, old.offset + old.rawBytes)
}

/** Initialized data, readable. */
const initializedData = 0x40000040

const offsetOf = (sections: readonly Section[], address: number): number => {
  const section = sections.find(one => address >= one.address && address < one.address + one.rawBytes)
  if (section === undefined) throw bad(`the address ${address} is in no section`)
  return section.offset + address - section.address
}

const bad = (reason: string, offset?: number): FormatError =>
  new FormatError('pe/bad-resources', `the resources are damaged: ${reason}`, offset)

const keyOf = (pe: Uint8Array, fields: Fields, { root, value }: { readonly root: number; readonly value: number }): number | string => {
  if (value < 0x80000000) return value
  const at = root + (value % 0x80000000)
  const length = fields.u16(at)
  if (at + 2 + 2 * length > pe.length) throw bad('a name does not fit', at)
  return String.fromCharCode(...Array.from({ length }, (_, index) => fields.u16(at + 2 + 2 * index)))
}

const up = (value: number, alignment: number): number => {
  if (alignment === 0 || alignment > 1 << 20 || (alignment & (alignment - 1)) !== 0)
    throw new FormatError('pe/bad-resources', `the alignment ${alignment} is none`)
  return Math.ceil(value / alignment) * alignment
}

const withoutCertificates = (pe: Uint8Array): Uint8Array => {
  const { fields, directoriesAt, directories } = layoutOf(pe)
  const offset = directories > 4 ? fields.u32(directoriesAt + 32) : 0
  if (offset === 0) return pe
  const end = offset + fields.u32(directoriesAt + 36)
  if (end > pe.length || pe.length - end > 7 || pe.subarray(end).some(byte => byte !== 0))
    throw new FormatError('pe/trailing-data', `${pe.length - end} bytes stand behind the certificates and would be lost`, end)
  const bare = copyOf(pe, 0, offset)
  bare.fill(0, directoriesAt + 32, directoriesAt + 40)
  return bare
}

/** Zero stays zero: the linker wrote none. */
const setChecksum = (view: DataView, at: number): void => {
  if (view.getUint32(at, true) === 0) return
  view.setUint32(at, 0, true)
  let sum = 0
  const even = view.byteLength & ~1
  for (let word = 0; word < even; word += 2) sum += view.getUint16(word, true)
  if (even < view.byteLength) sum += view.getUint8(even)
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000)
  view.setUint32(at, sum + view.byteLength, true)
}

type Key = number | string
interface Node {
  readonly key: Key
  readonly children: readonly Node[]
  readonly resource?: PeResource
}

/** Names before numbers, each in order. */
const inOrder = (left: Key, right: Key): number => {
  if (typeof left !== typeof right) return typeof left === 'string' ? -1 : 1
  return left < right ? -1 : left > right ? 1 : 0
}

const grouped = (resources: readonly PeResource[], keys: readonly ((one: PeResource) => Key)[]): readonly Node[] => {
  const [keyIn, ...rest] = keys
  if (keyIn === undefined) return []
  const distinct = [...new Set(resources.map(keyIn))].sort(inOrder)
  return distinct.map(key => {
    const inside = resources.filter(one => keyIn(one) === key)
    const [resource] = inside
    return rest.length === 0 && resource !== undefined ? { key, children: [], resource } : { key, children: grouped(inside, rest) }
  })
}

/** Tables of all levels, then the leaves, the names, and the resources, each at a multiple of eight. */
const resourceBytes = (resources: readonly PeResource[], address: number): Uint8Array => {
  const tables = tablesOf(resources)
  const leaves = tables.flat().filter(one => one.resource !== undefined)
  const tableAt = new Map<readonly Node[], number>()
  let at = 0
  for (const table of tables) {
    tableAt.set(table, at)
    at += 16 + 8 * table.length
  }
  const leafAt = new Map(leaves.map((leaf, index) => [leaf, at + 16 * index] as const))
  at += 16 * leaves.length
  const names = namesFrom(tables, at)
  for (const name of names.keys()) at += 2 + 2 * name.length
  const dataAt = leaves.map(leaf => {
    const start = (at = (at + 7) & ~7)
    at += leaf.resource?.bytes.length ?? 0
    return start
  })
  const whole = new Uint8Array(at)
  const keyWord = (key: Key): number => (typeof key === 'number' ? key : 0x80000000 + (names.get(key) ?? 0))
  for (const table of tables) {
    const named = table.filter(one => typeof one.key === 'string').length
    const head = packLittle([
      [4, 0],
      [4, 0],
      [4, 0],
      [2, named],
      [2, table.length - named],
    ])
    const entries = table.map(one => {
      const next = one.resource === undefined ? 0x80000000 + (tableAt.get(one.children) ?? 0) : (leafAt.get(one) ?? 0)
      return packLittle([
        [4, keyWord(one.key)],
        [4, next],
      ])
    })
    whole.set(concat([head, ...entries]), tableAt.get(table) ?? 0)
  }
  leaves.forEach((leaf, index) => {
    const { bytes = new Uint8Array(0), codePage = 0 } = leaf.resource ?? {}
    whole.set(
      packLittle([
        [4, address + (dataAt[index] ?? 0)],
        [4, bytes.length],
        [4, codePage],
        [4, 0],
      ]),
      leafAt.get(leaf) ?? 0,
    )
    whole.set(bytes, dataAt[index] ?? 0)
  })
  for (const [name, start] of names)
    whole.set(packLittle([[2, name.length], ...Array.from(name.split(''), one => [2, one.charCodeAt(0)] as const)]), start)
  return whole
}

/** Where each name stands, once. */
const namesFrom = (tables: readonly (readonly Node[])[], start: number): ReadonlyMap<string, number> => {
  const names = new Map<string, number>()
  let at = start
  for (const { key } of tables.flat())
    if (typeof key === 'string' && !names.has(key)) {
      names.set(key, at)
      at += 2 + 2 * key.length
    }
  return names
}

/** The table of types, those of names, those of languages. */
const tablesOf = (resources: readonly PeResource[]): readonly (readonly Node[])[] => {
  const types = grouped(resources, [one => one.type, one => one.name, one => one.language])
  return [types, ...types.map(one => one.children), ...types.flatMap(one => one.children.map(two => two.children))]
}
