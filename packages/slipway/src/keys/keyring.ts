// The keyring (TRUST 2): an app's own keys from one file, in CI from SLIPWAY_KEYS; and keys of one's own instead of it.
import { fail, keepSecret, problem, SlipwayError, type Problem } from '@slipway/core'
import { decodeBase64 } from '@slipway/formats/base64'
import { publicOf, sign } from '@slipway/formats/ed25519'
import { FormatError } from '@slipway/formats/format-error'
import { isSealed, keyIdText, readSecretKey, type MinisignKey } from '@slipway/formats/minisign'
import { ed25519Key, keyId as tufKeyId } from '@slipway/formats/tuf/metadata'
import type { Io } from '../io/io.ts'
import type { Key } from './key.ts'
import { openRing, parseRing, type Ring, type RingFile, type Role } from './keyring/ring.ts'
import { readSecret } from './reference.ts'

export type Ask = (question: string, options?: { readonly hidden?: boolean }) => Promise<string>
export interface KeyringPlace {
  /** Absolute path of the keyring file. */
  readonly path: string
  /** Asks for the password where SLIPWAY_KEYS_PASSWORD does not give it. */
  readonly ask?: Ask
}
export interface Keyring {
  readonly app: string
  readonly ring: Ring
  /** `keys/no-role` where this ring has no such key. */
  readonly key: (role: Role) => Key
  /** The key of a signer; `keys/no-role`. */
  readonly signer: (id: string) => Key
  readonly minisign: () => Promise<MinisignKey>
}
export interface FoundRing {
  readonly file: RingFile
  /** Its path, or `SLIPWAY_KEYS`. */
  readonly from: string
}

/** The keyring, opened. Codes: those of `findKeyring`, `keys/missing`, `keys/no-password`, `keys/wrong-password`, `keys/unknown-seal`. */
export const openKeyring = async (io: Io, place: KeyringPlace): Promise<Keyring> => keyringOf((await unlockKeyring(io, place)).ring)

/** As `openKeyring`, with the password that opened it, to seal a copy with. */
export const unlockKeyring = async (io: Io, place: KeyringPlace): Promise<{ readonly ring: Ring; readonly password?: string }> => {
  const found = (await findKeyring(io, place.path)) ?? failMissing(place.path)
  if (found.file.sealed === undefined) return { ring: await openRing(found.file, found.from) }
  const password = await passwordOf(io, found.from, place.ask)
  return { ring: await openRing(found.file, found.from, password), password }
}

/** The keyring file, else SLIPWAY_KEYS, else null; not opened. Codes: `keys/too-open`, `keys/damaged`, `keys/too-new`. */
export const findKeyring = async (io: Io, path: string): Promise<FoundRing | null> => {
  const facts = await io.files.stat(path)
  if (facts !== null) {
    if (io.host.os !== 'windows' && facts.type === 'file' && (facts.mode & 0o077) !== 0) failTooOpen(path)
    return { file: parseRing(await io.files.readText(path, limitBytes), path), from: path }
  }
  const line = io.secrets.secret('SLIPWAY_KEYS')
  return line === undefined ? null : { file: parseRing(textOf(line), 'SLIPWAY_KEYS'), from: 'SLIPWAY_KEYS' }
}

/** A keyring around open keys. */
export const keyringOf = (ring: Ring): Keyring => {
  const minisign = () => readSecretKey((ring.keys.minisign ?? failRole(ring, 'minisign')).secret)
  const key = (role: Role): Key => {
    const half = ring.keys[role] ?? failRole(ring, role)
    const seed = role === 'minisign' ? async () => (await minisign()).seed : async () => decodeBase64(half.secret)
    return { keyId: half.keyId, public: decodeBase64(half.public), sign: async message => sign(await seed(), message) }
  }
  return { app: ring.app, ring, key, minisign, signer: id => (id === 'minisign' ? key('minisign') : failRole(ring, id)) }
}

/** A key for `release` or `live` of one's own: 32 bytes as base64 or hex, or an Ed25519 key as PKCS #8 PEM. Codes: `keys/bad-role-key`, those of its source. */
export const openRoleKey = async (reference: string, io: Io): Promise<Key> => {
  const seed = seedOf(await readSecret(reference, io))
  const publicKey = publicOf(seed)
  return { keyId: tufKeyId(ed25519Key(publicKey)), public: publicKey, sign: async message => sign(seed, message) }
}

export interface SignerKey {
  /** Of the signer. */
  readonly id: string
  readonly key: string
  /** Reference to its password; default: `SLIPWAY_<UNIT>_PASSWORD`. */
  readonly password?: string
}

/** A signer's key of one's own. Codes: `keys/no-role`, those of `openMinisignKey`. */
export const openSignerKey = async (io: Io, { id, key, password }: SignerKey): Promise<Key> => {
  if (id !== 'minisign') return failRole({ app: '', keys: {} }, id)
  const minisign = await openMinisignKey(io, { key, ...(password === undefined ? {} : { password }) })
  return { keyId: keyIdText(minisign.keyId), public: minisign.publicKey, sign: async message => sign(minisign.seed, message) }
}

