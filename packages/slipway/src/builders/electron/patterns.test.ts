// Patterns for paths of an app: names anywhere, paths from the root, folders with all in them.
import { expect, it } from 'vitest'
import { matcherOf } from './patterns.ts'

it.each([
  ['*.node', ['a.node', 'b/c.node'], ['node', 'a.nodes', 'a.node2/x']],
  ['test', ['test', 'test/a', 'lib/test/b'], ['tests', 'lib/latest']],
  ['lib/*.js', ['lib/a.js', './lib/b.js'.slice(2)], ['lib/b/a.js', 'a/lib/a.js']],
  ['./lib/', ['lib/x'], ['library']],
  ['**/*.{so,dll}', ['a.so', 'b/c.dll', 'd/e/f.so'], ['a.so.1', 'so']],
  ['a/**/z', ['a/z', 'a/b/c/z', 'a/b/z/inside'], ['a/bz', 'b/a/z']],
  ['vendor/**', ['vendor/a/b'], ['vendor2/a']],
  ['a?c.(x)+[1]', ['abc.(x)+[1]'], ['ac.(x)+[1]', 'abc.x1']],
  ['{a', ['a'], ['{a', 'b']],
  ['a,b}', ['a,b}'], ['a', 'b']],
] as const)('%s', (pattern, inside, outside) => {
  const matches = matcherOf([pattern])
  expect(inside.filter(path => !matches(path))).toEqual([])
  expect(outside.filter(matches)).toEqual([])
})
it('matches any of several, and nothing with none', () => {
  expect([matcherOf(['x', 'y'])('y'), matcherOf([])('y')]).toEqual([true, false])
})
