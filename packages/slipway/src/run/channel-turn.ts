// A change of one channel: turn with `live`, then settle (TRUST 4, the commands table). Begins with settle, so that it heals what a crash left.
import { fail } from '@slipway/core'
import type { BucketState, ChannelState } from '@slipway/core'
import type { AppSettings } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Bucket } from '../stores/store.ts'
import { settle } from './settle.ts'
import type { Settled } from './settle.ts'
import type { CommittedState } from './state.ts'
import { readRoot } from './trust.ts'
import { turn } from './turn.ts'
import type { Keys } from './work.ts'

export interface ChannelJob {
  readonly io: Io
  readonly settings: AppSettings
  readonly bucket: Bucket
  readonly keys: Keys
  readonly signal: AbortSignal
}
export interface ChannelChange {
  readonly state: CommittedState
  readonly before: ChannelState
  readonly after: ChannelState
  readonly settled: Settled
}

/** Applies a pure change to one channel; retries its swap until it wins. `channel/unknown` when nothing was ever published there. */
export const changeChannel = async (
  job: ChannelJob,
  channel: string,
  change: (state: ChannelState, now: string, all: BucketState) => ChannelState,
): Promise<ChannelChange> => {
  const { io, settings, bucket, keys, signal } = job
  const root = (await readRoot(io, settings)).bytes
  const app = settings.app.key
  await settle({ bucket, root, app, channels: null, signal })
  let before: ChannelState | undefined
  const state = await turn({
    bucket,
    io,
    root,
    live: await keys.role('live'),
    freshnessMs: settings.trust.freshnessMs,
    signal,
    change: (all, now) => {
      before = all.channels[channel] ?? unknownChannel(channel, Object.keys(all.channels))
      const after = change(before, now, all)
      return after === before ? all : { ...all, channels: { ...all.channels, [channel]: after } }
    },
  })
  const settled = await settle({ bucket, root, app, channels: null, signal })
  const after = state.channels[channel]
  if (before === undefined || after === undefined) return unknownChannel(channel, [])
  return { state, before, after, settled }
}

/** `channel/unknown` (exit 3). */
export const unknownChannel = (channel: string, known: readonly string[]): never =>
  fail('channel/unknown', `Nothing was ever published to ${channel}`, {
    hint: known.length === 0 ? 'Publish a release first.' : `Channels with releases: ${known.join(' ')}`,
    exit: 'refused',
  })
