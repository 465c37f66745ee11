// What a run refuses deep inside: stores that lose or change bytes, other writers, keys that are not trusted; and our own mistakes.
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { BucketState, PlanBody, Step } from '@slipway/core'
import { parseJson, parseRelease } from '@slipway/core'
import { ed25519Key } from '@slipway/formats/tuf/metadata'
import { makeRoot, signMetadata } from '@slipway/formats/tuf/write'
import { sign } from '@slipway/formats/ed25519'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'
import { openKeyring } from '../keys/keyring.ts'
import type { Key } from '../keys/key.ts'
import { readProject } from '../config/read.ts'
import { folder } from '../stores/folder.ts'
import type { Bucket } from '../stores/store.ts'
import { verifyBucket } from '../verify/verify.ts'
import { performAdopt } from './adopt.ts'
import { treeOf } from './build.ts'
import { openCache } from './cache.ts'
import { writeDraft } from './draft.ts'
import { createBytes, readObject } from './objects.ts'
import { openKeys } from './keys.ts'
import { carryOut, interrupted } from './schedule.ts'
import { readRelease, settle } from './settle.ts'
import { readState } from './state.ts'
import { turn } from './turn.ts'
import { need } from './work.ts'
import type { Work } from './work.ts'

// Hundreds of verifications, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 })

let project: SmallProject
let bucket: Bucket
let root: Uint8Array
let live: Key
let release: Key
const io = machine()
beforeAll(async () => {
  project = smallProject()
  await project.run(['keys', 'generate'])
  expect((await project.run(['release'])).exitCode).toBe(0)
  bucket = await folder.open({ path: project.bucket, url: 'http://127.0.0.1:8737' } as never, '', io)
  root = readFileSync(join(project.keys, 'root.json'))
  const ring = await openKeyring(io, { path: join(project.secret, 'tiny.keys') })
  live = ring.key('live')
  release = ring.key('release')
})
afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

const bytes = new TextEncoder().encode('bytes')
const whole = (content: Uint8Array) => ({
  tag: async () => 'x',
  sizeBytes: content.length,
  bytes: async function* () {
    yield content
  },
})
const turnOf = (changes: Partial<Parameters<typeof turn>[0]>) =>
  turn({ bucket, io, root, live, release, freshnessMs: 86_400_000, change: state => state, ...changes })
const withChannel =
  (changes: object) =>
  (state: BucketState): BucketState => ({
    ...state,
    channels: { ...state.channels, stable: { ...state.channels['stable'], ...changes } as never },
  })

describe('objects', () => {
  it('that come back with other bytes than were written: publish/read-back (exit 5)', async () => {
    const lossy: Bucket = { ...bucket, create: async () => 'created', read: async () => whole(new TextEncoder().encode('byteS')) }
    await expect(createBytes(lossy, 'releases/2.0.0/a', bytes)).rejects.toMatchObject({
      problems: [{ code: 'publish/read-back', exit: 'corrupt' }],
    })
    await expect(createBytes({ ...lossy, read: async () => null }, 'releases/2.0.0/a', bytes)).rejects.toThrow('publish/read-back')
  })
  it('that are there with the same bytes: done', async () => {
    const there: Bucket = { ...bucket, create: async () => 'exists', read: async () => whole(bytes) }
    expect(await createBytes(there, 'releases/2.0.0/a', bytes)).toBe('exists')
  })
  it('that are larger than a document may be: store/too-large, verify/too-large', async () => {
    const large: Bucket = { ...bucket, read: async () => ({ ...whole(new Uint8Array(17_000_000)) }) }
    await expect(readObject(large, 'tuf/timestamp.json')).rejects.toThrow('store/too-large')
    const keys = { root, minisign: readFileSync(join(project.keys, 'minisign.pub'), 'utf8') }
    await expect(
      verifyBucket({ reader: large, app: null, base: null, keys, nowMs: Date.now(), deep: false, strict: false }),
    ).rejects.toThrow('verify/too-large')
  })
})

