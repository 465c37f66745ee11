// A small signed repository in memory for the tests of this folder: every key is fixed, every document can be overridden.
import { generate, sign } from '../ed25519.ts'
import type { Ed25519Key } from '../ed25519.ts'
import { ed25519Key, keyId } from './metadata.ts'
import type { Json, Key, MetaFile, RoleType, TargetFile } from './metadata.ts'
import { describeFile, describeTarget, makeRoot, makeSnapshot, makeTargets, makeTimestamp, signMetadata } from './write.ts'
import type { Delegation, KeyedRole } from './write.ts'

export interface TestKey extends Ed25519Key {
  readonly key: Key
  readonly id: string
}
export type Files = Map<string, Uint8Array>

export const NOW = new Date('2026-06-01T00:00:00Z')
export const LATER = new Date('2027-06-01T00:00:00Z')
export const text = (value: string) => new TextEncoder().encode(value)

export function testKey(fill: number): TestKey {
  const pair = generate(size => new Uint8Array(size).fill(fill))
  const key = ed25519Key(pair.publicKey)
  return { ...pair, key, id: keyId(key) }
}

export const KEYS = {
  root: testKey(1),
  targets: testKey(2),
  snapshot: testKey(3),
  timestamp: testKey(4),
  channels: testKey(5),
  thief: testKey(9),
}

export const signerOf = (key: TestKey) => ({ keyId: key.id, sign: (bytes: Uint8Array) => sign(key.seed, bytes) })
export const role = (...keys: readonly TestKey[]): KeyedRole => ({ keys: keys.map(({ key }) => key), threshold: 1 })

/** What one published state consists of; every field has a default. */
export interface StateOptions {
  readonly versions?: Partial<Record<RoleType | 'channels', number>>
  readonly expires?: Partial<Record<RoleType | 'channels', Date>>
  readonly signers?: Partial<Record<RoleType | 'channels', readonly TestKey[]>>
  readonly channelTargets?: Readonly<Record<string, TargetFile>>
  readonly delegations?: readonly Delegation[]
  readonly meta?: Readonly<Record<string, MetaFile>>
  readonly snapshotMeta?: MetaFile
  readonly custom?: Json
}

export async function rootFile(
  version: number,
  roles: Partial<Record<RoleType, KeyedRole>> = {},
  signers: readonly TestKey[] = [KEYS.root],
  expires = LATER,
): Promise<Uint8Array> {
  const all = {
    root: role(KEYS.root),
    targets: role(KEYS.targets),
    snapshot: role(KEYS.snapshot),
    timestamp: role(KEYS.timestamp),
    ...roles,
  }
  return signMetadata(makeRoot({ version, expires, roles: all }), signers.map(signerOf))
}

export const CHANNELS: Delegation = { name: 'channels', ...role(KEYS.channels), paths: ['channels/*'], terminating: true }
export const RELEASE = text('release bytes')

/** Writes targets, channels, snapshot and timestamp into `files`, without a root. */
export async function writeState(files: Files, options: StateOptions = {}): Promise<void> {
  const version = (name: RoleType | 'channels') => options.versions?.[name] ?? 1
  const expires = (name: RoleType | 'channels') => options.expires?.[name] ?? LATER
  const signers = (name: RoleType | 'channels') => (options.signers?.[name] ?? [KEYS[name]]).map(signerOf)
  const targets = await signMetadata(
    makeTargets({
      version: version('targets'),
      expires: expires('targets'),
      targets: { 'releases/1.0.0/release.json': describeTarget(RELEASE, options.custom ?? { version: '1.0.0' }) },
      delegations: options.delegations ?? [CHANNELS],
    }),
    signers('targets'),
  )
  const channelTargets = options.channelTargets ?? { 'channels/stable': describeTarget(text('{}'), { n: version('channels') }) }
  const channels = await signMetadata(
    makeTargets({ version: version('channels'), expires: expires('channels'), targets: channelTargets }),
    signers('channels'),
  )
  const meta = {
    'targets.json': describeFile(version('targets'), targets),
    'channels.json': describeFile(version('channels'), channels),
    ...options.meta,
  }
  const snapshot = await signMetadata(
    makeSnapshot({ version: version('snapshot'), expires: expires('snapshot'), meta }),
    signers('snapshot'),
  )
  const described = options.snapshotMeta ?? describeFile(version('snapshot'), snapshot)
  const timestamp = await signMetadata(
    makeTimestamp({ version: version('timestamp'), expires: expires('timestamp'), snapshot: described }),
    signers('timestamp'),
  )
  files.set(`${version('targets')}.targets.json`, targets)
  files.set(`${version('channels')}.channels.json`, channels)
  files.set(`${version('snapshot')}.snapshot.json`, snapshot)
  files.set('timestamp.json', timestamp)
}

/** Root 1 and a first state. */
export async function newRepository(options: StateOptions = {}): Promise<Files> {
  const files: Files = new Map([['1.root.json', await rootFile(1)]])
  await writeState(files, options)
  return files
}

export const allVersions = (version: number) => ({ targets: version, snapshot: version, timestamp: version, channels: version })
