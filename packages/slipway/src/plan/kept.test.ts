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
    // The code is made of app.id, so that is what is declared.
    const declared = optionsOf('1.0.1', 'org.example.two')
    const app = { ...declared.more.app, newIdentity: { 'org.example.one': 'org.example.two' } }
    const said = { ...declared, more: { ...declared.more, app } }
    expect((await nextVersion(project, '1.0.1', said).json(['plan'])).errors).toEqual([])
    // A declaration of another app.id excuses nothing.
    const other = { ...declared, more: { ...declared.more, app: { ...app, newIdentity: { 'org.example.three': 'org.example.two' } } } }
    expect((await nextVersion(project, '1.0.1', other).json(['plan'])).errors.map(one => one.code)).toEqual(['plan/changed-identity'])
    expect(errors[0]?.hint).toContain('The old app.id with the new one covers')
  })
  it('is refused where it would be installed for somebody else', { timeout: 120_000 }, async () => {
    const options = (version: string, mode: string, app: object = {}) => {
      const { targets, more } = optionsOf(version, 'org.example.one', { mode })
      return { targets, more: { ...more, app: { ...more.app, ...app } } }
    }
    const project = smallProject({ version: '1.0.0', ...options('1.0.0', 'user') })
    made.push(dirname(project.root))
    await project.run(['keys', 'generate'])
    const ran = await project.run(['release'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const { errors } = await nextVersion(project, '1.0.1', options('1.0.1', 'machine')).json(['plan'])
    expect(errors.map(one => [one.code, one.where['path']])).toEqual([['plan/changed-identity', 'packages.msi.mode']])
    expect(errors[0]?.hint).not.toContain('app.id')
    const declared = nextVersion(project, '1.0.1', options('1.0.1', 'machine', { newIdentity: { 'msi for user': 'msi for machine' } }))
    expect((await declared.json(['plan'])).errors).toEqual([])
    expect(errors[0]?.hint).toContain('app.newIdentity: { "msi for user": "msi for machine" }')
    const other = nextVersion(project, '1.0.1', options('1.0.1', 'machine', { newIdentity: { 'nsis for user': 'nsis for machine' } }))
    expect((await other.json(['plan'])).errors.map(one => one.code)).toEqual(['plan/untrue-identity', 'plan/changed-identity'])
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
    // One cause is one problem, which names all that it changes.
    const { errors } = await next('1.0.1', 'org.example.two').json(['plan'])
    expect(errors.map(({ code, where }) => [code, where['path']])).toEqual([['plan/changed-identity', 'app.id']])
    expect(errors[0]?.message).toContain(`app.id was ${old} in 1.0.0`)
    for (const fact of [
      'bundleId of dmg',
      'bundleId of app.zip',
      'bundleId of app.tar.gz',
      'identifier of pkg',
      'identity of msix',
      'key of nsis',
    ])
      expect(errors[0]?.message).toContain(fact)
    expect(errors[0]?.hint).toContain(`app.newIdentity: { "${old}": "org.example.two" }`)
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
    expect(again).toContain('plan/changed-identity  app.id')
    expect(await errorsOf(next('1.0.2', old))).toEqual(['plan/changed-identity  app.id'])
  })
})
