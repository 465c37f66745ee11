// One channel -> every feed's files: used by whoever writes heads and by whoever proves them (TRUST 4). Pure.
import { feedHead, targets } from '@slipway/core'
import type { ChannelState, Release } from '@slipway/core'
import { promisedTargets, servedTargets, useOf, type AnyFeed, type FeedFile, type FeedView } from './feed.ts'
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
  /** Heads of this channel that the bucket holds. One that no release promises any more offers nothing: it must not go on with an old release. */
  readonly existing?: readonly string[]
}

/**
 * The files of every feed that the channel's releases are rendered to, sorted by path. A release that does not know a feed
 * is not shown in it. Codes: those of the feeds (`<feed>/incomplete`, `<feed>/unsigned`, …).
 */
export const renderChannel = (view: ChannelView): readonly FeedFile[] => {
  const promised = everyFeed.flatMap(feed => renderFeed(feed, view))
  const abandoned = (view.existing ?? []).filter(path => !promised.some(file => file.path === path))
  return [...promised, ...abandoned.flatMap(path => renderAbandoned(view, path))].sort((a, b) => (a.path < b.path ? -1 : 1))
}

const everyFeed = Object.values(feeds) as unknown as readonly AnyFeed[]

/** The head of a feed or target that was dropped, offering nothing; no file for a key that no feed of ours has. */
const renderAbandoned = ({ app, channel, state, base }: ChannelView, path: string): readonly FeedFile[] =>
  everyFeed.flatMap(feed => {
    const served = servedTargets(feed, {}, targets)
    const covered = Object.entries(feed.heads(served, {} as never)).find(([head]) => feedHead(channel, feed.id, head) === path)?.[1]
    if (covered === undefined) return []
    return feed
      .render({ app, channel, state, current: null, candidate: null, targets: covered, base }, {} as never)
      .filter(file => file.path === path)
  })

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
  const covered = [current, next].flatMap(release => (release === null ? [] : promisedTargets(feed, release)))
  const options = [shown, current, next].map(release => release && useOf(feed.id, release)).find(one => one !== null) ?? {}
  const whole = { app, channel, state, current, candidate, targets: [...new Set(covered)].sort(), base }
  return feed.render(whole, options as never)
}
