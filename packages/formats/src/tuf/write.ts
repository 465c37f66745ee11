// Writes TUF 1.0.34 metadata with consistent snapshots: constructors for the four roles, and signing.
import { FormatError } from '../format-error.ts'
import { canonicalBytes, canonicalText } from './canonical.ts'
import { encodeHex, sha256Hex } from './hex.ts'
import { keyId, parseMetadata } from './metadata.ts'
import type {
  Json,
  JsonObject,
  Key,
  MetaFile,
  RoleKeys,
  RoleType,
  Root,
  Signature,
  Snapshot,
  TargetFile,
  Targets,
  Timestamp,
} from './metadata.ts'
import { TOP_ROLES } from './shape.ts'

export interface MetadataSigner {
  readonly keyId: string
  /** Signs the canonical bytes of `signed`. */
  sign(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array
}
export interface KeyedRole {
  readonly keys: readonly Key[]
  readonly threshold: number
}
export interface Delegation extends KeyedRole {
  readonly name: string
  readonly paths: readonly string[]
  readonly terminating: boolean
}
interface Common {
  readonly version: number
  /** Cut to whole seconds. */
  readonly expires: Date
}

/**
 * The canonical file: signatures by key id, then `signed`. It is read back before it is returned, so what no client would
 * take is not written. Codes: `tuf/not-canonical`, `tuf/no-signer`, and those of parseMetadata.
 */
export async function signMetadata(
  signed: Root | Timestamp | Snapshot | Targets<unknown>,
  signers: readonly MetadataSigner[],
): Promise<Uint8Array> {
  if (signers.length === 0) throw new FormatError('tuf/no-signer', `${signed._type} metadata needs a signer`)
  const content = signed as unknown as JsonObject
  const message = canonicalBytes(content)
  const signatures = new Map<string, Signature>()
  for (const signer of signers) {
    if (signatures.has(signer.keyId)) continue
    signatures.set(signer.keyId, { keyid: signer.keyId, sig: encodeHex(await signer.sign(message)) })
  }
  return writeMetadata(signed._type, content, [...signatures.values()])
}

/** Adds signatures to a file that has too few, or replaces those of the same key. Codes: those of signMetadata. */
export async function addSignatures(type: RoleType, bytes: Uint8Array, signers: readonly MetadataSigner[]): Promise<Uint8Array> {
  const { signed, signatures, signedBytes } = parseMetadata(type, bytes)
  const all = new Map(signatures.map(signature => [signature.keyid, signature]))
  for (const signer of signers) all.set(signer.keyId, { keyid: signer.keyId, sig: encodeHex(await signer.sign(signedBytes)) })
  return writeMetadata(type, signed as unknown as JsonObject, [...all.values()])
}

/** Root: which keys the four roles have. Codes of the keys' canonical form only. */
export function makeRoot(fields: Common & { roles: Readonly<Record<RoleType, KeyedRole>> }): Root {
  const { roles } = fields
  return {
    _type: 'root',
    ...common(fields),
    consistent_snapshot: true,
    keys: keyTable(TOP_ROLES.flatMap(role => roles[role].keys)),
    roles: {
      root: roleKeys(roles.root),
      timestamp: roleKeys(roles.timestamp),
      snapshot: roleKeys(roles.snapshot),
      targets: roleKeys(roles.targets),
    },
  }
}

/** Targets, top-level or delegated; delegations in order of trust. */
export function makeTargets<Custom = Json>(
  fields: Common & { targets: Readonly<Record<string, TargetFile<Custom>>>; delegations?: readonly Delegation[] },
): Targets<Custom> {
  const base = { _type: 'targets' as const, ...common(fields), targets: fields.targets }
  if (fields.delegations === undefined) return base
  const roles = fields.delegations.map(delegation => ({
    name: delegation.name,
    ...roleKeys(delegation),
    paths: delegation.paths,
    terminating: delegation.terminating,
  }))
  return { ...base, delegations: { keys: keyTable(fields.delegations.flatMap(delegation => delegation.keys)), roles } }
}

/** Snapshot over file names such as `targets.json`, which must be among them. */
export function makeSnapshot(fields: Common & { meta: Snapshot['meta'] }): Snapshot {
  return { _type: 'snapshot', ...common(fields), meta: fields.meta }
}

export function makeTimestamp(fields: Common & { snapshot: MetaFile }): Timestamp {
  return { _type: 'timestamp', ...common(fields), meta: { 'snapshot.json': fields.snapshot } }
}

/** What a snapshot or timestamp says of a file: version, length and sha256. */
export function describeFile(version: number, bytes: Uint8Array): MetaFile {
  return { version, length: bytes.length, hashes: { sha256: sha256Hex(bytes) } }
}

/** What targets metadata says of a file with these bytes. */
export function describeTarget<Custom>(bytes: Uint8Array, custom: Custom): TargetFile<Custom> {
  return { length: bytes.length, hashes: { sha256: sha256Hex(bytes) }, custom }
}

function writeMetadata(type: RoleType, signed: JsonObject, signatures: readonly Signature[]): Uint8Array {
  const sorted = signatures.toSorted((left, right) => (left.keyid < right.keyid ? -1 : 1)).map(({ keyid, sig }) => ({ keyid, sig }))
  // Only a PEM key may hold line ends, which OLPC writes raw; in a JSON file they must be escaped.
  const bytes = new TextEncoder().encode(canonicalText({ signatures: sorted, signed }).replaceAll('\n', String.raw`\n`))
  parseMetadata(type, bytes)
  return bytes
}

function common(fields: Common): { spec_version: string; version: number; expires: string } {
  return { spec_version: '1.0.34', version: fields.version, expires: `${fields.expires.toISOString().slice(0, 19)}Z` }
}

function roleKeys(role: KeyedRole): RoleKeys {
  return { keyids: [...new Set(role.keys.map(keyId))].sort(), threshold: role.threshold }
}

function keyTable(keys: readonly Key[]): Record<string, Key> {
  return Object.fromEntries(keys.map(key => [keyId(key), key]))
}
