// The steps of stage `publish`: draft, files, record, evidence, turn, settle, verify (TRUST 4). Bytes first, then the pointer, then the heads.
import {
  compareVersions,
  emptyChannel,
  evidence,
  fail,
  isFeedHead,
  pointer,
  releaseFile,
  releaseId,
  releaseRecord,
  SlipwayError,
  sums,
  sumsSignature,
} from '@slipway/core'
import type { BucketState, ChannelState, Problem, Release, Step } from '@slipway/core'
import { offered } from '../plan/channels.ts'
import { twoPublishers, writeDraft } from './draft.ts'
import { createBytes, createOnce, readObject } from './objects.ts'
import type { StepReport, StepResult } from './schedule.ts'
import { settle } from './settle.ts'
import { recordBytes } from './sign.ts'
import { readRoot } from './trust.ts'
import { turn } from './turn.ts'
import { need } from './work.ts'
import type { Work } from './work.ts'

export const performDraft = async (work: Work): Promise<StepResult> => {
  const bucket = await work.bucket()
  const release = need(work.release, 'release.json')
  const published = releaseRecord(release.version)
  const there = await readObject(bucket, published)
  if (there !== null && Buffer.compare(there.bytes, recordBytes(release)) !== 0) return twoPublishers(release.version, published)
  if (there !== null) return { outcome: 'cached', reason: `${release.version} is published` }
  await writeDraft(bucket, { release, channel: work.planned.channel, basis: work.basis }, work.draft)
  return { outcome: 'done' }
}

export const performFile = async (work: Work, file: string): Promise<StepResult> => {
  const { artifact, path } = need(work.made.get(file), file)
  const made = await createOnce(await work.bucket(), {
    key: releaseFile(work.settings.app.version, file),
    bytes: () => work.io.files.stream(path),
    sizeBytes: artifact.sizeBytes,
    sha256: artifact.sha256,
  })
  return { outcome: made === 'created' ? 'done' : 'cached', reason: file, bytes: artifact.sizeBytes }
}

export const performPublishRecord = async (work: Work): Promise<StepResult> => {
  const bucket = await work.bucket()
  const { version } = work.settings.app
  const made = [await createBytes(bucket, releaseRecord(version), recordBytes(need(work.release, 'release.json')))]
  const files = need(work.sums, 'SHA256SUMS')
  for (const [file, key] of [
    ['SHA256SUMS', sums(version)],
    ['SHA256SUMS.minisig', sumsSignature(version)],
  ] as const)
    made.push(await createBytes(bucket, key, need(files[file], file)))
  return { outcome: made.includes('created') ? 'done' : 'cached' }
}

export const performEvidence = async (work: Work): Promise<StepResult> => {
  const bucket = await work.bucket()
  const made = await Promise.all(
    [...work.evidence.values()].map(({ file, bytes }) => createBytes(bucket, evidence(work.settings.app.version, file), bytes)),
  )
  return { outcome: made.includes('created') ? 'done' : 'cached', reason: `${made.length} statements` }
}

/** THE COMMIT of a release: it enters the index, is admitted to the channel, and is offered there. */
export const performTurn = async (work: Work, step: Step): Promise<StepResult> => {
  const channel = work.planned.channel
  const percent = Number(step.options['percent'] ?? 100)
  const release = need(work.release, 'release.json')
  const verdict = need(work.verdict, 'verdict of the gate')
  const bucket = await work.bucket()
  const { trust } = work.settings
  const after = await turn({
    bucket,
    io: work.io,
    root: (await readRoot(work.io, work.settings)).bytes,
    live: await work.keys.role('live'),
    release: await work.keys.role('release'),
    freshnessMs: trust.freshnessMs,
    signal: work.signal,
    change: (state, now) => {
      assertBasis(state, { channel, basis: work.basis, version: release.version })
      return withRelease(state, { release, channel, percent, verdict, at: now, keep: trust.keep })
    },
  })
  const state = after.channels[channel]
  return { outcome: 'done', reason: `tuf/timestamp.json ${after.versions.timestamp}, ${channel} ${state?.n ?? 0}` }
}

