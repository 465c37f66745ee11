// Every feed against the conformance of its kind, and what is special to each; YAML is read by the npm packages yaml and js-yaml.
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { feedConformance, type FeedFixture } from './conformance.ts'
import { electron } from './electron.ts'
import { writeYaml } from './electron/yaml.ts'
import type { AnyFeed } from './feed.ts'
import * as feeds from './index.ts'
import { chosenFor, renderChannel, requiredPairs, servedTargets } from './render.ts'
import { tauri } from './tauri.ts'
import { readScript } from './testing/scripts.ts'
import { artifact, release, state } from './testing/releases.ts'

const { load } = createRequire(import.meta.url)('js-yaml') as { load: (text: string) => unknown }
const provider = createRequire(import.meta.url)('electron-updater/out/providers/Provider') as {
  readonly resolveFiles: (head: unknown, base: URL) => readonly unknown[]
  readonly findFile: (files: readonly unknown[], extension: string, not: readonly string[]) => unknown
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

interface ElectronHead {
  readonly version: string
  readonly files: readonly { readonly url: string; readonly sha512: string; readonly size: number }[]
  readonly releaseNotes?: string
  readonly stagingPercentage?: number
  readonly slipway: { readonly n: number }
}
interface TauriHead {
  readonly version: string
  readonly notes: string
  readonly pub_date?: string
  readonly platforms: Readonly<Record<string, { readonly url: string; readonly signature: string }>>
  readonly slipway: { readonly n: number; readonly channel: string }
}
const readElectron = (bytes: Uint8Array): ElectronHead => {
  const head = parse(text(bytes)) as ElectronHead
  expect(load(text(bytes))).toEqual(head)
  return head
}
const readTauri = (bytes: Uint8Array): TauriHead => JSON.parse(text(bytes)) as TauriHead

const fixtures: Readonly<Record<string, FeedFixture>> = {
  tauri: {
    codes: { incomplete: 'tauri/incomplete', badVersion: 'tauri/bad-version', noPackage: 'tauri/no-package', unsigned: 'tauri/unsigned' },
    packages: { 'linux-x64': 'deb', 'linux-arm64': 'appimage', 'macos-universal': 'app.tar.gz', 'windows-x64': 'nsis' },
    read: bytes => {
      const head = readTauri(bytes)
      return { version: head.version, n: head.slipway.n, notes: head.notes, urls: Object.values(head.platforms).map(one => one.url) }
    },
  },
  install: {
    codes: { incomplete: 'install/incomplete', badVersion: 'install/bad-version', noPackage: 'install/no-package' },
    packages: {
      'linux-x64': 'tar.gz',
      'linux-x64-musl': 'binary',
      'macos-universal': 'zip',
      'windows-x64': 'zip',
      'windows-arm64': 'binary',
    },
    read: bytes => readScript(text(bytes)),
  },
  electron: {
    codes: { incomplete: 'electron/incomplete', badVersion: 'electron/bad-version', noPackage: 'electron/no-package' },
    packages: {
      'linux-x64': 'deb',
      'linux-arm64': 'deb',
      'linux-armv7': 'rpm',
      'macos-arm64': 'app.zip',
      'windows-x64': 'nsis',
      'windows-arm64': 'nsis',
    },
    read: bytes => {
      const head = readElectron(bytes)
      return { version: head.version, n: head.slipway.n, notes: head.releaseNotes ?? '', urls: head.files.map(one => one.url) }
    },
  },
}
for (const unit of Object.values(feeds) as unknown as readonly AnyFeed[]) {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`feeds/${unit.id} has no conformance fixture`)
  feedConformance(unit, fixture)
}

const linux = ['linux-x64', 'linux-arm64']
const debs = linux.map(target => artifact('deb', target))
const channel = { app: 'tool', channel: 'canary', base: 'https://dl.example.org/' }
const any = (unit: unknown): AnyFeed => unit as AnyFeed

