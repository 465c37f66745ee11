// For the tests of the readers of programs: small ELF, PE and Mach-O files, built field by field.
import { concat, encodeText, packLittle } from '../bytes.ts'

interface TinyElf {
  readonly type?: number
  readonly machine?: number
  readonly interpreter?: string
  readonly needed?: readonly string[]
  readonly soname?: string
  readonly versions?: readonly string[]
  readonly pie?: boolean
}

/** A 64-bit little-endian ELF: header, three segments, then strings, versions and the dynamic section at their addresses. */
export const tinyElf = ({
  type = 3,
  machine = 62,
  interpreter = '',
  needed = [],
  soname = '',
  versions = [],
  pie = false,
}: TinyElf): Uint8Array => {
  const texts = ['', ...needed, soname, ...versions]
  const strings = encodeText(texts.map(text => `${text}\0`).join(''))
  const indexOf = (text: string): number => encodeText(`${texts.slice(0, texts.indexOf(text)).join('\0')}\0`).length
  const interpreterAt = 64 + 3 * 56
  const stringsAt = interpreterAt + interpreter.length + 1
  const versionsAt = stringsAt + strings.length
  const versionBytes = concat([
    packLittle([
      [2, 1],
      [2, versions.length],
      [4, indexOf(needed.at(-1) ?? '')],
      [4, 16],
      [4, 0],
    ]),
    ...versions.map((version, index) =>
      packLittle([
        [4, 0],
        [2, 0],
        [2, 0],
        [4, indexOf(version)],
        [4, index + 1 < versions.length ? 16 : 0],
      ]),
    ),
  ])
  const dynamicAt = versionsAt + versionBytes.length
  const base = 0x400000
  const items: [number, number][] = [
    ...needed.map((library): [number, number] => [1, indexOf(library)]),
    ...(soname === '' ? [] : [[14, indexOf(soname)] as [number, number]]),
    [5, base + stringsAt],
    [10, strings.length],
    ...(versions.length === 0
      ? []
      : ([
          [0x6ffffffe, base + versionsAt],
          [0x6fffffff, 1],
        ] as [number, number][])),
    ...(pie ? ([[0x6ffffffb, 0x08000000]] as [number, number][]) : []),
    [0, 0],
  ]
  const dynamic = concat(
    items.map(([tag, value]) =>
      packLittle([
        [8, tag],
        [8, value],
      ]),
    ),
  )
  const whole = dynamicAt + dynamic.length
  const segment = (kind: number, at: number, size: number): Uint8Array =>
    packLittle([
      [4, kind],
      [4, 4],
      [8, at],
      [8, base + at],
      [8, base + at],
      [8, size],
      [8, size],
      [8, 1],
    ])
  return concat([
    Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    packLittle([
      [2, type],
      [2, machine],
      [4, 1],
      [8, 0],
      [8, 64],
      [8, 0],
      [4, 0],
      [2, 64],
      [2, 56],
      [2, 3],
      [2, 0],
      [2, 0],
      [2, 0],
    ]),
    segment(1, 0, whole),
    interpreter === '' ? segment(0, 0, 0) : segment(3, interpreterAt, interpreter.length + 1),
    segment(2, dynamicAt, dynamic.length),
    encodeText(`${interpreter}\0`),
    strings,
    versionBytes,
    dynamic,
  ])
}

interface TinyPe {
  readonly machine?: number
  readonly bits?: 32 | 64
  readonly dll?: boolean
  readonly certificates?: readonly [offset: number, sizeBytes: number]
  readonly directories?: number
}

/** MS-DOS header, PE header at 64, one section of 512 bytes at 512, then room for certificates at 1024. */
export const tinyPe = ({ machine = 0x8664, bits = 64, dll = false, certificates = [0, 0], directories = 16 }: TinyPe): Uint8Array => {
  const fixedBytes = bits === 64 ? 112 : 96
  const bytes = new Uint8Array(1024 + certificates[1])
  bytes.set([0x4d, 0x5a])
  bytes.set(packLittle([[4, 64]]), 60)
  bytes.set(
    packLittle([
      [4, 0x4550],
      [2, machine],
      [2, 1],
      [4, 0],
      [4, 0],
      [4, 0],
      [2, fixedBytes + 128],
      [2, dll ? 0x2022 : 0x22],
    ]),
    64,
  )
  bytes.set(packLittle([[2, bits === 64 ? 0x20b : 0x10b]]), 88)
  bytes.set(packLittle([[2, 3]]), 88 + 68)
  bytes.set(packLittle([[4, directories]]), 88 + fixedBytes - 4)
  bytes.set(
    packLittle([
      [4, certificates[0]],
      [4, certificates[1]],
    ]),
    88 + fixedBytes + 32,
  )
  bytes.set(
    packLittle([
      [4, 512],
      [4, 512],
    ]),
    88 + fixedBytes + 128 + 16,
  )
  return bytes
}

