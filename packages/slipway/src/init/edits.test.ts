// package.json and .gitignore: what is put in, and that all else stays byte for byte.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { diffLines } from './diff.ts'
import { scripts, withIgnored, withScripts } from './edits.ts'

/** Something was put in at one place, and every byte before and after it is as it was. */
const isInsertion = (before: string, after: string): boolean => {
  let start = 0
  while (start < before.length && before[start] === after[start]) start += 1
  return after.length > before.length && after.endsWith(before.slice(start))
}

describe('withScripts', () => {
  it.each([
    [
      '{\n  "name": "a",\n  "scripts": {\n    "x": "y"\n  }\n}\n',
      '{\n  "name": "a",\n  "scripts": {\n    "x": "y",\n    "dist:dev": "slipway package --profile dev",\n    "dist:release": "slipway sign"\n  }\n}\n',
    ],
    [
      '{\r\n\t"scripts": {\r\n\t\t"x": "y"\r\n\t},\r\n\t"z": 1\r\n}',
      '{\r\n\t"scripts": {\r\n\t\t"x": "y",\r\n\t\t"dist:dev": "slipway package --profile dev",\r\n\t\t"dist:release": "slipway sign"\r\n\t},\r\n\t"z": 1\r\n}',
    ],
    ['{"name":"a"}', '{"name":"a","scripts":{"dist:dev":"slipway package --profile dev","dist:release":"slipway sign"}}'],
    ['{ "name": "a" }\n', '{ "name": "a", "scripts": { "dist:dev": "slipway package --profile dev", "dist:release": "slipway sign" } }\n'],
    [
      '{ "name": "a", "scripts": {} }',
      '{ "name": "a", "scripts": { "dist:dev": "slipway package --profile dev", "dist:release": "slipway sign" } }',
    ],
    [
      '{\n    "name": "a"\n}\n',
      '{\n    "name": "a",\n    "scripts": {\n        "dist:dev": "slipway package --profile dev",\n        "dist:release": "slipway sign"\n    }\n}\n',
    ],
    ['{}', '{ "scripts": { "dist:dev": "slipway package --profile dev", "dist:release": "slipway sign" } }'],
    [
      '\ufeff{\n  "a": 1\n}\n',
      '\ufeff{\n  "a": 1,\n  "scripts": {\n    "dist:dev": "slipway package --profile dev",\n    "dist:release": "slipway sign"\n  }\n}\n',
    ],
    [
      '{ "scripts": { "dist:release": "slipway sign" } }',
      '{ "scripts": { "dist:release": "slipway sign", "dist:dev": "slipway package --profile dev" } }',
    ],
  ])('keeps the layout of %j', (before, after) => {
    expect(withScripts(before)).toEqual({ text: after, notes: [] })
  })

  it('only puts in, once, and JSON reads it so (any package.json, any layout)', () => {
    const layouts = fc.constantFrom<string | number>(0, 1, 2, 4, '\t')
    const bodies = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
    const own = fc.option(
      fc.dictionary(
        fc.string().filter(key => !Object.hasOwn(scripts, key) && key !== '__proto__'),
        fc.string(),
      ),
      { nil: undefined },
    )
    fc.assert(
      fc.property(bodies, own, layouts, fc.boolean(), (body, lines, indent, windows) => {
        const tree: Record<string, unknown> = { ...body, ...(lines === undefined ? {} : { scripts: lines }) }
        if (lines === undefined) delete tree['scripts']
        const before = JSON.stringify(tree, null, indent).replaceAll('\n', windows ? '\r\n' : '\n')
        const { text } = withScripts(before)
        expect(JSON.parse(text)).toEqual({ ...(JSON.parse(before) as object), scripts: { ...lines, ...scripts } })
        expect(isInsertion(before, text)).toBe(true)
        expect(withScripts(text)).toEqual({ text, notes: [] })
      }),
      { numRuns: 500 },
    )
  })

  it('leaves a script with another text, and says so', () => {
    const before = '{ "scripts": { "dist:dev": "make", "dist:release": "slipway sign" } }'
    expect(withScripts(before)).toEqual({ text: before, notes: [expect.stringContaining('dist:dev is there with another text')] })
  })
  it('adds to the last of two equal keys, which is the one that counts', () => {
    const { text } = withScripts('{ "scripts": { "dist:dev": "x" }, "scripts": { "a": "b" } }')
    expect(JSON.parse(text)).toEqual({ scripts: { a: 'b', ...scripts } })
  })
  it('leaves scripts that are no object', () => {
    expect(withScripts('{ "scripts": [] }')).toEqual({ text: '{ "scripts": [] }', notes: [expect.stringContaining('no object')] })
  })
  it('refuses what is no object', () => {
    expect(() => withScripts('[]')).toThrow('init/unreadable')
  })
})

describe('withIgnored', () => {
  it.each([
    ['', '/.slipway/\n/dist/\n'],
    ['node_modules', 'node_modules\n/.slipway/\n/dist/\n'],
    ['a\r\ndist\r\n', 'a\r\ndist\r\n/.slipway/\r\n'],
    ['/dist/\n.slipway\n', '/dist/\n.slipway\n'],
    ['# dist\n!dist\nmydist/\n.slipway/\n', '# dist\n!dist\nmydist/\n.slipway/\n/dist/\n'],
  ])('%j', (before, after) => {
    expect(withIgnored(before, ['.slipway', 'dist'])).toBe(after)
  })
})

describe('diffLines', () => {
  it('shows a new file, and an edit with its surroundings', () => {
    expect(diffLines({ file: 'x', before: null, after: 'a\nb\n' })).toEqual(['--- /dev/null', '+++ x', '+a', '+b'])
    expect(diffLines({ file: 'x', before: '1\n2\n3\n4\n5\n6\n7\n', after: '1\n2\n3\n4\nn\n5\n6\n7\n' })).toEqual([
      '--- x',
      '+++ x',
      '@@ line 3 @@',
      ' 3',
      ' 4',
      '+n',
      ' 5',
      ' 6',
    ])
  })
  it('lets nothing act on the terminal', () => {
    expect(diffLines({ file: 'x', before: null, after: '\u001b[2J\u202e\ta\n' })).toEqual([
      '--- /dev/null',
      '+++ x',
      '+\\x1b[2J\\u{202e}  a',
    ])
  })
})
