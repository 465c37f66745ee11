// Kills the real process at one mutating system call, by strace (DESIGN 6): first the calls of a clean run are counted, thread by thread, then
// each is hit. `when=N` counts a thread and a call's name, so strace holds on to the one thread alone, before it has done any work.
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { judge } from './judges.ts'
import { smallDate } from './project.ts'

export interface Command {
  readonly args: readonly string[]
  /** Where it runs. */
  readonly root: string
  /** Home of the process; its compile cache lies there. */
  readonly home: string
}
/** One mutating system call of a clean run. */
export interface Call {
  readonly thread: 'main' | 'pool'
  readonly name: string
  /** The how manieth call of this name in its thread, from 1; in the main thread, where modules load by chance, of this name on this path. */
  readonly nth: number
  readonly path: string
  /** Name and arguments without what differs from run to run. */
  readonly shape: string
  /** The how manieth mutating call of this shape in its thread, from 1. */
  readonly occurrence: number
}
export interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}
export interface Killed extends Ended {
  /** What was hit, in the words of `Call.shape`; empty when nothing was. */
  readonly shape: string
}

/** Where strace and taskset are; null where one is lacking or tracing is not allowed. With required judges that is an error. */
export const killRig = (): string | null => {
  const strace = judge('strace')
  const lacking =
    strace === undefined
      ? 'strace'
      : spawnSync('taskset', ['-V']).status !== 0
        ? 'taskset'
        : spawnSync(strace, ['-qq', '-o', '/dev/null', 'true']).status !== 0
          ? 'the right to trace'
          : null
  if (lacking === null) return strace ?? null
  if (process.env['SLIPWAY_JUDGES'] === 'required') throw new Error(`kills at system calls need ${lacking}`)
  console.log(`skipped: kills at system calls (lacking ${lacking})`)
  return null
}

/** The mutating calls of a clean run, in their order. Fails when another thread than those two changes anything, or the run fails. */
export const countCalls = async (strace: string, command: Command): Promise<readonly Call[]> => {
  const { ended, log, tids } = await traced(strace, command, { thread: 'all', options: ['-f'] })
  if (ended.exitCode !== 0) throw new Error(`the clean run failed with ${ended.exitCode ?? ended.signal ?? 'nothing'}: ${ended.stderr}`)
  const lines = linesOf(log)
  const seen = new Map<string, number>()
  return lines.filter(isMutating).map(line => {
    const { tid, name, shape, path } = line
    const thread = tid === tids.main ? 'main' : tid === tids.pool ? 'pool' : null
    if (thread === null) throw new Error(`a third thread, ${tid}, changes files: ${shape}`)
    // The pool wakes the main thread by write(2), how often is chance: such calls of files cannot be counted.
    if (name === 'write' && thread === 'pool') throw new Error(`a file is written by write(2), say the position: ${shape}`)
    const occurrence = (seen.get(`${thread} ${shape}`) ?? 0) + 1
    seen.set(`${thread} ${shape}`, occurrence)
    const nth =
      thread === 'pool' ? line.nth : lines.filter(one => one.tid === tid && one.name === name && one.path === path).indexOf(line) + 1
    return { thread, name, nth, path, shape, occurrence }
  })
}

/** Runs the command again and kills it as it enters that call. */
export const killAt = async (strace: string, command: Command, call: Call): Promise<Killed> => {
  const options = ['-e', `inject=${call.name}:signal=KILL:when=${call.nth}`, ...(call.thread === 'main' ? ['-P', call.path] : [])]
  const { ended, log } = await traced(strace, command, { thread: call.thread, options })
  return { ...ended, shape: ended.signal === 'SIGKILL' ? (linesOf(log).at(-1)?.shape ?? '') : '' }
}

/** Starts the command in a process of its own. */
export const start = (
  { args, root, home }: Command,
  { preload = false, cores = 'one' as 'one' | 'all' } = {},
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } => {
  const node = [process.execPath, ...(preload ? ['--import', stopAtStart] : []), slipway, ...args, '--cwd', root]
  const [tool = '', ...rest] = cores === 'all' ? node : ['taskset', '-c', String(process.pid % availableParallelism()), ...node]
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, UV_THREADPOOL_SIZE: '1', SOURCE_DATE_EPOCH: smallDate }
  const child = spawn(tool, rest, { env, cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  return { child, ended: endOf(child) }
}

const slipway = join(dirname(fileURLToPath(import.meta.url)), '../../packages/slipway/bin/slipway.js')
const limitMs = 60_000
/** Makes the pool's one thread, then stands still until the tracer holds on. */
const stopAtStart = `data:text/javascript,${encodeURIComponent("import { stat } from 'node:fs/promises'; await stat('/'); process.kill(process.pid, 'SIGSTOP')")}`

const endOf = async (child: ChildProcess): Promise<Ended> => {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => void (texts[name] += text))
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  clearTimeout(timer)
  return { exitCode, signal, ...texts }
}

interface Tids {
  readonly main: number
  readonly pool: number
}
interface Tracing {
  readonly thread: 'main' | 'pool' | 'all'
  readonly options: readonly string[]
}