/** `tinyPe` with alignments, sizes and a checksum, as a linker writes them; `words` change the optional header. */
export const linkedPe = ({
  bits = 64,
  behind = '',
  words = {},
}: { readonly bits?: 32 | 64; readonly behind?: string; readonly words?: Readonly<Record<number, number>> } = {}): Uint8Array => {
  const bytes = concat([tinyPe({ bits, ...(bits === 32 ? { machine: 0x14c } : {}) }), encodeText(behind)])
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const section = 88 + (bits === 64 ? 112 : 96) + 128
  for (const [at, value] of Object.entries({ 32: 4096, 36: 512, 56: 8192, 60: 512, 64: 1, ...words }))
    view.setUint32(88 + Number(at), value, true)
  for (const [at, value] of [
    [8, 512],
    [12, 4096],
  ] as const)
    view.setUint32(section + at, value, true)
  return bytes
}

export const command = (id: number, ...body: readonly Uint8Array[]): Uint8Array => {
  const bytes = concat(body)
  return concat([
    packLittle([
      [4, id],
      [4, 8 + bytes.length],
    ]),
    bytes,
  ])
}
export const machText = (value: string, room: number, at: number): Uint8Array =>
  concat([packLittle([[4, at]]), new Uint8Array(at - 12), encodeText(value.padEnd(room, '\0'))])

/** A 64-bit Mach-O program with a signature of 16 bytes at its end. */
export const tinyMachO = (cpuType: number, more: readonly Uint8Array[] = []): Uint8Array => {
  const commands = [
    command(
      0x32,
      packLittle([
        [4, 1],
        [4, 0x000b0000],
        [4, 0x000e0400],
        [4, 0],
      ]),
    ),
    command(0x0c, machText('/usr/lib/libSystem.B.dylib', 32, 24)),
    command(0x80000018, machText('@rpath/x', 16, 24)),
    command(0x8000001c, machText('@loader_path', 16, 12)),
    ...more,
  ]
  const commandBytes = commands.reduce((sum, one) => sum + one.length, 16)
  const signatureAt = 32 + commandBytes
  const signature = command(
    0x1d,
    packLittle([
      [4, signatureAt],
      [4, 16],
    ]),
  )
  const header = packLittle([
    [4, 0xfeedfacf],
    [4, cpuType],
    [4, 0x80000003],
    [4, 2],
    [4, commands.length + 1],
    [4, commandBytes],
    [4, 0x85],
    [4, 0],
  ])
  return concat([header, ...commands, signature, new Uint8Array(16)])
}

interface MachOShape {
  readonly cpu?: number
  readonly type?: number
  readonly room?: number
  readonly contentBytes?: number
  readonly behind?: number
}
const segment = (name: string, [address, memory, offset, bytes]: readonly [number, number, number, number]) =>
  command(
    0x19,
    encodeText(name.padEnd(16, '\0')),
    packLittle([
      [8, address],
      [8, memory],
      [8, offset],
      [8, bytes],
      [4, 7],
      [4, 5],
      [4, 0],
      [4, 0],
    ]),
  )
/** `__TEXT` from the start, `__LINKEDIT` behind it; `room` bytes free behind the load commands. */
export const unsignedMachO = ({ cpu = cpuArm64, type = 2, room = 64, contentBytes = 9001, behind = 0 }: MachOShape = {}): Uint8Array => {
  const textBytes = 32 + 2 * 72 + room
  const commands = [
    segment('__TEXT', [2 ** 32, 16384, 0, textBytes]),
    segment('__LINKEDIT', [2 ** 32 + 16384, 16384, textBytes, contentBytes]),
  ]
  const header = packLittle([0xfeedfacf, cpu, 0, type, 2, 2 * 72, 0x85, 0].map(value => [4, value] as const))
  return concat([
    header,
    ...commands,
    new Uint8Array(room),
    Uint8Array.from({ length: contentBytes }, (_, at) => at * 7),
    new Uint8Array(behind).fill(1),
  ])
}

export const fat = (slices: readonly (readonly [cpuType: number, bytes: Uint8Array])[]): Uint8Array => {
  const big = (...values: number[]): Uint8Array => {
    const bytes = new Uint8Array(values.length * 4)
    values.forEach((value, index) => new DataView(bytes.buffer).setUint32(index * 4, value))
    return bytes
  }
  let offset = 4096
  const places = slices.map(([cpuType, bytes]) => {
    const place = big(cpuType, 3, offset, bytes.length, 12)
    offset += 4096
    return place
  })
  const whole = new Uint8Array(offset)
  whole.set(concat([big(0xcafebabe, slices.length), ...places]))
  slices.forEach(([, bytes], index) => whole.set(bytes, 4096 * (index + 1)))
  return whole
}

export const [cpuX64, cpuArm64] = [0x01000007, 0x0100000c]
