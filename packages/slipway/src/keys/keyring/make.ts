// Makes an app's keys: the keyring file and the trust folder of CONTRACTS 13. Never over keys that exist; goes on where a crash stopped it.
import { dirname, join } from 'node:path'
import { fail } from '@slipway/core'
import { keyIdText, wrapForTauri, writePublicKey } from '@slipway/formats/minisign'
import { ed25519Key } from '@slipway/formats/tuf/metadata'
import { makeRoot, signMetadata } from '@slipway/formats/tuf/write'
import type { Io } from '../../io/io.ts'
import { findKeyring, keyringOf, unlockKeyring, type Ask, type Keyring } from '../keyring.ts'
import { makeRing, writeRing, type Ring } from './ring.ts'

export interface KeyPlaces {
  readonly app: string
  /** Absolute path of the keyring file. */
  readonly keyring: string
  /** Absolute folder of the public halves. */
  readonly folder: string
  readonly password?: string
  /** For the password of a ring that a crash left without its trust folder. */
  readonly ask?: Ask
  /** The minisign key is the user's own: its public half is not ours to write. */
  readonly ownMinisign?: boolean
}
export interface MadeKeys {
  readonly ring: Ring
  readonly password?: string
  /** Absolute paths of what was written. */
  readonly files: readonly string[]
}

/** Makes keyring and trust folder. Codes: `keys/exist` (exit refused), those of `unlockKeyring`. */
export const makeKeys = async (io: Io, places: KeyPlaces): Promise<MadeKeys> => {
  const root = join(places.folder, 'root.json')
  const hasRing = (await io.files.stat(places.keyring)) !== null
  if ((await io.files.stat(root)) !== null) failExist(hasRing ? places.keyring : root, hasRing)
  const { ring, password } = hasRing ? await goOn(io, places) : await storeRing(io, places)
  const halves = await publicHalves(keyringOf(ring), io.clock.now())
  const files: string[] = hasRing ? [] : [places.keyring]
  // root.json comes last: where it stands, all of them do.
  for (const { file, bytes } of halves) {
    if (places.ownMinisign === true && file !== 'root.json') continue
    const path = join(places.folder, file)
    if (await io.files.create(path, bytes)) files.push(path)
    else if (!same(await io.files.read(path), bytes)) failExist(path, false)
  }
  return { ring, files, ...(password === undefined ? {} : { password }) }
}

/** The files of a trust folder, in the order they are written: minisign.pub, tauri.pub, root.json. */
export const publicHalves = async (
  keyring: Keyring,
  nowMs: number,
): Promise<readonly { readonly file: string; readonly bytes: Uint8Array }[]> => {
  const minisign = await keyring.minisign()
  const lines = writePublicKey({ ...minisign, comment: `minisign public key ${keyIdText(minisign.keyId)}` })
  const encoder = new TextEncoder()
  return [
    { file: 'minisign.pub', bytes: encoder.encode(lines) },
    { file: 'tauri.pub', bytes: encoder.encode(wrapForTauri(lines)) },
    { file: 'root.json', bytes: await firstRoot(keyring, nowMs) },
  ]
}

/** TUF root, version 1 (TRUST 2): every threshold is 1, valid for ten years. */
const firstRoot = (keyring: Keyring, nowMs: number): Promise<Uint8Array> => {
  const root = keyring.key('root')
  const role = (name: 'root' | 'release' | 'live') => ({ keys: [ed25519Key(keyring.key(name).public)], threshold: 1 })
  const expires = new Date(nowMs)
  expires.setUTCFullYear(expires.getUTCFullYear() + 10)
  const roles = { root: role('root'), targets: role('release'), snapshot: role('live'), timestamp: role('live') }
  return signMetadata(makeRoot({ version: 1, expires, roles }), [root])
}

const storeRing = async (
  io: Io,
  { app, keyring, folder, password, ownMinisign }: KeyPlaces,
): Promise<{ ring: Ring; password?: string }> => {
  for (const file of ownMinisign === true ? [] : ['minisign.pub', 'tauri.pub'])
    if ((await io.files.stat(join(folder, file))) !== null) failExist(join(folder, file), false)
  const ring = makeRing(app, io.random)
  const text = await writeRing(ring, io.random, password)
  await io.files.makeFolder(dirname(keyring), 0o700)
  if (!(await io.files.create(keyring, new TextEncoder().encode(text), { mode: 0o600 }))) failExist(keyring, true)
  return { ring, ...(password === undefined ? {} : { password }) }
}

const goOn = async (io: Io, { keyring, ask, app }: KeyPlaces): Promise<{ ring: Ring; password?: string }> => {
  const found = await findKeyring(io, keyring)
  if (found?.file.app !== app) failExist(keyring, true)
  return unlockKeyring(io, { path: keyring, ...(ask === undefined ? {} : { ask }) })
}

const same = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

const failExist = (path: string, isRing: boolean): never =>
  fail('keys/exist', `keys exist already: ${path}`, {
    hint: isRing
      ? 'Use them: `slipway keys list`. Where they are lost on purpose, move that file and the trust folder away first.'
      : 'They were made elsewhere: copy the keyring from there, or set SLIPWAY_KEYS. To start anew, move the trust folder away first.',
    where: { file: path },
    exit: 'refused',
  })