describe('choosing', () => {
  it('serves the targets whose system it knows, narrowed by patterns', () => {
    const all = ['linux-x64', 'linux-arm64', 'macos-arm64', 'any']
    expect(servedTargets(any(tauri), {}, all)).toEqual(['linux-x64', 'linux-arm64', 'macos-arm64'])
    expect(servedTargets(any(tauri), { targets: ['linux-*'] }, all)).toEqual(['linux-x64', 'linux-arm64'])
    expect(servedTargets(any(tauri), { use: ['deb'] }, all)).toEqual(['linux-x64', 'linux-arm64'])
  })
  it('takes packages in the order of serves, the exact target before a universal one, never metadata or another architecture', () => {
    const made = [
      artifact('deb', 'linux-x64'),
      artifact('appimage', 'linux-x64'),
      artifact('deb', 'linux-arm64'),
      artifact('zip', 'linux-x64'),
      artifact('rpm', 'linux-x64', { role: 'metadata' }),
    ]
    expect(chosenFor({ feed: any(tauri), options: {} }, 'linux-x64', made).map(one => one.kind)).toEqual(['appimage', 'deb'])
    expect(chosenFor({ feed: any(tauri), options: { use: ['deb'] } }, 'linux-x64', made).map(one => one.file)).toEqual([
      'tool-1.0.0-linux-x64.deb',
    ])
    const mac = [artifact('app.zip', 'macos-universal'), artifact('app.zip', 'macos-arm64')]
    expect(chosenFor({ feed: any(electron), options: {} }, 'macos-arm64', mac).map(one => one.target)).toEqual(['macos-arm64'])
    expect(chosenFor({ feed: any(electron), options: {} }, 'macos-x64', mac).map(one => one.target)).toEqual(['macos-universal'])
    expect(chosenFor({ feed: any(electron), options: {} }, 'windows-arm64', [artifact('nsis', 'windows-x64')])).toEqual([])
  })
  it('says which pairs are required', () => {
    expect(requiredPairs(any(electron), { use: ['deb'] }, ['linux-x64', 'windows-x64'])).toEqual([{ target: 'linux-x64', kinds: ['deb'] }])
  })
})

describe('tauri', () => {
  const head = (artifacts = debs, targets: readonly string[] = linux): TauriHead => {
    const current = release('1.0.0', { feed: 'tauri', targets, artifacts })
    const [file] = renderChannel({ ...channel, state: state({ current: '1.0.0' }), releases: { '1.0.0': current } })
    return readTauri(file?.bytes ?? new Uint8Array())
  }
  it('has a key with the bundle and one without, and the signature file in base64', () => {
    const { platforms, pub_date: date, slipway } = head()
    expect(Object.keys(platforms)).toEqual(['linux-aarch64', 'linux-aarch64-deb', 'linux-x86_64', 'linux-x86_64-deb'])
    expect(platforms['linux-x86_64']).toEqual(platforms['linux-x86_64-deb'])
    expect(Buffer.from(platforms['linux-x86_64']?.signature ?? '', 'base64').toString()).toBe(debs[0]?.signatures['minisign'])
    expect(date).toBe('2025-10-09T08:53:20Z')
    expect(slipway).toEqual({ n: 7, channel: 'canary' })
  })
  it('gives a universal app to both architectures, and the exact one to its own', () => {
    const targets = ['macos-universal', 'macos-arm64']
    const { platforms } = head(
      targets.map(target => artifact('app.tar.gz', target)),
      targets,
    )
    expect(Object.keys(platforms)).toEqual(['darwin-aarch64', 'darwin-aarch64-app', 'darwin-x86_64', 'darwin-x86_64-app'])
    expect(platforms['darwin-aarch64']?.url).toContain('macos-arm64')
    expect(platforms['darwin-x86_64']?.url).toContain('macos-universal')
  })
  it('names the targets that its client has no key for', () => {
    expect(tauri.check?.(['linux-x64', 'linux-x64-musl'], {} as never).map(one => one.code)).toEqual(['tauri/bad-target'])
  })
})

