// Texts of a header, however their data lies: with padding, with data of another tag in it, not UTF-8, cut off.
import { expect, it } from 'vitest'
import { concat, encodeText, fromBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { readHeader } from './header-read.ts'
import { headerMagic, types } from './tags.ts'

type Entry = readonly [tag: number, type: number, offset: number, count: number]

const texts = async (entries: readonly Entry[], data: Uint8Array): Promise<(tag: number) => readonly string[]> => {
  const numbers = [entries.length, data.length, ...entries.flat()]
  const bytes = new Uint8Array(numbers.length * 4)
  numbers.forEach((number, index) => new DataView(bytes.buffer).setUint32(index * 4, number))
  const magic = new Uint8Array(8)
  magic.set(headerMagic.subarray(0, 8))
  return (await readHeader(fromBytes(concat([magic, bytes, data])), 0)).texts
}

const strings = types.strings

it('reads texts in front of padding and of other data, empty ones and equal ones', async () => {
  const data = encodeText('one\0two\0\0\0\0\0\0\0\x01\x02same\0same\0same\0\0\0\0')
  const read = await texts(
    [
      [1, strings, 0, 3],
      [2, types.bin, 14, 2],
      [3, strings, 16, 3],
      [4, strings, 31, 3],
    ],
    data,
  )
  expect(read(1)).toEqual(['one', 'two', ''])
  expect(read(3)).toEqual(['same', 'same', 'same'])
  expect(read(4)).toEqual(['', '', ''])
})

it('reads texts that share their data with another tag, and such as begin in the middle of it', async () => {
  const data = encodeText('one\0two\0three\0')
  const read = await texts(
    [
      [1, strings, 0, 3],
      [2, strings, 0, 2],
      [3, strings, 4, 2],
      [4, strings, 5, 1],
    ],
    data,
  )
  expect(read(1)).toEqual(['one', 'two', 'three'])
  expect(read(2)).toEqual(['one', 'two'])
  expect(read(3)).toEqual(['two', 'three'])
  expect(read(4)).toEqual(['wo'])
})

it('reads fewer texts than stand there, and text that is not UTF-8 as Latin-1', async () => {
  const data = concat([encodeText('one\0two\0'), Uint8Array.of(0x63, 0xe9, 0)])
  const read = await texts(
    [
      [1, strings, 0, 1],
      [2, strings, 8, 1],
    ],
    data,
  )
  expect(read(1)).toEqual(['one'])
  expect(read(2)).toEqual(['c\u00e9'])
})

it('refuses texts that do not end', async () => {
  const read = await texts([[1, strings, 0, 3]], encodeText('one\0two\0three'))
  expect(() => read(1)).toThrow(new FormatError('rpm/bad-header', 'tag 1: a text does not end', 16))
})
