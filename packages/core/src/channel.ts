// The channel: signed, movable state that says which release is offered to whom (TRUST 3, 4). Transitions are pure.
import type { Json } from './canonical.ts'
import { fail } from './error.ts'
import type { Where } from './error.ts'
import { isInstant, isOneLine, later } from './plain-text.ts'
import { complaintOf, fields, nullable, text, whole } from './shape.ts'
import { compareVersions, parseVersion } from './version.ts'

export interface Candidate {
  readonly version: string
  /** Whole number, 1 to 99; at 100 the candidate becomes `current`. */
  readonly percent: number
  /** ISO 8601. */
  readonly since: string
}
export interface Halt {
  readonly version: string | null
  /** One line of text; untrusted. */
  readonly reason: string
}
export interface ChannelState {
  /** +1 at each change of this channel. */
  readonly n: number
  /** ISO 8601; never falls. */
  readonly at: string
  /** For everybody. */
  readonly current: string | null
  /** What `rollback` returns to. */
  readonly before: string | null
  readonly candidate: Candidate | null
  readonly halted: Halt | null
}

/** What a transition ends in; the same object as before where it changes nothing. */
export interface Moved {
  readonly state: ChannelState
}
/** What clients may see: no candidate while halted. */
export type Shown = Pick<ChannelState, 'current' | 'candidate' | 'halted'>

/** A channel that has never offered anything. Throws `channel/bad-time`. */
export const emptyChannel = (at: string): ChannelState => ({
  n: 0,
  at: checkTime(at),
  current: null,
  before: null,
  candidate: null,
  halted: null,
})

/**
 * Offers a version to a whole percentage: 100 makes it current, below it becomes the candidate. Lifts a halt only for a version
 * above the halted one, the candidate and current. Throws `channel/halted`, `channel/not-higher`, `channel/percent-falls`,
 * `channel/bad-version`, `channel/bad-percent`, `channel/bad-time`.
 */
export const offer = (state: ChannelState, { version, percent, at }: { version: string; percent: number; at: string }): Moved => {
  checkVersion(version)
  checkPercent(percent)
  const higher = isAbove(version, highest(state))
  if (state.halted !== null && !higher)
    return fail('channel/halted', `The channel is halted; ${version} is not above what was halted or is current.`, {
      hint: 'Offer a higher version, or resume the channel first.',
      exit: 'refused',
    })
  if (version === state.current && percent === 100) return { state }
  if (version === state.candidate?.version) return setPercent(state, { percent, at })
  if (!higher)
    return fail('channel/not-higher', `${version} is not above what this channel offers already.`, {
      hint: 'Clients do not go down: offer a higher version, or use rollback.',
      exit: 'refused',
    })
  if (percent === 100) return change(state, at, { current: version, before: state.current, candidate: null, halted: null })
  return change(state, at, { candidate: { version, percent, since: later(state.at, checkTime(at)) }, halted: null })
}

/**
 * Widens the candidate's rollout; 100 makes it current. Throws `channel/halted`, `channel/no-candidate`, `channel/percent-falls`,
 * `channel/bad-percent`, `channel/bad-time`.
 */
export const setPercent = (state: ChannelState, { percent, at }: { percent: number; at: string }): Moved => {
  checkPercent(percent)
  const { candidate, current, halted } = state
  if (halted !== null)
    return fail('channel/halted', 'The channel is halted, so its rollout stands still.', {
      hint: 'Resume the channel first.',
      exit: 'refused',
    })
  if (candidate === null)
    return fail('channel/no-candidate', 'The channel has no candidate whose rollout could move.', {
      hint: 'Publish or promote a version to it first.',
      exit: 'refused',
    })
  if (percent < candidate.percent)
    return fail('channel/percent-falls', `The rollout is at ${candidate.percent} % and cannot fall to ${percent} %.`, {
      hint: 'Those who have it keep it: halt the channel instead.',
      exit: 'refused',
    })
  if (percent === candidate.percent) return { state }
  if (percent === 100) return change(state, at, { current: candidate.version, before: current, candidate: null })
  return change(state, at, { candidate: { ...candidate, percent } })
}

/**
 * Withholds the candidate and freezes the channel; without a candidate it only freezes.
 * Throws `channel/bad-reason`, `channel/bad-time`.
 */
export const halt = (state: ChannelState, { reason, at }: { reason: string; at: string }): Moved => {
  checkReason(reason)
  if (state.halted?.reason === reason) return { state }
  const version = state.halted === null ? (state.candidate?.version ?? null) : state.halted.version
  return change(state, at, { halted: { version, reason } })
}

