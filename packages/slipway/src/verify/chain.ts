// The chain from the trusted root to index and channels, as any TUF client walks it; a failure is named by the document it is in.
import { metadataKey, parseChannelState, parseIndexEntry, pointer, problem } from '@slipway/core'
import type { BucketState, Json, Problem, ProblemDetail } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { update } from '@slipway/formats/tuf/client'
import type { TrustedState } from '@slipway/formats/tuf/client'
import { parseMetadata } from '@slipway/formats/tuf/metadata'
import type { BucketReader } from '../stores/store.ts'
import { readWhole } from './read.ts'
import { missingObject, wrong } from './report.ts'
import type { Report } from './report.ts'

export interface Chain extends BucketState {
  /** Version of the timestamp. */
  readonly serial: number
  /** ISO 8601. */
  readonly expires: string
  /** Raw public halves of the role `release`, by key id: they sign the gate's evidence. */
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>
  /** Key of the channels document. */
  readonly channelsKey: string
}

/** Null when the chain is broken: then nothing else in the bucket can be judged. */
export const readChain = async (
  reader: BucketReader,
  report: Report,
  { root, nowMs }: { root: Uint8Array; nowMs: number },
): Promise<Chain | null> => {
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
    await verifyAnchors(reader, report, { root, timestamp: trusted.timestamp })
    return decode(trusted)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    wrong(report, named(last, error))
    return null
  }
}

/** Two objects that no digest covers: the root as the bucket shows it, and the pointer, whose signature has more than one spelling. */
const verifyAnchors = async (
  reader: BucketReader,
  report: Report,
  { root, timestamp }: { root: Uint8Array; timestamp: TrustedState['timestamp'] },
): Promise<void> => {
  const object = metadataKey(parseMetadata('root', root).signed.version, 'root')
  report.expected.set(object, { bytes: root })
  const there = await readWhole(reader, report, object)
  if (there === null) wrong(report, missingObject(object))
  else if (Buffer.compare(there, root) !== 0)
    wrong(report, problem('verify/bad-root', `${object} is not the root that is trusted`, { ...lost, where: { object } }))
  const signatures = timestamp.signatures.map(({ keyid, sig }) => ({ keyid, sig: sig.toLowerCase() }))
  const written = `{"signatures":${JSON.stringify(signatures)},"signed":${new TextDecoder().decode(timestamp.signedBytes)}}`
  if (new TextDecoder().decode(timestamp.bytes) !== written)
    wrong(report, problem('verify/bad-pointer', `${pointer} is signed, but not as it was written`, { ...lost, where: { object: pointer } }))
}

const lost: Pick<ProblemDetail, 'hint' | 'exit'> = {
  hint: 'Restore the object from a copy (`slipway verify --repair FROM`), and find out who could write it.',
  exit: 'corrupt',
}

const named = (object: string, cause: FormatError): Problem => {
  const more = { where: { object }, cause }
  if (cause.code === 'tuf/expired')
    // explain: A signed document of the bucket is past its date, so clients no longer trust it.
    return problem('verify/expired', `${object} has expired`, {
      ...more,
      hint: 'Run `slipway publish --refresh`, in a schedule if trust.freshness is short.',
      exit: 'corrupt',
    })
  if (cause.code === 'tuf/missing') return missingObject(object)
  if (object === pointer) return problem('verify/bad-pointer', `${object} is not signed by a key that the root names`, { ...lost, ...more })
  return problem('verify/bad-metadata', `${object} is not what the pointer leads to`, { ...lost, ...more })
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
  const channelsVersion = delegated['channels']?.signed.version
  return {
    serial: timestamp.signed.version,
    expires: timestamp.signed.expires,
    releases: Object.fromEntries(releases),
    channels: Object.fromEntries(channels),
    releaseKeys: new Map(roles.targets.keyids.map(id => [id, new Uint8Array(Buffer.from(keys[id]?.keyval.public ?? '', 'hex'))])),
    channelsKey: channelsVersion === undefined ? pointer : metadataKey(channelsVersion, 'channels'),
  }
}
