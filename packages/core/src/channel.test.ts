// The transitions of a channel (TRUST 3, 4): each one, each refusal, and what always holds.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyChannel, halt, offer, parseChannelState, resume, rollback, setPercent, shown } from './channel.ts'
import type { ChannelState } from './channel.ts'
import type { Json } from './canonical.ts'
import { SlipwayError } from './error.ts'
import { compareVersions } from './version.ts'

const t = (minute: number): string => `2026-11-21T10:${String(minute).padStart(2, '0')}:00Z`
const reason = 'crashes at start'
const problemOf = (act: () => unknown): { code: string; exit: string } | undefined => {
  try {
    act()
  } catch (error) {
    if (error instanceof SlipwayError) return { code: error.problems[0]?.code ?? '', exit: error.problems[0]?.exit ?? '' }
    throw error
  }
  return undefined
}
const refuses = (code: string, act: () => unknown): void => {
  expect(problemOf(act)).toEqual({ code, exit: 'refused' })
}

const empty = emptyChannel(t(0))
const one = offer(empty, { version: '1.0.0', percent: 100, at: t(1) }).state
const two = offer(one, { version: '1.1.0', percent: 100, at: t(2) }).state
const rolling = offer(two, { version: '1.2.0', percent: 10, at: t(3) }).state
const halted = halt(rolling, { reason, at: t(4) }).state
const back = rollback(two, { reason, at: t(4) }).state

describe('offer', () => {
  it('at 100 makes it current and remembers what was', () => {
    expect(empty).toEqual({ n: 0, at: t(0), current: null, before: null, candidate: null, halted: null })
    expect(one).toEqual({ n: 1, at: t(1), current: '1.0.0', before: null, candidate: null, halted: null })
    expect(two).toEqual({ n: 2, at: t(2), current: '1.1.0', before: '1.0.0', candidate: null, halted: null })
  })
  it('below 100 makes it the candidate', () => {
    expect(rolling).toEqual({ ...two, n: 3, at: t(3), candidate: { version: '1.2.0', percent: 10, since: t(3) } })
    expect(offer(empty, { version: '1.0.0', percent: 1, at: t(1) }).state.candidate?.version).toBe('1.0.0')
  })
  it('changes nothing for what is offered already', () => {
    expect(offer(two, { version: '1.1.0', percent: 100, at: t(9) }).state).toBe(two)
    expect(offer(rolling, { version: '1.1.0', percent: 100, at: t(9) }).state).toBe(rolling)
    expect(offer(rolling, { version: '1.2.0', percent: 10, at: t(9) }).state).toBe(rolling)
  })
  it('goes on with the candidate, or replaces it by a higher version', () => {
    expect(offer(rolling, { version: '1.2.0', percent: 50, at: t(5) }).state.candidate).toEqual({
      version: '1.2.0',
      percent: 50,
      since: t(3),
    })
    expect(offer(rolling, { version: '1.2.0', percent: 100, at: t(5) }).state).toMatchObject({
      current: '1.2.0',
      before: '1.1.0',
      candidate: null,
    })
    expect(offer(rolling, { version: '1.3.0', percent: 5, at: t(5) }).state.candidate).toEqual({
      version: '1.3.0',
      percent: 5,
      since: t(5),
    })
    refuses('channel/percent-falls', () => offer(rolling, { version: '1.2.0', percent: 5, at: t(5) }))
  })
  it('never goes down', () => {
    for (const [version, percent] of [
      ['1.0.0', 100],
      ['1.1.0', 50],
      ['1.1.0-beta.1', 100],
    ] as const)
      refuses('channel/not-higher', () => offer(two, { version, percent, at: t(5) }))
    refuses('channel/not-higher', () => offer(rolling, { version: '1.1.5', percent: 100, at: t(5) }))
  })
  it('lifts a halt only for a version above all that was withdrawn', () => {
    for (const version of ['1.0.0', '1.1.0', '1.1.5', '1.2.0'])
      refuses('channel/halted', () => offer(halted, { version, percent: 100, at: t(5) }))
    for (const version of ['1.0.0', '1.0.5', '1.1.0']) refuses('channel/halted', () => offer(back, { version, percent: 100, at: t(5) }))
    expect(offer(halted, { version: '1.2.1', percent: 10, at: t(5) }).state).toMatchObject({
      halted: null,
      current: '1.1.0',
      candidate: { version: '1.2.1' },
    })
    expect(offer(back, { version: '1.1.1', percent: 100, at: t(5) }).state).toMatchObject({
      halted: null,
      current: '1.1.1',
      before: '1.0.0',
    })
  })
  it('refuses bad input', () => {
    for (const percent of [0, -1, 101, 12.9, NaN]) refuses('channel/bad-percent', () => offer(two, { version: '2.0.0', percent, at: t(5) }))
    refuses('channel/bad-version', () => offer(two, { version: 'v2', percent: 100, at: t(5) }))
    refuses('channel/bad-time', () => offer(two, { version: '2.0.0', percent: 100, at: 'now' }))
    refuses('channel/bad-time', () => emptyChannel('2026-11-21'))
  })
})

