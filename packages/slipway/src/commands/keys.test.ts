// slipway keys: made once, private, never over others; the CI line only where it is asked for.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetSecrets, SlipwayError } from '@slipway/core'
import { ed25519Key, parseMetadata } from '@slipway/formats/tuf/metadata'
import { checkSignedBy } from '@slipway/formats/tuf/verify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { faulty } from '../io/faulty.ts'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'
import { openKeyring } from '../keys/keyring.ts'
import { makeKeys } from '../keys/keyring/make.ts'
import type { Invocation, Outcome, Style } from './command.ts'
import { run } from './keys.ts'

let root = ''
let io: Io
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'slipway-keys-'))
  io = { ...machine(), host: { ...machine().host, home: root, cwd: root } }
  await writeFile(
    join(root, 'slipway.yaml'),
    "app: { name: Flet, bin: flet, version: '1.0.0' }\ntargets: [linux-x64]\nbuild: { command: { run: 'true', from: { linux-x64: out } } }\n",
  )
  vi.stubEnv('SLIPWAY_KEYS', '')
  vi.stubEnv('SLIPWAY_KEYS_PASSWORD', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  forgetSecrets()
  await rm(root, { recursive: true })
})

const plain = (text: string): string => text
const style: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, cyan: plain, width: 100 }
const invoke = (action: string, more: Partial<Invocation> = {}): Promise<Outcome> =>
  run({
    io,
    global: { json: false, cwd: root, profile: 'release', set: [], quiet: false, verbose: false, reporter: 'none' },
    args: [action],
    flags: {},
    emit: () => undefined,
    signal: new AbortController().signal,
    interactive: false,
    ask: async () => '',
    ...more,
  })
const textOf = (outcome: Outcome): string => outcome.text(style, { verbose: false })
const codeOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  return error instanceof SlipwayError ? error.problems[0] : String(error)
}
const keyringPath = () => join(root, '.config/slipway/flet.keys')
const secretsIn = async (): Promise<string[]> => {
  const file = JSON.parse(await readFile(keyringPath(), 'utf8')) as { keys: Record<string, { secret: string }> }
  return Object.values(file.keys).map(key => key.secret.trim().split('\n').at(-1) ?? '')
}

