// Lent tools: a folder of their own, an empty environment, one file back; what goes wrong is said.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { collect } from '@slipway/formats/bytes'
import { machine } from '../io/machine.ts'
import { lending } from './lend.ts'
import type { Work } from './work.ts'

const folder = mkdtempSync(join(tmpdir(), 'lend-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const work = {
  io: machine(),
  cache: { folder },
  signal: new AbortController().signal,
  date: 1_700_000_000,
  settings: { app: { key: 'tiny', version: '1.0.0' } },
} as unknown as Work
const lent = lending(work, { unit: { id: 'nsis', tools: ['/bin/sh'] }, target: 'windows-x64' })
const script = (text: string) => ({
  tool: '/bin/sh',
  args: ['script'],
  files: [
    {
      path: 'script',
      bytes: async function* () {
        yield new TextEncoder().encode(text)
      },
    },
  ],
  wants: 'out',
})
const textOf = async (job: Parameters<typeof lent.lend>[0]): Promise<string> =>
  new TextDecoder().decode(await collect(await lent.lend(job), 1 << 20))

it('runs in a folder that holds only its files, with nothing of this environment, and is given back', async () => {
  process.env['SLIPWAY_LEND_TEST'] = 'secret'
  const text = await textOf(script('ls > out; env >> out; pwd >> out'))
  delete process.env['SLIPWAY_LEND_TEST']
  expect(text.split('\n').slice(0, 2)).toEqual(['out', 'script'])
  expect(text).toContain('SOURCE_DATE_EPOCH=1700000000')
  expect(text).not.toMatch(/secret|PATH=\/root|USER=/)
  const place = text.trim().split('\n').at(-1) ?? ''
  expect(existsSync(place)).toBe(true)
  await lent.giveBack()
  expect(existsSync(place)).toBe(false)
})
it('says how a tool ended, and lends none that was not declared', async () => {
  const failed = expect.objectContaining({
    code: 'packagers/tool-failed',
    message: expect.stringContaining('ended with 3: what is wrong') as string,
  })
  await expect(lent.lend(script('echo what is wrong >&2; exit 3'))).rejects.toMatchObject({ problems: [failed] })
  await expect(lent.lend({ ...script(''), tool: 'makensis' })).rejects.toMatchObject({ problems: [{ code: 'packagers/no-tool' }] })
})
