// Runs one command: flags, reporter, signals, result, exit code (CONTRACTS 10 and 11).
import { type Event, exitCodeOf, fail, type Problem, problem, SlipwayError } from '@slipway/core'
import type { Io } from '../io/io.ts'
import { autoReporter, openReporter } from '../reporters/index.ts'
import { jsonLine } from '../reporters/jsonl.ts'
import type { Reporter } from '../reporters/reporter.ts'
import { githubLine } from '../reporters/safe.ts'
import type { Invocation, Outcome } from './command.ts'
import { noFolder, parse, type Parsed } from './frame-parse.ts'
import { documentText, problemsOf, problemsText } from './frame-print.ts'
import type { Scan } from './frame-scan.ts'
import type { Output, Signal, Streams } from './frame-streams.ts'
import { styleOf } from './frame-style.ts'

const signalExits: Readonly<Record<Signal, number>> = { SIGINT: 130, SIGTERM: 143 }

/** Everything after the command line has been scanned; resolves with the exit code. */
export const runFound = async (found: Scan, io: Io, streams: Streams): Promise<number> => {
  const frame: Frame = { io, streams, json: found.json, name: found.command?.name ?? 'command-line' }
  let parsed: Parsed
  try {
    parsed = parse(found, io.host.cwd)
    await needFolder(io, parsed.global.cwd)
  } catch (error) {
    const problems = problemsOf(error, { verbose: found.rest.includes('--verbose') })
    return print(frame, { parsed: undefined, outcome: undefined, problems })
  }
  return runParsed(frame, parsed)
}

interface Frame {
  readonly io: Io
  readonly streams: Streams
  readonly json: boolean
  readonly name: string
}

const needFolder = async (io: Io, cwd: string): Promise<void> => {
  const facts = await io.files.stat(cwd)
  if (facts?.type !== 'folder' && facts?.type !== 'link') throw new SlipwayError([noFolder(cwd)])
}

const runParsed = async (frame: Frame, parsed: Parsed): Promise<number> => {
  const { io, streams } = frame
  const { global } = parsed
  const reporter = reporterOf(frame, parsed)
  const events = eventFile(io, global.events)
  const stopLine = lineWhenSlow(frame, parsed, reporter.show)
  const watch = watchSignals(streams, reporter.show)
  const invocation: Invocation = {
    // Relative paths of references and stores start where the command works, not where it was called.
    io: { ...io, host: { ...io.host, cwd: global.cwd } },
    global,
    args: parsed.args,
    flags: parsed.flags,
    emit: event => {
      stopLine()
      reporter.show.event(event)
      events.add(event)
    },
    signal: watch.signal,
    interactive: streams.ask !== null && !global.json,
    ask: asker(frame, reporter.show, watch.signal),
  }
  const crash = Promise.withResolvers<Settled>()
  const stopCrash = streams.onCrash(error => crash.resolve({ outcome: undefined, problems: problemsOf(error, global) }))
  const first = await Promise.race([settle(parsed, invocation), crash.promise, watch.second])
  stopLine()
  if (first === 'second') {
    await reporter.show.end([])
    return exitOfSignal(watch)
  }
  const failedToWrite = await events.close()
  const problems = [...first.problems, ...failedToWrite, ...interrupted(watch, first)]
  await reporter.show.end(problems)
  const code = await print(frame, { parsed, outcome: first.outcome, problems, github: reporter.name === 'github' })
  watch.stop()
  stopCrash()
  return watch.signalled() === undefined || code === 70 ? code : exitOfSignal(watch)
}

interface Settled {
  readonly outcome: Outcome | undefined
  readonly problems: readonly Problem[]
}

const settle = async (parsed: Parsed, invocation: Invocation): Promise<Settled> => {
  try {
    const { run } = await parsed.command.load()
    const outcome = await run(invocation)
    return { outcome, problems: outcome.problems }
  } catch (error) {
    const { signal } = invocation
    // What an aborted wait throws is no problem of its own: the signal is.
    const aborted = signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'))
    return { outcome: undefined, problems: aborted ? [] : problemsOf(error, parsed.global) }
  }
}

interface Watch {
  readonly signal: AbortSignal
  readonly signalled: () => Signal | undefined
  /** Settles at the second signal: then nothing is waited for. */
  readonly second: Promise<'second'>
  readonly stop: () => void
}

const watchSignals = (streams: Streams, reporter: Reporter): Watch => {
  const controller = new AbortController()
  const { promise, resolve } = Promise.withResolvers<'second'>()
  let first: Signal | undefined
  const stop = streams.onSignal(signal => {
    if (first !== undefined) return resolve('second')
    first = signal
    reporter.pause()
    void streams.stderr.write(`${signal}: stopping cleanly; once more stops at once\n`)
    reporter.resume()
    controller.abort(new DOMException(`Stopped by ${signal}`, 'AbortError'))
  })
  return { signal: controller.signal, signalled: () => first, second: promise, stop }
}

const exitOfSignal = (watch: Watch): number => signalExits[watch.signalled() ?? 'SIGINT']