describe('other writers', () => {
  it('a draft that another publisher swapped in first: publish/two-publishers (exit 3)', async () => {
    const record = parseRelease(parseJson(readFileSync(join(project.bucket, 'releases/1.0.0/release.json'), 'utf8')))
    await expect(writeDraft(bucket, { release: { ...record, notes: 'other' }, channel: 'stable', basis: 0 }, null)).rejects.toMatchObject({
      problems: [{ code: 'publish/two-publishers', exit: 'refused' }],
    })
  })
  it('a pointer that is never won: turn/busy (exit 3)', async () => {
    const busy: Bucket = { ...bucket, create: async () => 'created', swap: async () => false }
    let turns = 0
    const change = (state: BucketState): BucketState => {
      turns += 1
      return withChannel({ at: '2027-01-01T00:00:00Z' })(state)
    }
    await expect(turnOf({ bucket: busy, change })).rejects.toMatchObject({ problems: [{ code: 'turn/busy', exit: 'refused' }] })
    expect(turns).toBe(1000)
  }, 120_000)
  it('an acknowledgement that was lost is no failure: what stands there counts', async () => {
    const lost: Bucket = { ...bucket, swap: async (key, content, tag) => (await bucket.swap(key, content, tag)) && false }
    const before = await readState(bucket, root)
    const after = await turnOf({ bucket: lost, change: withChannel({ n: (before.channels['stable']?.n ?? 0) + 1 }) })
    expect(after.versions.timestamp).toBe(before.versions.timestamp + 1)
    await settle({ bucket, root, app: 'tiny', channels: null })
    expect((await project.run(['verify'])).exitCode).toBe(0)
  })
})

describe('a version that is published from the same inputs (TRUST 7)', () => {
  const adopt = async (there: Bucket): Promise<Work> => {
    const published = parseRelease(parseJson(readFileSync(join(project.bucket, 'releases/1.0.0/release.json'), 'utf8')))
    const [first] = published.artifacts
    if (first === undefined) throw new Error('no artifact')
    // A signer that stamps the time gave this run other bytes.
    const ours = { ...first, sha256: '0'.repeat(64) }
    const out = join(dirname(project.root), 'adopted')
    const work = {
      io,
      bucket: async () => there,
      cache: openCache(io, join(out, 'cache')),
      settings: { app: { version: '1.0.0' }, out },
      made: new Map(published.artifacts.map(one => [one.file, { artifact: one === first ? ours : one, path: '' }])),
      release: { ...published, notes: 'other', artifacts: published.artifacts.map(one => (one === first ? ours : one)) },
    } as unknown as Work
    await performAdopt(work)
    return work
  }
  it('wins over what this run made: its bytes and its record are taken', async () => {
    const work = await adopt(bucket)
    const published = parseRelease(parseJson(readFileSync(join(project.bucket, 'releases/1.0.0/release.json'), 'utf8')))
    expect(work.release).toEqual(published)
    const [first] = published.artifacts
    const path = work.made.get(first?.file ?? '')?.path ?? ''
    expect(readFileSync(path).equals(readFileSync(join(project.bucket, 'releases/1.0.0', first?.file ?? '')))).toBe(true)
  })
  it('but never when the bucket lost or changed a file of it: publish/damaged (exit 5)', async () => {
    for (const lost of [null, whole(bytes)]) {
      const damaged: Bucket = { ...bucket, read: async key => (key.endsWith('.tar.gz') ? lost : bucket.read(key)) }
      await expect(adopt(damaged)).rejects.toMatchObject({ problems: [{ code: 'publish/damaged', exit: 'corrupt' }] })
    }
  })
})

describe('keys', () => {
  it('that the root does not name are refused before anything is written: keys/not-trusted (exit 4)', async () => {
    const seed = new Uint8Array(32).fill(9)
    const stranger: Key = { keyId: 'ab'.repeat(32), public: live.public, sign: async message => sign(seed, message) }
    await expect(turnOf({ live: stranger, change: withChannel({ n: 99 }) })).rejects.toMatchObject({
      problems: [{ code: 'keys/not-trusted', exit: 'machine' }],
    })
  })
  it('that are not at hand for a changed index: turn/no-key (exit 70)', async () => {
    const job = { bucket, io, root, live, freshnessMs: 1, change: (state: BucketState): BucketState => ({ ...state, releases: {} }) }
    await expect(turn(job)).rejects.toMatchObject({ problems: [{ code: 'turn/no-key', exit: 'bug' }] })
  })
  it('a root that names no root key: trust/no-root-key (exit 5)', async () => {
    const settings = (await readProject(io, { cwd: project.root, profile: 'release', set: [] })).apps[0]
    const role = { keys: [ed25519Key(live.public)], threshold: 1 }
    const none = makeRoot({
      version: 1,
      expires: new Date(Date.now() + 1e9),
      roles: { root: role, targets: role, snapshot: role, timestamp: role },
    })
    const roles = { ...none.roles, root: { keyids: [], threshold: 1 } }
    const text = new TextDecoder().decode(await signMetadata(none, [live]))
    const bare = text.replace(JSON.stringify(none.roles.root), JSON.stringify(roles.root))
    const blind: Io = {
      ...io,
      files: {
        ...io.files,
        read: path => (path.endsWith('root.json') ? Promise.resolve(new TextEncoder().encode(bare)) : io.files.read(path)),
      },
    }
    await expect(openKeys(blind, { settings: settings as never }).root()).rejects.toThrow('trust/no-root-key')
  })
})