/** Lifts a halt; a withheld candidate goes on at its percent. Throws `channel/not-halted`, `channel/bad-time`. */
export const resume = (state: ChannelState, { at }: { at: string }): Moved =>
  state.halted === null
    ? fail('channel/not-halted', 'The channel is not halted.', { hint: 'There is nothing to resume; see slipway status.', exit: 'refused' })
    : change(state, at, { halted: null })

/**
 * Returns `current` to `before`, or to a lower version, drops the candidate and freezes. The halted version is the highest one withdrawn.
 * Throws `channel/nothing-before`, `channel/not-lower`, `channel/bad-version`, `channel/bad-reason`, `channel/bad-time`.
 */
export const rollback = (state: ChannelState, { to, reason, at }: { to?: string; reason: string; at: string }): Moved => {
  checkReason(reason)
  if (to !== undefined) checkVersion(to)
  const { current, candidate, halted } = state
  // The same rollback once more, as a run does that lost its connection.
  if (to !== undefined && to === current && candidate === null && halted?.reason === reason) return { state }
  const target = to ?? state.before
  if (target === null || current === null)
    return fail('channel/nothing-before', 'The channel has no earlier version to return to.', {
      hint: 'Name one with --to, publish a higher version, or halt the channel.',
      exit: 'refused',
    })
  if (!isAbove(current, target))
    return fail('channel/not-lower', `${target} is not below the current version ${current}.`, {
      hint: 'To go up, publish or promote; to withhold the candidate alone, halt.',
      exit: 'refused',
    })
  return change(state, at, { current: target, before: null, candidate: null, halted: { version: highest(state), reason } })
}

/** What clients may see of a channel. */
export const shown = ({ current, candidate, halted }: ChannelState): Shown => ({
  current,
  candidate: halted === null ? candidate : null,
  halted,
})

/** Reads a channel's state strictly; unknown names are refused. Throws `channel/bad-state` (exit 5). */
export const parseChannelState = (json: Json, where: Where = {}): ChannelState => {
  const complaint = complaintOf(stateShape, json)
  return complaint === undefined
    ? (json as unknown as ChannelState)
    : fail('channel/bad-state', `This is no channel state. ${complaint}.`, {
        hint: 'Run slipway verify; a newer slipway may have written it, so upgrade slipway.',
        where,
        exit: 'corrupt',
      })
}

const versionShape = text('a SemVer version', value => parseVersion(value) !== undefined)
const instantShape = text('an instant in UTC', isInstant)
const stateShape = fields({
  closed: true,
  required: {
    n: whole(0, Number.MAX_SAFE_INTEGER),
    at: instantShape,
    current: nullable(versionShape),
    before: nullable(versionShape),
    candidate: nullable(fields({ closed: true, required: { version: versionShape, percent: whole(1, 99), since: instantShape } })),
    halted: nullable(fields({ closed: true, required: { version: nullable(versionShape), reason: text('one line of text', isOneLine) } })),
  },
})

const change = (state: ChannelState, at: string, next: Partial<ChannelState>): Moved => ({
  state: { ...state, ...next, n: state.n + 1, at: later(state.at, checkTime(at)) },
})

const isAbove = (version: string, other: string | null): boolean => other === null || compareVersions(version, other) > 0

const highest = ({ current, candidate, halted }: ChannelState): string | null =>
  [current, candidate?.version ?? null, halted?.version ?? null].reduce((top, one) => (one !== null && isAbove(one, top) ? one : top), null)

const checkVersion = (version: string): void =>
  parseVersion(version) === undefined
    ? fail('channel/bad-version', 'This is no SemVer 2.0.0 version.', {
        hint: 'Write MAJOR.MINOR.PATCH, without a leading v.',
        exit: 'refused',
      })
    : undefined

const checkPercent = (percent: number): void =>
  Number.isInteger(percent) && percent >= 1 && percent <= 100
    ? undefined
    : fail('channel/bad-percent', 'A rollout is a whole number from 1 to 100.', {
        hint: 'To offer it to nobody, halt the channel.',
        exit: 'refused',
      })

const checkReason = (reason: string): void =>
  isOneLine(reason)
    ? undefined
    : fail('channel/bad-reason', 'A reason is one line of text without control characters.', {
        hint: 'Say in one line why.',
        exit: 'refused',
      })

const checkTime = (at: string): string =>
  isInstant(at)
    ? at
    : fail('channel/bad-time', 'This is no instant in UTC.', { hint: 'Write it as 2026-11-21T10:00:00Z.', exit: 'refused' })
