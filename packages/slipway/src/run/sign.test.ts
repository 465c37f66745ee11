// What `sign` and `gate` leave behind: which files say that they are signed, and what a narrowed run may write.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallProject } from '../../../../test/kit/project.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let project: SmallProject
beforeEach(async () => {
  project = smallProject()
  expect((await project.run(['keys', 'generate'])).exitCode).toBe(0)
})
afterEach(() => rmSync(dirname(project.root), { recursive: true, force: true }))

const out = (...path: readonly string[]): string => join(project.root, 'dist/1.0.0', ...path)
const ok = async (...args: readonly string[]): Promise<Document> => {
  const ran = await project.json(args)
  expect(ran.exitCode, `${args.join(' ')}: ${ran.stdout}`).toBe(0)
  return ran
}
interface Named {
  readonly file: string
  readonly signed: string
  readonly signatures: Readonly<Record<string, string>>
}
const artifactsIn = (path: string): readonly Named[] =>
  (JSON.parse(readFileSync(path, 'utf8')) as { readonly artifacts: readonly Named[] }).artifacts

describe('sign', () => {
  it('says of no package that it holds a signature, when it lies beside one', async () => {
    await ok('sign')
    const artifacts = artifactsIn(out('release.json'))
    expect(artifacts.map(one => [Object.keys(one.signatures), one.signed])).toEqual(artifacts.map(() => [['minisign'], 'no']))
    expect(artifacts).toHaveLength(4)
  })
  it('narrowed leaves the record and sums of the whole release alone', async () => {
    await ok('sign')
    const whole = ['release.json', 'SHA256SUMS', 'SHA256SUMS.minisig'].map(file => readFileSync(out(file), 'utf8'))
    for (const command of ['sign', 'gate']) {
      rmSync(out('narrowed'), { recursive: true, force: true })
      // The gate says that a part is not complete, and is right.
      expect((await project.json([command, '--target', 'linux-arm64'])).exitCode).toBe(command === 'sign' ? 0 : 3)
      expect(['release.json', 'SHA256SUMS', 'SHA256SUMS.minisig'].map(file => readFileSync(out(file), 'utf8'))).toEqual(whole)
      expect(readdirSync(out('narrowed'))).toEqual(['SHA256SUMS', 'SHA256SUMS.minisig', 'release.json'])
      expect(artifactsIn(out('narrowed/release.json')).map(one => one.file)).toEqual([
        'tiny-1.0.0-linux-arm64.tar.gz',
        'tiny_1.0.0-1_arm64.deb',
      ])
    }
  })
  it('by --only alone is whole', async () => {
    await ok('sign', '--only', 'minisign')
    await ok('gate', '--only', 'completeness,signatures')
    expect(existsSync(out('narrowed'))).toBe(false)
    expect(artifactsIn(out('release.json'))).toHaveLength(4)
  })
})
