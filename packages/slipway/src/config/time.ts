// Durations, rollout steps and freeze windows as the config writes them (CONFIG 3, "Channels").
import type { RolloutStep } from './project.ts'

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export const durationPattern = /^[1-9]\d{0,8}[smhd]$/
/** A whole percent of 1 to 100, and how long it stays there. */
export const stepPattern = /^([1-9]\d?|100)%( [1-9]\d{0,8}[smhd])?$/
const clock = '(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\\d|2[0-3]):[0-5]\\d'
const day = '\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])'
export const freezePattern = new RegExp(`^(${clock}/${clock}|${day}/${day})$`)

/** `'7d'` in milliseconds; null where it is no duration. */
export const durationMs = (text: string): number | null => {
  if (!durationPattern.test(text)) return null
  return Number(text.slice(0, -1)) * (unitMs[text.slice(-1)] ?? 0)
}

/** `'5% 1d'` -> 5 percent for a day; null where it is no step. */
export const rolloutStep = (text: string): RolloutStep | null => {
  const parts = stepPattern.exec(text)
  if (parts === null) return null
  const stay = parts[2]?.trim()
  return { percent: Number(parts[1]), stayMs: stay === undefined ? null : durationMs(stay) }
}

/** All steps, ending in 100 %. Texts that are no step are left out: the schema refused them. */
export const rolloutOf = (steps: readonly string[]): readonly RolloutStep[] => {
  const parsed = steps.flatMap(step => rolloutStep(step) ?? [])
  return parsed.at(-1)?.percent === 100 ? parsed : [...parsed, { percent: 100, stayMs: null }]
}
