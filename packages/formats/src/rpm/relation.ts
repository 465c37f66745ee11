// rpm: relations between packages as text (`libmpv >= 0.35`, `(a or b)`) and as name, flags and version.
import { FormatError } from '../format-error.ts'
import { sense } from './tags.ts'

export interface RpmRelation {
  /** A package, a capability such as `libc.so.6()(64bit)`, a path, or a rich dependency in parentheses. */
  readonly name: string
  readonly comparison?: '<' | '<=' | '=' | '>=' | '>'
  /** `[epoch:]version[-release]` */
  readonly version?: string
  /** When it must be there, as `post`; and what marks it, as `interp`, `config` and `rpmlib`. */
  readonly marks?: readonly RpmMark[]
}

export type RpmMark = Exclude<keyof typeof sense, 'less' | 'greater' | 'equal'>

/** Reads one relation. Throws `rpm/bad-relation`. */
export const parseRelation = (text: string, marks: readonly RpmMark[] = []): RpmRelation => {
  const more = marks.length === 0 ? {} : { marks }
  if (text.startsWith('(')) {
    checkRich(text)
    return { name: text, ...more }
  }
  const [, name = '', comparison, version] = /^([A-Za-z0-9_/][^\s<>=,]*)(?:\s*(<=|>=|==?|<|>)\s*([A-Za-z0-9._+~^:-]+))?$/.exec(text) ?? []
  if (name === '' || !isPlain(text)) throw badRelation(text, "it is 'name', 'name >= version' or '(a or b)'")
  const compared: string = comparison === '==' ? '=' : (comparison ?? '')
  return { name, ...(isComparison(compared) && version !== undefined ? { comparison: compared, version } : {}), ...more }
}

export const relationText = ({ name, comparison, version }: RpmRelation): string =>
  comparison === undefined || version === undefined ? name : `${name} ${comparison} ${version}`

/** The flags of a relation as rpm's number. */
export const relationFlags = ({ comparison, marks = [] }: RpmRelation): number => {
  const has = (sign: string, flag: number): number => (comparison?.includes(sign) === true ? flag : 0)
  const compared = has('<', sense.less) | has('>', sense.greater) | has('=', sense.equal)
  return marks.reduce((flags, mark) => flags | sense[mark], compared)
}

/** A relation from what a header has. */
export const relationOf = (name: string, flags: number, version: string): RpmRelation => {
  const comparison = `${flags & sense.less ? '<' : ''}${flags & sense.greater ? '>' : ''}${flags & sense.equal ? '=' : ''}`
  const marks = markNames.filter(mark => (flags & sense[mark]) !== 0)
  return {
    name,
    ...(isComparison(comparison) && version !== '' ? { comparison, version } : {}),
    ...(marks.length === 0 ? {} : { marks }),
  }
}

const comparisons = ['<', '<=', '=', '>=', '>'] as const
const isComparison = (text: string): text is (typeof comparisons)[number] => comparisons.some(one => one === text)

const markNames = (Object.keys(sense) as (keyof typeof sense)[]).filter(
  (name): name is RpmMark => name !== 'less' && name !== 'greater' && name !== 'equal',
)

const badRelation = (text: string, reason: string): FormatError =>
  new FormatError('rpm/bad-relation', `${JSON.stringify(text)} is no relation that rpm reads: ${reason}`)

const isPlain = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)

/** Refused where rpm's own parser would: unbalanced, without an operator, or with two kinds of them side by side. */
const checkRich = (text: string): void => {
  if (!isPlain(text)) throw badRelation(text, 'a rich dependency is one line of ASCII')
  const rest = richEnd(text, 0)
  if (rest !== text.length) throw badRelation(text, 'something follows the last parenthesis')
}

/** The end of the rich dependency whose `(` is at `start`. */
const richEnd = (text: string, start: number): number => {
  const operators: string[] = []
  let at = start + 1
  for (;;) {
    at = skipSpaces(text, at)
    at = text[at] === '(' ? richEnd(text, at) : simpleEnd(text, at)
    at = skipSpaces(text, at)
    if (text[at] === ')') break
    const operator = /^(?:and|or|if|unless|else|with|without)(?= )/.exec(text.slice(at))?.[0]
    if (operator === undefined) throw badRelation(text, 'between two of its parts there is one of and, or, if, unless, else, with, without')
    operators.push(operator)
    at += operator.length
  }
  const [first = '', second, third] = operators
  const isChain = operators.every(one => one === first) && (operators.length === 1 || ['and', 'or', 'with'].includes(first))
  const isElse = (first === 'if' || first === 'unless') && second === 'else' && third === undefined
  if (operators.length > 0 && (first === 'else' || !(isChain || isElse))) throw badRelation(text, 'different operators need parentheses')
  return at + 1
}

const skipSpaces = (text: string, at: number): number => at + (/^ */.exec(text.slice(at))?.[0].length ?? 0)

const simpleEnd = (text: string, at: number): number => {
  const [name = ''] = /^[A-Za-z0-9_/](?:[^\s<>=,()]|\([^\s()]*\))*/.exec(text.slice(at)) ?? []
  if (name === '') throw badRelation(text, 'a name is expected in a parenthesis')
  const [comparison = ''] = /^ *(?:<=|>=|==?|<|>) *[A-Za-z0-9._+~^:-]+/.exec(text.slice(at + name.length)) ?? []
  return at + name.length + comparison.length
}
