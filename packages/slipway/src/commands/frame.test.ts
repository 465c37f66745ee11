// The command line in process: parsing, result, errors, exit codes, signals.
import { fail, keepSecret, forgetSecrets, type Exit, problem, SlipwayError } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { afterEach, describe, expect, it } from 'vitest'
import type { Invocation, Outcome, Run } from './command.ts'
import { globalFlags } from './flags.ts'
import { runCommandLine } from './frame.ts'
import { specs } from './specs.ts'
import { fakeIo, fakeStreams, withCommand } from './testing/streams.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  forgetSecrets()
})

const outcome = (more: Partial<Outcome> = {}): Outcome => ({
  name: 'probe',
  data: { value: 1 },
  problems: [],
  text: () => 'the result',
  ...more,
})
const probe = (run: Run, more: Parameters<typeof withCommand>[2] = {}): void => void cleanups.push(withCommand('probe', run, more))

const runLine = async (
  argv: readonly string[],
  options: { env?: Record<string, string>; terminal?: boolean; broken?: Error; files?: Record<string, string> } = {},
) => {
  const fake = fakeStreams(options)
  const code = await runCommandLine(argv, fakeIo(options), fake.streams)
  return { code, stdout: fake.stdout(), stderr: fake.stderr() }
}
const seenBy = async (argv: readonly string[], more: Parameters<typeof withCommand>[2] = {}): Promise<Invocation> => {
  let seen: Invocation | undefined
  const remove = withCommand(
    'probe',
    invocation => {
      seen = invocation
      return Promise.resolve(outcome())
    },
    more,
  )
  const { code, stderr } = await runLine(argv)
  remove()
  expect([code, stderr]).toEqual([0, ''])
  return seen as Invocation
}

describe('parsing', () => {
  it('takes flags before and behind the command', async () => {
    const seen = await seenBy(['--json', '--set', 'a=1', 'probe', '--cwd', '.', '--set=b=2,3', '--profile', 'dev', '--config=c.ts'])
    expect(seen.global).toMatchObject({
      json: true,
      set: ['a=1', 'b=2,3'],
      cwd: '/project',
      profile: 'dev',
      config: '/project/c.ts',
      quiet: false,
      reporter: 'auto',
    })
  })
  it('takes own flags before the command too, and the values of flags for no command', async () => {
    const flags = specs.find(spec => spec.name === 'package')?.flags ?? []
    const seen = await seenBy(['--only', 'deb,dmg', '--app', 'plan', 'probe', '--only', 'rpm'], { flags })
    expect(seen.flags).toEqual({ only: ['deb', 'dmg', 'rpm'] })
    expect(seen.global.app).toBe('plan')
  })
  it('takes everything behind -- for arguments', async () => {
    const seen = await seenBy(['probe', '--', '--json'], { args: [{ name: 'X', summary: 'x' }] })
    expect(seen.args).toEqual(['--json'])
    expect(seen.global.json).toBe(false)
  })
  it('means the same by a flag in every command, with one dash inside of none', () => {
    const arity = new Map<string, boolean>()
    for (const flag of [...globalFlags, ...specs.flatMap(spec => spec.flags)]) {
      expect(flag.name).toMatch(/^[a-z]+$/)
      expect(arity.get(flag.name) ?? flag.value !== undefined).toBe(flag.value !== undefined)
      arity.set(flag.name, flag.value !== undefined)
    }
  })
  it.each([
    [['plan', '--chanel', 'x'], 'command/unknown-flag', 'Did you mean --channel?'],
    [['--jsno', 'plan'], 'command/unknown-flag', 'Did you mean --json?'],
    [['plan', '-x'], 'command/unknown-flag', 'slipway plan --help lists the flags.'],
    [['release', '--only', 'deb'], 'command/unknown-flag', 'It belongs to plan, build, package, sign, gate, doctor.'],
    [['publish', '--target', 'linux-x64'], 'command/unknown-flag', 'It belongs to'],
    [['plan', '--bogus', '--help'], 'command/unknown-flag', 'slipway plan --help'],
    [['relase'], 'command/unknown-command', 'Did you mean "slipway release"?'],
    [['--quiet'], 'command/no-command', 'slipway --help'],
    [['plan', '--channel'], 'command/missing-value', '--channel VALUE'],
    [['rollout', 'stable', '--reason', '--halt'], 'command/missing-value', '--reason VALUE'],
    [['rollout', 'stable', '--reason', 'x'], 'command/needs-flag', '--halt'],
    [['gate', '--reason', 'x'], 'command/needs-flag', '--waive'],
    [['keys', 'list', '--password'], 'command/needless-flag', 'slipway keys generate'],
    [['keys', 'public', '--ci'], 'command/needless-flag', 'slipway keys generate, slipway keys list'],
    [['plan', '--channel='], 'command/bad-value', 'Usage: slipway plan'],
    [['plan', '--channel', 'a', '--channel', 'b'], 'command/bad-value', 'Usage: slipway plan'],
    [['plan', '--only', 'deb,,rpm'], 'command/bad-value', 'Usage'],
    [['plan', '--profile', 'prod'], 'command/bad-value', 'Usage'],
    [['plan', '--quiet=no'], 'command/needless-value', 'Write --quiet alone'],
    [['--help=plan'], 'command/needless-value', 'Write --help alone'],
    [['keys', 'make'], 'command/bad-value', 'Usage: slipway keys ACTION'],
    [['promote'], 'command/missing-argument', 'Usage: slipway promote VERSION'],
    [['status', 'now'], 'command/excess-arguments', 'Usage: slipway status'],
    [['plan', '--cwd', '/nowhere'], 'command/no-folder', '--cwd'],
  ])('refuses %j', async (argv, code, hint) => {
    const text = await runLine(argv)
    expect(text).toMatchObject({ code: 2, stdout: '' })
    expect(text.stderr).toContain(`${code}\n`)
    expect(text.stderr).toContain(hint)
    const json = await runLine(['--json', ...argv])
    expect(json).toMatchObject({ code: 2, stderr: '' })
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, errors: [{ code, hint: expect.stringContaining(hint) as string }] })
  })
})

