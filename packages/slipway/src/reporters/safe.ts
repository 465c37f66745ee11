// Makes untrusted text safe for a terminal, Markdown, GitHub's log commands and JSON lines (DESIGN 2, CONTRACTS 10).

// Controls, escape, line ends, bidi, zero-width and other invisible characters (Unicode Cc, Cf, Zl, Zp), halves of
// surrogate pairs, and the fillers that draw nothing.
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]/gu
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** One line that shows every hidden character as a visible escape: `\n`, `\x1b`, `\u{202e}`. */
export const plain = (text: string): string => text.replace(hidden, visible)

const visible = (character: string): string => {
  const point = character.codePointAt(0) ?? 0
  return named[character] ?? (point < 0x100 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`)
}

/** Text for a Markdown paragraph or table cell: shown as it is, never a link, an image, HTML, a list or a heading. */
export const markdown = (text: string): string =>
  plain(text)
    .replace(/[&<>\\`*_{}[\]#!|~:@^$]/g, entity)
    .replace(/(?<=www)\./gi, entity)
    .replace(/^[-+=]/, entity)
    .replace(/^(\d+)([.)])/, (_, digits: string, mark: string) => `${digits}${entity(mark)}`)

const entity = (character: string): string => `&#${character.charCodeAt(0)};`

/** The text behind `::error::` (GitHub's own rules: percent, CR, LF), hidden characters made visible first. */
export const githubData = (text: string): string =>
  hideAllButLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

/** A property such as `file=`: also colon and comma. */
export const githubProperty = (text: string): string => githubData(plain(text)).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** A log line that GitHub's runner never takes for a command: `::x::` counts at the start, `##[x]` anywhere. */
export const githubLine = (line: string): string => line.replace(/^(\s*)::/, '$1: :').replaceAll('##[', '## [')

const hideAllButLines = (text: string): string =>
  text
    .split(/(\r?\n)/)
    .map(part => (/^\r?\n$/.test(part) ? part : plain(part)))
    .join('')

/** JSON whose text holds no hidden character: all stand as `\uXXXX`. */
export const safeJson = (value: unknown, indent?: number): string => safeJsonText(JSON.stringify(value, null, indent))

/** The same for JSON that is text already; the line ends between its values stay. */
export const safeJsonText = (json: string): string =>
  (/[^\n -~]/.test(json) ? json.replace(hiddenInJson, unicodeEscape) : json).replaceAll('##[', '#\\u0023[')

// Without the line end: a document has more of them than of all else, and inside of a JSON text there is none.
const hiddenInJson = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0]--[\n]]/gv

const unicodeEscape = (character: string): string =>
  Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')
