// What would change in a file, as a person reads it: only lines that are put in, so one block of a unified diff says it all.
import { plain } from '../reporters/safe.ts'

export interface Change {
  /** Below the project. */
  readonly file: string
  /** null: the file is new. */
  readonly before: string | null
  readonly after: string
}

const around = 2

/** Safe for a terminal: nothing of the file's own text can act there. */
export const diffLines = ({ file, before, after }: Change): readonly string[] => {
  const shown = (mark: string) => (line: string) => `${mark}${plain(line.replaceAll('\t', '  '))}`
  const name = plain(file)
  if (before === null) return [`--- /dev/null`, `+++ ${name}`, ...linesOf(after).map(shown('+'))]
  const [old, made] = [linesOf(before), linesOf(after)]
  const shortest = Math.min(old.length, made.length)
  let start = 0
  while (start < shortest && old[start] === made[start]) start += 1
  let tail = 0
  while (tail < shortest - start && old[old.length - 1 - tail] === made[made.length - 1 - tail]) tail += 1
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ line ${Math.max(1, start + 1 - around)} @@`,
    ...old.slice(Math.max(0, start - around), start).map(shown(' ')),
    ...old.slice(start, old.length - tail).map(shown('-')),
    ...made.slice(start, made.length - tail).map(shown('+')),
    ...old.slice(old.length - tail, old.length - tail + around).map(shown(' ')),
  ]
}

/** A last line end opens no line. */
const linesOf = (text: string): readonly string[] => {
  const lines = text.split(/\r?\n/)
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines
}
