// Objects that nothing signed names: files beside a release, heads of no feed, evidence of no key of ours, anything else in the bucket.
import { problem } from '@slipway/core'
import type { Release } from '@slipway/core'
import { openEnvelope } from '@slipway/formats/dsse'
import { verify as verifyEd25519 } from '@slipway/formats/ed25519'
import { FormatError } from '@slipway/formats/format-error'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { readWhole } from './read.ts'
import { wrong } from './report.ts'
import type { Report } from './report.ts'

export interface StrangersQuestion {
  readonly reader: BucketReader & Pick<Bucket, 'list'>
  readonly report: Report
  readonly releases: Readonly<Record<string, Release>>
  /** Keys of all heads that there must be. */
  readonly heads: readonly string[]
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>
}

/** An unfinished publish leaves a draft and files beside it, and older turns their documents: these are no strangers. */
export const verifyStrangers = async (question: StrangersQuestion): Promise<void> => {
  const { reader, report, heads } = question
  const drafts = new Set<string>()
  const known = new Set([...heads, ...report.expected.keys()])
  for await (const { key } of reader.list('drafts/')) drafts.add(key.slice('drafts/'.length, -'.json'.length))
  for await (const { key } of reader.list('')) {
    if (known.has(key) || [...report.unjudged].some(folder => key.startsWith(folder))) continue
    if (!(await belongs(question, key, drafts))) stranger(report, key)
  }
}

const belongs = async (question: StrangersQuestion, key: string, drafts: ReadonlySet<string>): Promise<boolean> => {
  const [folder = '', version = ''] = key.split('/')
  const unfinished = drafts.has(version) && question.releases[version] === undefined
  if (folder === 'releases') return unfinished
  if (folder === 'evidence') return unfinished || isStatement(question, key)
  if (folder === 'tuf') return /^tuf\/(timestamp|[1-9]\d*\.(root|targets|channels|snapshot))\.json$/.test(key)
  return folder === 'drafts' && /^drafts\/[^/]+\.json$/.test(key)
}

/** A statement that admits nothing (any more) still is the app's own when the key `release` signed it. */
const isStatement = async ({ reader, report, releaseKeys }: StrangersQuestion, key: string): Promise<boolean> => {
  const bytes = await readWhole(reader, report, key)
  if (bytes === null) return true
  try {
    await openEnvelope(bytes, (keyId, message, signature) => {
      const publicKey = releaseKeys.get(keyId)
      return publicKey !== undefined && verifyEd25519(publicKey, message, signature)
    })
    return true
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}

const stranger = (report: Report, key: string): void =>
  wrong(
    report,
    problem('verify/stranger', `${key} belongs to no release and no feed`, {
      hint: 'Find out who wrote it, then remove it.',
      where: { object: key },
      exit: 'corrupt',
    }),
  )
