// The keyring document `slipway.keyring/1` (TRUST 2): four Ed25519 keys of an app, plain or sealed; ids and public halves stay readable.
import { fail, keepSecret } from '@slipway/core'
import { decodeBase64, encodeBase64 } from '@slipway/formats/base64'
import { generate, publicOf } from '@slipway/formats/ed25519'
import { createKey, keyIdText, readSecretKey, writeSecretKey } from '@slipway/formats/minisign'
import { ed25519Key, keyId as tufKeyId } from '@slipway/formats/tuf/metadata'
import * as z from 'zod'
import type { Random } from '../../io/io.ts'
import { seal, unseal } from './seal.ts'

export const roles = ['root', 'release', 'live', 'minisign'] as const
export type Role = (typeof roles)[number]

/** What may be seen of a key. */
export interface PublicHalf {
  readonly keyId: string
  /** Raw public key, base64. */
  readonly public: string
}
/** `secret`: base64 of the 32-byte seed; of minisign the text of an unencrypted secret key file. */
export interface SecretHalf extends PublicHalf {
  readonly secret: string
}
/** An open keyring: not every role need be in it (CI has no `root`). */
export interface Ring {
  readonly app: string
  readonly keys: Readonly<Partial<Record<Role, SecretHalf>>>
}

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
const key = z.object({ keyId: z.string().regex(/^[0-9A-Fa-f]{16,64}$/), public: base64.length(44), secret: z.string().optional() })
const ringFile = z.object({
  schema: z.literal('slipway.keyring/1'),
  app: z.string().max(200),
  keys: z.object({ root: key.optional(), release: key.optional(), live: key.optional(), minisign: key.optional() }),
  sealed: z
    .object({
      kdf: z.literal('scrypt'),
      n: z.int(),
      r: z.int(),
      p: z.int(),
      salt: base64,
      cipher: z.literal('aes-256-gcm'),
      nonce: base64,
      box: base64,
    })
    .optional(),
})
/** As it was read: secrets only where it is not sealed. */
export type RingFile = z.output<typeof ringFile>

/** New keys for an app. */
export const makeRing = (app: string, random: Random): Ring => {
  const role = (): SecretHalf => {
    const { seed, publicKey } = generate(random)
    return { keyId: tufKeyId(ed25519Key(publicKey)), public: encodeBase64(publicKey), secret: encodeBase64(seed) }
  }
  const minisign = createKey({ random })
  return {
    app,
    keys: {
      root: role(),
      release: role(),
      live: role(),
      minisign: {
        keyId: keyIdText(minisign.keyId),
        public: encodeBase64(minisign.publicKey),
        secret: writeSecretKey(minisign, `${app} secret key`),
      },
    },
  }
}

/** The document as text; with a password, sealed. */
export const writeRing = async (ring: Ring, random: Random, password?: string): Promise<string> => {
  const head = headOf(ring)
  if (password === undefined) return `${JSON.stringify({ ...head, keys: inOrder(ring.keys, one => one) }, null, 2)}\n`
  const secrets = JSON.stringify(inOrder(ring.keys, one => one.secret))
  const sealed = await seal(secrets, { head: JSON.stringify(head), password }, random)
  return `${JSON.stringify({ ...head, sealed }, null, 2)}\n`
}

/** SLIPWAY_KEYS: one line, base64 of the same document without `root`, which no CI needs (TRUST 2). */
export const ciLine = async (ring: Ring, random: Random, password?: string): Promise<string> => {
  const { root: _root, ...keys } = ring.keys
  return encodeBase64(new TextEncoder().encode(await writeRing({ ...ring, keys }, random, password)))
}

/** Reads a document without opening it; `from` is where it stands. Codes: `keys/damaged`, `keys/too-new`. */
export const parseRing = (text: string, from: string): RingFile => {
  const parsed = ringFile.safeParse(jsonOf(text, from))
  if (parsed.success) return parsed.data
  // Neither the text nor what zod found is shown: it holds keys.
  return failDamaged(from)
}

/** Opens a document and proves that its halves belong together. Codes: `keys/wrong-password`, `keys/damaged`, `keys/unknown-seal`. */
export const openRing = async (file: RingFile, from: string, password?: string): Promise<Ring> => {
  const secrets = file.sealed === undefined ? inOrder(file.keys, one => one.secret) : await unsealSecrets(file, from, password ?? '')
  const keys: Partial<Record<Role, SecretHalf>> = {}
  for (const role of roles) {
    const half = file.keys[role]
    if (half === undefined) continue
    const secret = secrets[role] ?? failDamaged(from)
    for (const line of secret.split('\n').filter(one => !one.startsWith('untrusted comment:'))) keepSecret(line)
    if (!(await belongs(role, { ...half, secret }).catch(() => false))) failDamaged(from)
    keys[role] = { keyId: half.keyId, public: half.public, secret }
  }
  return { app: file.app, keys }
}

const unsealSecrets = async (file: RingFile, from: string, password: string): Promise<Partial<Record<Role, string>>> => {
  if (file.sealed === undefined) return {}
  const text = await unseal(file.sealed, { head: JSON.stringify(headOf(file)), password })
  const parsed = z.partialRecord(z.enum(roles), z.string()).safeParse(jsonOf(text, from))
  return parsed.success ? parsed.data : failDamaged(from)
}

const belongs = async (role: Role, { keyId, public: half, secret }: SecretHalf): Promise<boolean> => {
  if (role === 'minisign') {
    const minisign = await readSecretKey(secret)
    return keyIdText(minisign.keyId) === keyId && encodeBase64(minisign.publicKey) === half
  }
  const publicKey = publicOf(decodeBase64(secret))
  return tufKeyId(ed25519Key(publicKey)) === keyId && encodeBase64(publicKey) === half
}

const headOf = ({ app, keys }: { readonly app: string; readonly keys: Partial<Record<Role, PublicHalf | undefined>> }) => ({
  schema: 'slipway.keyring/1',
  app,
  keys: inOrder(keys, one => ({ keyId: one.keyId, public: one.public })),
})

/** One order of roles, so that equal rings are equal texts. */
const inOrder = <T, U>(keys: Partial<Record<Role, T | undefined>>, pick: (one: T) => U): Partial<Record<Role, U>> =>
  Object.fromEntries(roles.flatMap(role => (keys[role] === undefined ? [] : [[role, pick(keys[role])]])))

const jsonOf = (text: string, from: string): unknown => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return failDamaged(from)
  }
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined
  if (typeof schema === 'string' && /^slipway\.keyring\/(?:[2-9]|1\d)/.test(schema))
    return fail('keys/too-new', `${from} was written by a newer version`, { hint: 'Upgrade slipway.', exit: 'machine' })
  return value
}

const failDamaged = (from: string): never =>
  fail('keys/damaged', `${from} holds no keyring as \`slipway keys generate\` writes it`, {
    hint: 'Restore it from your copy; in CI, paste the whole line again.',
    exit: 'corrupt',
  })
