// pax extended header records of a tar (POSIX.1-2017, pax, "pax Extended Header").
import { decodeText, isAscii } from './bytes.ts'
import { FormatError } from './format-error.ts'

/** `<length> <key>=<value>\n` records. Values of the keys that we use are checked here. Throws `tar/bad-pax`. */
export const parsePax = (body: Uint8Array, offset: number): Map<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const refuse = (reason: string): FormatError => new FormatError('tar/bad-pax', `a pax record is bad: ${reason}`, offset + at)
    const space = body.indexOf(0x20, at)
    const digits = space === -1 ? '' : String.fromCharCode(...body.subarray(at, Math.min(space, at + 9)))
    if (!/^[1-9][0-9]{0,7}$/.test(digits)) throw refuse('it has no length')
    const end = at + Number(digits)
    const equals = body.indexOf(0x3d, space)
    if (end > body.length || equals === -1 || equals >= end || body[end - 1] !== 0x0a) throw refuse('its length is wrong')
    const key = body.subarray(space + 1, equals)
    if (key.length === 0 || !isAscii(key)) throw refuse('its key is not ASCII')
    const keyText = decodeText(key)
    const value = valueOf(keyText, body.subarray(equals + 1, end - 1))
    if (value === undefined) throw refuse(`${JSON.stringify(keyText)} has a bad value`)
    // An empty value withdraws an earlier record.
    if (value === '') records.delete(keyText)
    else records.set(keyText, value)
    at = end
  }
  return records
}

const patterns: Readonly<Record<string, RegExp>> = {
  path: /^[^\0]+$/,
  linkpath: /^[^\0]+$/,
  size: /^[0-9]{1,15}$/,
  uid: /^[0-9]{1,15}$/,
  gid: /^[0-9]{1,15}$/,
  mtime: /^-?[0-9]{1,15}(\.[0-9]*)?$/,
  'APK-TOOLS.checksum.SHA1': /^[0-9a-f]{40}$/i,
}

const valueOf = (key: string, value: Uint8Array): string | undefined => {
  const pattern = patterns[key]
  // Other keys may hold bytes (SCHILY.xattr), which nobody here reads.
  if (pattern === undefined) return 'unread'
  try {
    const text = decodeText(value)
    return text === '' || pattern.test(text) ? text : undefined
  } catch {
    return undefined
  }
}
