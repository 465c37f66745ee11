// Lower-case hex and sha2 digests in hex, as TUF writes keys, signatures and hashes.
import { createHash } from 'node:crypto'

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

/** The bytes of an even number of hex digits; undefined for another text. */
export function decodeHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined
  return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Length of both the digest and its name is checked by the caller; undefined for an algorithm that is not known here. */
export function hashHex(algorithm: string, bytes: Uint8Array): string | undefined {
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return undefined
  return createHash(algorithm).update(bytes).digest('hex')
}
