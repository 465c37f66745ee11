// Signatures, thresholds, hashes, versions and expiry of TUF metadata (TUF 1.0.34, 4.2, 5.3 to 5.6).
import { createPublicKey, constants, verify as verifyWith } from 'node:crypto'
import { verify as verifyEd25519 } from '../ed25519.ts'
import { FormatError } from '../format-error.ts'
import { decodeHex, hashHex } from './hex.ts'
import { keyId } from './metadata.ts'
import type { Document, Key, MetaFile, RoleKeys } from './metadata.ts'

export interface Delegator {
  readonly name: string
  readonly keys: Readonly<Record<string, Key>>
  readonly role: RoleKeys
}

/**
 * Whether enough different keys of the delegator signed. A key counts once however often it is listed, signs, or under how
 * many ids it stands. Codes: `tuf/bad-signature` (no trusted key signed), `tuf/threshold` (too few did).
 */
export function checkSignedBy(document: Document, delegator: Delegator): void {
  const signers = new Set<string>()
  for (const id of new Set(delegator.role.keyids)) {
    const key = Object.hasOwn(delegator.keys, id) ? delegator.keys[id] : undefined
    if (key === undefined) continue
    const signatures = document.signatures.filter(signature => signature.keyid === id)
    if (signatures.some(({ sig }) => isSignedWith(key, document.signedBytes, sig))) signers.add(identityOf(key))
  }
  if (signers.size >= delegator.role.threshold) return
  const found = `${delegator.name} is signed by ${signers.size} of ${delegator.role.threshold} trusted keys`
  if (signers.size === 0) throw new FormatError('tuf/bad-signature', found)
  throw new FormatError('tuf/threshold', found)
}

/** Length and hashes of a file as its delegator states them. Codes: `tuf/wrong-length`, `tuf/bad-hash`. */
export function checkFile(name: string, bytes: Uint8Array, meta: Pick<MetaFile, 'length' | 'hashes'>): void {
  if (meta.length !== undefined && bytes.length !== meta.length) {
    throw new FormatError('tuf/wrong-length', `${name} has ${bytes.length} bytes and must have ${meta.length}`)
  }
  for (const [algorithm, expected] of Object.entries(meta.hashes ?? {})) {
    // A hash that cannot be computed is a hash that does not match: unknown is refused.
    if (hashHex(algorithm, bytes) !== expected) throw new FormatError('tuf/bad-hash', `the ${algorithm} of ${name} is not the signed one`)
  }
}

/** Codes: `tuf/expired`. */
export function checkNotExpired(name: string, document: Document, now: Date): void {
  const { expires } = document.signed
  if (Date.parse(expires) <= now.getTime()) throw new FormatError('tuf/expired', `${name} expired at ${expires}`)
}

function isSignedWith(key: Key, message: Uint8Array, sig: string): boolean {
  const signature = decodeHex(sig)
  if (signature === undefined || signature.length === 0) return false
  const scheme = `${key.keytype}/${key.scheme}`
  if (scheme === 'ed25519/ed25519') {
    const raw = decodeHex(key.keyval.public)
    return raw !== undefined && verifyEd25519(raw, message, signature)
  }
  const expected = PEM_SCHEMES[scheme]
  return expected !== undefined && isSignedWithPem(key.keyval.public, { message, signature, keyType: expected })
}

// Key type and scheme must both be these: a key is never used for an algorithm it was not made for.
const PEM_SCHEMES: Readonly<Record<string, 'ec' | 'rsa' | undefined>> = {
  'ecdsa/ecdsa-sha2-nistp256': 'ec',
  'ecdsa-sha2-nistp256/ecdsa-sha2-nistp256': 'ec',
  'rsa/rsassa-pss-sha256': 'rsa',
}

function isSignedWithPem(pem: string, signed: { message: Uint8Array; signature: Uint8Array; keyType: 'ec' | 'rsa' }): boolean {
  if (!pem.startsWith('-----BEGIN PUBLIC KEY-----')) return false
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType !== signed.keyType) return false
    if (signed.keyType === 'ec') {
      return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' && verifyWith('sha256', signed.message, key, signed.signature)
    }
    const padding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 && verifyWith('sha256', signed.message, padding, signed.signature)
  } catch {
    return false
  }
}

// The same public key under two ids, or with extra fields, is still one key.
function identityOf(key: Key): string {
  const { public: value } = key.keyval
  return keyId({
    keytype: key.keytype,
    scheme: key.scheme,
    keyval: { public: key.keytype === 'ed25519' ? value.toLowerCase() : value.trim() },
  })
}
