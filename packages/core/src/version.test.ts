// SemVer against npm's semver, which is more lenient in form (v1.2.3) and the same in order.
import fc from 'fast-check'
import semver from 'semver'
import { describe, expect, it } from 'vitest'
import { channelOf, compareVersions, isPrerelease, parseVersion } from './version.ts'

const number = fc.nat(12).map(String)
const identifier = fc.oneof(number, fc.stringMatching(/^[0-9]{0,2}[a-zA-Z-][0-9a-zA-Z-]{0,2}$/))
const version = fc
  .tuple(
    fc.tuple(number, number, number),
    fc.array(identifier, { maxLength: 3 }),
    fc.array(fc.stringMatching(/^[0-9a-zA-Z-]{1,3}$/), { maxLength: 2 }),
  )
  .map(
    ([core, prerelease, build]) =>
      `${core.join('.')}${prerelease.length > 0 ? `-${prerelease.join('.')}` : ''}${build.length > 0 ? `+${build.join('.')}` : ''}`,
  )

describe('parseVersion', () => {
  it('reads the parts', () => {
    expect(parseVersion('1.20.3-beta.1+sha.00')).toEqual({ major: 1, minor: 20, patch: 3, prerelease: ['beta', '1'], build: ['sha', '00'] })
    expect(parseVersion('0.0.0')).toEqual({ major: 0, minor: 0, patch: 0, prerelease: [], build: [] })
  })
  it('reads each version that npm reads, to the same parts', () => {
    fc.assert(
      fc.property(version, text => {
        const judge = semver.parse(text)
        expect(parseVersion(text)?.prerelease).toEqual(judge?.prerelease.map(String))
        expect(parseVersion(text)?.build).toEqual(judge?.build)
      }),
    )
  })
  it('refuses what SemVer does not allow, and what npm forgives', () => {
    for (const text of [
      '',
      '1',
      '1.2',
      '1.2.3.4',
      'v1.2.3',
      '=1.2.3',
      ' 1.2.3',
      '1.2.3\n',
      '01.2.3',
      '1.2.3-',
      '1.2.3-01',
      '1.2.3-a..b',
      '1.2.3+',
      '1.2.3-ä',
      '1.2.3-a_b',
      '9007199254740992.0.0',
      `1.0.0-${'a'.repeat(260)}`,
    ])
      expect(parseVersion(text), text).toBeUndefined()
    expect(parseVersion('1.2.3-0a')).toBeDefined()
  })
})

describe('compareVersions', () => {
  it('agrees with npm', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(compareVersions(a, b)).toBe(semver.compare(a, b))
      }),
      { numRuns: 2000 },
    )
  })
  it('orders the examples of SemVer 2.0.0, 11', () => {
    const rising = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '2.0.0',
      '2.1.0',
      '2.1.1',
    ]
    for (const [i, a] of rising.entries()) for (const [j, b] of rising.entries()) expect(compareVersions(a, b)).toBe(Math.sign(i - j))
    expect(compareVersions('1.0.0+a', '1.0.0+b')).toBe(0)
  })
  it('compares numbers of any size exactly', () => {
    expect(compareVersions('1.0.0-9007199254740993', '1.0.0-9007199254740992')).toBe(1)
    expect(compareVersions('1.0.0-10000000000000000000', '1.0.0-9999999999999999999')).toBe(1)
  })
  it('takes parts as well as text', () => {
    const parts = parseVersion('1.2.0-beta.1')
    if (parts === undefined) throw new Error('unread')
    expect(compareVersions(parts, '1.2.0')).toBe(-1)
    expect(channelOf(parts)).toBe('beta')
  })
  it('refuses what is no version', () => {
    expect(() => compareVersions('1.0', '1.0.0')).toThrow('version/not-semver')
    expect(() => isPrerelease('latest')).toThrow('version/not-semver')
  })
})

it('knows pre-releases and their channel', () => {
  expect(['1.2.0', '1.2.0+x', '1.2.0-0', '1.2.0-beta.1'].map(isPrerelease)).toEqual([false, false, true, true])
  const channels = {
    '1.2.0': 'stable',
    '1.2.0+beta': 'stable',
    '1.2.0-beta.1': 'beta',
    '1.2.0-beta2': 'beta',
    '1.2.0-RC.1': 'rc',
    '1.2.0-1': 'prerelease',
    '1.2.0-alpha-x': 'alpha',
  }
  for (const [text, channel] of Object.entries(channels)) expect(channelOf(text)).toBe(channel)
})
