// A run: cached, resumable, told whole; versions and channels that refuse what was not meant (CONTRACTS 8, TRUST 4 and 7; rows A7 A8).
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOf, parseJson, parseRelease, problem, SlipwayError } from '@slipway/core'
import type { Artifact, Json } from '@slipway/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallOptions, SmallProject } from '../../../../test/kit/project.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'
import { readState } from './state.ts'
import { openUrl } from '../stores/read-url.ts'
import { folder } from '../stores/folder.ts'

// Hundreds of verifications, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 })

const made: string[] = []
const small = async (options: SmallOptions = {}): Promise<SmallProject> => {
  const project = smallProject(options)
  made.push(dirname(project.root))
  expect((await project.run(['keys', 'generate'])).exitCode).toBe(0)
  return project
}
afterEach(() => made.splice(0).forEach(place => rmSync(place, { recursive: true, force: true })))

interface Event {
  readonly type: string
  readonly step?: string
  readonly outcome?: string
  readonly reason?: string
}
/** Runs a command and returns its events as well. */
const told = async (project: SmallProject, args: readonly string[], io?: Io): Promise<Document & { readonly events: readonly Event[] }> => {
  const file = join(dirname(project.root), 'events.jsonl')
  rmSync(file, { force: true })
  const document = await project.json([...args, '--events', file], io)
  const events = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Event)
  return { ...document, events }
}
const outcomes = (events: readonly Event[], start: string): readonly (string | undefined)[] =>
  events.filter(one => one.type === 'step.end' && one.step?.startsWith(start) === true).map(one => one.outcome)
const filesOf = (place: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(place, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path.slice(place.length + 1), readFileSync(path, 'latin1')]),
  )
const ok = async (project: SmallProject, ...args: readonly string[]): Promise<Document> => {
  const ran = await project.json(args)
  expect(ran.exitCode, `${args.join(' ')}: ${ran.stdout}`).toBe(0)
  return ran
}
const refused = async (project: SmallProject, args: readonly string[], exitCode: number, code: string): Promise<Document> => {
  const ran = await project.json(args)
  expect({ exitCode: ran.exitCode, codes: ran.errors.map(one => one.code) }).toEqual({ exitCode, codes: [code] })
  expect(ran.errors[0]?.hint.length).toBeGreaterThan(5)
  return ran
}
const stateOf = async (project: SmallProject) =>
  readState(
    await folder.open({ path: project.bucket, url: 'http://localhost' } as never, '', machine()),
    readFileSync(join(project.keys, 'root.json')),
  )
const admitted = async (project: SmallProject, channel: string): Promise<readonly string[]> =>
  Object.values((await stateOf(project)).releases)
    .filter(one => one.admit[channel] !== undefined)
    .map(one => one.version)
    .sort()

