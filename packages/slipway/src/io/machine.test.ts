// The rest of the door: environment, host, clock, random, and scrypt in its own process.
import { forgetSecrets, redact } from '@slipway/core'
import { deriveScrypt } from '@slipway/formats/minisign'
import { afterEach, expect, it, vi } from 'vitest'
import { derive } from './derive.ts'
import type { RunTool, ToolRun } from './io.ts'
import { machine } from './machine.ts'

afterEach(() => {
  vi.unstubAllEnvs()
  forgetSecrets()
})

it('reads the environment, remembers secrets, and takes an empty one for missing', () => {
  const { secrets } = machine()
  vi.stubEnv('SLIPWAY_TEST_PLAIN', 'plain-value')
  vi.stubEnv('SLIPWAY_TEST_SECRET', 'canary-41')
  vi.stubEnv('SLIPWAY_TEST_EMPTY', '')
  expect(secrets.env('SLIPWAY_TEST_PLAIN')).toBe('plain-value')
  expect(redact('plain-value canary-41')).toBe('plain-value canary-41')
  expect(secrets.secret('SLIPWAY_TEST_SECRET')).toBe('canary-41')
  expect(redact('plain-value canary-41')).toBe('plain-value [secret]')
  expect(secrets.secret('SLIPWAY_TEST_EMPTY')).toBeUndefined()
  expect(Object.keys(secrets.matching(/^SLIPWAY_TEST_/g))).toHaveLength(3)
})

it('knows its host', () => {
  const { host, clock, random } = machine()
  expect(host).toMatchObject({ pid: process.pid, cwd: process.cwd(), nodeVersion: process.versions.node })
  expect(host.zlibVersion).toMatch(/^zlib \S+ zstd \S+$/)
  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000)
  expect(random(32)).toHaveLength(32)
  expect(random(32)).not.toEqual(random(32))
})

it('derives in another process, with no secret in its arguments or environment', async () => {
  const { run } = machine()
  const runs: ToolRun[] = []
  const watched: RunTool = Object.assign((tool: ToolRun) => (runs.push(tool), run(tool)), { find: run.find })
  const salt = new Uint8Array(32).fill(7)
  const cost = { opsLimit: 32768, memLimit: 16 * 1024 * 1024, lengthBytes: 104 }
  expect(await derive(watched)('canary-pässword', salt, cost)).toEqual(await deriveScrypt('canary-pässword', salt, cost))
  expect(JSON.stringify([runs[0]?.args, runs[0]?.env])).not.toContain('canary')
})

it('says when that process fails', async () => {
  const { derive: real } = machine()
  await expect(real('x', new Uint8Array(32), { opsLimit: 2 ** 40, memLimit: 2 ** 40, lengthBytes: 104 })).rejects.toMatchObject({
    problems: [{ code: 'io/derive-failed', exit: 'machine' }],
  })
})
