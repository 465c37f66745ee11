// The plan: pure, complete, narrowed by flags; what it refuses and where (CONTRACTS 6, CONFIG 3; row A2).
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import type { PlanBody, SlipwayError } from '@slipway/core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { serveFolder } from '../../../../scripts/demo/serve.ts'
import { smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallOptions, SmallProject } from '../../../../test/kit/project.ts'
import type { Project } from '../config/project.ts'
import { readProject } from '../config/read.ts'
import { machine } from '../io/machine.ts'
import { fileNameOf } from './file-name.ts'
import { units } from './kinds.ts'
import { assertReady } from './observe.ts'
import { makePlan, planDigest } from './plan.ts'

const made: string[] = []
const small = (options: SmallOptions = {}): SmallProject => {
  const project = smallProject(options)
  made.push(dirname(project.root))
  return project
}
afterEach(() => made.splice(0).forEach(folder => rmSync(folder, { recursive: true, force: true })))

interface AppPlan {
  readonly version: string
  readonly channel: string
  readonly files: readonly {
    readonly file: string
    readonly target: string
    readonly kind: string
    readonly url: string
    readonly labels: readonly string[]
  }[]
  readonly feeds: readonly { readonly feed: string; readonly url: string; readonly files: readonly string[] }[]
  readonly objects: readonly { readonly key: string; readonly url: string; readonly action: string; readonly count: number }[]
}
const appOf = ({ data }: Document): AppPlan => (data['apps'] as readonly AppPlan[])[0] as AppPlan
const codesOf = ({ errors }: Document): readonly string[] => errors.map(one => one.code)

describe('makePlan', () => {
  const planOf = async (project: SmallProject, narrow: { targets?: string[]; only?: string[] } = {}): Promise<PlanBody> => {
    const read = await readProject(machine(), { cwd: project.root, profile: 'release', set: [] })
    return makePlan({ project: read, until: 'publish', narrow: { targets: narrow.targets ?? [], only: narrow.only ?? [] } })
  }
  it('is the same for the same project, wherever it lies, and frozen', async () => {
    const [first, second] = [small(), small()]
    const config = join(second.root, 'slipway.jsonc')
    // Only paths of the machine differ: bucket, trust folder, keyring.
    expect(readFileSync(config, 'utf8')).not.toBe(readFileSync(join(first.root, 'slipway.jsonc'), 'utf8'))
    const plans = [await planOf(first), await planOf(first), await planOf(second)]
    expect(plans[1]).toEqual(plans[0])
    expect(plans[2]).toEqual(plans[0])
    expect(new Set(plans.map(planDigest)).size).toBe(1)
    expect(() => ((plans[0] as { profile: string }).profile = 'dev')).toThrow(TypeError)
    expect(Object.isFrozen(plans[0]?.apps[0]?.artifacts[0]?.signatures)).toBe(true)
  })
  it('survives a JSON round trip, and its digest is that of its canonical form', async () => {
    const plan = await planOf(small())
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    expect(planDigest(JSON.parse(JSON.stringify(plan)) as PlanBody)).toBe(planDigest(plan))
  })
  it('names steps that stand in an order: each need is an earlier step, each id is its own', async () => {
    const { steps } = await planOf(small())
    const seen = new Set<string>()
    for (const step of steps) {
      expect(seen.has(step.id), step.id).toBe(false)
      seen.add(step.id)
    }
    for (const step of steps) for (const need of step.needs) expect(seen.has(need), `${step.id} needs ${need}`).toBe(true)
    expect(steps.filter(step => step.irreversible)).toEqual([])
  })
  it('changes its digest with what it would do', async () => {
    const digests = new Set<string>()
    for (const options of [
      {},
      { version: '1.0.1' },
      { targets: ['linux-x64'] },
      { more: { packages: ['deb'] } },
      { more: { channels: { stable: { rollout: ['10%', '100%'] } } } },
    ])
      digests.add(planDigest(await planOf(small(options))))
    expect(digests.size).toBe(5)
  })
})

