// The TUF client: what it accepts, and a table of attacks, each with its code; where tuf-js refuses too, that is asserted.
import { constants, generateKeyPairSync, sign as nodeSign } from 'node:crypto'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Updater } from 'tuf-js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { FormatError } from '../format-error.ts'
import { findTarget, update } from './client.ts'
import type { TrustedBytes, TrustedState } from './client.ts'
import { sha256Hex } from './hex.ts'
import { keyId, parseMetadata } from './metadata.ts'
import type { Key } from './metadata.ts'
import {
  CHANNELS,
  KEYS,
  LATER,
  NOW,
  allVersions,
  newRepository,
  role,
  rootFile,
  signerOf,
  testKey,
  text,
  writeState,
} from './repository.fixture.ts'
import type { Files, StateOptions } from './repository.fixture.ts'
import { describeFile, describeTarget, makeSnapshot, makeTargets, makeTimestamp, signMetadata } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'tuf-client-'))
// tuf-js reads the clock itself; both clients must live in the same moment.
beforeAll(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }))
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
  rmSync(folder, { recursive: true, force: true })
})

const rootOf = (files: Files): Uint8Array => files.get('1.root.json') ?? new Uint8Array()
const ask = (files: Files, trusted: TrustedBytes = { root: rootOf(files) }, now = NOW): Promise<TrustedState> =>
  update({ fetch: async name => files.get(name), now, trusted })

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run
    return 'accepted'
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return error.code
  }
}

// tuf-js fetches with the global fetch; its retries of a 404 are switched off below.
const BASE = 'http://repository.test/'
const serve = (files: Files) =>
  vi.stubGlobal('fetch', async (url: string) => {
    const bytes = files.get(url.slice(BASE.length))
    return bytes === undefined ? new Response('', { status: 404 }) : new Response(bytes as Uint8Array<ArrayBuffer>)
  })

/** What tuf-js says of the same repository with the same kept files. */
let caches = 0
async function foreignFind(files: Files, trusted: TrustedBytes, path: string): Promise<unknown> {
  const metadataDir = join(folder, `cache-${caches++}`)
  mkdirSync(metadataDir)
  for (const name of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    const bytes = trusted[name]
    if (bytes !== undefined) writeFileSync(join(metadataDir, `${name}.json`), bytes)
  }
  for (const [name, bytes] of Object.entries(trusted.delegated ?? {})) writeFileSync(join(metadataDir, `${name}.json`), bytes)
  serve(files)
  const config = { prefixTargetsWithHash: false, fetchRetry: 0 }
  const updater = new Updater({ metadataDir, metadataBaseUrl: BASE, targetDir: metadataDir, targetBaseUrl: BASE, config })
  await updater.refresh()
  return updater.getTargetInfo(path)
}

