// go: the real toolchain cross-builds six targets of a small program; the same bytes from two folders; metadata where it was asked for.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { machine } from '../io/machine.ts'
import type { ToolRun } from '../io/io.ts'
import type { BuildJob } from './builder.ts'
import { go } from './go.ts'
import { jobIn } from './testing/jobs.ts'
import { builtInto, bytesOf, digestOf, edit, has, projectOf, removeProjects, said } from './testing/programs.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
const built = { tool: 'go', version: '1.2.3', commit, date: '2025-10-09T08:53:21Z', features: [] as readonly string[] }
afterAll(removeProjects)
const project = (depth = ''): string => projectOf('go', depth)
type Options = Parameters<typeof go.build>[1]
const build = (folder: string, options: Options = {}, changes: Partial<BuildJob> = {}) => go.build(jobIn(folder, changes), options)
const problemOf = async (folder: string, options: Options = {}, changes: Partial<BuildJob> = {}) => {
  const error = await build(folder, options, changes).catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}

describe.skipIf(!has('go'))('go, the real toolchain', () => {
  it('builds six systems from one, each with its own header, the same from two folders', { timeout: 600_000 }, async () => {
    const heads = {
      'linux-x64': ['7f454c46', 18, 62],
      'linux-arm64': ['7f454c46', 18, 183],
      'windows-x64': ['4d5a', undefined, 0x8664],
      'windows-arm64': ['4d5a', undefined, 0xaa64],
      'macos-x64': ['cffaedfe', 4, 0x0007],
      'macos-arm64': ['cffaedfe', 4, 0x000c],
    } as const
    const [one, other] = [project(), project('a deeper/folder')]
    for (const [target, [magic, at, arch]] of Object.entries(heads)) {
      const tree = await build(one, {}, { target })
      expect(tree.executable).toBe(target.startsWith('windows') ? 'tool.exe' : 'tool')
      const bytes = Buffer.from(bytesOf(one, tree))
      expect(bytes.toString('hex', 0, magic.length / 2)).toBe(magic)
      expect(bytes.readUInt16LE(at ?? bytes.readUInt32LE(0x3c) + 4)).toBe(arch)
      expect(bytes.includes(one)).toBe(false)
      expect(await builtInto(bytes)).toMatchObject({ ...built, compiler: expect.stringMatching(/^go1\./), module: 'example.org/tool' })
      expect(digestOf(await build(other, {}, { target }))).toBe(digestOf(tree))
    }
  })
  it('builds for 32-bit ARM and for musl', { timeout: 300_000 }, async () => {
    const folder = project()
    expect(Buffer.from(bytesOf(folder, await build(folder, {}, { target: 'linux-armv7' }))).readUInt16LE(18)).toBe(40)
    const musl = digestOf(await build(folder, {}, { target: 'linux-x64-musl' }))
    expect(musl).toBe(digestOf(await build(folder)))
  })
  it('puts version, commit and date into the usual variables, and tags where they are asked for', { timeout: 300_000 }, async () => {
    const folder = project()
    expect(said(folder, await build(folder))).toBe(`1.2.3 ${commit} 2025-10-09T08:53:21Z unset plain`)
    const inject = { version: 'main.version', features: 'main.features' }
    const tree = await build(folder, { tags: ['extra', 'other'], inject })
    expect(said(folder, tree)).toBe('1.2.3 unset unset extra,other extra')
    // Also what goes into no variable.
    expect(await builtInto(bytesOf(folder, tree))).toMatchObject({ ...built, features: ['extra', 'other'] })
  })
  it('says which variable is not there', { timeout: 300_000 }, async () => {
    const found = await problemOf(project(), { inject: { version: 'main.version', commit: 'main.comit' } })
    expect(found).toMatchObject({ code: 'go/not-injected', where: { path: 'build.go.inject' } })
    expect((found as Error).message).toContain('in main.comit')
  })
  it('respects the exit code, and keeps the log', { timeout: 300_000 }, async () => {
    const folder = project()
    edit(folder, 'plain.go', ['"plain"', 'missing'])
    const found = await problemOf(folder)
    expect(found).toMatchObject({ code: 'go/failed', exit: 'machine', facts: { exitCode: 1 }, where: { target: 'linux-x64' } })
    expect((found as Error).message).toContain('undefined: missing')
    expect(await problemOf(folder, { main: '-toolexec=evil' })).toMatchObject({ code: 'go/failed' })
  })
  it('changes no module file', { timeout: 300_000 }, async () => {
    const folder = project()
    writeFileSync(join(folder, 'project/needs.go'), 'package main\n\nimport _ "example.org/absent"\n')
    expect(await problemOf(folder)).toMatchObject({ code: 'go/failed' })
  })
  it('refuses what is no program', { timeout: 300_000 }, async () => {
    const folder = project()
    for (const name of ['main.go', 'plain.go', 'extra.go']) edit(folder, name, ['package main', 'package library'])
    expect(await problemOf(folder)).toMatchObject({ code: 'go/wrong-binary' })
  })
})

describe('go, what it asks of the toolchain', () => {
  const started = async (options: Options, changes: Partial<BuildJob> = {}): Promise<ToolRun> => {
    const runs: ToolRun[] = []
    const io = machine()
    const run = Object.assign(
      (tool: ToolRun) => {
        runs.push(tool)
        return Promise.resolve({ exitCode: 1, stdout: '', stderr: '' })
      },
      { find: io.run.find },
    )
    await problemOf(project(), options, { io: { ...io, run }, ...changes })
    return runs[0] ?? { tool: '', args: [], cwd: '' }
  }
  it('is set whatever the user has set', async () => {
    const { env = {} } = await started({}, { target: 'linux-armv7' })
    expect(env).toMatchObject({ GOENV: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly', GOOS: 'linux', GOARCH: 'arm', GOARM: '7' })
    expect(env).toMatchObject({ CGO_ENABLED: '0', SOURCE_DATE_EPOCH: '1760000001' })
    expect((await started({ cgo: true, env: { CC: 'aarch64-linux-gnu-gcc' } })).env).toMatchObject({
      CGO_ENABLED: '1',
      CC: 'aarch64-linux-gnu-gcc',
    })
  })
  it.each([
    ['cmd/tool', './cmd/tool'],
    ['./cmd/tool', './cmd/tool'],
    ['.', '.'],
    ['-x', './-x'],
    ['example.org/tool/cmd/tool', 'example.org/tool/cmd/tool'],
  ])('takes %s as the package %s', async (main, taken) => {
    expect((await started({ main })).args.at(-1)).toBe(taken)
  })
  it('gets tags, flags and linker flags as they are', async () => {
    const { args } = await started({ tags: ['a', 'b'], flags: ['-v'], ldflags: ['-extldflags=-static'], inject: {} })
    expect(args.slice(1, 8)).toEqual([
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      expect.stringMatching(/^-s -w -buildid=slipway\/1\/[\w+/=]+ -extldflags=-static$/),
      '-tags',
      'a,b',
      '-v',
    ])
  })
  it('names its problems before a build', () => {
    for (const target of ['macos-universal', 'any'])
      expect(go.check?.({ ...jobIn(''), target }, {}).map(one => one.code)).toEqual(['go/no-target'])
    expect(go.check?.(jobIn(''), {})).toEqual([])
    for (const inject of ['version', 'main.x y', "main.x'"]) expect(go.options.inject.safeParse({ version: inject }).success).toBe(false)
  })
})
