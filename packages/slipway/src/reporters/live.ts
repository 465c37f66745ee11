// The live terminal: one line a stage, redrawn in place at most ten times a second (CONFIG 6).
import { redact } from '@slipway/core'
import type { Reporter, ReporterOptions, Stream } from './reporter.ts'
import { follow, newRun, type RunState, type StageState, type StepState } from './stages.ts'
import { align, columnsOf, fit, humanBytes, humanClock, humanDuration, humanShare } from './table.ts'

const redrawMs = 100
const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'

export const live = ({ stream, now, every, colour }: ReporterOptions): Reporter => {
  const run = newRun()
  const screen = screenOf(stream)
  const state = { started: false, changed: false, paused: false, ended: false, lastDrawnMs: -Infinity }
  const draw = (): void => {
    if (!state.started || state.paused || state.ended) return
    state.changed = false
    state.lastDrawnMs = now()
    screen.draw(
      linesOf(run, {
        nowMs: run.outcome === 'running' ? now() : run.endedMs,
        columns: stream.columns() || 80,
        rows: stream.rows() || 24,
        colour,
      }),
    )
  }
  // A tick a redraw; without news only the clocks move, once a second.
  const stop = every(redrawMs, () => {
    if (state.changed || now() - state.lastDrawnMs >= 1000) draw()
  })
  return {
    event: event => {
      follow(run, event)
      state.changed = true
      const first = !state.started
      state.started = true
      if (first || event.type === 'run.end') draw()
    },
    pause: () => {
      state.paused = true
      screen.clear()
    },
    resume: () => {
      state.paused = false
      draw()
    },
    end: () => {
      if (!state.ended) {
        stop()
        state.paused = false
        draw()
        state.ended = true
        screen.leave()
      }
      return Promise.resolve()
    },
  }
}

/** A block of lines at the end of the terminal that is drawn over itself. */
const screenOf = (stream: Stream) => {
  let drawn: readonly string[] = []
  let hidden = false
  // A terminal that became narrower has broken the old lines into several.
  const up = (): string => {
    const columns = stream.columns() || 80
    const height = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(columnsOf(line) / columns)), 0)
    return height === 0 ? '' : `\u001b[${height}A`
  }
  return {
    draw: (lines: readonly string[]): void => {
      const text = `${hidden ? '' : hideCursor}${up()}\r${redact(lines.map(line => `${line}\u001b[K\n`).join(''))}\u001b[J`
      hidden = true
      drawn = lines
      stream.write(text)
    },
    clear: (): void => {
      if (hidden) stream.write(`${up()}\r\u001b[J${showCursor}`)
      hidden = false
      drawn = []
    },
    leave: (): void => {
      if (hidden) stream.write(showCursor)
      hidden = false
    },
  }
}

interface Look {
  readonly nowMs: number
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
}

const linesOf = (run: RunState, look: Look): string[] => {
  const clock = humanClock(look.nowMs - run.startedMs)
  // The last column stays free: a terminal that fills it moves to the next line.
  const width = look.columns - 1
  const title = fit(run.title, Math.max(1, width - clock.length - 1))
  const gap = ' '.repeat(Math.max(1, Math.min(width, 90) - columnsOf(title) - clock.length))
  const cells = [...run.stages.values()].map(stage => cellsOf(stage, look.nowMs))
  const rows = align(cells.map(({ name, state, text }) => ['', name, state, ...text]))
  const shown = rows.slice(0, Math.max(1, look.rows - 2))
  return [fit(`${title}${gap}${clock}`, width), ...shown.map((row, at) => painted(fit(row, width), cells[at]?.state ?? '', look.colour))]
}

const colours: Readonly<Record<string, number>> = { done: 32, running: 36, failed: 31, next: 2, skipped: 33 }
const painted = (line: string, state: string, colour: boolean): string => {
  const code = colours[state]
  if (!colour || code === undefined) return line
  return line.replace(new RegExp(`^(\\s+\\S+\\s+)${state}`), `$1\u001b[${code}m${state}\u001b[0m`)
}

const cellsOf = (stage: StageState, nowMs: number): { name: string; state: string; text: string[] } => {
  const steps = [...stage.steps.values()]
  const running = steps.filter(step => step.state === 'running')
  const ended = steps.filter(step => step.endedMs > 0)
  const state = stateOf(steps)
  const count = state === 'next' ? '' : `${ended.length} of ${steps.length}`
  const text = state === 'running' ? runningText(running, nowMs) : endedText(steps, state)
  return { name: stage.name, state, text: [count, text] }
}

const stateOf = (steps: readonly StepState[]): string => {
  if (steps.some(step => step.state === 'failed')) return 'failed'
  if (steps.some(step => step.state === 'running')) return 'running'
  if (steps.every(step => step.state === 'next')) return 'next'
  if (steps.some(step => step.state === 'next')) return 'running'
  return steps.every(step => step.state === 'skipped') ? 'skipped' : 'done'
}

const runningText = (running: readonly StepState[], nowMs: number): string => {
  const newest = running.at(-1)
  if (newest === undefined) return ''
  const [done, total] = [sum(running, 'doneBytes'), sum(running, 'totalBytes')]
  const since = Math.min(...running.filter(step => step.totalBytes > 0).map(step => step.startedMs))
  const bytes = total > 0 ? [humanShare(done, total), `${humanBytes(nowMs > since ? (done * 1000) / (nowMs - since) : 0)}/s`] : []
  const counted = newest.totalCount > 0 ? [`${newest.doneCount} of ${newest.totalCount}`] : []
  return [newest.subject, ...bytes, ...counted, total > 0 ? '' : newest.note].filter(part => part !== '').join('   ')
}

const endedText = (steps: readonly StepState[], state: string): string => {
  const failed = steps.find(step => step.state === 'failed')
  const told = failed ?? (state === 'skipped' ? steps[0] : undefined)
  if (told !== undefined) return [told.subject, told.note].filter(part => part !== '').join('   ')
  if (state === 'next') return ''
  const started = steps.filter(step => step.startedMs > 0).map(step => step.startedMs)
  const took = Math.max(0, ...steps.map(step => step.endedMs)) - Math.min(...started)
  const cached = steps.filter(step => step.state === 'cached').length
  return [Number.isFinite(took) ? humanDuration(took) : '', cached > 0 ? `${cached} from cache` : '']
    .filter(part => part !== '')
    .join('   ')
}

const sum = (steps: readonly StepState[], member: 'doneBytes' | 'totalBytes'): number => steps.reduce((all, step) => all + step[member], 0)
