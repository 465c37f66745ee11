// Issues of the schema -> problems with config path, file and line, in words (CONFIG 3, "Errors"): all of form, at once.
import { problem, type Problem, type Where } from '@slipway/core'
import type * as z from 'zod'
import { isKindKey, nouns } from './kinds.ts'
import { nearest } from './nearest.ts'
import type { Plain, PlainObject } from './plain.ts'
import type { ConfigPath } from './position.ts'
import { looksLikeSecret, type Secret } from './secrets.ts'

type Issue = z.core.$ZodIssue
export interface FormContext {
  readonly tree: PlainObject
  readonly where: (path: ConfigPath) => Where
  /** Places that are refused as secrets already: nothing else is said about them. */
  readonly secrets: readonly Secret[]
  /** Known keys of the object that lies at a path, for "Did you mean". */
  readonly known: (path: ConfigPath) => readonly string[]
}

/** Codes: `config/wrong-type`, `config/unknown-key`, `config/unknown-value`; with the secrets, in the order of the file. */
export const formProblems = (issues: readonly Issue[], context: FormContext): readonly Problem[] => {
  const hidden = (path: ConfigPath): boolean =>
    context.secrets.some(secret => secret.path.every((key, index) => index >= path.length || String(path[index]) === String(key)))
  const found = issues
    .flatMap(issue => flatten(issue, []))
    .flatMap(({ issue, path }) => (hidden(path) && issue.code !== 'unrecognized_keys' ? [] : toProblems(issue, path, context)))
  const order = ({ where }: Problem): number => (where.line ?? 0) * 1e6 + (where.column ?? 0)
  return [...context.secrets.map(secret => secret.problem), ...found].toSorted((a, b) => order(a) - order(b))
}

interface Placed {
  readonly issue: Issue
  readonly path: ConfigPath
}

/** A union says all that each of its branches says: keep the branch that was meant, the one whose outer type fits. */
const flatten = (issue: Issue, base: ConfigPath): readonly Placed[] => {
  const path = [...base, ...(issue.path as (string | number)[])]
  if (issue.code !== 'invalid_union') return [{ issue, path }]
  const fits = issue.errors.filter(branch => !branch.some(one => one.path.length === 0 && one.code === 'invalid_type'))
  const [meant] = fits.toSorted((a, b) => a.length - b.length)
  return meant === undefined ? [{ issue, path }] : meant.flatMap(one => flatten(one, path))
}

const toProblems = (issue: Issue, path: ConfigPath, context: FormContext): readonly Problem[] => {
  const at = (where: ConfigPath) => ({ path: where.join('.'), ...context.where(where) })
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownKey(key, path, { known: context.known(path), where: at([...path, key]) }))
    case 'invalid_key':
      return [wrongType(issue.issues[0]?.message ?? 'another key', path.at(-1) ?? '', at(path))]
    case 'invalid_value':
      return [unknownValue(issue.values.map(String), { value: valueAt(context.tree, path), path, where: at(path) })]
    default:
      return [wrongType(expected(issue), valueAt(context.tree, path), at(path))]
  }
}

const unknownKey = (
  key: string,
  path: ConfigPath,
  { known, where }: { readonly known: readonly string[]; readonly where: Where },
): Problem => {
  const meant = nearest(key, known)
  // explain: A key stands in the config that is none of those that may stand in this place: mostly a misspelling, or a key one level too
  // high or too low.
  return problem('config/unknown-key', `${show(key)} is ${nounOf(path)}.`, { hint: hintOf(meant, known), where })
}

const nounOf = (path: ConfigPath): string => {
  const own = path[0] === 'apps' && path.length > 1 ? path.slice(2) : path
  const [top] = own
  if (own.length === 0) return path.length === 0 ? 'no key of the config' : 'no key of an app'
  if (own.length === 1 && isKindKey(top)) return `no ${nouns[top]}`
  if (own.length === 1 && top === 'workflow') return 'no workflow'
  if (own.length === 1 && top === 'hooks') return 'no hook'
  return `no option of ${path.join('.')}`
}

const unknownValue = (
  values: readonly string[],
  { value, path, where }: { readonly value: Plain | undefined; readonly path: ConfigPath; readonly where: Where },
): Problem => {
  const top = path[0] === 'apps' ? path[2] : path[0]
  const own = path[0] === 'apps' ? path.length - 2 : path.length
  const meant = typeof value === 'string' ? nearest(value, values) : undefined
  const what = own === 2 && isKindKey(top) ? `no ${nouns[top]}` : `not one of ${values.length} known values`
  // explain: A value of the config is none of the few that are known in this place: mostly a misspelling.
  return problem('config/unknown-value', `${show(value)} is ${what}.`, { hint: hintOf(meant, values), where })
}

const hintOf = (meant: string | undefined, known: readonly string[]): string => {
  if (meant !== undefined) return `Did you mean "${meant}"?`
  return known.length === 0 ? 'There are none yet: take it out.' : `Known: ${known.join(', ')}.`
}

const wrongType = (what: string, value: Plain | undefined, where: Where): Problem =>
  problem('config/wrong-type', `Expected ${what}, but ${show(value)} stands here.`, {
    hint: 'Correct the value, or leave the key out to get its default.',
    where,
  })

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  never: 'nothing',
}

/** What should stand there. Texts with a form carry their words as the message (`text` in text.ts). */
const expected = (issue: Issue): string => {
  if (issue.code === 'invalid_type') return typeWords[issue.expected] ?? issue.expected
  if (issue.code === 'invalid_format') return issue.message
  if (issue.code === 'too_small') return issue.origin === 'string' ? 'a text that is not empty' : `at least ${issue.minimum}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'invalid_union') {
    const words = issue.errors.flatMap(branch => branch.filter(one => one.path.length === 0).map(expected))
    return [...new Set(words)].join(', or ') || 'another value'
  }
  return issue.message
}

export const valueAt = (tree: Plain, path: ConfigPath): Plain | undefined => {
  let value: Plain | undefined = tree
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as PlainObject)[key]
  }
  return value
}

/** A value as an error may show it: short, on one line, never a secret. */
const show = (value: Plain | undefined): string => {
  if (value === undefined) return 'nothing'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  if (typeof value !== 'string') return String(value)
  if (looksLikeSecret(value)) return 'a text that may be a secret (not shown)'
  const short = value.length > 60 ? `${value.slice(0, 60)}…` : value
  return JSON.stringify(short).replaceAll(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g, '\uFFFD')
}
