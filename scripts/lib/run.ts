// Runs a program for the project's scripts: either with its output live, or kept until it is known whether anybody needs it.
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { projectRoot } from './files.ts'

export interface Ran {
  /** Exit code; 128 + n where a signal ended it, 127 where it could not be started. */
  readonly code: number
  /** stdout and stderr in the order they came; empty when live. */
  readonly output: string
}
export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The output goes straight to ours. */
  readonly live?: boolean
}

/** Runs `argv[0]` with its arguments; never a shell, never throws for a failing program. */
export const run = (argv: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  new Promise(resolve => {
    const [program = '', ...rest] = argv
    const child = spawn(program, rest, {
      cwd: options.cwd ?? projectRoot,
      // This Node first: what a tool starts by name must not fall back to an older one.
      env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`, ...options.env },
      stdio: options.live === true ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    })
    const parts: Buffer[] = []
    child.stdout?.on('data', (part: Buffer) => parts.push(part))
    child.stderr?.on('data', (part: Buffer) => parts.push(part))
    child.on('error', error => {
      resolve({ code: 127, output: `${program}: ${error.message}\n` })
    })
    child.on('close', (code, signal) => {
      resolve({ code: code ?? (signal === 'SIGINT' ? 130 : 143), output: Buffer.concat(parts).toString('utf8') })
    })
  })

/** argv of a tool from node_modules, run by this same Node whatever the PATH says. */
export const tool = (name: string, ...rest: readonly string[]): readonly string[] => [
  process.execPath,
  join(projectRoot, 'node_modules', '.bin', name),
  ...rest,
]

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
