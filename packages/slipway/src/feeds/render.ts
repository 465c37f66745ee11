// One channel -> every feed's files: used by whoever writes heads and by whoever proves them (TRUST 4). Pure.
import type { ChannelState, Release } from '@slipway/core'
import { promisedTargets, useOf, type AnyFeed, type FeedFile, type FeedView } from './feed.ts'
import * as feeds from './index.ts'

export { chosenFor, requiredPairs, servedTargets } from './feed.ts'

export interface ChannelView {
  readonly app: string
  readonly channel: string
  readonly state: ChannelState
  /** By version: at least those that the state names. */
  readonly releases: Readonly<Record<string, Release>>
  /** Public URL of the bucket's base, ending in a slash. */
  readonly base: string
}

/**
 * The files of every feed that the channel's releases are rendered to, sorted by path. A release that does not know a feed
 * is not shown in it. Codes: those of the feeds (`<feed>/incomplete`, `<feed>/unsigned`, …).
 */
export const renderChannel = (view: ChannelView): readonly FeedFile[] => {
  const all: readonly AnyFeed[] = Object.values(feeds) as unknown as readonly AnyFeed[]
  return all.flatMap(feed => renderFeed(feed, view)).sort((a, b) => (a.path < b.path ? -1 : 1))
}

const renderFeed = (feed: AnyFeed, { app, channel, state, releases, base }: ChannelView): readonly FeedFile[] => {
  const known = (version: string | null): Release | null => {
    const release = version === null ? undefined : releases[version]
    return release !== undefined && useOf(feed.id, release) !== null ? release : null
  }
  const current = known(state.current)
  // A halted or held candidate still says which heads there are: they exist from its first day on.
  const next = known(state.candidate?.version ?? null)
  if (current === null && next === null) return []
  const shown = next !== null && state.halted === null && feed.holds !== true ? next : null
  const candidate: FeedView['candidate'] =
    shown === null || state.candidate === null ? null : { release: shown, percent: state.candidate.percent, since: state.candidate.since }
  const targets = [current, next].flatMap(release => (release === null ? [] : promisedTargets(feed, release)))
  const options = [shown, current, next].map(release => release && useOf(feed.id, release)).find(one => one !== null) ?? {}
  const whole = { app, channel, state, current, candidate, targets: [...new Set(targets)].sort(), base }
  return feed.render(whole, options as never)
}
