// Every source of secrets against the conformance of its kind.
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { machine } from '../io/machine.ts'
import { keyConformance, type KeyFixture } from './conformance.ts'
import * as sources from './index.ts'
import type { KeySource } from './key.ts'

const folder = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  vi.unstubAllEnvs()
})
const written = async (text: string, mode: number): Promise<string> => {
  const path = join(folder, randomUUID())
  await writeFile(path, text, { mode })
  return path
}

const fixtures: Readonly<Record<string, KeyFixture>> = {
  env: {
    io: machine,
    put: async secret => (vi.stubEnv('UNIT_TEST_KEY', secret), 'UNIT_TEST_KEY'),
    missing: 'UNIT_TEST_NONE',
    code: 'env/missing',
    broken: async () => [],
    skip: { 'shows nothing of a secret that it refuses': 'a variable is there or not: there is nothing to refuse' },
  },
  file: {
    io: machine,
    put: secret => written(`${secret}\n`, 0o600),
    missing: join(folder, 'none'),
    code: 'file/missing',
    broken: async secret => [await written(secret, 0o604), await written('\n', 0o600)],
  },
  command: {
    io: machine,
    put: async secret => `cat ${await written(`${secret}\n`, 0o600)}`,
    missing: 'no-such-tool-here --show',
    code: 'command/missing-tool',
    broken: async secret => [
      await written(`#!/bin/sh\necho ${secret}; echo ${secret} >&2; exit 3\n`, 0o700),
      await written(`#!/bin/sh\necho ${secret} >&2\n`, 0o700),
    ],
  },
}

const skips = Object.values(sources as unknown as Record<string, KeySource>).map(unit => {
  const fixture = fixtures[unit.id]
  if (fixture === undefined) throw new Error(`keys/${unit.id} has no conformance fixture`)
  return keyConformance(unit, fixture)
})

it('skips only what has a reason, and says how much', () => {
  const skipped = skips.flat()
  process.stdout.write(`key conformance: ${skipped.length} cases skipped\n${skipped.join('\n')}\n`)
  expect(skipped).toHaveLength(Object.values(fixtures).reduce((sum, { skip = {} }) => sum + Object.keys(skip).length, 0))
})
