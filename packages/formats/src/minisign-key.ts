// minisign key files (jedisct1/minisign 0.11, src/minisign.h): two lines each, plain or sealed with scrypt; Tauri's wrapping of them.
import { scrypt } from 'node:crypto'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { generate, isStrictPoint, publicOf } from './ed25519.ts'
import { FormatError } from './format-error.ts'
import { blake2b } from './minisign-blake2b.ts'

export interface MinisignPublicKey {
  /** 8 bytes in file order; `keyIdText` prints them as minisign does. */
  readonly keyId: Uint8Array
  readonly publicKey: Uint8Array
  /** What stood behind `untrusted comment: `; nobody vouches for it. */
  readonly comment: string
}
export interface MinisignKey extends MinisignPublicKey {
  /** 32 secret bytes. */
  readonly seed: Uint8Array
}
export interface ScryptCost {
  readonly opsLimit: number
  readonly memLimit: number
  readonly lengthBytes: number
}
/** Stretches the password of a key file; slow and up to 1 GiB, so callers may run it in another process. */
export type DeriveKey = (salt: Uint8Array, cost: ScryptCost) => Promise<Uint8Array> | Uint8Array

/** A new key: a random id as minisign makes it, and a random seed. */
export function createKey(options: { random: (sizeBytes: number) => Uint8Array; comment?: string }): MinisignKey {
  const keyId = options.random(8)
  const { seed, publicKey } = generate(options.random)
  return { keyId, publicKey, seed, comment: options.comment ?? `minisign public key ${keyIdText(keyId)}` }
}

