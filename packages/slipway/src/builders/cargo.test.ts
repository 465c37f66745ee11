// cargo: the real toolchain builds for this machine; the same bytes from two folders; what is missing is named before the work.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import { machine } from '../io/machine.ts'
import type { ToolResult, ToolRun } from '../io/io.ts'
import type { BuildJob } from './builder.ts'
import { cargo } from './cargo.ts'
import { jobIn } from './testing/jobs.ts'
import { builtInto, bytesOf, digestOf, edit, has, projectOf, removeProjects, said } from './testing/programs.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
afterAll(removeProjects)
const project = (depth = ''): string => projectOf('cargo', depth)
type Options = Parameters<typeof cargo.build>[1]
const build = (folder: string, options: Options = {}, changes: Partial<BuildJob> = {}) => cargo.build(jobIn(folder, changes), options)
const problemOf = async (folder: string, options: Options = {}, changes: Partial<BuildJob> = {}) => {
  const error = await build(folder, options, changes).catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}
const target = machine().host.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'

describe.skipIf(!has('cargo') || machine().host.os !== 'linux')('cargo, the real toolchain', () => {
  it('builds the same from two folders, with the metadata and without a path of this machine', { timeout: 300_000 }, async () => {
    const [one, other] = [project(), project('a deeper/folder')]
    const tree = await build(one, { features: ['extra'] }, { target })
    expect(said(one, tree)).toBe(`1.2.3 ${commit} 2025-10-09T08:53:21Z extra extra`)
    expect(digestOf(await build(other, { features: ['extra'] }, { target }))).toBe(digestOf(tree))
    const built = { tool: 'cargo', version: '1.2.3', commit, date: '2025-10-09T08:53:21Z', features: ['extra'] }
    expect(await builtInto(bytesOf(one, tree))).toMatchObject({ ...built, compiler: expect.stringMatching(/^rustc 1\./) })
    const stripped = join(one, 'stripped')
    execFileSync('strip', ['-o', stripped, join(one, 'scratch/tree', tree.executable)])
    expect(await builtInto(readFileSync(stripped))).toMatchObject(built)
    expect(execFileSync(stripped, { encoding: 'utf8' })).toContain('1.2.3')
    expect(Buffer.from(bytesOf(one, tree)).includes(one)).toBe(false)
    expect(said(one, await build(one, {}, { target, commit: '' }))).toBe('1.2.3  2025-10-09T08:53:21Z  plain')
  })
  it('respects the exit code, and keeps the log', { timeout: 300_000 }, async () => {
    const folder = project()
    edit(folder, 'src/main.rs', ['"plain"', 'missing'])
    const found = await problemOf(folder, {}, { target })
    expect(found).toMatchObject({ code: 'cargo/failed', exit: 'machine', facts: { exitCode: 101 }, where: { target } })
    expect((found as Error).message).toContain('cannot find value `missing`')
    expect(await problemOf(project(), { bin: 'other' }, { target })).toMatchObject({ code: 'cargo/failed' })
  })
  it('changes no lock file', { timeout: 300_000 }, async () => {
    const folder = project()
    edit(folder, 'Cargo.toml', ['1.2.3', '1.2.4'])
    const found = await problemOf(folder, {}, { target })
    expect(found).toMatchObject({ code: 'cargo/failed' })
    expect((found as Error).message).toContain('--locked')
  })
  it('names the Rust target that is missing, and the fix', { timeout: 300_000 }, async () => {
    expect(await problemOf(project(), {}, { target: 'windows-x86' })).toMatchObject({
      code: 'cargo/no-rust-target',
      hint: expect.stringContaining('rustup target add i686-pc-windows-msvc'),
      where: { target: 'windows-x86' },
    })
  })
})

