// verify names every damage of a published bucket by its object and its code (TRUST 4 and 9, test 10; CONTRACTS 13).
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createKey, writePublicKey } from '@slipway/formats/minisign'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { serveFolder } from '../../../../scripts/demo/serve.ts'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { Document, SmallProject } from '../../../../test/kit/project.ts'
import { machine } from '../io/machine.ts'

// Hundreds of verifications, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 })

const head = 'feeds/stable/tauri/latest.json'
const yaml = 'feeds/stable/electron/latest-linux.yml'
const archive = 'releases/1.1.0/tiny-1.1.0-linux-x64.tar.gz'
const sums = 'releases/1.1.0/SHA256SUMS'

let project: SmallProject
let sound: string
beforeAll(async () => {
  const first = smallProject()
  await first.run(['keys', 'generate'])
  expect((await first.run(['release'])).exitCode).toBe(0)
  project = nextVersion(first, '1.1.0')
  expect((await project.run(['release', '--channel', 'canary'])).exitCode).toBe(0)
  cpSync(project.bucket, join(dirname(project.root), 'earlier'), { recursive: true })
  expect((await project.run(['promote', '1.1.0', '--to', 'stable', '--rollout', '10'])).exitCode).toBe(0)
  sound = join(dirname(project.root), 'sound')
  cpSync(project.bucket, sound, { recursive: true })
})
afterEach(() => restore())
afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

const restore = (): void => {
  rmSync(project.bucket, { recursive: true, force: true })
  cpSync(sound, project.bucket, { recursive: true })
}
const at = (key: string): string => join(project.bucket, key)
const change = (key: string, changed: (bytes: Buffer) => Uint8Array): void => writeFileSync(at(key), changed(readFileSync(at(key))))
const flip = (key: string, offset?: number, bit = 0): void =>
  change(key, bytes => {
    const place = offset ?? bytes.length >> 1
    bytes.writeUInt8(bytes.readUInt8(place) ^ (1 << bit), place)
    return bytes
  })
const edit = (key: string, from: string | RegExp, to: string | ((text: string) => string)): void =>
  change(key, bytes => {
    const text = bytes.toString('latin1')
    const edited = text.replace(from, to as string)
    expect(edited).not.toBe(text)
    return Buffer.from(edited, 'latin1')
  })
const objects = (): readonly string[] =>
  readdirSync(sound, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(sound.length + 1))
    .sort()
/** Number of the newest document of a role. */
const newest = (role: string): string => {
  const numbers = objects().flatMap(key => new RegExp(`^tuf/(\\d+)\\.${role}\\.json$`).exec(key)?.[1] ?? [])
  return `tuf/${Math.max(...numbers.map(Number))}.${role}.json`
}
const evidenceOf = (start: string): string => objects().find(key => key.startsWith(`evidence/1.1.0/${start}`)) ?? ''
const verify = (...args: readonly string[]): Promise<Document> => project.json(['verify', ...args])
const found = ({ errors }: Document): readonly string[] => errors.map(one => `${one.code} ${String(one.where['object'])}`)

