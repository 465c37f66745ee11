// resources.pri, the frame (MRM files of Windows 10, "mrm_pri2"): header, table of sections, sections between two sizes, trailer.
import { concat, encodeText, equalBytes, fieldsOf, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

/** What MakePri writes for Windows 10, and every Windows since reads. */
export const priMagic = 'mrm_pri2'

/** All have 16 characters; the last of some is a zero. */
export const sectionTypes = {
  descriptor: '[mrm_pridescex]\0',
  schema: '[mrm_hschemaex] ',
  names: '[def_hnamesx]  \0',
  decisions: '[mrm_decn_info]\0',
  map: '[mrm_res_map2_]\0',
  data: '[mrm_dataitem] \0',
} as const

export interface PriSection {
  readonly type: string
  /** Without its header and trailer; eight bytes are the step. */
  readonly content: Uint8Array
}

/** Stands for "none" among section indices. */
export const noSection = 0xffff

const headBytes = 32
const entryBytes = 32
const trailBytes = 16
const sectionHeadBytes = 32
const sectionTrailBytes = 8
const sectionEnd = 0xdef5fade
const fileEnd = 0xdefffade
const limitSections = 0x7fff

/** Padded with zeros to a multiple of `step`. */
export const padded = (bytes: Uint8Array, step: number): Uint8Array => {
  const more = (step - (bytes.length % step)) % step
  return more === 0 ? bytes : concat([bytes, new Uint8Array(more)])
}

/** UTF-16 with a zero at the end. */
export const wide = (text: string): Uint8Array =>
  packLittle([...Array.from({ length: text.length }, (_, at) => [2, text.charCodeAt(at)] as const), [2, 0]])

export const writeSections = (sections: readonly PriSection[]): Uint8Array => {
  const bodies = sections.map(sectionOf)
  const dataAt = headBytes + entryBytes * sections.length
  const totalBytes = dataAt + bodies.reduce((sum, body) => sum + body.length, 0) + trailBytes
  const head = packLittle([
    [2, 0],
    [2, 1],
    [4, totalBytes],
    [4, headBytes],
    [4, dataAt],
    [2, sections.length],
    [2, noSection],
    [4, 0],
  ])
  let offset = 0
  const entries = sections.map(({ type }, index) => {
    const sizeBytes = bodies[index]?.length ?? 0
    const place = packLittle([
      [4, 0],
      [4, 0],
      [4, offset],
      [4, sizeBytes],
    ])
    offset += sizeBytes
    return concat([encodeText(type), place])
  })
  const trail = packLittle([
    [4, fileEnd],
    [4, totalBytes],
  ])
  return concat([encodeText(priMagic), head, ...entries, ...bodies, trail, encodeText(priMagic)])
}

const sectionOf = ({ type, content }: PriSection): Uint8Array => {
  const body = padded(content, 8)
  const sizeBytes = sectionHeadBytes + body.length + sectionTrailBytes
  const head = packLittle([
    [4, 0],
    [4, 0],
    [4, sizeBytes],
    [4, 0],
  ])
  const trail = packLittle([
    [4, sectionEnd],
    [4, sizeBytes],
  ])
  return concat([encodeText(type), head, body, trail])
}

/** Throws `pri/bad-magic`, `pri/bad-section`. */
export const readSections = (bytes: Uint8Array): readonly PriSection[] => {
  const magic = String.fromCharCode(...bytes.subarray(0, 8))
  if (!/^mrm_pri[23]$/.test(magic)) throw new FormatError('pri/bad-magic', 'this is no resource index of Windows 10', 0)
  const bad = (message: string, offset: number): never => {
    throw new FormatError('pri/bad-section', message, offset)
  }
  if (bytes.length < headBytes + trailBytes) bad('the file ends in its header', bytes.length)
  const fields = fieldsOf(bytes, 'little')
  const [totalBytes, tableAt, dataAt, count] = [fields.u32(12), fields.u32(16), fields.u32(20), fields.u16(24)]
  const end = bytes.length - trailBytes
  if (totalBytes !== bytes.length || fields.u32(end) !== fileEnd || fields.u32(end + 4) !== totalBytes)
    bad('its sizes do not agree with its end', end)
  if (!equalBytes(bytes.subarray(0, 8), bytes.subarray(end + 8))) bad('it ends as another format than it begins', end + 8)
  if (count > limitSections || tableAt + count * entryBytes > end) bad(`a table of ${count} sections`, 24)
  return Array.from({ length: count }, (_, index) => {
    const entry = tableAt + index * entryBytes
    const [start, sizeBytes] = [dataAt + fields.u32(entry + 24), fields.u32(entry + 28)]
    const last = start + sizeBytes - sectionTrailBytes
    if (sizeBytes < sectionHeadBytes + sectionTrailBytes || last + sectionTrailBytes > end || sizeBytes % 8 !== 0)
      bad(`section ${index} has ${sizeBytes} bytes`, entry)
    const isWhole = fields.u32(start + 24) === sizeBytes && fields.u32(last) === sectionEnd && fields.u32(last + 4) === sizeBytes
    if (!isWhole || !equalBytes(bytes.subarray(entry, entry + 16), bytes.subarray(start, start + 16)))
      bad(`section ${index} is not what the table says`, start)
    return { type: String.fromCharCode(...bytes.subarray(start, start + 16)), content: bytes.subarray(start + sectionHeadBytes, last) }
  })
}
