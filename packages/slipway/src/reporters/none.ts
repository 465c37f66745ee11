// No progress at all.
import type { Reporter } from './reporter.ts'

export const none = (): Reporter => ({
  event: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  end: () => Promise.resolve(),
})
