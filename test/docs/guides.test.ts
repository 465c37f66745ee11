// The guides: every command on their pages is run, in order, by the real command line on a small project; exit codes and output are compared.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tinyElf } from '../../packages/formats/src/testing/binaries.ts'
import { serveFolder } from '../../scripts/demo/serve.ts'
import { projectRoot } from '../../scripts/lib/files.ts'
import { judge } from '../kit/judges.ts'
import { firstMissing, stepsOfGuide, wordsOf, type Shown } from './console-blocks.ts'

let home = ''
let project = ''
let server: Server | undefined
let address = ''
/** The pages' address; the test serves on a port of its own. */
const shownAddress = 'http://127.0.0.1:8737'

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'slipway-guide-'))
  project = join(home, 'hello')
  for (const [arch, machine] of [
    ['x64', 62],
    ['arm64', 183],
  ] as const) {
    const folder = join(project, 'build', `linux-${arch}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'hello'), Buffer.concat([tinyElf({ machine }), Buffer.from(`hello ${arch}\n`.repeat(100))]), { mode: 0o755 })
  }
  writeFileSync(join(project, '.gitignore'), 'build/\ndist/\n.slipway/\n')
  for (const args of [
    ['init', '-q'],
    ['add', '.gitignore'],
    ['commit', '-q', '-m', 'build: begin'],
  ]) {
    expect((await run(['git', ...args])).exitCode).toBe(0)
  }
  server = await serveFolder(join(project, '.slipway/bucket'), 0)
  address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
})
afterAll(() => {
  server?.close()
  rmSync(home, { recursive: true, force: true })
})

// One project, in this order: the second page goes on where the first ends.
describe('the guides', () => {
  it('first-release.md does what it says', () => follow('first-release.md'), 120_000)
  it('bad-release.md does what it says', () => follow('bad-release.md'), 120_000)
  it('install-scripts.md does what it says', () => follow('install-scripts.md'), 120_000)
  it('npm-packages.md does what it says', () => follow('npm-packages.md'), 120_000)
})

describe('the reader of guides', () => {
  it('takes commands with their output, exit code and files', () => {
    const steps = stepsOfGuide(
      '```yaml a.yaml\nx: 1\n```\ntext\n```console\n$ slipway x --why "a b"\none … three\n$ slipway y\nRefused: no. (exit 3)\n```\n```sh\nnot run\n```\n',
    )
    expect(steps).toEqual([
      { kind: 'file', file: { path: 'a.yaml', text: 'x: 1\n', line: 2 } },
      {
        kind: 'command',
        command: { argv: ['slipway', 'x', '--why', 'a b'], text: 'slipway x --why "a b"', line: 6, output: ['one … three'], exitCode: 0 },
      },
      { kind: 'command', command: { argv: ['slipway', 'y'], text: 'slipway y', line: 8, output: ['Refused: no. (exit 3)'], exitCode: 3 } },
    ])
    expect(wordsOf(`a 'b c' --d="e f"`)).toEqual(['a', 'b c', '--d=e f'])
  })
  it('finds the line that did not come, and the one that came too early', () => {
    expect(firstMissing(['a … c', 'd'], 'x\na b  c\nd\n')).toBeUndefined()
    expect(firstMissing(['d', 'a … c'], 'x\na b c\nd\n')).toBe('a … c')
    expect(firstMissing(['a.c'], 'abc')).toBe('a.c')
  })
})

const follow = async (page: string): Promise<void> => {
  const steps = stepsOfGuide(readFileSync(join(projectRoot, 'docs/guide', page), 'utf8'))
  expect(steps.length).toBeGreaterThan(5)
  for (const step of steps) {
    if (step.kind === 'file') writeFileSync(join(project, step.file.path), step.file.text.replaceAll(shownAddress, address))
    else await carryOut(page, step.command)
  }
}

const carryOut = async (page: string, { argv, text, line, output, exitCode }: Shown): Promise<void> => {
  const [program = ''] = argv
  expect(['slipway', 'git', 'minisign', 'sh'], `${page}:${line} runs ${program}`).toContain(program)
  if (program === 'minisign' && judge('minisign') === undefined) return
  const ran = await run(argv.map(word => word.replaceAll(shownAddress, address)))
  const all = `${ran.stdout}\n${ran.stderr}`
  expect(ran.exitCode, `${page}:${line} $ ${text}\n${all}`).toBe(exitCode)
  expect(firstMissing(output, all), `${page}:${line} $ ${text}\n${all}`).toBeUndefined()
}

interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const run = ([program = '', ...args]: readonly string[]): Promise<Ran> => {
  const [file, argv] =
    program === 'slipway' ? [process.execPath, [join(projectRoot, 'packages/slipway/bin/slipway.js'), ...args]] : [program, args]
  const who = Object.fromEntries(
    ['AUTHOR', 'COMMITTER'].flatMap(role => [
      [`GIT_${role}_NAME`, 'Hello'],
      [`GIT_${role}_EMAIL`, 'hello@example.org'],
    ]),
  )
  // A home of its own: the keyring goes there, and no setting of this machine's git counts.
  const env = { PATH: process.env['PATH'], HOME: home, GIT_CONFIG_NOSYSTEM: '1', NO_COLOR: '1', ...who }
  const child = spawn(file, argv, { cwd: project, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk.toString('utf8')))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve({ exitCode: code ?? 70, ...texts }))
  })
}