describe('an update', () => {
  it('reads a first state and finds targets where tuf-js finds them', async () => {
    const files = await newRepository()
    const state = await ask(files)
    expect(state.delegated['channels']?.signed.targets['channels/stable']?.custom).toEqual({ n: 1 })
    for (const path of ['releases/1.0.0/release.json', 'channels/stable']) {
      const found = findTarget(state, path)
      expect(await foreignFind(files, { root: rootOf(files) }, path)).toMatchObject({
        length: found?.target.length,
        hashes: found?.target.hashes,
        path,
      })
    }
    expect([findTarget(state, 'releases/1.0.0/release.json')?.role, findTarget(state, 'channels/stable')?.role]).toEqual([
      'targets',
      'channels',
    ])
    for (const path of ['channels/beta', 'nothing']) {
      expect(findTarget(state, path)).toBeUndefined()
      expect(await foreignFind(files, { root: rootOf(files) }, path)).toBeUndefined()
    }
    // Names that every object inherits (tuf-js finds a target named `constructor`).
    for (const path of ['constructor', '__proto__', 'toString']) expect(findTarget(state, path)).toBeUndefined()
  })

  it('keeps each document as soon as it is trusted and fetches only what changed', async () => {
    const files = await newRepository()
    const first = await ask(files)
    await writeState(files, { versions: { ...allVersions(2), targets: 1 } })
    const asked: string[] = []
    const kept: string[] = []
    const fetch = async (name: string) => (asked.push(name), files.get(name))
    const next = await update({
      fetch,
      now: NOW,
      trusted: first.bytes,
      keep: (name, bytes) => void kept.push(`${name}:${bytes === undefined ? 'forget' : 'keep'}`),
    })
    expect(asked).toEqual(['2.root.json', 'timestamp.json', '2.snapshot.json', '2.channels.json'])
    expect(kept).toEqual(['timestamp:keep', 'snapshot:keep', 'channels:keep'])
    expect(next.targets.signed).toEqual(first.targets.signed)
    expect(next.timestamp.signed.version).toBe(2)
  })

  it('takes an equal timestamp for the state it knows, whatever else it says', async () => {
    const files = await newRepository()
    const first = await ask(files)
    const others = new Map(files)
    await writeState(others, { versions: { snapshot: 7, targets: 7, channels: 7 } })
    const next = await ask(others, first.bytes)
    expect(next.bytes).toEqual(first.bytes)
  })

  it('follows 256 roots and no more', async () => {
    const files = await newRepository()
    for (let version = 2; version <= 260; version++) files.set(`${version}.root.json`, await rootFile(version))
    expect((await ask(files)).root.signed.version).toBe(257)
  })

  it('follows a rotation of every key, signed with old and new', async () => {
    const files = await newRepository()
    const first = await ask(files)
    const root = testKey(40)
    const fresh = { targets: testKey(41), snapshot: testKey(42), timestamp: testKey(43) }
    const roles = { root: role(root), targets: role(fresh.targets), snapshot: role(fresh.snapshot), timestamp: role(fresh.timestamp) }
    files.set('2.root.json', await rootFile(2, roles, [KEYS.root, root]))
    const signers = { targets: [fresh.targets], snapshot: [fresh.snapshot], timestamp: [fresh.timestamp] }
    await writeState(files, { versions: allVersions(2), signers })
    for (const trusted of [first.bytes, { root: rootOf(files) }]) {
      expect((await ask(files, trusted)).root.signed.version).toBe(2)
      expect(await foreignFind(files, trusted, 'channels/stable')).toBeDefined()
    }
  })

  it('resolves in order of trust: a terminating role ends the search, another does not', async () => {
    const paths = ['shared/*']
    const custom = (n: number) => ({ 'shared/x': describeTarget(text('x'), { n }) })
    const build = async (terminating: boolean) => {
      const first = { name: 'first', ...role(KEYS.channels), paths, terminating }
      const second = { name: 'second', ...role(KEYS.thief), paths, terminating: false }
      const one = await signMetadata(makeTargets({ version: 1, expires: LATER, targets: {} }), [signerOf(KEYS.channels)])
      const two = await signMetadata(makeTargets({ version: 1, expires: LATER, targets: custom(2) }), [signerOf(KEYS.thief)])
      const files = await newRepository({
        delegations: [first, second],
        meta: { 'first.json': { version: 1 }, 'second.json': { version: 1 } },
      })
      return files.set('1.first.json', one).set('1.second.json', two)
    }
    const open = await build(false)
    expect(findTarget(await ask(open), 'shared/x')).toMatchObject({ role: 'second', target: { custom: { n: 2 } } })
    expect(await foreignFind(open, { root: rootOf(open) }, 'shared/x')).toBeDefined()
    const closed = await build(true)
    expect(findTarget(await ask(closed), 'shared/x')).toBeUndefined()
    expect(await foreignFind(closed, { root: rootOf(closed) }, 'shared/x')).toBeUndefined()
  })

  it.each(['ecdsa', 'rsa'] as const)('verifies %s keys as tuf-js does, and refuses them under another scheme', async kind => {
    const pair = kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const scheme = kind === 'rsa' ? 'rsassa-pss-sha256' : 'ecdsa-sha2-nistp256'
    const value = { public: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString() }
    const signWith = (key: Key) => ({
      keyId: keyId(key),
      sign: (bytes: Uint8Array) =>
        new Uint8Array(nodeSign('sha256', bytes, { key: pair.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })),
    })
    for (const [other, code] of [
      [scheme, 'accepted'],
      [kind === 'rsa' ? 'ecdsa-sha2-nistp256' : 'rsassa-pss-sha256', 'tuf/bad-signature'],
      ['ed25519', 'tuf/bad-signature'],
    ] as const) {
      const key: Key = { keytype: other === scheme ? kind : 'ecdsa', scheme: other, keyval: value }
      const files = await newRepository()
      files.set('2.root.json', await rootFile(2, { timestamp: { keys: [key], threshold: 1 } }))
      const { signed } = (await ask(await newRepository())).timestamp
      files.set('timestamp.json', await signMetadata(signed, [signWith(key)]))
      expect(await codeOf(ask(files))).toBe(code)
      if (code === 'accepted') expect(await foreignFind(files, { root: rootOf(files) }, 'channels/stable')).toBeDefined()
    }
  })

  it('follows path_hash_prefixes', async () => {
    const build = async (prefix: string) => {
      const files = await newRepository()
      const targets = parseMetadata('targets', files.get('1.targets.json') ?? new Uint8Array()).signed
      const roles = [{ name: 'channels', keyids: [KEYS.channels.id], threshold: 1, terminating: true, path_hash_prefixes: [prefix] }]
      const delegations = { keys: { [KEYS.channels.id]: KEYS.channels.key }, roles }
      const bytes = await signMetadata({ ...targets, delegations }, [signerOf(KEYS.targets)])
      const meta = { 'targets.json': describeFile(1, bytes), 'channels.json': { version: 1 } }
      const snapshot = await signMetadata(makeSnapshot({ version: 1, expires: LATER, meta }), [signerOf(KEYS.snapshot)])
      const timestamp = makeTimestamp({ version: 1, expires: LATER, snapshot: describeFile(1, snapshot) })
      files.set('1.targets.json', bytes).set('1.snapshot.json', snapshot)
      return files.set('timestamp.json', await signMetadata(timestamp, [signerOf(KEYS.timestamp)]))
    }
    const files = await build(sha256Hex(text('channels/stable')).slice(0, 4))
    expect(findTarget(await ask(files), 'channels/stable')?.role).toBe('channels')
    expect(await foreignFind(files, { root: rootOf(files) }, 'channels/stable')).toBeDefined()
    expect(await codeOf(ask(await build('zz')))).toBe('tuf/not-delegated')
  })

  it('asks for role names with unusual letters by their encoded names', async () => {
    const delegation = { ...CHANNELS, name: '../a b' }
    const files = await newRepository({ delegations: [delegation], meta: { '../a b.json': { version: 1 } } })
    files.set('1...%2Fa%20b.json', files.get('1.channels.json') ?? new Uint8Array())
    expect(Object.keys((await ask(files)).delegated)).toEqual(['../a b'])
  })
})

