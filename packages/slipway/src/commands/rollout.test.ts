// slipway rollout: shows without a secret, looks at its flags before it opens anything, and keeps to freeze windows.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 })

const stable = { rollout: ['5%', '25%', '100%'] }
let project: SmallProject
beforeAll(async () => {
  const first = smallProject({ more: { channels: { stable } } })
  for (const args of [['keys', 'generate'], ['release'], ['rollout', 'stable', '--percent', '100']])
    expect((await first.run(args)).exitCode, args.join(' ')).toBe(0)
  project = nextVersion(first, '1.1.0', { more: { channels: { stable } } })
  expect((await project.run(['release'])).exitCode).toBe(0)
})
afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

const contents = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(project.bucket, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path, readFileSync(path, 'latin1')]),
  )
const withoutSecrets = async (work: () => Promise<void>): Promise<void> => {
  const aside = `${project.secret}.aside`
  renameSync(project.secret, aside)
  mkdirSync(project.secret)
  try {
    await work()
  } finally {
    rmSync(project.secret, { recursive: true })
    renameSync(aside, project.secret)
  }
}

describe('rollout CHANNEL', () => {
  it('shows what is committed without a secret, and changes nothing', async () => {
    const before = contents()
    await withoutSecrets(async () => {
      expect(await project.json(['rollout', 'stable'])).toMatchObject({
        exitCode: 0,
        data: { channel: 'stable', current: '1.0.0', candidate: { version: '1.1.0', percent: 5 }, changed: false },
      })
      expect((await project.run(['rollout', 'stable'])).stdout).toMatch(/^stable is at 1\.0\.0, 1\.1\.0 for 5 % \(change \d+\)\n$/)
      expect(await project.json(['rollout', 'nightly'])).toMatchObject({ exitCode: 3, errors: [{ code: 'channel/unknown' }] })
    })
    expect(contents()).toEqual(before)
  })
  it('looks at its flags before a key is opened', async () => {
    await withoutSecrets(async () => {
      expect(await project.json(['rollout', 'stable', '--percent', '101'])).toMatchObject({ errors: [{ code: 'rollout/bad-percent' }] })
      expect(await project.json(['rollout', 'stable', '--halt'])).toMatchObject({ errors: [{ code: 'rollout/no-reason' }] })
      expect((await project.json(['rollout', 'stable', '--percent', '10'])).exitCode).toBe(4)
    })
  })
  it('moves nothing inside a freeze window, but halts', async () => {
    const frozen = nextVersion(project, '1.1.0', { more: { channels: { stable: { ...stable, freeze: ['2020-01-01/2999-12-31'] } } } })
    const before = contents()
    for (const move of [['--percent', '10'], ['--next'], ['--resume']])
      expect({ move, ...(await frozen.json(['rollout', 'stable', ...move])) }).toMatchObject({
        move,
        exitCode: 3,
        errors: [{ code: 'publish/frozen' }],
      })
    expect(contents()).toEqual(before)
    expect(await frozen.json(['rollout', 'stable', '--halt', '--reason', 'crashes'])).toMatchObject({ exitCode: 0 })
    expect(await frozen.json(['rollout', 'stable', '--resume'])).toMatchObject({ exitCode: 3, errors: [{ code: 'publish/frozen' }] })
  })
})
