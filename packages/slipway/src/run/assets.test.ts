// Files of the project for packagers: read once by path; what is missing or outside is said all at once, with its config path.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { sha256, SlipwayError } from '@slipway/core'
import { machine } from '../io/machine.ts'
import { readAssets } from './assets.ts'

const root = mkdtempSync(join(tmpdir(), 'assets-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
mkdirSync(join(root, 'man'))
writeFileSync(join(root, 'man/tool.1'), '.TH')
symlinkSync('/etc/passwd', join(root, 'link'))
const project = { root, locate: (path: string) => ({ path, file: 'slipway.config.ts' }) }

it('reads what is there', async () => {
  const bytes = new TextEncoder().encode('.TH')
  const found = await readAssets(machine(), project, [
    { path: 'man/tool.1', from: 'app.man' },
    { path: 'icon.png', from: 'app.icon', optional: true },
  ])
  expect([...found]).toEqual([['man/tool.1', { sha256: sha256(bytes), bytes: Uint8Array.from(bytes) }]])
})
it('says all that is missing or outside', async () => {
  const asked = ['none.1', '../outside', '/etc/passwd', 'link', 'man'].map((path, index) => ({ path, from: `app.man.${index}` }))
  const error = await readAssets(machine(), project, asked).catch((caught: unknown) => caught)
  expect(error instanceof SlipwayError && error.problems.map(one => `${one.code} ${one.where.path ?? ''} ${one.where.file ?? ''}`)).toEqual(
    [
      'package/no-asset app.man.0 slipway.config.ts',
      'package/asset-outside app.man.1 slipway.config.ts',
      'package/asset-outside app.man.2 slipway.config.ts',
      'package/no-asset app.man.3 slipway.config.ts',
      'package/no-asset app.man.4 slipway.config.ts',
    ],
  )
})