interface Attack {
  readonly name: string
  readonly code: string
  /** Prepares the repository; the state it returns, if any, is what the client kept. */
  readonly prepare: (files: Files) => Promise<TrustedBytes | undefined>
  readonly now?: Date
  /** tuf-js does not refuse this one (or answers without looking at it). */
  readonly isOnlyOurs?: true
}

const publish = (options: StateOptions) => async (files: Files) => {
  await writeState(files, options)
  return undefined
}
const afterFirst = (options: StateOptions) => async (files: Files) => {
  const { bytes } = await ask(files)
  await writeState(files, options)
  return bytes
}
const replace = (name: string, bytes: Uint8Array | undefined) => async (files: Files) => {
  if (bytes === undefined) files.delete(name)
  else files.set(name, bytes)
  return undefined
}
const afterFifth = (options: StateOptions) => async (files: Files) => {
  await writeState(files, { versions: allVersions(5) })
  const { bytes } = await ask(files)
  await writeState(files, options)
  return bytes
}
const withRoot =
  (...root: Parameters<typeof rootFile>) =>
  async (files: Files) => {
    files.set(`${root[0]}.root.json`, await rootFile(...root))
    return undefined
  }
const changedText = (name: string, from: RegExp, to: string) => async (files: Files) => {
  files.set(name, text(new TextDecoder().decode(files.get(name)).replace(from, to)))
  return undefined
}
const past = new Date('2026-01-01T00:00:00Z')