describe('verify', () => {
  it('calls a sound bucket sound, and says what it looked at', async () => {
    const { exitCode, ok, errors, data } = await verify()
    expect({ exitCode, ok, errors }).toEqual({ exitCode: 0, ok: true, errors: [] })
    expect(data).toMatchObject({ schema: 'slipway.verify/1', serial: 3 })
    expect(data['clients']).toContainEqual(expect.objectContaining({ client: 'tauri:linux-x64', channel: 'stable', offered: '1.0.0' }))
    expect(data['heads']).toHaveLength(6)
  })

  const damages: readonly (readonly [string, () => void, readonly string[]])[] = [
    [
      'pointer, another version',
      () => edit('tuf/timestamp.json', '"version":3}', '"version":4}'),
      ['verify/bad-pointer tuf/timestamp.json'],
    ],
    ['pointer that is no JSON', () => change('tuf/timestamp.json', () => Buffer.from('{')), ['verify/bad-pointer tuf/timestamp.json']],
    [
      'pointer whose signature is spelt otherwise',
      () => edit('tuf/timestamp.json', /"sig":"[0-9a-f]*?[a-f]/, text => text.toUpperCase().replace('"SIG', '"sig')),
      ['verify/bad-pointer tuf/timestamp.json'],
    ],
    ['root beside the pointer', () => flip('tuf/1.root.json'), ['verify/bad-root tuf/1.root.json']],
    ['a next root that nobody signed', () => cpSync(at('tuf/1.root.json'), at('tuf/2.root.json')), ['verify/bad-metadata tuf/2.root.json']],
    ['snapshot', () => flip(newest('snapshot')), [`verify/bad-metadata tuf/3.snapshot.json`]],
    ['index', () => flip(newest('targets')), ['verify/bad-metadata tuf/3.targets.json']],
    ['channels', () => flip(newest('channels')), ['verify/bad-metadata tuf/3.channels.json']],
    [
      'an older snapshot under the new name',
      () => cpSync(at('tuf/2.snapshot.json'), at('tuf/3.snapshot.json')),
      ['verify/bad-metadata tuf/3.snapshot.json'],
    ],
    ['release record', () => flip('releases/1.1.0/release.json'), ['verify/bad-release releases/1.1.0/release.json']],
    ['artifact, one byte', () => flip(archive), [`verify/bad-artifact ${archive}`]],
    ['artifact, truncated', () => change(archive, bytes => bytes.subarray(0, -1)), [`verify/bad-artifact ${archive}`]],
    ['artifact, extended', () => change(archive, bytes => Buffer.concat([bytes, Buffer.from([0])])), [`verify/bad-artifact ${archive}`]],
    [
      'artifact of the other architecture',
      () => cpSync(at('releases/1.1.0/tiny_1.1.0-1_arm64.deb'), at('releases/1.1.0/tiny_1.1.0-1_amd64.deb')),
      ['verify/bad-artifact releases/1.1.0/tiny_1.1.0-1_amd64.deb'],
    ],
    ['SHA256SUMS', () => flip(sums), [`verify/bad-sums ${sums}`]],
    ['SHA256SUMS with an empty line', () => change(sums, bytes => Buffer.concat([bytes, Buffer.from('\n')])), [`verify/bad-sums ${sums}`]],
    ['signature of SHA256SUMS', () => flip(`${sums}.minisig`), [`verify/bad-signature ${sums}.minisig`]],
    [
      'signature of another SHA256SUMS',
      () => cpSync(at('releases/1.0.0/SHA256SUMS.minisig'), at(`${sums}.minisig`)),
      [`verify/bad-signature ${sums}.minisig`],
    ],
    [
      'first line of a signature',
      () => edit(`${sums}.minisig`, 'signature from', 'signature fr0m'),
      [`verify/bad-signature ${sums}.minisig`],
    ],
    ['evidence of a check', () => flip(evidenceOf('signatures')), [`verify/bad-evidence evidence/1.1.0/signatures`]],
    ['verdict of the gate', () => flip(evidenceOf('gate-stable')), [`verify/bad-evidence evidence/1.1.0/gate-stable`]],
    ['tauri head, a URL', () => edit(head, 'releases/1.0.0', 'releases/9.0.0'), [`verify/foreign ${head}`]],
    [
      'tauri head, an extra platform',
      () => edit(head, '"platforms": {', '"platforms": {"windows-x86_64": {"url": "https://evil.example/a", "signature": "AA=="},'),
      [`verify/foreign ${head}`],
    ],
    ['electron head', () => edit(yaml, 'version: "1.1.0"', 'version: "1.1.1"'), [`verify/foreign ${yaml}`]],
    ['electron head, a higher percent', () => edit(yaml, 'stagingPercentage: 10', 'stagingPercentage: 99'), [`verify/foreign ${yaml}`]],
    ['a head one change behind', () => cpSync(join(sound, '../earlier', head), at(head)), [`verify/behind ${head}`]],
    ['an electron head one change behind', () => cpSync(join(sound, '../earlier', yaml), at(yaml)), [`verify/behind ${yaml}`]],
    [
      'an extra file beside a release',
      () => writeFileSync(at('releases/1.1.0/extra.exe'), 'x'),
      ['verify/stranger releases/1.1.0/extra.exe'],
    ],
    [
      'an extra file among the feeds',
      () => writeFileSync(at('feeds/stable/tauri/other.json'), '{}'),
      ['verify/stranger feeds/stable/tauri/other.json'],
    ],
    [
      'a whole folder of a release that nobody made',
      () => cpSync(at('releases/1.1.0'), at('releases/9.9.9'), { recursive: true }),
      ['verify/stranger releases/9.9.9/SHA256SUMS'],
    ],
  ]
  it.each(damages)('finds: %s', async (_name, damage, wanted) => {
    damage()
    const result = await verify()
    expect(result.exitCode).toBe(5)
    expect(result.ok).toBe(false)
    for (const line of wanted) expect(found(result).join('\n')).toContain(line)
    const keys = new Set(found(result).map(line => line.split(' ')[1]))
    // Nothing that is sound is blamed; the folder that nobody made has seven files.
    expect(keys.size).toBe(wanted[0]?.includes('9.9.9') === true ? 7 : 1)
  })

  it('names each missing object, of whatever class', async () => {
    const current = objects().filter(isCurrent)
    expect(current.length).toBeGreaterThan(25)
    for (const key of current) {
      rmSync(at(key))
      const result = await verify()
      expect(result.exitCode, key).toBe(5)
      expect(found(result), key).toEqual([`verify/missing ${key}`])
      restore()
    }
  })

  it('never says sound when one byte of any object that counts is another', async () => {
    const current = objects().filter(isCurrent)
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...current),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        fc.integer({ min: 0, max: 7 }),
        async (key, place, bit) => {
          const bytes = readFileSync(at(key))
          try {
            flip(key, Math.floor(place * bytes.length), bit)
            const result = await verify('--deep')
            expect(result.exitCode).toBe(5)
            expect(result.errors.map(one => one.where['object'])).toContain(key)
          } finally {
            writeFileSync(at(key), bytes)
          }
        },
      ),
      {
        numRuns: 250,
        examples: [
          ['tuf/timestamp.json', 0.2, 5],
          [`${sums}.minisig`, 0.05, 0],
          [evidenceOf('completeness'), 0.9, 5],
        ],
      },
    )
  })

  it('finds each bit of the pointer, which no digest covers', async () => {
    const bytes = readFileSync(at('tuf/timestamp.json'))
    for (let place = 0; place < bytes.length; place += 3) {
      flip('tuf/timestamp.json', place, 5)
      expect((await verify()).exitCode, `byte ${place}`).toBe(5)
      writeFileSync(at('tuf/timestamp.json'), bytes)
    }
  })

  it('cannot know that a whole older state was put back: only a client that saw the newer one can (TRUST 8, F); heads give it away', async () => {
    for (const key of ['tuf/timestamp.json', head, yaml, 'feeds/stable/electron/latest-linux-arm64.yml'])
      cpSync(join(sound, '../earlier', key), at(key))
    expect(await verify()).toMatchObject({ exitCode: 0, data: { serial: 2 } })
    restore()
    cpSync(join(sound, '../earlier/tuf/timestamp.json'), at('tuf/timestamp.json'))
    const half = await verify()
    expect(half.exitCode).toBe(5)
    expect(found(half)).toEqual(['feeds/stable/electron/latest-linux-arm64.yml', yaml, head].map(key => `verify/foreign ${key}`))
  })

  it('says when the pointer has expired, by the clock of the machine', async () => {
    const io = machine()
    const later = { ...io, clock: { ...io.clock, now: () => Date.now() + 401 * 86_400_000 } }
    const result = await project.json(['verify', project.bucket, '--keys', project.keys], later)
    expect(result.exitCode).toBe(5)
    expect(found(result)).toEqual(['verify/expired tuf/timestamp.json'])
  })

  it('reads every byte of an old release only with --deep, its size always', async () => {
    const next = nextVersion(project, '1.2.0')
    const after = nextVersion(project, '1.3.0')
    for (const channel of ['canary', 'stable']) {
      if (channel === 'canary') expect((await nextVersion(project, '1.2.0').run(['release', '--channel', channel])).exitCode).toBe(0)
      else expect((await next.run(['promote', '1.2.0', '--to', channel])).exitCode).toBe(0)
    }
    for (const channel of ['canary', 'stable']) {
      if (channel === 'canary') expect((await nextVersion(project, '1.3.0').run(['release', '--channel', channel])).exitCode).toBe(0)
      else expect((await after.run(['promote', '1.3.0', '--to', channel])).exitCode).toBe(0)
    }
    flip('releases/1.0.0/tiny-1.0.0-linux-x64.tar.gz')
    expect((await verify()).exitCode).toBe(0)
    expect(found(await verify('--deep'))).toEqual(['verify/bad-artifact releases/1.0.0/tiny-1.0.0-linux-x64.tar.gz'])
    change('releases/1.0.0/tiny-1.0.0-linux-x64.tar.gz', bytes => bytes.subarray(1))
    expect(found(await verify())).toEqual(['verify/bad-artifact releases/1.0.0/tiny-1.0.0-linux-x64.tar.gz'])
    nextVersion(project, '1.1.0')
  })
})

