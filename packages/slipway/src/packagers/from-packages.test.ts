// Packages that are made from other packages: when they take part, what they hold; judged by zsync, flatpak-builder and a shell.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { judge } from '../../../../test/kit/judges.ts'
import { smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'

vi.setConfig({ testTimeout: 120_000 })

const home = mkdtempSync(join(tmpdir(), 'slipway-from-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const made = (project: SmallProject): string => join(project.root, 'dist/1.0.0')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const app = { id: 'dev.example.tiny', license: 'MIT', category: 'Utility', icon: 'icon.svg', publisher: 'Tiny <tiny@example.org>' }
const icon = '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><circle cx="32" cy="32" r="30"/></svg>'

const desktop = (packages: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}): SmallProject => {
  const project = smallProject({ more: { packages, feeds: {}, ...more } })
  writeFileSync(join(project.root, 'icon.svg'), icon)
  return project
}
const set = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set', `app.${key}=${value}`])

interface Planned {
  readonly apps: readonly [
    { readonly files: readonly { readonly file: string; readonly kind: string; readonly target: string; readonly role: string }[] },
  ]
}
const planned = async (project: SmallProject): Promise<readonly string[]> => {
  const { data, stdout, exitCode } = await project.json(['plan', ...set(app)])
  expect(exitCode, stdout).toBe(0)
  return (data as unknown as Planned).apps[0].files.map(one => `${one.kind} ${one.target} ${one.role} ${one.file}`)
}

describe('what is made from packages', () => {
  it('takes part where the options of its source ask for it, once for each or once for all', async () => {
    const update = 'zsync|https://dl.example.org/tiny.AppImage.zsync'
    expect(
      (await planned(desktop({ appimage: { update }, deb: true, flatpak: true }))).filter(one => !/^(deb|appimage)/.test(one)),
    ).toEqual([
      'zsync linux-arm64 metadata tiny-1.0.0-aarch64.AppImage.zsync',
      'zsync linux-x64 metadata tiny-1.0.0-x86_64.AppImage.zsync',
      'flatpak any metadata tiny-1.0.0.flatpak.json',
    ])
    expect((await planned(desktop({ appimage: true }))).map(one => one.split(' ')[0])).toEqual(['appimage', 'appimage'])
    expect((await planned(desktop({ appimage: { update }, zsync: false }))).map(one => one.split(' ')[0])).toEqual(['appimage', 'appimage'])
  })
  it('is refused without anything to be made from', async () => {
    const { errors, exitCode } = await desktop({ 'tar.gz': true, zsync: true }).json(['plan'])
    expect([exitCode, errors.map(one => [one.code, one.where['path'], one.hint])]).toEqual([
      2,
      [['config/no-source', 'packages.zsync', 'Add packages.appimage, or take packages.zsync out.']],
    ])
  })
  it('is made with its sources where --only names it alone', async () => {
    const project = desktop({ 'tar.gz': true, deb: true, flatpak: true })
    const ran = await project.run(['package', '--only', 'flatpak', '--profile', 'dev', ...set(app)])
    expect(ran.exitCode, ran.stderr).toBe(0)
    expect(readdirSync(made(project)).toSorted()).toEqual(['tiny-1.0.0.flatpak.json', 'tiny_1.0.0-1_amd64.deb', 'tiny_1.0.0-1_arm64.deb'])
  })
  it('is made anew when its source changed, and taken from the cache when not', async () => {
    const project = desktop({ appimage: { update: 'zsync|https://dl.example.org/a.zsync' } })
    const file = join(made(project), 'tiny-1.0.0-x86_64.AppImage.zsync')
    const pack = async (summary: string): Promise<Buffer> => {
      const ran = await project.run(['package', '--profile', 'dev', ...set({ ...app, summary })])
      expect(ran.exitCode, ran.stderr).toBe(0)
      return readFileSync(file)
    }
    const first = await pack('one')
    expect(await pack('one')).toEqual(first)
    // It can be tried at once.
    expect(statSync(join(made(project), 'tiny-1.0.0-x86_64.AppImage')).mode & 0o777).toBe(0o755)
    expect(await pack('another')).not.toEqual(first)
  })
})

describe('zsync', () => {
  it('lets zsync make the new AppImage from the old one and the blocks that changed', async () => {
    const zsync = judge('zsync')
    if (zsync === undefined) return
    const project = desktop({ appimage: { update: 'zsync|https://dl.example.org/a.zsync', targets: ['linux-x64'] } })
    const ran = await project.run(['package', '--profile', 'dev', ...set({ ...app, summary: 'one' })])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const folder = made(project)
    const name = 'tiny-1.0.0-x86_64.AppImage'
    const whole = readFileSync(join(folder, name))
    const got = mkdtempSync(join(home, 'got-'))
    const old = Buffer.from(whole)
    old.fill(0x55, old.length - 5000, old.length - 3000)
    writeFileSync(join(got, 'old'), old)
    const asked: number[] = []
    const server = createServer((request, response) => {
      const bytes = readFileSync(join(folder, decodeURIComponent((request.url ?? '').slice(1))))
      const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
      if (from === undefined) return void response.end(bytes)
      const [first, last] = [Number(from), Math.min(Number(to), bytes.length - 1)]
      asked.push(last - first + 1)
      response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${bytes.length}`, 'content-length': last - first + 1 })
      return void response.end(bytes.subarray(first, last + 1))
    }).listen(0)
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.zsync`
      await new Promise<void>((resolve, reject) => {
        execFile(zsync, ['-q', '-i', 'old', '-o', 'new', url], { cwd: got }, error => (error === null ? resolve() : reject(error)))
      })
    } finally {
      server.close()
    }
    expect(sha256(readFileSync(join(got, 'new')))).toBe(sha256(whole))
    expect(asked.reduce((sum, one) => sum + one, 0)).toBeLessThan(whole.length / 4)
  })
})

interface Manifest {
  readonly id: string
  readonly command: string
  readonly 'rename-icon': string
  readonly modules: readonly [
    { readonly 'build-commands': readonly string[]; readonly sources: readonly Readonly<Record<string, string | string[]>>[] },
  ]
}

describe('flatpak', () => {
  it('names the debs by digest and address; its commands put the app below /app', async () => {
    const url = 'https://dl.example.org/pub'
    const project = smallProject({ url, more: { packages: ['deb', 'flatpak'], feeds: {} } })
    writeFileSync(join(project.root, 'icon.svg'), icon)
    const ran = await project.run(['package', ...set(app)])
    expect(ran.exitCode, ran.stderr).toBe(0)
    const folder = made(project)
    const text = readFileSync(join(folder, 'tiny-1.0.0.flatpak.json'), 'utf8')
    const manifest = JSON.parse(text) as Manifest
    const [module] = manifest.modules
    expect([manifest.id, manifest.command, manifest['rename-icon']]).toEqual(['dev.example.tiny', 'tiny', 'tiny'])
    expect(module.sources.map(one => [one['url'], one['only-arches'], one['sha256']])).toEqual(
      [
        ['tiny_1.0.0-1_amd64.deb', 'x86_64'],
        ['tiny_1.0.0-1_arm64.deb', 'aarch64'],
      ].map(([file = '', arch]) => [`${url}/releases/1.0.0/${file}`, [arch], sha256(readFileSync(join(folder, file)))]),
    )
    const root = mkdtempSync(join(home, 'flatpak-'))
    mkdirSync(join(root, 'work'))
    writeFileSync(join(root, 'work/package.deb'), readFileSync(join(folder, 'tiny_1.0.0-1_amd64.deb')))
    for (const command of module['build-commands'])
      execFileSync('/bin/sh', ['-c', command], {
        cwd: join(root, 'work'),
        env: { PATH: process.env['PATH'], FLATPAK_DEST: join(root, 'app') },
      })
    expect(readFileSync(join(root, 'app/bin/tiny'))).toEqual(readFileSync(join(project.root, 'bin/linux-x64/tiny')))
    expect(readdirSync(join(root, 'app/share')).toSorted()).toEqual(['applications', 'doc', 'icons', 'metainfo'])
    expect(readdirSync(join(root, 'app/share/applications'))).toEqual(['dev.example.tiny.desktop'])
    const builder = judge('flatpak-builder')
    if (builder === undefined) return
    const show = (file: string): string => execFileSync(builder, ['--show-manifest', file], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
    expect((JSON.parse(show(join(folder, 'tiny-1.0.0.flatpak.json'))) as Manifest).id).toBe('dev.example.tiny')
    const damaged = join(root, 'damaged.json')
    writeFileSync(damaged, text.replace('"modules"', '"module"s'))
    expect(() => show(damaged)).toThrow('Command failed')
  })
  it('refuses an id, a permission and a runtime that Flatpak does not know, and a store without an address', async () => {
    const flatpak = { permissions: ['network'], runtime: 'org freedesktop' }
    const { errors, exitCode } = await desktop({ deb: true, flatpak }).json(['plan', '--set', 'app.id=dev.tiny'])
    expect([exitCode, errors.map(one => one.code).toSorted()]).toEqual([
      2,
      ['flatpak/bad-id', 'flatpak/bad-permission', 'flatpak/bad-runtime'],
    ])
    const project = smallProject({ more: { packages: ['deb', 'flatpak'], feeds: {}, store: { folder: { path: 'bucket' } } } })
    const without = await project.json(['package', ...set(app)])
    expect([without.exitCode, without.errors.map(one => one.code)]).toEqual([2, ['plan/no-url']])
  })
})
