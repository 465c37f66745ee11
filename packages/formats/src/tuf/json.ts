// A strict JSON reader for documents that are signed (RFC 8259, narrowed): what two parsers could read differently is refused.
import { FormatError } from '../format-error.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/**
 * Reads UTF-8 JSON. Refused beyond RFC 8259: duplicate keys, numbers that are no safe integers, lone surrogates in texts
 * (escaped too), a byte order mark, more than 64 levels. Objects have no prototype.
 * Codes: `json/malformed`.
 */
export function parseJson(bytes: Uint8Array): Json {
  const reader: Reader = { text: decode(bytes), at: 0 }
  skipSpace(reader)
  const value = readValue(reader, 0)
  skipSpace(reader)
  if (reader.at !== reader.text.length) throw malformed('more text after the JSON value', reader.at)
  return value
}

interface Reader {
  readonly text: string
  at: number
}

const DEPTH_LIMIT = 64
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
const WORDS: readonly (readonly [string, Json])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('not UTF-8', 0)
  }
}

function readValue(reader: Reader, depth: number): Json {
  if (depth > DEPTH_LIMIT) throw malformed('nested too deeply', reader.at)
  const next = reader.text.charAt(reader.at)
  if (next === '{') return readObject(reader, depth)
  if (next === '[') return readArray(reader, depth)
  if (next === '"') return readString(reader)
  for (const [word, value] of WORDS) {
    if (!reader.text.startsWith(word, reader.at)) continue
    reader.at += word.length
    return value
  }
  return readInteger(reader)
}

function readObject(reader: Reader, depth: number): JsonObject {
  const fields = Object.create(null) as { [key: string]: Json }
  reader.at++
  skipSpace(reader)
  if (take(reader, '}')) return fields
  for (;;) {
    const start = reader.at
    if (reader.text.charAt(start) !== '"') throw malformed('an object key must be a text', start)
    const key = readString(reader)
    if (Object.hasOwn(fields, key)) throw malformed('an object key stands twice', start)
    skipSpace(reader)
    if (!take(reader, ':')) throw malformed('":" is missing', reader.at)
    skipSpace(reader)
    fields[key] = readValue(reader, depth + 1)
    skipSpace(reader)
    if (take(reader, '}')) return fields
    if (!take(reader, ',')) throw malformed('"," or "}" is missing', reader.at)
    skipSpace(reader)
  }
}

function readArray(reader: Reader, depth: number): readonly Json[] {
  const entries: Json[] = []
  reader.at++
  skipSpace(reader)
  if (take(reader, ']')) return entries
  for (;;) {
    entries.push(readValue(reader, depth + 1))
    skipSpace(reader)
    if (take(reader, ']')) return entries
    if (!take(reader, ',')) throw malformed('"," or "]" is missing', reader.at)
    skipSpace(reader)
  }
}

function readString(reader: Reader): string {
  const start = reader.at
  let value = ''
  reader.at++
  for (;;) {
    // eslint-disable-next-line no-control-regex
    const plain = /[^"\\\u0000-\u001f]*/y
    plain.lastIndex = reader.at
    const run = plain.exec(reader.text)?.[0] ?? ''
    value += run
    reader.at += run.length
    if (take(reader, '"')) break
    if (!take(reader, '\\')) throw malformed('a text does not end or holds a control character', reader.at)
    value += readEscape(reader)
  }
  if (!value.isWellFormed()) throw malformed('half a surrogate pair', start)
  return value
}

function readEscape(reader: Reader): string {
  const letter = reader.text.charAt(reader.at)
  const short = ESCAPES.get(letter)
  if (short !== undefined) {
    reader.at++
    return short
  }
  const digits = /^u([0-9a-fA-F]{4})$/.exec(reader.text.slice(reader.at, reader.at + 5))?.[1]
  if (digits === undefined) throw malformed('an unknown escape', reader.at)
  reader.at += 5
  return String.fromCharCode(Number.parseInt(digits, 16))
}

function readInteger(reader: Reader): number {
  const pattern = /-?(?:0|[1-9][0-9]*)(?![0-9.eE])/y
  pattern.lastIndex = reader.at
  const digits = pattern.exec(reader.text)?.[0]
  const value = Number(digits)
  if (digits === undefined || !Number.isSafeInteger(value) || digits === '-0') {
    throw malformed('not a JSON value, or a number that is no whole one', reader.at)
  }
  reader.at += digits.length
  return value
}

function skipSpace(reader: Reader): void {
  while (' \t\n\r'.includes(reader.text.charAt(reader.at)) && reader.at < reader.text.length) reader.at++
}

function take(reader: Reader, character: string): boolean {
  if (reader.text.charAt(reader.at) !== character) return false
  reader.at++
  return true
}

function malformed(message: string, offset: number): FormatError {
  return new FormatError('json/malformed', message, offset)
}
