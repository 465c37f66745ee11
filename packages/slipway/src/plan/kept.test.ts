// A plan of a release that systems would not know for the app that they have, through the public command.
import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { writePng } from '@slipway/formats/png'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { nextVersion, smallProject, type SmallProject } from '../../../../test/kit/project.ts'

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

describeWithJudge(['makensis'], 'a plan of a release whose identifier changed', () => {
  it('says it of macOS, MSIX and NSIS too, and takes a change that is declared, this one alone', { timeout: 240_000 }, async () => {
    const old = 'org.example.one'
    const about = (version: string, id: string, app: object = {}, msix: object = {}) => ({
      targets: ['windows-x64', 'macos-arm64'],
      more: {
        app: {
          ...{ name: 'tiny', id, version, license: 'MIT', summary: 'A tiny program', publisher: 'Tiny <tiny@example.org>' },
          ...{ date: '2023-11-14', icon: 'icon.png', ...app },
        },
        packages: { msix, nsis: {}, 'app.tar.gz': true, pkg: true },
        feeds: {},
      },
    })
    const project = smallProject({ version: '1.0.0', ...about('1.0.0', old) })
    made.push(dirname(project.root))
    writeFileSync(join(project.root, 'icon.png'), writePng({ width: 512, height: 512, pixels: new Uint8Array(512 * 512 * 4).fill(200) }))
    await project.run(['keys', 'generate'])
    const ran = await project.run(['release'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const next = (version: string, ...said: readonly [string, object?, object?]): SmallProject =>
      nextVersion(project, version, about(version, ...said))
    const errorsOf = async (one: SmallProject): Promise<readonly string[]> =>
      (await one.json(['plan'])).errors.map(
        ({ code, message, where }) => `${code} ${/^\w+ of [\w.]+/.exec(message)?.[0] ?? ''} ${String(where['path'])}`,
      )
    expect(await errorsOf(next('1.0.1', old))).toEqual([])
    expect((await errorsOf(next('1.0.1', 'org.example.two'))).toSorted()).toEqual([
      'plan/changed-identity bundleId of app.tar.gz app.id',
      'plan/changed-identity bundleId of pkg app.id',
      'plan/changed-identity identifier of pkg packages.pkg.identifier',
      'plan/changed-identity identity of msix packages.msix.identity',
      'plan/changed-identity key of nsis app.id',
    ])
    expect(await errorsOf(next('1.0.1', old, {}, { publisher: 'CN=Other' }))).toEqual([
      'plan/changed-identity publisher of msix packages.msix.publisher',
    ])
    // The new value is not the one that was declared.
    expect(new Set(await errorsOf(next('1.0.1', 'org.example.two', { newIdentity: { [old]: 'org.example.three' } })))).toContain(
      'plan/untrue-identity  app.newIdentity',
    )
    const declared = next('1.0.1', 'org.example.two', { newIdentity: { [old]: 'org.example.two' } })
    expect(await errorsOf(declared)).toEqual([])
    const released = await declared.run(['release'])
    expect(released.exitCode, released.stderr).toBe(0)
    // What was declared then excuses no other change, also none back.
    const again = await errorsOf(next('1.0.2', 'org.example.three', { newIdentity: { [old]: 'org.example.two' } }))
    expect(again).toContain('plan/untrue-identity  app.newIdentity')
    expect(again).toContain('plan/changed-identity bundleId of pkg app.id')
    expect(await errorsOf(next('1.0.2', old))).toHaveLength(5)
  })
})
