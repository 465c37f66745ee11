// Planned objects are exactly the objects written: for the small project, and for every example where npm's registry answers (CONTRACTS 6).
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { slipway } from '../../../../scripts/demo/slipway.ts'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { SmallOptions } from '../../../../test/kit/project.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'

// Hundreds of verifications, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 })

interface Planned {
  readonly key: string
  readonly action: 'create' | 'swap' | 'keep'
  readonly count: number
}
type Contents = ReadonlyMap<string, string>
type Run = (args: readonly string[]) => Promise<{ readonly exitCode: number; readonly stdout: string }>

const contentsOf = (bucket: string): Contents =>
  new Map(
    (existsSync(bucket) ? readdirSync(bucket, { recursive: true, withFileTypes: true }) : [])
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path.slice(bucket.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')] as const),
  )

/** Plans, releases, and holds what was planned against what is different in the bucket. */
const expectPlanned = async (run: Run, bucket: string, args: readonly string[]): Promise<void> => {
  const before = contentsOf(bucket)
  const plan = JSON.parse((await run(['plan', ...args, '--json'])).stdout) as {
    readonly apps: readonly { readonly app: string; readonly objects: readonly Planned[] }[]
  }
  // Keys are below an app's own base; with several apps that is its name.
  const base = (app: string): string => (plan.apps.length > 1 ? `${app}/` : '')
  const objects = plan.apps.flatMap(app => app.objects.map(one => ({ ...one, key: `${base(app.app)}${one.key}` })))
  expect(objects.length).toBeGreaterThan(8)
  expect(contentsOf(bucket), 'plan writes nothing').toEqual(before)
  const ran = await run(['release', ...args, '--json'])
  expect(ran.exitCode, ran.stdout).toBe(0)
  const after = contentsOf(bucket)
  const added = [...after.keys()].filter(key => !before.has(key))
  const changed = [...after].filter(([key, digest]) => before.has(key) && before.get(key) !== digest).map(([key]) => key)
  expect(
    [...before.keys()].filter(key => !after.has(key)),
    'nothing is removed',
  ).toEqual([])
  const patternOf = ({ key }: Planned): RegExp =>
    new RegExp(
      `^${key
        .split('*')
        .map(part => part.replace(/[.+^${}()|[\]\\]/g, '\\$&'))
        .join('[^/]*')}$`,
    )
  const written = new Set([...added, ...changed])
  for (const object of objects.filter(one => one.action === 'create')) {
    const matching = added.filter(key => patternOf(object).test(key))
    expect(matching, `created ${object.key}`).toHaveLength(object.count)
    for (const key of matching) written.delete(key)
  }
  for (const { key } of objects.filter(one => one.action === 'swap')) written.delete(key)
  for (const { key } of objects.filter(one => one.action === 'keep')) expect(changed, `kept ${key}`).not.toContain(key)
  expect([...written], 'written and not planned').toEqual([])
  const swapped = objects.filter(one => one.action === 'swap').map(one => one.key)
  expect(
    swapped.filter(key => !after.has(key)),
    'planned to be swapped, and not there',
  ).toEqual([])
}

const home = mkdtempSync(join(tmpdir(), 'home-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const atHome = (): Io => {
  const io = machine()
  return { ...io, host: { ...io.host, home } }
}
const twoApps: SmallOptions = {
  more: {
    apps: {
      one: { app: { name: 'one' } },
      two: { app: { name: 'two' }, packages: ['zip'], feeds: {} },
    },
    // Each app's keyring has its own name below the home folder.
    trust: {},
  },
}

describe('planned objects are the objects written', () => {
  const cases: readonly (readonly [string, SmallOptions])[] = [
    ['the small project', {}],
    [
      'six targets, all packages',
      {
        targets: ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64'],
        more: { packages: ['tar.gz', 'tar.zst', 'zip', 'binary', 'deb'] },
      },
    ],
    ['no feeds', { more: { feeds: {} } }],
    ['a staged rollout', { more: { channels: { stable: { rollout: ['5%', '100%'] } } } }],
    ['two apps', twoApps],
  ]
  it.each(cases)('%s: first, next, another channel, and again', async (_name, options) => {
    const project = smallProject(options)
    try {
      expect((await project.run(['keys', 'generate'], atHome())).stderr).toBe('')
      await expectPlanned(args => project.run(args, atHome()), project.bucket, [])
      const next = nextVersion(project, '1.1.0', options)
      await expectPlanned(args => next.run(args, atHome()), project.bucket, [])
      const canary = nextVersion(project, '1.2.0', options)
      await expectPlanned(
        args => canary.run(args, atHome()),
        project.bucket,
        ['--channel', 'canary'].filter(() => options.more?.['channels'] === undefined),
      )
    } finally {
      rmSync(dirname(project.root), { recursive: true, force: true })
    }
  })

  // Of an example whose programs hold 100 MB each, a target or two say as much as five.
  const fewer: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'cli-js': { targets: '["linux-x64"]' },
    flet: { targets: '["linux-x64","windows-x64"]', 'packages.nsis': 'false' },
  }
  const examples = join(import.meta.dirname, '../../../../examples')
  const registryAnswers =
    spawnSync('npm', ['ping'], { timeout: 20_000 }).status === 0 ||
    spawnSync('npm', ['view', 'esbuild@0.28.2', 'version'], { timeout: 20_000 }).status === 0
  const names = readdirSync(examples, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
  it.skipIf(!registryAnswers).each(names)(
    `examples/%s${registryAnswers ? '' : ' (skipped: the npm registry does not answer)'}`,
    { timeout: 300_000 },
    async name => {
      const place = mkdtempSync(join(tmpdir(), 'example-'))
      try {
        const root = join(place, 'project')
        cpSync(join(examples, name), root, { recursive: true, filter: path => !/[/\\](\.slipway|dist|release)$/.test(path) })
        const bucket = join(place, 'bucket')
        const set = {
          'store.folder.path': bucket,
          'store.folder.url': 'http://127.0.0.1:8737',
          'trust.folder': join(place, 'keys'),
          'trust.keyring': join(place, 'secret.keys'),
          'app.date': '2026-01-02',
          ...fewer[name],
        }
        const flags = ['--cwd', root, ...Object.entries(set).flatMap(([key, value]) => ['--set', `${key}=${value}`])]
        const run: Run = args => slipway([...args, ...flags], { quiet: true })
        expect((await run(['keys', 'generate'])).exitCode).toBe(0)
        await expectPlanned(run, bucket, [])
      } finally {
        rmSync(place, { recursive: true, force: true })
      }
    },
  )
})