describe('help and version', () => {
  it('answer without an io', async () => {
    const { streams, stdout } = fakeStreams()
    const never = () => Promise.reject(new Error('io was opened'))
    expect(await runCommandLine(['--help'], never, streams)).toBe(0)
    expect(await runCommandLine(['plan', '-h'], never, streams)).toBe(0)
    expect(await runCommandLine(['--version'], never, streams)).toBe(0)
    expect(await runCommandLine([], never, streams)).toBe(0)
    expect(stdout()).toContain('Make a release\n  plan ')
    expect(stdout()).toContain('--channel NAME')
    expect(stdout()).toMatch(/^slipway \d+\.\d+\.\d+$/m)
  })
  it('are documents with --json', async () => {
    expect(JSON.parse((await runLine(['--version', '--json'])).stdout)).toMatchObject({ schema: 'slipway.program/1', ok: true, errors: [] })
    const help = JSON.parse((await runLine(['rollout', '--json', '--help'])).stdout) as { commands: { name: string }[] }
    expect(help.commands.map(one => one.name)).toEqual(['rollout'])
  })
})

describe('the result', () => {
  it('is the text alone on stdout', async () => {
    probe(() => Promise.resolve(outcome()))
    expect(await runLine(['probe'])).toEqual({ code: 0, stdout: 'the result\n', stderr: '' })
  })
  it('is exactly one document with --json, which data cannot overrule, without secrets and hidden characters', async () => {
    keepSecret('hunter2hunter2')
    probe(() => Promise.resolve(outcome({ data: { ok: 'yes', schema: 'x', value: 'hunter2hunter2 \u001b[2J\u202e' } })))
    const { stdout, code } = await runLine(['probe', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ schema: 'slipway.probe/1', ok: true, errors: [], value: '[secret] \u001b[2J\u202e' })
    expect(stdout).not.toMatch(/[^\P{C}\n]/u)
  })
  it.each<[Exit, number]>([
    ['input', 2],
    ['refused', 3],
    ['machine', 4],
    ['corrupt', 5],
    ['bug', 70],
  ])('that is thrown as %s ends in %d, as text and as one document', async (exit, code) => {
    probe(() => fail('probe/bad', 'It is bad', { hint: 'Make it good.', exit, where: { path: 'a.b' } }))
    const text = await runLine(['probe'])
    expect(text).toMatchObject({ code, stdout: '' })
    expect(text.stderr).toBe('a.b  probe/bad\n  It is bad. Make it good.\n')
    const json = await runLine(['probe', '--json'])
    expect(json).toMatchObject({ code, stderr: '' })
    expect(JSON.parse(json.stdout)).toEqual({
      schema: 'slipway.probe/1',
      ok: false,
      errors: [{ code: 'probe/bad', message: 'It is bad', hint: 'Make it good.', where: { path: 'a.b' } }],
    })
  })
  it('shows all problems with file, line and column, relative to the folder, made safe', async () => {
    const where = { file: '/project/slipway.config.ts', line: 3, column: 25, path: 'channels.stable' }
    probe(() =>
      Promise.resolve(
        outcome({
          problems: [problem('a/b', 'x\u001b[2J', { hint: 'y', where }), problem('c/d', 'Nope.', { hint: 'z', exit: 'refused' })],
        }),
      ),
    )
    const { code, stdout, stderr } = await runLine(['probe'])
    expect([code, stdout]).toEqual([3, 'the result\n'])
    expect(stderr).toBe('slipway.config.ts:3:25  channels.stable  a/b\n  x\\x1b[2J. y\nRefused: Nope. c/d (exit 3)\n  z\n')
  })
  it('of damaged bytes is exit 5', async () => {
    probe(() => Promise.reject(new FormatError('zip/truncated', 'it ends too early', 12)))
    expect(await runLine(['probe'])).toMatchObject({ code: 5, stderr: expect.stringContaining('zip/truncated') as string })
  })
  it('of a bug is exit 70, its stack only with --verbose, without secrets', async () => {
    keepSecret('hunter2hunter2')
    probe(() => Promise.reject(new TypeError('no hunter2hunter2')))
    const short = await runLine(['probe'])
    expect(short).toMatchObject({ code: 70, stdout: '' })
    expect(short.stderr).toContain('bug/unexpected\n  Something happened that should not: TypeError: no [secret]')
    expect(short.stderr).not.toContain('    at ')
    expect((await runLine(['probe', '--verbose'])).stderr).toMatch(/\n {2}at .*frame\.test\.ts/)
  })
  it('that cannot be printed is a bug, that cannot be written is exit 4', async () => {
    probe(() =>
      Promise.resolve(
        outcome({
          text: () => {
            throw new Error('oops')
          },
        }),
      ),
    )
    expect((await runLine(['probe'])).code).toBe(70)
    const full = await runLine(['probe', '--json'], { broken: new Error('ENOSPC') })
    expect(full.code).toBe(4)
    expect(full.stderr).toContain('command/no-output')
  })
})

