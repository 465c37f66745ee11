// Mach-O: joining thin files to a universal one, and taking it apart (Apple's mach-o/fat.h).
import { fieldsOf, type Source, streamRange } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { limitFatSlices } from '../identify.ts'
import { readMachO } from '../macho.ts'
import type { FileBytes } from './layout.ts'

export interface ThinFile extends FileBytes {
  readonly cpuType: number
  /** As in its header, capability bits included. */
  readonly cpuSubtype: number
}

/** A slice as a file of its own. */
export interface ThinSource extends Source {
  readonly cpuType: number
  readonly cpuSubtype: number
}

/** Every slice begins at a multiple of it: the page size of arm64, as Apple's tools align. */
const alignment = 14

/**
 * One universal file of thin ones, in their order. Throws `macho/bad-fat` (none, too many, or one architecture twice) and
 * `macho/too-large` (a slice reaches beyond 4 GiB, which the loader does not read).
 */
export const joinMachO = (slices: readonly ThinFile[]): FileBytes => {
  if (slices.length === 0 || slices.length > limitFatSlices) throw new FormatError('macho/bad-fat', `${slices.length} slices`)
  const names = slices.map(({ cpuType, cpuSubtype }) => `${cpuType}/${cpuSubtype & 0x00ffffff}`)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new FormatError('macho/bad-fat', `two slices of one architecture (${twice})`)
  const header = new Uint8Array(8 + slices.length * 20)
  const view = new DataView(header.buffer)
  view.setUint32(0, 0xcafebabe)
  view.setUint32(4, slices.length)
  let end = header.length
  const offsets = slices.map(({ cpuType, cpuSubtype, sizeBytes }, index) => {
    const offset = Math.ceil(end / 2 ** alignment) * 2 ** alignment
    end = offset + sizeBytes
    if (end > 0xffffffff) throw new FormatError('macho/too-large', `a universal file of ${end} bytes; its limit is 4 GiB`)
    for (const [field, value] of [cpuType, cpuSubtype, offset, sizeBytes, alignment].entries())
      view.setUint32(8 + index * 20 + field * 4, value)
    return offset
  })
  return { sizeBytes: end, chunks: () => joined(header, slices, offsets) }
}

async function* joined(header: Uint8Array, slices: readonly ThinFile[], offsets: readonly number[]): AsyncGenerator<Uint8Array> {
  yield header
  let end = header.length
  for (const [index, slice] of slices.entries()) {
    const offset = offsets[index] ?? end
    yield new Uint8Array(offset - end)
    end = offset
    for await (const chunk of slice.chunks()) {
      end += chunk.length
      yield chunk
    }
    if (end - offset !== slice.sizeBytes)
      throw new FormatError('macho/size-changed', `slice ${index} gave ${end - offset} bytes where ${slice.sizeBytes} were announced`)
  }
}

/** The slices of a universal file, or the one of a thin file. Throws what `readMachO` throws. */
export const splitMachO = async (source: Source): Promise<readonly ThinSource[]> => {
  const { slices } = await readMachO(source)
  return Promise.all(
    slices.map(async ({ cpuType, offset, sizeBytes }) => {
      const inside = insideOf(source, offset, sizeBytes)
      return { ...inside, cpuType, cpuSubtype: fieldsOf(await inside.read(0, 12), 'little').u32(8) }
    }),
  )
}

/** A thin source as it is, for joining. */
export const asThinFile = (source: ThinSource): ThinFile => ({
  cpuType: source.cpuType,
  cpuSubtype: source.cpuSubtype,
  sizeBytes: source.sizeBytes,
  chunks: () => streamRange((offset, length) => source.read(offset, length), { offset: 0, sizeBytes: source.sizeBytes }),
})

/** A view of a part; it never reads beyond. */
export const insideOf = (source: Source, offset: number, sizeBytes: number): Source => ({
  sizeBytes,
  read: (at, length) => source.read(offset + at, Math.max(0, Math.min(length, sizeBytes - at))),
})
