// What the frame prints: the JSON document of CONFIG 7, and problems as text as CONFIG 3 and 6 show them.
import { exitCodes, type Problem, problem, publicProblem, redact, SlipwayError } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { plain, safeJsonText } from '../reporters/safe.ts'
import type { Outcome, Style } from './command.ts'

/** The one document on stdout, with a line end. */
export const documentText = (outcome: Pick<Outcome, 'name' | 'data' | 'problems'>): string => {
  const { schema: _schema, ok: _ok, errors: _errors, ...data } = outcome.data
  const whole = {
    schema: `slipway.${outcome.name}/1`,
    ok: outcome.problems.length === 0,
    errors: outcome.problems.map(publicProblem),
    ...data,
  }
  return `${redact(safeJsonText(indented(whole)))}\n`
}

const limitSpreadItems = 200

/** Two spaces a level; of a long list each item has one line: spread out, 100,000 of them took longer than to read their archive. */
const indented = (document: Readonly<Record<string, unknown>>): string => {
  const members = Object.entries(document).filter(([, value]) => value !== undefined)
  const texts = members.map(([name, value]) => `  ${JSON.stringify(name)}: ${memberText(value)}`)
  return `{\n${texts.join(',\n')}\n}`
}

const memberText = (value: unknown): string =>
  Array.isArray(value) && value.length > limitSpreadItems
    ? `[\n    ${value.map(item => JSON.stringify(item) ?? 'null').join(',\n    ')}\n  ]`
    : // No line end stands inside of a JSON text.
      JSON.stringify(value, null, 2).replaceAll('\n', '\n  ')

/** All problems as text: place, config path, code; then what and how. */
export const problemsText = (
  problems: readonly Problem[],
  style: Style,
  options: { readonly cwd: string; readonly verbose: boolean },
): string => problems.map(one => `${problemLines(one, style, options).join('\n')}\n`).join('')

const problemLines = (one: Problem, style: Style, { cwd, verbose }: { readonly cwd: string; readonly verbose: boolean }): string[] => {
  const { message, hint, code } = one
  const places = placesOf(one, cwd)
  const more = verbose ? detailLines(one).map(line => style.dim(`  ${line}`)) : []
  if (one.exit === 'refused' && places.length === 0) {
    return [
      `${style.red('Refused:')} ${plain(message)} ${style.dim(`${plain(code)} (exit ${exitCodes.refused})`)}`,
      `  ${plain(hint)}`,
      ...more,
    ]
  }
  const told = /[.!?]$/.test(message) ? message : `${message}.`
  return [[...places, style.red(plain(code))].join('  '), `  ${plain(`${told} ${hint}`.trim())}`, ...more]
}

const placesOf = ({ where }: Problem, cwd: string): string[] => {
  const { file, line, column, path, target, object } = where
  const inside = file?.startsWith(`${cwd}/`) === true ? file.slice(cwd.length + 1) : file
  const at = [inside, line, line === undefined ? undefined : column].filter(part => part !== undefined).join(':')
  return [at, path, target, object].filter(part => part !== undefined && part !== '').map(part => plain(String(part)))
}

const detailLines = ({ cause, facts }: Problem): string[] => [
  ...(cause === undefined ? [] : [`cause: ${plain(cause)}`]),
  ...Object.entries(facts ?? {}).flatMap(([name, value]) => {
    if (name === 'stack' && Array.isArray(value)) return value.map(line => plain(String(line)))
    return [`${plain(name)}: ${plain(typeof value === 'string' ? value : JSON.stringify(value))}`]
  }),
]

/** Whatever was thrown, as problems: ours as they are, damaged bytes as exit 5, all else as our bug. */
export const problemsOf = (error: unknown, options: { readonly verbose: boolean }): readonly Problem[] => {
  if (error instanceof SlipwayError) return error.problems
  if (error instanceof FormatError) return [damaged(error)]
  return [unexpected(error, options.verbose)]
}

/** A file that is not what it says; where it is known, with its path. */
export const damaged = (error: FormatError, file?: string): Problem =>
  problem(error.code, error.message, {
    hint: 'The bytes are damaged or not what their name says; get the file anew.',
    where: file === undefined ? {} : { file },
    ...(error.offset === undefined ? {} : { facts: { offset: error.offset } }),
    exit: 'corrupt',
  })

const stackLines = 8
const unexpected = (error: unknown, verbose: boolean): Problem => {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack =
    error instanceof Error
      ? (error.stack ?? '')
          .split('\n')
          .filter(line => line.startsWith('    at '))
          .slice(0, stackLines)
      : []
  return problem('bug/unexpected', `Something happened that should not: ${message}`, {
    hint: verbose
      ? 'This is a bug in Slipway; please report these lines.'
      : 'This is a bug in Slipway. Run it again with --verbose and report what it prints.',
    ...(verbose ? { facts: { stack: stack.map(line => line.trim()) } } : {}),
    ...(verbose && error instanceof Error && error.cause !== undefined ? { cause: error.cause } : {}),
    exit: 'bug',
  })
}
