// The real door to this machine; main.ts builds it once and hands it down (DESIGN 2).
import { hash } from 'node:crypto'
import { lendSha256 } from '@slipway/core'
import { clock } from './clock.ts'
import { derive } from './derive.ts'
import { files } from './files.ts'
import { host } from './host.ts'
import { http } from './http.ts'
import type { Io, Threads } from './io.ts'
import { random } from './random.ts'
import { runner } from './run.ts'
import { secrets } from './secrets.ts'
import { lateThreads } from './late-threads.ts'

/** A process has one set, however often it opens the door: threads are not given back. */
let shared: Threads | undefined

/** This machine. */
export const machine = (): Io => {
  takeLittleMemory()
  widenPool(host().cores)
  lendSha256(data => hash('sha256', data))
  return {
    files,
    http: http(secrets),
    run: runner(secrets),
    clock,
    random,
    secrets,
    host: host(),
    derive: derive(runner(secrets)),
    threads: (shared ??= lateThreads(host().cores)),
    takeMemory,
    spareMemory,
  }
}

/** The heap is small, and what it is measured with are the pieces of files that pass by: at less, it would be searched for each few of them. */
const takeLittleMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=150')
}

/** V8 lets its heap grow to several times of what is in use: of a hundred thousand files that is hundreds of megabytes. */
const spareMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--heap-growing-percent=20')
}

/** A small part for what is young is searched over and over where nearly all of it stays. */
const takeMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--semi-space-growth-factor=16')
  setFlagsFromString('--heap-growing-percent=0')
}

/**
 * Node's pool has four threads; native deflate wants one a core, and files are read by others. Node reads this when the first work comes;
 * programs that we start are not told (run.ts).
 */
const widenPool = (cores: number): void => {
  if (cores > 2) process.env.UV_THREADPOOL_SIZE ??= String(Math.min(cores, mostPooled) + 2)
}
const mostPooled = 16
