// The chain from the trusted root to index and channels, as any TUF client walks it; a failure is named by the document it is in.
import { parseChannelState, parseIndexEntry, pointer } from '@slipway/core'
import type { BucketState, Json } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { update } from '@slipway/formats/tuf/client'
import type { TrustedState } from '@slipway/formats/tuf/client'
import type { BucketReader } from '../stores/store.ts'
import { readWhole } from './read.ts'
import { restoreHint, wrong } from './report.ts'
import type { Report } from './report.ts'

export interface Chain extends BucketState {
  /** Version of the timestamp. */
  readonly serial: number
  /** ISO 8601. */
  readonly expires: string
  /** Raw public halves of the role `release`, by key id: they sign the gate's evidence. */
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>
}

/** Null when the chain is broken: then nothing else in the bucket can be judged. */
export const readChain = async (reader: BucketReader, report: Report, { root, nowMs }: { root: Uint8Array; nowMs: number }): Promise<Chain | null> => {
  let last = pointer
  const fetch = async (name: string): Promise<Uint8Array | undefined> => {
    const key = `tuf/${name}`
    const bytes = await readWhole(reader, report, key)
    if (bytes !== null || !name.endsWith('.root.json')) last = key
    return bytes ?? undefined
  }
  try {
    const trusted = await update({ fetch, now: new Date(nowMs), trusted: { root } })
    report.signatures += 4 + Object.keys(trusted.delegated).length
    return decode(trusted)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    wrong(report, { ...named(last, error), object: last, cause: error })
    return null
  }
}

const named = (object: string, error: FormatError): { code: string; message: string; hint: string } => {
  if (error.code === 'tuf/expired') return { code: 'verify/expired', message: `${object} has expired`, hint: 'Run `slipway publish --refresh`, in a schedule if trust.freshness is short.' }
  if (error.code === 'tuf/missing') return { code: 'verify/missing', message: `${object} is missing`, hint: restoreHint }
  if (object === pointer) return { code: 'verify/bad-pointer', message: `${object} is not signed by a key that the root names`, hint: restoreHint }
  return { code: 'verify/bad-metadata', message: `${object} is not what the pointer leads to`, hint: restoreHint }
}

const decode = ({ root, timestamp, targets, delegated }: TrustedState): Chain => {
  const releases = Object.values(targets.signed.targets).map(target => {
    const entry = parseIndexEntry((target.custom ?? null) as Json)
    return [entry.version, { ...entry, id: target.hashes['sha256'] ?? '', sizeBytes: target.length }] as const
  })
  const channels = Object.entries(delegated['channels']?.signed.targets ?? {}).map(
    ([path, target]) => [path.slice('channels/'.length), parseChannelState((target.custom ?? null) as Json, { object: path })] as const,
  )
  const { keys, roles } = root.signed
  return {
    serial: timestamp.signed.version,
    expires: timestamp.signed.expires,
    releases: Object.fromEntries(releases),
    channels: Object.fromEntries(channels),
    releaseKeys: new Map(roles.targets.keyids.map(id => [id, new Uint8Array(Buffer.from(keys[id]?.keyval.public ?? '', 'hex'))])),
  }
}
