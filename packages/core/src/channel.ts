// The channel: signed, movable state that says which release is offered to whom (TRUST 3). Transitions are pure.
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