describe('a second run', () => {
  it('makes nothing again: packages, evidence and objects are there; the bucket stays byte for byte', async () => {
    const project = await small()
    expect(new Set(outcomes((await told(project, ['release'])).events, 'package:'))).toEqual(new Set(['done']))
    const before = filesOf(project.bucket)
    const { events, exitCode } = await told(project, ['release'])
    expect(exitCode).toBe(0)
    for (const start of [
      'package:',
      'gate:completeness',
      'gate:signatures',
      'publish:files:',
      'publish:record',
      'publish:evidence',
      'publish:draft',
      'publish:settle',
    ])
      expect(new Set(outcomes(events, start)), start).toEqual(new Set(['cached']))
    expect(filesOf(project.bucket)).toEqual(before)
  })
  it('makes a damaged cache entry again: a blob with other bytes, a result that was edited, and a torn one', async () => {
    const project = await small({ targets: ['linux-x64'], more: { packages: ['deb'], feeds: {} } })
    await ok(project, 'package')
    const wanted = filesOf(join(project.root, 'dist'))
    const cache = join(project.root, '.slipway/cache')
    const all = (kind: string): string[] =>
      readdirSync(join(cache, kind), { recursive: true, withFileTypes: true })
        .filter(one => one.isFile())
        .map(one => join(one.parentPath, one.name))
    const damages: (() => void)[] = [
      () => all('blobs').forEach(path => writeFileSync(path, readFileSync(path).fill(0, 0, 1))),
      () => all('blobs').forEach(path => writeFileSync(path, readFileSync(path).subarray(1))),
      () => all('results').forEach(path => writeFileSync(path, readFileSync(path, 'utf8').replace(/"sizeBytes":\d/, '"sizeBytes":9'))),
      () => all('results').forEach(path => writeFileSync(path, readFileSync(path).subarray(0, 80))),
      () => rmSync(join(cache, 'blobs'), { recursive: true }),
    ]
    for (const damage of damages) {
      damage()
      expect(outcomes((await told(project, ['package'])).events, 'package:')).toEqual(['done'])
      expect(filesOf(join(project.root, 'dist'))).toEqual(wanted)
      expect(outcomes((await told(project, ['package'])).events, 'package:')).toEqual(['cached'])
    }
  })
  it('that signs what was only packaged takes the digests that the record names, once, and of whole bytes alone', async () => {
    const project = await small({ targets: ['linux-x64'], more: { packages: ['deb'], feeds: {} } })
    const results = join(project.root, '.slipway/cache/results')
    const summed = (): number => Object.values(filesOf(results)).filter(one => one.includes('"blake2b512"')).length
    const artifactOf = (): Artifact => {
      const release = parseRelease(parseJson(readFileSync(join(project.root, 'dist/1.0.0/release.json'), 'utf8')))
      return release.artifacts[0] as Artifact
    }
    await ok(project, 'package')
    expect(summed()).toBe(0)
    expect(outcomes((await told(project, ['sign'])).events, 'package:')).toEqual(['cached'])
    expect(summed()).toBe(1)
    const artifact = artifactOf()
    const bytes = readFileSync(join(project.root, 'dist/1.0.0', artifact.file))
    for (const algorithm of ['sha512', 'sha256', 'sha1', 'md5'] as const)
      expect(artifact[algorithm]).toBe(createHash(algorithm).update(bytes).digest('hex'))
    rmSync(join(project.root, '.slipway/cache'), { recursive: true })
    await ok(project, 'package')
    const blobs = join(project.root, '.slipway/cache/blobs')
    writeFileSync(join(blobs, artifact.sha256.slice(0, 2), artifact.sha256), bytes.fill(0, 0, 1))
    expect(outcomes((await told(project, ['sign'])).events, 'package:')).toEqual(['done'])
    expect(artifactOf()).toEqual(artifact)
  })
  it('needs no CI and no token in the environment (A7)', async () => {
    const project = await small()
    const io = machine()
    const asked = new Set<string>()
    const note = (read: (name: string) => string | undefined) => (name: string) => {
      asked.add(name)
      return name === 'SOURCE_DATE_EPOCH' ? '1700000000' : /^(CI|GITHUB_|.*TOKEN)/.test(name) ? undefined : read(name)
    }
    const bare: Io = { ...io, secrets: { ...io.secrets, env: note(io.secrets.env), secret: note(io.secrets.secret) } }
    expect((await project.json(['release'], bare)).exitCode).toBe(0)
    expect([...asked].filter(name => /TOKEN|GITHUB_TOKEN/.test(name))).toEqual([])
  })
})

