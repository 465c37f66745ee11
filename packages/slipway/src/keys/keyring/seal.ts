// A password around a keyring: scrypt (RFC 7914) and AES-256-GCM over the secrets, with all that stays readable bound to them.
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import { fail } from '@slipway/core'
import { decodeBase64, encodeBase64 } from '@slipway/formats/base64'
import type { Random } from '../../io/io.ts'

export interface Sealed {
  readonly kdf: 'scrypt'
  readonly n: number
  readonly r: number
  readonly p: number
  /** Base64, as are the next two. */
  readonly salt: string
  readonly cipher: 'aes-256-gcm'
  readonly nonce: string
  /** Cipher text, then the tag of 16 bytes. */
  readonly box: string
}
interface Content {
  /** Readable, but not to be changed. */
  readonly head: string
  readonly password: string
}

/** 128 MiB and about half a second. */
const cost = { n: 2 ** 17, r: 8, p: 1 } as const
const tagBytes = 16

export const seal = async (secret: string, { head, password }: Content, random: Random): Promise<Sealed> => {
  const salt = random(16)
  const nonce = random(12)
  const cipher = createCipheriv('aes-256-gcm', await stretch(password, salt), nonce).setAAD(new TextEncoder().encode(head))
  const box = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return {
    kdf: 'scrypt',
    ...cost,
    salt: encodeBase64(salt),
    cipher: 'aes-256-gcm',
    nonce: encodeBase64(nonce),
    box: encodeBase64(new Uint8Array(box)),
  }
}

/** Codes: `keys/wrong-password`, `keys/unknown-seal`. */
export const unseal = async (sealed: Sealed, { head, password }: Content): Promise<string> => {
  // Foreign costs could ask for any amount of memory.
  if (sealed.n !== cost.n || sealed.r !== cost.r || sealed.p !== cost.p)
    fail('keys/unknown-seal', 'this keyring is sealed in a way that this version does not know', {
      hint: 'Upgrade slipway.',
      exit: 'machine',
    })
  const key = await stretch(password, decodeBase64(sealed.salt))
  try {
    const box = decodeBase64(sealed.box)
    const cipher = createDecipheriv('aes-256-gcm', key, decodeBase64(sealed.nonce), { authTagLength: tagBytes })
    cipher.setAAD(new TextEncoder().encode(head)).setAuthTag(box.subarray(-tagBytes))
    return Buffer.concat([cipher.update(box.subarray(0, -tagBytes)), cipher.final()]).toString('utf8')
  } catch {
    return fail('keys/wrong-password', 'the password does not open the keyring', {
      hint: 'Try again, or correct SLIPWAY_KEYS_PASSWORD. If it is right, the file was changed: restore it from your copy.',
      exit: 'machine',
    })
  }
}

const stretch = (password: string, salt: Uint8Array): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const { n: N, r, p } = cost
    // Keyboards differ in how they compose letters; the same password must open the ring from each.
    scrypt(password.normalize('NFKC'), salt, 32, { N, r, p, maxmem: 256 * 1024 * 1024 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