describe('colour', () => {
  const bold: Run = () => Promise.resolve(outcome({ text: style => style.bold('x') }))
  it.each([
    [true, {}, '\u001b[1mx\u001b[22m\n'],
    [true, { NO_COLOR: '1' }, 'x\n'],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, 'x\n'],
    [false, {}, 'x\n'],
    [false, { FORCE_COLOR: '1' }, '\u001b[1mx\u001b[22m\n'],
    [true, { FORCE_COLOR: '0' }, 'x\n'],
    [true, { CI: '1' }, '\u001b[1mx\u001b[22m\n'],
  ])('terminal %s with %j', async (terminal, env, stdout) => {
    probe(bold)
    expect((await runLine(['probe'], { terminal, env })).stdout).toBe(stdout)
  })
})

describe('events', () => {
  const event = { t: '2026-01-02T03:04:05.000Z', run: 'r', type: 'step.end', step: 'build:x', outcome: 'cached', ms: 0, bytes: 0 } as const
  const emitting: Run = ({ emit }) => {
    emit(event)
    return Promise.resolve(outcome())
  }
  it('go to the reporter on stderr and to --events, never to stdout', async () => {
    probe(emitting)
    const files: Record<string, string> = {}
    const { stdout, stderr } = await runLine(['probe', '--events', 'e.jsonl'], { files })
    expect([stdout, stderr]).toEqual(['the result\n', '0:00 build x cached\n'])
    expect(
      files['/project/e.jsonl']
        ?.trimEnd()
        .split('\n')
        .map(line => JSON.parse(line) as unknown),
    ).toEqual([event])
    expect((await runLine(['probe', '--quiet'])).stderr).toBe('')
    expect((await runLine(['probe', '--reporter', 'jsonl'])).stderr).toBe(`${JSON.stringify(event)}\n`)
  })
  it('that cannot be written are a problem of the machine', async () => {
    probe(emitting)
    const io = fakeIo()
    const { streams, stderr } = fakeStreams()
    const broken = { ...io, files: { ...io.files, append: () => Promise.reject(new Error('ENOSPC')) } }
    expect(await runCommandLine(['probe', '--events', 'e'], broken, streams)).toBe(4)
    expect(stderr()).toContain('command/no-events')
  })
  it('are announced by a line when a command is silent for a second', async () => {
    const fake = fakeStreams()
    probe(() => {
      fake.tick()
      fake.tick()
      return Promise.resolve(outcome())
    })
    await runCommandLine(['probe'], fakeIo(), fake.streams)
    expect(fake.stderr()).toBe('0:00 slipway probe\n')
  })
})

