// The steps of stage `sign`: detached signatures, the release record, SHA256SUMS (TRUST 2 and 3).
import { canonical, digestOf } from '@slipway/core'
import type { Artifact, Json, Release, Step } from '@slipway/core'
import { units } from '../plan/kinds.ts'
import { plannedArtifacts } from '../plan/products.ts'
import { acceptsOf } from './accepts.ts'
import { need } from './work.ts'
import type { StepResult } from './schedule.ts'
import type { Made, Work } from './work.ts'

/** One package, one signer. */
export const performSignPackage = async (work: Work, step: Step, file: string): Promise<StepResult> => {
  const unit = units.signers(step.unit.slice('signers/'.length))
  const made = need(work.made.get(file), file)
  const { artifact } = made
  const key = await work.keys.signer(unit.id, step.options)
  const signature = await unit.package?.(
    {
      app: work.settings.app,
      file,
      target: artifact.target,
      date: work.date,
      sizeBytes: artifact.sizeBytes,
      sha256: artifact.sha256,
      blake2b512: Buffer.from((await made.digests()).blake2b512, 'hex'),
      bytes: () => work.io.files.stream(made.path),
    },
    key,
    step.options as never,
  )
  const now = need(work.made.get(file), file).artifact
  work.made.set(file, {
    ...made,
    artifact: {
      ...now,
      ...(unit.form === 'embedded' ? { signed: 'yes' as const } : {}),
      signatures: { ...now.signatures, [unit.id]: signature ?? '' },
    },
  })
  return { outcome: 'done', reason: file }
}

/** release.json: what this release is, in RFC 8785 bytes; its sha256 is its id. */
export const performRecord = async (work: Work): Promise<StepResult> => {
  const { settings, project } = work
  const artifacts = (await Promise.all([...work.made.values()].map(whole))).sort((a, b) => (a.file < b.file ? -1 : 1))
  const url = project.store.options['url']
  const base = typeof url === 'string' ? `${url.replace(/\/+$/, '')}/${settings.base}` : (await work.bucket()).url('')
  const inputs = artifacts.map(one => ({ file: one.file, sha256: one.sha256 }))
  work.release = {
    schema: 'slipway.release-record/1',
    app: settings.app.key,
    version: settings.app.version,
    build: work.date,
    profile: project.profile,
    date: new Date(work.date * 1000).toISOString().replace('.000Z', 'Z'),
    from: { commits: project.commits, config: project.configDigest, inputs: digestOf(inputs as unknown as Json) },
    at: `${base}releases/${settings.app.version}/`,
    notes: settings.app.notes,
    artifacts,
    accepts: await acceptsOf(work),
    feeds: work.planned.feeds.map(({ id, options }) => ({ id, options })),
  }
  await work.io.files.write(`${recordFolder(work)}/release.json`, recordBytes(work.release), { durable: false })
  return { outcome: 'done', reason: `release.json ${digestOf(work.release as unknown as Json)}` }
}

const whole = async ({ artifact, digests }: Made): Promise<Artifact> => {
  const { sha512, sha1, md5 } = await digests()
  return { ...artifact, sha512, sha1, md5 }
}

/**
 * Where release.json and SHA256SUMS go. Those of a run that `--target` narrowed name a part of the files: they lie apart, so that the whole
 * ones beside the packages stay true. Such a run ends before `publish`, so nothing reads them but the user.
 */
const recordFolder = ({ project, settings, made }: Work): string => {
  const { artifacts } = plannedArtifacts(project, settings, settings.targets)
  return artifacts.every(({ file }) => made.has(file)) ? settings.out : `${settings.out}/narrowed`
}

export const recordBytes = (release: Release): Uint8Array => new TextEncoder().encode(canonical(release as unknown as Json))

export const performSums = async (work: Work, step: Step): Promise<StepResult> => {
  const unit = units.signers('minisign')
  const release = need(work.release, 'release.json')
  const key = await work.keys.signer('minisign', step.options)
  const subject = { app: work.settings.app, date: release.build, artifacts: release.artifacts, record: recordBytes(release) }
  const files = (await unit.release?.(subject, key, step.options as never)) ?? []
  work.sums = Object.fromEntries(files.map(one => [one.file, one.bytes]))
  for (const { file, bytes } of files) await work.io.files.write(`${recordFolder(work)}/${file}`, bytes, { durable: false })
  return { outcome: 'done', reason: files.map(one => one.file).join(' ') }
}
