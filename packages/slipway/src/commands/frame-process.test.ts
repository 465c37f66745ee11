// The command line as a process: signals, a reader that goes away, and what --help does not load.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const long = fileURLToPath(new URL('./testing/long-command.ts', import.meta.url))

const start = (first: string, args: readonly string[]) => {
  const child = spawn(process.execPath, ['--import', first, main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1' },
  })
  const text = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => void (text.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (text.stderr += chunk.toString()))
  const started = new Promise<void>(resolve => {
    child.stderr.on('data', () => text.stderr.includes('\n') && resolve())
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...text }))
  return { child, started, ended }
}

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s lets the command tidy up and ends in %d', async (signal, code) => {
    const { child, started, ended } = start(long, ['long', '--json'])
    await started
    child.kill(signal)
    const result = await ended
    expect(result.code).toBe(code)
    expect(JSON.parse(result.stdout)).toMatchObject({
      schema: 'slipway.long/1',
      ok: false,
      tidied: true,
      errors: [{ code: 'command/interrupted' }],
    })
    expect(result.stderr).toContain(`${signal}: stopping cleanly`)
  })
  it('given twice ends a command that does not listen', async () => {
    const { child, started, ended } = start(long, ['long', 'deaf'])
    await started
    child.kill('SIGINT')
    const before = performance.now()
    setTimeout(() => child.kill('SIGINT'), 200)
    expect((await ended).code).toBe(130)
    expect(performance.now() - before).toBeLessThan(5000)
  })
})

describe('an error that nobody waits for', () => {
  it('is a bug, exit 70, with its document', async () => {
    const { code, stdout } = await start(long, ['crash', '--json']).ended
    expect(code).toBe(70)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, errors: [{ code: 'bug/unexpected' }] })
  })
})

describe('a reader that goes away', () => {
  it('is quiet', async () => {
    const { child, ended } = start(long, ['large'])
    child.stdout.once('data', () => child.stdout.destroy())
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([0, ''])
  })
  it('gets all of a large result otherwise', async () => {
    expect((await start(long, ['large']).ended).stdout).toHaveLength(2_000_000)
  })
})

describe('what is loaded', () => {
  const hooks = `data:text/javascript,${encodeURIComponent(
    "import { registerHooks } from 'node:module'; registerHooks({ load: (url, context, next) => { process.stderr.write(`loaded ${url}\\n`); return next(url, context) } })",
  )}`
  it.each([['--help'], ['--version'], ['release', '--help']])(
    'for %s %s is neither zod nor commander nor a command nor io',
    async (...argv) => {
      const { code, stderr } = await start(hooks, argv).ended
      const loaded = stderr
        .split('\n')
        .filter(line => line.startsWith('loaded '))
        .map(line => line.replace(/^.*\/(?=packages\/|node_modules\/)/, ''))
      expect(code).toBe(0)
      expect(loaded.some(file => file.endsWith('commands/specs.ts'))).toBe(true)
      expect(loaded.filter(file => /zod|commander|\/io\/|packages\/core|commands\/(?!frame|specs|flags|help)/.test(file))).toEqual([])
    },
  )
})
