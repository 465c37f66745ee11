// Each reporter on a fake stream, with hostile names in its events.
import { type Event, forgetSecrets, keepSecret, problem } from '@slipway/core'
import { afterEach, describe, expect, it } from 'vitest'
import { autoReporter, openReporter, type ReporterName } from './index.ts'
import type { ReporterOptions } from './reporter.ts'

const start = Date.parse('2026-01-02T03:04:05.000Z')
const at = (seconds: number): { t: string; run: string } => ({ t: new Date(start + seconds * 1000).toISOString(), run: 'r1' })
const digest = '8c1f6e'.padEnd(64, '0')
const hostile = 'evil\u001b[2J\n::error::owned\u202e##[error]x'
const events: readonly Event[] = [
  {
    ...at(0),
    type: 'run.start',
    command: 'release',
    plan: '9d41e0c7aaaa',
    steps: ['build:linux-x64', 'package:linux-x64:deb', 'publish:turn'],
    title: 'Flet 0.28.3 to canary',
  },
  { ...at(1), type: 'step.start', step: 'build:linux-x64' },
  { ...at(3), type: 'step.end', step: 'build:linux-x64', outcome: 'done', ms: 2000, bytes: 0 },
  { ...at(3), type: 'step.start', step: 'package:linux-x64:deb' },
  { ...at(5), type: 'step.progress', step: 'package:linux-x64:deb', done: 71_000_000, total: 124_000_000, unit: 'bytes' },
  {
    ...at(31),
    type: 'step.note',
    step: 'package:linux-x64:deb',
    text: 'made',
    facts: { file: 'flet_0.28.3-1_amd64.deb', sizeBytes: 52_400_000, sha256: digest },
  },
  { ...at(32), type: 'step.end', step: 'package:linux-x64:deb', outcome: 'done', ms: 29_000, bytes: 52_400_000 },
  { ...at(33), type: 'step.start', step: `sign:minisign:${hostile}` },
  { ...at(34), type: 'step.end', step: `sign:minisign:${hostile}`, outcome: 'skipped', reason: hostile, ms: 0, bytes: 0 },
  { ...at(35), type: 'run.end', outcome: 'done', ms: 35_000 },
]

const openFake = (name: ReporterName, more: Partial<ReporterOptions> = {}) => {
  const written: string[] = []
  const ticks: (() => void)[] = []
  const clock = { ms: start }
  const size = { columns: 100 }
  const reporter = openReporter(name, {
    stream: { write: text => void written.push(text), columns: () => size.columns, rows: () => 24 },
    now: () => clock.ms,
    every: (_ms, tick) => {
      ticks.push(tick)
      return () => void ticks.splice(ticks.indexOf(tick), 1)
    },
    colour: false,
    verbose: false,
    ...more,
  })
  const emit = (event: Event): void => {
    clock.ms = Date.parse(event.t)
    reporter.event(event)
  }
  return { reporter, emit, written, clock, size, tick: () => ticks.forEach(one => one()), text: () => written.join(''), ticks }
}

afterEach(forgetSecrets)

describe('auto', () => {
  it('is github on its runners, live at a terminal, else plain', () => {
    expect(autoReporter({ terminal: true, ci: 'true', githubActions: 'true' })).toBe('github')
    expect(autoReporter({ terminal: true, ci: undefined, githubActions: undefined })).toBe('live')
    expect(autoReporter({ terminal: true, ci: '1', githubActions: undefined })).toBe('plain')
    expect(autoReporter({ terminal: true, ci: 'false', githubActions: '' })).toBe('live')
    expect(autoReporter({ terminal: false, ci: undefined, githubActions: undefined })).toBe('plain')
  })
})

describe('plain', () => {
  it('prints one line a file and one an end', () => {
    const { emit, text } = openFake('plain')
    events.forEach(emit)
    const lines = text().split('\n')
    expect(lines[0]).toBe('0:00 Flet 0.28.3 to canary   plan 9d41e0c7')
    expect(lines).toContain('0:03 build linux-x64 done 2.0 s')
    expect(lines).toContain('0:31 package flet_0.28.3-1_amd64.deb 52.4 MB sha256 8c1f6e…')
    expect(lines.filter(line => line.includes('package'))).toHaveLength(1)
    expect(lines).toContain('0:35 done')
  })
  it('tells what a step made by the reason of its end', () => {
    const { emit, text } = openFake('plain')
    const end = { ...at(2), type: 'step.end', ms: 10, bytes: 4_800_000 } as const
    emit({ ...end, step: 'package:linux-x64:deb', outcome: 'cached', reason: `app.deb ${digest}` })
    emit({ ...end, step: 'publish:turn', outcome: 'done', reason: 'tuf/timestamp.json 42', bytes: 0 })
    emit({ ...end, step: 'package:linux-x64:zip', outcome: 'failed', reason: 'zip/too-large' })
    expect(text()).toBe(
      '0:00 package app.deb 4.8 MB sha256 8c1f6e… cached\n0:00 publish tuf/timestamp.json 42\n0:00 package linux-x64 zip failed: zip/too-large\n',
    )
  })
  it('lets no name draw, break a line or turn the text', () => {
    const { emit, text } = openFake('plain')
    events.forEach(emit)
    expect(text()).not.toMatch(/[^\P{C}\n]/u)
    expect(
      text()
        .split('\n')
        .filter(line => line.startsWith('::')),
    ).toEqual([])
  })
  it('says that a step runs after a second, once, and removes secrets', () => {
    const { emit, clock, tick, written, reporter, ticks } = openFake('plain')
    keepSecret('hunter2hunter2')
    emit({ ...at(0), type: 'step.start', step: 'build:hunter2hunter2' })
    tick()
    expect(written).toEqual([])
    clock.ms += 1500
    tick()
    tick()
    expect(written).toEqual(['build [secret] is running, 1.5 s so far\n'])
    void reporter.end([])
    expect(ticks).toEqual([])
  })
})

