// The keyring: made once, private, sealed or not, whole or refused; and keys of one's own.
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetSecrets, redact, SlipwayError } from '@slipway/core'
import { verify } from '@slipway/formats/ed25519'
import { createKey, deriveScrypt, keyIdText, sealSecretKey, wrapForTauri, writeSecretKey } from '@slipway/formats/minisign'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { machine } from '../io/machine.ts'
import { findKeyring, keyringOf, openKeyring, openMinisignKey, openRoleKey, openSignerKey } from './keyring.ts'
import { ciLine, makeRing, parseRing, roles, writeRing, type Ring } from './keyring/ring.ts'

const io = machine()
const message = new TextEncoder().encode('a message')
let root = ''
let ring: Ring
let count = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-keyring-'))
  ring = makeRing('flet', io.random)
})
afterAll(() => rm(root, { recursive: true }))
beforeEach(() => {
  vi.stubEnv('SLIPWAY_KEYS', '')
  vi.stubEnv('SLIPWAY_KEYS_PASSWORD', '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  forgetSecrets()
})

const stored = async (text: string, mode = 0o600): Promise<string> => {
  const path = join(root, `${count++}.keys`)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}
const secretsOf = (one: Ring): string[] => Object.values(one.keys).map(key => key.secret.split('\n').findLast(line => line !== '') ?? '')
const problemOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SlipwayError)) throw new Error(`no SlipwayError: ${String(error)}`)
  for (const secret of [...secretsOf(ring), 'right password']) expect(JSON.stringify(error.problems)).not.toContain(secret)
  return error.problems[0]
}

describe('a plain ring', () => {
  it('round trips, signs with each key, and keeps the secrets out of texts', async () => {
    const keyring = await openKeyring(io, { path: await stored(await writeRing(ring, io.random)) })
    expect(keyring.ring).toEqual(ring)
    for (const role of roles) {
      const key = keyring.key(role)
      expect(verify(key.public, message, await key.sign(message))).toBe(true)
      expect(key.keyId).toMatch(role === 'minisign' ? /^[0-9A-F]{16}$/ : /^[0-9a-f]{64}$/)
    }
    expect(new Set(roles.map(role => keyring.key(role).keyId)).size).toBe(4)
    expect(keyring.signer('minisign').keyId).toBe(keyIdText((await keyring.minisign()).keyId))
    for (const secret of secretsOf(ring)) expect(redact(`x ${secret}`)).toBe('x [secret]')
  })
  it('is refused when others may read it', async () => {
    const text = await writeRing(ring, io.random)
    for (const mode of [0o644, 0o640, 0o604])
      expect(await problemOf(openKeyring(io, { path: await stored(text, mode) }))).toMatchObject({ code: 'keys/too-open', exit: 'machine' })
  })
  it('is missing where there is none', async () => {
    expect(await problemOf(openKeyring(io, { path: join(root, 'none') }))).toMatchObject({ code: 'keys/missing', exit: 'machine' })
    expect(await findKeyring(io, join(root, 'none'))).toBeNull()
  })
  it('is refused when it is damaged, foreign or newer', async () => {
    const text = await writeRing(ring, io.random)
    const other = makeRing('flet', io.random)
    const mixed = JSON.stringify({ ...JSON.parse(text), keys: { live: { ...ring.keys.live, secret: other.keys.live?.secret } } })
    const swapped = JSON.stringify({
      ...JSON.parse(text),
      keys: { minisign: { ...ring.keys.minisign, secret: other.keys.minisign?.secret } },
    })
    for (const bad of ['', '{}', text.slice(0, -9), '[]', mixed, swapped, text.replace('"secret"', '"other"')])
      expect(await problemOf(openKeyring(io, { path: await stored(bad) }))).toMatchObject({ code: 'keys/damaged', exit: 'corrupt' })
    expect((await problemOf(openKeyring(io, { path: await stored(text.replace('keyring/1', 'keyring/2')) })))?.code).toBe('keys/too-new')
  })
})

