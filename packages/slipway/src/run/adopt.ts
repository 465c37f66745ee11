// Same release? What the bucket already holds of this version decides: published bytes win, drafted ones are adopted (TRUST 7).
import { fail, parseJson, parseRelease, releaseFile, releaseId, releaseRecord } from '@slipway/core'
import type { Artifact, Release } from '@slipway/core'
import type { Bucket } from '../stores/store.ts'
import { sha256Of } from './cache.ts'
import { readDraft, sameOrigin } from './draft.ts'
import { readObject } from './objects.ts'
import type { StepResult } from './schedule.ts'
import { recordBytes } from './sign.ts'
import { need } from './work.ts'
import type { Work } from './work.ts'

export const performAdopt = async (work: Work): Promise<StepResult> => {
  const bucket = await work.bucket()
  const ours = need(work.release, 'release.json')
  const there = await readObject(bucket, releaseRecord(ours.version))
  if (there !== null)
    return adoptPublished(work, { bucket, ours, published: parseRelease(parseJson(new TextDecoder().decode(there.bytes))) })
  const draft = await readDraft(bucket, ours.version)
  work.draft = draft
  if (draft === null) return { outcome: 'done', reason: `${ours.version} is new` }
  if (!sameOrigin(draft.release, ours)) return taken(ours.version, draft.release, ours)
  return adoptDrafted(work, { bucket, ours, drafted: draft.release })
}

interface Found {
  readonly bucket: Bucket
  readonly ours: Release
}

const adoptPublished = async (work: Work, { bucket, ours, published }: Found & { published: Release }): Promise<StepResult> => {
  if (releaseId(published) === releaseId(ours)) return { outcome: 'done', reason: `${ours.version} is published with these bytes` }
  if (!sameOrigin(published, ours)) return taken(ours.version, published, ours)
  for (const artifact of published.artifacts) await takeFrom(work, bucket, artifact)
  await setRelease(work, published)
  return { outcome: 'done', reason: `${ours.version} is published from these inputs: its bytes are used` }
}

const adoptDrafted = async (work: Work, { bucket, ours, drafted }: Found & { drafted: Release }): Promise<StepResult> => {
  let adopted = 0
  const artifacts: Artifact[] = []
  for (const artifact of ours.artifacts) {
    const other = drafted.artifacts.find(one => one.file === artifact.file)
    const same = other === undefined || other.sha256 === artifact.sha256
    const object = same ? null : await bucket.read(releaseFile(ours.version, artifact.file))
    const present = object !== null && other !== undefined && (await sha256Of(object.bytes())) === other.sha256
    if (present) await takeFrom(work, bucket, other)
    adopted += present ? 1 : 0
    artifacts.push(present ? other : artifact)
  }
  await setRelease(work, { ...ours, artifacts })
  return { outcome: 'done', reason: adopted === 0 ? 'a draft of these inputs is there' : `${adopted} files of an earlier run are used` }
}

/** Bytes of the bucket become the bytes of this run: kept in the cache, checked by digest. */
const takeFrom = async (work: Work, bucket: Bucket, artifact: Artifact): Promise<void> => {
  const made = work.made.get(artifact.file)
  if (made?.artifact.sha256 === artifact.sha256) {
    work.made.set(artifact.file, { ...made, artifact })
    return
  }
  const key = releaseFile(work.settings.app.version, artifact.file)
  const object = await bucket.read(key)
  const digests = object === null ? null : await work.cache.store(object.bytes())
  if (digests?.sha256 !== artifact.sha256)
    return fail('publish/damaged', `${key} is ${object === null ? 'missing' : 'not what release.json says'}`, {
      hint: 'Run `slipway verify`, and restore the object from a copy.',
      where: { object: key },
      exit: 'corrupt',
    })
  const path = work.cache.blob(digests.sha256)
  work.made.set(artifact.file, { artifact, digests: () => Promise.resolve(digests), path })
  await work.io.files.copy(path, `${work.settings.out}/${artifact.file}`)
}

const setRelease = async (work: Work, release: Release): Promise<void> => {
  work.release = release
  await work.io.files.write(`${work.settings.out}/release.json`, recordBytes(release), { durable: false })
}

const taken = (version: string, there: Release, ours: Release): never => {
  const where = { object: releaseRecord(version) }
  const facts = { there: there.from, ours: ours.from }
  if (there.from.inputs === ours.from.inputs)
    return fail('publish/other-config', `${version} holds these very files, and was published, or begun, from another config or commit`, {
      hint: `To offer it on another channel: slipway promote ${version} --to CHANNEL. To publish what the config says now, choose a higher version.`,
      where,
      facts,
      exit: 'refused',
    })
  return fail('publish/version-taken', `${version} was already published, or begun, with other bytes`, {
    hint: 'Published bytes are never replaced. Choose a higher version; if the inputs should be the same, compare `from` of both release records.',
    where,
    facts,
    exit: 'refused',
  })
}
