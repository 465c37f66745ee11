// The contract of a benchmark: one number that we publish, measured beside a peer in the same run (DESIGN 6).

export interface Measured {
  readonly ours: number
  readonly peer: number
  /** Of ours and peer; what is held against the limit. Smaller is better. */
  readonly ratio: number
  readonly unit: 'ms' | 's' | 'MB' | 'bytes'
  /** What the peer was, with its version where it has one. */
  readonly against: string
  readonly note?: string
}
export interface Bench {
  readonly name: string
  /** The largest ratio that is allowed. */
  readonly limit: number
  readonly run: () => Promise<Measured>
}
/** What a file in bench/ exports. */
export interface BenchFile {
  readonly benches: readonly Bench[]
}

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2
}