describe('a sealed ring', () => {
  it('round trips with its password, from the environment or a person, and shows ids without it', async () => {
    const path = await stored(await writeRing(ring, io.random, 'right password'))
    const found = await findKeyring(io, path)
    expect(found?.file.keys.release).toEqual({ keyId: ring.keys.release?.keyId, public: ring.keys.release?.public })
    for (const secret of secretsOf(ring)) expect(await io.files.readText(path)).not.toContain(secret)
    expect(
      (await openKeyring(io, { path, ask: async (_question, options) => (options?.hidden === true ? 'right password' : '') })).ring,
    ).toEqual(ring)
    vi.stubEnv('SLIPWAY_KEYS_PASSWORD', 'right password')
    expect((await openKeyring(io, { path })).ring).toEqual(ring)
    expect(redact('right password')).toBe('[secret]')
  })
  it('knows a wrong password from none', async () => {
    const path = await stored(await writeRing(ring, io.random, 'right password'))
    expect(await problemOf(openKeyring(io, { path, ask: async () => 'wrong' }))).toMatchObject({
      code: 'keys/wrong-password',
      exit: 'machine',
    })
    expect(await problemOf(openKeyring(io, { path }))).toMatchObject({ code: 'keys/no-password', exit: 'machine' })
    expect((await problemOf(openKeyring(io, { path, ask: async () => '' })))?.code).toBe('keys/no-password')
  })
  it('binds what stays readable, and fixes what it costs', async () => {
    const sealed = JSON.parse(await writeRing(ring, io.random, 'right password')) as Record<string, unknown>
    const ask = async () => 'right password'
    const renamed = await stored(JSON.stringify({ ...sealed, app: 'other' }))
    expect((await problemOf(openKeyring(io, { path: renamed, ask })))?.code).toBe('keys/wrong-password')
    const costly = await stored(JSON.stringify({ ...sealed, sealed: { ...(sealed['sealed'] as object), n: 2 ** 30 } }))
    expect((await problemOf(openKeyring(io, { path: costly, ask })))?.code).toBe('keys/unknown-seal')
  })
})

describe('SLIPWAY_KEYS', () => {
  it('is one line, has all but root, and serves where there is no file', async () => {
    const line = await ciLine(ring, io.random)
    expect(line).toMatch(/^[A-Za-z0-9+/=]+$/)
    vi.stubEnv('SLIPWAY_KEYS', `${line}\n`)
    const keyring = await openKeyring(io, { path: join(root, 'none') })
    expect(Object.keys(keyring.ring.keys)).toEqual(['release', 'live', 'minisign'])
    expect(keyring.key('live').keyId).toBe(ring.keys.live?.keyId)
    expect(await problemOf((async () => keyring.key('root'))())).toMatchObject({ code: 'keys/no-role', exit: 'machine' })
    expect(redact(line)).toBe('[secret]')
  })
  it('gives way to the file, can be sealed, and is refused when it is cut', async () => {
    const path = await stored(await writeRing(makeRing('other', io.random), io.random))
    const line = await ciLine(ring, io.random, 'right password')
    vi.stubEnv('SLIPWAY_KEYS', line)
    vi.stubEnv('SLIPWAY_KEYS_PASSWORD', 'right password')
    expect((await openKeyring(io, { path })).app).toBe('other')
    expect((await openKeyring(io, { path: join(root, 'none') })).app).toBe('flet')
    for (const bad of [line.slice(0, -30), '!!', 'aGVsbG8=']) {
      vi.stubEnv('SLIPWAY_KEYS', bad)
      expect((await problemOf(openKeyring(io, { path: join(root, 'none') })))?.code).toBe('keys/damaged')
    }
  })
})