describe('plan', () => {
  let project: SmallProject
  let server: Server
  let url: string
  beforeAll(async () => {
    const bare = smallProject()
    server = await serveFolder(bare.bucket, 0)
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    project = smallProject({ folder: dirname(bare.root), url })
    await project.run(['keys', 'generate'])
  })
  afterAll(() => {
    server.close()
    rmSync(dirname(project.root), { recursive: true, force: true })
  })

  it('names every file, feed, object and secret; every URL answers once it is published (A2)', async () => {
    const before = await project.json(['plan'])
    expect({ exitCode: before.exitCode, ready: before.data['ready'] }).toEqual({ exitCode: 0, ready: true })
    const { files, feeds, objects } = appOf(before)
    expect(files.map(one => one.file)).toEqual([
      'tiny-1.0.0-linux-arm64.tar.gz',
      'tiny-1.0.0-linux-x64.tar.gz',
      'tiny_1.0.0-1_amd64.deb',
      'tiny_1.0.0-1_arm64.deb',
    ])
    expect(before.data['secrets']).toEqual([{ ref: 'keyring', for: ['live', 'minisign', 'release'], state: 'present' }])
    const released = await project.json(['release'])
    expect(released.exitCode, released.stderr).toBe(0)
    expect(released.data['plan']).toBe(before.data['digest'])
    const urls = [
      ...files.map(one => one.url),
      ...feeds.map(one => one.url),
      ...objects.map(one => one.url).filter(one => !one.includes('*') && !one.includes('%2A')),
    ]
    expect(urls.length).toBeGreaterThan(20)
    for (const one of urls) expect((await fetch(one)).status, one).toBe(200)
    const after = await project.json(['plan'])
    const kept = appOf(after)
      .objects.filter(one => one.action === 'keep')
      .map(one => one.key)
    expect(kept).toEqual(expect.arrayContaining(['releases/1.0.0/release.json', 'tuf/1.root.json']))
    expect(after.data['digest']).toBe(before.data['digest'])
  })
  it('reads well as text, without colours in a pipe, and longer with --verbose', async () => {
    const { stdout } = await project.run(['plan'])
    expect(stdout).toMatch(/^tiny 1\.0\.0 to stable {6}profile release {3}no git {3}plan [0-9a-f]{8}\npackages {3}4: /)
    expect(stdout).toContain('Ready: slipway release')
    const verbose = (await project.run(['plan', '--verbose'])).stdout
    for (const word of ['tuf/', 'feeds/stable/tauri/latest.json', 'tiny_1.0.0-1_arm64.deb', 'names tiny_1.0.0-1_amd64.deb'])
      expect(verbose).toContain(word)
  })

  describe('--target and --only', () => {
    it('narrow targets and units', async () => {
      expect(
        new Set(appOf(await project.json(['plan', '--target', 'linux-arm64', '--only', 'tar.gz'])).files.map(one => one.file)),
      ).toEqual(new Set(['tiny-1.0.0-linux-arm64.tar.gz']))
      expect(appOf(await project.json(['plan', '--target', 'linux-*'])).files).toHaveLength(4)
      const packed = await project.json(['package', '--only', 'deb', '--target', 'linux-x64'])
      expect((packed.data['apps'] as readonly AppPlan[])[0]?.files.map(one => one.file)).toEqual(['tiny_1.0.0-1_amd64.deb'])
    })
    it('refuse what is unknown or empty (exit 2), and are refused by release and publish', async () => {
      expect(await project.json(['plan', '--target', 'windows-x64'])).toMatchObject({
        exitCode: 2,
        errors: [{ code: 'plan/unknown-target' }],
      })
      expect(await project.json(['plan', '--only', 'dbe'])).toMatchObject({ exitCode: 2, errors: [{ code: 'plan/unknown-unit' }] })
      for (const command of ['release', 'publish'])
        for (const flag of ['--target', '--only'])
          expect(await project.run([command, flag, 'linux-x64']), `${command} ${flag}`).toMatchObject({
            exitCode: 2,
            stderr: expect.stringContaining('command/unknown-flag'),
          })
    })
  })

  describe('release --plan', () => {
    it('carries out the plan of a file or a digest, and no other; and says where today’s differs', async () => {
      const file = join(dirname(project.root), 'plan.json')
      const { data } = await project.json(['plan', '--out', file])
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schema: 'slipway.plan-file/1', observed: { ready: true } })
      const digest = String(data['digest'])
      for (const plan of [file, digest, digest.slice(0, 8)]) expect((await project.run(['release', '--plan', plan])).exitCode, plan).toBe(0)
      expect(await project.json(['release', '--plan', '0123456789abcdef'])).toMatchObject({
        exitCode: 3,
        errors: [{ code: 'release/other-plan' }],
      })
      const other = await project.json(['release', '--plan', file, '--channel', 'canary'])
      expect(other).toMatchObject({ exitCode: 3, errors: [{ code: 'release/other-plan' }] })
      expect(other.errors[0]?.where['path']).toMatch(/^apps\.0\.channel$/)
    })
  })
})

