// Each client's version text (judged by dpkg for deb) and order.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientVersion, compareFor } from './client-version.ts'
import type { ClientVersionOptions, VersionClient } from './client-version.ts'
import { compareVersions } from './version.ts'

const run = promisify(execFile)
const dpkg = '/usr/bin/dpkg'
const dpkgOrder = async (a: string, b: string): Promise<number> => {
  for (const [relation, order] of [
    ['lt', -1],
    ['eq', 0],
  ] as const) {
    const held = await run(dpkg, ['--compare-versions', a, relation, b]).then(
      () => true,
      () => false,
    )
    if (held) return order
  }
  return 1
}
const textOf = (client: VersionClient, version: string, options?: ClientVersionOptions): string => {
  const made = clientVersion(client, version, options)
  return 'text' in made ? made.text : `refused: ${made.refused}`
}

describe('clientVersion', () => {
  it('keeps SemVer for clients that read it', () => {
    for (const client of ['tauri', 'electron', 'velopack', 'npm'] as const) {
      expect(textOf(client, '1.2.0-beta.2')).toBe('1.2.0-beta.2')
      expect(textOf(client, '1.2.0+sha')).toContain('refused')
      expect(textOf(client, 'v1.2.0')).toContain('refused')
    }
  })
  const cases: [VersionClient, string, ClientVersionOptions, string | null][] = [
    ['sparkle', '1.2.0-beta.2', { build: 1795255200 }, '1795255200'],
    ['sparkle', '1.2.0', {}, null],
    ['sparkle', '1.2.0', { build: 0 }, null],
    ['sparkle', '1.2.0', { build: 1.5 }, null],
    ['squirrel-mac', '1.2.0', {}, '1.2.0'],
    ['squirrel-mac', '1.2.0-beta.2', {}, null],
    ['squirrel-windows', '1.2.0-beta.2', {}, null],
    ['deb', '1.2.0-beta.2', {}, '1.2.0~beta.2-1'],
    ['deb', '1.2.0', { revision: '2ubuntu1' }, '1.2.0-2ubuntu1'],
    ['deb', '1.2.0', { revision: '1-2' }, null],
    ['deb', '1.2.0', { revision: '' }, null],
    ['rpm', '1.2.0-beta.2', {}, '1.2.0~beta.2-1'],
    ['rpm', '1.2.0-beta-2', {}, null],
    ['deb', '1.2.0-rc10', {}, null],
    ['deb', '1.2.0-2a', {}, null],
    ['deb', '1.2.0-rc1', {}, '1.2.0~rc1-1'],
    ['deb', '1.2.0-20260101.nightly', {}, '1.2.0~20260101.nightly-1'],
    ['rpm', '1.2.0-rc10', {}, null],
    ['rpm', '1.2.0-beta.x', {}, null],
    ['rpm', '1.2.0-20260101', {}, null],
    ['rpm', '1.2.0-rc1', {}, '1.2.0~rc1-1'],
    ['scoop', '1.2.0-beta.2', {}, '1.2.0-beta.2'],
    ['scoop', '1.2.0-rc1', {}, '1.2.0-rc1'],
    ['scoop', '1.2.0', {}, '1.2.0'],
    ['scoop', '1.2.0-canary.1', {}, null],
    ['scoop', '1.2.0-1', {}, null],
    ['winget', '1.2.0', {}, '1.2.0'],
    ['winget', '1.2.0-rc.1', {}, null],
    ['homebrew', '1.2.0-rc.1', {}, null],
    ['windows', '1.2.3', {}, '1.2.3.0'],
    ['windows', '1.2.3-beta.1', { build: 65535 }, '1.2.3.65535'],
    ['windows', '1.2.3', { build: 65536 }, null],
    ['windows', '1.2.3', { build: -1 }, null],
    ['windows', '1.65536.3', {}, null],
    ['msi', '255.255.65535', {}, '255.255.65535'],
    ['msi', '1.2.3', { build: 9 }, '1.2.3'],
    ['msi', '256.0.0', {}, null],
    ['msi', '1.0.65536', {}, null],
  ]
  it.each(cases)('%s %s %j: %s', (client, version, options, text) => {
    if (text === null) expect(textOf(client, version, options)).toContain('refused')
    else expect(textOf(client, version, options)).toBe(text)
  })
  it('keeps the order of SemVer in deb and rpm for words and numbers', () => {
    const rising = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.2',
      '1.0.0-alpha.11',
      '1.0.0-beta',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1-beta.1',
      '1.0.1',
      '1.10.0',
    ]
    for (const client of ['deb', 'rpm'] as const)
      for (const a of rising)
        for (const b of rising)
          expect(compareFor(client, textOf(client, a), textOf(client, b)), `${client} ${a} ${b}`).toBe(compareVersions(a, b))
  })
})

