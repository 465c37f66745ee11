// The real electron-updater against rendered feeds on loopback: finds, downloads, checks, refuses, and keeps to the percent (facts: TRUST 6).
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkWithElectronUpdater, type ElectronCheck } from '../kit/electron-client.ts'
import { packageBytes, serveFeeds, type FeedServer } from './feed-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'electron-updater-'))
const candidate = { version: '2.0.0', percent: 10, since: '2026-01-01T00:00:00Z' }
const inside = '11111111-1111-4111-8111-111119999999'
const outside = '11111111-1111-4111-8111-11111999999a'
// The last four bytes decide: 10 % of 2^32 - 1 is 0x19999999.8.
const admitted = `${inside.slice(0, 28)}19999999`
const rejected = `${outside.slice(0, 28)}1999999a`
let server: FeedServer
let count = 0

beforeAll(async () => {
  server = await serveFeeds(['linux-x64', 'linux-arm64'])
})
beforeEach(() => server.requests.splice(0))
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const check = (changes: Partial<ElectronCheck> = {}) =>
  checkWithElectronUpdater({
    feedUrl: `${server.url}feeds/stable/electron/`,
    version: '1.0.0',
    arch: 'x64',
    folder: join(folder, String((count += 1))),
    ...changes,
  })

describe('electron-updater', () => {
  it('is offered the file of its architecture, and downloads exactly its bytes', async () => {
    server.show({ current: '2.0.0' })
    for (const arch of ['x64', 'arm64'] as const) {
      const verdict = await check({ arch, download: true })
      expect(verdict).toMatchObject({ offered: '2.0.0', file: `${server.url}releases/2.0.0/tool_2.0.0-1_linux-${arch}.deb` })
      expect(verdict.error).toBeUndefined()
      expect(Buffer.compare(readFileSync(verdict.downloaded ?? ''), packageBytes('2.0.0', `linux-${arch}`))).toBe(0)
    }
  })
  it('asks one mutable URL a check', async () => {
    server.show({ current: '2.0.0' })
    await check()
    expect(server.requests.map(one => one.split('?')[0])).toEqual(['/feeds/stable/electron/latest-linux.yml'])
  })
  it('is offered nothing when it has the version already, or a newer one', async () => {
    server.show({ current: '1.0.0' })
    expect(await check()).toEqual({ offered: null })
    expect(await check({ version: '3.0.0' })).toEqual({ offered: null })
  })
  it('refuses a file with one changed byte', async () => {
    server.show({ current: '2.0.0' })
    const path = '/releases/2.0.0/tool_2.0.0-1_linux-x64.deb'
    const right = server.objects.get(path) ?? new Uint8Array()
    server.objects.set(path, right.with(100, 0))
    try {
      const verdict = await check({ download: true })
      expect(verdict.downloaded).toBeUndefined()
      expect(verdict.error).toContain('ERR_CHECKSUM_MISMATCH')
    } finally {
      server.objects.set(path, right)
    }
  })
  it('keeps to the percent by its own id', async () => {
    server.show({ current: '1.0.0', candidate })
    expect(await check({ stagingId: admitted })).toMatchObject({ offered: '2.0.0' })
    expect(await check({ stagingId: rejected })).toEqual({ offered: null })
    server.show({ current: '2.0.0' })
    expect(await check({ stagingId: rejected })).toMatchObject({ offered: '2.0.0' })
    expect(await check({ stagingId: 'ffffffff-ffff-4fff-bfff-ffffffffffff' })).toMatchObject({ offered: '2.0.0' })
  })
  it('is offered nothing new after a halt', async () => {
    server.show({ current: '1.0.0', candidate, halted: { version: '2.0.0', reason: 'crashes' } })
    expect(await check({ stagingId: admitted })).toEqual({ offered: null })
    expect(await check({ version: '0.9.0', stagingId: rejected })).toMatchObject({ offered: '1.0.0' })
  })
  it('takes an empty channel for no update, not for an error', async () => {
    server.show({ candidate, halted: { version: '2.0.0', reason: 'crashes' } })
    expect(await check()).toEqual({ offered: null })
  })
  it('says when there is no feed', async () => {
    expect((await check({ feedUrl: `${server.url}feeds/none/electron/` })).error).toContain('ERR_UPDATER_CHANNEL_FILE_NOT_FOUND')
  })
})
