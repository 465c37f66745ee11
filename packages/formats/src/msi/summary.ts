// The summary information of an installation package: one property set of texts and numbers (MS-OLEPS, Windows Installer "Summary Property Descriptions").
import { concat, encodeText, fieldsOf, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { guidBytes } from '../guid.ts'
import { decoderOf } from './strings.ts'

export interface Summary {
  readonly title: string
  readonly subject: string
  readonly author: string
  readonly keywords: string
  readonly comments: string
  /** Architecture and languages, as `x64;1033`. */
  readonly template: string
  /** The package code, which no two different packages share. */
  readonly packageCode: string
  /** Seconds since 1970. */
  readonly date: number
  /** Installer version that it needs: 200 or 500. */
  readonly schema: number
  /** 2: files are compressed; 8: needs no elevation. */
  readonly sourceBits: number
  readonly program: string
}

const formatId = '{F29F85E0-4FF9-1068-AB91-08002B27B3D9}'
const ids = { codePage: 1, title: 2, subject: 3, author: 4, keywords: 5, comments: 6, template: 7, packageCode: 9 } as const
const [createdId, savedId, schemaId, sourceId, programId, securityId] = [12, 13, 14, 15, 18, 19]
const [shortType, longType, textType, timeType] = [2, 3, 30, 64]

/** Windows-1252 where that has every letter, else UTF-8. */
export const writeSummary = (summary: Summary): Uint8Array => {
  const texts = [summary.title, summary.subject, summary.author, summary.keywords, summary.comments, summary.program]
  const isLatin = texts.every(text => /^[\x20-\x7e\xa0-\xff]*$/.test(text))
  const text = (value: string): Uint8Array => {
    const bytes = isLatin ? Uint8Array.from(value, letter => letter.charCodeAt(0)) : encodeText(value)
    const padded = new Uint8Array(8 + Math.ceil((bytes.length + 1) / 4) * 4)
    padded.set(
      packLittle([
        [4, textType],
        [4, bytes.length + 1],
      ]),
    )
    padded.set(bytes, 8)
    return padded
  }
  // 100 ns since 1601.
  const time = (BigInt(summary.date) + 11_644_473_600n) * 10_000_000n
  const moment = packLittle([
    [4, timeType],
    [4, Number(time & 0xffffffffn)],
    [4, Number(time >> 32n)],
  ])
  const long = (value: number): Uint8Array =>
    packLittle([
      [4, longType],
      [4, value],
    ])
  return propertySet([
    [
      ids.codePage,
      packLittle([
        [4, shortType],
        [4, isLatin ? 1252 : 65_001],
      ]),
    ],
    [ids.title, text(summary.title)],
    [ids.subject, text(summary.subject)],
    [ids.author, text(summary.author)],
    [ids.keywords, text(summary.keywords)],
    [ids.comments, text(summary.comments)],
    [ids.template, text(summary.template)],
    [ids.packageCode, text(summary.packageCode)],
    [createdId, moment],
    [savedId, moment],
    [schemaId, long(summary.schema)],
    [sourceId, long(summary.sourceBits)],
    [programId, text(summary.program)],
    [securityId, long(2)],
  ])
}

const propertySet = (properties: readonly (readonly [id: number, value: Uint8Array])[]): Uint8Array => {
  const table: Uint8Array[] = []
  let offset = 8 + 8 * properties.length
  for (const [id, value] of properties) {
    table.push(
      packLittle([
        [4, id],
        [4, offset],
      ]),
    )
    offset += value.length
  }
  return concat([
    packLittle([
      [2, 0xfffe],
      [2, 0],
      [4, 0x00020006],
    ]),
    new Uint8Array(16),
    packLittle([[4, 1]]),
    guidBytes(formatId),
    packLittle([
      [4, 48],
      [4, offset],
      [4, properties.length],
    ]),
    ...table,
    ...properties.map(([, value]) => value),
  ])
}

/** Texts and numbers by their property; dates are left out. Throws `msi/bad-summary`. */
export const readSummary = (bytes: Uint8Array): Readonly<Record<string, string | number>> => {
  const bad = (why: string): FormatError => new FormatError('msi/bad-summary', `the summary information is damaged: ${why}`)
  if (bytes.length < 48) throw bad(`it has ${bytes.length} bytes`)
  const fields = fieldsOf(bytes, 'little')
  const start = fields.u32(44)
  if (fields.u16(0) !== 0xfffe || start + 8 > bytes.length) throw bad('it has no section')
  const count = fields.u32(start + 4)
  if (count > 64 || start + 8 + 8 * count > bytes.length) throw bad(`${count} properties`)
  const places = Array.from(
    { length: count },
    (_, index) => [fields.u32(start + 8 + 8 * index), start + fields.u32(start + 12 + 8 * index)] as const,
  )
  const valueAt = (at: number): number => {
    if (at + 8 > bytes.length) throw bad(`a property at ${at}`)
    return fields.u32(at + 4)
  }
  const codePageAt = places.find(([id]) => id === ids.codePage)?.[1]
  const decode = decoderOf(codePageAt === undefined ? 1252 : valueAt(codePageAt) & 0xffff)
  const found: Record<string, string | number> = {}
  for (const [id, at] of places) {
    const name = names[id]
    if (name === undefined) continue
    const value = valueAt(at)
    if (fields.u32(at) !== textType) found[name] = value
    else if (at + 8 + value > bytes.length) throw bad(`a text of ${value} bytes`)
    else found[name] = decode(bytes.subarray(at + 8, at + 8 + value)).replace(/\0[\s\S]*$/, '')
  }
  return found
}

const names: Readonly<Record<number, string>> = {
  [ids.title]: 'title',
  [ids.subject]: 'subject',
  [ids.author]: 'author',
  [ids.keywords]: 'keywords',
  [ids.comments]: 'comments',
  [ids.template]: 'template',
  [ids.packageCode]: 'packageCode',
  [schemaId]: 'schema',
  [sourceId]: 'sourceBits',
  [programId]: 'program',
  [securityId]: 'security',
}
