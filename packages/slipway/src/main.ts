// The top: the real streams and the real machine around one command line (DESIGN 2). Only here is `process` used outside of io.
import { runCommandLine } from './commands/frame.ts'
import type { Output, Signal, Streams } from './commands/frame-streams.ts'

const outputOf = (stream: NodeJS.WriteStream): Output => {
  // Without a listener an EPIPE would end the process with a stack trace; each write hears of its own failure.
  stream.on('error', () => undefined)
  return {
    write: text =>
      new Promise((resolve, reject) => {
        stream.write(text, error => {
          if (error === null || error === undefined || isGone(error)) resolve()
          else reject(error)
        })
      }),
    isTerminal: stream.isTTY === true,
    columns: () => (stream.isTTY === true ? stream.columns : 0),
    rows: () => (stream.isTTY === true ? stream.rows : 0),
  }
}

/** The reader went away (`| head`), or the terminal did. */
const isGone = (error: NodeJS.ErrnoException): boolean => ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED', 'ECONNRESET'].includes(error.code ?? '')

/** Progress that nobody can read is no failure. */
const quiet = (output: Output): Output => ({ ...output, write: text => output.write(text).catch(() => undefined) })

const onSignal: Streams['onSignal'] = listener => {
  const signals: readonly Signal[] = ['SIGINT', 'SIGTERM']
  for (const signal of signals) process.on(signal, listener)
  return () => {
    for (const signal of signals) process.removeListener(signal, listener)
  }
}

const onCrash: Streams['onCrash'] = listener => {
  process.on('uncaughtException', listener)
  return () => void process.removeListener('uncaughtException', listener)
}

const every: Streams['every'] = (ms, tick) => {
  const timer = setInterval(tick, ms)
  timer.unref()
  return () => clearInterval(timer)
}

const ask: NonNullable<Streams['ask']> = async (question, { hidden, signal }) => {
  const { createInterface } = await import('node:readline/promises')
  const { Writable } = await import('node:stream')
  process.stderr.write(hidden ? question : '')
  // A hidden answer is echoed into nothing.
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr
  const lines = createInterface({ input: process.stdin, output, terminal: true })
  // Raw mode turns Ctrl-C into a byte: it is handed on as the signal that it means.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question(hidden ? '' : question, { signal })
  } finally {
    lines.close()
    if (hidden) process.stderr.write('\n')
  }
}

const streams: Streams = {
  stdout: outputOf(process.stdout),
  stderr: quiet(outputOf(process.stderr)),
  ask: process.stdin.isTTY === true && process.stderr.isTTY === true ? ask : null,
  onSignal,
  onCrash,
  every,
}

const io = async () => (await import('./io/machine.ts')).machine()
// No await at the top: the launcher loads this file with `require` (docs/decisions/start.md).
runCommandLine(process.argv.slice(2), io, streams).then(
  // What a command left open (a kept connection, a timer) must not hold the terminal; all output is written by now.
  code => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`slipway: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    process.exitCode = 70
  },
)
