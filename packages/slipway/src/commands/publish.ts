// slipway publish: everything up to and including publishing; `--refresh` only renews the pointer's time and settles (TRUST 2 and 4).
import { fail, pointer, SlipwayError } from '@slipway/core'
import { refreshPointer } from '../run/refresh.ts'
import { settle } from '../run/settle.ts'
import { readRoot } from '../run/trust.ts'
import type { Invocation, Outcome } from './command.ts'
import { jobOf } from './channel.ts'
import { runStage } from './pipeline.ts'

export const run = (invocation: Invocation): Promise<Outcome> => {
  if (invocation.flags['refresh'] === undefined) return runStage(invocation, 'publish', 'publish')
  if (invocation.flags['resume'] !== undefined)
    fail('publish/one-thing', '--refresh and --resume cannot be done at once', { hint: 'Say one of them.' })
  return refresh(invocation)
}

const refresh = async (invocation: Invocation): Promise<Outcome> => {
  const { job } = await jobOf(invocation)
  const { io, settings, bucket, keys, signal } = job
  const root = (await readRoot(io, settings)).bytes
  const release = await keys.role('release').catch(onlyKeyErrors)
  const live = await keys.role('live')
  const state = await refreshPointer({
    io,
    bucket,
    root,
    live,
    ...(release === null ? {} : { release }),
    freshnessMs: settings.trust.freshnessMs,
    signal,
  })
  const { heads, changed } = await settle({ bucket, root, app: settings.app.key, channels: null, signal })
  const { expires } = state
  return {
    name: 'publish',
    data: { refreshed: true, serial: state.versions.timestamp, expires, heads, changed },
    problems: [],
    text: style =>
      `${style.green('done')} ${pointer} is now ${state.versions.timestamp}, fresh until ${expires ?? ''}; ${changed.length} of ${heads.length} heads changed`,
  }
}

/** A machine that only renews has `live` alone: then the index is left as it is. */
const onlyKeyErrors = (error: unknown): null => {
  if (error instanceof SlipwayError && error.problems.every(one => one.code === 'keys/no-role')) return null
  throw error
}
