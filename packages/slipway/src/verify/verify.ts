// Proves a bucket from the public keys alone: chain, releases, files, signatures, evidence, heads, as each client would see it (TRUST 4 and 9).
// Shares no code with publish beyond core, formats, the stores' `read` and the feeds' `render`.
import { failAll, pointer } from '@slipway/core'
import type { Release } from '@slipway/core'
import type { Bucket, BucketReader } from '../stores/store.ts'
import { readChain } from './chain.ts'
import { answers, parseClient } from './clients.ts'
import type { ClientAnswer } from './clients.ts'
import { verifyHeads } from './heads.ts'
import { verifyRelease } from './release.ts'
import { emptyReport } from './report.ts'
import type { Report } from './report.ts'
import { verifyStrangers } from './strangers.ts'

export interface VerifyRequest {
  readonly reader: BucketReader & Partial<Pick<Bucket, 'list'>>
  /** Key of the app that the bucket must be of; null: of one app, whichever. */
  readonly app: string | null
  /** Public URL of the bucket's base, ending in a slash; null: as the releases themselves say. */
  readonly base: string | null
  readonly keys: { readonly root: Uint8Array; readonly minisign: string }
  readonly nowMs: number
  /** Every byte of every release; else every byte of those that a channel admits, and sizes of the others. */
  readonly deep: boolean
  /** Throws what is wrong instead of returning it. */
  readonly strict: boolean
  readonly client?: string
  readonly onRelease?: (done: number, total: number) => void
}
export interface Verified {
  readonly serial: number
  readonly expires: string | null
  readonly report: Report
  readonly clients: readonly ClientAnswer[]
  readonly heads: readonly string[]
}

export const verifyBucket = async (request: VerifyRequest): Promise<Verified> => {
  if (request.client !== undefined) parseClient(request.client)
  const found = await verifyStill(request)
  if (request.strict) failAll(found.report.problems)
  return found
}

const mostLooks = 10
/** Whoever commits while we look makes new heads beside the state that we read: then nothing was wrong, and we look again. */
const verifyStill = async (request: VerifyRequest): Promise<Verified> => {
  for (let looks = 1; ; looks += 1) {
    const before = await request.reader.read(pointer)
    const found = await verifyAll(request, emptyReport())
    if (found.report.problems.length === 0 || looks === mostLooks) return found
    if ((await (await request.reader.read(pointer))?.tag()) === (await before?.tag())) return found
  }
}

const verifyAll = async (request: VerifyRequest, report: Report): Promise<Verified> => {
  const { reader, keys, nowMs } = request
  const chain = await readChain(reader, report, { root: keys.root, nowMs })
  if (chain === null) return { serial: 0, expires: null, report, clients: [], heads: [] }
  const releases: Record<string, Release> = {}
  const entries = Object.values(chain.releases)
  for (const [at, entry] of entries.entries()) {
    // Every release that a channel may still be moved to.
    const everyByte = request.deep || Object.keys(entry.admit).length > 0
    const release = await verifyRelease({
      reader,
      report,
      entry,
      app: request.app ?? Object.values(releases)[0]?.app ?? null,
      minisign: keys.minisign,
      releaseKeys: chain.releaseKeys,
      everyByte,
    })
    if (release !== null) releases[entry.version] = release
    request.onRelease?.(at + 1, entries.length)
  }
  const base = request.base ?? baseOf(Object.values(releases))
  const heads = await verifyHeads({ reader, report, state: chain, releases, base, channelsKey: chain.channelsKey })
  const { list } = reader
  if (list !== undefined) await verifyStrangers({ reader: { ...reader, list }, report, releases, heads, releaseKeys: chain.releaseKeys })
  const clients = answers({ state: chain, releases, nowMs, ...(request.client === undefined ? {} : { client: request.client }) })
  return { serial: chain.serial, expires: chain.expires, report, clients, heads }
}

/** `at` of a release is `<base>releases/<version>/`. */
const baseOf = (releases: readonly Release[]): string => {
  const [first] = releases
  return first === undefined ? '' : first.at.slice(0, -`releases/${first.version}/`.length)
}
