// Releases and channel states for tests of feeds.
import type { Artifact, ChannelState, Release, Target } from '@slipway/core'

export const state = (changes: Partial<ChannelState> = {}): ChannelState => ({
  n: 7,
  at: '2026-01-02T03:04:05Z',
  current: null,
  before: null,
  candidate: null,
  halted: null,
  ...changes,
})

export const artifact = (kind: string, target: Target, changes: Partial<Artifact> = {}): Artifact => ({
  file: `tool-1.0.0-${target}.${kind}`,
  kind,
  target,
  role: 'both',
  sizeBytes: 1234,
  sha256: 'ab'.repeat(32),
  sha512: 'cd'.repeat(64),
  sha1: 'ef'.repeat(20),
  md5: '01'.repeat(16),
  from: [],
  signed: 'yes',
  signatures: { minisign: `untrusted comment: x\nQUJD\ntrusted comment: file:${kind}\nREVG\n` },
  facts: { folder: `tool-1.0.0-${target}`, executable: target.startsWith('windows-') ? 'tool.exe' : 'tool' },
  labels: [],
  features: [],
  ...changes,
})

export interface Making {
  readonly feed: string
  readonly targets: readonly Target[]
  readonly artifacts: readonly Artifact[]
  readonly options?: Release['feeds'][number]['options']
  readonly notes?: string
}

export const release = (version: string, { feed, targets, artifacts, options = {}, notes = 'Notes.' }: Making): Release => ({
  schema: 'slipway.release-record/1',
  app: 'tool',
  version,
  build: 1_760_000_000,
  profile: 'release',
  date: '2025-10-09T08:53:20Z',
  from: { commits: {}, config: '0'.repeat(64), inputs: '0'.repeat(64) },
  at: `https://dl.example.org/releases/${version}/`,
  notes,
  artifacts: artifacts.map(one => ({ ...one, file: one.file.replace('1.0.0', version) })),
  accepts: {},
  feeds: [{ id: feed, options: { ...options, targets } }],
})
