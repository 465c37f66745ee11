// A plan of a release that systems would not know for the app that they have, through the public command.
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'

const made: string[] = []
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

const optionsOf = (version: string, id: string, msi: unknown = true) => ({
  targets: ['windows-x64'],
  more: {
    app: { name: 'tiny', id, version, license: 'MIT', summary: 'A tiny program', publisher: 'Tiny <tiny@example.org>', date: '2023-11-14' },
    packages: { msi },
    feeds: {},
  },
})

describe('a plan of a release that Windows would not take for the same app', () => {
  it('is refused with the old code, and taken where that is kept', { timeout: 120_000 }, async () => {
    const project = smallProject({ version: '1.0.0', ...optionsOf('1.0.0', 'org.example.one') })
    made.push(dirname(project.root))
    await project.run(['keys', 'generate'])
    expect((await project.json(['plan'])).errors).toEqual([])
    const ran = await project.run(['release'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const next = (id: string, msi?: unknown) => nextVersion(project, '1.0.1', optionsOf('1.0.1', id, msi)).json(['plan'])
    expect((await next('org.example.one')).errors).toEqual([])
    const { errors } = await next('org.example.two')
    expect(errors.map(one => [one.code, one.where['path']])).toEqual([['plan/changed-identity', 'packages.msi.upgradeCode']])
    const [, old = ''] = /upgradeCode of msi was (\{[0-9A-F-]{36}\}) in 1\.0\.0/.exec(errors[0]?.message ?? '') ?? []
    expect(errors[0]?.hint).toContain(`packages.msi.upgradeCode: "${old}"`)
    expect((await next('org.example.two', { upgradeCode: old })).errors).toEqual([])
  })
})
