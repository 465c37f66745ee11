// The clock of this machine.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from './io.ts'

export const clock: Clock = { now: () => Date.now(), sleep: ms => sleep(ms) }
