// Columns, sizes and times as a person reads them.

/** Styles for text; each is the identity without colour. */
export interface Style {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
  /** Columns to fill. */
  readonly width: number
}

/** A table with a dim head; a column whose head is empty and whose cells are all empty is left out. */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  style: { readonly dim: (text: string) => string },
): string => {
  const kept = head.flatMap((title, at) => (title !== '' || rows.some(row => (row[at] ?? '') !== '') ? [at] : []))
  const [first = '', ...rest] = align([head, ...rows].map(row => kept.map(at => row[at] ?? '')))
  return [style.dim(first), ...rest].join('\n')
}

/** Rows as lines, their columns aligned, two spaces apart; the last is not padded. `right`: columns that align right. */
export const align = (rows: readonly (readonly string[])[], right: readonly number[] = []): string[] => {
  const count = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const widths = Array.from({ length: count }, (_, at) => rows.reduce((most, row) => Math.max(most, columnsOf(row[at] ?? '')), 0))
  const cellText = (cell: string, at: number): string => {
    const gap = ' '.repeat((widths[at] ?? 0) - columnsOf(cell))
    return right.includes(at) ? `${gap}${cell}` : `${cell}${gap}`
  }
  return rows.map(row => row.map(cellText).join('  ').trimEnd())
}

// Made where the first text needs it: it costs more than all else that a command loads.
let graphemes: Intl.Segmenter | undefined
const segmentsOf = (text: string): Intl.Segments => (graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' })).segment(text)

// Colours take no room.
const colour = /\u001b\[[0-9;]*m/g
const wide =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1f64f}\u{20000}-\u{3fffd}])/u

/** Columns that a text takes in a terminal. */
export const columnsOf = (text: string): number => {
  const bare = text.replace(colour, '')
  if (/^[\x20-\x7e]*$/.test(bare)) return bare.length
  let columns = 0
  for (const { segment } of segmentsOf(bare)) columns += graphemeColumns(segment)
  return columns
}

/** The text in at most `columns` columns, its end replaced by `…` where it is longer. Colours are dropped then. */
export const fit = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return text
  let out = ''
  let used = 1
  for (const { segment } of segmentsOf(text.replace(colour, ''))) {
    used += graphemeColumns(segment)
    if (used > columns) break
    out += segment
  }
  return columns < 1 ? '' : `${out}…`
}

const graphemeColumns = (segment: string): number => (/^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u.test(segment) ? 0 : wide.test(segment) ? 2 : 1)

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** `52.4 MB`: steps of 1000, three digits. */
export const humanBytes = (bytes: number): string => {
  const step = sizeStep(bytes)
  return `${scaled(bytes, step)} ${sizeUnits[step] ?? ''}`
}

/** `71 of 124 MB`: both in the unit of the whole. */
export const humanShare = (done: number, total: number): string => {
  const step = sizeStep(total)
  return `${scaled(done, step)} of ${scaled(total, step)} ${sizeUnits[step] ?? ''}`
}

const sizeStep = (bytes: number): number => {
  let step = 0
  while (step < sizeUnits.length - 1 && bytes / 1000 ** step >= 999.5) step++
  return step
}
const scaled = (bytes: number, step: number): string => {
  const value = bytes / 1000 ** step
  return step === 0 || value >= 99.95 ? String(Math.round(value)) : value.toFixed(1)
}

/** `0:31`, `2:13`, `1:02:03`. */
export const humanClock = (ms: number): string => {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `${h > 0 ? `${h}:${String(m).padStart(2, '0')}` : m}:${String(s).padStart(2, '0')}`
}

/** `320 ms`, `2.4 s`, `2 min 13 s`, `3 h 5 min`, `12 days`. */
export const humanDuration = (ms: number): string => {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return pair(seconds, ['min', 60], ['s', 1])
  if (seconds < 86_400) return pair(seconds, ['h', 3600], ['min', 60])
  const days = Math.floor(seconds / 86_400)
  return `${days} day${days === 1 ? '' : 's'}`
}

const pair = (seconds: number, [big, bigSize]: readonly [string, number], [small, smallSize]: readonly [string, number]): string => {
  const rest = Math.floor((seconds % bigSize) / smallSize)
  return `${Math.floor(seconds / bigSize)} ${big}${rest === 0 ? '' : ` ${rest} ${small}`}`
}
