// Foreign programs: exactly the given arguments and environment, limits in time, nothing left running, secrets redacted.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forgetSecrets, keepSecret, SlipwayError } from '@slipway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ToolRun } from './io.ts'
import { runner } from './run.ts'
import { secrets } from './secrets.ts'

const run = runner(secrets, { graceMs: 300 })
let cwd = ''
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'slipway-run-'))
})
afterAll(() => rm(cwd, { recursive: true }))

const node = (script: string, more: Partial<ToolRun> = {}) => run({ tool: process.execPath, args: ['-e', script], cwd, ...more })
const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  return error instanceof SlipwayError ? error.problems[0]?.code : String(error)
}
/** A dead process that nobody has waited for yet is a zombie: it runs no more. */
const isAlive = async (pid: number): Promise<boolean> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return status !== '' && !/^State:\s+Z/m.test(status)
}

describe('arguments and environment', () => {
  it('hands arguments over as they are', async () => {
    const { stdout } = await run({ tool: 'printf', args: ['%s|', '$(id)', 'a b', '`x`', '*'], cwd })
    expect(stdout).toBe('$(id)|a b|`x`|*|')
  })
  it('gives an empty environment unless told', async () => {
    const script = 'console.log(JSON.stringify(process.env))'
    expect(JSON.parse((await node(script)).stdout)).toEqual({})
    expect(JSON.parse((await node(script, { env: { A: '1' }, path: true })).stdout)).toEqual({ A: '1', PATH: process.env['PATH'] })
  })
  it('gives input, and survives a tool that does not read it', async () => {
    expect((await run({ tool: 'cat', args: [], cwd, input: new TextEncoder().encode('hello') })).stdout).toBe('hello')
    expect((await run({ tool: 'true', args: [], cwd, input: new Uint8Array(5_000_000) })).exitCode).toBe(0)
  })
})

describe('results', () => {
  it('returns exit codes and signals', async () => {
    expect((await node('process.exit(7)')).exitCode).toBe(7)
    expect((await node("process.kill(process.pid, 'SIGTERM')")).exitCode).toBe(143)
  })
  it('takes 10 MB of output, whole characters and lines', async () => {
    const seen: string[] = []
    const line = `${'é'.repeat(49)}.`
    const script = `for (let i = 0; i < 100000; i++) process.stdout.write(${JSON.stringify(`${line}\n`)})`
    const { stdout, exitCode } = await node(script, { onOutput: text => seen.push(text) })
    expect(exitCode).toBe(0)
    expect(stdout.length).toBe(51 * 100_000)
    expect(seen.join('') === stdout).toBe(true)
    expect(seen.every(text => text.endsWith('\n'))).toBe(true)
    expect(stdout.includes('\ufffd')).toBe(false)
  })
  it('redacts what is shown, even cut in two, and not what is returned', async () => {
    keepSecret('hunter22')
    const seen: string[] = []
    const script = "process.stderr.write('x hunt'); setTimeout(() => process.stderr.write('er22 y\\nend hunter22'), 50)"
    const { stderr } = await node(script, { onOutput: (text, stream) => seen.push(`${stream}:${text}`) })
    forgetSecrets()
    expect(seen).toEqual(['stderr:x [secret] y\n', 'stderr:end [secret]'])
    expect(stderr).toBe('x hunter22 y\nend hunter22')
  })
})

describe('ends', () => {
  it('refuses what is not there', async () => {
    expect(await codeOf(run({ tool: 'no-such-tool-here', args: [], cwd }))).toBe('io/no-tool')
    expect(await codeOf(run({ tool: '/etc/passwd', args: [], cwd }))).toBe('io/no-tool')
    expect(await codeOf(run({ tool: 'true', args: [], cwd: join(cwd, 'none') }))).toBe('io/no-folder')
  })
  it('says when a program cannot be started', async () => {
    await writeFile(join(cwd, 'junk'), '#!/no/such/interpreter\n', { mode: 0o755 })
    expect(await codeOf(run({ tool: './junk', args: [], cwd }))).toBe('io/tool-failed')
  })
  it('stops a tool and its children after the time-out, even deaf ones', async () => {
    const script = `process.on('SIGTERM', () => {})
      const child = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'inherit' })
      require('fs').writeFileSync('pids', process.pid + ' ' + child.pid); setInterval(() => {}, 1000)`
    const start = performance.now()
    expect(await codeOf(node(script, { timeoutMs: 700 }))).toBe('io/tool-timeout')
    expect(performance.now() - start).toBeLessThan(8000)
    const pids = (await readFile(join(cwd, 'pids'), 'utf8')).split(' ').map(Number)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(await Promise.all(pids.map(isAlive))).toEqual([false, false])
  })
  it('stops at an abort, before and during', async () => {
    expect(await codeOf(node('1', { signal: AbortSignal.abort() }))).toBe('io/aborted')
    expect(await codeOf(node('setInterval(() => {}, 1000)', { signal: AbortSignal.timeout(200) }))).toBe('io/aborted')
  })
  it('does not wait for ever for what a tool left running', async () => {
    const script =
      "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit', detached: true, env: { PATH: '/bin:/usr/bin' } }).unref(); console.log('done')"
    const start = performance.now()
    expect((await node(script)).stdout).toBe('done\n')
    expect(performance.now() - start).toBeLessThan(20_000)
  })
  it('stops a tool that floods', async () => {
    expect(await codeOf(run({ tool: 'yes', args: ['y'.repeat(60_000)], cwd }))).toBe('io/too-much-output')
  })
})

describe('find', () => {
  it('finds absolute paths of programs only', async () => {
    expect(await run.find('sh')).toMatch(/^\/.*\/sh$/)
    expect(await run.find('no-such-tool-here')).toBeNull()
    expect(await run.find('../sh')).toBeNull()
    expect(await run.find('')).toBeNull()
  })
})
