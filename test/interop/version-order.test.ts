// Versions in each package format sort as SemVer does, by the format's own tool: dpkg, rpm, vercmp; for apk by a reading of its rules that is not ours.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { compareBuild } from 'semver'
import { describe, expect, it } from 'vitest'
import { apk, deb, pacman, rpm } from '../../packages/slipway/src/packagers/index.ts'
import { app, defaultsOf } from '../../packages/slipway/src/packagers/testing/trees.ts'
import { describeWithJudge } from '../kit/judges.ts'

const packagers = { deb, rpm, apk, pacman }
type Packed = 'deb' | 'rpm' | 'apk' | 'pacman'

/** The version as the format writes it, by the packager's own file name; null where it is refused. */
const textOf = (id: Packed, version: string): string | null => {
  const unit = packagers[id]
  const options = defaultsOf(unit)
  const naming = { app: { ...app, version }, target: 'linux-x64' }
  if ((unit.check?.(naming, options) ?? []).some(one => one.code.endsWith('-version'))) return null
  const name = unit.fileName(naming, options)
  const pattern = {
    deb: /^tool_(.*)_amd64\.deb$/,
    rpm: /^tool-(.*)\.x86_64\.rpm$/,
    apk: /^tool-(.*)\.x86_64\.apk$/,
    pacman: /^tool-(.*)-x86_64\.pkg/,
  }
  return pattern[id].exec(name)?.[1] ?? ''
}

// Words of which none begins another (pre and preview): dpkg would have `pre.1` after `preview` (docs/decisions/version-order.md).
const word = fc.constantFrom('alpha', 'beta', 'rc', 'dev', 'canary', 'nightly', 'next', 'snapshot')
const number = fc.oneof(fc.nat(3), fc.nat(12), fc.nat(1_000_000_000))
const core = fc.tuple(fc.nat(2), fc.oneof(fc.nat(2), fc.nat(12)), fc.oneof(fc.nat(2), fc.nat(120))).map(parts => parts.join('.'))
const dotted = fc.tuple(word, fc.array(number, { maxLength: 3 })).map(([first, rest]) => [first, ...rest].join('.'))
/** `rc1`, as many write it. A series is written in one way: `rc1` and `rc.1` are two names for one place. */
const glued = fc.tuple(word, fc.nat(9)).map(parts => parts.join(''))
const wild = fc
  .array(fc.oneof(word, number.map(String), fc.constantFrom('rc10', '2a', 'x-y', 'A', 'g1f2')), { minLength: 1, maxLength: 3 })
  .map(parts => parts.join('.'))
const versions = (prerelease: fc.Arbitrary<string>) =>
  fc
    .tuple(
      core,
      fc.oneof(
        fc.constant(''),
        prerelease.map(text => `-${text}`),
      ),
    )
    .map(parts => parts.join(''))

interface Pair {
  readonly a: string
  readonly b: string
  readonly left: string
  readonly right: string
  readonly order: number
}
/** Pairs close to each other, of versions that the format takes. */
const pairsOf = (id: Packed, prerelease: fc.Arbitrary<string>, count: number): readonly Pair[] => {
  const near = fc
    .tuple(versions(prerelease), versions(prerelease), fc.boolean())
    .map(([a, b, same]) => [a, same ? `${a.split('-')[0] ?? ''}${/-.*/.exec(b)?.[0] ?? ''}` : b] as const)
  return fc.sample(near, { numRuns: count, seed: 20261121 }).flatMap(([a, b]) => {
    const [left, right] = [textOf(id, a), textOf(id, b)]
    return left === null || right === null ? [] : [{ a, b, left, right, order: compareBuild(a, b) }]
  })
}

const dpkgOrder = ({ left, right }: Pair): number => {
  for (const [relation, order] of [
    ['lt', -1],
    ['eq', 0],
  ] as const)
    if (spawnSync('dpkg', ['--compare-versions', left, relation, right]).status === 0) return order
  return 1
}
const rpmOrders = (pairs: readonly Pair[]): readonly number[] => {
  const split = (text: string): readonly string[] => [text.slice(0, text.lastIndexOf('-')), text.slice(text.lastIndexOf('-') + 1)]
  const compare = (one: readonly string[], other: readonly string[], at: number): string =>
    `rpm.vercmp("${one[at] ?? ''}","${other[at] ?? ''}")`
  const script = pairs
    .map(({ left, right }) => {
      const [one, other] = [split(left), split(right)]
      return `c=${compare(one, other, 0)} if c==0 then c=${compare(one, other, 1)} end print(c .. "\\n")`
    })
    .join('\n')
  const said = execFileSync('rpm', ['--eval', `%{lua:${script}}`], { encoding: 'utf8' })
  return said.trim().split('\n').map(Number)
}
const apkOrders = (pairs: readonly Pair[]): readonly number[] => {
  const input = pairs.map(({ left, right }) => `${left} ${right}\n`).join('')
  return execFileSync('python3', [join(import.meta.dirname, 'apk-order.py')], { input, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

const judged: Readonly<Record<Packed, (pairs: readonly Pair[]) => readonly number[]>> = {
  deb: pairs => pairs.map(dpkgOrder),
  rpm: rpmOrders,
  apk: apkOrders,
  pacman: pairs => pairs.map(({ left, right }) => Math.sign(Number(execFileSync('vercmp', [left, right], { encoding: 'utf8' })))),
}

describeWithJudge(['dpkg', 'rpm', 'vercmp'], 'the order of versions', () => {
  describe.each(Object.keys(judged) as Packed[])('in %s', id => {
    it.each([
      ['a word and numbers', dotted, 300],
      ['a word with a digit', glued, 150],
    ] as const)('is that of SemVer: %s', { timeout: 120_000 }, (_, prerelease, count) => {
      const pairs = pairsOf(id, prerelease, count)
      expect(pairs.length).toBeGreaterThan(count / 3)
      const orders = judged[id](pairs)
      expect(pairs.filter((pair, at) => orders[at] !== pair.order).map(({ a, b, left, right }) => `${a} ${b}: ${left} ${right}`)).toEqual(
        [],
      )
    })
    it('is that of SemVer, or the version is refused', { timeout: 120_000 }, () => {
      const pairs = pairsOf(id, wild, 1500).slice(0, 200)
      const orders = judged[id](pairs)
      expect(pairs.filter((pair, at) => orders[at] !== pair.order).map(({ a, b, left, right }) => `${a} ${b}: ${left} ${right}`)).toEqual(
        [],
      )
      expect(['1.0.0-rc10', '1.0.0-2a', '1.0.0-a-b', '1.0.0+build'].map(version => textOf(id, version))).toEqual([null, null, null, null])
    })
  })
})

describe('the reading of apk’s rules', () => {
  it('knows the examples of its specification, and is no mirror of SemVer', () => {
    const rows = [
      ['1.0', '1.0', 0],
      ['1.0_alpha1', '1.0', -1],
      ['1.0_p1', '1.0', 1],
      ['1.0_rc1', '1.0_pre9', 1],
      ['1.0a', '1.0', 1],
      ['1.10', '1.9', 1],
      ['1.0-r1', '1.0-r0', 1],
      ['1.0.1', '1.0-r9', 1],
      ['1.0_alpha10', '1.0_alpha9', 1],
    ] as const
    expect(apkOrders(rows.map(([left, right]) => ({ a: '', b: '', left, right, order: 0 })))).toEqual(rows.map(([, , order]) => order))
  })
})
