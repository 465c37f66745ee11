// electron through the whole command: what is recorded of the archive and the fuses outlive every step behind the builder, in each package.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, expect, it } from 'vitest'
import { smallProject } from '../../../../test/kit/project.ts'
import { app } from '../packagers/testing/trees.ts'
import { electron } from './electron.ts'
import { sha256Of, templateOf, zipOf } from './testing/electron.ts'
import { jobIn } from './testing/jobs.ts'

const place = mkdtempSync(join(tmpdir(), 'electron-packages-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const parts = ['linux-x64', 'windows-x64', 'macos-x64', 'macos-arm64']

it('keeps records and fuses from the builder to the packages', async () => {
  const zip: Record<string, string> = {}
  const sha256: Record<string, string> = {}
  const zips = join(place, 'zips')
  mkdirSync(zips)
  for (const target of parts) {
    const bytes = await zipOf(await templateOf(target, { hasSlot: true }))
    zip[target] = join(zips, `${target}.zip`)
    sha256[target] = sha256Of(bytes)
    writeFileSync(zip[target], bytes)
  }
  const fuses = { runAsNode: false, enableEmbeddedAsarIntegrityValidation: true, onlyLoadAppFromAsar: true }
  const { root, run, json } = smallProject({
    folder: place,
    targets: [...parts, 'macos-universal'],
    more: {
      app: { name: 'Desk Top', id: 'com.example.desk', bin: 'desk', version: '1.0.0', license: 'MIT', publisher: 'A <a@example.org>' },
      build: { electron: { zip, sha256, app: 'app', fuses }, join: true },
      packages: ['app.zip', 'zip'],
      feeds: {},
    },
  })
  mkdirSync(join(root, 'app'))
  writeFileSync(join(root, 'app/package.json'), '{"name":"desk","main":"main.js"}')
  writeFileSync(join(root, 'app/main.js'), 'code')
  const ran = await run(['package', '--profile', 'dev'])
  expect(ran.exitCode, ran.stderr).toBe(0)
  const unzipped = (target: string, file: string): string => {
    execFileSync('unzip', ['-q', join(root, 'dist/1.0.0', file), '-d', join(place, target)])
    return join(place, target)
  }
  const folders = {
    'linux-x64': join(unzipped('linux-x64', 'desk-1.0.0-linux-x64.zip'), 'desk-1.0.0-linux-x64'),
    'windows-x64': join(unzipped('windows-x64', 'desk-1.0.0-windows-x64.zip'), 'desk-1.0.0-windows-x64'),
    'macos-universal': unzipped('macos-universal', 'desk-1.0.0-macos-universal.app.zip'),
  }
  const programs = { 'linux-x64': 'desk', 'windows-x64': 'desk.exe', 'macos-universal': 'Desk Top.app' }
  for (const [target, from] of Object.entries(folders)) {
    const wire = await getCurrentFuseWire(join(from, programs[target as keyof typeof programs]))
    expect([target, wire[FuseV1Options.RunAsNode], wire[FuseV1Options.OnlyLoadAppFromAsar]]).toEqual([target, 0x30, 0x31])
    // Refuses whatever would not start: another record, none, or another digest of it.
    await electron.build(jobIn(join(place, `job-${target}`), { target, app: { ...app, bin: 'desk' } }), { from })
  }
  const { data } = await json(['inspect', join(root, 'dist/1.0.0/desk-1.0.0-windows-x64.zip')])
  expect(data['arch']).toBe('x64')
}, 120_000)
