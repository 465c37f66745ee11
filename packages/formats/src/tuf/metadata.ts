// TUF 1.0.34 metadata: its types and the strict way from bytes to them. Checking signatures: verify.ts.
import { FormatError } from '../format-error.ts'
import { canonicalBytes } from './canonical.ts'
import { encodeHex, sha256Hex } from './hex.ts'
import { parseJson } from './json.ts'
import type { Json, JsonObject } from './json.ts'
import { checkSignatures, checkSigned, objectAt } from './shape.ts'
import type { RoleType } from './shape.ts'

export type { Json, JsonObject } from './json.ts'
export type { RoleType } from './shape.ts'

export interface Key {
  readonly keytype: string
  readonly scheme: string
  readonly keyval: { readonly public: string }
}
export interface RoleKeys {
  readonly keyids: readonly string[]
  readonly threshold: number
}
interface Signed<Type extends RoleType> {
  readonly _type: Type
  readonly spec_version: string
  readonly version: number
  /** `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly expires: string
}
export interface Root extends Signed<'root'> {
  readonly consistent_snapshot: boolean
  readonly keys: Readonly<Record<string, Key>>
  readonly roles: Readonly<Record<RoleType, RoleKeys>>
}
export interface MetaFile {
  readonly version: number
  /** Bytes. */
  readonly length?: number
  readonly hashes?: Readonly<Record<string, string>>
}
export interface Timestamp extends Signed<'timestamp'> {
  readonly meta: Readonly<Record<string, MetaFile>> & { readonly 'snapshot.json': MetaFile }
}
export interface Snapshot extends Signed<'snapshot'> {
  readonly meta: Readonly<Record<string, MetaFile>> & { readonly 'targets.json': MetaFile }
}
export interface TargetFile<Custom = Json> {
  /** Bytes. */
  readonly length: number
  readonly hashes: Readonly<Record<string, string>>
  readonly custom?: Custom
}
export interface DelegatedRole extends RoleKeys {
  readonly name: string
  readonly terminating: boolean
  readonly paths?: readonly string[]
  readonly path_hash_prefixes?: readonly string[]
}
export interface Targets<Custom = Json> extends Signed<'targets'> {
  readonly targets: Readonly<Record<string, TargetFile<Custom>>>
  readonly delegations?: { readonly keys: Readonly<Record<string, Key>>; readonly roles: readonly DelegatedRole[] }
}
export interface SignedOf {
  readonly root: Root
  readonly timestamp: Timestamp
  readonly snapshot: Snapshot
  readonly targets: Targets
}
export interface Signature {
  readonly keyid: string
  /** Hex. */
  readonly sig: string
}
export interface Document<Type extends RoleType = RoleType> {
  readonly type: Type
  readonly signed: SignedOf[Type]
  readonly signatures: readonly Signature[]
  /** The canonical form of `signed`, unknown fields included: what the signatures cover. */
  readonly signedBytes: Uint8Array
  /** The file as read, for caching. */
  readonly bytes: Uint8Array
}

/** Sizes beyond which a file is not even parsed, in bytes (the defaults of the reference clients). */
export const SIZE_LIMITS: Readonly<Record<RoleType, number>> = { root: 512_000, timestamp: 16_384, snapshot: 2_000_000, targets: 5_000_000 }

/**
 * Reads a metadata file without judging its signatures.
 * Codes: `tuf/too-large`, `tuf/malformed`, `tuf/unsupported`.
 */
export function parseMetadata<Type extends RoleType>(type: Type, bytes: Uint8Array): Document<Type> {
  if (bytes.length > SIZE_LIMITS[type]) {
    throw new FormatError('tuf/too-large', `${type} metadata of ${bytes.length} bytes; ${SIZE_LIMITS[type]} are allowed`)
  }
  const file = read(type, bytes)
  checkSigned(type, file['signed'])
  checkSignatures(file['signatures'])
  return {
    type,
    // The shape was checked field by field above; fields unknown to the types stay in the object.
    signed: file['signed'] as unknown as SignedOf[Type],
    signatures: file['signatures'] as unknown as readonly Signature[],
    signedBytes: canonicalSigned(file['signed'] ?? null),
    bytes,
  }
}

/** The id of a key: sha256 of its canonical form, as securesystemslib computes it (TUF 1.0.34, 4.2). */
export function keyId(key: Key): string {
  return sha256Hex(canonicalBytes(key as unknown as JsonObject))
}

/** An Ed25519 key object for 32 raw bytes. */
export function ed25519Key(publicKey: Uint8Array): Key {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: encodeHex(publicKey) } }
}

function read(type: RoleType, bytes: Uint8Array): JsonObject {
  try {
    return objectAt(parseJson(bytes), `${type} metadata`)
  } catch (error) {
    throw asMalformed(error)
  }
}

function canonicalSigned(signed: Json): Uint8Array {
  try {
    return canonicalBytes(signed)
  } catch (error) {
    throw asMalformed(error)
  }
}

function asMalformed(error: unknown): FormatError {
  return error instanceof FormatError
    ? new FormatError('tuf/malformed', error.message, error.offset)
    : new FormatError('tuf/malformed', 'not readable')
}