describe('the journal', () => {
  const journalOf = (project: SmallProject): readonly Event[] => {
    const at = join(project.root, '.slipway/journal')
    const [file = ''] = readdirSync(at)
    return readFileSync(join(at, file), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Event)
  }
  it('holds each step by the plan’s digest, and ends with the run', async () => {
    const project = await small()
    const { data } = await ok(project, 'release')
    expect(readdirSync(join(project.root, '.slipway/journal'))).toEqual([`${String(data['plan'])}.jsonl`])
    const lines = journalOf(project)
    expect(lines[0]).toMatchObject({ type: 'basis', basis: { channels: { tiny: 0 } } })
    expect(lines.at(-1)).toMatchObject({ type: 'run.end', outcome: 'done' })
    expect(lines.filter(one => one.type === 'step.end').length).toBe(lines.filter(one => one.type === 'step.start').length)
  })
  it('--resume continues an unfinished run, here or from the draft in the bucket, and nothing else', async () => {
    const project = await small()
    await refused(project, ['release', '--resume'], 2, 'release/nothing-to-resume')
    const io = machine()
    // The disk is full at the pointer: everything before it is done.
    const stop = <T>(path: string, write: () => Promise<T>): Promise<T> =>
      path.endsWith('tuf/timestamp.json')
        ? Promise.reject(new SlipwayError([problem('io/no-space', 'The disk is full', { hint: 'Make room.', exit: 'machine' })]))
        : write()
    const full: Io = {
      ...io,
      files: {
        ...io.files,
        write: (path, bytes, options) => stop(path, () => io.files.write(path, bytes, options)),
        create: (path, bytes, options) => stop(path, () => io.files.create(path, bytes, options)),
      },
    }
    const pinned: Io = {
      ...full,
      secrets: { ...io.secrets, env: name => (name === 'SOURCE_DATE_EPOCH' ? '1700000000' : io.secrets.env(name)) },
    }
    expect(await project.json(['release'], pinned)).toMatchObject({ exitCode: 4, errors: [{ code: 'io/no-space' }] })
    expect(existsSync(join(project.bucket, 'tuf/timestamp.json'))).toBe(false)
    // Elsewhere: another checkout that has the keys, without the journal.
    const journal = join(project.root, '.slipway')
    cpSync(journal, `${journal}.kept`, { recursive: true })
    rmSync(journal, { recursive: true })
    const elsewhere = await ok(project, 'release', '--resume')
    expect(elsewhere.data['resumed']).toBe(true)
    expect((await project.json(['verify'])).exitCode).toBe(0)
    rmSync(project.bucket, { recursive: true })
    rmSync(journal, { recursive: true })
    cpSync(`${journal}.kept`, journal, { recursive: true })
    expect((await ok(project, 'release', '--resume')).data['resumed']).toBe(true)
  })
  it('two runs in one checkout: the second ends with exit 3 and names the first', async () => {
    const project = await small()
    mkdirSync(join(project.root, '.slipway'), { recursive: true })
    const lock = await machine().files.lock(join(project.root, '.slipway/lock'), { owner: 'slipway release, process 4711' })
    try {
      const ran = await refused(project, ['release'], 3, 'run/busy')
      expect(ran.errors[0]?.message).toContain('process 4711')
    } finally {
      if ('release' in lock) await lock.release()
    }
  })
})

