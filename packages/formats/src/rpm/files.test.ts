// The order of a package's files: that of the UTF-8 bytes of their paths, which is not that of JavaScript.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sortFiles, type RpmFile } from './files.ts'

const folder = (path: string): RpmFile => ({ type: 'folder', path, mode: 0o755, mtime: 0 })
const sorted = (paths: readonly string[]): readonly string[] => sortFiles(paths.map(folder)).map(one => one.path)

describe('sortFiles', () => {
  it('puts what lies beyond 16 bits last, and a beginning before what goes on', () => {
    expect(sorted(['/\u{1f600}', '/\uff5e', '/a/b', '/\ue000', '/a', '/\ud7ff'])).toEqual([
      '/a',
      '/a/b',
      '/\ud7ff',
      '/\ue000',
      '/\uff5e',
      '/\u{1f600}',
    ])
  })
  it('is the order of the bytes for any names', () => {
    const name = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 4 })
      .filter(text => !/[\0\n/]/.test(text) && text !== '.' && text !== '..')
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 12 }), names => {
        const paths = names.map(one => `/${one}`)
        expect(sorted(paths)).toEqual(paths.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right))))
      }),
    )
  })
})