const attacks: Attack[] = [
  { name: 'rollback of the timestamp', code: 'tuf/rollback', prepare: afterFifth({ versions: allVersions(4) }) },
  { name: 'rollback of the snapshot', code: 'tuf/rollback', prepare: afterFifth({ versions: { ...allVersions(6), snapshot: 4 } }) },
  { name: 'rollback of targets', code: 'tuf/rollback', prepare: afterFifth({ versions: { ...allVersions(6), targets: 4 } }) },
  { name: 'rollback of a delegated role', code: 'tuf/rollback', prepare: afterFifth({ versions: { ...allVersions(6), channels: 4 } }) },
  {
    name: 'a role vanished from the snapshot',
    code: 'tuf/vanished',
    prepare: async files => {
      await writeState(files, { versions: allVersions(2), meta: { 'extra.json': { version: 1 } } })
      const { bytes } = await ask(files)
      await writeState(files, { versions: allVersions(3) })
      return bytes
    },
  },
  { name: 'frozen timestamp', code: 'tuf/expired', prepare: publish({ expires: { timestamp: past } }) },
  { name: 'frozen snapshot', code: 'tuf/expired', prepare: publish({ expires: { snapshot: past } }) },
  { name: 'frozen targets', code: 'tuf/expired', prepare: publish({ expires: { targets: past } }) },
  { name: 'frozen channels', code: 'tuf/expired', prepare: publish({ expires: { channels: past } }) },
  { name: 'expiry at this very second', code: 'tuf/expired', prepare: publish({ expires: { timestamp: NOW } }) },
  { name: 'expired final root', code: 'tuf/expired', prepare: withRoot(2, {}, [KEYS.root], past) },
  {
    name: 'a kept timestamp served on after its time',
    code: 'tuf/expired',
    prepare: afterFirst({}),
    now: new Date('2028-01-01T00:00:00Z'),
  },
  {
    name: 'mix of two snapshots',
    code: 'tuf/bad-hash',
    prepare: async files => {
      const old = files.get('timestamp.json') ?? new Uint8Array()
      await writeState(files, { custom: { version: '6.6.6' } })
      files.set('timestamp.json', old)
      return undefined
    },
  },
  {
    name: 'mix of targets of the same length',
    code: 'tuf/bad-hash',
    prepare: async files => {
      const others = new Map(files)
      await writeState(others, { custom: { version: '6.6.6' } })
      return replace('1.targets.json', others.get('1.targets.json'))(files)
    },
  },
  {
    name: 'snapshot version not as the timestamp says',
    code: 'tuf/wrong-version',
    prepare: async files => {
      await writeState(files, { versions: { snapshot: 2 }, snapshotMeta: { version: 1 } })
      return replace('1.snapshot.json', files.get('2.snapshot.json'))(files)
    },
  },
  {
    name: 'a role that satisfies one of its two delegators',
    code: 'tuf/bad-signature',
    prepare: async files => {
      const shared = (key: typeof KEYS.root) => ({ ...CHANNELS, ...role(key), name: 'shared' })
      const first = { ...CHANNELS, name: 'first', terminating: false }
      const one = makeTargets({ version: 1, expires: LATER, targets: {}, delegations: [shared(KEYS.thief)] })
      await writeState(files, {
        delegations: [shared(KEYS.channels), first],
        meta: { 'first.json': { version: 1 }, 'shared.json': { version: 1 } },
      })
      files.set('1.first.json', await signMetadata(one, [signerOf(KEYS.channels)]))
      return replace('1.shared.json', files.get('1.channels.json'))(files)
    },
    isOnlyOurs: true,
  },
  { name: 'endless timestamp', code: 'tuf/too-large', prepare: replace('timestamp.json', new Uint8Array(20_000).fill(32)) },
  { name: 'endless root', code: 'tuf/too-large', prepare: replace('2.root.json', new Uint8Array(600_000).fill(32)) },
  { name: 'endless snapshot', code: 'tuf/wrong-length', prepare: replace('1.snapshot.json', new Uint8Array(3_000_000)) },
  { name: 'endless targets', code: 'tuf/wrong-length', prepare: replace('1.targets.json', new Uint8Array(6_000_000)) },
  { name: 'cut snapshot', code: 'tuf/wrong-length', prepare: replace('1.snapshot.json', new Uint8Array()) },
  { name: 'missing timestamp', code: 'tuf/missing', prepare: replace('timestamp.json', undefined) },
  { name: 'missing snapshot', code: 'tuf/missing', prepare: replace('1.snapshot.json', undefined) },
  { name: 'missing targets', code: 'tuf/missing', prepare: replace('1.targets.json', undefined) },
  { name: 'missing channels', code: 'tuf/missing', prepare: replace('1.channels.json', undefined) },
  {
    name: 'a delegated role the snapshot does not list',
    code: 'tuf/missing',
    prepare: publish({ delegations: [{ ...CHANNELS, name: 'unlisted' }] }),
  },
  { name: 'timestamp by another key', code: 'tuf/bad-signature', prepare: publish({ signers: { timestamp: [KEYS.thief] } }) },
  { name: 'snapshot by another key', code: 'tuf/bad-signature', prepare: publish({ signers: { snapshot: [KEYS.timestamp] } }) },
  { name: 'targets by the weaker key', code: 'tuf/bad-signature', prepare: publish({ signers: { targets: [KEYS.channels] } }) },
  { name: 'channels by another key', code: 'tuf/bad-signature', prepare: publish({ signers: { channels: [KEYS.targets] } }) },
  { name: 'root not signed by the old root', code: 'tuf/bad-signature', prepare: withRoot(2, { root: role(KEYS.thief) }, [KEYS.thief]) },
  { name: 'root not signed by itself', code: 'tuf/bad-signature', prepare: withRoot(2, { root: role(KEYS.thief) }, [KEYS.root]) },
  {
    name: 'root that skips a number',
    code: 'tuf/wrong-version',
    prepare: async files => replace('2.root.json', await rootFile(3))(files),
  },
  {
    name: 'root that stays at its number',
    code: 'tuf/wrong-version',
    prepare: async files => replace('2.root.json', await rootFile(1))(files),
  },
  {
    name: 'threshold not met',
    code: 'tuf/threshold',
    prepare: withRoot(2, { timestamp: { ...role(KEYS.timestamp, KEYS.thief), threshold: 2 } }),
  },
  {
    name: 'duplicate signature for a threshold of two',
    code: 'tuf/threshold',
    prepare: async files => {
      await withRoot(2, { timestamp: { ...role(KEYS.timestamp, KEYS.thief), threshold: 2 } })(files)
      return changedText('timestamp.json', /"signatures":\[(.*?)\]/, '"signatures":[$1,$1]')(files)
    },
  },
  {
    name: 'one key under two ids for a threshold of two',
    code: 'tuf/threshold',
    prepare: async files => {
      const twin = { ...KEYS.timestamp.key, note: 'twin' }
      await withRoot(2, { timestamp: { keys: [KEYS.timestamp.key, twin], threshold: 2 } })(files)
      const root = JSON.parse(new TextDecoder().decode(files.get('2.root.json'))) as {
        signed: { roles: { timestamp: { keyids: string[] } } }
      }
      const ids = root.signed.roles.timestamp.keyids
      const sig = /"sig":"([0-9a-f]+)"/.exec(new TextDecoder().decode(files.get('timestamp.json')))?.[1]
      return changedText(
        'timestamp.json',
        /"signatures":\[.*?\]/,
        `"signatures":${JSON.stringify(ids.map(keyid => ({ keyid, sig })))}`,
      )(files)
    },
    isOnlyOurs: true,
  },
  { name: 'a signature that is no hex', code: 'tuf/bad-signature', prepare: changedText('timestamp.json', /"sig":"../, '"sig":"zz') },
  {
    name: 'a duplicate key in the file',
    code: 'tuf/malformed',
    prepare: changedText('timestamp.json', /"version":1/, '"version":9,"version":1'),
    isOnlyOurs: true,
  },
  {
    name: 'targets served as the timestamp',
    code: 'tuf/malformed',
    prepare: async files => replace('timestamp.json', files.get('1.targets.json'))(files),
  },
  {
    name: 'channels that name what was not delegated',
    code: 'tuf/not-delegated',
    prepare: publish({ channelTargets: { 'releases/9.9.9/release.json': describeTarget(text('evil'), {}) } }),
    isOnlyOurs: true,
  },
  {
    name: 'more than 32 delegated roles',
    code: 'tuf/too-many-roles',
    prepare: async files => {
      const roles = Array.from({ length: 33 }, (_, index) => ({ ...CHANNELS, name: `r${index}` }))
      await writeState(files, { delegations: roles, meta: Object.fromEntries(roles.map(({ name }) => [`${name}.json`, { version: 1 }])) })
      for (const { name } of roles) files.set(`1.${name}.json`, files.get('1.channels.json') ?? new Uint8Array())
      return undefined
    },
    isOnlyOurs: true,
  },
  {
    name: 'a kept role whose delegator took its key away',
    code: 'tuf/bad-signature',
    prepare: afterFirst({ versions: { targets: 2, snapshot: 2, timestamp: 2 }, delegations: [{ ...CHANNELS, ...role(KEYS.thief) }] }),
  },
]

describe('attacks', () => {
  it.each(attacks.map(attack => [attack.name, attack] as const))('%s', async (_, attack) => {
    const files = await newRepository()
    const kept = await attack.prepare(files)
    const trusted = kept ?? { root: rootOf(files) }
    expect(await codeOf(ask(files, trusted, attack.now))).toBe(attack.code)
    if (attack.isOnlyOurs === true) return
    vi.setSystemTime(attack.now ?? NOW)
    await expect(foreignFind(files, trusted, 'channels/stable')).rejects.toBeInstanceOf(Error)
    vi.setSystemTime(NOW)
  })

  it('a fast-forward is undone by a root with another key, after a crash in between too', async () => {
    const files = await newRepository()
    await writeState(files, { versions: { timestamp: 2_000_000, snapshot: 2_000_000 } })
    const poisoned = (await ask(files)).bytes
    const fresh = testKey(50)
    for (const rotated of ['timestamp', 'snapshot'] as const) {
      const healed = new Map(files)
      healed.set('2.root.json', await rootFile(2, { [rotated]: role(fresh) }))
      await writeState(healed, { versions: allVersions(2), signers: { [rotated]: [fresh] } })
      expect((await ask(healed, poisoned)).timestamp.signed.version).toBe(2)
      const kept: Record<string, Uint8Array | undefined> = { ...poisoned, delegated: undefined }
      const failing = update({
        fetch: async name => (name.includes('timestamp') ? undefined : healed.get(name)),
        now: NOW,
        trusted: poisoned,
        keep: (name, bytes) => void (kept[name] = bytes),
      })
      expect(await codeOf(failing)).toBe('tuf/missing')
      expect([kept['timestamp'], kept['snapshot']]).toEqual([undefined, undefined])
      const { root = new Uint8Array() } = kept
      expect((await ask(healed, { root })).timestamp.signed.version).toBe(2)
    }
  })

  it('a fast-forward is refused as a rollback while the key stays', async () => {
    const files = await newRepository()
    await writeState(files, { versions: { timestamp: 2_000_000 } })
    const poisoned = (await ask(files)).bytes
    files.set('2.root.json', await rootFile(2, { timestamp: role(KEYS.timestamp, testKey(51)) }))
    await writeState(files, { versions: allVersions(2) })
    expect(await codeOf(ask(files, poisoned))).toBe('tuf/rollback')
  })

  it('kept files that were tampered with are fetched anew', async () => {
    const files = await newRepository()
    const { bytes } = await ask(files)
    const junk = text('{}')
    const state = await ask(files, { root: bytes.root, timestamp: junk, snapshot: junk, targets: junk, delegated: { channels: junk } })
    expect(state.bytes).toEqual(bytes)
    expect(await codeOf(ask(files, { root: junk }))).toBe('tuf/malformed')
  })

  it('any changed byte is refused or changes nothing', { timeout: 60_000 }, async () => {
    const files = await newRepository()
    files.set('2.root.json', await rootFile(2))
    const names = [...files.keys()]
    const { bytes } = await ask(files)
    const signedOf = (state: TrustedState) =>
      [state.root, state.timestamp, state.snapshot, state.targets, ...Object.values(state.delegated)].map(document => document.signed)
    const expected = signedOf(await ask(files))
    const change = fc.record({ name: fc.constantFrom(...names), at: fc.nat(), to: fc.nat(255), fresh: fc.boolean() })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(change, async ({ name, at, to, fresh }) => {
        const changed = (files.get(name) ?? new Uint8Array()).slice()
        changed[at % changed.length] = to
        const mutated = new Map(files).set(name, changed)
        const trusted = fresh ? { root: name === '1.root.json' ? changed : rootOf(files) } : bytes
        try {
          expect(signedOf(await ask(mutated, trusted))).toEqual(expected)
        } catch (error) {
          if (!(error instanceof FormatError)) throw error
          refused++
        }
      }),
      { numRuns: 1000 },
    )
    expect(refused).toBeGreaterThan(300)
  })
})
