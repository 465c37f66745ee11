// What a plan finds wrong before anything is built: every problem of one run, with its config path, through the public command (issue list "Bad input").
import { mkdirSync, openSync, closeSync, ftruncateSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { writePng } from '@slipway/formats/png'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallProject } from '../../../../test/kit/project.ts'

const made: string[] = []
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

const linux = ['deb', 'rpm', 'apk', 'pacman', 'appimage', 'snap']
const said = {
  name: 'tiny',
  version: '1.0.0',
  license: 'MIT',
  homepage: 'https://example.org',
  summary: 'A tiny program',
  publisher: 'Tiny <tiny@example.org>',
  date: '2023-11-14',
}
const projectOf = (app: object, more: object = {}): SmallProject => {
  const project = smallProject({
    targets: ['linux-x64', 'linux-arm64'],
    more: { app: { ...said, ...app }, feeds: {}, packages: linux, ...more },
  })
  made.push(dirname(project.root))
  return project
}
const file = (project: SmallProject, path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(project.root, path)), { recursive: true })
  writeFileSync(join(project.root, path), content)
}
const found = ({ errors }: Document): readonly string[] => errors.map(one => `${one.code} ${String(one.where['path'])}`).sort()
const png = (width: number, height: number): Uint8Array => writePng({ width, height, pixels: new Uint8Array(width * height * 4) })
const plan = (project: SmallProject): Promise<Document> => project.json(['plan'])

describe('a plan of files of the project', () => {
  it('says each that is missing or outside, once, whichever formats want it', async () => {
    const project = projectOf(
      { man: ['man/none.1', '../man/tiny.1'], completions: ['none.bash'], services: ['link.service'] },
      { packages: { deb: { scripts: { postinst: 'none.sh' } }, rpm: {}, apk: { scripts: { 'post-install': '/etc/passwd' } }, pacman: {} } },
    )
    symlinkSync('/etc/passwd', join(project.root, 'link.service'))
    const document = await plan(project)
    expect(document.exitCode).toBe(2)
    expect(found(document)).toEqual([
      'package/asset-outside app.man.1',
      'package/asset-outside packages.apk.scripts.post-install',
      'package/no-asset app.completions.0',
      'package/no-asset app.man.0',
      'package/no-asset app.services.0',
      'package/no-asset packages.deb.scripts.postinst',
    ])
    for (const { where, hint } of document.errors) expect([where['file'], hint]).not.toContain('')
  })
  it('says each that is not what it must be', async () => {
    const project = projectOf(
      { icon: 'icon.icns', category: 'Utility', man: 'man/tiny.1', services: ['tiny.service'], conffiles: ['tiny.conf'] },
      {
        packages: {
          deb: { scripts: { postinst: 'deb.sh', prerm: 'echo\nbye\n' } },
          rpm: { scripts: { post: 'rpm.sh' }, triggers: [{ when: 'triggerin', on: ['mpv'], script: 'rpm.sh' }] },
          apk: { scripts: { 'post-install': 'dos.sh' } },
          pacman: { scripts: { post_install: '#!/usr/bin/python3\n' } },
          appimage: { runtime: { x64: { path: 'runtime', sha256: '0'.repeat(64) } } },
        },
      },
    )
    file(project, 'icon.icns', png(512, 512))
    for (const path of ['man/tiny.1', 'tiny.service', 'deb.sh', 'rpm.sh', 'runtime']) file(project, path, 'no such thing\n')
    file(project, 'dos.sh', '#!/bin/sh\r\n')
    const document = await plan(project)
    expect(document.exitCode).toBe(2)
    expect(found(document)).toEqual([
      'apk/illegal-script packages.apk.scripts.post-install',
      'appimage/wrong-runtime packages.appimage.runtime.x64.sha256',
      'deb/bad-script packages.deb.scripts.postinst',
      'deb/bad-script packages.deb.scripts.prerm',
      'linux/bad-conffile app.conffiles',
      'linux/bad-icon app.icon',
      'linux/bad-man app.man',
      'linux/bad-service app.services.0',
      'pacman/illegal-script packages.pacman.scripts.post_install',
      'rpm/illegal-script packages.rpm.scripts.post',
      'rpm/illegal-script packages.rpm.triggers',
    ])
    expect(document.errors.find(one => one.code === 'linux/bad-icon')?.message).toBe('the icon "icon.icns" is a PNG under another name')
  })
  it.each([
    ['no image', 'icon.png', 'hello', 'is no image'],
    ['an Apple icon', 'icon.png', 'icns\0\0\0\x08', 'is an Apple icon (.icns)'],
    ['not square', 'icon.png', png(64, 48), 'is 64 x 48 pixels'],
    ['too small', 'icon.png', png(32, 32), 'has only 32 x 32 pixels'],
    ['cut off', 'icon.png', png(64, 64).subarray(0, 60), 'is a damaged PNG'],
    ['an SVG by another name', 'icon.png', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'is a SVG under another name'],
  ])('says of an icon that it is %s', async (_, icon, content, message) => {
    const project = projectOf({ icon, category: 'Utility' })
    file(project, icon, content)
    const { errors } = await plan(project)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'linux/bad-icon', where: { path: 'app.icon' } })
    expect(errors[0]?.message).toContain(message)
  })
  it('leaves to the build what only the build makes: an icon in the app folder, files of a command', async () => {
    const inFolder = projectOf({ icon: 'share/icon.png', category: 'Utility' })
    file(inFolder, 'bin/linux-x64/share/icon.png', png(64, 64))
    expect(found(await plan(inFolder))).toEqual([])
    const ofCommand = projectOf({ man: 'made/tiny.1' }, { build: { command: { run: 'make', out: 'bin/{target}' } } })
    expect(found(await plan(ofCommand)).filter(one => one.startsWith('package/'))).toEqual([])
  })
  it('takes what is right', async () => {
    const project = projectOf(
      { icon: 'icon.png', category: 'Utility', man: 'man/tiny.1' },
      { packages: { deb: { scripts: { postinst: 'a.sh' } } } },
    )
    file(project, 'icon.png', png(64, 64))
    file(project, 'man/tiny.1', '.TH TINY 1\n')
    file(project, 'a.sh', '#!/bin/sh\n')
    expect(await plan(project)).toMatchObject({ exitCode: 0, errors: [] })
  })
})

