// slipway publish: everything up to and including publishing; `--refresh` only renews the pointer's time and settles (TRUST 2 and 4).
import { fail, pointer } from '@slipway/core'
import { pointerRefresh } from '../run/refresh.ts'
import { settle } from '../run/settle.ts'
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
  const root = await io.files.read(`${settings.trust.folder}/root.json`)
  const { serial, expires } = await pointerRefresh({
    io,
    bucket,
    root,
    live: await keys.role('live'),
    freshnessMs: settings.trust.freshnessMs,
  })
  const { heads, changed } = await settle({ bucket, root, app: settings.app.key, channels: null, signal })
  return {
    name: 'publish',
    data: { refreshed: true, serial, expires, heads, changed },
    problems: [],
    text: style =>
      `${style.green('done')} ${pointer} is now ${serial}, fresh until ${expires}; ${changed.length} of ${heads.length} heads changed`,
  }
}
