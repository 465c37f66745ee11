// The published JSON Schema takes what the config takes; slipway.lock; times.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { jsonSchema } from './json-schema.ts'
import { lockInput, readLock } from './lock.ts'
import { folderOf, ioWith, least, problemsOf } from './testing/project.ts'
import { durationMs, freezePattern, rolloutStep } from './time.ts'
import { config } from './schema.ts'

describe('the JSON Schema', () => {
  const validate = new Ajv2020({ strict: false, allErrors: true }).compile(jsonSchema())
  const good: readonly object[] = [
    {},
    least,
    { ...least, packages: { 'tar.gz': 9, deb: { maintainer: 'A <a@b.c>' }, zip: false }, sign: { minisign: 'env:K' } },
    {
      ...least,
      channels: { stable: { rollout: ['5% 1d', '100%'], requires: ['signatures'], freeze: ['Fri 16:00/Mon 08:00'] } },
      store: { folder: 'b' },
    },
    {
      apps: { one: { build: { prebuilt: 'a' } } },
      trust: { thresholds: { root: 2 }, freshness: '7d' },
      hooks: { beforeBuild: 'make' },
      app: { summary: 'TODO: words', homepage: 'TODO: address' },
    },
  ]
  const bad: readonly object[] = [
    { pakages: {} },
    { packages: ['dbe'] },
    { packages: { deb: { maintaner: 'x' } } },
    { targets: ['linux-x46'] },
    { channels: { stable: { rollout: ['20 1d'] } } },
    { app: { version: 3 } },
    { hooks: { beforeLunch: 'x' } },
  ]
  it.each(good.map(tree => [JSON.stringify(tree), tree] as const))('takes %s, as zod does', (_, tree) => {
    expect(config.safeParse(tree).error?.issues).toBeUndefined()
    expect([validate({ $schema: 'x', ...tree }), validate.errors]).toEqual([true, null])
  })
  it.each(bad.map(tree => [JSON.stringify(tree), tree] as const))('refuses %s, as zod does', (_, tree) => {
    expect([config.safeParse(tree).success, validate(tree)]).toEqual([false, false])
  })
  it('has the seventeen keys', () => {
    expect(
      Object.keys(jsonSchema()['properties'] as object)
        .filter(key => key !== '$schema')
        .toSorted(),
    ).toEqual(
      'app apps build channels checks evidence feeds hooks out packages people sign sources store targets trust workflow'.split(' '),
    )
  })
})

describe('slipway.lock', () => {
  it('gets missing lines, sorted, side by side; a pinned one never changes', async () => {
    const [io, root] = [ioWith(), folderOf({})]
    await Promise.all(['npm:c@1', 'npm:a@1', 'npm:b@1'].map(source => lockInput(io, root, { source, integrity: `sha512-${source}` })))
    expect(await io.files.readText(`${root}/slipway.lock`)).toBe(
      `{\n  "schema": "slipway.lock/1",\n  "inputs": {\n    "npm:a@1": "sha512-npm:a@1",\n    "npm:b@1": "sha512-npm:b@1",\n    "npm:c@1": "sha512-npm:c@1"\n  }\n}\n`,
    )
    expect((await problemsOf(lockInput(io, root, { source: 'npm:a@1', integrity: 'sha512-other' })))[0]).toMatchObject({
      code: 'lock/differs',
      exit: 'corrupt',
    })
    await lockInput(io, root, { source: 'npm:d@1', integrity: 'x' })
    expect(Object.keys(await readLock(io, root))).toHaveLength(4)
  })
  it('is refused when damaged or newer', async () => {
    for (const [text, code] of [
      ['{', 'lock/unreadable'],
      ['{"schema":"slipway.lock/1","inputs":{"a":1}}', 'lock/unreadable'],
      ['{"schema":"slipway.lock/2"}', 'lock/newer'],
    ] as const)
      expect((await problemsOf(readLock(ioWith(), folderOf({ 'slipway.lock': text })))).map(one => one.code)).toEqual([code])
    expect(await readLock(ioWith(), folderOf({}))).toEqual({})
  })
})

describe('times', () => {
  it('reads durations, steps and windows, and nothing else', () => {
    expect(['30m', '12h', '7d', '1s'].map(durationMs)).toEqual([1_800_000, 43_200_000, 604_800_000, 1000])
    for (const bad of ['', '7', '0d', '1.5h', '-1d', '7 d', '1w']) expect(durationMs(bad)).toBeNull()
    expect([rolloutStep('5% 1d'), rolloutStep('100%')]).toEqual([
      { percent: 5, stayMs: 86_400_000 },
      { percent: 100, stayMs: null },
    ])
    for (const bad of ['0%', '101%', '5.5%', '5', '5% 1', '5%  1d']) expect(rolloutStep(bad)).toBeNull()
    for (const good of ['Fri 16:00/Mon 08:00', '2026-12-20/2027-01-03']) expect(freezePattern.test(good)).toBe(true)
    for (const bad of ['Fri 24:00/Mon 08:00', '2026-13-20/2027-01-03', 'Fri 16:00/2027-01-03']) expect(freezePattern.test(bad)).toBe(false)
  })
})