describe('a stolen key `live` (TRUST 8, L)', () => {
  const hostile = async (changes: object): Promise<readonly string[]> => {
    const before = await readState(bucket, root)
    const now = before.channels['stable']
    await turnOf({ change: withChannel({ ...changes, n: (now?.n ?? 0) + 1 }) })
    const { errors, exitCode } = await project.json(['verify'])
    expect(exitCode).toBe(5)
    const after = await readState(bucket, root)
    await turnOf({ change: withChannel({ ...now, n: (after.channels['stable']?.n ?? 0) + 1 }) })
    await settle({ bucket, root, app: 'tiny', channels: null })
    expect((await project.run(['verify'])).exitCode).toBe(0)
    return errors.map(one => `${one.code} ${String(one.where['object'])}`)
  }
  it('shows a release that the index does not know, or does not admit: verify says so, and of nothing else', async () => {
    expect(await hostile({ current: '6.6.6' })).toEqual([expect.stringMatching(/^verify\/not-admitted tuf\/\d+\.channels\.json$/)])
    const canary = nextVersion(project, '1.1.0')
    expect((await canary.run(['release', '--channel', 'canary'])).exitCode).toBe(0)
    const found = await hostile({ current: '1.1.0' })
    expect(found[0]).toContain('verify/not-admitted')
  })
  it('a publisher refuses to render it: state/unknown-release', async () => {
    const state = await readState(bucket, root)
    await expect(readRelease(bucket, state, '6.6.6')).rejects.toThrow('state/unknown-release')
  })
})

describe('our own mistakes (exit 70), and an interruption', () => {
  it('a step without its result, its tree, or its app', async () => {
    expect(() => need(undefined, 'release.json')).toThrow('run/no-result')
    expect(() => treeOf({ trees: new Map() } as unknown as Work, 'linux-x64')).toThrow('run/no-tree')
  })
  const step = (id: string, needs: readonly string[] = []): Step => ({
    id,
    unit: 'x/y',
    app: 'a',
    options: {},
    needs,
    makes: [],
    effects: [],
    irreversible: false,
  })
  const schedule = (steps: PlanBody['steps'], perform: (step: Step) => Promise<void>, signal = new AbortController().signal) =>
    carryOut({
      io,
      run: 'r',
      steps,
      parallel: 2,
      signal,
      emit: () => undefined,
      perform: async one => perform(one).then(() => ({ outcome: 'done' as const })),
    })
  it('an aborted run starts nothing new and says so: run/interrupted', async () => {
    const stop = new AbortController()
    const ran: string[] = []
    const perform = async ({ id }: Step): Promise<void> => {
      ran.push(id)
      if (id === 'a') stop.abort()
    }
    await expect(schedule([step('a'), step('b', ['a'])], perform, stop.signal)).rejects.toThrow('run/interrupted')
    expect(ran).toEqual(['a'])
    expect(interrupted().exit).toBe('machine')
  })
  it('steps run in the order of their needs, two at once, and all problems of a phase are said', async () => {
    let now = 0
    let most = 0
    const order: string[] = []
    const perform = async ({ id }: Step): Promise<void> => {
      most = Math.max(most, (now += 1))
      await new Promise(resolve => setTimeout(resolve, 5))
      order.push(id)
      now -= 1
    }
    await schedule([step('c', ['a', 'b']), step('a'), step('b'), step('d', ['c'])], perform)
    expect({ most, order: [order.slice(0, 2).sort(), ...order.slice(2)] }).toEqual({ most: 2, order: [['a', 'b'], 'c', 'd'] })
    const failing = schedule([step('a'), step('b'), step('c', ['a'])], async ({ id }) => need(undefined, id))
    await expect(failing).rejects.toMatchObject({ problems: [{ code: 'run/no-result' }, { code: 'run/no-result' }] })
  })
})
