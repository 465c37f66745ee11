// Mach-O, thin and fat: architecture, signature, oldest system and libraries of each slice (Apple's mach-o/loader.h, fat.h).
import { decodeText, exactReader, type Fields, fieldsOf, type Source, untilNul } from './bytes.ts'
import type { Architecture } from './elf.ts'
import { FormatError } from './format-error.ts'
import { limitFatSlices } from './identify.ts'

export interface MachOSlice {
  readonly arch: Architecture
  readonly cpuType: number
  readonly cpuSubtype: number
  /** Of the slice in the file; 0 and the whole file when thin. */
  readonly offset: number
  readonly sizeBytes: number
  readonly bits: 32 | 64
  readonly fileType: 'object' | 'execute' | 'dylib' | 'bundle' | 'dylinker' | `other:${number}`
  readonly flags: number
  /** LC_CODE_SIGNATURE; the offset counts from the slice. */
  readonly signature: { readonly offset: number; readonly sizeBytes: number } | undefined
  /** Of LC_BUILD_VERSION: 1 macOS, 2 iOS, 6 Mac Catalyst; 1 for LC_VERSION_MIN_MACOSX. */
  readonly platform: number | undefined
  /** Such as `11.0` or `10.15.4`. */
  readonly minimumSystem: string | undefined
  readonly dylibs: readonly string[]
  readonly dylibId: string | undefined
  readonly rpaths: readonly string[]
}

export interface MachO {
  readonly isFat: boolean
  readonly slices: readonly MachOSlice[]
}

/** Reads the headers of every slice. Throws `macho/bad-magic`, `macho/truncated`, `macho/bad-header`, `macho/bad-fat`, `macho/bad-command`. */
export const readMachO = async (source: Source): Promise<MachO> => {
  if (source.sizeBytes < 4) throw new FormatError('macho/bad-magic', 'not a Mach-O file', 0)
  const read = exactReader(source, torn)
  const magic = fieldsOf(await read(0, 4), 'big').u32(0)
  if (magic !== fatMagic && magic !== fatMagic64)
    return { isFat: false, slices: [await readSlice(source, { offset: 0, sizeBytes: source.sizeBytes })] }
  const places = await readFat(source, magic === fatMagic64)
  const slices: MachOSlice[] = []
  for (const place of places) {
    const slice = await readSlice(source, place)
    if (slice.cpuType !== place.cpuType)
      throw new FormatError('macho/bad-fat', 'a slice is not of the architecture announced', place.offset)
    slices.push(slice)
  }
  return { isFat: true, slices }
}

/** Where each slice lies and its architecture, by the first bytes alone. Throws `macho/bad-magic`, `macho/truncated`, `macho/bad-fat`. */
export const machOPlaces = async (
  source: Source,
): Promise<readonly { readonly offset: number; readonly sizeBytes: number; readonly arch: Architecture }[]> => {
  const magic = fieldsOf(await exactReader(source, torn)(0, 4), 'big').u32(0)
  if (magic === fatMagic || magic === fatMagic64)
    return (await readFat(source, magic === fatMagic64)).map(({ cpuType, ...place }) => ({ ...place, arch: architectureOf(cpuType) }))
  const known = magics[magic]
  if (known === undefined) throw new FormatError('macho/bad-magic', 'not a Mach-O file', 0)
  const cpuType = fieldsOf(await exactReader(source, torn)(0, 8), known.order).u32(4)
  return [{ offset: 0, sizeBytes: source.sizeBytes, arch: architectureOf(cpuType) }]
}

const torn = (message: string, offset: number): FormatError => new FormatError('macho/truncated', message, offset)

const fatMagic = 0xcafebabe
const fatMagic64 = 0xcafebabf

interface Place {
  readonly offset: number
  readonly sizeBytes: number
}

const readFat = async (source: Source, isLarge: boolean): Promise<readonly (Place & { readonly cpuType: number })[]> => {
  const read = exactReader(source, torn)
  const count = fieldsOf(await read(0, 8), 'big').u32(4)
  if (count === 0 || count > limitFatSlices) throw new FormatError('macho/bad-fat', `${count} slices: not a fat Mach-O file`, 4)
  const stride = isLarge ? 32 : 20
  const fields = fieldsOf(await read(8, count * stride), 'big')
  const places = Array.from({ length: count }, (_, index) => {
    const at = index * stride
    const place = isLarge
      ? { offset: fields.u64(at + 8), sizeBytes: fields.u64(at + 16) }
      : { offset: fields.u32(at + 8), sizeBytes: fields.u32(at + 12) }
    return { cpuType: fields.u32(at), ...place }
  })
  let end = 8 + count * stride
  for (const place of [...places].sort((left, right) => left.offset - right.offset)) {
    if (place.offset < end) throw new FormatError('macho/bad-fat', 'two slices overlap', place.offset)
    end = place.offset + place.sizeBytes
    if (end > source.sizeBytes) throw new FormatError('macho/bad-fat', 'a slice reaches beyond the file', place.offset)
  }
  return places
}

const fileTypes: Readonly<Record<number, MachOSlice['fileType']>> = { 1: 'object', 2: 'execute', 6: 'dylib', 7: 'dylinker', 8: 'bundle' }

