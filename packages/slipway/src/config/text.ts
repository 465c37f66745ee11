// Texts of a form: a pattern and the words for it; 'TODO: …' may stand for any (CONFIG 3, "Secrets").
import * as z from 'zod'

export const isTodo = (value: unknown): value is string => typeof value === 'string' && /^TODO:/.test(value)

/** A text that matches; the words follow "Expected" in the error: "a step such as …". */
export const text = (pattern: RegExp, words: string) =>
  z.string().regex(new RegExp(`^TODO:|${pattern.source}`, pattern.flags), { error: words })
