// AppImage type 2: an ELF runtime with `AI\x02` at byte 8 and a squashfs behind it (AppImage specification, type 2 image format).
import { exactReader, fieldsOf, type Source, untilNul } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { foundOf } from './look.ts'
import { readProgram } from './programs.ts'
import { type Found, given, type Subject } from './report.ts'
import { openImage, seenIn, textIn } from './squashfs.ts'

/** Code: `inspect/bad-appimage`. */
export const readAppImageReport = async ({ source, digests }: Subject): Promise<Found> => {
  const runtime = await readProgram(source, 'elf')
  const { end, sections } = await readSections(source)
  if (end + 96 > source.sizeBytes) throw new FormatError('inspect/bad-appimage', 'the file ends where its image should begin', end)
  const image = await openImage(source, end)
  const desktop = (await textIn(image.squashfs, /^[^/]+\.desktop$/)) ?? ''
  const entry = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(desktop)?.[1]?.trim()
  const isSigned = (sections.get('.sha256_sig') ?? '') !== ''
  const found = foundOf('AppImage', await seenIn(image.squashfs, digests), {
    arch: runtime?.arch ?? null,
    version: entry('X-AppImage-Version') ?? null,
    signatures: isSigned ? ['pgp (.sha256_sig)'] : [],
    facts: given({
      name: entry('Name'),
      exec: entry('Exec'),
      updateInformation: sections.get('.upd_info') || undefined,
      imageOffset: end,
      ...image.facts,
    }),
  })
  return { ...found, facts: { ...found.facts, runtime: given({ arch: runtime?.arch, ...runtime?.facts }) } }
}

const wanted = ['.upd_info', '.sha256_sig']
const limitSectionBytes = 1 << 16

interface Sections {
  /** Where the ELF ends: behind its table of sections, where the image begins. */
  readonly end: number
  readonly sections: ReadonlyMap<string, string>
}

const readSections = async (source: Source): Promise<Sections> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const ident = await read(0, 64)
  const isLarge = ident[4] === 2
  const fields = fieldsOf(ident, ident[5] === 2 ? 'big' : 'little')
  const tableAt = isLarge ? fields.u64(40) : fields.u32(32)
  const [stride, count, namesIndex] = [58, 60, 62].map(at => fields.u16(isLarge ? at : at - 12)) as [number, number, number]
  const end = tableAt + stride * count
  const places = new Map<string, string>()
  if (stride !== (isLarge ? 64 : 40) || namesIndex >= count) return { end, sections: places }
  const table = fieldsOf(await read(tableAt, stride * count), ident[5] === 2 ? 'big' : 'little')
  const placeOf = (index: number): readonly [offset: number, sizeBytes: number] => {
    const at = index * stride
    return isLarge ? [table.u64(at + 24), table.u64(at + 32)] : [table.u32(at + 16), table.u32(at + 20)]
  }
  const text = async ([offset, sizeBytes]: readonly [number, number], from: number): Promise<string> =>
    String.fromCharCode(...untilNul((await read(offset, Math.min(sizeBytes, limitSectionBytes))).subarray(from)))
  for (let index = 0; index < count; index++) {
    const name = await text(placeOf(namesIndex), table.u32(index * stride))
    if (wanted.includes(name) && table.u32(index * stride + 4) !== 8) places.set(name, await text(placeOf(index), 0))
  }
  return { end, sections: places }
}