describe('compareFor', () => {
  // From dpkg's own tests (t-version.c) and deb-version(7).
  const table: [string, string, number][] = [
    ['0:1.0-1', '1.0-1', 0],
    ['1:0', '2', 1],
    ['1.0', '1.0-0', 0],
    ['1.0-1', '1.0', 1],
    ['1.0~beta1', '1.0', -1],
    ['1.0~~', '1.0~~a', -1],
    ['1.0~~a', '1.0~', -1],
    ['1.0~', '1.0', -1],
    ['1.0', '1.0a', -1],
    ['1.0a', '1.0+', -1],
    ['1.2.3', '1.2.3-0', 0],
    ['1.02', '1.2', 0],
    ['1.10', '1.9', 1],
    ['a', 'b', -1],
    ['1.0-1-1', '1.0-1-2', -1],
    ['0', '', 0],
    ['99999999999999999999', '99999999999999999998', 1],
    ['1.2.0~beta.2-1', '1.2.0-1', -1],
  ]
  it('is dpkg order for deb', () => {
    for (const [a, b, order] of table) {
      expect(compareFor('deb', a, b), `${a} ${b}`).toBe(order)
      expect(compareFor('deb', b, a), `${b} ${a}`).toBe(0 - order)
    }
  })
  it.skipIf(!existsSync(dpkg))('agrees with dpkg on the table and on random pairs', async () => {
    for (const [a, b, order] of table.filter(([, b]) => b !== '')) if (/^\d/.test(a)) expect(await dpkgOrder(a, b)).toBe(order)
    const part = fc.stringMatching(/^[0-9][0-9a-cA~+.]{0,5}$/)
    const debian = fc
      .tuple(fc.constantFrom('', '0:', '1:'), part, fc.constantFrom('', '-0', '-1', '-1~x', '-01', '-a+b'))
      .map(parts => parts.join(''))
    const pairs = fc.sample(fc.tuple(debian, debian), { numRuns: 150, seed: 20261121 })
    for (const [a, b] of pairs) expect(compareFor('deb', a, b), `${a} ${b}`).toBe(await dpkgOrder(a, b))
  })
  it('is rpmvercmp for rpm', () => {
    // From rpm's tests/rpmvercmp.at.
    const rows: [string, string, number][] = [
      ['1.0', '1.0', 0],
      ['1.0', '2.0', -1],
      ['2.0.1a', '2.0.1', 1],
      ['5.5p1', '5.5p2', -1],
      ['5.5p10', '5.5p1', 1],
      ['10xyz', '10.1xyz', -1],
      ['xyz10', 'xyz10.1', -1],
      ['xyz.4', '8', -1],
      ['5.5p2', '5.6p1', -1],
      ['6.0.rc1', '6.0', 1],
      ['10b2', '10a1', 1],
      ['1.0aa', '1.0a', 1],
      ['10.0001', '10.1', 0],
      ['20101121', '20101122', -1],
      ['2_0', '2.0', 0],
      ['1.0~rc1', '1.0', -1],
      ['1.0~rc1', '1.0~rc2', -1],
      ['1.0~rc1~git123', '1.0~rc1', -1],
      ['1.0^', '1.0', 1],
      ['1.0^git1', '1.0^git2', -1],
      ['1.0^git1', '1.01', -1],
      ['1.0^git1~pre', '1.0^git1', -1],
      ['1:1.0-1', '2.0-1', 1],
      ['1.0-2', '1.0-10', -1],
    ]
    for (const [a, b, order] of rows) {
      expect(compareFor('rpm', a, b), `${a} ${b}`).toBe(order)
      expect(compareFor('rpm', b, a), `${b} ${a}`).toBe(0 - order)
    }
  })
  it('is a comparison of numbers for Sparkle and Windows', () => {
    expect(compareFor('sparkle', '1795255200', '999')).toBe(1)
    expect(compareFor('sparkle', '12', '12')).toBe(0)
    expect(compareFor('windows', '1.2.3.4', '1.2.10.0')).toBe(-1)
    expect(compareFor('windows', '1.2.3', '1.2.3.0')).toBe(0)
    expect(compareFor('windows', '1.2.3', '1.2.3.1')).toBe(-1)
    expect(compareFor('windows', '1.2.3.1', '1.2.3')).toBe(1)
    expect(compareFor('msi', '1.2.3', '1.2.2')).toBe(1)
    expect(() => compareFor('sparkle', '1', '1.0-beta')).toThrow('version/not-numeric')
  })
  it('is SemVer for the others', () => {
    expect(compareFor('tauri', '1.0.0-beta.2', '1.0.0-beta.10')).toBe(-1)
    expect(() => compareFor('npm', '1.0', '1.0.0')).toThrow('version/not-semver')
  })
})
