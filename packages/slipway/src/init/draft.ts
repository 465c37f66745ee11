// A config before it is text: keys, values and the comments that explain them; written as TypeScript or as YAML (CONFIG 1.3).
import { plain } from '../reporters/safe.ts'
import { codeKey, codeText, yamlKey, yamlText } from './literal.ts'

export type Value = string | number | boolean | readonly string[] | Draft
export interface Line {
  /** Above the key; untrusted text in them is made safe when they are written. */
  readonly comments?: readonly string[]
  /** Without a key it is a comment alone. */
  readonly entry?: readonly [key: string, value: Value]
}
export interface Draft {
  readonly lines: readonly Line[]
}

export const draft = (...lines: readonly Line[]): Draft => ({ lines })
export const entry = (key: string, value: Value, ...comments: readonly string[]): Line => ({ entry: [key, value], comments })
export const comment = (...comments: readonly string[]): Line => ({ comments })

/** The tree that loading the written text gives. */
export const treeOf = ({ lines }: Draft): Readonly<Record<string, unknown>> =>
  Object.fromEntries(lines.flatMap(line => (line.entry === undefined ? [] : [[line.entry[0], plainOf(line.entry[1])]])))

const plainOf = (value: Value): unknown => (isDraft(value) ? treeOf(value) : value)
const isDraft = (value: Value): value is Draft => typeof value === 'object' && !Array.isArray(value)
const isList = (value: Value): value is readonly string[] => Array.isArray(value)

/** `slipway.config.ts`: types come from the import, which the running Slipway answers. */
export const writeCode = (head: readonly string[], whole: Draft): string =>
  [
    ...commentLines(head, '//', 0),
    "import { defineConfig } from 'slipway'",
    '',
    'export default defineConfig({',
    ...spaced(whole, one => codeLines(one, 1)),
    '})',
    '',
  ].join('\n')

/** `slipway.yaml`. */
export const writeYaml = (head: readonly string[], whole: Draft): string => {
  const lines = spaced(whole, one => yamlLines(one, 0))
  const isEmpty = whole.lines.every(line => line.entry === undefined)
  return [...commentLines(head, '#', 0), '', ...lines, ...(isEmpty ? ['{}'] : []), ''].join('\n')
}

/** An empty line between the sections. */
const spaced = ({ lines }: Draft, write: (section: Draft) => readonly string[]): readonly string[] =>
  lines.flatMap((line, at) => [...(at === 0 ? [] : ['']), ...write(draft(line))])

const codeLines = ({ lines }: Draft, depth: number): readonly string[] =>
  lines.flatMap(({ comments = [], entry: pair }) => [
    ...commentLines(comments, '//', depth),
    ...(pair === undefined ? [] : codeEntry(pair, depth)),
  ])

const codeEntry = ([key, value]: readonly [string, Value], depth: number): readonly string[] => {
  const start = `${indent(depth)}${codeKey(key)}:`
  if (isDraft(value))
    return value.lines.length === 0 ? [`${start} {},`] : [`${start} {`, ...codeLines(value, depth + 1), `${indent(depth)}},`]
  if (!isList(value)) return [`${start} ${scalar(value, codeText)},`]
  const one = `${start} [${value.map(codeText).join(', ')}],`
  if (one.length <= widest) return [one]
  return [`${start} [`, ...value.map(item => `${indent(depth + 1)}${codeText(item)},`), `${indent(depth)}],`]
}

const yamlLines = ({ lines }: Draft, depth: number): readonly string[] =>
  lines.flatMap(({ comments = [], entry: pair }) => [
    ...commentLines(comments, '#', depth),
    ...(pair === undefined ? [] : yamlEntry(pair, depth)),
  ])

const yamlEntry = ([key, value]: readonly [string, Value], depth: number): readonly string[] => {
  const start = `${indent(depth)}${yamlKey(key)}:`
  if (isDraft(value))
    return value.lines.some(line => line.entry !== undefined)
      ? [start, ...yamlLines(value, depth + 1)]
      : [...yamlLines(value, depth), `${start} {}`]
  if (!isList(value)) return [`${start} ${scalar(value, yamlText)}`]
  if (value.length === 0) return [`${start} []`]
  const one = `${start} [${value.map(yamlText).join(', ')}]`
  return one.length <= widest ? [one] : [start, ...value.map(item => `${indent(depth + 1)}- ${yamlText(item)}`)]
}

const scalar = (value: string | number | boolean, text: (value: string) => string): string =>
  typeof value === 'string' ? text(value) : String(value)

const widest = 140
const widestComment = 110
const indent = (depth: number): string => '  '.repeat(depth)

/** Each comment as lines of its own: nothing in it can end the comment. */
const commentLines = (comments: readonly string[], mark: string, depth: number): readonly string[] =>
  comments.flatMap(one => wrapped(plain(one)).map(line => `${indent(depth)}${mark} ${line}`.trimEnd()))

const wrapped = (text: string): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length >= widestComment) {
      lines.push(line)
      line = ''
    }
    line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
