// explain: what a code means.
import { describe, expect, it } from 'vitest'
import type { Style } from './command.ts'
import { explain } from './explain.ts'

const codes = { 'config/unknown-key': { message: '<key> is unknown\nor misspelt', hint: 'Write another.', exit: 2, file: 'a.ts' } }
const same = (text: string): string => text
const style: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same, width: 80 }
const refusal = (code: string): unknown => {
  try {
    return explain(code, codes)
  } catch (error) {
    return error
  }
}

describe('explain', () => {
  it('says what, how to fix and which exit', () => {
    const { data, text } = explain('config/unknown-key', codes)
    expect(data).toMatchObject({ code: 'config/unknown-key', exit: 2, hint: 'Write another.' })
    expect(text(style, { verbose: false })).toBe(
      'config/unknown-key  exit 2\n  <key> is unknown\n  or misspelt\n\nFix\n  Write another.\n\nthrown in a.ts',
    )
  })
  it.each([
    ['config/unknwon-key', 'Did you mean config/unknown-key?'],
    ['unknown-key', 'Did you mean config/unknown-key?'],
    ['constructor', 'Give the code as it was printed, as config/unknown-key.'],
  ])('refuses %s', (code, hint) => {
    expect(refusal(code)).toMatchObject({ problems: [{ code: 'explain/unknown-code', hint, exit: 'input' }] })
  })
})
