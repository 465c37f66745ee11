// GUIDs made of names: the same name gives the same one on any machine (RFC 9562 5.5, version 5), as Windows writes them.
import { createHash } from 'node:crypto'
import { FormatError } from './format-error.ts'

/** `{12345678-1234-5123-8123-123456789ABC}` of a name within a namespace, itself such a GUID. Throws `guid/bad-guid`. */
export const guidOf = (namespace: string, name: string): string => {
  const bytes = Uint8Array.from(createHash('sha1').update(rawGuid(namespace)).update(name, 'utf8').digest().subarray(0, 16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return guidText(bytes)
}

/** The sixteen bytes of a GUID as Windows keeps them: its first three parts little-endian. Throws `guid/bad-guid`. */
export const guidBytes = (guid: string): Uint8Array => swapped(rawGuid(guid))

/** The text of sixteen bytes as Windows keeps them. */
export const readGuid = (bytes: Uint8Array): string => guidText(swapped(bytes))

export const isGuid = (text: string): boolean => /^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/.test(text)

const rawGuid = (guid: string): Uint8Array => {
  if (!isGuid(guid)) throw new FormatError('guid/bad-guid', `${JSON.stringify(guid)} is no GUID in capitals and braces`)
  return Uint8Array.from(guid.replaceAll(/[{}-]/g, '').match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

const guidText = (bytes: Uint8Array): string => {
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
  return `{${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}}`
}

const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const

const swapped = (bytes: Uint8Array): Uint8Array => Uint8Array.from(order, at => bytes[at] ?? 0)
