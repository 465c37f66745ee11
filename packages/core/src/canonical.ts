// JSON written so that equal values are equal bytes: RFC 8785 for what we hash, OLPC canonical JSON for what TUF signs.
import { sha256Text } from './digest.ts'
import type { Hex } from './digest.ts'
import { fail } from './error.ts'
import { hasControl } from './plain-text.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** How deep JSON may be nested, in levels; a cycle ends here too. */
export const maxJsonDepth = 256

/** RFC 8785 (JCS) text. Throws `core/not-json`, `core/not-finite`, `core/lone-surrogate`, `core/too-deep`. */
export const canonical = (value: Json): string => write(value, jcs, 0)

/** SHA-256 of the UTF-8 bytes of the RFC 8785 text. */
export const digestOf = (value: Json): Hex => sha256Text(canonical(value))

/**
 * OLPC canonical JSON, as TUF signs it (TUF 1.0.34, 4.2.2): only `"` and `\` are escaped.
 * Throws as `canonical` does, and `core/not-portable` for floats.
 */
export const olpc = (value: Json): string => write(value, laptop, 0)

/**
 * Refuses what the two encodings or two languages would write differently (TRUST 3).
 * Throws as `canonical` does, and `core/not-portable`.
 */
export const assertPortable = (value: Json, path = '$'): void => {
  canonical(value)
  const found = unportable(value, path)
  if (found !== undefined)
    fail('core/not-portable', `${found.path}: ${found.what}`, {
      hint: 'Signed state holds whole numbers and texts of one line only; write fractions as text.',
      where: { path: found.path },
    })
}

/** Whether a JSON value is an object, as opposed to an array or null. */
export const isJsonObject = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Style {
  readonly text: (text: string) => string
  readonly number: (value: number) => string
}

const write = (value: Json, style: Style, depth: number): string => {
  if (depth > maxJsonDepth)
    return fail('core/too-deep', 'JSON is nested too deep to be read safely.', {
      hint: 'Flatten the value; one made in memory may hold itself.',
    })
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return style.text(wellFormed(value))
  if (typeof value === 'number') return style.number(finite(value))
  // Array.from and not map: it visits holes, which must be refused and not skipped.
  if (Array.isArray(value)) return `[${Array.from(value as readonly Json[], one => write(one, style, depth + 1)).join(',')}]`
  const object = plainObject(value)
  // The default sort is by UTF-16 code unit, as RFC 8785, 3.2.3 asks.
  const members = Object.keys(object)
    .sort()
    .map(key => `${style.text(wellFormed(key))}:${write(object[key] as Json, style, depth + 1)}`)
  return `{${members.join(',')}}`
}

// JSON.stringify is RFC 8785, 3.2.2.2 for well-formed texts, and 3.2.2.3 for finite numbers (-0 becomes 0).
const jcs: Style = { text: text => JSON.stringify(text), number: value => JSON.stringify(value) }

const laptop: Style = {
  text: text => `"${text.replace(/["\\]/g, '\\$&')}"`,
  number: value =>
    Number.isSafeInteger(value)
      ? String(value)
      : fail('core/not-portable', `The number ${value} is no whole number that every language can hold.`, { hint: 'Write it as text.' }),
}

const wellFormed = (text: string): string =>
  text.isWellFormed()
    ? text
    : fail('core/lone-surrogate', 'A text holds half of a surrogate pair, which UTF-8 cannot carry.', {
        hint: 'Find where the text was cut in the middle of a character.',
      })

const finite = (value: number): number =>
  Number.isFinite(value) ? value : fail('core/not-finite', `JSON has no number ${value}.`, { hint: 'Use null, or leave the field out.' })

// Dates, maps and instances would lose their meaning without a word; the type says Json, but callers cast.
const plainObject = (value: unknown): { readonly [key: string]: Json } => {
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined
  if (prototype === null || (prototype !== undefined && Object.getPrototypeOf(prototype) === null)) return value as { [key: string]: Json }
  return fail('core/not-json', `A value of type ${typeof value} is no JSON.`, { hint: 'Leave undefined fields out; write dates as text.' })
}

interface Unportable {
  readonly path: string
  readonly what: string
}
const unportable = (value: Json, path: string): Unportable | undefined => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return { path, what: `the number ${value} is no safe whole number.` }
  if (typeof value === 'string' && hasControl(value)) return { path, what: 'the text holds a control character.' }
  if (typeof value !== 'object' || value === null) return undefined
  const members = Array.isArray(value) ? (value as readonly Json[]).map((one, index) => [`${index}`, one] as const) : Object.entries(value)
  for (const [key, one] of members) {
    const below = `${path}.${safeKey(key)}`
    if (hasControl(key)) return { path: below, what: 'the name holds a control character.' }
    // UTF-16 order (RFC 8785) and code-point order (Python's TUF) part ways above U+FFFF.
    if (/[\u{10000}-\u{10ffff}]/u.test(key)) return { path: below, what: 'the name holds a character above U+FFFF.' }
    const found = unportable(one, below)
    if (found !== undefined) return found
  }
  return undefined
}

/** A name of a JSON member as an error may show it; names are untrusted. */
export const safeKey = (key: string): string => (/^[\w.@/+~-]{1,100}$/.test(key) ? key : '(name not shown)')
