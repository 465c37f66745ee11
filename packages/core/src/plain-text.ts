// Which texts are safe to keep as one line: no control characters, no line breaks, nothing that turns the direction of reading.

/** Whether a text holds a control character (Unicode Cc: U+0000 to U+001F, U+007F to U+009F). */
export const hasControl = (text: string): boolean => /\p{Cc}/u.test(text)

/** Whether a text is one well-formed line that shows what it is: not blank, no control, line-break or bidirectional control characters. */
export const isOneLine = (text: string): boolean =>
  text.isWellFormed() && text.trim() !== '' && !/[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text)

/** Whether a text is an instant as we write it: ISO 8601 in UTC, a day that exists, seconds, at most 3 decimals, `Z`. */
export const isInstant = (text: string): boolean => {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text)) return false
  const ms = Date.parse(text)
  // Engines turn 30 February into 2 March, hence the way back.
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text.slice(0, 19)
}

/** The later of two instants. */
export const later = (a: string, b: string): string => (Date.parse(b) > Date.parse(a) ? b : a)