describe('a published version', () => {
  it('is never given other bytes: exit 3, and the bucket stays as it was', async () => {
    const project = await small()
    await ok(project, 'release')
    const before = filesOf(project.bucket)
    writeFileSync(
      join(project.root, 'bin/linux-x64/tiny'),
      Buffer.concat([readFileSync(join(project.root, 'bin/linux-x64/tiny')), Buffer.from('changed')]),
    )
    await refused(project, ['release'], 3, 'publish/version-taken')
    await refused(project, ['publish', '--channel', 'canary'], 3, 'publish/version-taken')
    expect(filesOf(project.bucket)).toEqual(before)
  })
  it('whose draft was begun with other inputs is burnt as well', async () => {
    const project = await small()
    await ok(project, 'release')
    for (const name of ['releases', 'tuf', 'feeds', 'evidence']) rmSync(join(project.bucket, name), { recursive: true })
    writeFileSync(
      join(project.root, 'bin/linux-x64/tiny'),
      Buffer.concat([readFileSync(join(project.root, 'bin/linux-x64/tiny')), Buffer.from('changed')]),
    )
    await refused(project, ['release'], 3, 'publish/version-taken')
    writeFileSync(join(project.bucket, 'drafts/1.0.0.json'), '{"schema":"slipway.draft/1"}')
    await refused(project, ['release'], 5, 'publish/bad-draft')
  })
  it('whose file is there already with other bytes stops before the record', async () => {
    const project = await small()
    const file = join(project.bucket, 'releases/1.0.0/tiny_1.0.0-1_amd64.deb')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'squatter')
    await refused(project, ['release'], 3, 'publish/object-taken')
    expect(readFileSync(file, 'utf8')).toBe('squatter')
    expect(existsSync(join(project.bucket, 'tuf/timestamp.json'))).toBe(false)
  })
  it('is promoted with the same bytes (A8): only evidence, documents, pointer and heads are new', async () => {
    const project = await small()
    await ok(project, 'release', '--channel', 'canary')
    const before = filesOf(project.bucket)
    const digests = digestOf(Object.entries(before).filter(([key]) => key.startsWith('releases/')) as unknown as Json)
    const { data } = await ok(project, 'promote', '1.0.0', '--to', 'stable')
    expect(data).toMatchObject({ channel: 'stable', current: '1.0.0' })
    const after = filesOf(project.bucket)
    expect(digestOf(Object.entries(after).filter(([key]) => key.startsWith('releases/')) as unknown as Json)).toBe(digests)
    const touched = Object.keys(after).filter(key => after[key] !== before[key])
    expect(
      touched.every(key => /^(evidence\/1\.0\.0\/gate-stable|tuf\/|feeds\/stable\/)/.test(key)),
      touched.join(' '),
    ).toBe(true)
    await refused(project, ['promote', '9.9.9', '--to', 'stable'], 3, 'promote/unknown-version')
    await refused(project, ['promote', '1.0.0'], 2, 'promote/no-channel')
    await refused(project, ['promote', '1.0.0', '--to', 'nightly'], 2, 'plan/unknown-channel')
    await refused(project, ['promote', '1.0.0', '--to', 'stable', '--rollout', '1.5'], 2, 'promote/bad-percent')
  })
  it('leaves the admitted ones when there are more than trust.keep (TRUST 3)', async () => {
    const project = await small()
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await ok(nextVersion(project, version), 'release')
    expect(await admitted(project, 'stable')).toEqual(['1.0.0', '1.1.0', '1.2.0'])
    const last = nextVersion(project, '1.3.0')
    await ok(last, 'release')
    expect(await admitted(project, 'stable')).toEqual(['1.1.0', '1.2.0', '1.3.0'])
    // The bytes stay, but the key `live` cannot reach back to it.
    expect(existsSync(join(project.bucket, 'releases/1.0.0/release.json'))).toBe(true)
    await refused(last, ['rollback', 'stable', '--to', '1.0.0'], 3, 'rollback/not-admitted')
    await ok(last, 'rollback', 'stable', '--to', '1.1.0')
    expect((await last.json(['verify'])).exitCode).toBe(0)
  })
})