describe('setPercent', () => {
  it('widens, ends in current, never falls', () => {
    expect(setPercent(rolling, { percent: 25, at: t(5) }).state).toEqual({
      ...rolling,
      n: 4,
      at: t(5),
      candidate: { version: '1.2.0', percent: 25, since: t(3) },
    })
    expect(setPercent(rolling, { percent: 100, at: t(5) }).state).toEqual({
      n: 4,
      at: t(5),
      current: '1.2.0',
      before: '1.1.0',
      candidate: null,
      halted: null,
    })
    expect(setPercent(rolling, { percent: 10, at: t(5) }).state).toBe(rolling)
    refuses('channel/percent-falls', () => setPercent(rolling, { percent: 9, at: t(5) }))
  })
  it('is refused while halted, without a candidate, and for no percent', () => {
    refuses('channel/halted', () => setPercent(halted, { percent: 50, at: t(5) }))
    refuses('channel/no-candidate', () => setPercent(two, { percent: 50, at: t(5) }))
    refuses('channel/bad-percent', () => setPercent(rolling, { percent: 50.5, at: t(5) }))
  })
})

describe('halt and resume', () => {
  it('withholds the candidate, and the same halt again changes nothing', () => {
    expect(halted).toEqual({ ...rolling, n: 4, at: t(4), halted: { version: '1.2.0', reason } })
    expect(halt(halted, { reason, at: t(9) }).state).toBe(halted)
    expect(halt(halted, { reason: 'worse', at: t(9) }).state).toMatchObject({ n: 5, halted: { version: '1.2.0', reason: 'worse' } })
    expect(shown(halted)).toEqual({ current: '1.1.0', candidate: null, halted: { version: '1.2.0', reason } })
    expect(shown(rolling).candidate).toEqual(rolling.candidate)
  })
  it('only freezes where there is no candidate', () => {
    expect(halt(two, { reason, at: t(4) }).state).toEqual({ ...two, n: 3, at: t(4), halted: { version: null, reason } })
  })
  it('resumes where it stood', () => {
    expect(resume(halted, { at: t(5) }).state).toEqual({ ...rolling, n: 5, at: t(5) })
    refuses('channel/not-halted', () => resume(rolling, { at: t(5) }))
  })
  it('takes one line as its reason', () => {
    for (const bad of ['', ' ', 'a\nb', '\u001b[31m', 'a\u2029b']) refuses('channel/bad-reason', () => halt(two, { reason: bad, at: t(5) }))
  })
})

describe('rollback', () => {
  it('returns to what was before and freezes', () => {
    expect(back).toEqual({ n: 3, at: t(4), current: '1.0.0', before: null, candidate: null, halted: { version: '1.1.0', reason } })
    expect(rollback(rolling, { reason, at: t(4) }).state).toMatchObject({ current: '1.0.0', candidate: null, halted: { version: '1.2.0' } })
    expect(rollback(halt(two, { reason: 'a', at: t(4) }).state, { reason, at: t(5) }).state.halted).toEqual({ version: '1.1.0', reason })
  })
  it('goes to a named version, once', () => {
    const named = rollback(two, { to: '0.9.0', reason, at: t(4) }).state
    expect(named).toMatchObject({ current: '0.9.0', before: null, halted: { version: '1.1.0' } })
    expect(rollback(named, { to: '0.9.0', reason, at: t(9) }).state).toBe(named)
  })
  it('refuses to go nowhere, or up', () => {
    refuses('channel/nothing-before', () => rollback(one, { reason, at: t(5) }))
    refuses('channel/nothing-before', () => rollback(back, { reason, at: t(5) }))
    refuses('channel/nothing-before', () => rollback(empty, { to: '1.0.0', reason, at: t(5) }))
    for (const to of ['1.1.0', '2.0.0']) refuses('channel/not-lower', () => rollback(two, { to, reason, at: t(5) }))
    refuses('channel/not-lower', () => rollback(back, { to: '1.0.0', reason: 'other', at: t(5) }))
    refuses('channel/not-lower', () => rollback(rolling, { to: '1.1.0', reason, at: t(5) }))
    refuses('channel/bad-version', () => rollback(two, { to: 'one', reason, at: t(5) }))
    refuses('channel/bad-reason', () => rollback(two, { reason: '\t', at: t(5) }))
  })
})