describe('generate', () => {
  it('writes a private ring and a trust folder that fits it', async () => {
    const outcome = await invoke('generate')
    expect((await stat(keyringPath())).mode & 0o777).toBe(0o600)
    expect((await stat(join(root, '.config/slipway'))).mode & 0o777).toBe(0o700)
    expect(await readdir(join(root, 'trust'))).toEqual(['minisign.pub', 'root.json', 'tauri.pub'])
    const ring = await openKeyring(io, { path: keyringPath() })
    const document = parseMetadata('root', await readFile(join(root, 'trust/root.json')))
    const { roles, expires, version, consistent_snapshot: consistent } = document.signed
    expect([version, consistent]).toEqual([1, true])
    expect(new Date(expires).getUTCFullYear()).toBe(new Date().getUTCFullYear() + 10)
    const idsOf = (role: 'root' | 'release' | 'live') => ({ keyids: [ring.key(role).keyId], threshold: 1 })
    expect(roles).toEqual({ root: idsOf('root'), targets: idsOf('release'), snapshot: idsOf('live'), timestamp: idsOf('live') })
    expect(document.signed.keys[ring.key('live').keyId]).toEqual(ed25519Key(ring.key('live').public))
    const lines = await readFile(join(root, 'trust/minisign.pub'), 'utf8')
    expect(lines.split('\n')).toHaveLength(3)
    expect(lines).toContain(ring.key('minisign').keyId)
    expect(await readFile(join(root, 'trust/tauri.pub'), 'utf8')).toBe(Buffer.from(lines).toString('base64'))
    expect(outcome.problems).toEqual([])
  })
  it('makes a root that clients accept', async () => {
    await invoke('generate')
    const document = parseMetadata('root', await readFile(join(root, 'trust/root.json')))
    const { keys, roles } = document.signed
    expect(() => checkSignedBy(document, { keys, role: roles.root, name: 'root' })).not.toThrow()
    expect(() => checkSignedBy(document, { keys, role: roles.timestamp, name: 'root' })).toThrow('signed by 0 of 1')
  })
  it('shows no secret, and the CI line on request or at a terminal alone', async () => {
    const quiet = await invoke('generate')
    for (const secret of await secretsIn()) expect(textOf(quiet) + JSON.stringify(quiet.data)).not.toContain(secret)
    expect(textOf(quiet)).not.toContain('SLIPWAY_KEYS')
    const asked = await invoke('list', { flags: { ci: true } })
    const [shown] = asked.data['apps'] as { ci: string }[]
    vi.stubEnv('SLIPWAY_KEYS', shown?.ci ?? '')
    const ring = await openKeyring(io, { path: join(root, 'none') })
    expect(Object.keys(ring.ring.keys)).toEqual(['release', 'live', 'minisign'])
    expect(textOf(asked)).toContain(shown?.ci)
    await rm(join(root, 'trust'), { recursive: true })
    await rm(keyringPath())
    vi.stubEnv('SLIPWAY_KEYS', '')
    const atTerminal = await invoke('generate', { interactive: true })
    expect(textOf(atTerminal)).toMatch(/SLIPWAY_KEYS:\n[A-Za-z0-9+/=]{200,}$/)
    expect(JSON.stringify(atTerminal.data)).not.toContain('"ci"')
  })
  it('never writes over keys, its own or others', async () => {
    await invoke('generate')
    const before = await readFile(keyringPath())
    expect(await codeOf(invoke('generate'))).toMatchObject({ code: 'keys/exist', exit: 'refused', where: { file: keyringPath() } })
    await rm(keyringPath())
    expect(await codeOf(invoke('generate'))).toMatchObject({ code: 'keys/exist', where: { file: join(root, 'trust/root.json') } })
    await rm(join(root, 'trust/root.json'))
    expect(await codeOf(invoke('generate'))).toMatchObject({ code: 'keys/exist', where: { file: join(root, 'trust/minisign.pub') } })
    expect(await io.files.stat(keyringPath())).toBeNull()
    await io.files.write(keyringPath(), before, { mode: 0o600 })
    await invoke('generate')
    expect(await readFile(keyringPath())).toEqual(before)
  })
  it('goes on after a failure at any effect', async () => {
    const make = (door: Io) => makeKeys(door, { app: 'flet', keyring: keyringPath(), folder: join(root, 'trust') })
    const counting = faulty(io, 0)
    await make(counting.io)
    expect(counting.effects()).toBe(5)
    for (const after of [false, true])
      for (let n = 1; n <= 5; n++) {
        await rm(join(root, 'trust'), { recursive: true })
        await rm(join(root, '.config'), { recursive: true })
        await expect(make(faulty(io, n, { after }).io)).rejects.toThrow('on purpose')
        // The last effect writes root.json: once it took effect, all is there.
        if (!(after && n === 5)) await make(io)
        const ring = await openKeyring(io, { path: keyringPath() })
        const { signed } = parseMetadata('root', await readFile(join(root, 'trust/root.json')))
        expect(signed.roles.root.keyids).toEqual([ring.key('root').keyId])
      }
  })
  it('leaves the public half of an own minisign key alone', async () => {
    await writeFile(
      join(root, 'slipway.yaml'),
      `${await readFile(join(root, 'slipway.yaml'), 'utf8')}sign: { minisign: { key: 'env:MY_MINISIGN_KEY' } }\n`,
    )
    await io.files.write(join(root, 'trust/minisign.pub'), new TextEncoder().encode('mine'))
    await invoke('generate')
    expect(await readFile(join(root, 'trust/minisign.pub'), 'utf8')).toBe('mine')
    expect(await io.files.stat(join(root, 'trust/root.json'))).not.toBeNull()
  })
})

