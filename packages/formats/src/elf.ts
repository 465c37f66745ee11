// ELF: what a loader needs to know of a program or library (System V gABI, chapters 4 and 5; GNU symbol versions).
import { decodeText, exactReader, type Fields, fieldsOf, type Source, untilNul } from './bytes.ts'
import { FormatError } from './format-error.ts'

export type Architecture = 'x64' | 'arm64' | 'armv7' | 'x86' | `other:${number}`

export interface Elf {
  readonly bits: 32 | 64
  readonly order: 'little' | 'big'
  readonly arch: Architecture
  readonly type: 'exec' | 'dyn' | 'rel' | 'core' | 'other'
  /** EI_OSABI: 0 System V, 3 GNU/Linux, 9 FreeBSD. */
  readonly osAbi: number
  readonly interpreter: string | undefined
  readonly needed: readonly string[]
  readonly soname: string | undefined
  /** Runs without a loader: no interpreter, no libraries, and not a library itself. */
  readonly isStatic: boolean
  readonly libc: 'glibc' | 'musl' | undefined
  /** Library -> the symbol versions that are asked of it, as `GLIBC_2.34` of `libc.so.6`. */
  readonly versions: Readonly<Record<string, readonly string[]>>
  /** The oldest glibc that has every symbol version asked for, such as `2.17`. */
  readonly glibcFloor: string | undefined
}

/** Reads the headers of an ELF file. Throws `elf/bad-magic`, `elf/truncated`, `elf/bad-header`, `elf/bad-dynamic`. */
export const readElf = async (source: Source): Promise<Elf> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const header = await readHeader(source, read)
  const segments = await readSegments(read, header)
  const interpreter = await readInterpreter(read, segments)
  const dynamic = await readDynamic(read, header, segments)
  const libraries = dynamic.filter(item => item.tag === 1)
  if (libraries.length > 4096) throw new FormatError('elf/bad-dynamic', `${libraries.length} libraries are needed`)
  const needed = await Promise.all(libraries.map(item => stringAt(read, { dynamic, segments }, item.value)))
  const name = valueOf(dynamic, 14)
  const soname = name === undefined ? undefined : await stringAt(read, { dynamic, segments }, name)
  const versions = await readVersions(read, header, { dynamic, segments })
  const isPie = ((valueOf(dynamic, 0x6ffffffb) ?? 0) & 0x08000000) !== 0
  const isLinked = interpreter !== undefined || needed.length > 0
  const isMusl = interpreter?.includes('/ld-musl-') === true || needed.some(library => /^(libc\.musl-|ld-musl-)/.test(library))
  const glibcFloor = newestGlibc(Object.values(versions).flat())
  const isGlibc = glibcFloor !== undefined || needed.includes('libc.so.6') || /\/ld-linux|\/ld64\.so/.test(interpreter ?? '')
  return {
    bits: header.bits,
    order: header.order,
    arch: header.arch,
    type: header.type,
    osAbi: header.osAbi,
    interpreter,
    needed,
    soname,
    isStatic: !isLinked && (header.type === 'exec' || (header.type === 'dyn' && isPie)),
    libc: isMusl ? 'musl' : isGlibc ? 'glibc' : undefined,
    versions,
    glibcFloor,
  }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

interface Header {
  readonly bits: 32 | 64
  readonly order: 'little' | 'big'
  readonly osAbi: number
  readonly arch: Architecture
  readonly type: Elf['type']
  readonly tableOffset: number
  readonly tableStride: number
  readonly tableCount: number
}

const types: Readonly<Record<number, Elf['type']>> = { 1: 'rel', 2: 'exec', 3: 'dyn', 4: 'core' }