describe("keys of one's own", () => {
  it('are minisign or Tauri files, plain or sealed', async () => {
    const key = createKey({ random: io.random })
    const cost = { opsLimit: 32768, memLimit: 16 * 1024 * 1024 }
    const sealed = await sealSecretKey(key, { salt: io.random(32), cost, derive: (salt, all) => deriveScrypt('right password', salt, all) })
    vi.stubEnv('TEST_PASSWORD', 'right password')
    vi.stubEnv('TEST_WRONG', 'wrong one')
    for (const text of [writeSecretKey(key), wrapForTauri(writeSecretKey(key)), sealed, wrapForTauri(sealed)]) {
      vi.stubEnv('TEST_KEY', text)
      const opened = await openSignerKey(io, { id: 'minisign', key: 'env:TEST_KEY', password: 'env:TEST_PASSWORD' })
      expect(opened.keyId).toBe(keyIdText(key.keyId))
      expect(verify(key.publicKey, message, await opened.sign(message))).toBe(true)
    }
    vi.stubEnv('TEST_KEY', sealed)
    expect(await problemOf(openMinisignKey(io, { key: 'env:TEST_KEY', password: 'env:TEST_WRONG' }))).toMatchObject({
      code: 'keys/wrong-minisign-password',
      exit: 'machine',
    })
    expect((await problemOf(openMinisignKey(io, { key: 'env:TEST_KEY' })))?.code).toBe('keys/no-minisign-password')
    vi.stubEnv('SLIPWAY_MINISIGN_PASSWORD', 'right password')
    expect((await openMinisignKey(io, { key: 'env:TEST_KEY' })).seed).toEqual(key.seed)
  })
  it('are what they say, or refused without being shown', async () => {
    vi.stubEnv('TEST_KEY', 'canary-not-a-key')
    const problem = await problemOf(openMinisignKey(io, { key: 'env:TEST_KEY' }))
    expect(problem).toMatchObject({ code: 'keys/bad-minisign-key', exit: 'machine' })
    expect(JSON.stringify(problem)).not.toContain('canary')
    expect((await problemOf(openRoleKey('env:TEST_KEY', io)))?.code).toBe('keys/bad-role-key')
    expect((await problemOf(openSignerKey(io, { id: 'sparkle', key: 'env:TEST_KEY' })))?.code).toBe('keys/no-role')
  })
  it('are Ed25519 for the roles: 32 bytes as base64 or hex, or PEM', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const seed = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url')
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    for (const text of [seed.toString('base64'), seed.toString('hex'), pem]) {
      vi.stubEnv('TEST_KEY', text)
      const key = await openRoleKey('env:TEST_KEY', io)
      expect(Buffer.from(key.public).toString('base64url')).toBe(publicKey.export({ format: 'jwk' }).x)
      expect(verify(key.public, message, await key.sign(message))).toBe(true)
    }
  })
})

const hasMinisign = await io.run.find('minisign')
it.skipIf(hasMinisign === null)(
  'opens a key that minisign itself sealed, at its full cost, in another process',
  { timeout: 120_000 },
  async () => {
    // -G asks twice on stdin when there is no terminal.
    execFileSync('minisign', ['-G', '-p', join(root, 'm.pub'), '-s', join(root, 'm.key')], {
      input: 'right password\nright password\n',
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await chmod(join(root, 'm.key'), 0o600)
    vi.stubEnv('TEST_PASSWORD', 'right password')
    const before = process.resourceUsage().maxRSS
    const key = await openSignerKey(io, { id: 'minisign', key: `file:${join(root, 'm.key')}`, password: 'env:TEST_PASSWORD' })
    // minisign prints no zeros in front.
    expect(await io.files.readText(join(root, 'm.pub'))).toContain(key.keyId.replace(/^0+/, ''))
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(300 * 1024)
  },
)

it('says what a ring has not', () => {
  expect(() => keyringOf({ app: 'x', keys: {} }).signer('minisign')).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ code: 'keys/no-role' })] }),
  )
  expect(() => parseRing('null', 'here')).toThrow(/here/)
})
