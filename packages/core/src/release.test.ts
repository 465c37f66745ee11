// Reading release records and index entries: strict about what is known, tolerant of what later versions add.
import { expect, it, describe } from 'vitest'
import { digestOf } from './canonical.ts'
import type { Json } from './canonical.ts'
import { SlipwayError } from './error.ts'
import { parseIndexEntry } from './release-index.ts'
import { parseRelease, releaseId } from './release.ts'

const hex = (digits: number): string => 'ab'.repeat(digits / 2)
const artifact = (file: string): Record<string, Json> => ({
  file,
  kind: 'deb',
  target: 'linux-x64',
  role: 'both',
  sizeBytes: 10,
  sha256: hex(64),
  sha512: hex(128),
  sha1: hex(40),
  md5: hex(32),
  from: [hex(64)],
  signed: 'no',
  signatures: { minisign: 'untrusted comment: x\n' },
  facts: { control: { depends: ['libc6'], ratio: 0.5 } },
  labels: [],
  features: ['delta'],
})
const record: Record<string, Json> = {
  schema: 'slipway.release-record/1',
  app: 'flet',
  version: '1.2.0',
  build: 1795255200,
  profile: 'release',
  date: '2026-11-21T10:00:00Z',
  from: { commits: { '.': 'a'.repeat(40) }, config: hex(64), inputs: hex(64) },
  at: 'https://dl.example.org/flet/releases/1.2.0/',
  notes: 'One\nTwo',
  artifacts: [artifact('a.deb'), artifact('b.deb')],
  accepts: { minisign: { type: 'minisign', keyId: 'AB', public: 'x\ny' } },
  feeds: [{ id: 'tauri', options: { use: ['nsis'] } }],
}
const problemOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    if (error instanceof SlipwayError)
      return { code: error.problems[0]?.code, exit: error.problems[0]?.exit, hint: error.problems[0]?.hint }
  }
  return undefined
}

describe('parseRelease', () => {
  it('reads a record, and its id is the digest of its canonical form', () => {
    const release = parseRelease(record)
    expect(release.artifacts[1]?.file).toBe('b.deb')
    expect(releaseId(release)).toBe(digestOf(record))
    expect(parseRelease({ ...record, reissueOf: '1.1.0' }).reissueOf).toBe('1.1.0')
  })
  it('keeps added fields, so that the id stays the same', () => {
    const newer = { ...record, later: { a: 1 }, artifacts: [{ ...artifact('a.deb'), later: 1, target: 'linux-riscv64' }] }
    expect(releaseId(parseRelease(newer))).toBe(digestOf(newer))
  })
  it('refuses a higher major schema and says to upgrade', () => {
    expect(problemOf(() => parseRelease({ schema: 'slipway.release-record/2' }))).toEqual({
      code: 'release/newer-schema',
      exit: 'input',
      hint: 'Upgrade slipway.',
    })
  })
  const changed = (key: string, value: Json): [Json, string] => [{ ...record, [key]: value }, `$.${key}`]
  const inArtifact = (key: string, value: Json): [Json, string] => [
    { ...record, artifacts: [{ ...artifact('a.deb'), [key]: value }] },
    `$.artifacts.0.${key}`,
  ]
  it.each<[Json, string]>([
    [null, '$: expected an object'],
    ['slipway.release-record/2', '$: expected an object'],
    [{ ...record, schema: 'slipway.release-record/0' }, '$.schema'],
    [{ ...record, schema: 2 }, '$.schema'],
    changed('app', ''),
    changed('version', '1.2'),
    changed('build', 1.5),
    changed('profile', 'debug'),
    changed('date', '2026-11-21T10:00:00.5Z'),
    changed('from', { commits: {}, config: hex(64) }),
    changed('at', '/releases/1.2.0/'),
    changed('at', 'https://dl.example.org/a'),
    changed('at', 'https://dl.example.org/?a=/'),
    changed('notes', null),
    changed('artifacts', {}),
    changed('artifacts', [artifact('b'), artifact('a')]),
    changed('artifacts', [artifact('a'), artifact('a')]),
    changed('accepts', [1]),
    changed('accepts', { minisign: { type: 'x' } }),
    changed('feeds', [{ id: 'tauri' }]),
    changed('reissueOf', 'v1'),
    inArtifact('file', '../a.deb'),
    inArtifact('target', 'Linux x64'),
    inArtifact('role', 'toy'),
    inArtifact('sizeBytes', -1),
    inArtifact('sha256', hex(40)),
    inArtifact('sha512', 'x'.repeat(128)),
    inArtifact('md5', hex(64)),
    inArtifact('from', ['a']),
    inArtifact('signed', true),
    inArtifact('signatures', { minisign: 1 }),
    inArtifact('labels', ['a\nb']),
  ])('refuses %j', (json, place) => {
    expect(problemOf(() => parseRelease(json, { object: 'releases/1.2.0/release.json' }))).toMatchObject({
      code: 'release/bad-record',
      exit: 'corrupt',
    })
    expect(() => parseRelease(json)).toThrow(place)
  })
})

describe('parseIndexEntry', () => {
  it('reads entries, with fields that a later version added', () => {
    const entry = { version: '1.2.0', admit: { stable: hex(64), canary: null }, yanked: 'leaks tokens', later: 1 }
    expect(parseIndexEntry(entry)).toEqual(entry)
    expect(parseIndexEntry({ version: '1.2.0', admit: {} }).yanked).toBeUndefined()
  })
  it.each<[Json, string]>([
    [[], '$: expected an object'],
    [{ version: '1.2.0' }, '$.admit: missing'],
    [{ version: '1', admit: {} }, '$.version'],
    [{ version: '1.2.0', admit: [] }, '$.admit: expected an object'],
    [{ version: '1.2.0', admit: { stable: 'x' } }, '$.admit.stable'],
    [{ version: '1.2.0', admit: { Stable: null } }, '$.admit.Stable: this name is not allowed'],
    [JSON.parse('{"version":"1.2.0","admit":{"__proto__":null}}') as Json, '$.admit.__proto__: this name is not allowed'],
    [{ version: '1.2.0', admit: {}, yanked: '' }, '$.yanked'],
  ])('refuses %j', (json, place) => {
    expect(problemOf(() => parseIndexEntry(json, { object: 'tuf/3.targets.json' }))).toMatchObject({
      code: 'release-index/bad-entry',
      exit: 'corrupt',
    })
    expect(() => parseIndexEntry(json)).toThrow(place)
  })
})
