// explain: what a code means.
import { describe, expect, it } from 'vitest'
import type { Style } from './command.ts'
import { explain } from './explain.ts'
import { explanations } from '../explanations.gen.ts'

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
  it('begins with the written sentence where there is one', () => {
    const { text } = explain('a/b', { 'a/b': { explain: 'A key is misspelt.', message: '<key> is <what>.', hint: 'h', file: 'a.ts' } })
    expect(text(style, { verbose: false })).toBe('a/b\n  A key is misspelt.\n\nAs\n  <key> is <what>.\n\nFix\n  h\n\nthrown in a.ts')
  })
  it('says of every code of ours more than what is filled in', () => {
    const words = (text: string): number => text.replaceAll(/<[^<>]*>/g, ' ').match(/[A-Za-z]+/g)?.length ?? 0
    const ours = Object.entries(explanations).filter(([, one]) => !one.file.startsWith('packages/formats/'))
    expect(ours.filter(([, one]) => words(`${one.explain ?? ''} ${one.message}`) < 3).map(([code]) => code)).toEqual([])
  })
  it.each([
    ['config/unknwon-key', 'Did you mean config/unknown-key?'],
    ['unknown-key', 'Did you mean config/unknown-key?'],
    ['constructor', 'Give the code as it was printed, as config/unknown-key.'],
  ])('refuses %s', (code, hint) => {
    expect(refusal(code)).toMatchObject({ problems: [{ code: 'explain/unknown-code', hint, exit: 'input' }] })
  })
})
