// The same release, built twice: other folder, time zone, umask, home, locale, order of cores; every digest is the same (DESIGN 1, CONTRACTS 7).
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { smallProject } from '../kit/project.ts'

const entry = join(import.meta.dirname, '../../packages/slipway/bin/slipway.js')
const targets = ['macos-arm64', 'windows-x64', 'linux-x64', 'linux-arm64']
// All that small programs without a signature can be packed as.
const packages = [
  ...['tar.gz', 'tar.xz', 'tar.zst', 'zip', 'binary', 'deb', 'rpm', 'apk', 'pacman', 'appimage', 'snap', 'npm'],
  ...['dmg', 'app.zip', 'app.tar.gz'],
]
const app = {
  ...{
    name: 'Tiny',
    bin: 'tiny',
    id: 'dev.example.tiny',
    version: '1.0.0',
    license: 'MIT',
    homepage: 'https://example.org',
    date: '2023-11-14',
  },
  ...{ summary: 'A tiny program', publisher: 'Tiny <tiny@example.org>' },
}
const here = mkdtempSync(join(tmpdir(), 'reproducible-'))

interface Surroundings {
  readonly folder: string
  readonly umask: string
  readonly env: Readonly<Record<string, string>>
}

/** Runs `slipway sign` as a process of its own, with nothing of this one's environment. */
const sign = (root: string, { umask, env }: Omit<Surroundings, 'folder'>): { cached: number; done: number } => {
  const events = join(root, '../events.jsonl')
  const line = 'umask "$1"; shift; exec "$@"'
  const args = ['-c', line, 'sh', umask, process.execPath, entry, 'sign', '--cwd', root, '--reporter', 'none', '--events', events]
  execFileSync('/bin/sh', args, { env: { PATH: '/usr/bin:/bin', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const ends = readFileSync(events, 'utf8')
    .trim()
    .split('\n')
    .map(text => JSON.parse(text) as { type: string; step?: string; outcome?: string })
  rmSync(events)
  const packed = ends.filter(one => one.type === 'step.end' && one.step?.startsWith('package:') === true)
  return { cached: packed.filter(one => one.outcome === 'cached').length, done: packed.filter(one => one.outcome === 'done').length }
}

const digests = (root: string): Readonly<Record<string, string>> => {
  const out = join(root, 'dist/1.0.0')
  return Object.fromEntries(
    readdirSync(out)
      .sort()
      .map(name => [
        name,
        createHash('sha256')
          .update(readFileSync(join(out, name)))
          .digest('hex'),
      ]),
  )
}

/** A project in `folder`, with keys and sources of the first one; all that must not count is different. */
const copyTo = (folder: string, keys: { readonly keys: string; readonly secret: string }): string => {
  const project = smallProject({ folder, targets, more: { app, packages, feeds: {} } })
  for (const name of ['keys', 'secret'] as const) cpSync(keys[name], project[name], { recursive: true })
  return project.root
}

describe('the same release twice', () => {
  const first = join(here, 'a')
  let count = 0
  let wanted: Readonly<Record<string, string>>
  let keys: { keys: string; secret: string }
  beforeAll(async () => {
    const project = smallProject({ folder: first, targets, more: { app, packages, feeds: {} } })
    keys = project
    await project.run(['keys', 'generate'])
    count = sign(project.root, { umask: '022', env: { TZ: 'UTC', HOME: '/root', LANG: 'C' } }).done
    expect(count).toBeGreaterThan(35)
    wanted = digests(project.root)
  })
  afterAll(() => rmSync(here, { recursive: true, force: true }))

  it('holds packages, record and sums', () => {
    expect(Object.keys(wanted)).toHaveLength(count + 3 - 1)
    expect(Object.keys(wanted)).toEqual(expect.arrayContaining(['release.json', 'SHA256SUMS', 'SHA256SUMS.minisig']))
  })

  const others: readonly (readonly [string, Surroundings])[] = [
    ['in another folder', { folder: 'b/c d/é', umask: '022', env: { TZ: 'UTC', HOME: '/root' } }],
    ['east of Greenwich, under a strict umask', { folder: 'e', umask: '077', env: { TZ: 'Pacific/Kiritimati', HOME: '/nonexistent' } }],
    [
      'west of it, under an open umask, in Turkish',
      {
        folder: 'w',
        umask: '000',
        env: { TZ: 'America/Los_Angeles', HOME: join(here, 'home'), LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
      },
    ],
    [
      'in CI, coloured, with a user name',
      {
        folder: 'ci',
        umask: '027',
        env: { CI: 'true', FORCE_COLOR: '1', USER: 'somebody', LOGNAME: 'somebody', HOSTNAME: 'elsewhere', TZ: 'Asia/Kathmandu' },
      },
    ],
  ]
  it.each(others)('%s: identical digests', (_words, { folder, umask, env }) => {
    const root = copyTo(join(here, folder), keys)
    expect(sign(root, { umask, env }).cached).toBe(0)
    expect(digests(root)).toEqual(wanted)
  })

  it('with other file times, owners’ bits and an older cache: identical digests', () => {
    const root = copyTo(join(here, 'times'), keys)
    for (const target of targets) {
      const file = join(root, 'bin', target, target.startsWith('windows') ? 'tiny.exe' : 'tiny')
      utimesSync(file, 1, 1)
      chmodSync(file, 0o700)
    }
    mkdirSync(join(root, '.slipway'), { recursive: true })
    cpSync(join(first, 'project/.slipway/cache'), join(root, '.slipway/cache'), { recursive: true })
    sign(root, { umask: '022', env: { TZ: 'UTC' } })
    expect(digests(root)).toEqual(wanted)
  })

  it('from the cache: nothing is packed again, identical digests', () => {
    const root = join(first, 'project')
    rmSync(join(root, 'dist'), { recursive: true })
    expect(sign(root, { umask: '022', env: { TZ: 'Asia/Tokyo' } })).toEqual({ cached: count - 1, done: 1 })
    expect(digests(root)).toEqual(wanted)
  })

  it('differs where its inputs do: SOURCE_DATE_EPOCH, and one byte of a program', () => {
    const root = copyTo(join(here, 'other'), keys)
    sign(root, { umask: '022', env: { SOURCE_DATE_EPOCH: '1700000001' } })
    expect(digests(root)['release.json']).not.toBe(wanted['release.json'])
    const program = join(root, 'bin/linux-x64/tiny')
    writeFileSync(program, Buffer.concat([readFileSync(program), Buffer.from('.')]))
    sign(root, { umask: '022', env: {} })
    const now = digests(root)
    const changed = Object.keys(wanted).filter(name => now[name] !== wanted[name])
    expect(changed.filter(name => name.startsWith('tiny')).every(name => /linux-x64|amd64|x86_64/.test(name))).toBe(true)
    expect(changed).toEqual(expect.arrayContaining(['SHA256SUMS', 'release.json', 'tiny-1.0.0-linux-x64.tar.gz', 'tiny_1.0.0-1_amd64.deb']))
  })
})