describe('plan refuses', () => {
  const refused = async (options: SmallOptions, ...args: string[]): Promise<Document> => small(options).json(['plan', ...args])
  const shape = (code: string, path?: string): object => ({
    exitCode: 2,
    ok: false,
    errors: [{ code, ...(path === undefined ? {} : { where: { path } }) }],
  })

  it('an unknown channel, and a prerelease whose channel does not exist', async () => {
    expect(await refused({}, '--channel', 'nightly')).toMatchObject(shape('plan/unknown-channel'))
    expect(await refused({ version: '1.2.0-beta.1' })).toMatchObject(shape('plan/unknown-channel'))
    const beta = await refused({ version: '1.2.0-beta.1', more: { channels: { stable: {}, beta: {} } } })
    expect({ exitCode: beta.exitCode, channel: appOf(beta).channel }).toEqual({ exitCode: 0, channel: 'beta' })
  })
  it('a store without a public address, or one that is none', async () => {
    expect(await refused({ more: { store: { folder: { path: '/tmp/nowhere' } } } })).toMatchObject(shape('plan/no-url', 'store.folder.url'))
    expect(await refused({ more: { store: { folder: { path: '/tmp/nowhere', url: 'dl.example.org' } } } })).toMatchObject(
      shape('plan/no-url'),
    )
  })
  it('a version that the client of a feed cannot hold', async () => {
    const document = await refused({ version: '1.0.0+build.7', more: { packages: ['tar.gz'], feeds: ['install'] } })
    expect(document.errors.map(one => [one.code, one.where['path']])).toEqual([['plan/feed-version', 'feeds.install']])
    const plain = await refused({ version: '1.0.0+build.7', more: { packages: ['tar.gz'], feeds: {} } })
    expect(plain.exitCode).toBe(0)
  })
  it('of two targets that differ in the C library alone, each format takes the one that it is for', async () => {
    const project = smallProject({ targets: ['linux-x64', 'linux-x64-musl'], more: { packages: ['deb', 'apk', 'tar.gz'], feeds: {} } })
    const kinds = async (args: readonly string[]): Promise<readonly string[]> => {
      const { data } = await project.json(['plan', ...args])
      const [app] = data['apps'] as readonly [{ readonly files: readonly { readonly kind: string; readonly target: string }[] }]
      return app.files.map(one => `${one.kind} ${one.target}`).toSorted()
    }
    const all = ['apk linux-x64-musl', 'deb linux-x64', 'tar.gz linux-x64', 'tar.gz linux-x64-musl']
    expect(await kinds([])).toEqual(all)
    expect(await kinds(['--target', 'linux-x64-musl'])).toEqual(all.filter(one => one.endsWith('-musl')))
  })
  it('file names that two packages share, that no system could keep, or without a version', async () => {
    const file = 'tiny-{version}-{target}.bin'
    expect(codesOf(await refused({ more: { packages: { 'tar.gz': { file }, zip: { file } }, feeds: {} } }))).toContain('config/shared-name')
    expect(codesOf(await refused({ more: { packages: { 'tar.gz': { file: 'tiny-{version}.tar.gz' } }, feeds: {} } }))[0]).toBe(
      'config/shared-name',
    )
    for (const bad of [
      '../{target}-{version}.tgz',
      'a/{target}-{version}.tgz',
      'x\u0007{target}-{version}.tgz',
      `${'x'.repeat(260)}{target}{version}`,
    ])
      expect(codesOf(await refused({ more: { packages: { 'tar.gz': { file: bad } }, feeds: {} } }))[0], bad).toMatch(
        /^(plan\/file-name|config\/bad-file-name)$/,
      )
  })
  it('the same once more where a project did not come from a config', async () => {
    const read = await readProject(machine(), { cwd: small().root, profile: 'release', set: [] })
    const withPackages = (packages: Project['apps'][number]['packages']): Project => ({
      ...read,
      apps: read.apps.map(one => ({ ...one, packages, feeds: [] })),
    })
    const planned = (packages: Project['apps'][number]['packages']) => (): unknown =>
      makePlan({ project: withPackages(packages), until: 'publish', narrow: { targets: [], only: [] } })
    expect(planned([{ id: 'tar.gz', options: { file: 'same-{version}' } }])).toThrow('plan/same-file')
    expect(planned([{ id: 'tar.gz', options: { file: '../{target}' } }])).toThrow('plan/file-name')
  })
  it('a placeholder that nobody knows', async () => {
    expect(
      codesOf(await refused({ more: { packages: { 'tar.gz': { file: '{versoin}-{target}-{version}.tgz' } }, feeds: {} } }))[0],
    ).toMatch(/^(plan\/placeholder|config\/bad-file-name)$/)
    const app = { key: 'a', name: 'A', bin: 'a', version: '1.0.0' } as never
    expect(() => fileNameOf('{nope}', { app, target: 'linux-x64' }, 'zip')).toThrow('plan/placeholder')
    expect(fileNameOf('{name}-{version}-{os}-{arch}.{ext}', { app, target: 'linux-x64' }, 'zip')).toBe('A-1.0.0-linux-x64.zip')
  })
  it('a feed whose target has no package (B25)', async () => {
    const document = await refused({ more: { packages: ['tar.gz'] } })
    expect(document.exitCode).toBe(2)
    expect(codesOf(document)).toEqual(expect.arrayContaining(['tauri/no-package', 'electron/no-package']))
  })
  it('what the oldest system cannot read, of the unit that shapes what another one packs', async () => {
    const project = small()
    const read = await readProject(machine(), { cwd: project.root, profile: 'release', set: [] })
    const planned = (minimum: string) => (): unknown =>
      makePlan({
        project: {
          ...read,
          apps: read.apps.map(one => ({
            ...one,
            app: { ...one.app, id: 'dev.example.tiny' },
            targets: ['macos-arm64'],
            feeds: [],
            packages: [
              { id: 'app', options: { minimum } },
              { id: 'dmg', options: { compression: 'lzma' } },
            ],
          })),
        },
        until: 'package',
        narrow: { targets: [], only: [] },
      })
    expect(planned('10.14')).toThrow('dmg/old-system')
    expect(planned('10.15')).not.toThrow()
  })
  it('a unit that does not exist: our own mistake', () => {
    expect(() => units.packagers('nope')).toThrow('plan/no-unit')
  })
})

