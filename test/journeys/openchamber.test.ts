// OpenChamber's plan as a story: a desktop app with two channels on a bucket of one's own, by hand, without CI (rows A…, pains P…).
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf as blake2b, parsePublicKey, verifyDigest } from '@slipway/formats/minisign'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { machine } from '../../packages/slipway/src/io/machine.ts'
import { checkWithElectronUpdater } from '../kit/electron-client.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { done, fetched, openStage, says } from './stage.ts'
import type { Stage } from './stage.ts'

interface File {
  readonly file: string
  readonly kind: string
  readonly role: string
  readonly target: string
  readonly url: string
  readonly sha256: string
  readonly labels: readonly string[]
}
const filesOf = (data: Readonly<Record<string, unknown>>): readonly File[] =>
  (data['apps'] as readonly { files: readonly File[] }[])[0]?.files ?? []

let stage: Stage
const order: string[] = []
let released: readonly File[]
beforeAll(async () => {
  stage = await openStage({
    name: 'OpenChamber',
    bin: 'openchamber',
    targets: ['linux-x64', 'linux-arm64', 'macos-arm64'],
    config: { packages: ['zip', 'tar.gz', 'deb'], feeds: { tauri: { targets: ['linux-*'] }, electron: { targets: ['linux-*'] } } },
    prepare: root => {
      for (const target of ['linux-x64', 'macos-arm64']) {
        const folder = join(root, 'bin', target, 'Frameworks')
        mkdirSync(join(folder, 'A'), { recursive: true })
        writeFileSync(join(folder, 'A/library'), 'code', { mode: 0o755 })
        writeFileSync(join(folder, 'A/data'), 'data', { mode: 0o644 })
        rmSync(join(folder, 'Current'), { force: true })
        symlinkSync('A', join(folder, 'Current'))
      }
    },
  })
  const io = machine()
  // Every object in the order in which it came to stand in the bucket.
  const noted = (path: string): void =>
    void (path.startsWith(`${stage.project.bucket}/`) && order.push(path.slice(stage.project.bucket.length + 1)))
  const noting = {
    ...io,
    secrets: { ...io.secrets, env: (name: string) => (name === 'SOURCE_DATE_EPOCH' ? '1700000000' : io.secrets.env(name)) },
    files: {
      ...io.files,
      create: (...args: Parameters<typeof io.files.create>) => io.files.create(...args).then(made => (made && noted(args[0]), made)),
      write: (...args: Parameters<typeof io.files.write>) => io.files.write(...args).then(() => noted(args[0])),
    },
  }
  const ran = await stage.at('1.0.0').json(['release', '--channel', 'canary'], noting)
  expect(ran.exitCode, ran.stdout).toBe(0)
  released = filesOf(ran.data)
})
afterAll(() => stage.close())