describe('electron', () => {
  const heads = (
    changes: Parameters<typeof state>[0],
    ...releases: readonly ReturnType<typeof release>[]
  ): Readonly<Record<string, ElectronHead>> => {
    const files = renderChannel({
      ...channel,
      state: state(changes),
      releases: Object.fromEntries(releases.map(one => [one.version, one])),
    })
    return Object.fromEntries(files.map(file => [file.path.split('/').at(-1) ?? '', readElectron(file.bytes)]))
  }
  const made = (version: string, targets = linux) =>
    release(version, { feed: 'electron', targets, artifacts: targets.map(target => artifact('deb', target)) })
  const candidate = { version: '2.0.0', percent: 10, since: '2026-01-01T00:00:00Z' }
  it('carries the percent of a candidate, and drops it at 100', () => {
    expect(heads({ current: '1.0.0', candidate }, made('1.0.0'), made('2.0.0'))['latest-linux.yml']).toMatchObject({
      version: '2.0.0',
      stagingPercentage: 10,
    })
    expect(heads({ current: '2.0.0' }, made('2.0.0'))['latest-linux.yml']?.stagingPercentage).toBeUndefined()
  })
  it('gives sizes, and digests in base64', () => {
    expect(heads({ current: '1.0.0' }, made('1.0.0'))['latest-linux.yml']?.files).toEqual([
      {
        url: 'https://dl.example.org/releases/1.0.0/tool-1.0.0-linux-x64.deb',
        sha512: Buffer.alloc(64, 0xcd).toString('base64'),
        size: 1234,
      },
    ])
  })
  it('offers a deb and an rpm side by side, and the RpmUpdater of electron-updater takes the rpm', () => {
    const artifacts = linux.flatMap(target => [artifact('deb', target), artifact('rpm', target)])
    expect(chosenFor({ feed: any(electron), options: {} }, 'linux-x64', artifacts).map(one => one.kind)).toEqual(['deb', 'rpm'])
    expect(chosenFor({ feed: any(electron), options: { use: ['rpm'] } }, 'linux-x64', artifacts).map(one => one.kind)).toEqual(['rpm'])
    const shown = heads({ current: '1.0.0' }, release('1.0.0', { feed: 'electron', targets: linux, artifacts }))
    for (const [head, target] of [
      ['latest-linux.yml', 'linux-x64'],
      ['latest-linux-arm64.yml', 'linux-arm64'],
    ] as const) {
      const files = provider.resolveFiles(shown[head], new URL('https://dl.example.org/feeds/'))
      // As out/RpmUpdater.js asks for it: nothing but url and sha512 is read.
      const found = provider.findFile(files, 'rpm', ['AppImage', 'deb', 'pacman'])
      expect(found).toMatchObject({ url: { href: `https://dl.example.org/releases/1.0.0/tool-1.0.0-${target}.rpm` }, info: { size: 1234 } })
    }
  })
  it('keeps a head alive whose target the candidate dropped', () => {
    const shown = heads({ current: '1.0.0', candidate }, made('1.0.0'), made('2.0.0', ['linux-x64']))
    expect(shown['latest-linux.yml']?.version).toBe('2.0.0')
    expect(shown['latest-linux-arm64.yml']).toMatchObject({ version: '1.0.0' })
    expect(shown['latest-linux-arm64.yml']?.stagingPercentage).toBeUndefined()
  })
  it('names the targets that its client asks no file for', () => {
    expect(electron.check?.(['linux-x64', 'linux-arm64-musl'], {} as never).map(one => one.code)).toEqual(['electron/bad-target'])
  })
  it('writes YAML that two readers read alike', () => {
    const map = { a: 'x: "y" # z\n\u0085\u2028\ufeff\u{1f680}\ud800', b: 0, c: [{ d: '', e: 1 }, { d: 'null' }], f: { g: 'true' }, h: [] }
    expect(load(writeYaml(map))).toEqual(map)
    expect(parse(writeYaml({ ...map, a: 'x\n' }))).toEqual({ ...map, a: 'x\n' })
  })
})
