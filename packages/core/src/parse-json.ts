// A strict JSON reader (RFC 8259 and I-JSON, RFC 7493): what JSON.parse lets through in silence is refused here.
import { maxJsonDepth } from './canonical.ts'
import type { Json } from './canonical.ts'
import { fail } from './error.ts'
import type { Exit, Where } from './error.ts'

export interface JsonSource {
  readonly where?: Where
  /** The exit of a refusal; `input` unless said. */
  readonly exit?: Exit
}

/**
 * Reads JSON. Throws `core/bad-json`, `core/duplicate-key` (JSON.parse takes the last), `core/lone-surrogate`,
 * `core/huge-number` (1e999), `core/too-deep`, each with line and column.
 */
export const parseJson = (text: string, source: JsonSource = {}): Json => {
  const scan: Scan = { text, at: 0, source }
  const value = readValue(scan, 0)
  skipSpace(scan)
  return scan.at === text.length ? value : bad(scan, 'something follows the value')
}

interface Scan {
  readonly text: string
  at: number
  readonly source: JsonSource
}

const readValue = (scan: Scan, depth: number): Json => {
  skipSpace(scan)
  if (depth > maxJsonDepth)
    return fail(
      'core/too-deep',
      'JSON is nested too deep to be read safely.',
      detail(scan, 'Flatten the value; one made in memory may hold itself.'),
    )
  const next = scan.text[scan.at]
  if (next === '{') return readObject(scan, depth)
  if (next === '[') return readArray(scan, depth)
  if (next === '"') return readText(scan)
  const word = match(scan, /(?:true|false|null)(?![\w])/y)
  if (word !== undefined) return JSON.parse(word) as Json
  return readNumber(scan)
}

const readObject = (scan: Scan, depth: number): Json => {
  const members = new Map<string, Json>()
  scan.at++
  if (taken(scan, '}')) return {}
  do {
    skipSpace(scan)
    const start = scan.at
    if (scan.text[start] !== '"') return bad(scan, 'a name in quotes is missing')
    const key = readText(scan)
    if (members.has(key)) {
      scan.at = start
      return fail(
        'core/duplicate-key',
        'A name stands twice in one JSON object.',
        detail(scan, 'Remove one: readers disagree on which counts.'),
      )
    }
    if (!taken(scan, ':')) return bad(scan, 'a colon is missing')
    members.set(key, readValue(scan, depth + 1))
  } while (taken(scan, ','))
  // fromEntries defines members, so that the name `__proto__` is data like any other.
  return taken(scan, '}') ? (Object.fromEntries(members) as Json) : bad(scan, 'a comma or } is missing')
}

const readArray = (scan: Scan, depth: number): Json => {
  const items: Json[] = []
  scan.at++
  if (taken(scan, ']')) return items
  do items.push(readValue(scan, depth + 1))
  while (taken(scan, ','))
  return taken(scan, ']') ? items : bad(scan, 'a comma or ] is missing')
}

const readText = (scan: Scan): string => {
  const start = scan.at
  scan.at++
  for (;;) {
    match(scan, /[^"\\\u0000-\u001f]+/y)
    if (scan.text[scan.at] === '"') break
    if (match(scan, /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y) === undefined)
      return bad(scan, 'a text does not end, or holds a raw control character or unknown escape')
  }
  scan.at++
  const text = JSON.parse(scan.text.slice(start, scan.at)) as string
  if (text.isWellFormed()) return text
  scan.at = start
  return fail(
    'core/lone-surrogate',
    'A text holds half of a surrogate pair, which UTF-8 cannot carry.',
    detail(scan, 'Find where the text was cut in the middle of a character.'),
  )
}

const readNumber = (scan: Scan): number => {
  const start = scan.at
  const digits = match(scan, /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.+-])/y)
  if (digits === undefined) return bad(scan, 'a value is missing')
  const value = Number(digits)
  if (Number.isFinite(value)) return value
  scan.at = start
  return fail('core/huge-number', 'A JSON number is too large to hold.', detail(scan, 'Write it as text.'))
}

const skipSpace = (scan: Scan): void => void match(scan, /[ \t\n\r]+/y)

const taken = (scan: Scan, mark: string): boolean => {
  skipSpace(scan)
  if (scan.text[scan.at] !== mark) return false
  scan.at++
  return true
}

const match = (scan: Scan, pattern: RegExp): string | undefined => {
  pattern.lastIndex = scan.at
  const found = pattern.exec(scan.text)?.[0]
  if (found !== undefined) scan.at += found.length
  return found
}

// The text itself is never shown: it may be hostile, or hold a secret.
const bad = (scan: Scan, what: string): never =>
  fail('core/bad-json', `This is no JSON: ${what}.`, detail(scan, 'Correct the text at this place.'))

const detail = ({ text, at, source }: Scan, hint: string): { hint: string; where: Where; exit: Exit } => {
  const before = text.slice(0, at).split('\n')
  const column = (before.at(-1) as string).length + 1
  return { hint, where: { ...source.where, line: before.length, column }, exit: source.exit ?? 'input' }
}