/** A secret key file of minisign, rsign or Tauri. Codes: `keys/bad-minisign-key`, `keys/no-minisign-password`, `keys/wrong-minisign-password`, those of the sources. */
export const openMinisignKey = async (
  io: Io,
  { key, password }: { readonly key: string; readonly password?: string },
): Promise<MinisignKey> => {
  const text = await readSecret(key, io)
  let words: string | undefined
  try {
    if (!isSealed(text)) return await readSecretKey(text)
    words = await minisignPassword(io, password)
    // The Tauri CLI seals a key without a password with the empty one.
    return await readSecretKey(text, { derive: (salt, cost) => io.derive(words ?? '', salt, cost) })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    if (error.code === 'minisign/wrong-password' && words === undefined)
      return fail('keys/no-minisign-password', 'the minisign key is sealed, and its password is not known', {
        hint: 'Set sign.minisign.password, or SLIPWAY_MINISIGN_PASSWORD.',
        exit: 'machine',
      })
    if (error.code === 'minisign/wrong-password')
      return fail('keys/wrong-minisign-password', 'the password does not open the minisign key', {
        hint: 'Correct sign.minisign.password, or the secret it names.',
        exit: 'machine',
      })
    return fail('keys/bad-minisign-key', `the secret of sign.minisign.key is no minisign key: ${error.message}`, {
      hint: 'Give it the secret key file of minisign, or what the Tauri CLI wrote.',
      where: { path: 'sign.minisign.key' },
      exit: 'machine',
    })
  }
}

const limitBytes = 64 * 1024

const minisignPassword = async (io: Io, reference: string | undefined): Promise<string | undefined> =>
  reference === undefined ? io.secrets.secret('SLIPWAY_MINISIGN_PASSWORD') : readSecret(reference, io)

const passwordOf = async (io: Io, from: string, ask: Ask | undefined): Promise<string> => {
  const given = io.secrets.secret('SLIPWAY_KEYS_PASSWORD') ?? (await ask?.(`Password of ${from}: `, { hidden: true }))
  if (given === undefined || given === '')
    return fail('keys/no-password', `${from} is sealed, and its password is not known`, {
      hint: 'Set SLIPWAY_KEYS_PASSWORD, or run it at a terminal.',
      exit: 'machine',
    })
  keepSecret(given)
  return given
}

const textOf = (line: string): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64(line.replace(/\s+/g, '')))
  } catch {
    // Not base64 at all: parseRing says what is wrong, with the right place.
    return ''
  }
}

const pkcs8Prefix = '302e020100300506032b657004220420'

const seedOf = (text: string): Uint8Array => {
  const [, pem] = /-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/.exec(text) ?? []
  const bytes = /^[0-9a-f]{64}$/i.test(text.trim())
    ? Buffer.from(text.trim(), 'hex')
    : Buffer.from((pem ?? text).replace(/\s+/g, ''), 'base64')
  if (pem === undefined && bytes.length === 32) return seen(bytes)
  if (pem !== undefined && bytes.length === 48 && bytes.toString('hex').startsWith(pkcs8Prefix)) return seen(bytes.subarray(16))
  return fail('keys/bad-role-key', 'the secret named in `trust` is no Ed25519 key', {
    hint: 'Give it 32 bytes as base64, or what `openssl genpkey -algorithm ed25519` writes.',
    exit: 'machine',
  })
}

const seen = (seed: Uint8Array): Uint8Array => {
  keepSecret(Buffer.from(seed).toString('base64'))
  return Uint8Array.from(seed)
}

/** Neither the keyring nor SLIPWAY_KEYS is there. */
export const noKeyring = (path: string): Problem =>
  problem('keys/missing', `there are no keys: neither ${path} nor SLIPWAY_KEYS`, {
    hint: 'Run `slipway keys generate` once; in CI, add the line that it prints as the secret SLIPWAY_KEYS.',
    where: { file: path },
    exit: 'machine',
  })

const failMissing = (path: string): never => {
  throw new SlipwayError([noKeyring(path)])
}

const failTooOpen = (path: string): never =>
  fail('keys/too-open', `others on this machine may read the keyring ${path}`, {
    hint: `Run: chmod 600 ${path}`,
    where: { file: path },
    exit: 'machine',
  })

const failRole = ({ keys }: Ring, role: string): never =>
  fail('keys/no-role', `the keyring has no key "${role}"`, {
    hint:
      role === 'root'
        ? 'It stays on the laptop where `slipway keys generate` ran: use the keyring file there.'
        : 'Use another keyring, or name a key of your own in the config.',
    facts: { role, there: Object.keys(keys) },
    exit: 'machine',
  })