const readSlice = async (source: Source, place: Place): Promise<MachOSlice> => {
  const inside: Source = { sizeBytes: place.sizeBytes, read: (offset, length) => source.read(place.offset + offset, length) }
  const read = exactReader(inside, torn)
  const magic = fieldsOf(await read(0, 4), 'big').u32(0)
  const known = magics[magic]
  if (known === undefined) throw new FormatError('macho/bad-magic', 'not a Mach-O file', place.offset)
  const header = fieldsOf(await read(0, known.headerBytes), known.order)
  const commandsBytes = header.u32(20)
  if (commandsBytes > 1 << 24) throw new FormatError('macho/bad-header', `${commandsBytes} bytes of load commands`, place.offset + 20)
  const commands = readCommands(await read(known.headerBytes, commandsBytes), {
    order: known.order,
    count: header.u32(16),
    offset: place.offset + known.headerBytes,
  })
  const cpuType = header.u32(4)
  return {
    arch: architectureOf(cpuType),
    cpuType,
    cpuSubtype: header.u32(8) & 0x00ffffff,
    offset: place.offset,
    sizeBytes: place.sizeBytes,
    bits: known.headerBytes === 32 ? 64 : 32,
    fileType: fileTypes[header.u32(12)] ?? `other:${header.u32(12)}`,
    flags: header.u32(24),
    ...describeCommands(commands, place),
  }
}

const magics: Readonly<Record<number, { readonly order: 'little' | 'big'; readonly headerBytes: number }>> = {
  0xcefaedfe: { order: 'little', headerBytes: 28 },
  0xcffaedfe: { order: 'little', headerBytes: 32 },
  0xfeedface: { order: 'big', headerBytes: 28 },
  0xfeedfacf: { order: 'big', headerBytes: 32 },
}

const archs: Readonly<Record<number, Architecture>> = { 0x01000007: 'x64', 0x0100000c: 'arm64', 7: 'x86', 12: 'armv7' }

/** Of a cpu_type_t (mach/machine.h). */
export const architectureOf = (cpuType: number): Architecture => archs[cpuType] ?? `other:${cpuType}`

interface Command {
  readonly id: number
  readonly fields: Fields
  readonly bytes: Uint8Array
  readonly offset: number
}

interface CommandPlace {
  readonly order: 'little' | 'big'
  readonly count: number
  readonly offset: number
}

const readCommands = (bytes: Uint8Array, { order, count, offset }: CommandPlace): readonly Command[] => {
  const fields = fieldsOf(bytes, order)
  const commands: Command[] = []
  let at = 0
  for (let index = 0; index < count; index++) {
    const sizeBytes = at + 8 <= bytes.length ? fields.u32(at + 4) : 0
    if (sizeBytes < 8 || sizeBytes % 4 !== 0 || at + sizeBytes > bytes.length) {
      throw new FormatError('macho/bad-command', `load command ${index} does not fit`, offset + at)
    }
    const command = bytes.subarray(at, at + sizeBytes)
    commands.push({ id: fields.u32(at), fields: fieldsOf(command, order), bytes: command, offset: offset + at })
    at += sizeBytes
  }
  if (at !== bytes.length) throw new FormatError('macho/bad-command', 'bytes follow the last load command', offset + at)
  return commands
}

const commandSignature = 0x1d
const commandBuildVersion = 0x32
const commandMinimumMacos = 0x24
const commandDylibId = 0x0d
const commandRpath = 0x8000001c
/** Load, weak, re-export, lazy and upward. */
const commandsDylib = [0x0c, 0x80000018, 0x8000001f, 0x20, 0x80000023]

type Described = Pick<MachOSlice, 'signature' | 'platform' | 'minimumSystem' | 'dylibs' | 'dylibId' | 'rpaths'>

const describeCommands = (commands: readonly Command[], place: Place): Described => {
  const only = (id: number): Command | undefined => {
    const found = commands.filter(command => command.id === id)
    if (found.length <= 1) return found[0]
    throw new FormatError('macho/bad-command', `two load commands ${id}, where one is allowed`, found[1]?.offset)
  }
  // A library for zippered macOS and Catalyst has two build versions; macOS (1) is what counts here.
  const builds = commands.filter(command => command.id === commandBuildVersion)
  const build = builds.find(command => command.fields.u32(8) === 1) ?? builds[0]
  const minimum = only(commandMinimumMacos)
  const id = only(commandDylibId)
  return {
    signature: readSignature(only(commandSignature), place),
    platform: build?.fields.u32(8) ?? (minimum === undefined ? undefined : 1),
    minimumSystem: build !== undefined ? version(build.fields.u32(12)) : minimum === undefined ? undefined : version(minimum.fields.u32(8)),
    dylibs: commands.filter(command => commandsDylib.includes(command.id)).map(stringOf),
    dylibId: id === undefined ? undefined : stringOf(id),
    rpaths: commands.filter(command => command.id === commandRpath).map(stringOf),
  }
}

const readSignature = (command: Command | undefined, place: Place): MachOSlice['signature'] => {
  if (command === undefined) return undefined
  const signature = { offset: command.fields.u32(8), sizeBytes: command.fields.u32(12) }
  if (signature.offset + signature.sizeBytes <= place.sizeBytes) return signature
  throw new FormatError('macho/bad-command', 'the signature reaches beyond its slice', command.offset)
}

/** A version in nibbles, xxxx.yy.zz. */
const version = (packed: number): string => {
  const [major, minor, patch] = [packed >>> 16, (packed >>> 8) & 0xff, packed & 0xff]
  return patch === 0 ? `${major}.${minor}` : `${major}.${minor}.${patch}`
}

/** A command's string: at a distance from its start, up to a NUL or its end. */
const stringOf = (command: Command): string => {
  const start = command.fields.u32(8)
  if (start < 12 || start >= command.bytes.length)
    throw new FormatError('macho/bad-command', 'a string lies outside of its command', command.offset)
  try {
    return decodeText(untilNul(command.bytes.subarray(start)))
  } catch {
    throw new FormatError('macho/bad-command', 'a string is not UTF-8', command.offset)
  }
}