describe('cargo, before the work', () => {
  /** A toolchain that has every target, and whose cargo stops. */
  const started = async (folder: string, options: Options, changes: Partial<BuildJob> = {}) => {
    const runs: ToolRun[] = []
    const io = machine()
    const answer = (tool: ToolRun): ToolResult =>
      tool.tool === 'rustc' ? { exitCode: 0, stdout: `${folder}/project\n`, stderr: '' } : { exitCode: 1, stdout: '', stderr: '' }
    const run = Object.assign((tool: ToolRun) => (runs.push(tool), Promise.resolve(answer(tool))), { find: io.run.find })
    const host = { ...io.host, os: 'linux', arch: 'x64' } as const
    const found = await problemOf(folder, options, { io: { ...io, run, host }, ...changes })
    return { found, cargo: runs.find(({ tool }) => tool === 'cargo') }
  }
  it('refuses to build without a lock file, and takes that of the workspace', async () => {
    const folder = project()
    mkdirSync(join(folder, 'project/member'))
    expect((await started(folder, { cwd: 'member' })).cargo?.cwd).toBe(`${folder}/project/member`)
    rmSync(join(folder, 'project/Cargo.lock'))
    for (const options of [{}, { cwd: 'member' }]) {
      const { found, cargo: ran } = await started(folder, options)
      expect(found).toMatchObject({ code: 'cargo/no-lock', exit: 'input', where: { target: 'linux-x64' } })
      expect(ran).toBeUndefined()
    }
  })
  it('asks for a linker of another system, and takes each way to name one', async () => {
    const folder = project()
    const changes = { target: 'linux-arm64' }
    const name = 'CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER'
    expect((await started(folder, {}, changes)).found).toMatchObject({ code: 'cargo/no-linker', hint: expect.stringContaining(name) })
    expect((await started(folder, { env: { [name]: 'gcc' } }, changes)).found).toMatchObject({ code: 'cargo/failed' })
    mkdirSync(join(folder, 'project/.cargo'))
    writeFileSync(join(folder, 'project/.cargo/config.toml'), '[target.x86_64-unknown-linux-gnu]\nlinker = "gcc"\n')
    expect((await started(folder, {}, changes)).found).toMatchObject({ code: 'cargo/no-linker' })
    writeFileSync(join(folder, 'project/.cargo/config.toml'), '[target.aarch64-unknown-linux-gnu]\nlinker = "gcc"\n')
    expect((await started(folder, {}, changes)).found).toMatchObject({ code: 'cargo/failed' })
    writeFileSync(join(folder, 'project/.cargo/config.toml'), 'not toml [')
    expect((await started(folder, {}, changes)).found).toMatchObject({ code: 'cargo/no-linker' })
    expect((await started(folder, {}, { target: 'linux-x64-musl' })).found).toMatchObject({ code: 'cargo/failed' })
  })
  it('gives cargo its options, and flags that end at no space', async () => {
    const folder = project('with space')
    const options = {
      bin: 'b',
      package: 'p',
      features: ['x', 'y'],
      defaultFeatures: false,
      profile: 'small',
      env: { RUSTFLAGS: '-C  lto' },
    }
    const { args = [], env = {} } = (await started(folder, options)).cargo ?? {}
    expect(args.join(' ')).toBe(
      `build --locked --profile small --target x86_64-unknown-linux-gnu --bin b --package p --features x,y --no-default-features --target-dir ${folder}/scratch/target`,
    )
    expect(env).toMatchObject({ CARGO_INCREMENTAL: '0', SOURCE_DATE_EPOCH: '1760000001', SLIPWAY_FEATURES: 'x,y' })
    expect(env).not.toHaveProperty('RUSTFLAGS')
    const flags = env['CARGO_ENCODED_RUSTFLAGS']?.split('\u001f') ?? []
    expect(flags[0]).toBe(`--remap-path-prefix=${folder}/project=/project`)
    expect(flags.slice(3)).toEqual(['-C', 'lto'])
    expect((await started(folder, {})).cargo?.args.slice(0, 3)).toEqual(['build', '--locked', '--release'])
  })
  it('names its problems before a build', () => {
    for (const wrong of ['macos-universal', 'any'])
      expect(cargo.check?.({ ...jobIn(''), target: wrong }, {}).map(one => one.code)).toEqual(['cargo/no-target'])
    expect(cargo.check?.(jobIn(''), {})).toEqual([])
    for (const bin of ['-x', '--config', 'a b']) expect(cargo.options.bin.safeParse(bin).success).toBe(false)
  })
})