describe('verify, whose keys and whose bucket', () => {
  const other = (): SmallProject =>
    smallProject({
      more: { store: { folder: { path: join(dirname(project.root), 'other/bucket'), url: 'http://127.0.0.1:8737' } } },
      folder: join(dirname(project.root), 'other'),
    })

  it('refuses to trust on first use: without keys exit 2, before anything is read', async () => {
    expect(await verify(project.bucket)).toMatchObject({ exitCode: 2, errors: [{ code: 'verify/no-keys' }] })
    const empty = mkdtempSync(join(tmpdir(), 'slipway-nokeys-'))
    expect(await verify(project.bucket, '--keys', empty)).toMatchObject({ exitCode: 2, errors: [{ code: 'verify/no-key' }] })
    expect(await verify(join(empty, 'none'), '--keys', project.keys)).toMatchObject({ exitCode: 2, errors: [{ code: 'verify/no-place' }] })
    expect(await verify('s3x://bucket', '--keys', project.keys)).toMatchObject({ exitCode: 2, errors: [{ code: 'verify/unknown-place' }] })
  })
  it('finds the bucket of another app, and keys that are not this bucket’s', async () => {
    const stranger = other()
    await stranger.run(['keys', 'generate'])
    await stranger.run(['release'])
    expect(found(await verify(stranger.bucket, '--keys', project.keys))).toEqual(['verify/bad-pointer tuf/timestamp.json'])
    expect(await verify(project.bucket, '--keys', stranger.keys)).toMatchObject({ exitCode: 5, errors: [{ code: 'verify/bad-pointer' }] })
    // The right root with the wrong minisign key: every signature of a package, and of the sums.
    const mixed = join(dirname(project.root), 'mixed')
    cpSync(project.keys, mixed, { recursive: true })
    writeFileSync(join(mixed, 'minisign.pub'), writePublicKey(createKey({ random: size => new Uint8Array(size).fill(7) })))
    const result = await verify(project.bucket, '--keys', mixed)
    expect(result.exitCode).toBe(5)
    expect(new Set(result.errors.map(one => one.code))).toEqual(new Set(['verify/bad-signature']))
    expect(result.errors).toHaveLength(10)
  })
  it('in a project, refuses a bucket that the same keys signed for another app', async () => {
    const same = smallProject({
      folder: join(dirname(project.root), 'same'),
      more: { trust: { folder: project.keys, keyring: join(project.secret, 'tiny.keys') } },
    })
    await same.run(['release'])
    const config = join(same.root, 'slipway.jsonc')
    writeFileSync(config, readFileSync(config, 'utf8').replace('"name": "tiny"', '"name": "tiny2"'))
    const result = await same.json(['verify'])
    expect(result.exitCode).toBe(5)
    expect(found(result)).toEqual(['verify/other-app releases/1.0.0/release.json'])
  })
})

