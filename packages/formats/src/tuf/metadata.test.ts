// Canonical JSON, the strict reader and the writer of TUF metadata, against foreign canonicalizers.
import canonicalize from 'canonicalize'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalText } from './canonical.ts'
import { parseJson } from './json.ts'
import type { Json } from './json.ts'
import { SIZE_LIMITS, ed25519Key, keyId, parseMetadata } from './metadata.ts'
import type { Key, RoleType } from './metadata.ts'
import { matchesPattern } from './path.ts'
import { KEYS, LATER, newRepository, role, rootFile, signerOf, testKey, text } from './repository.fixture.ts'
import { addSignatures, makeTargets, makeTimestamp, signMetadata } from './write.ts'

const tufjs = createRequire(import.meta.url)('@tufjs/canonical-json') as { canonicalize(value: unknown): string }
const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const hasCode = (code: string): unknown => expect.objectContaining({ code })

describe('canonical JSON', () => {
  it('agrees with RFC 8785 and with tuf-js wherever it writes at all', () => {
    let written = 0
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), value => {
        let own: string
        try {
          own = canonicalText(value as Json)
        } catch (error) {
          expect(error).toMatchObject({ code: 'tuf/not-canonical' })
          return
        }
        written++
        expect(own).toBe(canonicalize(value))
        expect(own).toBe(tufjs.canonicalize(value))
        expect(canonicalText(parseJson(text(own)))).toBe(own)
      }),
      { numRuns: 2000 },
    )
    expect(written).toBeGreaterThan(200)
  })

  it.each([1.5, Number.NaN, 2 ** 53, -0, 'a\nb', '\u0000', '\ud800', { '\u{1f600}': 1 }, { 'a\tb': 1 }] as Json[])('refuses %j', value => {
    expect(() => canonicalText(value)).toThrow(hasCode('tuf/not-canonical'))
  })

  it('lets only a PEM key have line ends', () => {
    expect(canonicalText('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n')).toContain('\nAAAA\n')
    expect(() => canonicalText('-----BEGIN PUBLIC KEY-----\n\u0007\n-----END PUBLIC KEY-----\n')).toThrow(hasCode('tuf/not-canonical'))
  })
})

describe('the strict JSON reader', () => {
  it('reads what JSON.parse reads, for every value within its limits', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), fc.integer({ min: 0, max: 2 }), (value, indent) => {
        const json = JSON.stringify(value, null, indent)
        let own: Json
        try {
          own = parseJson(text(json))
        } catch {
          // Only numbers beyond the profile and lone surrogates may be refused.
          expect(json).toMatch(/\d[.eE]|\d{16}|\\ud|-0/)
          return
        }
        expect(JSON.parse(JSON.stringify(own))).toEqual(JSON.parse(json))
      }),
      { numRuns: 1000 },
    )
  })

  const refused = [
    '',
    ' ',
    '{',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '01',
    '1.0',
    '1e3',
    '-',
    '-0',
    '+1',
    '9007199254740992',
  ]
  const moreRefused = [
    'nul',
    'true false',
    '"a',
    '"\\x"',
    '"\\u12g4"',
    '"\\ud800"',
    '"a\nb"',
    "'a'",
    '{a:1}',
    '\ufeff{}',
    '//x\n1',
    'NaN',
    '[1]]',
    '{"a" 1}',
    '"\u0001"',
  ]
  it.each([...refused, ...moreRefused])('refuses %j', json => {
    expect(() => parseJson(text(json))).toThrow(hasCode('json/malformed'))
  })

  it('refuses invalid UTF-8 and deep nesting', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(hasCode('json/malformed'))
    expect(() => parseJson(text('['.repeat(100_000)))).toThrow(hasCode('json/malformed'))
  })

  it('keeps a key named __proto__ a plain entry', () => {
    const value = parseJson(text('{"__proto__":{"x":1}}'))
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as { x?: number }).x).toBeUndefined()
  })
})

describe('key ids', () => {
  it('are those of securesystemslib', () => {
    const value = 'edcd0a32a07dce33f7c7873aaffbff36d20ea30787574ead335eefd337e4dacd'
    const key = ed25519Key(Uint8Array.from(value.match(/../g) ?? [], pair => Number.parseInt(pair, 16)))
    // The timestamp key of python-tuf's own test repository, which carries the field that old writers added.
    const asStored = { keyid_hash_algorithms: ['sha256', 'sha512'], ...key } as Key
    expect(keyId(asStored)).toBe('59a4df8af818e9ed7abe0764c0b47b4240952aa0d179b5b78346c470ac30278d')
    expect(keyId(key)).toBe('2345a90ad8d76f3677f9ad6695b0ba0b5c7b7fbf27fb0ed35fbdf7b71264a679')
  })
})

