import { expect, it } from 'vitest'
import { hasControl, isInstant, isOneLine, later } from './plain-text.ts'

it('finds control characters', () => {
  expect(['a\n', '\u0000', '\u007f', '\u009b'].map(hasControl)).toEqual([true, true, true, true])
  expect(['', 'é 😀', '\u00a0'].map(hasControl)).toEqual([false, false, false])
})
it('knows one line of text', () => {
  expect(['crashes at start', 'größer 😀'].map(isOneLine)).toEqual([true, true])
  for (const text of ['', '  ', 'a\nb', 'a\u001b[2Jb', 'a\u2028b', 'a\u202egnp.exe', 'a\ud800']) expect(isOneLine(text)).toBe(false)
})
it('knows instants, and days that do not exist', () => {
  expect(['2026-11-21T10:00:00Z', '2024-02-29T23:59:59.123Z'].map(isInstant)).toEqual([true, true])
  for (const text of [
    '2026-11-21',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-21T10:00:00+01:00',
    '2026-11-21T24:00:00Z',
    'now',
  ])
    expect(isInstant(text)).toBe(false)
})
it('takes the later instant', () => {
  expect(later('2026-11-21T10:00:00Z', '2026-11-21T10:00:00.001Z')).toBe('2026-11-21T10:00:00.001Z')
  expect(later('2026-11-21T10:00:00Z', '2025-11-21T10:00:00Z')).toBe('2026-11-21T10:00:00Z')
})
