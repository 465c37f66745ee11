// Ed25519 over raw 32-byte keys (RFC 8032), with a verifier stricter than the standard: one encoding a point, no small orders.
import { createPrivateKey, createPublicKey, sign as signWith, verify as verifyWith } from 'node:crypto'
import { encodeBase64 } from './base64.ts'
import { FormatError } from './format-error.ts'

export interface Ed25519Key {
  /** 32 secret bytes (RFC 8032 calls them the private key). */
  readonly seed: Uint8Array
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** A new key from a source of `n` random bytes. */
export function generate(random: (sizeBytes: number) => Uint8Array): Ed25519Key {
  const seed = random(32)
  return { seed, publicKey: publicOf(seed) }
}

/** The public half of a 32-byte seed; `ed25519/bad-key` for another length. */
export function publicOf(seed: Uint8Array): Uint8Array {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(SPKI_PREFIX.length))
}

/** The 64-byte signature, deterministic; `ed25519/bad-key` for a seed of another length. */
export function sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(signWith(null, message, privateKeyOf(seed)))
}

/** Whether the signature holds under the strict profile; false, never an error, for malformed keys and signatures. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (!isStrictPoint(publicKey) || !isStrictPoint(signature.subarray(0, 32))) return false
  if (!isBelow(signature.subarray(32), GROUP_ORDER)) return false
  try {
    return verifyWith(null, message, createPublicKey(pem('PUBLIC KEY', concat(SPKI_PREFIX, publicKey))), signature)
  } catch {
    return false
  }
}

/** Whether 32 bytes are a key that `verify` could ever accept: canonical and not of small order. */
export function isStrictPoint(encoded: Uint8Array): boolean {
  const y = encoded.slice()
  y[31] = (y[31] ?? 0) & 0x7f
  if (!isBelow(y, FIELD_PRIME)) return false
  return !SMALL_ORDER_Y.some(small => small.every((byte, index) => byte === y[index]))
}

const PKCS8_PREFIX = bytesOf('302e020100300506032b657004220420')
const SPKI_PREFIX = bytesOf('302a300506032b6570032100')
// Little-endian, as keys and signatures are: 2^255 - 19 and the order of the base point.
const FIELD_PRIME = bytesOf('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f')
const GROUP_ORDER = bytesOf('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
// The y of the eight points of small order. The sign bit is masked before comparing, so `x = 0` with a sign falls here too.
const SMALL_ORDER_Y = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(bytesOf)

function privateKeyOf(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  if (seed.length !== 32) throw new FormatError('ed25519/bad-key', `an Ed25519 seed has 32 bytes, not ${seed.length}`)
  return createPrivateKey(pem('PRIVATE KEY', concat(PKCS8_PREFIX, seed)))
}

function pem(label: string, der: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${encodeBase64(der)}\n-----END ${label}-----\n`
}

function isBelow(value: Uint8Array, limit: Uint8Array): boolean {
  for (let index = 31; index >= 0; index--) {
    const difference = (value[index] ?? 0) - (limit[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

function concat(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length)
  whole.set(head)
  whole.set(tail, head.length)
  return whole
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}
