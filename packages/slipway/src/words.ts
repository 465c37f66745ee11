// Command lines of a config (CONFIG 3): split at spaces and quotes, never given to a shell; what would need one is refused.
import { fail } from '@slipway/core'

/** The argument lists of one or more lines; empty lines are left out. Codes: those of `splitCommand`. */
export const splitCommands = (text: string): readonly (readonly string[])[] =>
  text
    .split(/\r?\n/)
    .filter(line => line.trim() !== '')
    .map(splitCommand)

/**
 * The arguments of one line. In single quotes all is text; in double quotes all but `$` and backticks, which a shell would replace there.
 * A backslash is text: Windows paths need no doubling. Codes: `command/needs-shell`, `command/open-quote`, `command/empty`, `command/many-lines`.
 */
export const splitCommand = (line: string): readonly string[] => {
  if (/[\r\n\0]/.test(line.trim())) failLines()
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (const letter of line) {
    if (quote !== '' && letter === quote) quote = ''
    else if (quote === '' && (letter === '"' || letter === "'")) {
      quote = letter
      word ??= ''
    } else if (refused[quote]?.includes(letter) === true) failShell(letter)
    else if (quote === '' && /\s/.test(letter)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + letter
  }
  if (quote !== '') failQuote(quote)
  if (word !== null) words.push(word)
  if (words.length === 0) failEmpty()
  return words
}

const refused: Readonly<Record<string, string>> = { '': '|&;<>$`', '"': '$`', "'": '' }

// None of these show the line: it may hold what should not stand in a log.
const failShell = (letter: string): never =>
  fail('command/needs-shell', `a command holds ${letter}, which only a shell understands, and none is used`, {
    hint: `Put ${letter} in single quotes if the program should get it as text; else write a script and name that.`,
  })
const failQuote = (quote: string): never =>
  fail('command/open-quote', `a command opens ${quote} and never closes it`, { hint: `Close it with a second ${quote}.` })
const failEmpty = (): never => fail('command/empty', 'a command is empty', { hint: 'Write the program and its arguments.' })
const failLines = (): never =>
  fail('command/many-lines', 'one command is expected here, not several lines', { hint: 'Write it on one line.' })
