// The one retry policy: a network failure is tried again, twice, after 1 and 4 seconds. Nothing else is ever tried again.
import { SlipwayError } from '@slipway/core'
import type { Io } from '../io/io.ts'

const waitsMs = [1_000, 4_000]
const retryable = new Set(['io/network', 'store/unreachable'])

/** Where a unit of the loop says that it tries again. */
interface Notes {
  readonly note: (text: string) => void
}

export const withRetry = async <T>(io: Io, signal: AbortSignal, report: Notes, act: () => Promise<T>): Promise<T> => {
  for (const waitMs of waitsMs) {
    try {
      return await act()
    } catch (error) {
      if (!isRetryable(error) || signal.aborted) throw error
      report.note(`network failure, trying again in ${waitMs / 1000} s`)
      await io.clock.sleep(waitMs)
    }
  }
  return act()
}

const isRetryable = (error: unknown): boolean =>
  error instanceof SlipwayError && error.problems.length > 0 && error.problems.every(one => retryable.has(one.code))
