// Plain lines, for logs: nothing is ever redrawn (CONFIG 6).
import { redact } from '@slipway/core'
import { lineMaker } from './lines.ts'
import type { Reporter, ReporterOptions } from './reporter.ts'
import { splitStep } from './stages.ts'
import { humanDuration } from './table.ts'

const tickMs = 1000
// A step says that it runs after one second, then each minute, so that a silent log is a dead one.
const againMs = 60_000

export const plain = ({ stream, now, every }: ReporterOptions): Reporter => {
  const line = lineMaker()
  const running = new Map<string, { readonly sinceMs: number; toldMs: number }>()
  const print = (text: string): void => stream.write(`${redact(text)}\n`)
  const stop = every(tickMs, () => {
    for (const [id, step] of running) {
      const nowMs = now()
      if (nowMs - step.sinceMs < tickMs || (step.toldMs > 0 && nowMs - step.toldMs < againMs)) continue
      step.toldMs = nowMs
      const { stage, subject } = splitStep(id)
      print(`${[stage, subject].filter(part => part !== '').join(' ')} is running, ${humanDuration(nowMs - step.sinceMs)} so far`)
    }
  })
  return {
    event: event => {
      if (event.type === 'step.start') running.set(event.step, { sinceMs: now(), toldMs: 0 })
      if (event.type === 'step.end') running.delete(event.step)
      const made = line(event)
      if (made !== undefined) print(made.text)
    },
    pause: () => undefined,
    resume: () => undefined,
    end: () => {
      stop()
      return Promise.resolve()
    },
  }
}