const readHeader = async (source: Source, read: Read): Promise<Header> => {
  if (source.sizeBytes < 16) throw new FormatError('elf/truncated', 'the file is shorter than an ELF header', source.sizeBytes)
  const ident = fieldsOf(await read(0, 16), 'big')
  if (ident.u32(0) !== 0x7f454c46) throw new FormatError('elf/bad-magic', 'not an ELF file', 0)
  const [classByte, orderByte] = [ident.u8(4), ident.u8(5)]
  if ((classByte !== 1 && classByte !== 2) || (orderByte !== 1 && orderByte !== 2) || ident.u8(6) !== 1) {
    throw new FormatError('elf/bad-header', 'the class, byte order or version is unknown', 4)
  }
  const bits = classByte === 1 ? 32 : 64
  const order = orderByte === 1 ? 'little' : 'big'
  const fields = fieldsOf(await read(0, bits === 64 ? 64 : 52), order)
  const tableCount = fields.u16(bits === 64 ? 56 : 44)
  const tableStride = fields.u16(bits === 64 ? 54 : 42)
  if (tableCount === 0xffff) throw new FormatError('elf/bad-header', 'more than 65534 segments', 44)
  if (tableCount > 0 && tableStride !== (bits === 64 ? 56 : 32))
    throw new FormatError('elf/bad-header', `segments of ${tableStride} bytes`, 42)
  return {
    bits,
    order,
    osAbi: ident.u8(7),
    arch: archOf(fields.u16(18), bits),
    type: types[fields.u16(16)] ?? 'other',
    tableOffset: bits === 64 ? fields.u64(32) : fields.u32(28),
    tableStride,
    tableCount,
  }
}

/** e_machine; x86-64 with 32-bit pointers (x32) is an architecture of its own. */
const archOf = (machine: number, bits: 32 | 64): Architecture => {
  if (machine === 62 && bits === 64) return 'x64'
  if (machine === 183 && bits === 64) return 'arm64'
  if (machine === 40) return 'armv7'
  return machine === 3 ? 'x86' : `other:${machine}`
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly sizeBytes: number
}

const [segmentLoad, segmentDynamic, segmentInterpreter] = [1, 2, 3]

const readSegments = async (read: Read, header: Header): Promise<readonly Segment[]> => {
  const fields = fieldsOf(await read(header.tableOffset, header.tableCount * header.tableStride), header.order)
  return Array.from({ length: header.tableCount }, (_, index) => {
    const at = index * header.tableStride
    const type = fields.u32(at)
    // Other segments may hold any number (PT_GNU_STACK), so only those that are read are parsed.
    if (type !== segmentLoad && type !== segmentDynamic && type !== segmentInterpreter) return { type, offset: 0, address: 0, sizeBytes: 0 }
    if (header.bits === 64) return { type, offset: fields.u64(at + 8), address: fields.u64(at + 16), sizeBytes: fields.u64(at + 32) }
    return { type, offset: fields.u32(at + 4), address: fields.u32(at + 8), sizeBytes: fields.u32(at + 16) }
  })
}

const limitPathBytes = 4096

const readInterpreter = async (read: Read, segments: readonly Segment[]): Promise<string | undefined> => {
  const segment = segments.find(one => one.type === segmentInterpreter)
  if (segment === undefined) return undefined
  if (segment.sizeBytes < 2 || segment.sizeBytes > limitPathBytes) {
    throw new FormatError('elf/bad-header', `an interpreter path of ${segment.sizeBytes} bytes`, segment.offset)
  }
  return readString(await read(segment.offset, segment.sizeBytes), segment.offset)
}

const readString = (bytes: Uint8Array, offset: number): string => {
  const name = untilNul(bytes)
  if (name.length === bytes.length) throw new FormatError('elf/bad-dynamic', 'a string has no end', offset)
  try {
    return decodeText(name)
  } catch {
    throw new FormatError('elf/bad-dynamic', 'a string is not UTF-8', offset)
  }
}

interface DynamicItem {
  readonly tag: number
  readonly value: number
}

const readDynamic = async (read: Read, header: Header, segments: readonly Segment[]): Promise<readonly DynamicItem[]> => {
  const segment = segments.find(one => one.type === segmentDynamic)
  // A file with separated debug data keeps the segment's header without its bytes.
  if (segment === undefined || segment.sizeBytes === 0) return []
  if (segment.sizeBytes > 1 << 20)
    throw new FormatError('elf/bad-dynamic', `a dynamic section of ${segment.sizeBytes} bytes`, segment.offset)
  const fields = fieldsOf(await read(segment.offset, segment.sizeBytes), header.order)
  const stride = header.bits / 4
  const items: DynamicItem[] = []
  for (let at = 0; at + stride <= segment.sizeBytes; at += stride) {
    const tag = wordAt(fields, header, at)
    if (tag === 0) return items
    items.push({ tag, value: wordAt(fields, header, at + stride / 2) })
  }
  throw new FormatError('elf/bad-dynamic', 'the dynamic section has no end', segment.offset)
}

