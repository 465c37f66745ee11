// Who is offered what (CONTRACTS 9, TRUST 6), with electron-updater's own staging rule as a judge.
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Artifact, Role } from './artifact.ts'
import type { ChannelState } from './channel.ts'
import { clientIds } from './client.ts'
import { cohortOf, copyRank, decide } from './decide.ts'
import type { Install, OfferedRelease, OfferState } from './decide.ts'
import { sha256Text } from './digest.ts'
import type { Release } from './release.ts'
import { compareVersions } from './version.ts'

const artifact = (file: string, kind: string, target: string, role: Role = 'both'): Artifact => ({
  file,
  kind,
  target,
  role,
  sizeBytes: 1,
  sha256: '',
  sha512: '',
  sha1: '',
  md5: '',
  from: [],
  signed: 'no',
  signatures: {},
  facts: {},
  labels: [],
  features: [],
})
const everything = [
  artifact('a.app.tar.gz', 'app.tar.gz', 'macos-universal', 'update'),
  artifact('a.app.zip', 'app.zip', 'macos-universal'),
  artifact('a.appimage', 'appimage', 'linux-x64'),
  artifact('a.deb', 'deb', 'linux-x64'),
  artifact('a.dmg', 'dmg', 'macos-universal', 'install'),
  artifact('a.exe', 'nsis', 'windows-x64'),
  artifact('a.nupkg', 'nupkg', 'windows-x64', 'update'),
  artifact('a.rpm', 'rpm', 'linux-x64'),
  artifact('a.sbom', 'sbom', 'any', 'metadata'),
  artifact('a.tar.gz', 'tar.gz', 'any', 'install'),
]
const releaseOf = (version: string, artifacts: readonly Artifact[] = everything): Release => ({
  schema: 'slipway.release-record/1',
  app: 'flet',
  version,
  build: Number(version.replace(/\D/g, '')) + 1,
  profile: 'release',
  date: '2026-11-21T10:00:00Z',
  from: { commits: {}, config: '', inputs: '' },
  at: 'https://dl.example.org/',
  notes: '',
  artifacts,
  accepts: {},
  feeds: [],
})
const entryOf = (version: string, more: Partial<OfferedRelease> = {}): OfferedRelease => ({
  id: sha256Text(version),
  admit: { stable: null },
  release: releaseOf(version),
  ...more,
})
const state: ChannelState = { n: 5, at: '2026-11-21T10:00:00Z', current: '1.1.0', before: '1.0.0', candidate: null, halted: null }
const rolling: ChannelState = { ...state, candidate: { version: '1.2.0', percent: 10, since: '2026-11-21T10:00:00Z' } }
const halted: ChannelState = { ...rolling, halted: { version: '1.2.0', reason: 'crashes' } }
const world = (channelState: ChannelState, changes: Record<string, Partial<OfferedRelease>> = {}): OfferState => ({
  channel: 'stable',
  state: channelState,
  releases: Object.fromEntries(['1.0.0', '1.1.0', '1.2.0'].map(version => [version, entryOf(version, changes[version])])),
})
const sdk = (more: Partial<Install> = {}): Install => ({ target: 'linux-x64', version: '1.0.0', client: 'sdk', ...more })
const told = (offered: OfferState, install: Install): string => {
  const { offer, reason, artifact: chosen } = decide(offered, install)
  return offer === null ? `nothing: ${reason}` : `${offer.version} ${chosen.file}: ${reason}`
}
const idIn = (percent: number): string =>
  Array.from({ length: 1000 }, (_, i) => `id${i}`).find(id => cohortOf(sha256Text('1.2.0'), id) < percent) as string
const idOut = (percent: number): string =>
  Array.from({ length: 1000 }, (_, i) => `id${i}`).find(id => cohortOf(sha256Text('1.2.0'), id) >= percent) as string

describe('cohorts', () => {
  it('are the first 8 bytes of SHA-256 of release id, colon, install id, big endian, mod 100', () => {
    const digest = Buffer.from(sha256Text('r:i'), 'hex')
    expect(cohortOf('r', 'i')).toBe(Number(digest.readBigUInt64BE(0) % 100n))
  })
  it('are even, and independent between releases', () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `install-${i}`)
    const first = ids.filter(id => cohortOf('one', id) < 10)
    expect(Math.abs(first.length - 1000)).toBeLessThan(100)
    expect(Math.abs(first.filter(id => cohortOf('two', id) < 10).length - 100)).toBeLessThan(40)
  })
  it('rank the copies 00 to 99 without a tie, by their digests', () => {
    const ranks = Array.from({ length: 100 }, (_, copy) => copyRank('r', copy))
    expect([...ranks].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i))
    const digest = (copy: number): string => sha256Text(`r:${String(copy).padStart(2, '0')}`)
    expect(digest(ranks.indexOf(0)) < digest(ranks.indexOf(1))).toBe(true)
  })
})