describe('questions', () => {
  const asking: Run = async ({ ask, interactive }) => outcome({ data: { interactive, said: await ask('Sure?') } })
  it('are refused without a terminal, and with --json', async () => {
    probe(asking)
    const { code, stderr } = await runLine(['probe'])
    expect(code).toBe(2)
    expect(stderr).toContain('command/no-terminal')
    const fake = fakeStreams({ terminal: true, answer: 'yes' })
    expect(await runCommandLine(['probe', '--json'], fakeIo(), fake.streams)).toBe(2)
  })
  it('are asked at a terminal', async () => {
    probe(async invocation =>
      outcome({
        text: () => `${invocation.interactive} ${said}`,
        data: {},
        ...(await asking(invocation).then(({ data }) => void (said = String(data['said'])))),
      }),
    )
    let said = ''
    const fake = fakeStreams({ terminal: true, answer: 'yes' })
    expect(await runCommandLine(['probe'], fakeIo(), fake.streams)).toBe(0)
    expect(fake.stdout()).toBe('true yes\n')
  })
})

describe('signals', () => {
  const started = (run: Run, argv: readonly string[]) => {
    probe(run)
    const fake = fakeStreams()
    return { fake, code: runCommandLine(argv, fakeIo(), fake.streams) }
  }
  const untilAborted: Run = ({ signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
  const settled = () => new Promise(resolve => setTimeout(resolve, 50))

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s aborts, waits, and ends in %d with one document', async (signal, exit) => {
    const { fake, code } = started(untilAborted, ['probe', '--json'])
    await settled()
    fake.signal(signal)
    expect(await code).toBe(exit)
    expect(JSON.parse(fake.stdout())).toMatchObject({ ok: false, errors: [{ code: 'command/interrupted' }] })
  })
  it('twice does not wait', async () => {
    const { fake, code } = started(() => new Promise(() => undefined), ['probe'])
    await settled()
    fake.signal('SIGINT')
    fake.signal('SIGINT')
    expect(await code).toBe(130)
  })
  it('does not hide what really went wrong', async () => {
    const { fake, code } = started(
      ({ signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new SlipwayError([problem('probe/torn', 'Torn.', { hint: 'x' })]))),
        ),
      ['probe'],
    )
    await settled()
    fake.signal('SIGINT')
    expect(await code).toBe(130)
    expect(fake.stderr()).toContain('probe/torn')
    expect(fake.stderr()).not.toContain('command/interrupted')
  })
})
