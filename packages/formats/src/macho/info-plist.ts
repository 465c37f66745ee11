// Mach-O: the property list that programs without a bundle carry in the section `__TEXT,__info_plist`.
import { exactReader, fieldsOf, type Source, untilNul } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { MachOSlice } from '../macho.ts'
import { insideOf } from './fat.ts'

const limitPlistBytes = 1 << 20

/** As text; undefined where there is none. Throws `macho/truncated` and `macho/bad-command`. */
export const readInfoPlist = async (source: Source, slice: MachOSlice): Promise<string | undefined> => {
  if (slice.bits !== 64) return undefined
  const inside = insideOf(source, slice.offset, slice.sizeBytes)
  const read = exactReader(inside, (message, offset) => new FormatError('macho/truncated', message, slice.offset + offset))
  const header = fieldsOf(await read(0, 32), 'little')
  if (header.u32(0) !== 0xfeedfacf) return undefined
  const bytes = await read(32, header.u32(20))
  const fields = fieldsOf(bytes, 'little')
  for (let at = 0; at + 8 <= bytes.length; at += Math.max(8, fields.u32(at + 4))) {
    if (fields.u32(at) !== 0x19) continue
    for (let section = 0; section < fields.u32(at + 64); section++) {
      const place = at + 72 + section * 80
      if (place + 80 > at + fields.u32(at + 4)) throw new FormatError('macho/bad-command', 'a section does not fit', slice.offset + 32 + at)
      const name = String.fromCharCode(...untilNul(bytes.subarray(place, place + 16)))
      if (name !== '__info_plist') continue
      const sizeBytes = fields.u64(place + 40)
      if (sizeBytes > limitPlistBytes)
        throw new FormatError('macho/bad-command', `a property list of ${sizeBytes} bytes`, slice.offset + 32 + at)
      return new TextDecoder().decode(untilNul(await read(fields.u32(place + 48), sizeBytes)))
    }
  }
  return undefined
}
