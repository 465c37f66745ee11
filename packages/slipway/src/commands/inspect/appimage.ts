// AppImage: an ELF runtime with `AI` and its type at byte 8; behind it a squashfs (type 2), or all of it an ISO image (type 1; AppImage specification).
import { exactReader, fieldsOf, type Source, untilNul } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readElfSections, type Section } from '@slipway/formats/sections'
import { foundOf } from './look.ts'
import { readProgram } from './programs.ts'
import { type Found, given, type Subject } from './report.ts'
import { openImage, seenIn, textIn } from './squashfs.ts'

/** Code: `inspect/bad-appimage`. */
export const readAppImageReport = async (subject: Subject, type: 1 | 2): Promise<Found> =>
  type === 1 ? readFirstType(subject) : readSecondType(subject)

const readSecondType = async ({ source, digests }: Subject): Promise<Found> => {
  const runtime = await readProgram(source, 'elf')
  const end = await endOfElf(source)
  if (end + 96 > source.sizeBytes) throw new FormatError('inspect/bad-appimage', 'the file ends where its image should begin', end)
  const sections = await readElfSections(source)
  const image = await openImage(source, end)
  const desktop = (await textIn(image.squashfs, /^[^/]+\.desktop$/)) ?? ''
  const entry = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(desktop)?.[1]?.trim()
  const signature = await sectionText(source, sections, '.sha256_sig')
  const key = await sectionText(source, sections, '.sig_key')
  const found = foundOf('AppImage', await seenIn(image.squashfs, digests), {
    arch: runtime?.arch ?? null,
    version: entry('X-AppImage-Version') ?? null,
    signatures: signature === '' ? [] : [`pgp (.sha256_sig${key === '' ? '' : ', with its key'})`],
    facts: given({
      name: entry('Name'),
      exec: entry('Exec'),
      type: 2,
      updateInformation: (await sectionText(source, sections, '.upd_info')) || undefined,
      imageOffset: end,
      ...image.facts,
    }),
  })
  return { ...found, facts: { ...found.facts, runtime: given({ arch: runtime?.arch, ...runtime?.facts }) } }
}

/** Where the table of sections ends: there the image begins. */
const endOfElf = async (source: Source): Promise<number> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const ident = await read(0, 64)
  const fields = fieldsOf(ident, ident[5] === 2 ? 'big' : 'little')
  return ident[4] === 2 ? fields.u64(40) + fields.u16(58) * fields.u16(60) : fields.u32(32) + fields.u16(46) * fields.u16(48)
}

const limitSectionBytes = 1 << 16

/** Up to its first NUL; empty where the section is not there. */
const sectionText = async (source: Source, sections: readonly Section[], name: string): Promise<string> => {
  const read = exactReader(source, (message, offset) => new FormatError('elf/truncated', message, offset))
  const section = sections.find(one => one.name === name)
  if (section === undefined) return ''
  return new TextDecoder().decode(untilNul(await read(section.offset, Math.min(section.sizeBytes, limitSectionBytes))))
}

// ECMA-119 8.4: the first volume descriptor stands in sector 16; what its system may use begins at byte 883 of it.
const [descriptorAt, descriptorBytes, updateAt, updateBytes] = [16 * 2048, 2048, 883, 512]

const readFirstType = async ({ source }: Subject): Promise<Found> => {
  const runtime = await readProgram(source, 'elf')
  if (source.sizeBytes < descriptorAt + descriptorBytes)
    throw new FormatError('inspect/bad-appimage', 'the file ends where its image should begin', source.sizeBytes)
  const descriptor = await source.read(descriptorAt, descriptorBytes)
  const text = (at: number, lengthBytes: number): string =>
    new TextDecoder().decode(untilNul(descriptor.subarray(at, at + lengthBytes))).trim()
  if (text(1, 5) !== 'CD001') throw new FormatError('inspect/bad-appimage', 'there is no ISO image where type 1 has it', descriptorAt)
  return {
    format: 'AppImage (type 1)',
    arch: runtime?.arch ?? null,
    version: null,
    signatures: [],
    facts: given({
      type: 1,
      volume: text(40, 32) || undefined,
      updateInformation: text(updateAt, updateBytes) || undefined,
      unread: 'contents: an ISO image; 7z l lists them',
      runtime: given({ arch: runtime?.arch, ...runtime?.facts }),
    }),
    contents: [],
  }
}
