// RFC 8785 against npm's canonicalize and the RFC's own examples; OLPC against @tufjs/canonical-json.
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assertPortable, canonical, digestOf, isJsonObject, olpc } from './canonical.ts'
import type { Json } from './canonical.ts'
import { SlipwayError } from './error.ts'
import { createRequire } from 'node:module'

const tufjs = createRequire(import.meta.url)('@tufjs/canonical-json') as { canonicalize: (value: unknown) => string }
const codeOf = (act: () => unknown): string | undefined => {
  try {
    act()
    return undefined
  } catch (error) {
    return error instanceof SlipwayError ? error.problems[0]?.code : String(error)
  }
}
const json = fc.jsonValue({ stringUnit: 'binary', maxDepth: 5 }) as fc.Arbitrary<Json>

describe('canonical', () => {
  it('agrees with canonicalize on any JSON', () => {
    fc.assert(fc.property(json, value => canonical(value) === canonicalize(value)))
  })
  it('sorts names by UTF-16 code unit (RFC 8785, 3.2.3)', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 }
    expect(canonical(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}')
  })
  it('writes numbers as RFC 8785, appendix B', () => {
    const numbers = [
      0, -0, 5e-324, -5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 9.999999999999997e22, 1e23, 1e21,
      333333333.3333332, 1e-6, 1e-7,
    ]
    expect(canonical(numbers)).toBe(
      '[0,0,5e-324,-5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000,9.999999999999997e+22,1e+23,1e+21,333333333.3333332,0.000001,1e-7]',
    )
  })
  it('keeps __proto__ as a name', () => {
    expect(canonical(JSON.parse('{"__proto__":{"a":1},"b":2}') as Json)).toBe('{"__proto__":{"a":1},"b":2}')
    expect(canonical(Object.assign(Object.create(null) as object, { a: 1 }) as Json)).toBe('{"a":1}')
  })
  it('hashes the canonical text, whatever the order was', () => {
    expect(digestOf({ b: 1, a: [true, null, 'x'] })).toBe(digestOf({ a: [true, null, 'x'], b: 1 }))
    expect(digestOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })
  it('refuses what is no JSON', () => {
    for (const value of [NaN, Infinity, -Infinity]) expect(codeOf(() => canonical([value]))).toBe('core/not-finite')
    for (const value of [undefined, { a: undefined }, [, 1], () => 1, Symbol('a'), 1n, new Date(0), new Map()])
      expect(codeOf(() => canonical(value as unknown as Json))).toBe('core/not-json')
    expect(codeOf(() => canonical('\ud800'))).toBe('core/lone-surrogate')
    expect(codeOf(() => canonical({ '\udc00': 1 }))).toBe('core/lone-surrogate')
  })
  it('refuses cycles and deep nesting', () => {
    const cycle: Json[] = []
    cycle.push(cycle)
    expect(codeOf(() => canonical(cycle))).toBe('core/too-deep')
  })
})

describe('olpc', () => {
  it('escapes quotes and backslashes only', () => {
    expect(olpc({ b: 'a"\\\n', a: [1, -2, null, true] })).toBe('{"a":[1,-2,null,true],"b":"a\\"\\\\\n"}')
  })
  it('agrees with tuf-js on whole numbers and any text', () => {
    const whole = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.maxSafeInteger(),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      map: fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
    })).value as fc.Arbitrary<Json>
    fc.assert(fc.property(whole, value => olpc(value) === tufjs.canonicalize(value)))
  })
  it('refuses floats and numbers that lose digits', () => {
    for (const value of [0.5, 2 ** 53, 1e21]) expect(codeOf(() => olpc({ value }))).toBe('core/not-portable')
    expect(codeOf(() => olpc([Infinity]))).toBe('core/not-finite')
  })
})

describe('assertPortable', () => {
  it('passes only what both encodings write alike', () => {
    fc.assert(
      fc.property(json, value => {
        if (codeOf(() => assertPortable(value)) === undefined) expect(olpc(value)).toBe(canonical(value))
      }),
    )
    expect(codeOf(() => assertPortable({ a: [1, 'b "c" \\', null, true, { d: 'é😀' }] }))).toBeUndefined()
  })
  it('refuses floats, control characters and names above U+FFFF, and says where', () => {
    const cases: [Json, string][] = [
      [{ a: [1, 0.5] }, '$.a.1'],
      [{ a: 2 ** 53 }, '$.a'],
      [{ a: { b: 'x\ny' } }, '$.a.b'],
      ['\u0085', '$'],
      [{ 'a\u0000': 1 }, '$.(name not shown)'],
      [{ '😀': 1 }, '$.(name not shown)'],
    ]
    for (const [value, path] of cases) {
      expect(codeOf(() => assertPortable(value))).toBe('core/not-portable')
      expect(() => assertPortable(value)).toThrow(path)
    }
    expect(() => assertPortable(0.5, 'channels/stable')).toThrow('channels/stable: the number 0.5')
    expect(codeOf(() => assertPortable('\ud800'))).toBe('core/lone-surrogate')
  })
})

it('tells objects from lists and null', () => {
  expect([{}, [], null, 'a', undefined].map(isJsonObject)).toEqual([true, false, false, false, false])
})
