// The one retry policy: a network failure is tried again, twice, after 1 and 4 seconds. Nothing else is ever tried again.
import { SlipwayError } from '@slipway/core'
import type { Io } from '../io/io.ts'

const waitsMs = [1_000, 4_000]
const retryable = new Set(['io/network', 'store/unreachable'])

interface Trying {
  readonly io: Io
  readonly signal: AbortSignal
  /** Hears that it is tried again. */
  readonly note: (text: string) => void
}

export const withRetry = async <T>({ io, signal, note }: Trying, act: () => Promise<T>): Promise<T> => {
  for (const waitMs of waitsMs) {
    try {
      return await act()
    } catch (error) {
      if (!isRetryable(error) || signal.aborted) throw error
      note(`network failure, trying again in ${waitMs / 1000} s`)
      await io.clock.sleep(waitMs)
    }
  }
  return act()
}

const isRetryable = (error: unknown): boolean =>
  error instanceof SlipwayError && error.problems.length > 0 && error.problems.every(one => retryable.has(one.code))
