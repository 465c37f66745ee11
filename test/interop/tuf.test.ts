// tuf-js and python-tuf, two TUF clients that we did not write, read the bucket after every turn of a story and agree (TRUST 9, test 3).
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Updater } from 'tuf-js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { serveFolder } from '../../scripts/demo/serve.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { nextVersion, smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

interface Told {
  readonly length: number
  readonly hashes: Readonly<Record<string, string>>
  readonly custom: unknown
  readonly downloaded?: string
}
type Answer = Readonly<Record<string, Told | null>>
interface Turn {
  readonly words: string
  readonly run: () => Promise<{ readonly exitCode: number; readonly stderr: string }>
  /** What channel stable shows afterwards. */
  readonly stable: object
}

const versions = ['1.0.0', '1.1.0', '1.2.0']
const names = [
  ...versions.map(version => `releases/${version}/release.json`),
  'channels/stable',
  'channels/canary',
  'channels/none',
  'releases/9.9.9/release.json',
]

describeWithJudge(['tuf', 'tuf-js'], 'TUF clients', ({ tuf }) => {
  let project: SmallProject
  let server: Server
  let url: string
  beforeAll(async () => {
    project = smallProject()
    await project.run(['keys', 'generate'])
    mkdirSync(project.bucket, { recursive: true })
    server = await serveFolder(project.bucket, 0)
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => {
    server.close()
    rmSync(dirname(project.root), { recursive: true, force: true })
  })

  const clientFolder = (name: string): string => {
    const folder = join(dirname(project.root), name)
    for (const part of ['metadata', 'targets']) mkdirSync(join(folder, part), { recursive: true })
    return folder
  }
  const askPython = async (folder: string): Promise<Answer> => {
    copyFileSync(join(project.keys, 'root.json'), join(folder, 'trusted.json'))
    const { stdout } = await promisify(execFile)(tuf, [
      join(import.meta.dirname, 'tuf-client.py'),
      folder,
      `${url}/tuf/`,
      `${url}/`,
      ...names,
    ])
    return JSON.parse(stdout) as Answer
  }
  const askJavaScript = async (folder: string): Promise<Answer> => {
    copyFileSync(join(project.keys, 'root.json'), join(folder, 'metadata/root.json'))
    const client = new Updater({
      metadataDir: join(folder, 'metadata'),
      metadataBaseUrl: `${url}/tuf`,
      targetDir: join(folder, 'targets'),
      targetBaseUrl: url,
      config: { prefixTargetsWithHash: false, fetchRetries: 0, fetchRetry: 0 },
    })
    await client.refresh()
    const found: Record<string, Told | null> = {}
    for (const name of names) {
      const info = await client.getTargetInfo(name)
      found[name] = info === undefined ? null : { length: info.length, hashes: info.hashes, custom: info.custom }
      if (info === undefined || !name.startsWith('releases/')) continue
      const path = await client.downloadTarget(info, join(folder, 'targets', name.replaceAll('/', '_')))
      found[name] = { ...(found[name] as Told), downloaded: createHash('sha256').update(readFileSync(path)).digest('hex') }
    }
    return found
  }

  const story = (): readonly Turn[] => {
    const of = (version: string, args: readonly string[]) => () => nextVersion(project, version).run(args)
    const now =
      (...args: readonly string[]) =>
      () =>
        project.run(args)
    return [
      { words: 'release', run: of('1.0.0', ['release']), stable: { current: '1.0.0', candidate: null, halted: null } },
      { words: 'release again', run: of('1.1.0', ['release']), stable: { current: '1.1.0', before: '1.0.0' } },
      { words: 'release to canary', run: of('1.2.0', ['release', '--channel', 'canary']), stable: { current: '1.1.0' } },
      {
        words: 'promote',
        run: now('promote', '1.2.0', '--to', 'stable', '--rollout', '10'),
        stable: { candidate: expect.objectContaining({ version: '1.2.0', percent: 10 }) },
      },
      {
        words: 'percent',
        run: now('rollout', 'stable', '--percent', '50'),
        stable: { candidate: expect.objectContaining({ percent: 50 }) },
      },
      {
        words: 'halt',
        run: now('rollout', 'stable', '--halt', '--reason', 'crashes at start'),
        stable: { halted: { version: '1.2.0', reason: 'crashes at start' } },
      },
      { words: 'rollback', run: now('rollback', 'stable', '--reason', 'worse'), stable: { current: '1.0.0', candidate: null } },
      { words: 'resume', run: now('rollout', 'stable', '--resume'), stable: { current: '1.0.0', halted: null } },
      { words: 'refresh', run: now('publish', '--refresh'), stable: { current: '1.0.0', halted: null } },
    ]
  }

  it('both, fresh and with what they kept, are told the same after every turn, and it is what was done', { timeout: 120_000 }, async () => {
    const kept = { python: clientFolder('python'), javaScript: clientFolder('javascript') }
    let published = 0
    for (const { words, run, stable } of story()) {
      const ran = await run()
      expect(ran.exitCode, `${words}: ${ran.stderr}`).toBe(0)
      if (words.startsWith('release')) published += 1
      const fresh = { python: clientFolder(`python-${words}`), javaScript: clientFolder(`javascript-${words}`) }
      const answers = [
        await askPython(kept.python),
        await askJavaScript(kept.javaScript),
        await askPython(fresh.python),
        await askJavaScript(fresh.javaScript),
      ]
      const [first] = answers
      for (const answer of answers) expect(answer, words).toEqual(first)
      expect(first?.['channels/stable'], words).toMatchObject({ custom: stable })
      for (const [at, version] of versions.entries()) {
        const told = first?.[`releases/${version}/release.json`]
        if (at >= published) expect(told, words).toBeNull()
        else expect(told, words).toMatchObject({ custom: { version }, downloaded: told?.hashes['sha256'] })
      }
      expect(first?.['channels/canary'] === null, words).toBe(published < 3)
      expect([first?.['channels/none'], first?.['releases/9.9.9/release.json']]).toEqual([null, null])
    }
    // Every turn was a new pointer, and a client that kept it refuses the old one.
    const timestamp = JSON.parse(readFileSync(join(project.bucket, 'tuf/timestamp.json'), 'utf8')) as { signed: { version: number } }
    expect(timestamp.signed.version).toBe(story().length)
  })

  it('both refuse a pointer that fell, a changed index, and a release record that was changed', async () => {
    const sound = join(dirname(project.root), 'sound')
    cpSync(project.bucket, sound, { recursive: true })
    const refuse = async (what: string, folders: { python: string; javaScript: string }): Promise<void> => {
      await expect(askPython(folders.python), what).rejects.toThrow(/tuf|securesystemslib/)
      await expect(askJavaScript(folders.javaScript), what).rejects.toThrow(/./)
      rmSync(project.bucket, { recursive: true })
      cpSync(sound, project.bucket, { recursive: true })
    }
    const fresh = () => ({ python: mkClient(), javaScript: mkClient() })
    const mkClient = (): string => clientFolder(mkdtempSync(join(dirname(project.root), 'fresh-')).slice(dirname(project.root).length + 1))
    const known = fresh()
    await askPython(known.python)
    await askJavaScript(known.javaScript)
    const damage = (key: string): void => {
      const bytes = readFileSync(join(project.bucket, key))
      bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)
      writeFileSync(join(project.bucket, key), bytes)
    }
    for (const key of ['tuf/timestamp.json', newestTargets(project.bucket), 'releases/1.0.0/release.json']) {
      damage(key)
      await refuse(key, fresh())
    }
    // The pointer of an earlier turn: sound for a fresh client, a rollback for one that saw more.
    expect((await project.run(['publish', '--refresh'])).exitCode).toBe(0)
    await askPython(known.python)
    await askJavaScript(known.javaScript)
    cpSync(join(sound, 'tuf/timestamp.json'), join(project.bucket, 'tuf/timestamp.json'))
    expect(await askPython(fresh().python)).toMatchObject({ 'channels/stable': { custom: { current: '1.0.0' } } })
    await expect(askPython(known.python)).rejects.toThrow(/new timestamp version|BadVersionNumber/i)
  })
})

const newestTargets = (bucket: string): string => {
  const read = (name: string): { signed: { meta: Record<string, { version: number }> } } =>
    JSON.parse(readFileSync(join(bucket, 'tuf', name), 'utf8'))
  const snapshot = read('timestamp.json').signed.meta['snapshot.json']?.version ?? 0
  return `tuf/${read(`${snapshot}.snapshot.json`).signed.meta['targets.json']?.version ?? 0}.targets.json`
}
