// `slipway explain CODE`: what an error code means, from the explanations that `npm run gen` gathers where errors are thrown.
import { fail } from '@slipway/core'
import { nearest } from '../config/nearest.ts'
import { plain } from '../reporters/safe.ts'
import type { Invocation, Outcome } from './command.ts'

export interface Explanation {
  /** In a sentence, where the messages are nearly all filled in. */
  readonly explain?: string
  /** Several are one a line. */
  readonly message: string
  readonly hint: string
  /** Absent where the command that met it decides. */
  readonly exit?: number
  readonly file: string
}

/** Code: `explain/unknown-code`. */
export const run = async ({ args }: Invocation): Promise<Outcome> => {
  const { explanations } = await import('../explanations.gen.ts')
  return explain(args[0] ?? '', explanations)
}

export const explain = (code: string, explanations: Readonly<Record<string, Explanation>>): Outcome => {
  const found = Object.hasOwn(explanations, code) ? explanations[code] : undefined
  if (found === undefined) {
    const near = nearest(code, Object.keys(explanations)) ?? sameReason(code, Object.keys(explanations))
    const hint = near === undefined ? 'Give the code as it was printed, as config/unknown-key.' : `Did you mean ${near}?`
    return fail('explain/unknown-code', `"${code}" is no error code.`, { hint })
  }
  return {
    name: 'explain',
    data: { code, ...found },
    problems: [],
    text: style => {
      const exit = found.exit === undefined ? '' : style.dim(`  exit ${found.exit}`)
      return [
        `${style.bold(code)}${exit}`,
        ...(found.explain === undefined ? [] : [...linesOf(found.explain), '', 'As']),
        ...linesOf(found.message),
        '',
        'Fix',
        ...linesOf(found.hint),
        '',
        style.dim(`thrown in ${found.file}`),
      ].join('\n')
    },
  }
}

const linesOf = (text: string): string[] => text.split('\n').map(line => `  ${plain(line)}`)

/** `unknown-key` alone means the code that ends in it. */
const sameReason = (code: string, known: readonly string[]): string | undefined => known.find(one => one.endsWith(`/${code}`))