describe('verify URL', () => {
  let server: Server
  let url: string
  beforeAll(async () => {
    server = await serveFolder(project.bucket, 0)
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })
  afterAll(() => void server.close())
  /** In a folder without a config. */
  const alone = async (...args: readonly string[]): Promise<Document> =>
    project.json(['verify', url, '--keys', project.keys, '--config', '/nowhere', ...args])

  it('gives the same answers with the public keys alone', async () => {
    const [here, there] = [await verify(), await alone()]
    expect(there.exitCode).toBe(0)
    expect(there.data['clients']).toEqual(here.data['clients'])
    expect({ ...there.data, place: '' }).toEqual({ ...here.data, place: '' })
  })
  it('finds each changed class over http as it does in the folder', async () => {
    const keys = objects().filter(isCurrent)
    for (const key of keys) {
      flip(key)
      const [here, there] = [await verify(), await alone()]
      expect(there.exitCode, key).toBe(5)
      expect(found(there), key).toEqual(found(here))
      rmSync(at(key))
      expect(found(await alone()), key).toEqual([`verify/missing ${key}`])
      restore()
    }
  })
  it('cannot repair', async () => {
    flip(archive)
    expect(await alone('--repair', sound)).toMatchObject({ exitCode: 2, errors: [{ code: 'verify/read-only' }] })
  })
})