describe('passwords', () => {
  const answers = (...given: string[]) => ({ interactive: true, flags: { password: true as const }, ask: async () => given.shift() ?? '' })
  it('are asked for twice, and seal the ring and its CI line', async () => {
    const outcome = await invoke('generate', answers('right password', 'right password'))
    const text = textOf(outcome)
    expect(await readFile(keyringPath(), 'utf8')).not.toContain('"secret"')
    await expect(openKeyring(io, { path: keyringPath() })).rejects.toMatchObject({ problems: [{ code: 'keys/no-password' }] })
    vi.stubEnv('SLIPWAY_KEYS', text.split('\n').at(-1) ?? '')
    vi.stubEnv('SLIPWAY_KEYS_PASSWORD', 'right password')
    expect(Object.keys((await openKeyring(io, { path: join(root, 'none') })).ring.keys)).toEqual(['release', 'live', 'minisign'])
  })
  it('must be the same twice, and need a terminal or the variable', async () => {
    expect(await codeOf(invoke('generate', answers('one', 'two')))).toMatchObject({ code: 'keys/password-mismatch' })
    expect(await codeOf(invoke('generate', { flags: { password: true } }))).toMatchObject({ code: 'keys/no-terminal', exit: 'machine' })
    expect(await io.files.stat(keyringPath())).toBeNull()
  })
})

describe('list, public and rotate', () => {
  it('lists ids without a password, or says that there are none', async () => {
    expect((await invoke('list')).problems).toMatchObject([{ code: 'keys/missing', exit: 'machine' }])
    vi.stubEnv('SLIPWAY_KEYS_PASSWORD', 'right password')
    await invoke('generate')
    vi.stubEnv('SLIPWAY_KEYS_PASSWORD', '')
    const outcome = await invoke('list')
    expect(outcome.data).toMatchObject({ action: 'list', apps: [{ app: 'flet', keyring: keyringPath(), sealed: true }] })
    expect(textOf(outcome)).toMatch(/root +[0-9a-f]{64}\n +release +[0-9a-f]{64}\n +live +[0-9a-f]{64}\n +minisign +[0-9A-F]{16}/)
  })
  it('prints the public halves from the trust folder alone', async () => {
    await expect(invoke('public')).rejects.toMatchObject({ problems: [{ code: 'trust/no-root' }] })
    const made = await invoke('generate')
    await rm(keyringPath())
    const outcome = await invoke('public')
    const keysOf = (one: Outcome) => (one.data['apps'] as { keys: unknown }[])[0]?.keys
    expect(keysOf(outcome)).toEqual(keysOf(made))
    expect(textOf(outcome)).toContain((await readFile(join(root, 'trust/minisign.pub'), 'utf8')).trim())
  })
  it('does not rotate yet', async () => {
    expect(await codeOf(invoke('rotate'))).toMatchObject({ code: 'keys/rotate-later', exit: 'input' })
  })
})

it.skipIf((await machine().run.find('minisign')) === null)('writes a public key that minisign itself verifies with', async () => {
  await invoke('generate')
  const ring = await openKeyring(io, { path: keyringPath() })
  const { digestOf, signDigestWith } = await import('@slipway/formats/minisign')
  const bytes = new TextEncoder().encode('bytes')
  const key = ring.key('minisign')
  const keyId = Uint8Array.from(key.keyId.match(/../g) ?? [], pair => Number.parseInt(pair, 16)).toReversed()
  await writeFile(join(root, 'file'), bytes)
  await writeFile(
    join(root, 'file.minisig'),
    await signDigestWith({ keyId, sign: key.sign }, await digestOf([bytes]), { trustedComment: 'x' }),
  )
  const out = execFileSync('minisign', ['-Vm', join(root, 'file'), '-p', join(root, 'trust/minisign.pub')], { encoding: 'utf8' })
  expect(out).toContain('Signature and comment signature verified')
})