/** The key id as minisign prints it: 16 capital hex digits of the little-endian number. */
export function keyIdText(keyId: Uint8Array): string {
  return Array.from(keyId.toReversed(), byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()
}

/** The two lines of a public key file. Codes: `minisign/bad-comment`. */
export function writePublicKey(key: MinisignPublicKey): string {
  return twoLines(key.comment, concat(ED, key.keyId, key.publicKey))
}

/** Reads a public key file, its second line alone, or Tauri's base64 of the file. Codes: `minisign/malformed`. */
export function parsePublicKey(text: string): MinisignPublicKey {
  const { comment, bytes } = readTwoLines(text, PUBLIC_BYTES)
  if (!startsWith(bytes, ED)) throw malformed('this public key is of another algorithm than Ed25519')
  const key = { comment, keyId: bytes.slice(2, 10), publicKey: bytes.slice(10, 42) }
  if (!isStrictPoint(key.publicKey)) throw malformed('this public key is no valid Ed25519 point')
  return key
}

/** The two lines of an unencrypted secret key file (`kdf none`). Codes: `minisign/bad-comment`. */
export function writeSecretKey(key: MinisignKey, comment = 'minisign secret key'): string {
  return twoLines(comment, concat(ED, KDF_NONE, B2, new Uint8Array(48), secretPart(key)))
}

/** The two lines of a secret key file sealed with a password; `salt` is 32 random bytes. Default cost as minisign's (1 GiB). */
export async function sealSecretKey(
  key: MinisignKey,
  options: { salt: Uint8Array; derive: DeriveKey; comment?: string; cost?: { opsLimit: number; memLimit: number } },
): Promise<string> {
  const cost = { opsLimit: OPS_LIMIT, memLimit: MEM_LIMIT, ...options.cost, lengthBytes: SECRET_PART_BYTES }
  if (options.salt.length !== 32) throw malformed('the salt of a sealed key has 32 bytes')
  const sealed = xor(secretPart(key), await options.derive(options.salt, cost))
  const head = concat(ED, KDF_SCRYPT, B2, options.salt, littleEndian(cost.opsLimit), littleEndian(cost.memLimit))
  return twoLines(options.comment ?? 'minisign encrypted secret key', concat(head, sealed))
}

/**
 * Reads a secret key file of minisign, rsign or Tauri (its base64 of the file too).
 * Codes: `minisign/malformed`, `minisign/password-needed`, `minisign/wrong-password`, `minisign/too-costly`.
 */
export async function readSecretKey(text: string, password?: { derive: DeriveKey }): Promise<MinisignKey> {
  const { comment, bytes } = readTwoLines(text, SECRET_BYTES)
  if (!startsWith(bytes, ED)) throw malformed('this secret key is of another algorithm than Ed25519')
  if (!startsWith(bytes.subarray(4), B2)) throw malformed('this secret key has another checksum than BLAKE2b')
  if (startsWith(bytes.subarray(2), KDF_NONE)) return keyOf(bytes.subarray(54), { comment, isSealed: false })
  if (!startsWith(bytes.subarray(2), KDF_SCRYPT)) throw malformed('this secret key is sealed with something else than scrypt')
  if (password === undefined) throw new FormatError('minisign/password-needed', 'this secret key is sealed with a password')
  const cost = { opsLimit: readLittleEndian(bytes, 38), memLimit: readLittleEndian(bytes, 46), lengthBytes: SECRET_PART_BYTES }
  pickScryptParameters(cost)
  const opened = xor(bytes.subarray(54), await password.derive(bytes.slice(6, 38), cost))
  return keyOf(opened, { comment, isSealed: true })
}

/** Whether a secret key file needs a password to be read. Codes: `minisign/malformed`. */
export function isSealed(text: string): boolean {
  return !startsWith(readTwoLines(text, SECRET_BYTES).bytes.subarray(2), KDF_NONE)
}

/** scrypt as libsodium's crypto_pwhash_scryptsalsa208sha256 calls it: cost by limits. Codes: `minisign/too-costly`. */
export function deriveScrypt(password: Uint8Array | string, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  const { N, r, p } = pickScryptParameters(cost)
  // OpenSSL counts its own blocks too, so the limit needs room beyond 128 * N * r.
  const maxmem = 128 * r * (N + p + 2) + 1024 * 1024
  return new Promise((resolve, reject) => {
    scrypt(password, salt, cost.lengthBytes, { N, r, p, maxmem }, (error, derived) => {
      if (error === null) resolve(new Uint8Array(derived))
      else reject(error)
    })
  })
}

/** libsodium's pickparams: N, r and p for two limits. Codes: `minisign/too-costly` beyond 4 GiB or 2^32 operations. */
export function pickScryptParameters(cost: { opsLimit: number; memLimit: number }): { N: number; r: number; p: number } {
  const opsLimit = Math.max(cost.opsLimit, 32768)
  if (opsLimit > 2 ** 32 || cost.memLimit > 2 ** 32) {
    throw new FormatError('minisign/too-costly', 'this secret key asks for more than 4 GiB or 2^32 operations')
  }
  const r = 8
  if (opsLimit < Math.floor(cost.memLimit / 32)) return { N: powerUpTo(Math.floor(opsLimit / (r * 4))), r, p: 1 }
  const N = powerUpTo(Math.floor(cost.memLimit / (r * 128)))
  const p = Math.floor(Math.min(Math.floor(opsLimit / 4 / N), 0x3fffffff) / r)
  if (p < 1) throw malformed('the scrypt cost of this secret key is not one libsodium can use')
  return { N, r, p }
}

/** Tauri keeps each file (keys, signatures) as base64 of the whole text on one line. */
export function wrapForTauri(text: string): string {
  return encodeBase64(new TextEncoder().encode(text))
}

/** The text inside Tauri's base64; a text that is not wrapped comes back unchanged. Codes: `minisign/malformed`. */
export function unwrapTauri(text: string): string {
  const line = text.trim()
  if (text.startsWith(UNTRUSTED) || !line.startsWith(WRAPPED_START)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64(line))
  } catch {
    throw malformed('this is not the base64 of a minisign file')
  }
}