const traced = async (
  strace: string,
  command: Command,
  { thread, options }: Tracing,
): Promise<{ ended: Ended; log: string; tids: Tids }> => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-strace-'))
  const { child, ended } = start(command, { preload: true })
  try {
    const tids = await stopped(child.pid ?? 0)
    const log = join(folder, 'log')
    const tracer = spawn(
      strace,
      [
        '-qq',
        '-y',
        '-s',
        '16',
        '-o',
        log,
        '-e',
        `trace=${names.join(',')}`,
        ...options,
        '-p',
        String(thread === 'pool' ? tids.pool : tids.main),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    const gone = once(tracer, 'close')
    await until(
      () =>
        tracerOf(tids.main, thread === 'pool' ? tids.pool : tids.main) !== 0 && (thread !== 'all' || tracerOf(tids.main, tids.pool) !== 0),
    )
    child.kill('SIGCONT')
    const end = await ended
    await gone
    return { ended: end, log: existsSync(log) ? readFileSync(log, 'utf8') : '', tids }
  } finally {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Waits until the process stands still; its main thread and the one of its pool. */
const stopped = async (pid: number): Promise<Tids> => {
  await until(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.startsWith('T') === true)
  const pool = readdirSync(`/proc/${pid}/task`).filter(
    tid => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim() === 'libuv-worker',
  )
  if (pool.length !== 1) throw new Error(`the pool has ${pool.length} threads, not one`)
  return { main: pid, pool: Number(pool[0]) }
}

const tracerOf = (pid: number, tid: number): number =>
  Number(/^TracerPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'))?.[1] ?? 0)

const until = async (holds: () => boolean): Promise<void> => {
  const end = performance.now() + limitMs
  while (!holds()) {
    if (performance.now() > end) throw new Error('the traced process never came to a stop')
    await sleep(2)
  }
}

/** Every call by which a process changes files. Of open(2) only O_CREAT, of ioctl(2) only FICLONE counts; failed calls changed nothing. */
const names = [
  ...['open', 'openat', 'openat2', 'creat', 'write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'fsync', 'fdatasync', 'sync_file_range'],
  ...['rename', 'renameat', 'renameat2', 'mkdir', 'mkdirat', 'unlink', 'unlinkat', 'rmdir', 'link', 'linkat', 'symlink', 'symlinkat'],
  ...['ftruncate', 'truncate', 'fallocate', 'fchmod', 'chmod', 'fchmodat', 'copy_file_range', 'sendfile', 'ioctl'],
]

interface Line {
  readonly tid: number
  readonly name: string
  readonly nth: number
  readonly text: string
  readonly failed: boolean
  /** As it is named by the call; of several the last. */
  readonly path: string
  readonly shape: string
}

const linesOf = (log: string): readonly Line[] => {
  const counts = new Map<string, number>()
  const lines = log.split('\n')
  return lines.flatMap((text, at) => {
    const found = /^(?:(\d+) +)?(\w+)\((.*)$/.exec(text)
    if (found === null) return []
    const [, tid = '0', name = '', rest = ''] = found
    const count = (counts.get(`${tid} ${name}`) ?? 0) + 1
    counts.set(`${tid} ${name}`, count)
    const end = rest.endsWith('<unfinished ...>')
      ? (lines.slice(at).find(line => line.startsWith(`${tid} `) && line.includes(`<... ${name} resumed>`)) ?? '')
      : rest
    return [
      {
        tid: Number(tid),
        name,
        nth: count,
        text: rest,
        failed: / = -1 E/.test(end),
        path: pathsOf(rest).at(-1) ?? '',
        shape: shapeOf(name, rest),
      },
    ]
  })
}

const pathsOf = (rest: string): readonly string[] => {
  // A call that opens a file names it once more in its answer; a killed one has none.
  const asked = rest.replace(/\) += \S.*$| <unfinished \.\.\.>$/, '')
  return [...asked.matchAll(/<(\/[^>]*)>|"(\/[^"]*)"\.{0,3}/g)].map(found => (found[1] ?? found[2] ?? '').replace(/ \(deleted\)$/, ''))
}

/** Temporary names, process ids, times and digests of signed documents differ from run to run. */
const shapeOf = (name: string, rest: string): string => {
  const steady = pathsOf(rest).map(path =>
    path
      .replace(/\.\d+\.[0-9a-f]{12}\.tmp$/, '.tmp')
      .replace(/[0-9a-f]{16,}/g, '#')
      .replace(/\/[0-9a-f]{2}(?=\/|$)/g, '/#'),
  )
  return `${name} ${steady.join(' ')}`.trim()
}

const isMutating = ({ name, text, failed }: Line): boolean => {
  if (failed) return false
  if (/^(open|openat|openat2)$/.test(name)) return text.includes('O_CREAT') && !/"\/(dev\/(?!shm\/)|proc\/)/.test(text)
  if (/^(write|writev|pwrite64|pwritev2?)$/.test(name)) return /^\d+<\/(?!dev\/(?!shm\/))/.test(text)
  return name === 'ioctl' ? text.includes('FICLONE') : true
}
