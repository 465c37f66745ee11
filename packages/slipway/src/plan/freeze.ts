// Freeze windows: times in which a channel takes no release (CONFIG 3, Channels). All in UTC; the end is not part of the window.
import { fail } from '@slipway/core'

const minuteMs = 60_000
const dayMinutes = 24 * 60
const weekMinutes = 7 * dayMinutes
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

/** The window that a moment lies in, as the config writes it; undefined outside of all. Dates last from their first to their last minute. */
export const frozenBy = (windows: readonly string[], nowMs: number): string | undefined => windows.find(window => isIn(window, nowMs))

/** `publish/frozen` (exit 3) inside a window; a halt or a rollback is never held back by one. */
export const assertNotFrozen = (channel: string, windows: readonly string[], nowMs: number): void => {
  const window = frozenBy(windows, nowMs)
  if (window === undefined) return
  fail('publish/frozen', `${channel} takes no release now: ${window} (UTC) is a freeze window`, {
    hint: `Release after it, to another channel, or change channels.${channel}.freeze in the config.`,
    where: { path: `channels.${channel}.freeze` },
    exit: 'refused',
  })
}

const isIn = (window: string, nowMs: number): boolean => {
  const [from = '', to = ''] = window.split('/')
  if (/^\d/.test(from)) return nowMs >= Date.parse(`${from}T00:00:00Z`) && nowMs < Date.parse(`${to}T00:00:00Z`) + dayMinutes * minuteMs
  const now = minuteOfWeek(nowMs)
  const [start, end] = [weekMinute(from), weekMinute(to)]
  return start <= end ? now >= start && now < end : now >= start || now < end
}

const minuteOfWeek = (ms: number): number => {
  const date = new Date(ms)
  return date.getUTCDay() * dayMinutes + date.getUTCHours() * 60 + date.getUTCMinutes()
}

/** `Fri 16:00` as minutes since Sunday. */
const weekMinute = (text: string): number => {
  const [day = '', hours = '', minutes = ''] = text.split(/[ :]/)
  return (days.indexOf(day) * dayMinutes + Number(hours) * 60 + Number(minutes)) % weekMinutes
}