describe('the SDK', () => {
  it('gets current when it is newer, and says when nothing is', () => {
    expect(told(world(state), sdk())).toBe('1.1.0 a.appimage: current')
    expect(told(world(state), sdk({ version: '1.1.0' }))).toBe('nothing: up-to-date')
    expect(told(world(state), sdk({ version: '2.0.0' }))).toBe('nothing: up-to-date')
    expect(told(world({ ...state, current: null }), sdk())).toBe('nothing: empty')
  })
  it('gets the candidate in its cohort, or when a person asks', () => {
    expect(told(world(rolling), sdk({ cohort: idIn(10) }))).toBe('1.2.0 a.appimage: candidate')
    expect(told(world(rolling), sdk({ cohort: idOut(10) }))).toBe('1.1.0 a.appimage: current')
    expect(told(world(rolling), sdk())).toBe('1.1.0 a.appimage: current')
    expect(told(world(rolling), sdk({ cohort: '\ud800' }))).toBe('1.1.0 a.appimage: current')
    expect(told(world(rolling), sdk({ manual: true }))).toBe('1.2.0 a.appimage: manual')
    expect(told(world(rolling), sdk({ version: '1.1.0', cohort: idOut(10) }))).toBe('nothing: outside')
    expect(told(world({ ...rolling, current: null }), sdk({ cohort: idOut(10) }))).toBe('nothing: outside')
  })
  it('gets no candidate while halted, whoever asks', () => {
    expect(told(world(halted), sdk({ manual: true, cohort: idIn(10) }))).toBe('1.1.0 a.appimage: current')
    expect(told(world(halted), sdk({ version: '1.1.0', manual: true, cohort: idIn(10) }))).toBe('nothing: halted')
    expect(told(world(halted), sdk({ version: '1.2.0' }))).toBe('nothing: up-to-date')
    expect(told(world({ ...halted, current: null }), sdk({ manual: true }))).toBe('nothing: halted')
  })
  it('gets nothing yanked, unknown or not admitted', () => {
    const install = sdk({ version: '1.0.0', manual: true })
    expect(told(world(state, { '1.1.0': { yanked: 'bad' } }), install)).toBe('nothing: yanked')
    expect(told(world(state, { '1.1.0': { admit: { canary: null } } }), install)).toBe('nothing: not-admitted')
    expect(told(world({ ...state, current: '1.9.0' }), install)).toBe('nothing: unknown-release')
    expect(told(world(state, { '1.1.0': { release: releaseOf('1.9.0') } }), install)).toBe('nothing: unknown-release')
    expect(told(world(rolling, { '1.2.0': { yanked: 'bad' } }), install)).toBe('1.1.0 a.appimage: current')
    expect(told(world(rolling, { '1.2.0': { admit: {} } }), sdk({ version: '1.1.0', manual: true }))).toBe('nothing: not-admitted')
  })
  it('is not fooled by a channel or version named as a member of every object', () => {
    expect(told({ ...world(state), channel: 'constructor' }, sdk())).toBe('nothing: not-admitted')
    expect(told(world({ ...state, current: 'constructor' }), sdk())).toBe('nothing: unknown-release')
  })
  it('goes down only if its own version is yanked and the app opted in', () => {
    const rolledBack = { ...state, current: '1.0.0', before: null, halted: { version: '1.1.0', reason: 'bad' } }
    const yanked = { '1.1.0': { yanked: 'bad' } }
    expect(told(world(rolledBack, yanked), sdk({ version: '1.1.0', down: true }))).toBe('1.0.0 a.appimage: down')
    expect(told(world(rolledBack, yanked), sdk({ version: '1.1.0' }))).toBe('nothing: up-to-date')
    expect(told(world(rolledBack), sdk({ version: '1.1.0', down: true }))).toBe('nothing: up-to-date')
    expect(told(world(state, yanked), sdk({ version: '1.1.0', down: true }))).toBe('nothing: up-to-date')
    expect(told(world(rolledBack, yanked), sdk({ version: '1.5.0', down: true }))).toBe('nothing: up-to-date')
    expect(told(world(rolledBack, yanked), sdk({ version: '1.1.0', down: true, client: 'electron' }))).toBe('nothing: up-to-date')
    expect(told(world(rolledBack, { ...yanked, '1.0.0': { yanked: 'also' } }), sdk({ version: '1.1.0', down: true }))).toBe(
      'nothing: yanked',
    )
    expect(told(world(rolledBack, { ...yanked, '1.0.0': { admit: {} } }), sdk({ version: '1.1.0', down: true }))).toBe(
      'nothing: not-admitted',
    )
  })
  it('refuses what it cannot compare or does not know', () => {
    expect(told(world(state), sdk({ version: 'nightly' }))).toBe('nothing: unordered')
    expect(told({ ...world({ ...state, current: 'x' }), releases: { x: entryOf('x') } }, sdk())).toBe('nothing: unordered')
    expect(told(world(state), sdk({ target: 'beos-x64' }))).toBe('nothing: unknown-target')
  })
})