describe('publishing', () => {
  it('A1: one destination stands in the config, and everything goes there and nowhere else', () => {
    const config = readFileSync(join(stage.project.root, 'slipway.jsonc'), 'utf8')
    expect(config.split(stage.url)).toHaveLength(2)
    expect(order.length).toBeGreaterThan(15)
    expect(order.every(key => /^(drafts|releases|tuf|feeds|evidence)\//.test(key))).toBe(true)
  })
  it('A2: every URL follows from one template, is planned, and answers', async () => {
    for (const { url, file, sha256 } of released) {
      expect(url).toBe(`${stage.url}/releases/1.0.0/${file}`)
      expect(
        createHash('sha256')
          .update(await fetched(url))
          .digest('hex'),
      ).toBe(sha256)
    }
    const planned = filesOf((await stage.at('1.0.0').json(['plan'])).data)
    expect(planned.map(one => one.url)).toEqual(released.map(one => one.url))
  })
  it('A25: prints one URL a file, for people and for machines; other bytes under the same name are refused', async () => {
    const project = stage.at('1.0.0')
    const { stdout } = await project.run(['publish', '--channel', 'canary'])
    for (const { url } of released) expect(stdout).toContain(url)
    const program = join(project.root, 'bin/linux-x64/openchamber')
    const right = readFileSync(program)
    writeFileSync(program, Buffer.concat([right, Buffer.from('x')]))
    const before = await fetched(released[0]?.url ?? '')
    expect(await project.json(['publish', '--channel', 'canary'])).toMatchObject({
      exitCode: 3,
      errors: [{ code: 'publish/version-taken' }],
    })
    expect((await fetched(released[0]?.url ?? '')).equals(before)).toBe(true)
    writeFileSync(program, right)
  })
  it('P14: heads come last and whole, so that no client ever meets a feed without its files; a missing feed is an error, not "no update"', async () => {
    const last = (start: string): number => order.findLastIndex(key => key.startsWith(start))
    const first = (start: string): number => order.findIndex(key => key.startsWith(start))
    expect(last('releases/')).toBeLessThan(first('tuf/timestamp.json'))
    expect(last('evidence/')).toBeLessThan(first('tuf/timestamp.json'))
    expect(first('tuf/timestamp.json')).toBeLessThan(first('feeds/'))
    const ask = (channel: string) =>
      checkWithElectronUpdater({
        feedUrl: `${stage.url}/feeds/${channel}/electron`,
        version: '0.9.0',
        arch: 'x64',
        folder: mkdtempSync(join(stage.base, 'client-')),
      })
    expect((await ask('canary')).offered).toBe('1.0.0')
    const none = await ask('nightly')
    expect({ offered: none.offered, said: none.error?.includes('ERR_UPDATER_CHANNEL_FILE_NOT_FOUND') }).toEqual({
      offered: null,
      said: true,
    })
  })
  it('A4: the index lists every package of each architecture by its role; each one that is lost is named', async () => {
    const record = JSON.parse((await fetched(`${stage.url}/releases/1.0.0/release.json`)).toString()) as { artifacts: readonly File[] }
    for (const target of ['linux-x64', 'linux-arm64', 'macos-arm64'])
      for (const kind of ['zip', 'tar.gz'])
        expect(record.artifacts.filter(one => one.target === target && one.kind === kind).map(one => one.role)).toEqual(['both'])
    // A18: macOS asks for a signature, and nobody signs here; Linux asks for none.
    expect(Object.groupBy(record.artifacts, one => one.labels.join())).toMatchObject({
      unsigned: expect.arrayContaining([expect.objectContaining({ target: 'macos-arm64' })]) as unknown,
      '': expect.arrayContaining([expect.objectContaining({ target: 'linux-x64' })]) as unknown,
    })
    expect(record.artifacts.filter(one => one.labels.includes('unsigned')).every(one => one.target.startsWith('macos-'))).toBe(true)
    const path = join(stage.project.bucket, 'releases/1.0.0/openchamber-1.0.0-macos-arm64.zip')
    const bytes = readFileSync(path)
    rmSync(path)
    expect(await stage.at('1.0.0').json(['verify'])).toMatchObject({
      exitCode: 5,
      errors: [{ code: 'verify/missing', where: { object: 'releases/1.0.0/openchamber-1.0.0-macos-arm64.zip' } }],
    })
    writeFileSync(path, bytes)
  })
})

describe('two channels', () => {
  it('A6: are feeds of their own: what is on canary is not on stable', async () => {
    expect((await fetch(`${stage.url}/feeds/stable/tauri/latest.json`)).status).toBe(404)
    const canary = JSON.parse((await fetched(`${stage.url}/feeds/canary/tauri/latest.json`)).toString()) as { version: string }
    expect(canary.version).toBe('1.0.0')
  })
  it('A8: promotion moves no byte: the same digests, only feeds and signed state change', async () => {
    const { data } = await done(stage.at('1.0.0'), 'promote', '1.0.0', '--to', 'stable')
    const digests = (files: readonly { file: string; sha256: string }[]) =>
      Object.fromEntries(files.map(({ file, sha256 }) => [file, sha256]))
    expect(digests(data['files'] as readonly File[])).toEqual(digests(released))
    for (const { url, sha256 } of released)
      expect(
        createHash('sha256')
          .update(await fetched(url))
          .digest('hex'),
      ).toBe(sha256)
    const [stable, canary] = await Promise.all(
      ['stable', 'canary'].map(
        async channel => JSON.parse((await fetched(`${stage.url}/feeds/${channel}/tauri/latest.json`)).toString()) as { platforms: object },
      ),
    )
    expect(stable?.platforms).toEqual(canary?.platforms)
  })
  it('A3: a Tauri manifest whose every signature holds over the fetched bytes', async () => {
    const manifest = JSON.parse((await fetched(`${stage.url}/feeds/stable/tauri/latest.json`)).toString()) as {
      version: string
      notes: string
      pub_date: string
      platforms: Record<string, { url: string; signature: string }>
    }
    expect({ version: manifest.version, date: manifest.pub_date }).toEqual({ version: '1.0.0', date: '2023-11-14T22:13:20Z' })
    expect(Object.keys(manifest.platforms).sort()).toEqual(['linux-aarch64', 'linux-aarch64-deb', 'linux-x86_64', 'linux-x86_64-deb'])
    const key = parsePublicKey(readFileSync(join(stage.project.keys, 'tauri.pub'), 'utf8'))
    for (const { url, signature } of Object.values(manifest.platforms)) {
      const { trustedComment } = verifyDigest(key, await blake2b([await fetched(url)]), Buffer.from(signature, 'base64').toString())
      expect(trustedComment).toContain(`file:${url.split('/').at(-1) ?? ''}`)
    }
  })
  it('A7: build, publish and promote by hand, with CI unset and no token', async () => {
    const io = machine()
    const names = new Set<string>()
    const bare = {
      ...io,
      secrets: {
        ...io.secrets,
        env: (name: string) => (names.add(name), name === 'SOURCE_DATE_EPOCH' ? '1700000000' : undefined),
        secret: (name: string) => (names.add(name), undefined),
      },
    }
    const next = stage.at('1.1.0')
    expect((await next.json(['release', '--channel', 'canary'], bare)).exitCode).toBe(0)
    expect((await next.json(['promote', '1.1.0', '--to', 'stable'], bare)).exitCode).toBe(0)
    expect([...names].filter(name => name.includes('TOKEN'))).toEqual([])
  })
  it('P10: each architecture reads a head of its own, and is given its own file', async () => {
    for (const arch of ['x64', 'arm64'] as const) {
      const verdict = await checkWithElectronUpdater({
        feedUrl: `${stage.url}/feeds/stable/electron`,
        version: '1.0.0',
        arch,
        folder: mkdtempSync(join(stage.base, 'client-')),
      })
      expect(verdict).toMatchObject({
        offered: '1.1.0',
        file: `${stage.url}/releases/1.1.0/openchamber_1.1.0-1_${arch === 'x64' ? 'amd64' : 'arm64'}.deb`,
      })
    }
  })
})

describeWithJudge(['unzip', 'tar', 'dpkg'], 'what users unpack', paths => {
  it('A21: zip and tar keep modes and symbolic links', () => {
    for (const target of ['linux-x64', 'macos-arm64'])
      for (const ending of ['zip', 'tar.gz']) {
        const place = mkdtempSync(join(stage.base, 'unpacked-'))
        const stem = `openchamber-1.0.0-${target}`
        const file = join(stage.project.bucket, 'releases/1.0.0', `${stem}.${ending}`)
        if (ending === 'zip') says(paths.unzip, ['-q', file], place)
        else says(paths.tar, ['-xzf', file], place)
        const frameworks = join(place, stem, 'Frameworks')
        expect(readlinkSync(join(frameworks, 'Current'))).toBe('A')
        expect(['A/library', 'A/data'].map(name => lstatSync(join(frameworks, name)).mode & 0o777)).toEqual([0o755, 0o644])
        expect(lstatSync(join(place, stem, 'openchamber')).mode & 0o777).toBe(0o755)
      }
  })
  it('P2: an update is the whole new version: the real updater downloads 1.1.0, dpkg installs it over 1.0.0', async () => {
    const root = mkdtempSync(join(stage.base, 'root-'))
    for (const part of ['info', 'updates']) mkdirSync(join(root, 'var/lib/dpkg', part), { recursive: true })
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    const install = (file: string): string =>
      says(paths.dpkg, ['--root', root, '--force-not-root', '--force-depends', '--log', join(root, 'log'), '-i', file])
    install(join(stage.project.bucket, 'releases/1.0.0/openchamber_1.0.0-1_amd64.deb'))
    const verdict = await checkWithElectronUpdater({
      feedUrl: `${stage.url}/feeds/stable/electron`,
      version: '1.0.0',
      arch: 'x64',
      folder: mkdtempSync(join(stage.base, 'client-')),
      download: true,
    })
    expect(verdict.error).toBeUndefined()
    install(verdict.downloaded ?? '')
    expect(says(paths.dpkg, ['--root', root, '--verify', 'openchamber'])).toBe('')
    expect(readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8')).toMatch(
      /Package: openchamber\nStatus: install ok installed[\s\S]*Version: 1\.1\.0-1/,
    )
    expect(existsSync(join(root, 'usr/bin/openchamber'))).toBe(true)
  })
})
