// AutoByteus' plan as a story, and the second example: another app, other targets, the same code; staged, halted, taken back (rows A8 B27, P10 P14).
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkWithElectronUpdater } from '../kit/electron-client.ts'
import { done, openStage } from './stage.ts'
import type { Stage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage({
    name: 'AutoByteus',
    bin: 'autobyteus',
    targets: ['windows-x64', 'linux-x64'],
    config: {
      packages: { zip: { targets: ['windows-x64'] }, deb: true, 'tar.zst': { targets: ['linux-x64'] } },
      feeds: { electron: { targets: ['linux-*'] } },
      channels: { canary: {}, stable: { rollout: ['10%', '50%', '100%'] } },
    },
  })
})
afterAll(() => stage.close())

// The real electron-updater; by the last four bytes of its id it is inside 10 % or outside of 50 %.
const ask = async (version: string, who: 'inside' | 'outside') => {
  const stagingId = `11111111-1111-4111-8111-1111${who === 'inside' ? '00000001' : 'f0000000'}`
  const verdict = await checkWithElectronUpdater({
    feedUrl: `${stage.url}/feeds/stable/electron`,
    version,
    arch: 'x64',
    folder: mkdtempSync(join(stage.base, 'client-')),
    stagingId,
    download: true,
  })
  expect(verdict.error).toBeUndefined()
  return verdict.offered
}

describe('a release in steps', () => {
  it('starts with everybody on 1.0.0', async () => {
    await done(stage.at('1.0.0'), 'release')
    await done(stage.at('1.0.0'), 'rollout', 'stable', '--percent', '100')
    expect([await ask('0.9.0', 'inside'), await ask('0.9.0', 'outside'), await ask('1.0.0', 'inside')]).toEqual(['1.0.0', '1.0.0', null])
  })
  it('A8: goes to canary first, and to stable with the same bytes for 10 %', async () => {
    const next = stage.at('1.1.0')
    await done(next, 'release', '--channel', 'canary')
    expect(await ask('1.0.0', 'inside')).toBeNull()
    expect((await done(next, 'promote', '1.1.0', '--to', 'stable')).data).toMatchObject({
      percent: 10,
      candidate: { version: '1.1.0', percent: 10 },
    })
    expect([await ask('1.0.0', 'inside'), await ask('1.0.0', 'outside')]).toEqual(['1.1.0', null])
  })
  it('P14: a halt is seen at the next check, and says "no update", not an error', async () => {
    await done(stage.at('1.1.0'), 'rollout', 'stable', '--halt', '--reason', 'windows stay black')
    expect([await ask('1.0.0', 'inside'), await ask('0.9.0', 'inside')]).toEqual([null, '1.0.0'])
    expect((await stage.at('1.1.0').run(['status'])).stdout).toContain('windows stay black')
    expect((await stage.at('1.1.0').run(['rollout', 'stable', '--next'])).exitCode).toBe(3)
  })
  it('is mended by a higher version, which lifts the halt and reaches everybody', async () => {
    const mended = stage.at('1.1.1')
    await done(mended, 'release')
    expect([await ask('1.0.0', 'inside'), await ask('1.0.0', 'outside')]).toEqual(['1.1.1', null])
    await done(mended, 'rollout', 'stable', '--next')
    await done(mended, 'rollout', 'stable', '--next')
    expect([await ask('1.0.0', 'outside'), await ask('1.1.0', 'inside')]).toEqual(['1.1.1', '1.1.1'])
  })
  it('is taken back: new clients get the version before, and those who have it keep it', async () => {
    const { data } = await done(stage.at('1.1.1'), 'rollback', 'stable', '--reason', 'loses projects')
    expect(data).toMatchObject({ current: '1.0.0', bad: '1.1.1' })
    expect([await ask('0.9.0', 'outside'), await ask('1.0.0', 'inside'), await ask('1.1.1', 'inside')]).toEqual(['1.0.0', null, null])
  })
  it('B27: after each turn the bucket is sound, as a stranger sees it', async () => {
    const ran = await stage.project.json(['verify', stage.url, '--keys', stage.project.keys, '--deep'])
    expect({ exitCode: ran.exitCode, errors: ran.errors }).toEqual({ exitCode: 0, errors: [] })
  })
  it('P10: a file that says the wrong architecture is refused before anything is published', async () => {
    const project = stage.at('1.2.0')
    writeFileSync(
      join(project.root, 'bin/linux-x64/autobyteus'),
      new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 183, 0]),
    )
    const ran = await project.json(['release'])
    expect(ran.exitCode).toBe(2)
    expect(ran.errors[0]?.where['target']).toBe('linux-x64')
  })
})
