// OLPC canonical JSON, the bytes that TUF signs (wiki.laptop.org/go/Canonical_JSON), narrowed to where RFC 8785 agrees.
import { FormatError } from '../format-error.ts'
import type { Json } from './json.ts'

/**
 * The canonical bytes. Refused because readers would disagree: numbers that are no safe integers, control characters
 * (but the line ends of a PEM key), lone surrogates, keys beyond the basic plane (sorted by code unit here and by code point in Python).
 * Codes: `tuf/not-canonical`.
 */
export function canonicalBytes(value: Json): Uint8Array {
  return new TextEncoder().encode(canonicalText(value))
}

/** The canonical form as text. Codes: `tuf/not-canonical`. */
export function canonicalText(value: Json): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return textOf(value)
  if (typeof value === 'number') return integerOf(value)
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`
  if (typeof value !== 'object') throw refused(`a ${typeof value} has no JSON form`)
  const fields = Object.keys(value)
    .sort()
    .map(key => {
      if (/[\ud800-\udfff]/.test(key)) throw refused('a key beyond the basic plane is sorted differently by different readers')
      return `${textOf(key)}:${canonicalText(value[key] as Json)}`
    })
  return `{${fields.join(',')}}`
}

// The keys of ECDSA and RSA are texts of several lines; OLPC writes their line ends as they are. No other text may have any.
const PEM = /^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]{1,4096}-----END PUBLIC KEY-----\n?$/

function textOf(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/.test(value) && !PEM.test(value)) throw refused('a text holds a control character')
  if (!value.isWellFormed()) throw refused('a text holds half a surrogate pair')
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function integerOf(value: number): string {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw refused(`the number ${value} is no whole one`)
  return String(value)
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function refused(message: string): FormatError {
  return new FormatError('tuf/not-canonical', message)
}