describe('whatever is done', () => {
  const version = fc.tuple(fc.nat(2), fc.nat(3)).map(([minor, patch]) => `1.${minor}.${patch}`)
  const step = fc.record({
    kind: fc.constantFrom('offer', 'percent', 'halt', 'resume', 'rollback', 'to'),
    version,
    percent: fc.integer({ min: 1, max: 100 }),
    minute: fc.nat(59),
  })
  const act = (
    state: ChannelState,
    { kind, version: to, percent, minute }: { kind: string; version: string; percent: number; minute: number },
  ): ChannelState => {
    const at = t(minute)
    if (kind === 'offer') return offer(state, { version: to, percent, at }).state
    if (kind === 'percent') return setPercent(state, { percent, at }).state
    if (kind === 'halt') return halt(state, { reason: `because ${percent % 2}`, at }).state
    if (kind === 'resume') return resume(state, { at }).state
    return rollback(state, kind === 'to' ? { to, reason, at } : { reason, at }).state
  }
  it('n rises by one or nothing changes, time never falls, halts are lifted by higher versions or resume alone', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), steps => {
        let state = emptyChannel(t(30))
        for (const one of steps) {
          let next: ChannelState = state
          if (problemOf(() => void (next = act(state, one))) !== undefined) continue
          if (next !== state) expect(next.n).toBe(state.n + 1)
          expect(next.at >= state.at).toBe(true)
          expect(parseChannelState(JSON.parse(JSON.stringify(next)) as Json)).toEqual(next)
          if (next.candidate !== null && next.current !== null) expect(compareVersions(next.candidate.version, next.current)).toBe(1)
          if (state.halted !== null && next.halted === null && one.kind !== 'resume') {
            expect(one.kind).toBe('offer')
            for (const old of [state.halted.version, state.current, state.candidate?.version ?? null])
              if (old !== null) expect(compareVersions(one.version, old)).toBe(1)
          }
          state = next
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('parseChannelState', () => {
  it('reads what transitions make', () => {
    for (const state of [empty, one, rolling, halted, back])
      expect(parseChannelState(JSON.parse(JSON.stringify(state)) as Json)).toEqual(state)
  })
  it('refuses all else, naming the place', () => {
    const base = JSON.parse(JSON.stringify(halted)) as Record<string, Json>
    const bad: [Json, string][] = [
      [null, '$: expected an object'],
      [[], '$: expected an object'],
      [{ ...base, extra: 1 }, '$.extra: unknown name'],
      [{ ...base, 'a\u001b[2J': 1 }, '$.(name not shown): unknown name'],
      [JSON.parse('{"__proto__":{}}') as Json, '$.n: missing'],
      [{ ...base, n: -1 }, '$.n:'],
      [{ ...base, n: 1.5 }, '$.n:'],
      [{ ...base, n: '1' }, '$.n:'],
      [{ ...base, at: '2026-02-30T00:00:00Z' }, '$.at:'],
      [{ ...base, current: 'latest' }, '$.current:'],
      [{ ...base, before: 1 }, '$.before:'],
      [{ ...base, candidate: { version: '1.0.0', percent: 100, since: t(1) } }, '$.candidate.percent:'],
      [{ ...base, candidate: { version: '1.0.0', percent: 10 } }, '$.candidate.since: missing'],
      [{ ...base, candidate: { version: '1.0.0', percent: 10, since: t(1), more: 1 } }, '$.candidate.more: unknown name'],
      [{ ...base, halted: { version: '1.0.0', reason: 'a\nb' } }, '$.halted.reason:'],
      [{ ...base, halted: { version: '1.0.0', reason: '\ud800' } }, '$.halted.reason:'],
    ]
    for (const [json, place] of bad) {
      expect(problemOf(() => parseChannelState(json, { object: 'tuf/3.channels.json' }))).toEqual({
        code: 'channel/bad-state',
        exit: 'corrupt',
      })
      expect(() => parseChannelState(json)).toThrow(place)
    }
  })
})