const interrupted = (watch: Watch, { problems }: Settled): readonly Problem[] => {
  const signal = watch.signalled()
  if (signal === undefined || problems.length > 0) return []
  return [
    // explain: The run was stopped by a signal, as by Ctrl-C, before it came to its end.
    problem('command/interrupted', `Stopped by ${signal}.`, {
      hint: 'Nothing is half done: run it again, a release goes on with --resume.',
    }),
  ]
}

const reporterOf = (frame: Frame, { global }: Parsed): { readonly name: string; readonly show: Reporter } => {
  const { io, streams } = frame
  const { env } = io.secrets
  const auto = autoReporter({ terminal: streams.stderr.isTerminal, ci: env('CI'), githubActions: env('GITHUB_ACTIONS') })
  const name = global.quiet ? 'none' : global.reporter === 'auto' ? auto : global.reporter
  const file = name === 'github' ? env('GITHUB_STEP_SUMMARY') : undefined
  const { stderr } = streams
  const show = openReporter(name, {
    stream: { write: text => void stderr.write(text), columns: stderr.columns, rows: stderr.rows },
    now: io.clock.now,
    every: streams.every,
    colour: styleOf(stderr, io).bold('') !== '',
    verbose: global.verbose,
    ...(file === undefined || file === '' ? {} : { summary: { files: io.files, file } }),
  })
  return { name, show }
}

const slowMs = 1000
/** A command without events says after a second that it is there. */
const lineWhenSlow = ({ io, streams, name }: Frame, { global }: Parsed, reporter: Reporter): (() => void) => {
  const isSilent = global.reporter === 'jsonl' || global.reporter === 'none' || global.quiet
  if (isSilent) return () => undefined
  const stop = streams.every(slowMs, () => {
    stop()
    reporter.event({ type: 'run.start', t: new Date(io.clock.now()).toISOString(), run: '', command: name, steps: [] })
  })
  return stop
}

interface EventFile {
  readonly add: (event: Event) => void
  /** Waits until all is written; what went wrong. */
  readonly close: () => Promise<readonly Problem[]>
}

/** Appends in order, one line an event; after a failure nothing more is written and the command's result says so. */
const eventFile = ({ files }: Io, path: string | undefined): EventFile => {
  if (path === undefined) return { add: () => undefined, close: () => Promise.resolve([]) }
  const encoder = new TextEncoder()
  let failed: unknown
  let chain = files.write(path, new Uint8Array(), { durable: false }).catch((error: unknown) => void (failed = error))
  return {
    add: event => {
      chain = chain
        .then(() => (failed === undefined ? files.append(path, encoder.encode(jsonLine(event)), { durable: false }) : undefined))
        .catch((error: unknown) => void (failed ??= error))
    },
    close: async () => {
      await chain
      if (failed === undefined) return []
      return [
        problem('command/no-events', `The events could not be written to ${path}.`, {
          hint: 'Give --events a file that can be written.',
          cause: failed,
          exit: 'machine',
        }),
      ]
    },
  }
}

const asker =
  ({ streams, json }: Frame, reporter: Reporter, signal: AbortSignal): Invocation['ask'] =>
  async (question, options = {}) => {
    if (streams.ask === null || json) {
      return fail('command/no-terminal', `"${question}" must be asked, and nobody sits at a terminal.`, {
        hint: 'Run it at a terminal without --json, or give the answer by a flag, the config or an environment variable.',
      })
    }
    reporter.pause()
    try {
      return await streams.ask(question, { hidden: options.hidden === true, signal })
    } finally {
      reporter.resume()
    }
  }

interface Result {
  readonly parsed: Parsed | undefined
  readonly outcome: Outcome | undefined
  readonly problems: readonly Problem[]
  readonly github?: boolean
}

/** The result to stdout, problems as text to stderr; resolves with the exit code. */
const print = async (frame: Frame, { parsed, outcome, problems, github = false }: Result): Promise<number> => {
  const { io, streams, json, name } = frame
  const { stdout, stderr } = streams
  const verbose = parsed?.global.verbose ?? false
  const cwd = parsed?.global.cwd ?? io.host.cwd
  const failed = await tryWrite(stdout, () => {
    if (json) return documentText({ name: outcome?.name ?? name, data: outcome?.data ?? {}, problems })
    const text = outcome?.text(styleOf(stdout, io), { verbose }) ?? ''
    const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
    return github ? whole.split('\n').map(githubLine).join('\n') : whole
  })
  const all = [...problems, ...failed]
  const shown = json ? failed : all
  const text = problemsText(shown, styleOf(stderr, io), { cwd, verbose })
  // The log of GitHub has its annotations already, but only a person reads the hint under the path.
  if (text !== '') await stderr.write(github ? text.split('\n').map(githubLine).join('\n') : text)
  return exitCodeOf(all)
}

const tryWrite = async (stdout: Output, make: () => string): Promise<readonly Problem[]> => {
  let text: string
  try {
    text = make()
  } catch (error) {
    return problemsOf(error, { verbose: true })
  }
  try {
    if (text !== '') await stdout.write(text)
    return []
  } catch (cause) {
    return [
      problem('command/no-output', 'The result could not be written to stdout.', {
        hint: 'Make room where stdout goes, or send it elsewhere.',
        cause,
        exit: 'machine',
      }),
    ]
  }
}