describe('what is missing', () => {
  it('is said by plan, and stops release before any work (exit 4)', async () => {
    const project = small()
    const planned = await project.json(['plan'])
    expect({ exitCode: planned.exitCode, ready: planned.data['ready'] }).toEqual({ exitCode: 0, ready: false })
    expect(planned.data['secrets']).toEqual([expect.objectContaining({ ref: 'keyring', state: 'missing' })])
    const released = await project.json(['release'])
    expect(released).toMatchObject({ exitCode: 4, errors: [{ code: 'plan/secret-missing' }] })
  })
  it('a store that takes nothing: the plan says so, and nothing is made', async () => {
    const project = small()
    await project.run(['keys', 'generate'])
    writeFileSync(project.bucket, 'in the way')
    expect(await project.json(['plan'])).toMatchObject({ exitCode: 0, data: { ready: false, questions: [{ code: 'folder/no-folder' }] } })
    expect((await project.run(['plan'])).stdout).toMatch(/\nstore +\S+bucket is no folder[^]*1 faults of the store/)
    expect(await project.json(['release'])).toMatchObject({ exitCode: 4, errors: [{ code: 'folder/no-folder' }] })
    expect(existsSync(join(project.root, 'dist'))).toBe(false)
    expect((await project.json(['sign'])).exitCode).toBe(0)
  })
  it('a tool, all at once with a secret', () => {
    const observed = {
      secrets: [{ ref: 'env:A', for: ['minisign'], state: 'missing' as const }],
      tools: [
        { tool: 'makensis', version: null },
        { tool: 'git', version: '2' },
      ],
      apps: [],
      store: [],
      ready: false,
    }
    let thrown: unknown
    try {
      assertReady({ questions: [] } as unknown as Project, observed)
    } catch (error) {
      thrown = error
    }
    expect((thrown as SlipwayError).problems.map(one => one.code)).toEqual(['plan/secret-missing', 'plan/tool-missing'])
  })
  it('a date: no git, no SOURCE_DATE_EPOCH, no app.date', async () => {
    const project = small()
    const config = join(project.root, 'slipway.jsonc')
    writeFileSync(config, readFileSync(config, 'utf8').replace(/,\s*"date": "[^"]*"/, ''))
    await project.run(['keys', 'generate'])
    const io = machine()
    const bare = {
      ...io,
      secrets: { ...io.secrets, env: (name: string) => (name === 'SOURCE_DATE_EPOCH' ? undefined : io.secrets.env(name)) },
    }
    expect(codesOf(await project.json(['release'], bare))).toEqual(['plan/no-date'])
  })
})

describe('profile dev', () => {
  it('reads no secret, labels every file, and takes no channel but dev', async () => {
    const project = small()
    const io = machine()
    const asked: string[] = []
    const secret = (name: string): string | undefined => {
      asked.push(name)
      return undefined
    }
    const blind = { ...io, secrets: { ...io.secrets, secret } }
    const planned = await project.json(['plan', '--profile', 'dev'], blind)
    expect({ exitCode: planned.exitCode, errors: planned.errors }).toEqual({ exitCode: 0, errors: [] })
    const app = appOf(planned)
    expect({ channel: app.channel, secrets: planned.data['secrets'] }).toEqual({ channel: 'dev', secrets: [] })
    expect(app.files.every(one => one.labels.includes('dev'))).toBe(true)
    const signed = await project.json(['sign', '--profile', 'dev'], blind)
    expect({ exitCode: signed.exitCode, errors: signed.errors }).toEqual({ exitCode: 0, errors: [] })
    expect(asked.filter(name => name !== 'SLIPWAY_KEYS_PASSWORD' && name !== 'SLIPWAY_KEYS')).toEqual([])
  })
})
