// Foreign programs: argv arrays, never a shell; an environment of exactly what is given; output redacted line by line.
import type { ChildProcess } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { constants as system } from 'node:os'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { fail, redact } from '@slipway/core'
import type { RunTool, Secrets, ToolResult, ToolRun } from './io.ts'

/**
 * Runs tools; an exit code other than 0 is a result, not a failure. `graceMs`: between SIGTERM and SIGKILL.
 * Codes: `io/no-tool`, `io/no-folder`, `io/tool-timeout`, `io/aborted`, `io/too-much-output`, `io/tool-failed`.
 */
export const runner = (secrets: Secrets, { graceMs = 5000 } = {}): RunTool => {
  const find = (tool: string) => findTool(tool, secrets.env('PATH') ?? '')
  const run = async (tool: ToolRun): Promise<ToolResult> => {
    if (tool.signal?.aborted === true) failAborted(tool)
    const file = /[\\/]/.test(tool.tool) ? resolve(tool.cwd, tool.tool) : await find(tool.tool)
    if (file === null || !(await isExecutable(file))) return failMissing(tool)
    if (!(await isFolder(tool.cwd))) failNoFolder(tool)
    const searchPath = secrets.env('PATH')
    const env = { ...(tool.path === true && searchPath !== undefined ? { PATH: searchPath } : {}), ...tool.env }
    return carryOut(tool, { file, env, graceMs })
  }
  return Object.assign(run, { find })
}

interface Start {
  readonly file: string
  readonly env: Readonly<Record<string, string>>
  readonly graceMs: number
}
type Ending = 'io/tool-timeout' | 'io/aborted' | 'io/too-much-output'

const outputLimitBytes = 256 * 1024 * 1024
/** How long a tool's own children may keep its output open after it ended. */
const lingerMs = 2000
const isWindows = process.platform === 'win32'

const carryOut = (tool: ToolRun, { file, env, graceMs }: Start): Promise<ToolResult> =>
  new Promise((settle, reject) => {
    // A group of its own: whatever the tool starts ends with it.
    // Loaded where a tool is started, which most commands never do.
    const child = process.getBuiltinModule('node:child_process').spawn(file, [...tool.args], {
      cwd: tool.cwd,
      env,
      stdio: [tool.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: !isWindows,
    })
    running.add(child)
    let ending: Ending | undefined
    let killTimer: NodeJS.Timeout | undefined
    const end = (why: Ending): void => {
      if (ending !== undefined) return
      ending = why
      killGroup(child, 'SIGTERM')
      killTimer = setTimeout(() => killGroup(child, 'SIGKILL'), graceMs)
    }
    const onAbort = (): void => end('io/aborted')
    const timer = tool.timeoutMs === undefined ? undefined : setTimeout(() => end('io/tool-timeout'), tool.timeoutMs)
    tool.signal?.addEventListener('abort', onAbort, { once: true })
    const onTooMuch = (): void => end('io/too-much-output')
    const stdout = collect(child.stdout, { stream: 'stdout', onTooMuch, onOutput: tool.onOutput })
    const stderr = collect(child.stderr, { stream: 'stderr', onTooMuch, onOutput: tool.onOutput })
    feed(child, tool.input)
    const done = (): void => {
      running.delete(child)
      for (const one of [timer, killTimer]) clearTimeout(one)
      tool.signal?.removeEventListener('abort', onAbort)
    }
    child.once('error', error => {
      done()
      reject(problemOf(() => failTool(tool, error)))
    })
    child.once('exit', () => {
      // What it left running ends too when it was cut short, and cannot hold the output open for ever.
      // The immediate lets what is still in the pipe be read, should this process have been too busy until then.
      if (ending !== undefined) killGroup(child, 'SIGKILL')
      setTimeout(() => setImmediate(() => [child.stdout, child.stderr].forEach(stream => stream?.destroy())), lingerMs).unref()
    })
    child.once('close', (code, signal) => {
      done()
      const why = ending
      if (why !== undefined) reject(problemOf(() => failEnded(tool, why)))
      else settle({ exitCode: code ?? 128 + (signal === null ? 0 : system.signals[signal]), stdout: stdout(), stderr: stderr() })
    })
  })

interface Collected {
  readonly stream: 'stdout' | 'stderr'
  readonly onTooMuch: () => void
  readonly onOutput: ToolRun['onOutput']
}

const collect = (source: NodeJS.ReadableStream | null, { stream, onTooMuch, onOutput }: Collected): (() => string) => {
  const parts: Uint8Array[] = []
  const lines = lineCutter(text => onOutput?.(redact(text), stream))
  let sizeBytes = 0
  source?.on('data', (piece: Buffer) => {
    sizeBytes += piece.length
    if (sizeBytes > outputLimitBytes) return onTooMuch()
    parts.push(piece)
    if (onOutput !== undefined) lines.add(piece)
  })
  source?.once('close', () => lines.end())
  // A stream that is destroyed under us ends; its close says so.
  source?.on('error', () => undefined)
  return () => new TextDecoder().decode(Buffer.concat(parts))
}

/** Whole lines only: a secret cut in two would not be recognized. */
const lineCutter = (emit: (text: string) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    add: (piece: Uint8Array): void => {
      rest += decoder.decode(piece, { stream: true })
      const end = Math.max(rest.lastIndexOf('\n'), rest.lastIndexOf('\r')) + 1
      if (end === 0 && rest.length < 1 << 20) return
      emit(end === 0 ? rest : rest.slice(0, end))
      rest = end === 0 ? '' : rest.slice(end)
    },
    end: (): void => {
      rest += decoder.decode()
      if (rest !== '') emit(rest)
      rest = ''
    },
  }
}

