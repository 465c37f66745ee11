// The real door to this machine; main.ts builds it once and hands it down (DESIGN 2).
import { clock } from './clock.ts'
import { derive } from './derive.ts'
import { files } from './files.ts'
import { host } from './host.ts'
import { http } from './http.ts'
import type { Io } from './io.ts'
import { random } from './random.ts'
import { runner } from './run.ts'
import { secrets } from './secrets.ts'
import { threads } from './threads.ts'

/** This machine. */
export const machine = (): Io => ({
  files,
  http: http(secrets),
  run: runner(secrets),
  clock,
  random,
  secrets,
  host: host(),
  derive: derive(runner(secrets)),
  threads: threads(host().cores),
})