describe('verify --client', () => {
  it('answers as one client of one version would see it', async () => {
    const asked = async (client: string) =>
      (await verify('--client', client)).data['clients'] as readonly {
        channel: string
        offered: string | null
        url: string | null
        why: string
      }[]
    expect(await asked('tauri:linux-x64@1.0.0')).toEqual([
      expect.objectContaining({ channel: 'canary', offered: '1.1.0', url: 'http://127.0.0.1:8737/releases/1.1.0/tiny_1.1.0-1_amd64.deb' }),
      expect.objectContaining({ channel: 'stable', offered: null, url: null }),
    ])
    expect(await asked('tauri:linux-x64@0.9.0')).toContainEqual(expect.objectContaining({ channel: 'stable', offered: '1.0.0' }))
    expect((await asked('tauri:windows-x64@1.0.0')).every(one => one.offered === null)).toBe(true)
  })
  it('refuses a text that names no client', async () => {
    for (const text of [
      'tauri',
      'nope:linux-x64@1.0.0',
      'constructor:linux-x64@1.0.0',
      'tauri:linux-x64@abc',
      'tauri:linux-x64@01.0.0',
      'tauri:linux-x64@',
      'tauri:beos-x64@1.0.0',
      'tauri:linux-sparc@1.0.0',
      'tauri:linux-x64@1.0.0\n',
    ])
      expect({ text, ...(await verify('--client', text)) }).toMatchObject({ text, exitCode: 2, errors: [{ code: 'verify/bad-client' }] })
  })
})

describe('verify --repair', () => {
  it('restores every single object from a second copy, and the bucket is sound again', async () => {
    for (const key of objects().filter(isCurrent)) {
      rmSync(at(key))
      const result = await verify('--repair', sound)
      expect({ key, errors: result.errors, exitCode: result.exitCode }).toEqual({ key, errors: [], exitCode: 0 })
      expect(result.data['repaired']).toEqual([key])
      expect(readFileSync(at(key)).equals(readFileSync(join(sound, key))), key).toBe(true)
    }
  })
  it('restores many at once, over http too', async () => {
    const server = await serveFolder(sound, 0)
    try {
      for (const key of ['tuf/3.channels.json', archive, sums, head, evidenceOf('gate-stable'), evidenceOf('completeness')]) flip(key)
      expect(await verify('--repair', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)).toMatchObject({
        exitCode: 0,
        errors: [],
      })
      expect((await verify()).exitCode).toBe(0)
    } finally {
      server.close()
    }
  })
  it('takes nothing from a copy that is damaged itself', async () => {
    const copy = join(dirname(project.root), 'copy')
    cpSync(sound, copy, { recursive: true })
    for (const root of [project.bucket, copy])
      for (const key of [archive, 'tuf/timestamp.json']) {
        const bytes = readFileSync(join(root, key))
        writeFileSync(join(root, key), bytes.subarray(1))
      }
    expect((await verify('--repair', copy)).exitCode).toBe(5)
    expect(readFileSync(at('tuf/timestamp.json')).length).toBe(readFileSync(join(sound, 'tuf/timestamp.json')).length - 1)
    cpSync(join(sound, 'tuf/timestamp.json'), at('tuf/timestamp.json'))
    const result = await verify('--repair', copy)
    expect(found(result)).toEqual([`verify/bad-artifact ${archive}`])
    expect(result.data['repaired']).toEqual([])
    rmSync(copy, { recursive: true })
  })
  it('puts back no stranger and removes none', async () => {
    renameSync(at(archive), at('releases/1.1.0/elsewhere.bin'))
    const result = await verify('--repair', sound)
    expect(found(result)).toEqual(['verify/stranger releases/1.1.0/elsewhere.bin'])
    expect(result.data['repaired']).toEqual([archive])
  })
})

/** What a client may read today: all but drafts and the documents of earlier turns. */
const isCurrent = (key: string): boolean => {
  if (key.startsWith('drafts/')) return false
  const role = /^tuf\/\d+\.(targets|channels|snapshot)\.json$/.exec(key)?.[1]
  if (role !== undefined) return key === newest(role)
  return true
}
