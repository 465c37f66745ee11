// Promises that a review found broken once: keys and trust before any work, time, dropped feeds, plans that bind, healing (TRUST 1 to 4, CONTRACTS 5 to 11).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fail } from '@slipway/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallOptions, SmallProject } from '../../../../test/kit/project.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'

vi.setConfig({ testTimeout: 240_000 })
const dayMs = 86_400_000

const made: string[] = []
const small = async (options: SmallOptions = {}): Promise<SmallProject> => {
  const project = smallProject(options)
  made.push(dirname(project.root))
  expect((await project.run(['keys', 'generate'])).exitCode).toBe(0)
  return project
}
afterEach(() => made.splice(0).forEach(place => rmSync(place, { recursive: true, force: true })))

const ok = async (project: SmallProject, ...args: readonly string[]): Promise<Document> => {
  const ran = await project.json(args)
  expect(ran.exitCode, `${args.join(' ')}: ${ran.stdout}`).toBe(0)
  return ran
}
const refused = async (ran: Promise<Document>, exitCode: number, code: string): Promise<Document> => {
  const document = await ran
  expect({ exitCode: document.exitCode, codes: document.errors.map(one => one.code) }).toMatchObject({
    exitCode,
    codes: expect.arrayContaining([code]) as string[],
  })
  return document
}
/** The real machine, some days from now. */
const later = (days: number): Io => {
  const io = machine()
  return { ...io, clock: { ...io.clock, now: () => io.clock.now() + days * dayMs } }
}
const bytesOf = (project: SmallProject): string =>
  readdirSync(project.bucket, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
    .map(file => `${file} ${readFileSync(file, 'latin1')}`)
    .join('\n')

describe('keys and trust are looked at before any work', () => {
  it('a refresh with another keyring changes nothing', async () => {
    const [project, other] = [await small(), await small()]
    await ok(project, 'release')
    const before = bytesOf(project)
    const ring = `trust.keyring=${join(other.secret, 'tiny.keys')}`
    await refused(project.json(['publish', '--refresh', '--set', ring]), 4, 'keys/not-trusted')
    await refused(project.json(['release', '--set', ring]), 4, 'keys/not-trusted')
    expect(bytesOf(project)).toBe(before)
    await ok(project, 'verify')
  })
  it('a missing root is said before anything is built, by every command alike', async () => {
    const project = await small()
    await ok(project, 'release')
    rmSync(join(project.keys, 'root.json'))
    rmSync(join(project.root, 'dist'), { recursive: true })
    for (const args of [
      ['release'],
      ['publish', '--refresh'],
      ['rollout', 'stable', '--halt', '--reason', 'x'],
      ['promote', '1.0.0', '--to', 'canary'],
    ])
      await refused(project.json(args), 2, 'trust/no-root')
    expect(existsSync(join(project.root, 'dist'))).toBe(false)
  })
})

describe('time', () => {
  it('a refresh after 400 days renews all that has run out', async () => {
    const project = await small()
    await ok(project, 'release')
    await refused(project.json(['verify'], later(410)), 5, 'verify/expired')
    expect((await project.json(['publish', '--refresh'], later(410))).exitCode).toBe(0)
    expect((await project.json(['verify'], later(410))).exitCode).toBe(0)
    expect((await project.json(['verify'], later(410 + 399))).exitCode).toBe(0)
  })
  it('with `live` alone it says when only `release` could help, and never promises more than the index holds', async () => {
    const project = await small()
    await ok(project, 'release')
    const file = join(project.secret, 'tiny.keys')
    const ring = JSON.parse(readFileSync(file, 'utf8')) as { keys: Record<string, unknown> }
    delete ring.keys['release']
    writeFileSync(file, JSON.stringify(ring), { mode: 0o600 })
    const soon = await project.json(['publish', '--refresh'], later(300))
    expect(soon.exitCode).toBe(0)
    expect(Date.parse(String(soon.data['expires']))).toBeLessThan(Date.now() + 401 * dayMs)
    await refused(project.json(['publish', '--refresh'], later(410)), 4, 'publish/index-expired')
  })
  it('a clock that is behind signs nothing but a halt', async () => {
    const project = await small()
    await ok(project, 'release')
    await refused(project.json(['publish', '--refresh'], later(-10)), 4, 'turn/clock-behind')
    expect((await project.json(['rollout', 'stable', '--halt', '--reason', 'bad'], later(-10))).exitCode).toBe(0)
    await ok(project, 'verify')
  })
})

describe('a plan binds', () => {
  it('its digest changes with the config and with the place', async () => {
    const project = await small()
    const digest = async (...set: readonly string[]): Promise<unknown> =>
      (await project.json(['plan', ...set.flatMap(one => ['--set', one])])).data['digest']
    const plain = await digest()
    expect(await digest()).toBe(plain)
    for (const set of [
      'app.summary=Other words',
      'store.folder.url=http://evil.example',
      `store.folder.path=${join(project.root, 'elsewhere')}`,
    ])
      expect(await digest(set), set).not.toBe(plain)
  })
  it('release --plan carries out no other one, and names the place', async () => {
    const project = await small()
    const file = join(project.root, 'plan.json')
    await ok(project, 'plan', '--out', file)
    const elsewhere = join(project.root, 'elsewhere')
    const ran = await refused(project.json(['release', '--plan', file, '--set', `store.folder.path=${elsewhere}`]), 3, 'release/other-plan')
    expect(ran.errors[0]?.where['path']).toBe('store.place')
    expect(existsSync(elsewhere)).toBe(false)
    await ok(project, 'release', '--plan', file)
  })
  it.each([['null'], ['{'], ['{"schema":"slipway.plan-file/2"}']])('a file that is no plan: %s', async text => {
    const project = await small()
    const file = join(project.root, 'plan.json')
    writeFileSync(file, text)
    const ran = await refused(project.json(['release', '--plan', file]), 2, 'release/bad-plan')
    expect(ran.errors[0]?.where['file']).toBe(file)
    await refused(project.json(['release', '--plan', join(project.root, 'none.json')]), 2, 'release/bad-plan')
  })
  it('sign and gate make the very release that publish publishes', async () => {
    const project = await small()
    await ok(project, 'gate')
    const record = join(project.root, 'dist/1.0.0/release.json')
    const gated = readFileSync(record, 'utf8')
    await ok(project, 'release')
    expect(readFileSync(record, 'utf8')).toBe(gated)
    expect(readdirSync(join(project.root, 'release/tiny/1.0.0')).filter(name => name.startsWith('completeness'))).toHaveLength(1)
  })
  it('profile dev goes to no channel but dev', async () => {
    const project = await small()
    await refused(project.json(['release', '--profile', 'dev', '--channel', 'stable']), 2, 'plan/dev-channel')
    await ok(project, 'release')
    await refused(project.json(['promote', '1.0.0', '--to', 'stable', '--profile', 'dev']), 2, 'plan/dev-channel')
  })
})

describe('what was dropped or damaged', () => {
  it('the head of a dropped target offers nothing from then on, and every later release is sound', async () => {
    const project = await small()
    await ok(project, 'release')
    const head = join(project.bucket, 'feeds/stable/electron/latest-linux-arm64.yml')
    expect(readFileSync(head, 'utf8')).toContain('1.0.0')
    const one = nextVersion(project, '1.1.0', { targets: ['linux-x64'] })
    await ok(one, 'release')
    expect(readFileSync(head, 'utf8')).toContain('version: "0.0.0"')
    expect(readFileSync(join(project.bucket, 'feeds/stable/electron/latest-linux.yml'), 'utf8')).toContain('1.1.0')
    await ok(one, 'verify')
    await ok(one, 'release')
    await ok(nextVersion(project, '1.2.0', { targets: ['linux-x64'] }), 'release')
  })
  it('a release that is refused still heals the heads that a crash left', async () => {
    const project = await small()
    await ok(project, 'release')
    const head = join(project.bucket, 'feeds/stable/tauri/latest.json')
    rmSync(head)
    const broken = nextVersion(project, '1.1.0')
    rmSync(join(project.root, 'bin/linux-x64/tiny'))
    expect((await broken.json(['release'])).exitCode).toBe(2)
    expect(readFileSync(head, 'utf8')).toContain('1.0.0')
  })
  it('every release that a channel admits is read to its last byte', async () => {
    const project = await small()
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await ok(nextVersion(project, version), 'release')
    const file = join(project.bucket, 'releases/1.0.0/tiny_1.0.0-1_amd64.deb')
    const bytes = readFileSync(file)
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
    writeFileSync(file, bytes)
    const ran = await refused(nextVersion(project, '1.2.0').json(['verify']), 5, 'verify/bad-artifact')
    expect(ran.errors[0]?.where['object']).toBe('releases/1.0.0/tiny_1.0.0-1_amd64.deb')
  })
  it.each(['evidence/1.0.0/foo', 'evidence/1.0.0/x.dsse.json', 'foo', 'tuf/evil.json', 'feeds/stable/other/x.json'])(
    'a stray %s is named; a release that meets it says what it published',
    async key => {
      const project = await small()
      await ok(project, 'release')
      mkdirSync(dirname(join(project.bucket, key)), { recursive: true })
      writeFileSync(join(project.bucket, key), 'x')
      const found = await refused(project.json(['verify']), 5, 'verify/stranger')
      expect(found.errors.map(one => one.where['object'])).toEqual([key])
      const ran = await refused(nextVersion(project, '1.1.0').json(['release']), 5, 'verify/stranger')
      expect(ran.data).toMatchObject({ apps: [{ version: '1.1.0', channel: 'stable' }] })
    },
  )
})

describe('plan says it first', () => {
  it('a published release writes nothing again, and plan knows it', async () => {
    const project = await small()
    await ok(project, 'release')
    const before = bytesOf(project)
    const plan = (await ok(project, 'plan')).data as { apps: { objects: { action: string }[] }[] }
    expect(new Set(plan.apps[0]?.objects.map(one => one.action))).toEqual(new Set(['keep']))
    await ok(project, 'release')
    expect(bytesOf(project)).toBe(before)
  })
  it('a dropped head is named before it happens', async () => {
    const project = await small()
    await ok(project, 'release')
    const one = nextVersion(project, '1.1.0', { targets: ['linux-x64'] })
    const plan = (await ok(one, 'plan')).data as { apps: { objects: { key: string; action: string }[] }[] }
    expect(plan.apps[0]?.objects).toContainEqual(
      expect.objectContaining({ key: 'feeds/stable/electron/latest-linux-arm64.yml', action: 'swap' }),
    )
    expect((await one.run(['plan'])).stdout).toContain('not served any more')
  })
})

describe('the same version again', () => {
  it('from another config: told apart from other bytes, and led to promote', async () => {
    const project = await small()
    await ok(project, 'release', '--channel', 'canary')
    const other = nextVersion(project, '1.0.0', { more: { channels: { canary: {}, stable: { rollout: ['5%'] } } } })
    const ran = await refused(other.json(['release', '--channel', 'stable']), 3, 'publish/other-config')
    expect(ran.errors[0]?.hint).toContain('slipway promote 1.0.0')
  })
  it('a candidate pushes no full release out of the channel', async () => {
    const channels = { stable: { rollout: ['5%'] }, canary: {} }
    const project = await small({ more: { channels } })
    const last = ['1.0.0', '1.1.0', '1.2.0', '1.3.0']
    for (const version of last) {
      const one = nextVersion(project, version, { more: { channels } })
      await ok(one, 'release')
      if (version !== last.at(-1)) await ok(one, 'rollout', 'stable', '--percent', '100')
    }
    await ok(nextVersion(project, '1.3.0', { more: { channels } }), 'rollback', 'stable', '--to', '1.0.0')
  })
  it('a journal that cannot be kept hides nothing of what was published', async () => {
    const project = await small()
    const io = machine()
    let lines = 0
    const append: Io['files']['append'] = async (path, bytes, options) => {
      if (path.includes('/journal/') && (lines += 1) > 1) fail('io/disk-full', 'No room is left', { hint: 'Make room.', exit: 'machine' })
      return io.files.append(path, bytes, options)
    }
    const ran = await refused(project.json(['release'], { ...io, files: { ...io.files, append } }), 4, 'io/disk-full')
    expect(ran.data).toMatchObject({ apps: [{ version: '1.0.0', channel: 'stable' }] })
    await ok(project, 'verify')
  })
  it('--resume needs something unfinished', async () => {
    const project = await small()
    await ok(project, 'release')
    rmSync(join(project.root, '.slipway/journal'), { recursive: true })
    await refused(project.json(['release', '--resume']), 2, 'release/nothing-to-resume')
  })
})