describe('jsonl', () => {
  it('prints each event as one line that reads back', () => {
    const { emit, text } = openFake('jsonl')
    events.forEach(emit)
    const lines = text().trimEnd().split('\n')
    expect(lines.map(line => JSON.parse(line) as Event)).toEqual(events)
    expect(lines.join('')).not.toMatch(/\p{C}/u)
  })
})

describe('none', () => {
  it('prints nothing', () => {
    const { emit, text } = openFake('none')
    events.forEach(emit)
    expect(text()).toBe('')
  })
})

describe('live', () => {
  const lastFrame = (text: string): string[] =>
    (text.split('\u001b[?25l').join('').split('\r').at(-1) ?? '').replaceAll('\u001b[K', '').replaceAll('\u001b[J', '').split('\n')

  it('shows a line a stage with count, subject, bytes and rate', () => {
    const { emit, tick, clock, text } = openFake('live')
    events.slice(0, 5).forEach(emit)
    clock.ms = start + 5000
    tick()
    const lines = lastFrame(text())
    expect(lines[0]).toMatch(/^Flet 0\.28\.3 to canary {3}plan 9d41e0c7 +0:05$/)
    expect(lines[1]).toMatch(/^ {2}build +done +1 of 1 +2\.0 s$/)
    expect(lines[2]).toMatch(/^ {2}package +running +0 of 1 +linux-x64 deb {3}71\.0 of 124 MB {3}35\.5 MB\/s$/)
    expect(lines[3]).toMatch(/^ {2}publish +next$/)
  })
  it('draws once a tick, not once an event, and over what it drew', () => {
    const { emit, tick, written } = openFake('live')
    events.slice(0, 5).forEach(emit)
    expect(written).toHaveLength(1)
    tick()
    tick()
    expect(written).toHaveLength(2)
    expect(written[1]).toContain('\u001b[4A')
  })
  it('cuts lines to the width, and climbs over lines that a narrower terminal has broken', () => {
    const { emit, tick, size, text, written } = openFake('live')
    size.columns = 30
    events.slice(0, 5).forEach(emit)
    tick()
    for (const line of lastFrame(text())) expect(line.length).toBeLessThan(30)
    size.columns = 15
    emit({ ...at(6), type: 'step.start', step: 'publish:turn' })
    tick()
    expect(Number(/\u001b\[(\d+)A/.exec(written.at(-1) ?? '')?.[1])).toBeGreaterThan(4)
  })
  it('gives the cursor back at the end and while somebody is asked', async () => {
    const { emit, reporter, text, written } = openFake('live')
    emit(events[0] as Event)
    expect(text()).toContain('\u001b[?25l')
    reporter.pause()
    expect(written.at(-1)).toMatch(/\u001b\[J\u001b\[\?25h$/)
    emit(events[1] as Event)
    expect(written).toHaveLength(2)
    reporter.resume()
    await reporter.end([])
    await reporter.end([])
    expect(written.at(-1)).toBe('\u001b[?25h')
    expect(text().match(/\u001b\[\?25h/g)).toHaveLength(2)
  })
  it('lets no name draw', () => {
    const { emit, text } = openFake('live')
    events.forEach(emit)
    expect(text()).not.toContain('\u001b[2J')
    expect(text()).not.toContain('\u202e')
    expect(text()).toContain('evil\\x1b[2J\\n')
  })
  it('writes nothing when nothing happened', async () => {
    const { reporter, tick, text } = openFake('live')
    tick()
    await reporter.end([])
    expect(text()).toBe('')
  })
})

describe('github', () => {
  const wrong = problem('config/wrong-type', `Expected 100%, not ${hostile}`, {
    hint: 'Write it.',
    where: { file: 'a:b,c.ts', line: 3, column: 25, path: 'x.y' },
  })
  const runAll = async () => {
    const appended: string[] = []
    const files = {
      append: (path: string, bytes: Uint8Array) => Promise.resolve(void appended.push(`${path}\n${new TextDecoder().decode(bytes)}`)),
    }
    const { emit, reporter, text } = openFake('github', { summary: { files, file: '/summary' } })
    events.forEach(emit)
    await reporter.end([wrong])
    return { text: text(), summary: appended.join('') }
  }
  it('groups a stage and annotates a problem by its rules', async () => {
    const { text } = await runAll()
    expect(text).toContain('::group::package 1 of 1\n0:31 package flet_0.28.3-1_amd64.deb 52.4 MB sha256 8c1f6e…\n::endgroup::\n')
    expect(text).toContain('::error file=a%3Ab%2Cc.ts,line=3,col=25,title=config/wrong-type x.y::Expected 100%25, not evil')
    expect(text).toContain('%0AWrite it.\n')
  })
  it('lets no name become a command', async () => {
    const { text } = await runAll()
    const commands = text.split('\n').filter(line => /^\s*::|##\[/.test(line.replace(/^::error .*$/, '')))
    expect(commands.every(line => /^::(group|endgroup)::/.test(line))).toBe(true)
    expect(text.split('\n').filter(line => line.startsWith('::error'))).toHaveLength(1)
  })
  it('writes the job summary with Markdown made safe', async () => {
    const { summary } = await runAll()
    expect(summary).toContain('/summary\n## Flet 0.28.3 to canary')
    expect(summary).toContain(`| flet&#95;0.28.3-1&#95;amd64.deb | 52.4 MB | ${digest} |`)
    expect(summary).toContain('| package | 1 of 1 |')
    expect(summary).toContain('&#35;&#35;&#91;error')
    expect(summary).not.toContain('\u001b')
  })
})