describe('artifacts', () => {
  const choose = (target: string, artifacts: readonly Artifact[], more: Partial<Install> = {}): string =>
    told(world(state, { '1.1.0': { release: releaseOf('1.1.0', artifacts) } }), sdk({ target, ...more }))
  it('come for the exact target first, then universal and any, then fallbacks', () => {
    const [x64, universal, any] = [artifact('x', 'zip', 'macos-x64'), artifact('u', 'zip', 'macos-universal'), artifact('y', 'zip', 'any')]
    expect(choose('macos-x64', [any, universal, x64])).toContain(' x:')
    expect(choose('macos-x64', [any, universal])).toContain(' u:')
    expect(choose('macos-x64', [any])).toContain(' y:')
    expect(choose('macos-arm64', [x64])).toBe('nothing: no-artifact')
    expect(choose('windows-arm64', [artifact('w', 'zip', 'windows-x64')])).toContain(' w:')
    expect(choose('linux-x64-musl', [artifact('g', 'zip', 'linux-x64')])).toBe('nothing: no-artifact')
  })
  it('suit the client, its kind and what it does', () => {
    const table: [Partial<Install>, string][] = [
      [{ client: 'electron' }, '1.1.0 a.appimage: current'],
      [{ client: 'electron', kind: 'deb' }, '1.1.0 a.deb: current'],
      [{ client: 'electron', kind: 'tar.gz' }, 'nothing: no-artifact'],
      [{ client: 'electron', target: 'macos-arm64' }, '1.1.0 a.app.zip: current'],
      [{ client: 'electron', target: 'any' }, 'nothing: no-artifact'],
      [{ client: 'tauri', target: 'macos-arm64' }, '1.1.0 a.app.tar.gz: current'],
      [{ client: 'tauri', target: 'windows-arm64' }, '1.1.0 a.exe: current'],
      [{ client: 'squirrel-windows', target: 'windows-x64' }, '1.1.0 a.nupkg: current'],
      [{ client: 'squirrel-windows' }, 'nothing: no-artifact'],
      [{ client: 'apt' }, '1.1.0 a.deb: current'],
      [{ client: 'rpm' }, '1.1.0 a.rpm: current'],
      [{ client: 'sdk', kind: 'rpm' }, '1.1.0 a.rpm: current'],
      [{ client: 'sdk', target: 'macos-arm64' }, '1.1.0 a.app.zip: current'],
      [{ client: 'download', target: 'macos-arm64', version: null, kind: 'dmg' }, '1.1.0 a.dmg: current'],
      [{ client: 'winget', target: 'windows-x64', version: null }, '1.1.0 a.exe: current'],
    ]
    for (const [install, expected] of table) expect(told(world(state), sdk(install)), JSON.stringify(install)).toBe(expected)
  })
  it('prefer updates for who has it, installers for who has not, and never metadata', () => {
    const both = [artifact('i', 'zip', 'any', 'install'), artifact('m', 'zip', 'any', 'metadata'), artifact('u', 'zip', 'any', 'update')]
    expect(choose('linux-x64', both)).toContain(' u:')
    expect(choose('linux-x64', both, { version: null })).toContain(' i:')
    expect(choose('linux-x64', both.slice(1, 2))).toBe('nothing: no-artifact')
  })
  it('may be missing from the candidate alone', () => {
    const offered = world(rolling, { '1.2.0': { release: releaseOf('1.2.0', []) } })
    expect(told(offered, sdk({ manual: true }))).toBe('1.1.0 a.appimage: current')
    expect(told(offered, sdk({ manual: true, version: '1.1.0' }))).toBe('nothing: no-artifact')
  })
})

