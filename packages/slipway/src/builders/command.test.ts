// command: real commands with an environment of their own; exit codes, logs and what is missing afterwards.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { SlipwayError } from '@slipway/core'
import type { BuildJob } from './builder.ts'
import { command } from './command.ts'
import { elf, jobIn } from './testing/jobs.ts'

const parent = mkdtempSync(join(tmpdir(), 'command-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(parent, 'case-'))
  mkdirSync(join(folder, 'project/out'), { recursive: true })
})
const script = (name: string, text: string): void => {
  writeFileSync(join(folder, 'project', name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, 'project', name), 0o755)
}
type Options = Parameters<typeof command.build>[1]
const build = (options: Options, changes: Partial<BuildJob> = {}) => command.build(jobIn(folder, changes), options)
const problemOf = async (options: Options) => {
  const error = await build(options).catch((caught: unknown) => caught)
  return error instanceof SlipwayError ? error.problems[0] : error
}

describe('command', () => {
  it('runs each line with placeholders filled, and takes what was produced', async () => {
    script('make.sh', 'echo "$1|$2" >> out/args; printf "#!/bin/sh\\n" > out/tool')
    const tree = await build({ run: ['./make.sh {target} "{name} of {version}"', './make.sh second line'], from: { 'linux-x64': 'out' } })
    expect(tree.entries.map(one => one.path)).toEqual(['args', 'tool'])
    expect(tree.executable).toBe('tool')
    expect(readFileSync(join(folder, 'project/out/args'), 'utf8')).toBe('linux-x64|A Tool of 1.2.3\nsecond|line\n')
  })
  it('picks the lines of the target, exact before a pattern', async () => {
    script('make.sh', 'echo "$1" > out/tool')
    const run = { 'linux-*': './make.sh "#!any"', 'linux-arm64': './make.sh "#!arm"' }
    await build({ run, from: 'out' }, { target: 'linux-arm64' })
    expect(readFileSync(join(folder, 'project/out/tool'), 'utf8')).toBe('#!arm\n')
    await build({ run, from: 'out' })
    expect(readFileSync(join(folder, 'project/out/tool'), 'utf8')).toBe('#!any\n')
  })
  it('passes PATH, the date and `env`, and nothing else', async () => {
    process.env['UNIT_TEST_SECRET'] = 'leak'
    script('make.sh', 'env | cut -d= -f1 | sort > out/names; echo "$SOURCE_DATE_EPOCH $OWN" > out/values; printf "#!/bin/sh\\n" > out/tool')
    try {
      await build({ run: './make.sh', from: 'out', env: { OWN: 'yes' } })
    } finally {
      delete process.env['UNIT_TEST_SECRET']
    }
    const names = readFileSync(join(folder, 'project/out/names'), 'utf8').trim().split('\n')
    // The shell sets these three itself.
    expect(names.filter(name => !['PWD', 'SHLVL', '_', 'OLDPWD'].includes(name))).toEqual(['OWN', 'PATH', 'SOURCE_DATE_EPOCH'])
    expect(readFileSync(join(folder, 'project/out/values'), 'utf8')).toBe('1760000001 yes\n')
  })
  it('starts in cwd', async () => {
    mkdirSync(join(folder, 'project/sub'))
    script('sub/make.sh', 'pwd > ../out/tool; printf "#!/bin/sh\\n" > ../out/tool')
    expect((await build({ run: './make.sh', from: 'out', cwd: 'sub' })).executable).toBe('tool')
  })
  it('respects the exit code, and keeps the log', async () => {
    script('make.sh', 'echo first; echo broken >&2; exit 7')
    const found = await problemOf({ run: ['./make.sh', './never.sh'], from: 'out' })
    expect(found).toMatchObject({ code: 'command/failed', exit: 'machine', facts: { exitCode: 7 }, where: { target: 'linux-x64' } })
    const { log } = (found as { facts: { log: string } }).facts
    expect(readFileSync(log, 'utf8')).toBe('$ ./make.sh\nfirst\nbroken\n')
    expect((found as Error).message).toContain('broken')
  })
  it('takes a single program as a folder of one file', async () => {
    script('make.sh', 'printf "#!/bin/sh\\n" > out/built-linux-x64')
    const tree = await build({ run: './make.sh', from: 'out/built-{target}' })
    expect(tree.entries).toMatchObject([{ path: 'tool', mode: 0o755 }])
  })
  it('names what is missing or wrong afterwards', async () => {
    script('make.sh', 'true')
    expect(await problemOf({ run: './make.sh', from: 'nothing' })).toMatchObject({ code: 'command/nothing-built', exit: 'machine' })
    expect(await problemOf({ run: './make.sh', from: 'out' })).toMatchObject({ code: 'command/no-executable' })
    writeFileSync(join(folder, 'project/out/tool'), elf(183))
    expect(await problemOf({ run: './make.sh', from: 'out' })).toMatchObject({ code: 'command/wrong-binary' })
    expect(await problemOf({ run: 'no-such-tool-here', from: 'out' })).toMatchObject({ code: 'io/no-tool' })
  })
  it('gives nothing to a shell', async () => {
    await expect(build({ run: './make.sh | tee log', from: 'out' })).rejects.toThrow('command/needs-shell')
  })
  it('names its problems before a build', () => {
    expect(command.check?.(jobIn(folder), {}).map(one => one.code)).toEqual(['command/no-run', 'command/no-from'])
    expect(command.check?.(jobIn(folder), { run: { 'macos-*': 'x' }, from: { 'macos-x64': 'y' } }).map(one => one.code)).toEqual([
      'command/no-run',
      'command/no-from',
    ])
    expect(command.targets?.({ from: { 'linux-x64': 'a' } })).toEqual(['linux-x64'])
  })
})
