// For tests: streams that keep what is written, a minimal Io, and commands of the test's own.
import type { Io } from '../../io/io.ts'
import type { CommandSpec, Run } from '../command.ts'
import type { Signal, Streams } from '../frame-streams.ts'
import { specs } from '../specs.ts'

/** Adds a command for the time of a test; gives back what takes it away. */
export const withCommand = (name: string, run: Run, more: Partial<CommandSpec> = {}): (() => void) => {
  const spec: CommandSpec = {
    name,
    group: 'machine',
    summary: 'A test',
    args: [],
    flags: [],
    load: () => Promise.resolve({ run }),
    ...more,
  }
  const list = specs as CommandSpec[]
  list.push(spec)
  return () => void list.splice(list.indexOf(spec), 1)
}

export const fakeStreams = ({
  terminal = false,
  answer,
  broken,
}: { readonly terminal?: boolean; readonly answer?: string; readonly broken?: Error } = {}) => {
  const out: string[] = []
  const err: string[] = []
  const listeners = new Set<(signal: Signal) => void>()
  const ticks = new Set<() => void>()
  const output = (kept: string[], failure?: Error) => ({
    write: (text: string) => (failure === undefined ? Promise.resolve(void kept.push(text)) : Promise.reject(failure)),
    isTerminal: terminal,
    columns: () => (terminal ? 80 : 0),
    rows: () => (terminal ? 24 : 0),
  })
  const streams: Streams = {
    stdout: output(out, broken),
    stderr: output(err),
    ask: answer === undefined ? null : () => Promise.resolve(answer),
    onSignal: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onCrash: () => () => undefined,
    every: (_ms, tick) => {
      ticks.add(tick)
      return () => void ticks.delete(tick)
    },
  }
  return {
    streams,
    stdout: () => out.join(''),
    stderr: () => err.join(''),
    signal: (signal: Signal) => listeners.forEach(listener => listener(signal)),
    tick: () => ticks.forEach(tick => tick()),
  }
}

/** An Io of which only these parts work: files from a record of texts, the environment, a clock that stands. */
export const fakeIo = ({
  env = {},
  files = {},
  tools = {},
}: {
  readonly env?: Readonly<Record<string, string>>
  readonly files?: Record<string, string>
  readonly tools?: Readonly<Record<string, string>>
} = {}): Io => {
  const missing = () => Promise.reject(new Error('not in this test'))
  const bytesOf = (path: string): Uint8Array => new TextEncoder().encode(files[path] ?? '')
  const find = (tool: string) => Promise.resolve(tools[tool] === undefined ? null : `/usr/bin/${tool}`)
  const io = {
    files: {
      stat: (path: string) =>
        Promise.resolve(
          files[path] === undefined
            ? path === '/project'
              ? { type: 'folder', sizeBytes: 0, mode: 0o755, modifiedMs: 0 }
              : null
            : { type: 'file', sizeBytes: bytesOf(path).length, mode: 0o644, modifiedMs: 0 },
        ),
      list: (folder: string) =>
        Promise.resolve(
          Object.keys(files)
            .filter(path => path.startsWith(`${folder}/`))
            .map(path => ({ name: path.slice(folder.length + 1), type: 'file' })),
        ),
      readText: (path: string) => Promise.resolve(files[path] ?? ''),
      write: (path: string, bytes: Uint8Array) => Promise.resolve(void (files[path] = new TextDecoder().decode(bytes))),
      append: (path: string, bytes: Uint8Array) =>
        Promise.resolve(void (files[path] = `${files[path] ?? ''}${new TextDecoder().decode(bytes)}`)),
    },
    http: missing,
    run: Object.assign(({ tool }: { readonly tool: string }) => Promise.resolve({ exitCode: 0, stdout: tools[tool] ?? '', stderr: '' }), {
      find,
    }),
    clock: { now: () => Date.parse('2026-01-02T03:04:05Z'), sleep: () => Promise.resolve() },
    random: (count: number) => new Uint8Array(count),
    secrets: { env: (name: string) => env[name], secret: (name: string) => env[name], matching: () => ({}) },
    host: {
      os: 'linux',
      arch: 'x64',
      cores: 2,
      pid: 1,
      home: '/home/x',
      cwd: '/project',
      temporary: '/tmp',
      nodeVersion: '24.15.0',
      zlibVersion: '',
    },
    derive: missing,
  }
  return io as unknown as Io
}
