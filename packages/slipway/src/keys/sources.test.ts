// The sources of secrets: what is missing, too open or broken is named, and no secret stands in any error.
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetSecrets, problem, redact, SlipwayError } from '@slipway/core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Io } from '../io/io.ts'
import { machine } from '../io/machine.ts'
import { parseReference, readSecret, secretPresent } from './reference.ts'

const canary = 'canary-8d1f-secret'
let home = ''
let io: Io
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'slipway-sources-'))
  io = { ...machine(), host: { ...machine().host, home, cwd: home } }
})
afterAll(() => rm(home, { recursive: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  forgetSecrets()
})

const problemOf = async (work: () => Promise<unknown>) => {
  const error: unknown = await work().then(
    () => null,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SlipwayError)) throw new Error(`no SlipwayError: ${String(error)}`)
  expect(JSON.stringify(error.problems) + error.message).not.toContain(canary)
  return error.problems[0]
}

describe('references', () => {
  it('are a scheme and a rest', () => {
    expect(parseReference('env:NAME')).toEqual({ scheme: 'env', rest: 'NAME' })
    expect(parseReference('command:op read op://a/b:c')).toEqual({ scheme: 'command', rest: 'op read op://a/b:c' })
  })
  it.each(['NAME', '', ':x', 'env:', 'env:a\nb', canary, 'ENV:X'])('refuse %j without showing it', async text => {
    expect((await problemOf(async () => parseReference(text)))?.code).toBe('keys/bad-reference')
  })
  it('refuse schemes that have no source', async () => {
    expect(await problemOf(() => readSecret('vault:x', io))).toMatchObject({ code: 'keys/unknown-scheme', exit: 'input' })
    expect((await problemOf(async () => parseReference(`${canary}: x`)))?.code).toBe('keys/unknown-scheme')
    expect(await problemOf(() => secretPresent('vault:x', io))).toMatchObject({ code: 'keys/unknown-scheme' })
  })
})

describe('env', () => {
  it('reads a variable and remembers it', async () => {
    vi.stubEnv('SLIPWAY_TEST_KEY', canary)
    expect(await secretPresent('env:SLIPWAY_TEST_KEY', io)).toBe(true)
    expect(redact(canary)).toBe(canary)
    expect(await readSecret('env:SLIPWAY_TEST_KEY', io)).toBe(canary)
    expect(redact(canary)).toBe('[secret]')
  })
  it('names what is missing, or empty', async () => {
    vi.stubEnv('SLIPWAY_TEST_KEY', '')
    expect(await secretPresent('env:SLIPWAY_TEST_KEY', io)).toBe(false)
    expect(await problemOf(() => readSecret('env:SLIPWAY_TEST_KEY', io))).toMatchObject({ code: 'env/missing', exit: 'machine' })
  })
})

describe('file', () => {
  it('reads ~, relative and linked files, without the last line end', async () => {
    await writeFile(join(home, 'key'), `line one\n${canary}\r\n`, { mode: 0o600 })
    await symlink('key', join(home, 'mounted'))
    for (const path of ['~/key', 'key', join(home, 'key'), '~/mounted']) {
      expect(await secretPresent(`file:${path}`, io)).toBe(true)
      expect(await readSecret(`file:${path}`, io)).toBe(`line one\n${canary}`)
    }
    expect(redact(`x ${canary}`)).toBe('x [secret]')
  })
  it('names what is missing, empty, a folder or a ring of links', async () => {
    await writeFile(join(home, 'empty'), '\n', { mode: 0o600 })
    await symlink('ring', join(home, 'ring'))
    for (const path of ['~/none', '~/empty', '~', '~/ring'])
      expect(await problemOf(() => readSecret(`file:${path}`, io))).toMatchObject({ code: 'file/missing', exit: 'machine' })
    expect(await secretPresent('file:~/none', io)).toBe(false)
  })
  it('refuses what everybody may read', async () => {
    await writeFile(join(home, 'open'), canary)
    await chmod(join(home, 'open'), 0o644)
    expect(await problemOf(() => readSecret('file:~/open', io))).toMatchObject({
      code: 'file/too-open',
      hint: `Run: chmod 600 ${join(home, 'open')}`,
    })
    await chmod(join(home, 'open'), 0o640)
    expect(await readSecret('file:~/open', io)).toBe(canary)
  })
})

describe('command', () => {
  it('takes what a program prints, without a shell, every time', async () => {
    for (let count = 0; count < 2; count++) expect(await readSecret(`command:printf '${canary} %s\\n' '$(id)'`, io)).toBe(`${canary} $(id)`)
    expect(redact(`${canary} $(id)`)).toBe('[secret]')
    expect(await secretPresent('command:printf x', io)).toBe(true)
    expect(await secretPresent('command:no-such-tool-here x', io)).toBe(false)
  })
  it("gives it the user's settings, but none of ours", async () => {
    vi.stubEnv('SLIPWAY_KEYS', canary)
    const theirs = [
      'HOME',
      'LANG',
      'XDG_RUNTIME_DIR',
      'SSH_AUTH_SOCK',
      'GNUPGHOME',
      'PASSWORD_STORE_DIR',
      'OP_SESSION_x',
      'BW_SESSION',
      'AWS_PROFILE',
    ]
    for (const name of theirs) vi.stubEnv(name, 'here')
    const others = [
      'SLIPWAY_KEYS_PASSWORD',
      'GITHUB_TOKEN',
      'AWS_SECRET_ACCESS_KEY',
      'NPM_TOKEN',
      'NODE_OPTIONS',
      'LD_PRELOAD',
      'PATHOS',
      'MY_OP_X',
    ]
    for (const name of others) vi.stubEnv(name, '')
    const given = (await readSecret('command:env', io)).split('\n').map(line => line.split('=')[0] ?? '')
    expect(given).toEqual(expect.arrayContaining([...theirs, 'PATH']))
    expect(given.filter(name => others.includes(name) || name === 'SLIPWAY_KEYS')).toEqual([])
  })
  it('fails without showing what was printed', async () => {
    await writeFile(join(home, 'fails'), `#!/bin/sh\necho ${canary}; echo ${canary} >&2; exit 3\n`, { mode: 0o755 })
    expect(await problemOf(() => readSecret(`command:${join(home, 'fails')}`, io))).toMatchObject({
      code: 'command/secret-failed',
      exit: 'machine',
      facts: { exitCode: 3 },
    })
    expect((await problemOf(() => readSecret('command:true', io)))?.code).toBe('command/no-secret')
    expect((await problemOf(() => readSecret('command:no-such-tool-here', io)))?.code).toBe('command/missing-tool')
    expect((await problemOf(() => readSecret(`command:echo ${canary} | cat`, io)))?.code).toBe('command/needs-shell')
  })
})

it('keeps a secret that was read out of every later error', async () => {
  vi.stubEnv('SLIPWAY_TEST_KEY', canary)
  await readSecret('env:SLIPWAY_TEST_KEY', io)
  const later = problem('x/y', `bad ${canary}`, { hint: canary, facts: { deep: [canary] }, cause: new Error(`no ${canary}`) })
  expect(JSON.stringify(later)).not.toContain(canary)
})
