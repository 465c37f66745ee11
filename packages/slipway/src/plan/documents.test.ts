// What `--json` prints is what test/schemas fixes for everybody who reads it (CONFIG 7): plan, release, verify, status, and errors of all.
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextVersion, smallProject } from '../../../../test/kit/project.ts'
import type { SmallProject } from '../../../../test/kit/project.ts'

const schemas = join(import.meta.dirname, '../../../../test/schemas')
const ajv = new Ajv({ allErrors: true, strict: false })
const schema = (name: string): ValidateFunction => ajv.compile(JSON.parse(readFileSync(join(schemas, `${name}.json`), 'utf8')) as object)
const expectValid = (name: string, text: string): void => {
  const valid = schema(name)
  expect(valid(JSON.parse(text)), JSON.stringify(valid.errors)).toBe(true)
}

describe('documents', () => {
  let project: SmallProject
  beforeAll(async () => {
    project = smallProject()
    await project.run(['keys', 'generate'])
  })
  afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))

  it('keep their shape through a whole story', async () => {
    const documents = async (args: readonly string[], name: string, on: SmallProject = project): Promise<void> => {
      const ran = await on.run([...args, '--json'])
      expect(ran.exitCode, ran.stdout).toBe(0)
      // One document and nothing else.
      expect(ran.stdout.trim().startsWith('{') && ran.stdout.trim().endsWith('}')).toBe(true)
      expectValid(name, ran.stdout)
    }
    await documents(['plan'], 'plan')
    await documents(['plan', '--profile', 'dev'], 'plan')
    await documents(['status'], 'status')
    await documents(['release'], 'release')
    await documents(['plan'], 'plan')
    const next = nextVersion(project, '1.1.0', { more: { channels: { stable: { rollout: ['10% 1d', '100%'] }, canary: {} } } })
    await documents(['release'], 'release', next)
    await documents(['status'], 'status', next)
    const status = JSON.parse((await next.run(['status', '--json'])).stdout) as {
      channels: { due: string; candidate: { since: string } }[]
    }
    expect(Date.parse(status.channels[0]?.due ?? '') - Date.parse(status.channels[0]?.candidate.since ?? '')).toBe(86_400_000)
    await documents(['verify'], 'verify', next)
    await next.run(['rollout', 'stable', '--halt', '--reason', 'crashes \u001b[31m'.replaceAll('\u001b', '')])
    await documents(['status'], 'status', next)
    await documents(['plan'], 'plan', nextVersion(project, '1.2.0'))
  })

  it('say what is wrong in one shape, whatever failed', async () => {
    const cases: readonly (readonly string[])[] = [
      ['plan', '--channel', 'nightly'],
      ['release', '--plan', '0123456789abcdef'],
      ['verify', '/nowhere', '--keys', '/nowhere'],
      ['promote', '9.9.9', '--to', 'stable'],
      ['rollout', 'nightly', '--halt', '--reason', 'x'],
      ['gate', '--waive', 'completeness'],
      ['plan', '--chanel', 'x'],
    ]
    for (const args of cases) {
      const ran = await project.run([...args, '--json'])
      expect(ran.exitCode, args.join(' ')).toBeGreaterThan(1)
      expectValid('error', ran.stdout)
    }
    const damaged = nextVersion(project, '1.2.0')
    rmSync(join(project.bucket, 'feeds/stable/tauri/latest.json'))
    const { stdout, exitCode } = await damaged.run(['verify', '--json'])
    expect(exitCode).toBe(5)
    expectValid('error', stdout)
    expectValid('verify', stdout)
  })

  it('are held by schemas that would notice a change', () => {
    const whole = {
      schema: 'slipway.verify/1',
      ok: true,
      errors: [],
      place: '',
      serial: 1,
      objects: 1,
      bytes: 1,
      signatures: 1,
      clients: [],
    }
    const valid = schema('verify')
    expect(valid(whole)).toBe(true)
    for (const key of Object.keys(whole)) {
      const { [key as keyof typeof whole]: _gone, ...rest } = whole
      expect(valid(rest), key).toBe(false)
    }
    expect(valid({ ...whole, schema: 'slipway.verify/2' })).toBe(false)
    expect(valid({ ...whole, later: 1 }), 'a later version may add').toBe(true)
  })
})
