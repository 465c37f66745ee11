// bun: real Buns of the registry become programs for three systems; the Linux one runs; and what is refused before or after.
import { rmSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { readPe } from '@slipway/formats/pe'
import { machine } from '../io/machine.ts'
import type { BuildJob } from './builder.ts'
import { bun } from './bun.ts'
import { jobIn } from './testing/jobs.ts'
import { builtInto, bytesOf, digestOf, edit, projectOf, reaches, removeProjects, said, signatureOf } from './testing/programs.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
const built = { tool: 'bun', version: '1.2.3', commit, date: '2025-10-09T08:53:21Z', features: ['a', 'b'] }
afterAll(removeProjects)
const project = (depth = ''): string => projectOf('js', depth)
type Options = Parameters<typeof bun.build>[1]
const options: Options = { entry: 'bun.ts', features: ['a', 'b'] }
const problemOf = async (work: Promise<unknown>) => {
  const error = await work.catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}
const { os, arch } = machine().host
const unreachable =
  os === 'linux' && arch === 'x64' ? (reaches('@oven/bun-linux-x64@1.4.5') ? '' : 'npm reaches no registry') : 'for linux-x64'

describe('bun, before the work', () => {
  it('pins the Bun of the target and of the machines that build', () => {
    const inputs = (target: string, more: Options = {}) => bun.inputs?.({ ...jobIn(''), target }, more)
    expect(inputs('linux-x64')).toEqual(['npm:@oven/bun-linux-x64@1.4.5'])
    expect(inputs('macos-arm64')).toEqual(['npm:@oven/bun-darwin-aarch64@1.4.5', 'npm:@oven/bun-linux-x64@1.4.5'])
    expect(inputs('linux-x64-musl', { baseline: true, bun: '1.4.0', hosts: ['linux-arm64'] })).toEqual([
      'npm:@oven/bun-linux-x64-musl-baseline@1.4.0',
      'npm:@oven/bun-linux-aarch64@1.4.0',
    ])
  })
  it('names its problems', () => {
    const codes = (target: string, more: Options) => bun.check?.({ ...jobIn(''), target }, more).map(one => one.code)
    expect(codes('windows-arm64', options)).toEqual([])
    expect(codes('linux-x64', {})).toEqual(['bun/no-entry'])
    for (const target of ['linux-armv7', 'windows-x86', 'macos-universal', 'any']) expect(codes(target, options)).toEqual(['bun/no-target'])
    expect(bun.options.bun.safeParse('latest').success).toBe(false)
  })
  it('refuses a machine that no Bun is pinned for, what is not there, and what is not locked', async () => {
    const job = jobIn(project())
    expect(await problemOf(bun.build(job, { entry: 'none.ts' }))).toMatchObject({ code: 'bun/no-file' })
    expect(await problemOf(bun.build(job, { ...options, hosts: ['macos-x64'] }))).toMatchObject({ code: 'bun/host' })
    const host = { ...job.io.host, os: 'linux', arch: 'x64' } as const
    expect(await problemOf(bun.build({ ...job, io: { ...job.io, host } }, options))).toMatchObject({ code: 'builders/not-locked' })
  })
})

describe.skipIf(unreachable !== '')(`bun, real Buns${unreachable === '' ? '' : ` (skipped: ${unreachable})`}`, () => {
  const locked: Record<string, string> = {}
  const jobFor = async (folder: string, target: string): Promise<BuildJob> => {
    const job = jobIn(folder, { target, locked })
    for (const input of bun.inputs?.(job, options) ?? []) locked[input] ??= (await bun.pin?.(job, input, options)) ?? ''
    return job
  }
  const [one, other] = [project(), project('a deeper/folder')]

  it('makes a program that runs and knows its build, the same from two folders', { timeout: 600_000 }, async () => {
    const tree = await bun.build(await jobFor(one, 'linux-x64'), options)
    expect(tree.entries).toMatchObject([{ path: 'tool', mode: 0o755 }])
    expect(said(one, tree, 'x', 'y z')).toBe(`1.2.3 ${commit} 2025-10-09T08:53:21Z a,b x y z`)
    expect(await builtInto(bytesOf(one, tree))).toEqual(built)
    expect(digestOf(await bun.build(await jobFor(other, 'linux-x64'), options))).toBe(digestOf(tree))
    rmSync(other, { recursive: true })
  })
  it('makes one for Windows, without the certificate of another', { timeout: 600_000 }, async () => {
    const bytes = bytesOf(one, await bun.build(await jobFor(one, 'windows-x64'), options))
    const pe = await readPe(fromBytes(bytes))
    expect([pe.arch, pe.certificates]).toEqual(['x64', undefined])
    expect(await builtInto(bytes)).toEqual(built)
  })
  it('makes one for macOS, signed ad hoc under the id of the app', { timeout: 600_000 }, async () => {
    const bytes = bytesOf(one, await bun.build(await jobFor(one, 'macos-arm64'), options))
    expect(await signatureOf(bytes)).toMatchObject({ kind: 'ad-hoc', identifier: 'dev.example.tool', arePagesIntact: true })
    expect(await builtInto(bytes)).toEqual(built)
  })
  it('respects the exit code, and keeps the log', { timeout: 600_000 }, async () => {
    edit(one, 'bun.ts', ['./words.ts', './absent.ts'])
    const found = await problemOf(bun.build(await jobFor(one, 'linux-x64'), options))
    expect(found).toMatchObject({ code: 'bun/failed', exit: 'machine', where: { target: 'linux-x64' } })
    expect((found as Error).message).toContain('absent.ts')
  })
})