describe('a plan of packages', () => {
  it('says every problem of every format at once, with the rule of that format', async () => {
    const project = projectOf(
      { license: undefined, publisher: 'Tiny' },
      {
        packages: {
          deb: { package: 'T', depends: ['a >= 1'] },
          rpm: { package: 'no names', depends: ['a | b'] },
          apk: { package: '.hidden', depends: ['a | b'] },
          pacman: { package: '-dash', depends: ['a | b'] },
          snap: { name: 'UPPER' },
        },
      },
    )
    const document = await plan(project)
    expect(document.exitCode).toBe(2)
    expect(found(document)).toEqual([
      'apk/illegal-name packages.apk.package',
      'apk/illegal-relation packages.apk.depends',
      'apk/no-license app.license',
      'deb/bad-name packages.deb.package',
      'deb/bad-relation packages.deb.depends',
      'deb/no-maintainer packages.deb.maintainer',
      'pacman/illegal-name packages.pacman.package',
      'pacman/illegal-relation packages.pacman.depends',
      'rpm/illegal-name packages.rpm.package',
      'rpm/illegal-relation packages.rpm.depends',
      'rpm/no-license app.license',
      'snap/bad-name packages.snap.name',
    ])
    // Each names where its rule stands.
    for (const { message } of document.errors) expect(message).toMatch(/Debian Policy \d|\(\d\)|snap\.yaml|rpm's manual/)
  })
  it('says which version each format cannot have', async () => {
    const project = projectOf({ version: '1.0.0-nightly-7.beta' })
    const { errors } = await plan(project)
    const own = errors.filter(one => one.code.endsWith('-version'))
    expect(own.map(one => one.code).sort()).toEqual([
      'apk/illegal-version',
      'deb/bad-version',
      'pacman/illegal-version',
      'rpm/illegal-version',
    ])
    for (const { where } of own) expect(where).toMatchObject({ path: 'app.version' })
  })
  it('says which targets a format is not made for', async () => {
    const project = smallProject({ targets: ['linux-armv7'], more: { packages: ['appimage'], feeds: {} } })
    made.push(dirname(project.root))
    expect(found(await plan(project)).filter(one => one.startsWith('appimage/'))).toEqual(['appimage/no-target packages.appimage.targets'])
  })
  it('says what a builder lacks', async () => {
    const project = projectOf({}, { build: { prebuilt: { from: { 'linux-*': 'bin/{nonsense}' } } } })
    expect(found(await plan(project))).toEqual(['builders/unknown-placeholder build'])
  })
  it('says which file is beyond the limit of a format, with its specification', async () => {
    const project = projectOf({}, { packages: ['tar.gz', 'zip', 'deb', 'apk', 'pacman'] })
    const handle = openSync(join(project.root, 'bin/linux-x64/huge'), 'w')
    ftruncateSync(handle, 8 * 2 ** 30)
    closeSync(handle)
    const document = await plan(project)
    expect(document.exitCode).toBe(2)
    expect(document.errors).toHaveLength(1)
    expect(document.errors[0]).toMatchObject({
      code: 'packagers/too-large',
      where: { path: 'packages.apk', target: 'linux-x64', file: 'huge' },
    })
    expect(document.errors[0]?.message).toMatch(/8589934592 bytes.*at most 8589934591 \(.*POSIX/)
    expect(await plan(projectOf({}, { packages: ['apk'] }))).toMatchObject({ exitCode: 0 })
  })
})

describe('a plan of an app folder for Windows', () => {
  const windows = (packages: readonly string[]): SmallProject => {
    const project = smallProject({
      targets: ['windows-x64'],
      more: { app: { ...said, id: 'org.example.tiny', icon: 'icon.png' }, feeds: {}, packages },
    })
    made.push(dirname(project.root))
    file(project, 'icon.png', png(256, 256))
    return project
  }
  const folder = 'bin/windows-x64'
  it('says every name that Windows forbids, in each format, and every path that is too long', async () => {
    const project = windows(['msi', 'msix', 'nsis', 'zip'])
    for (const path of ['aux', 'lib/dot.', 'Same', 'same', `${'d'.repeat(120)}/${'e'.repeat(120)}`]) file(project, `${folder}/${path}`, 'x')
    const { errors, exitCode } = await plan(project)
    expect(exitCode).toBe(2)
    const about = errors.map(({ code, message }) => `${code} ${/^"[^"]{1,12}/.exec(message)?.[0] ?? ''}`)
    expect(new Set(about)).toEqual(
      new Set(['windows/bad-name "aux', 'windows/bad-name "lib/dot.', 'windows/same-name "Same', 'windows/long-path "dddddddddddd']),
    )
    const zipped = windows(['zip'])
    for (const path of ['aux', 'Same', 'same']) file(zipped, `${folder}/${path}`, 'x')
    expect((await plan(zipped)).errors.map(one => one.code).sort()).toEqual(['windows/bad-name', 'windows/same-name'])
  })
  it('refuses a version that a format cannot hold, or says what becomes of it; and which installer runs translated', async () => {
    const project = (options: object): SmallProject => {
      const app = { ...said, version: '1.2.3-beta.4', id: 'org.example.tiny', icon: 'icon.png' }
      const packages = { msi: options, msix: options, nsis: {} }
      const one = smallProject({
        version: app.version,
        targets: ['windows-x64', 'windows-arm64'],
        more: { app, feeds: {}, packages, channels: { beta: {} } },
      })
      made.push(dirname(one.root))
      file(one, 'icon.png', png(256, 256))
      return one
    }
    expect(found(await plan(project({})))).toEqual(['msi/prerelease app.version', 'msix/prerelease app.version'])
    const { data, errors } = await plan(project({ prerelease: 'drop' }))
    expect(errors).toEqual([])
    const [notes = []] = (data['apps'] as readonly { readonly notes: readonly { readonly file: string; readonly text: string }[] }[]).map(
      one => one.notes,
    )
    expect(notes.map(({ file: name, text }) => `${name} ${text.slice(0, 24)}`).sort()).toEqual([
      'tiny-1.2.3-beta.4-windows-arm64-setup.exe the installer itself is ',
      'tiny-1.2.3-beta.4-windows-arm64.msi its version is 1.2.3',
      'tiny-1.2.3-beta.4-windows-arm64.msix its version is 1.2.3.0',
      'tiny-1.2.3-beta.4-windows-x64.msi its version is 1.2.3',
      'tiny-1.2.3-beta.4-windows-x64.msix its version is 1.2.3.0',
    ])
    const ran = await project({ prerelease: 'drop' }).run(['plan'])
    expect(ran.stdout).toContain('windows-arm64-setup.exe: the installer itself is a program for x64')
  })
  it('says which formats end at 2 GB in total, with the limit', async () => {
    const project = windows(['msi', 'nsis', 'zip'])
    for (const path of ['one', 'two', 'three']) {
      const handle = openSync(join(project.root, folder, path), 'w')
      ftruncateSync(handle, 2 ** 30)
      closeSync(handle)
    }
    const document = await plan(project)
    expect(found(document)).toEqual(['msi/too-large packages.msi', 'nsis/too-large packages.nsis'])
    for (const { message } of document.errors) expect(message).toMatch(/the app has 32212\d+ bytes, and .* at most 2147483647 \(/)
    expect(found(await plan(windows(['msi', 'nsis'])))).toEqual([])
  })
})

describe('a plan of a release that package managers would not take for newer', () => {
  it.each([
    ['1.0.0-rc.1', '1.0.0-rc1', ['deb', 'rpm', 'apk', 'pacman'], ['apk', 'deb', 'pacman', 'rpm']],
    ['1.0.0-rc.1', '1.0.0-rc.2', ['deb', 'rpm', 'apk', 'pacman'], []],
    ['1.0.0-pre.1', '1.0.0-preview.1', ['deb', 'rpm'], ['deb']],
  ] as const)('is refused: %s, then %s', async (first, second, packages, refused) => {
    const more = { packages, feeds: {}, channels: { beta: {} } }
    const project = smallProject({ version: first, targets: ['linux-x64'], more })
    made.push(dirname(project.root))
    await project.run(['keys', 'generate'])
    const ran = await project.run(['release', '--channel', 'beta'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const next = await nextVersion(project, second, { targets: ['linux-x64'], more }).json(['plan', '--channel', 'beta'])
    expect(next.errors.map(one => `${one.code} ${String(one.where['path'])}`).sort()).toEqual(
      refused.map(id => `plan/version-order packages.${id}`),
    )
  })
})
