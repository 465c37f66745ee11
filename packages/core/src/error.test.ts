import { afterEach, describe, expect, it } from 'vitest'
import { exitCodeOf, fail, failAll, problem, publicProblem, SlipwayError } from './error.ts'
import { forgetSecrets, keepSecret, redact } from './redact.ts'

afterEach(forgetSecrets)

describe('errors', () => {
  it('carry code, message, hint, place and exit', () => {
    const one = problem('deb/no-maintainer', 'packages.deb.maintainer is missing', {
      hint: 'Set it.',
      where: { path: 'packages.deb' },
      facts: { a: 1 },
    })
    expect(one).toEqual({
      code: 'deb/no-maintainer',
      message: 'packages.deb.maintainer is missing',
      hint: 'Set it.',
      where: { path: 'packages.deb' },
      facts: { a: 1 },
      exit: 'input',
    })
    expect(publicProblem(one)).toEqual({ code: one.code, message: one.message, hint: one.hint, where: one.where, facts: one.facts })
    expect(() => fail('a/b', 'what', { hint: 'how', exit: 'bug' })).toThrow('a/b: what')
  })
  it('throw several at once, or none', () => {
    expect(() => failAll([])).not.toThrow()
    const both = [problem('a/b', 'one', { hint: '' }), problem('c/d', 'two', { hint: '', exit: 'corrupt' })]
    expect(() => failAll(both)).toThrow('a/b: one\nc/d: two')
    expect([exitCodeOf([]), exitCodeOf(both)]).toEqual([0, 5])
  })
  it('say what caused them', () => {
    const causeOf = (cause: unknown): string | undefined => problem('a/b', '', { hint: '', cause }).cause
    expect(causeOf('text')).toBe('text')
    expect(causeOf(new Error('outer', { cause: new Error('inner') }))).toBe('outer: inner')
    expect(causeOf(new SlipwayError([problem('a/b', 'one', { hint: '' })]))).toBe('a/b: one')
    expect(causeOf(undefined)).toBeUndefined()
  })
  it('never hold a secret that was read', () => {
    keepSecret('hunter"2 x')
    const one = problem('a/b', 'with hunter"2 x', {
      hint: 'hunter"2 x',
      facts: { env: ['hunter"2 x'] },
      cause: new Error('hunter%222%20x'),
    })
    expect(JSON.stringify(one)).not.toContain('hunter')
    expect(one.facts).toEqual({ env: ['[secret]'] })
  })
})

describe('redact', () => {
  it('removes the longest first, each line of a secret, and no short ones', () => {
    keepSecret('abcd')
    keepSecret('abcdefgh')
    keepSecret('first line\nsecond line')
    keepSecret('xyz')
    expect(redact('abcdefgh abcd second line xyz')).toBe('[secret] [secret] [secret] xyz')
    forgetSecrets()
    expect(redact('abcd')).toBe('abcd')
  })
})