export const UNTRUSTED = 'untrusted comment: '
// base64 of "untrusted comment", which needs no knowledge of what follows.
const WRAPPED_START = 'dW50cnVzdGVkIGNvbW1lbn'
const ED = ascii('Ed')
const B2 = ascii('B2')
const KDF_NONE = new Uint8Array(2)
const KDF_SCRYPT = ascii('Sc')
const PUBLIC_BYTES = 42
const SECRET_BYTES = 158
const SECRET_PART_BYTES = 104
const OPS_LIMIT = 33554432
const MEM_LIMIT = 1024 * 1024 * 1024
/** Longest first line that minisign reads, prefix included (COMMENTMAXBYTES less line end and NUL). */
export const UNTRUSTED_LINE_BYTES = 1022

/** Refuses a comment that would not stay one readable line. Codes: `minisign/bad-comment`. */
export function checkComment(comment: string, limitBytes: number): void {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/u.test(comment) || !comment.isWellFormed()) {
    throw new FormatError('minisign/bad-comment', 'a comment must be one line without control characters')
  }
  if (new TextEncoder().encode(comment).length > limitBytes) {
    throw new FormatError('minisign/bad-comment', `a comment may have at most ${limitBytes} bytes here`)
  }
}

function twoLines(comment: string, bytes: Uint8Array): string {
  checkComment(comment, UNTRUSTED_LINE_BYTES - UNTRUSTED.length)
  return `${UNTRUSTED}${comment}\n${encodeBase64(bytes)}\n`
}

function readTwoLines(text: string, sizeBytes: number): { comment: string; bytes: Uint8Array } {
  const lines = unwrapTauri(text).split(/\r?\n/)
  const hasComment = lines[0]?.startsWith(UNTRUSTED) ?? false
  const line = lines[hasComment ? 1 : 0] ?? ''
  let bytes: Uint8Array
  try {
    bytes = decodeBase64(line)
  } catch {
    throw malformed('this is not a minisign key: its key line is not base64')
  }
  if (bytes.length !== sizeBytes) throw malformed(`this key has ${bytes.length} bytes, not ${sizeBytes}`)
  return { comment: hasComment ? (lines[0] ?? '').slice(UNTRUSTED.length) : '', bytes }
}

function secretPart(key: MinisignKey): Uint8Array {
  const secret = concat(key.keyId, key.seed, key.publicKey)
  return concat(secret, blake2b(concat(ED, secret), 32))
}

function keyOf(part: Uint8Array, source: { comment: string; isSealed: boolean }): MinisignKey {
  const checksum = blake2b(concat(ED, part.subarray(0, 72)), 32)
  // minisign 0.11 leaves the checksum of an unencrypted key at zero and does not look at it.
  const isUnchecked = !source.isSealed && part.subarray(72).every(byte => byte === 0)
  const publicKey = part.slice(40, 72)
  const matches = isUnchecked || equal(checksum, part.subarray(72))
  if (!matches && source.isSealed) throw new FormatError('minisign/wrong-password', 'wrong password for this secret key')
  const seed = part.slice(8, 40)
  if (!matches || !equal(publicOf(seed), publicKey)) throw malformed('the halves of this secret key do not belong together')
  return { comment: source.comment, keyId: part.slice(0, 8), seed, publicKey }
}

function powerUpTo(limit: number): number {
  let log2 = 1
  while (log2 < 63 && 2 ** log2 <= Math.floor(limit / 2)) log2++
  return 2 ** log2
}

function readLittleEndian(bytes: Uint8Array, at: number): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0, true))
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (right.length !== left.length) throw malformed(`the derived key must have ${left.length} bytes`)
  return left.map((byte, index) => byte ^ (right[index] ?? 0))
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}

function startsWith(bytes: Uint8Array, head: Uint8Array): boolean {
  return equal(bytes.subarray(0, head.length), head)
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function malformed(message: string): FormatError {
  return new FormatError('minisign/malformed', message)
}