describe('a rollout', () => {
  const steps = { more: { channels: { stable: { rollout: ['5%', '25%', '100%'] } } } }
  it('goes by the steps of the config: 5, 25, 100; only documents and heads change', async () => {
    const first = await small(steps)
    await ok(first, 'release')
    await ok(first, 'rollout', 'stable', '--percent', '100')
    const project = nextVersion(first, '1.1.0', steps)
    expect((await ok(project, 'release')).data['apps']).toMatchObject([{ percent: 5 }])
    const before = filesOf(project.bucket)
    expect((await ok(project, 'rollout', 'stable')).data).toMatchObject({
      candidate: { version: '1.1.0', percent: 5 },
      current: '1.0.0',
      changed: false,
    })
    expect((await ok(project, 'rollout', 'stable', '--next')).data).toMatchObject({ candidate: { percent: 25 } })
    expect((await ok(project, 'rollout', 'stable', '--next')).data).toMatchObject({ candidate: null, current: '1.1.0', before: '1.0.0' })
    const after = filesOf(project.bucket)
    const touched = Object.keys(after).filter(key => after[key] !== before[key])
    expect(
      touched.every(key => /^(tuf\/(\d+\.(channels|snapshot)|timestamp)\.json|feeds\/stable\/)/.test(key)),
      touched.join(' '),
    ).toBe(true)
    await refused(project, ['rollout', 'stable', '--next'], 3, 'channel/no-candidate')
  })
  it('refuses what makes no sense', async () => {
    const project = await small(steps)
    await refused(project, ['rollout', 'stable', '--percent', '10'], 3, 'channel/unknown')
    await ok(project, 'release')
    await refused(project, ['rollout', 'stable', '--percent', '1'], 3, 'channel/percent-falls')
    await refused(project, ['rollout', 'stable', '--percent', '101'], 2, 'rollout/bad-percent')
    await refused(project, ['rollout', 'stable', '--halt'], 2, 'rollout/no-reason')
    await refused(project, ['rollout', 'stable', '--next', '--resume'], 2, 'rollout/one-thing')
    await refused(project, ['rollout', 'nightly', '--next'], 3, 'channel/unknown')
  })
  it('that is halted takes the same version no more, and a higher one lifts it', async () => {
    const first = await small(steps)
    await ok(first, 'release')
    await ok(first, 'rollout', 'stable', '--percent', '100')
    const bad = nextVersion(first, '1.1.0', steps)
    await ok(bad, 'release')
    expect((await ok(bad, 'rollout', 'stable', '--halt', '--reason', 'crashes')).data).toMatchObject({
      halted: { version: '1.1.0', reason: 'crashes' },
    })
    const halted = await bad.json(['release'])
    expect(halted.exitCode).toBe(3)
    expect(halted.errors[0]?.code).toMatch(/^(publish|channel)\/halted$/)
    expect((await bad.run(['rollout', 'stable', '--next'])).exitCode).toBe(3)
    const good = nextVersion(first, '1.1.1', steps)
    expect((await good.run(['plan'])).stdout).toContain('crashes')
    await ok(good, 'release')
    expect((await ok(good, 'rollout', 'stable')).data).toMatchObject({ halted: null, candidate: { version: '1.1.1', percent: 5 } })
    expect((await good.json(['verify'])).exitCode).toBe(0)
  })
  it('planned before a halt is refused after it (TRUST 1, rule 6)', async () => {
    const first = await small(steps)
    await ok(first, 'release')
    await ok(first, 'rollout', 'stable', '--percent', '100')
    const next = nextVersion(first, '1.1.0', steps)
    const io = machine()
    let interfered = false
    // Somebody halts while this publisher uploads its first file.
    const slow: Io = {
      ...io,
      secrets: { ...io.secrets, env: name => (name === 'SOURCE_DATE_EPOCH' ? '1700000000' : io.secrets.env(name)) },
      files: {
        ...io.files,
        create: async (path, bytes, options) => {
          if (!interfered && path.includes('/releases/1.1.0/')) {
            interfered = true
            expect((await next.run(['rollout', 'stable', '--halt', '--reason', 'stop'])).exitCode).toBe(0)
          }
          return io.files.create(path, bytes, options)
        },
      },
    }
    const ran = await next.json(['release'], slow)
    expect({ exitCode: ran.exitCode, codes: ran.errors.map(one => one.code) }).toEqual({ exitCode: 3, codes: ['publish/halted'] })
    expect((await stateOf(next)).channels['stable']).toMatchObject({ current: '1.0.0', candidate: null, halted: { reason: 'stop' } })
  })
})

