// The strict JSON reader against JSON.parse, and what it refuses beyond it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from './canonical.ts'
import type { Json } from './canonical.ts'
import { SlipwayError } from './error.ts'
import type { Problem } from './error.ts'
import { parseJson } from './parse-json.ts'

const problemOf = (text: string): Problem => {
  try {
    parseJson(text, { where: { file: 'a.json' }, exit: 'corrupt' })
  } catch (error) {
    if (error instanceof SlipwayError) return error.problems[0] as Problem
  }
  throw new Error(`accepted: ${text}`)
}

describe('parseJson', () => {
  it('reads what JSON.stringify and canonical write', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(0, 2, '\t'), (value, space) => {
        const text = JSON.stringify(value, null, space)
        expect(parseJson(text)).toEqual(JSON.parse(text))
        expect(canonical(parseJson(canonical(value as Json)))).toBe(canonical(value as Json))
      }),
    )
  })
  it('accepts no text that JSON.parse refuses', () => {
    const noise = fc.array(
      fc.constantFrom(
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        'a',
        '\\',
        '\\u00',
        '1',
        '-',
        '.',
        'e',
        '0',
        'true',
        'null',
        ' ',
        '\n',
        '\u0001',
        '\ufeff',
      ),
      { maxLength: 9 },
    )
    fc.assert(
      fc.property(noise, parts => {
        const text = parts.join('')
        let ours: unknown
        try {
          ours = parseJson(text)
        } catch {
          return
        }
        expect(ours).toEqual(JSON.parse(text))
      }),
      { numRuns: 3000 },
    )
  })
  it('refuses a name that stands twice, also when it is escaped', () => {
    for (const text of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '[{"b":{"__proto__":1,"__proto__":2}}]'])
      expect(problemOf(text).code).toBe('core/duplicate-key')
    expect(problemOf('{"a": 1,\n  "a": 2}').where).toEqual({ file: 'a.json', line: 2, column: 3 })
    expect(parseJson('[{"a":1},{"a":2}]')).toEqual([{ a: 1 }, { a: 2 }])
  })
  it('keeps __proto__ as data', () => {
    const value = parseJson('{"__proto__":{"evil":true}}') as Record<string, Json>
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect(value['evil']).toBeUndefined()
  })
  it('refuses what JSON.parse bends in silence', () => {
    expect(problemOf('[1e999]').code).toBe('core/huge-number')
    expect(problemOf('["\\ud800"]').code).toBe('core/lone-surrogate')
    expect(problemOf('{"\ud800":1}').code).toBe('core/lone-surrogate')
    expect(problemOf('['.repeat(300) + ']'.repeat(300)).code).toBe('core/too-deep')
    expect(parseJson('['.repeat(200) + ']'.repeat(200))).toBeDefined()
  })
  it('refuses bad JSON with its place and without its text', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '[',
      '[1',
      '[1,]',
      '{"a"}',
      '{"a":}',
      '{"a":1',
      '{"a":1,}',
      '{a:1}',
      '01',
      '+1',
      '1.',
      '.5',
      'nul',
      'nulls',
      "'a'",
      '"a',
      '"\\x"',
      '"\\u12g4"',
      '"\n"',
      '1 2',
      '\ufeff1',
      'NaN',
    ])
      expect(problemOf(text).code).toBe('core/bad-json')
    const problem = problemOf('{"a": "hunter2",\n "b": hunter2}')
    expect(problem).toMatchObject({ exit: 'corrupt', where: { line: 2, column: 7 } })
    expect(JSON.stringify(problem)).not.toContain('hunter2')
    expect(() => parseJson('x')).toThrow('core/bad-json')
  })
})