/** A word; tags and values above 2^53 (flags, negative numbers) are nothing that is read here. */
const wordAt = (fields: Fields, header: Header, at: number): number => {
  if (header.bits === 32) return fields.u32(at)
  const [first, second] = [fields.u32(at), fields.u32(at + 4)]
  return header.order === 'little' ? second * 2 ** 32 + first : first * 2 ** 32 + second
}

const valueOf = (dynamic: readonly DynamicItem[], tag: number): number | undefined => dynamic.find(item => item.tag === tag)?.value

/** Where a virtual address is in the file, and how many bytes of the file follow it in its segment. */
const placeOf = (segments: readonly Segment[], address: number): { offset: number; leftBytes: number } => {
  for (const segment of segments) {
    const inside = address - segment.address
    if (segment.type === segmentLoad && inside >= 0 && inside < segment.sizeBytes) {
      return { offset: segment.offset + inside, leftBytes: segment.sizeBytes - inside }
    }
  }
  throw new FormatError('elf/bad-dynamic', `the address ${address} is in no segment`)
}

const stringAt = async (read: Read, { dynamic, segments }: Dynamic, index: number): Promise<string> => {
  const [table, tableBytes] = [valueOf(dynamic, 5), valueOf(dynamic, 10)]
  if (table === undefined || tableBytes === undefined) throw new FormatError('elf/bad-dynamic', 'there is no table of strings')
  if (index >= tableBytes) throw new FormatError('elf/bad-dynamic', `the string ${index} lies outside of its table`)
  const { offset, leftBytes } = placeOf(segments, table + index)
  return readString(await read(offset, Math.min(limitPathBytes, tableBytes - index, leftBytes)), offset)
}

interface Dynamic {
  readonly dynamic: readonly DynamicItem[]
  readonly segments: readonly Segment[]
}

/** The symbol versions asked for (DT_VERNEED): a list of libraries, each with a list of versions, linked by distances. */
const readVersions = async (read: Read, header: Header, { dynamic, segments }: Dynamic): Promise<Elf['versions']> => {
  const [address, count] = [valueOf(dynamic, 0x6ffffffe), valueOf(dynamic, 0x6fffffff)]
  if (address === undefined || count === undefined) return {}
  const { offset, leftBytes } = placeOf(segments, address)
  const fields = fieldsOf(await read(offset, Math.min(leftBytes, 1 << 20)), header.order)
  const libraries: { readonly library: number; readonly names: readonly number[] }[] = []
  let total = 0
  let at = 0
  for (let index = 0; index < count; index++) {
    const names = readVersionNames(fields, at, offset)
    libraries.push({ library: fields.u32(at + 4), names })
    total += names.length
    // Counts may lie: no program asks for so many versions, and reading them must end.
    if (total > 10_000) throw new FormatError('elf/bad-dynamic', 'more than 10000 symbol versions', offset)
    const next = fields.u32(at + 12)
    if (next === 0) break
    at += next
  }
  const text = (index: number): Promise<string> => stringAt(read, { dynamic, segments }, index)
  // A map, because a file may call a library __proto__.
  const found = new Map<string, readonly string[]>()
  for (const { library, names } of libraries) {
    const key = await text(library)
    found.set(key, [...(found.get(key) ?? []), ...(await Promise.all([...new Set(names)].map(text)))])
  }
  return Object.fromEntries(found)
}

const readVersionNames = (fields: Fields, at: number, offset: number): readonly number[] => {
  if (fields.u16(at) !== 1) throw new FormatError('elf/bad-dynamic', 'the version of the symbol versions is unknown', offset + at)
  const count = fields.u16(at + 2)
  let inner = at + fields.u32(at + 8)
  const names: number[] = []
  for (let index = 0; index < count; index++) {
    names.push(fields.u32(inner + 8))
    const next = fields.u32(inner + 12)
    if (next === 0) break
    inner += next
  }
  return names
}

const newestGlibc = (versions: readonly string[]): string | undefined => {
  const parsed = versions.flatMap(version => {
    // DT_RELR came with glibc 2.36, which has this name instead of a number.
    if (version === 'GLIBC_ABI_DT_RELR') return [[2, 36]]
    const numbers = /^GLIBC_(\d{1,4}(?:\.\d{1,4}){1,2})$/.exec(version)?.[1]
    return numbers === undefined ? [] : [numbers.split('.').map(Number)]
  })
  const order = (left: number[], right: number[]): number =>
    [0, 1, 2].map(index => (left[index] ?? 0) - (right[index] ?? 0)).find(difference => difference !== 0) ?? 0
  return parsed.sort(order).at(-1)?.join('.')
}
