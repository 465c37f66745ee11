// JSON as configuration files of desktop apps have it: with comments and trailing commas, or JSON5 (json5.org).
import type { ParseError } from 'jsonc-parser'

/** The reader; it throws what the parsers throw. They are loaded when they are needed. */
export const json5Reader = async (): Promise<(text: string) => unknown> => {
  const yaml = await import('yaml')
  const jsonc = await import('jsonc-parser')
  return text => {
    const errors: ParseError[] = []
    const value: unknown = jsonc.parse(text, errors, { allowTrailingComma: true })
    // JSON5 has comments, bare keys and single quotes: YAML once the comments are out.
    return errors.length === 0 ? value : (yaml.parse(withoutComments(text), { maxAliasCount: 100 }) as unknown)
  }
}

/** Comments blanked, texts left alone. */
const withoutComments = (content: string): string =>
  content.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[^]*?\*\//g, part =>
    part.startsWith('/') ? part.replace(/[^\n]/g, ' ') : part,
  )
