// Every feed's head against the committed state: rendered again and compared byte for byte (TRUST 4).
import { headPrefixes, problem, SlipwayError } from '@slipway/core'
import type { BucketState, ProblemDetail, Release } from '@slipway/core'
import type { FeedFile } from '../feeds/feed.ts'
import { renderChannel } from '../feeds/render.ts'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { readWhole } from './read.ts'
import { missingObject, wrong } from './report.ts'
import type { Report } from './report.ts'

export interface HeadsQuestion {
  readonly reader: BucketReader & Partial<Pick<Bucket, 'list'>>
  readonly report: Report
  readonly state: BucketState
  readonly releases: Readonly<Record<string, Release>>
  /** Public URL of the base. */
  readonly base: string
  /** Key of the channels document. */
  readonly channelsKey: string
}

/** Keys of all heads that there must be. Equal; or of an older `n` (`verify/behind`); or neither (`verify/foreign`). */
export const verifyHeads = async (question: HeadsQuestion): Promise<readonly string[]> => {
  const { reader, report, state } = question
  const keys: string[] = []
  for (const [channel, channelState] of Object.entries(state.channels)) {
    const files = verifyChoice(question, channel) ? renderedHeads(question, channel, await existingHeads(question, channel)) : null
    if (files === null) for (const prefix of headPrefixes(channel)) report.unjudged.add(prefix)
    for (const { path, bytes } of files ?? []) {
      keys.push(path)
      report.expected.set(path, { bytes })
      const there = await readWhole(reader, report, path)
      if (there !== null && Buffer.compare(there, bytes) === 0) continue
      judge(report, { path, there, n: channelState.n })
    }
  }
  return keys
}

/** Whether a channel shows only releases that the index admits to it, and whose records are sound. */
const verifyChoice = ({ report, state, releases, channelsKey }: HeadsQuestion, channel: string): boolean => {
  const { current = null, candidate = null } = state.channels[channel] ?? {}
  const shown = [current, candidate?.version ?? null].filter(version => version !== null)
  for (const version of shown) {
    const entry = state.releases[version]
    if (entry !== undefined && entry.admit[channel] !== undefined && entry.yanked === undefined) continue
    const why =
      entry === undefined ? 'the index does not know' : entry.yanked === undefined ? `the index does not admit to ${channel}` : 'is yanked'
    const hint = `Whoever holds the key \`live\` wrote it. Run \`slipway rollback ${channel} --to VERSION\`, and replace that key if it was not you.`
    wrong(
      report,
      // explain: A channel shows a release that the signed index does not allow it to show.
      problem('verify/not-admitted', `${channel} shows ${version}, which ${why}`, {
        hint,
        where: { object: channelsKey },
        exit: 'corrupt',
      }),
    )
  }
  return shown.every(version => releases[version] !== undefined)
}

/** Heads of a feed or target that was dropped must offer nothing; where the place cannot be listed they are not seen. */
const existingHeads = async ({ reader }: HeadsQuestion, channel: string): Promise<readonly string[]> => {
  const keys: string[] = []
  if (reader.list === undefined) return keys
  for (const prefix of headPrefixes(channel)) for await (const { key } of reader.list(prefix)) keys.push(key)
  return keys
}

/** A feed that cannot be rendered is a fault of what was signed: said with the feed's own code. */
const renderedHeads = (
  { report, state, releases, base }: HeadsQuestion,
  channel: string,
  existing: readonly string[],
): readonly FeedFile[] | null => {
  const channelState = state.channels[channel]
  if (channelState === undefined) return null
  try {
    return renderChannel({ app: Object.values(releases)[0]?.app ?? '', channel, state: channelState, releases, base, existing })
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    for (const one of error.problems) wrong(report, { ...one, where: { ...one.where, object: `feeds/${channel}/` }, exit: 'corrupt' })
    return null
  }
}

const judge = (report: Report, { path, there, n }: { path: string; there: Uint8Array | null; n: number }): void => {
  const detail: ProblemDetail = {
    hint: 'Run `slipway publish --refresh`: it brings every head to the committed state.',
    where: { object: path },
    exit: 'corrupt',
  }
  const older = there === null ? null : olderThan(new TextDecoder().decode(there), n)
  if (there === null) wrong(report, missingObject(path))
  else if (older !== null)
    wrong(report, problem('verify/behind', `${path} shows change ${older} of its channel, ${n} is committed`, detail))
  else
    wrong(
      report,
      problem('verify/foreign', `${path} is not a rendering of the committed state`, {
        ...detail,
        hint: 'Find out who could write it, then run `slipway publish --refresh`: it brings every head to the committed state.',
      }),
    )
}

/** The `n` that stands in a head, when it is an older one. Untrusted: it only chooses the words. */
const olderThan = (text: string, n: number): number | null => {
  const found = /"?\bn"?:\s*(\d{1,15})\b/.exec(text.slice(text.indexOf('slipway')))?.[1]
  return found !== undefined && Number(found) < n ? Number(found) : null
}