describe('path patterns', () => {
  it.each([
    ['channels/stable', 'channels/*', true],
    ['channels/', 'channels/*', true],
    ['channels', 'channels/*', false],
    ['channels/a/b', 'channels/*', false],
    ['channelsx/a', 'channels/*', false],
    ['a.tgz', '*.tgz', true],
    ['a.tgz', '*', true],
    ['ab', 'a?', true],
    ['a', 'a?', false],
    ['aXbXc', 'a*b*c', true],
    ['aXbXd', 'a*b*c', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    [`${'a'.repeat(5000)}b`, `${'a*'.repeat(40)}c`, false],
  ])('%.20s against %.20s: %s', (path, pattern, expected) => {
    expect(matchesPattern(path, pattern)).toBe(expected)
  })
})

describe('writing', () => {
  it('is canonical, deterministic and without milliseconds', async () => {
    const timestamp = makeTimestamp({
      version: 3,
      expires: new Date('2027-01-02T03:04:05.678Z'),
      snapshot: { version: 2, length: 1, hashes: { sha256: 'ab' } },
    })
    const first = await signMetadata(timestamp, [signerOf(KEYS.timestamp), signerOf(KEYS.thief), signerOf(KEYS.thief)])
    const second = await signMetadata(timestamp, [signerOf(KEYS.thief), signerOf(KEYS.timestamp)])
    expect(read(first)).toBe(read(second))
    expect(read(first)).toBe(canonicalize(JSON.parse(read(first))))
    expect(parseMetadata('timestamp', first)).toMatchObject({ signed: { expires: '2027-01-02T03:04:05Z', spec_version: '1.0.34' } })
    expect(parseMetadata('timestamp', first).signatures.length).toBe(2)
  })

  it('adds a second signature to a file that was signed elsewhere', async () => {
    const bytes = await addSignatures('root', await rootFile(1), [signerOf(testKey(20)), signerOf(KEYS.root)])
    expect(parseMetadata('root', bytes).signatures.length).toBe(2)
  })

  it('refuses to sign without a signer, floats, and what no client would read', async () => {
    const targets = (custom: Json) =>
      makeTargets({ version: 1, expires: LATER, targets: { a: { length: 1, hashes: { sha256: 'x' }, custom } } })
    await expect(signMetadata(targets(null), [])).rejects.toMatchObject({ code: 'tuf/no-signer' })
    await expect(signMetadata(targets({ percent: 1.5 }), [signerOf(KEYS.targets)])).rejects.toMatchObject({ code: 'tuf/not-canonical' })
    await expect(signMetadata(targets({ reason: 'a\nb' }), [signerOf(KEYS.targets)])).rejects.toMatchObject({ code: 'tuf/not-canonical' })
    const noVersion = makeTimestamp({ version: 0, expires: LATER, snapshot: { version: 1 } })
    await expect(signMetadata(noVersion, [signerOf(KEYS.timestamp)])).rejects.toMatchObject({ code: 'tuf/malformed' })
  })

  it('counts a key that a role lists twice once', async () => {
    const root = parseMetadata('root', await rootFile(1, { targets: role(KEYS.targets, KEYS.targets) }))
    expect(root.signed.roles.targets.keyids).toEqual([KEYS.targets.id])
  })
})

describe('the strict reader of metadata', () => {
  const changes: [RoleType, string, string][] = [
    ['root', '"_type":"root"', '"_type":"targets"'],
    ['root', '"consistent_snapshot":true', '"consistent_snapshot":1'],
    ['root', '"spec_version":"1.0.34"', '"spec_version":"one"'],
    ['root', '"version":1', '"version":0'],
    ['root', '"version":1', '"version":"1"'],
    ['root', '"threshold":1', '"threshold":0'],
    ['root', '"keytype":"ed25519"', '"keytype":25519'],
    ['root', '"keyids":[', '"keyids":[1,'],
    ['root', '"signatures":[', '"signatures":[1,'],
    ['root', '"signatures":', '"signatures":{},"s":'],
    ['root', '"signed":', '"signed":1,"s":'],
    ['root', '{"signatures"', '{"signatures":[],"signatures"'],
    ['root', '"expires":"2027-06-01T00:00:00Z"', '"expires":"2027-02-31T00:00:00Z"'],
    ['root', '"expires":"2027-06-01T00:00:00Z"', '"expires":"2027-06-01T00:00:00.000Z"'],
    ['root', '"expires":"2027-06-01T00:00:00Z"', '"expires":"2027-06-01"'],
    ['timestamp', '"snapshot.json"', '"other.json"'],
    ['timestamp', '"length":', '"length":-'],
    ['snapshot', '"targets.json"', '"other.json"'],
    ['snapshot', '"sha256":"', '"sha256":0,"x":"'],
    ['targets', '"name":"channels"', '"name":"snapshot"'],
    ['targets', '"name":"channels"', '"name":""'],
    ['targets', '"terminating":true', '"terminating":"yes"'],
    ['targets', '"paths":[', '"path_hash_prefixes":["00"],"paths":['],
    ['targets', '"paths":[', '"other":['],
    ['targets', '"hashes":{', '"hashes":[],"x":{'],
    ['targets', '"roles":[', '"roles":[{},'],
    ['targets', '"version":"1.0.0"', '"version":1.5'],
    ['targets', '"version":"1.0.0"', '"version":"\\u0001"'],
  ]
  it.each(changes)('refuses %s with %s changed to %s', async (type, from, to) => {
    const files = await newRepository()
    const json = read(files.get(type === 'timestamp' ? 'timestamp.json' : `1.${type}.json`) ?? new Uint8Array())
    expect(json).toContain(from)
    expect(() => parseMetadata(type, text(json.replace(from, to)))).toThrow(hasCode('tuf/malformed'))
  })

  it('refuses another major version of the specification and succinct roles', async () => {
    const files = await newRepository()
    const targets = read(files.get('1.targets.json') ?? new Uint8Array())
    expect(() => parseMetadata('targets', text(targets.replace('"1.0.34"', '"2.0.0"')))).toThrow(hasCode('tuf/unsupported'))
    expect(() => parseMetadata('targets', text(targets.replace('"delegations":{', '"delegations":{"succinct_roles":{},')))).toThrow(
      hasCode('tuf/unsupported'),
    )
  })

  it.each(Object.entries(SIZE_LIMITS) as [RoleType, number][])('refuses %s beyond %d bytes unread', (type, limit) => {
    expect(() => parseMetadata(type, new Uint8Array(limit + 1))).toThrow(hasCode('tuf/too-large'))
    expect(() => parseMetadata(type, new Uint8Array(limit))).toThrow(hasCode('tuf/malformed'))
  })
})
