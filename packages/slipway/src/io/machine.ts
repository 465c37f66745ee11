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
  }
}

/** V8 lets its heap grow to several times of what is in use: of a hundred thousand files that is hundreds of megabytes. */
const takeLittleMemory = (): void => {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--heap-growing-percent=20')
}