describe('electron-updater', () => {
  const uuid = (last: string): string => `11111111-2222-4333-8444-5555${last}`
  it('stages by the last four bytes of its id, and gives the others nothing', () => {
    const electron = (last: string, more: Partial<Install> = {}): string =>
      told(world(rolling), sdk({ client: 'electron', cohort: uuid(last), ...more }))
    expect(electron('19999999')).toBe('1.2.0 a.appimage: candidate')
    expect(electron('1999999a')).toBe('nothing: outside')
    expect(electron('ffffffff', { manual: true })).toBe('nothing: outside')
    expect(electron('ffffffff', { version: '1.2.0' })).toBe('nothing: up-to-date')
    expect(told(world(rolling), sdk({ client: 'electron' }))).toBe('nothing: outside')
    expect(told(world(halted), sdk({ client: 'electron', cohort: uuid('00000000') }))).toBe('1.1.0 a.appimage: current')
    expect(told(world(rolling, { '1.2.0': { yanked: 'x' } }), sdk({ client: 'electron', cohort: uuid('00000000') }))).toBe(
      '1.1.0 a.appimage: current',
    )
  })
  it('agrees with the real client on any id and percent', async () => {
    const { AppUpdater } = createRequire(import.meta.url)('electron-updater/out/AppUpdater.js') as {
      AppUpdater: { prototype: { isStagingMatch: (this: unknown, update: { stagingPercentage: number }) => Promise<boolean> } }
    }
    const judge = (id: string, stagingPercentage: number): Promise<boolean> =>
      AppUpdater.prototype.isStagingMatch.call(
        { stagingUserIdPromise: { value: Promise.resolve(id) }, _logger: { info: () => undefined } },
        { stagingPercentage },
      )
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.integer({ min: 1, max: 99 }), async (cohort, percent) => {
        const offered = world({ ...rolling, candidate: { version: '1.2.0', percent, since: state.at } })
        expect(decide(offered, sdk({ client: 'electron', cohort })).offer !== null).toBe(await judge(cohort, percent))
      }),
    )
  })
  it('reads current in a cohort copy that does not show the candidate', () => {
    const copies = Array.from({ length: 100 }, (_, copy) => told(world(rolling), sdk({ client: 'electron', copy })))
    expect(copies.filter(text => text.endsWith('candidate'))).toHaveLength(10)
    expect(copies.filter(text => text === '1.1.0 a.appimage: current')).toHaveLength(90)
  })
})