describe('what stands in the way', () => {
  it('a clock behind what was signed last (exit 4)', async () => {
    const project = await small()
    await ok(project, 'release')
    const io = machine()
    const behind: Io = {
      ...io,
      clock: { ...io.clock, now: () => Date.now() - 3_600_000 },
      secrets: { ...io.secrets, env: name => (name === 'SOURCE_DATE_EPOCH' ? '1700000000' : io.secrets.env(name)) },
    }
    const next = nextVersion(project, '1.1.0')
    expect(await next.json(['release'], behind)).toMatchObject({ exitCode: 4, errors: [{ code: 'turn/clock-behind' }] })
  })
  it('a pointer, or a release record, that does not verify: nothing is built upon it (exit 5)', async () => {
    const project = await small()
    await ok(project, 'release')
    const record = join(project.bucket, 'releases/1.0.0/release.json')
    const right = readFileSync(record)
    writeFileSync(record, right.subarray(1))
    await refused(project, ['rollout', 'stable', '--next'], 5, 'state/bad-release')
    writeFileSync(record, right)
    const pointer = join(project.bucket, 'tuf/timestamp.json')
    writeFileSync(pointer, readFileSync(pointer, 'utf8').replace(/"version":1,?/, '"version":2'))
    await refused(nextVersion(project, '1.1.0'), ['release'], 5, 'turn/bad-state')
  })
  it('a trust folder without minisign.pub, without root, or of other keys', async () => {
    const project = await small()
    const other = await small()
    await ok(project, 'release')
    const file = join(project.keys, 'minisign.pub')
    const right = readFileSync(file)
    cpSync(join(other.keys, 'minisign.pub'), file)
    await refused(nextVersion(project, '1.1.0'), ['release'], 4, 'keys/not-trusted')
    rmSync(file)
    await refused(nextVersion(project, '1.1.0'), ['release'], 2, 'trust/no-minisign')
    writeFileSync(file, right)
    cpSync(join(other.keys, 'root.json'), join(project.keys, 'root.json'))
    expect((await nextVersion(project, '1.1.0').json(['release'])).exitCode).toBeGreaterThanOrEqual(3)
    rmSync(join(project.keys, 'root.json'))
    await refused(nextVersion(project, '1.1.0'), ['release'], 2, 'trust/no-root')
  })
  it('a gate that was not passed: a missing binary, a program of another system, a check that may not be waived', async () => {
    const project = await small()
    await refused(project, ['gate', '--waive', 'completeness', '--reason', 'hurry'], 3, 'gate/not-waivable')
    await refused(project, ['gate', '--waive', 'signatures', '--reason', 'hurry'], 3, 'gate/not-waivable')
    await refused(project, ['gate', '--waive', 'smoke', '--reason', 'hurry'], 2, 'gate/unknown-check')
    const program = join(project.root, 'bin/linux-x64/tiny')
    const right = readFileSync(program)
    cpSync(join(project.root, 'bin/linux-arm64/tiny'), program)
    const wrong = await project.json(['release'])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.errors[0]?.where['target']).toBe('linux-x64')
    rmSync(program)
    expect((await project.json(['release'])).exitCode).toBe(2)
    expect(existsSync(project.bucket)).toBe(false)
    writeFileSync(program, right, { mode: 0o755 })
    await ok(project, 'release')
  })
  it('a channel that wants sign-offs', async () => {
    const strict = await small({ more: { channels: { stable: { signoffs: 1 }, canary: {} } } })
    await refused(strict, ['release'], 3, 'gate/incomplete')
    expect(existsSync(join(strict.bucket, 'tuf'))).toBe(false)
    await ok(strict, 'release', '--channel', 'canary')
    await refused(strict, ['promote', '1.0.0', '--to', 'stable'], 3, 'gate/incomplete')
  })
  it('nothing published yet: refresh, and a project of several apps without --app', async () => {
    const project = await small()
    await refused(project, ['publish', '--refresh'], 3, 'publish/nothing-there')
    await refused(project, ['publish', '--refresh', '--resume'], 2, 'publish/one-thing')
    const two = smallProject({ more: { apps: { one: { app: { name: 'one' } }, two: { app: { name: 'two' } } } } })
    made.push(dirname(two.root))
    await refused(two, ['rollout', 'stable'], 2, 'command/which-app')
  })
  it('an address where no bucket is', async () => {
    const project = await small()
    const reader = openUrl('http://127.0.0.1:9/', machine())
    await expect(readState(reader, readFileSync(join(project.keys, 'root.json')))).rejects.toThrow('io/network')
  })
})
