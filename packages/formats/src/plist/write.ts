// Property lists as XML (plist(5), PropertyList-1.0.dtd): tabs, keys in the order given, no clock; the same text each time.
import { encodeBase64 } from '../base64.ts'
import { FormatError } from '../format-error.ts'
import { isDict, type PlistValue } from './value.ts'

/** Throws `plist/bad-value` for what XML has no form for: control characters, NaN, references. */
export const writePlist = (value: PlistValue): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...linesOf(value, ''),
    '</plist>',
    '',
  ].join('\n')

const linesOf = (value: PlistValue, indent: string): readonly string[] => {
  const line = (text: string): readonly string[] => [`${indent}${text}`]
  if (typeof value === 'string') return line(`<string>${escaped(value)}</string>`)
  if (typeof value === 'boolean') return line(value ? '<true/>' : '<false/>')
  if (typeof value === 'bigint') return line(`<integer>${value}</integer>`)
  if (typeof value === 'number') return line(Number.isSafeInteger(value) ? `<integer>${value}</integer>` : realOf(value))
  if (value instanceof Date) return line(`<date>${dateOf(value)}</date>`)
  if (value instanceof Uint8Array) return [`${indent}<data>`, ...dataLines(value, indent), `${indent}</data>`]
  if (isDict(value)) {
    const members = Object.entries(value)
    if (members.length === 0) return line('<dict/>')
    const inside = members.flatMap(([key, member]) => [`${indent}\t<key>${escaped(key)}</key>`, ...linesOf(member, `${indent}\t`)])
    return [`${indent}<dict>`, ...inside, `${indent}</dict>`]
  }
  if ('real' in value) return line(realOf(value.real))
  if ('uid' in value) throw new FormatError('plist/bad-value', 'a reference has no form in XML')
  if (value.length === 0) return line('<array/>')
  return [`${indent}<array>`, ...value.flatMap(one => linesOf(one, `${indent}\t`)), `${indent}</array>`]
}

const escaped = (text: string): string => {
  if (!text.isWellFormed() || /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text))
    throw new FormatError('plist/bad-value', `${JSON.stringify(text)} holds a character that XML cannot`)
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#13;')
}

const realOf = (value: number): string => {
  if (Number.isFinite(value)) return `<real>${value}</real>`
  throw new FormatError('plist/bad-value', `${value} is no number of a property list`)
}

const dateOf = (date: Date): string => {
  if (Number.isNaN(date.getTime())) throw new FormatError('plist/bad-value', 'the date is none')
  return date.toISOString().replace(/\.\d+Z$/, 'Z')
}

/** Base64 in lines of at most 76 columns, the indent counted. */
const dataLines = (bytes: Uint8Array, indent: string): readonly string[] => {
  const width = Math.max(16, Math.floor((76 - indent.length * 8) / 4) * 4)
  const text = encodeBase64(bytes)
  return Array.from({ length: Math.ceil(text.length / width) }, (_, index) => `${indent}${text.slice(index * width, (index + 1) * width)}`)
}
