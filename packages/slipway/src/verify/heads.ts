// Every feed's head against the committed state: rendered again and compared byte for byte (TRUST 4).
import type { BucketState, Release } from '@slipway/core'
import { renderChannel } from '../feeds/render.ts'
import type { BucketReader } from '../stores/store.ts'
import { readWhole } from './read.ts'
import { wrong } from './report.ts'
import type { Report } from './report.ts'

export interface HeadsQuestion {
  readonly reader: BucketReader
  readonly report: Report
  readonly state: BucketState
  readonly releases: Readonly<Record<string, Release>>
  /** Public URL of the base. */
  readonly base: string
}

/** Keys of all heads that there must be. Equal; or of an older `n` (`verify/behind`); or neither (`verify/foreign`). */
export const verifyHeads = async ({ reader, report, state, releases, base }: HeadsQuestion): Promise<readonly string[]> => {
  const keys: string[] = []
  for (const [channel, channelState] of Object.entries(state.channels)) {
    const named = [channelState.current, channelState.candidate?.version].filter(version => typeof version === 'string')
    const known = named.filter(version => releases[version] !== undefined)
    if (known.length < named.length) continue // said already: the record is missing or bad
    const app = Object.values(releases)[0]?.app ?? ''
    for (const { path, bytes } of renderChannel({ app, channel, state: channelState, releases, base })) {
      keys.push(path)
      const there = await readWhole(reader, report, path)
      if (there !== null && Buffer.compare(there, bytes) === 0) continue
      judge(report, { path, there, n: channelState.n })
    }
  }
  return keys
}

const judge = (report: Report, { path, there, n }: { path: string; there: Uint8Array | null; n: number }): void => {
  const heal = 'Run `slipway publish --refresh`: it brings every head to the committed state.'
  const older = there === null ? null : olderThan(new TextDecoder().decode(there), n)
  if (there === null) wrong(report, { code: 'verify/missing', object: path, message: `${path} is missing`, hint: heal })
  else if (older !== null) wrong(report, { code: 'verify/behind', object: path, message: `${path} shows change ${older} of its channel, ${n} is committed`, hint: heal })
  else wrong(report, { code: 'verify/foreign', object: path, message: `${path} is not a rendering of the committed state`, hint: `${heal} Find out who could write it.` })
}

/** The `n` that stands in a head, when it is an older one. Untrusted: it only chooses the words. */
const olderThan = (text: string, n: number): number | null => {
  const found = /"?\bn"?:\s*(\d{1,15})\b/.exec(text.slice(text.indexOf('slipway')))?.[1]
  return found !== undefined && Number(found) < n ? Number(found) : null
}
