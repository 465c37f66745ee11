// slipway promote: the same bytes, another channel. The gate of that channel decides; no artifact is touched (row A8).
import { evidence as evidenceKey, fail, failAll } from '@slipway/core'
import type { Release } from '@slipway/core'
import { channelFor } from '../plan/channels.ts'
import { assertNotFrozen } from '../plan/freeze.ts'
import { verdictFor } from '../run/gate.ts'
import { openStatement } from '../run/evidence.ts'
import { createBytes } from '../run/objects.ts'
import { assertBasis, withRelease } from '../run/publish.ts'
import { readRelease, settle } from '../run/settle.ts'
import { readState } from '../run/state.ts'
import type { CommittedState } from '../run/state.ts'
import { readRoot } from '../run/trust.ts'
import { turn } from '../run/turn.ts'
import type { ChannelJob } from '../run/channel-turn.ts'
import { slipwayVersion } from '../self.ts'
import { need } from '../run/work.ts'
import type { EvidenceFile } from '../run/work.ts'
import { channelDocument, channelText, jobOf } from './channel.ts'
import type { Invocation, Outcome } from './command.ts'
import { textOf } from './project.ts'

export const run = async (invocation: Invocation): Promise<Outcome> => {
  const version = invocation.args[0] ?? ''
  const channel =
    textOf(invocation, 'to') ?? fail('promote/no-channel', 'promote needs --to', { hint: `Say: slipway promote ${version} --to stable` })
  const asked = percentOf(invocation)
  const { job, project } = await jobOf(invocation)
  const { settings, io, bucket } = job
  failAll(channelFor(project, settings, channel).problems)
  const policy = need(settings.channels[channel], `policy of ${channel}`)
  assertNotFrozen(channel, policy.freeze, io.clock.now())
  const root = (await readRoot(io, settings)).bytes
  await settle({ bucket, root, app: settings.app.key, channels: null, signal: job.signal })
  const before = await readState(bucket, root)
  assertKnown(before, version)
  const release = await readRelease(bucket, before, version)
  const verdict = await gateOf(job, { release, channel, requires: policy.requires, version: await slipwayVersion(io) })
  await createBytes(bucket, evidenceKey(version, verdict.file), verdict.bytes)
  const percent = asked ?? policy.rollout[0]?.percent ?? 100
  const after = await turn({
    bucket,
    io,
    root,
    live: await job.keys.role('live'),
    release: await job.keys.role('release'),
    freshnessMs: settings.trust.freshnessMs,
    signal: job.signal,
    change: (state, at) => {
      assertBasis(state, { channel, basis: before.channels[channel]?.n ?? 0, version })
      return withRelease(state, { release, channel, percent, verdict: verdict.sha256, at, keep: settings.trust.keep })
    },
  })
  const settled = await settle({ bucket, root, app: settings.app.key, channels: null, signal: job.signal })
  const state = need(after.channels[channel], `channel ${channel}`)
  const was = before.channels[channel] ?? { ...state, n: 0 }
  return {
    name: 'promote',
    data: {
      ...channelDocument(channel, state),
      version,
      percent,
      changed: state.n !== was.n,
      release: `${release.at}release.json`,
      files: release.artifacts.map(({ file, sha256 }) => ({ file, sha256 })),
    },
    problems: [],
    text: style => channelText(channel, { state: after, before: was, after: state, settled }, style),
  }
}

const assertKnown = (state: CommittedState, version: string): void => {
  const entry = state.releases[version]
  if (entry !== undefined && entry.yanked === undefined) return
  const what = entry === undefined ? 'was never published' : `is yanked: ${entry.yanked ?? ''}`
  // explain: The version that should be promoted was never published, or was yanked.
  fail('promote/unknown-version', `${version} ${what}`, {
    hint: `Published: ${Object.keys(state.releases).join(' ') || 'nothing'}`,
    exit: 'refused',
  })
}

const percentOf = (invocation: Invocation): number | undefined => {
  const text = textOf(invocation, 'rollout')
  if (text === undefined) return undefined
  return /^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 100
    ? Number(text)
    : fail('promote/bad-percent', `--rollout ${JSON.stringify(text)} is no whole number from 1 to 100`, {
        hint: 'Write it as --rollout 10',
      })
}

interface GateJob {
  readonly release: Release
  readonly channel: string
  readonly requires: readonly string[]
  readonly version: string
}

/** The verdict for the new channel, over the evidence that was published with the release; no check is run again. */
const gateOf = async (job: ChannelJob, { release, channel, requires, version }: GateJob): Promise<EvidenceFile> => {
  await fetchEvidence(job, release)
  const { io, settings, keys } = job
  return verdictFor(
    { io, settings: { ...settings, app: { ...settings.app, version: release.version } }, keys, version, evidence: new Map() },
    { release, channel, requires },
  )
}

/** Evidence of another machine's run is taken from the bucket: only what the key `release` signed. */
const fetchEvidence = async ({ io, settings, bucket, keys }: ChannelJob, release: Release): Promise<void> => {
  const key = await keys.role('release')
  const prefix = evidenceKey(release.version, 'x').slice(0, -1)
  for await (const { key: object } of bucket.list(prefix)) {
    const found = await bucket.read(object)
    const file = object.slice(prefix.length)
    if (found === null) continue
    const chunks: Uint8Array[] = []
    for await (const chunk of found.bytes()) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    if ((await openStatement(file, bytes, key)) !== null) await io.files.create(`${settings.evidence}/${release.version}/${file}`, bytes)
  }
}
