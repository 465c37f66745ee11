// Columns with wide characters, sizes and times.
import { describe, expect, it } from 'vitest'
import { align, columnsOf, fit, humanBytes, humanClock, humanDuration, humanShare, table } from './table.ts'

describe('columns', () => {
  it('count what a terminal shows', () => {
    expect(columnsOf('应用')).toBe(4)
    expect(columnsOf('e\u0301')).toBe(1)
    expect(columnsOf('🚀👩‍💻')).toBe(4)
    expect(columnsOf('\u001b[31mred\u001b[39m')).toBe(3)
  })
  it('are aligned, the chosen ones to the right', () => {
    expect(
      align(
        [
          ['a', '1', 'x'],
          ['应用', '22', 'y'],
        ],
        [1],
      ),
    ).toEqual(['a      1  x', '应用  22  y'])
  })
  it('are cut where they do not fit', () => {
    expect(fit('应用应用', 5)).toBe('应用…')
    expect(fit('short', 5)).toBe('short')
    expect(fit('x', 0)).toBe('')
  })
  it('have a head, and none where nothing stands', () => {
    expect(
      table(
        ['file', ''],
        [
          ['a', ''],
          ['bc', ''],
        ],
        { dim: text => `<${text}>` },
      ),
    ).toBe('<file>\na\nbc')
  })
})

describe('numbers', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [52_400_000, '52.4 MB'],
    [999_960, '1.0 MB'],
    [124_000_000, '124 MB'],
    [1.5e12, '1.5 TB'],
  ])('%d bytes', (bytes, text) => {
    expect(humanBytes(bytes)).toBe(text)
  })
  it('share one unit', () => {
    expect(humanShare(71_000_000, 124_000_000)).toBe('71.0 of 124 MB')
  })
  it.each([
    [320, '320 ms'],
    [2400, '2.4 s'],
    [58_000, '58 s'],
    [133_000, '2 min 13 s'],
    [3_600_000, '1 h'],
    [12 * 86_400_000, '12 days'],
  ])('%d ms', (ms, text) => {
    expect(humanDuration(ms)).toBe(text)
  })
  it('tell the clock', () => {
    expect([humanClock(31_000), humanClock(133_000), humanClock(3_723_000)]).toEqual(['0:31', '2:13', '1:02:03'])
  })
})