describe('the other clients', () => {
  it('hold the candidate until 100, but for cohort copies', () => {
    for (const client of ['tauri', 'velopack', 'squirrel-mac', 'apt', 'rpm', 'homebrew', 'npm', 'install', 'download'] as const) {
      const offered = world(
        rolling,
        Object.fromEntries(
          ['1.1.0', '1.2.0'].map(version => [
            version,
            {
              release: releaseOf(
                version,
                ['linux-x64', 'macos-x64'].flatMap(target =>
                  ['deb', 'rpm', 'nupkg', 'app.zip', 'app.tar.gz', 'tar.gz'].map(kind => artifact(kind, kind, target)),
                ),
              ),
            },
          ]),
        ),
      )
      const install = sdk({ client, target: client === 'squirrel-mac' ? 'macos-x64' : 'linux-x64', cohort: 'x', manual: true })
      expect(decide(offered, install), client).toMatchObject({ offer: { version: '1.1.0' }, reason: 'current' })
      expect(decide(offered, { ...install, version: '1.1.0' }), client).toEqual({ offer: null, reason: 'held' })
    }
    const shows = Array.from({ length: 100 }, (_, copy) => told(world(rolling), sdk({ client: 'tauri', copy }))).filter(text =>
      text.endsWith('candidate'),
    )
    expect(shows).toHaveLength(10)
  })
  it('compare in their own order', () => {
    const beta = { ...world({ ...state, current: '1.2.0-beta.2' }), releases: { '1.2.0-beta.2': entryOf('1.2.0-beta.2') } }
    expect(told(beta, sdk({ client: 'apt' }))).toBe('1.2.0-beta.2 a.deb: current')
    expect(told(beta, sdk({ client: 'apt', version: '1.2.0' }))).toBe('nothing: up-to-date')
    expect(told(beta, sdk({ client: 'homebrew' }))).toBe('nothing: unordered')
    expect(told(beta, sdk({ client: 'apt', version: 'x' }))).toBe('nothing: unordered')
    const rc = { ...world({ ...state, current: '1.2.0-rc10' }), releases: { '1.2.0-rc10': entryOf('1.2.0-rc10') } }
    expect(told(rc, sdk({ version: '1.2.0-rc9' }))).toBe('nothing: up-to-date')
    // dpkg has rc9 before rc10, and SemVer has not: such a version is no deb's.
    expect(told(rc, sdk({ version: '1.2.0-rc9', client: 'apt' }))).toBe('nothing: unordered')
  })
  it('Squirrel.Windows stages by four bytes in little endian and shows the others current', () => {
    const squirrel = (last: string): string =>
      told(world(rolling), sdk({ client: 'squirrel-windows', target: 'windows-x64', cohort: `11111111-2222-4333-8444-5555${last}` }))
    expect(squirrel('ffffff00')).toBe('1.2.0 a.nupkg: candidate')
    expect(squirrel('000000ff')).toBe('1.1.0 a.nupkg: current')
    expect(squirrel('zzzzzzzz')).toBe('1.1.0 a.nupkg: current')
  })
  it('Sparkle compares build numbers and waits for its group', () => {
    const phasedRelease = { ...releaseOf('1.2.0'), feeds: [{ id: 'sparkle', options: { phasedRolloutInterval: 3600 } }] }
    const offered = world(rolling, { '1.2.0': { release: phasedRelease } })
    const sparkle = (more: Partial<Install>): string => told(offered, sdk({ client: 'sparkle', target: 'macos-arm64', ...more }))
    expect(sparkle({ cohort: '0', now: '2026-11-21T10:00:00Z' })).toBe('1.2.0 a.app.zip: candidate')
    expect(sparkle({ cohort: '2', now: '2026-11-21T11:59:59Z' })).toBe('1.1.0 a.app.zip: current')
    expect(sparkle({ cohort: '2', now: '2026-11-21T12:00:00Z' })).toBe('1.2.0 a.app.zip: candidate')
    expect(sparkle({ now: '2026-11-21T15:59:59Z' })).toBe('1.1.0 a.app.zip: current')
    expect(sparkle({ cohort: '1' })).toBe('1.1.0 a.app.zip: current')
    expect(sparkle({ cohort: '6', manual: true })).toBe('1.2.0 a.app.zip: manual')
    expect(sparkle({ cohort: '0', version: '121' })).toBe('nothing: up-to-date')
    expect(sparkle({ cohort: '0', version: '120' })).toBe('1.2.0 a.app.zip: candidate')
    expect(sparkle({ version: '0.1.0' })).toBe('nothing: unordered')
    expect(sparkle({ version: null })).toBe('1.1.0 a.app.zip: current')
    expect(told(world(rolling), sdk({ client: 'sparkle', target: 'macos-arm64', cohort: '0' }))).toBe('1.1.0 a.app.zip: current')
  })
})

it('never offers what is yanked, not admitted, halted, or at or below the installed version', () => {
  const version = fc.constantFrom('1.0.0', '1.1.0', '1.2.0')
  const change = fc.record(
    { admit: fc.constantFrom<OfferedRelease['admit']>({ stable: null }, { canary: null }), yanked: fc.constantFrom('x') },
    { requiredKeys: ['admit'] },
  )
  fc.assert(
    fc.property(
      fc.dictionary(version, change),
      fc.option(version),
      fc.option(fc.record({ version, percent: fc.integer({ min: 1, max: 99 }) })),
      fc.record({
        client: fc.constantFrom(...clientIds),
        version,
        target: fc.constantFrom('linux-x64', 'macos-arm64', 'windows-x64'),
        cohort: fc.oneof(fc.uuid(), fc.string()),
        manual: fc.boolean(),
      }),
      fc.boolean(),
      (changes, current, candidate, install, isHalted) => {
        const channel = {
          ...state,
          current,
          candidate: candidate === null ? null : { ...candidate, since: state.at },
          halted: isHalted ? { version: null, reason: 'x' } : null,
        }
        const { offer, reason } = decide(world(channel, changes), install)
        if (offer === null) return
        const entry = world(channel, changes).releases[offer.version] as OfferedRelease
        expect(entry.yanked).toBeUndefined()
        expect(Object.keys(entry.admit)).toContain('stable')
        expect(compareVersions(offer.version, install.version)).toBe(1)
        expect([current, isHalted ? null : candidate?.version]).toContain(offer.version)
        if (reason === 'manual') expect(install.manual).toBe(true)
      },
    ),
    { numRuns: 2000 },
  )
})
