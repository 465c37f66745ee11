import { describe, expect, it } from 'vitest'
import { assertNotFrozen, frozenBy } from './freeze.ts'

const at = (text: string): number => Date.parse(text)
const weekend = 'Fri 16:00/Mon 08:00'

describe('freeze windows', () => {
  it('holds a weekend from Friday afternoon to Monday morning, in UTC', () => {
    expect(frozenBy([weekend], at('2026-11-20T15:59:59Z'))).toBeUndefined()
    expect(frozenBy([weekend], at('2026-11-20T16:00:00Z'))).toBe(weekend)
    expect(frozenBy([weekend], at('2026-11-22T12:00:00Z'))).toBe(weekend)
    expect(frozenBy([weekend], at('2026-11-23T07:59:00Z'))).toBe(weekend)
    expect(frozenBy([weekend], at('2026-11-23T08:00:00Z'))).toBeUndefined()
    expect(frozenBy(['Tue 10:00/Tue 12:00'], at('2026-11-24T11:00:00Z'))).toBeDefined()
    expect(frozenBy(['Tue 10:00/Tue 12:00'], at('2026-11-25T11:00:00Z'))).toBeUndefined()
  })

  it('holds whole days of a range of dates', () => {
    const holidays = '2026-12-20/2027-01-03'
    expect(frozenBy([weekend, holidays], at('2026-12-23T10:00:00Z'))).toBe(holidays)
    expect(frozenBy([holidays], at('2027-01-03T23:59:59Z'))).toBe(holidays)
    expect(frozenBy([holidays], at('2027-01-04T00:00:00Z'))).toBeUndefined()
  })

  it('refuses a release inside of one', () => {
    expect(() => assertNotFrozen('stable', [weekend], at('2026-11-21T14:00:00Z'))).toThrow('publish/frozen')
    expect(() => assertNotFrozen('stable', [], at('2026-11-21T14:00:00Z'))).not.toThrow()
  })
})