export const performSettle = async (work: Work, report: StepReport): Promise<StepResult> => {
  const bucket = await work.bucket()
  const root = (await readRoot(work.io, work.settings)).bytes
  const { heads, changed } = await settle({
    bucket,
    root,
    app: work.settings.app.key,
    channels: null,
    signal: work.signal,
    onHead: (done, total) => report.progress(done, total, 'objects'),
  })
  return { outcome: changed.length > 0 ? 'done' : 'cached', reason: `${changed.length} of ${heads.length} heads changed` }
}

const mostLooks = 10
/** Looks from outside. Whoever commits after our settle leaves heads behind until it has settled too: we bring them up, and look again. */
export const performVerify = async (work: Work, report: StepReport): Promise<StepResult> => {
  for (let looks = 1; ; looks += 1) {
    try {
      await work.verifyOutside()
      return { outcome: 'done', reason: pointer }
    } catch (error) {
      if (looks === mostLooks || !(error instanceof SlipwayError) || !error.problems.every(isUnsettled)) throw error
      await performSettle(work, report)
    }
  }
}

const isUnsettled = ({ code, where }: Problem): boolean =>
  code === 'verify/behind' || (code === 'verify/missing' && where.object !== undefined && isFeedHead(where.object))

interface Admission {
  readonly release: Release
  readonly channel: string
  readonly percent: number
  readonly verdict: string
  readonly at: string
  /** Full releases admitted to a channel that stay reachable (TRUST 3). */
  readonly keep: number
}

/** The wanted state: release in the index, admitted, offered; the admissions beyond `keep` are dropped, but for what the channel still names. */
export const withRelease = (state: BucketState, { release, channel, percent, verdict, at, keep }: Admission): BucketState => {
  const known = state.releases[release.version]
  const id = releaseId(release)
  const before = state.channels[channel] ?? emptyChannel(at)
  const after = offered(before, { version: release.version, percent, at })
  const admitted = known?.admit[channel] !== undefined
  if (known !== undefined && admitted && after === before) return state
  const sizeBytes = recordBytes(release).length
  const entry = {
    version: release.version,
    id,
    sizeBytes,
    admit: { ...known?.admit, [channel]: known?.admit[channel] ?? verdict },
    ...(known?.yanked === undefined ? {} : { yanked: known.yanked }),
  }
  const releases = dropOld({ ...state.releases, [release.version]: entry }, { channel, keep, state: after })
  return { releases, channels: { ...state.channels, [channel]: after } }
}

/** A candidate is no full release: it does not push one out. */
const dropOld = (
  releases: BucketState['releases'],
  { channel, keep, state }: { channel: string; keep: number; state: ChannelState },
): BucketState['releases'] => {
  const candidate = state.candidate?.version
  const named = new Set([state.current, state.before, candidate])
  const order = Object.keys(releases)
    .filter(version => releases[version]?.admit[channel] !== undefined && version !== candidate)
    .sort(compareVersions)
  const old = order.slice(0, Math.max(0, order.length - keep)).filter(version => !named.has(version))
  return Object.fromEntries(
    Object.entries(releases).map(([version, entry]) => {
      if (!old.includes(version)) return [version, entry]
      const { [channel]: _dropped, ...admit } = entry.admit
      return [version, { ...entry, admit }]
    }),
  )
}

/** Rule 6: a halt invalidates every plan made before it. */
export const assertBasis = (state: BucketState, { channel, basis, version }: { channel: string; basis: number; version: string }): void => {
  const now = state.channels[channel]
  if (now === undefined || now.halted === null || now.n <= basis) return
  fail('publish/halted', `${channel} was halted after this plan was made: ${now.halted.reason}`, {
    hint: `Look at \`slipway status\`. A new plan of a higher version than ${version} lifts the halt; \`slipway rollout ${channel} --resume\` lifts it for the same one.`,
    facts: { n: now.n, plannedOn: basis },
    exit: 'refused',
  })
}
