// The first look at the command line: which command, and is it help or version? Light, so that both answer at once.
import type { CommandSpec, Flag } from './command.ts'
import { globalFlags, shortFlags } from './flags.ts'
import { specs } from './specs.ts'

export type Trouble =
  | { readonly kind: 'unknown-flag'; readonly text: string }
  | { readonly kind: 'missing-value'; readonly text: string }
  | { readonly kind: 'needless-value'; readonly text: string }
  | { readonly kind: 'unknown-command'; readonly text: string }
  | { readonly kind: 'no-command' }

export interface Scan {
  readonly command?: CommandSpec
  /** What stands beside the command word, in order. */
  readonly rest: readonly string[]
  readonly wants: 'run' | 'help' | 'version'
  readonly json: boolean
  readonly trouble?: Trouble
}

/** Finds the command word wherever it stands among the flags. */
export const scan = (argv: readonly string[]): Scan => {
  const seen = { json: false, help: false, version: false }
  const rest: string[] = []
  let word: string | undefined
  let trouble: Trouble | undefined
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at] ?? ''
    if (token === '--') {
      rest.push(...argv.slice(at))
      break
    }
    if (!token.startsWith('-') || token === '-') {
      if (word === undefined) word = token
      else rest.push(token)
      continue
    }
    const long = shortFlags[token] ?? token
    rest.push(long)
    const flag = known.get(long.split('=', 1)[0] ?? '')
    if (flag === undefined) trouble ??= { kind: 'unknown-flag', text: token }
    else if (flag.value === undefined && long.includes('=')) trouble ??= { kind: 'needless-value', text: `--${flag.name}` }
    else if (long === '--json' || long === '--help' || long === '--version') seen[flag.name as keyof typeof seen] = true
    else if (flag.value !== undefined && !long.includes('=')) {
      const next = argv[at + 1]
      // A flag is never taken for a value: `--reason --resume` would swallow the second one.
      if (next === undefined || (next.startsWith('--') && known.has(next.split('=', 1)[0] ?? '')))
        trouble ??= { kind: 'missing-value', text: long }
      else rest.push(next)
      if (next !== undefined) at++
    }
  }
  return found({ word, rest, seen, trouble, bare: argv.length === 0 })
}

interface Seen {
  readonly word: string | undefined
  readonly rest: readonly string[]
  readonly seen: { readonly json: boolean; readonly help: boolean; readonly version: boolean }
  readonly trouble: Trouble | undefined
  readonly bare: boolean
}

const found = ({ word, rest, seen, trouble, bare }: Seen): Scan => {
  const command = specs.find(spec => spec.name === word)
  const wants = seen.help || bare ? 'help' : seen.version ? 'version' : 'run'
  const unknown: Trouble | undefined = word !== undefined && command === undefined ? { kind: 'unknown-command', text: word } : undefined
  const absent: Trouble | undefined = word === undefined && wants === 'run' ? { kind: 'no-command' } : undefined
  const wrong = trouble ?? unknown ?? absent
  return { rest, wants, json: seen.json, ...(command === undefined ? {} : { command }), ...(wrong === undefined ? {} : { trouble: wrong }) }
}

/** A flag means the same number of words in every command, so that it may stand before the command word; a test holds it. */
const known: ReadonlyMap<string, Flag> = new Map(
  [...globalFlags, ...specs.flatMap(spec => spec.flags)].map(flag => [`--${flag.name}`, flag]),
)