const feed = (child: ChildProcess, input: Uint8Array | undefined): void => {
  // A tool may end without reading what it was given; its exit code tells the story.
  child.stdin?.on('error', () => undefined)
  if (input !== undefined) child.stdin?.end(input)
}

const running = new Set<ChildProcess>()
process.once('exit', () => running.forEach(child => killGroup(child, 'SIGKILL')))

const killGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    if (isWindows) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // It is gone already.
  }
}

const findTool = async (tool: string, searchPath: string): Promise<string | null> => {
  if (/[\\/\0]/.test(tool) || tool === '') return isAbsolute(tool) && (await isExecutable(tool)) ? tool : null
  const endings = isWindows ? ['.exe', '.cmd', '.bat', ''] : ['']
  // A relative entry would let the current folder choose the program.
  for (const folder of searchPath.split(delimiter).filter(isAbsolute))
    for (const ending of endings) if (await isExecutable(join(folder, tool + ending))) return join(folder, tool + ending)
  return null
}

const isExecutable = async (path: string): Promise<boolean> => {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    facts => facts.isDirectory(),
    () => false,
  )

const problemOf = (work: () => never): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

const failMissing = ({ tool }: ToolRun): never =>
  fail('io/no-tool', `the program ${JSON.stringify(tool)} is not on this machine`, {
    hint: 'Install it, or put its folder on PATH; `slipway doctor` names what is missing.',
    facts: { tool },
    exit: 'machine',
  })

const failNoFolder = ({ tool, cwd }: ToolRun): never =>
  fail('io/no-folder', `cannot run ${tool} in ${cwd}: no such folder`, {
    hint: 'Check the `cwd` option.',
    where: { file: cwd },
    exit: 'machine',
  })

const failTool = ({ tool }: ToolRun, cause: unknown): never =>
  // explain: A program was found on this machine, but the system could not start it.
  fail('io/tool-failed', `cannot start ${tool}`, {
    hint: 'See the cause: the file may be for another system, or the machine short of memory.',
    exit: 'machine',
    cause,
  })

const failAborted = ({ tool }: ToolRun): never =>
  fail('io/aborted', `${tool} was stopped because the run was interrupted`, {
    hint: 'Run the command again; it goes on where it stopped.',
    exit: 'machine',
  })

const failEnded = (tool: ToolRun, why: Ending): never => {
  if (why === 'io/aborted') return failAborted(tool)
  if (why === 'io/tool-timeout')
    return fail('io/tool-timeout', `${tool.tool} did not end within ${tool.timeoutMs ?? 0} ms`, {
      hint: 'See its output: it may wait for something that never comes.',
      exit: 'machine',
    })
  return fail('io/too-much-output', `${tool.tool} wrote more than ${outputLimitBytes} bytes`, {
    hint: 'Make it quieter, or let it write to a file.',
    exit: 'machine',
  })
}
