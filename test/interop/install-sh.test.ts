// install.sh in fresh homes under dash, bash and busybox, against a real bucket on loopback: install, upgrade, channels, removal, bad bytes.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync, chmodSync, existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { projectRoot } from '../../scripts/lib/files.ts'
import { judge } from '../kit/judges.ts'
import { newUser, runProgram, startWorld, which, type User, type World } from './install-world.ts'

// Shells start a great many programs, and Perl takes seconds for a signature.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })
const stock = ['curl', 'sha256sum', 'openssl']
const dash = ['/bin/dash']
const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
let one: World
let many: World
let user: User
beforeAll(async () => {
  one = await startWorld({})
  many = await startWorld({ files: { 'share/hello': 'tiny VERSION\n', [`share/it's a "name" of $HOME`]: 'x' } })
  for (const world of [one, many]) {
    await world.publish('1.0.0')
    await world.publish('1.1.0')
    await world.publish('1.2.0-beta.1', ['--channel', 'beta'])
  }
})
afterAll(() => {
  one.close()
  many.close()
})
beforeEach(() => {
  user = newUser(stock)
})
afterEach(() => {
  user.remove()
  for (const world of [one, many]) {
    world.redirects = false
    world.replaced.clear()
    world.requests.length = 0
    world.proxied.length = 0
  }
})

const scriptOf = (world: World, key = 'install.sh'): string => readFileSync(join(world.project.bucket, key), 'utf8')
const bin = (who = user): string => join(who.home, '.local/bin/tiny')
const data = (who = user): string => join(who.home, '.local/share/tiny')
const receiptOf = (who = user) => JSON.parse(readFileSync(join(data(who), 'receipt.json'), 'utf8')) as Record<string, unknown>
const install = (world: World, args: readonly string[] = [], env: Record<string, string> = {}) =>
  user.pipe(dash, scriptOf(world), args, env)
const mustInstall = async (world: World, args: readonly string[] = [], env: Record<string, string> = {}) => {
  const ran = await install(world, args, env)
  expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
  return ran
}
const says = async (path = bin()): Promise<string> => (await user.start(path)).stdout.trim()

const shells: Readonly<Record<string, () => readonly string[]>> = {
  dash: () => dash,
  bash: () => ['/bin/bash'],
  'bash --posix': () => ['/bin/bash', '--posix'],
  'busybox sh': () => [judge('busybox') ?? '', 'sh'],
}

describe('install.sh', () => {
  it.runIf(judge('shellcheck') !== undefined)('has no finding of shellcheck', async () => {
    for (const key of ['install.sh', 'feeds/beta/install/install.sh']) {
      const found = await runProgram([judge('shellcheck') ?? '', '-'], { env: {}, text: scriptOf(many, key), cwd: '/' })
      expect(found).toMatchObject({ exitCode: 0, stdout: '' })
    }
  })
  for (const [name, shell] of Object.entries(shells))
    it.runIf(!name.includes('busybox') || judge('busybox') !== undefined)(
      `installs, upgrades and removes under ${name}, one file or many`,
      async () => {
        for (const world of [one, many]) {
          const own = newUser(stock)
          const run = async (...args: string[]) => {
            const ran = await own.pipe(shell(), scriptOf(world), args)
            expect(ran.exitCode, ran.stderr + ran.stdout).toBe(0)
            return ran
          }
          await run('--version', '1.0.0')
          expect((await own.start(bin(own))).stdout).toBe('tiny 1.0.0\n')
          expect((await run()).stdout).toContain('tiny 1.1.0 installed in place of 1.0.0')
          expect((await own.start(bin(own))).stdout).toBe('tiny 1.1.0\n')
          expect(receiptOf(own)).toMatchObject({ schema: 'slipway.install/1', version: '1.1.0', channel: 'stable', signature: 'openssl' })
          expect((await run()).stdout).toContain('is installed already')
          await run('--channel', 'beta')
          expect((await own.start(bin(own))).stdout).toBe('tiny 1.2.0-beta.1\n')
          expect(receiptOf(own)).toMatchObject({ version: '1.2.0-beta.1', channel: 'beta' })
          await run('--uninstall')
          expect(readdirSync(own.home)).toEqual([])
          own.remove()
        }
      },
    )
})

/** Everything below a home, with what each file says: two of them are equal when nothing was touched. */
const stateOf = (who = user): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(who.home, { recursive: true, withFileTypes: true })
      .filter(entry => !entry.isDirectory())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [path, lstatSync(path).isSymbolicLink() ? '' : readFileSync(path, 'latin1')]),
  )
const objectOf = (world: World, key: string): Buffer => readFileSync(join(world.project.bucket, key))
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
const archive = (version: string): string => `releases/${version}/tiny-${version}-linux-${arch}.tar.gz`
const sums = (version: string): string => `releases/${version}/SHA256SUMS`

describe('downloads', () => {
  const ways: readonly (readonly [string, () => User])[] = [
    ['curl', () => newUser(['curl', 'sha256sum'])],
    ['wget', () => newUser(['wget', 'sha256sum'])],
    ['BusyBox wget', () => newUser([], { busybox: judge('busybox') ?? '' })],
  ]
  it.each(ways)('by %s, plain, by redirects and through a proxy', async (name, make) => {
    if (name.startsWith('Busy') && judge('busybox') === undefined) return
    const own = make()
    const run = (args: readonly string[], env: Record<string, string> = {}) => own.pipe(['/bin/dash'], scriptOf(one), args, env)
    const first = await run(['--version', '1.0.0', '-v'])
    expect(first.stdout + first.stderr).toContain(`downloading with ${name}`)
    expect(await says(bin(own))).toBe('tiny 1.0.0')
    one.redirects = true
    expect(await run([])).toMatchObject({ exitCode: 0 })
    expect(await says(bin(own))).toBe('tiny 1.1.0')
    expect(one.requests).toContain(`moved/${archive('1.1.0')}`)
    one.redirects = false
    for (const variable of ['http_proxy', 'HTTP_PROXY']) {
      one.proxied.length = 0
      expect(await run(['--force'], { [variable]: one.proxy.slice(0, -1) })).toMatchObject({ exitCode: 0 })
      expect(one.proxied.length, variable).toBeGreaterThan(1)
    }
    own.remove()
  })
  it('say what is missing where there is neither', async () => {
    const own = newUser(['sha256sum'])
    expect(await own.pipe(dash, scriptOf(one))).toMatchObject({
      exitCode: 4,
      stderr: expect.stringContaining('neither curl nor wget') as string,
    })
    own.remove()
  })
  it('end with the object and what the program said where the server has none', async () => {
    const ran = await install(one, ['--version', '9.9.9'])
    expect(ran).toMatchObject({ exitCode: 4 })
    expect(ran.stderr).toMatch(/cannot download http.*releases\/9\.9\.9\/SHA256SUMS: .*404/)
    expect(readdirSync(user.home)).toEqual([])
  })
  it('take the bare program where nothing unpacks', async () => {
    const own = newUser(stock)
    for (const tool of ['tar', 'gzip']) symlinkSync('/nonexistent', join(own.tools, `${tool}.gone`))
    const lacking = newUser(stock)
    await runProgram(['/bin/rm', join(lacking.tools, 'tar'), join(lacking.tools, 'gzip')], { env: {}, text: '', cwd: '/' })
    expect(await lacking.pipe(dash, scriptOf(one))).toMatchObject({ exitCode: 0 })
    expect(String(receiptOf(lacking)['source'])).toMatch(/linux-(x64|arm64)$/)
    expect(await says(bin(lacking))).toBe('tiny 1.1.0')
    own.remove()
    lacking.remove()
  })
})

describe('signatures', () => {
  const able: readonly (readonly [string, readonly string[]])[] = [
    ['minisign', ['minisign']],
    ['openssl', ['openssl']],
    ['openssl', ['openssl', 'b2sum']],
    ['signify', ['signify-openbsd', 'base64', 'b2sum']],
    ['perl', ['perl']],
    ['python3', ['python3']],
  ]
  it.each(able)('are checked by %s, with %j', async (name, tools) => {
    if (tools.some(tool => which(tool) === undefined)) return
    const own = newUser(['curl', 'sha256sum', ...tools])
    const run = (...args: string[]) => own.pipe(dash, scriptOf(one), args)
    const first = await run('--version', '1.0.0', '--require-signature')
    expect(first, first.stderr).toMatchObject({ exitCode: 0, stderr: '' })
    expect(receiptOf(own)).toMatchObject({ signature: name })
    const before = stateOf(own)
    const list = objectOf(one, sums('1.1.0'))
    const signature = objectOf(one, `${sums('1.1.0')}.minisig`).toString()
    const [head = '', line = '', comment = '', global = ''] = signature.split('\n')
    const wrong: readonly (readonly [string, Buffer])[] = [
      ['', flipped(list, 3)],
      ['.minisig', Buffer.from([head, line.replace(/.(?=.{9}$)/, one => (one === 'A' ? 'B' : 'A')), comment, global, ''].join('\n'))],
      ['.minisig', Buffer.from([head, line, comment.replace('timestamp:1', 'timestamp:2'), global, ''].join('\n'))],
      ['.minisig', Buffer.from('nothing\n')],
    ]
    for (const [ending, bytes] of name === 'perl' ? wrong.slice(0, 3) : wrong) {
      one.replaced.clear()
      one.replaced.set(`${sums('1.1.0')}${ending}`, bytes)
      const ran = await run()
      expect(ran.exitCode, `${ending} ${ran.stderr}`).toBe(5)
      expect(ran.stderr).toContain('does not hold')
      expect(stateOf(own)).toEqual(before)
    }
    // A genuine list, of another version.
    for (const ending of ['', '.minisig']) one.replaced.set(`${sums('1.1.0')}${ending}`, objectOf(one, `${sums('1.0.0')}${ending}`))
    expect(await run()).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('does not hold') as string })
    expect(stateOf(own)).toEqual(before)
    own.remove()
  })
  it.runIf(judge('minisign') !== undefined)(
    'of minisign itself are taken, prehashed or of the old form, and those of another key refused',
    async () => {
      const keys = newUser([])
      const minisign = (...args: string[]) => runProgram([judge('minisign') ?? '', ...args], { env: {}, text: '\n\n', cwd: keys.home })
      await minisign('-G', '-W', '-p', 'key.pub', '-s', 'key.sec')
      const key = readFileSync(join(keys.home, 'key.pub'), 'utf8').split('\n')[1] ?? ''
      writeFileSync(join(keys.home, 'list'), objectOf(one, sums('1.1.0')))
      for (const form of ['-l', '-H'])
        for (const tools of [['minisign'], ['openssl'], ['signify-openbsd', 'base64', 'b2sum'], ['python3']]) {
          if (tools.some(tool => which(tool) === undefined)) continue
          await minisign(
            '-S',
            form,
            '-s',
            'key.sec',
            '-m',
            'list',
            '-x',
            'list.minisig',
            '-t',
            'timestamp:1\tfile:SHA256SUMS\tversion:1.1.0',
          )
          one.replaced.set(`${sums('1.1.0')}.minisig`, readFileSync(join(keys.home, 'list.minisig')))
          const own = newUser(['curl', 'sha256sum', ...tools])
          expect(await own.pipe(dash, scriptOf(one), [])).toMatchObject({ exitCode: 5 })
          const ran = await own.pipe(dash, scriptOf(one).replace(/public_key='[^']*'/, `public_key='${key}'`), ['--require-signature'])
          expect(ran.exitCode, `${form} ${tools.join(' ')} ${ran.stderr}`).toBe(0)
          own.remove()
        }
      keys.remove()
    },
  )
  it.each([
    ['perl', 'perl_ed25519', ['-e']],
    ['python3', 'python_ed25519', ['-I', '-c']],
  ] as const)('by the arithmetic for %s: it says of Wycheproof vectors what it should', async (tool, name, flags) => {
    const program = which(tool)
    if (program === undefined) return
    const code = new RegExp(`^${name}='\\n(.*?)\\n'$`, 'ms').exec(scriptOf(one))?.[1] ?? ''
    const vectors = JSON.parse(readFileSync(join(projectRoot, 'test/vectors/wycheproof/ed25519_test.json'), 'utf8')) as {
      testGroups: readonly { publicKey: { pk: string }; tests: readonly { msg: string; sig: string; result: string }[] }[]
    }
    const all = vectors.testGroups.flatMap(group => group.tests.map(test => ({ ...test, key: group.publicKey.pk })))
    const some = all.filter((_, index) => index % 7 === 0)
    expect(new Set(some.map(one => one.result)).size).toBe(2)
    for (const { key, msg, sig, result } of some) {
      for (const [file, hex] of Object.entries({ key, msg, sig })) writeFileSync(join(user.home, file), Buffer.from(hex, 'hex'))
      const ran = await runProgram([program, ...flags, code, 'key', 'msg', 'sig'], { env: {}, text: '', cwd: user.home })
      expect(ran.exitCode === 0, `${key} ${msg} ${sig} ${ran.stderr}`).toBe(result === 'valid')
    }
  })
  it('that nothing here can check are said to be unchecked, and refused on demand', async () => {
    const own = newUser(['curl', 'sha256sum'])
    const strict = await own.pipe(dash, scriptOf(one), ['--require-signature'])
    expect(strict).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('the signature cannot be checked') as string })
    expect(readdirSync(own.home)).toEqual([])
    const ran = await own.pipe(dash, scriptOf(one))
    expect(ran.exitCode).toBe(0)
    expect(ran.stderr).toContain('the signature was not checked: this system has no minisign')
    expect(ran.stderr).toContain('Only the SHA-256 was compared, and that came over a connection that is not encrypted.')
    expect(ran.stdout + ran.stderr).not.toMatch(/verif|trusted|authentic/i)
    expect(receiptOf(own)).toMatchObject({ signature: null })
    own.remove()
  })
  it('unchecked, the list of the release must agree with the script', async () => {
    const own = newUser(['curl', 'sha256sum'])
    const list = objectOf(one, sums('1.1.0')).toString()
    one.replaced.set(sums('1.1.0'), Buffer.from(list.replaceAll(/^[0-9a-f]{64}/gm, 'a'.repeat(64))))
    expect(await own.pipe(dash, scriptOf(one))).toMatchObject({ exitCode: 5, stderr: expect.stringContaining('another SHA-256') as string })
    expect(readdirSync(own.home)).toEqual([])
    own.remove()
  })
})

describe('bad bytes', () => {
  it.each([
    ['another archive', archive('1.1.0'), (bytes: Buffer) => flipped(bytes, 40), 5],
    ['an empty archive', archive('1.1.0'), () => Buffer.alloc(0), 5],
    ['an archive cut off', archive('1.1.0'), () => ({ cut: 50 }), 4],
    ['a list cut off', sums('1.1.0'), () => ({ cut: 50 }), 4],
    ['a signature cut off', `${sums('1.1.0')}.minisig`, () => ({ cut: 50 }), 4],
  ] as const)('%s leaves what was installed as it was', async (_name, key, change, exitCode) => {
    for (const world of [one, many]) {
      const own = newUser(stock)
      await own.pipe(dash, scriptOf(world), ['--version', '1.0.0'])
      const before = stateOf(own)
      world.replaced.set(key, change(objectOf(world, key)))
      const ran = await own.pipe(dash, scriptOf(world))
      expect(ran.exitCode, ran.stderr).toBe(exitCode)
      expect(stateOf(own)).toEqual(before)
      expect(await says(bin(own))).toBe('tiny 1.0.0')
      own.remove()
    }
  })
  it('half a script does nothing', async () => {
    const text = scriptOf(one)
    const cuts = [
      ...Array.from({ length: 40 }, (_, index) => Math.floor((text.length * index) / 40)),
      ...[1, 2, 3, 4, 5, 8].map(less => text.length - 1 - less),
    ]
    for (const cut of cuts) {
      const ran = await user.pipe(dash, text.slice(0, cut))
      expect(ran.stdout, String(cut)).toBe('')
      expect(readdirSync(user.home)).toEqual([])
    }
    expect(one.requests).toEqual([])
  })
})

describe('places', () => {
  it('the PATH is set once in the profile of the shell, with any name of a home, and taken out again', async () => {
    for (const [shell, profile] of [
      ['bash', '.bashrc'],
      ['zsh', '.zshrc'],
      ['fish', '.config/fish/conf.d/tiny.fish'],
      ['tcsh', '.profile'],
    ] as const) {
      const own = newUser(stock, { name: `it's a $home "of" tests` })
      const run = async (...args: string[]) => {
        const ran = await own.pipe(dash, scriptOf(many), args, { SHELL: `/bin/${shell}` })
        expect(ran.exitCode, ran.stderr).toBe(0)
        return ran
      }
      if (shell === 'bash') writeFileSync(join(own.home, profile), 'alias x=y')
      await run('--version', '1.0.0')
      await run()
      const text = readFileSync(join(own.home, profile), 'utf8')
      expect(text.match(/# >>> tiny install >>>/g)).toHaveLength(1)
      if (shell !== 'fish')
        expect(
          (
            await runProgram(['/bin/dash', '-c', `. "$HOME/${profile}"; tiny`], {
              env: { HOME: own.home, PATH: '/usr/bin:/bin' },
              text: '',
              cwd: '/',
            })
          ).stdout,
        ).toBe('tiny 1.1.0\n')
      else if (judge('fish') !== undefined) {
        const ran = await runProgram([judge('fish') ?? '', '-c', 'tiny'], {
          env: { HOME: own.home, PATH: '/usr/bin:/bin' },
          text: '',
          cwd: '/',
        })
        expect(ran.stdout).toBe('tiny 1.1.0\n')
      }
      await run('--uninstall')
      if (shell === 'bash') expect(readFileSync(join(own.home, profile), 'utf8')).toBe('alias x=y\n')
      else expect(existsSync(join(own.home, profile))).toBe(false)
      own.remove()
    }
  })
  it('--no-path and its variable leave the profile alone, and say the line', async () => {
    for (const [args, env] of [
      [['--no-path'], {}],
      [[], { TINY_NO_MODIFY_PATH: '1' }],
    ] as const) {
      const ran = await mustInstall(one, ['--force', ...args], { ...env })
      expect(ran.stdout).toContain(`.bashrc: export PATH='${user.home}/.local/bin':"$PATH"`)
      expect(existsSync(join(user.home, '.bashrc'))).toBe(false)
    }
  })
  it('--dir, its variable and XDG folders are kept to; another folder leaves nothing in the one before', async () => {
    const other = (name: string): string => join(user.home, name)
    await mustInstall(many, [], { TINY_INSTALL_DIR: other('with env') })
    expect(await says(join(other('with env'), 'tiny'))).toBe('tiny 1.1.0')
    await mustInstall(many, ['--dir', other('with dir')])
    expect(await says(join(other('with dir'), 'tiny'))).toBe('tiny 1.1.0')
    expect(existsSync(join(other('with env'), 'tiny'))).toBe(false)
    await mustInstall(many, ['--uninstall'])
    expect(readdirSync(user.home)).toEqual([])
    await mustInstall(many, [], { XDG_BIN_HOME: other('xdg bin'), XDG_DATA_HOME: other('xdg data') })
    expect(existsSync(other('xdg data/tiny/receipt.json'))).toBe(true)
    expect(await says(other('xdg bin/tiny'))).toBe('tiny 1.1.0')
  })
  it('the files of the version before stay until the next one', async () => {
    await mustInstall(many, ['--version', '1.0.0'])
    await mustInstall(many)
    expect(readdirSync(data()).sort()).toEqual(['1.0.0', '1.1.0', 'receipt.json'])
    await mustInstall(many, ['--channel', 'beta'])
    expect(readdirSync(data()).sort()).toEqual(['1.1.0', '1.2.0-beta.1', 'receipt.json'])
  })
  it('what is damaged is installed again', async () => {
    await mustInstall(many)
    writeFileSync(join(data(), '1.1.0/share/hello'), 'changed\n')
    await mustInstall(many)
    expect(await says()).toBe('tiny 1.1.0')
  })
  it("a command of somebody else's stays, unless forced; one that was changed since stays too", async () => {
    mkdirSync(join(user.home, '.local/bin'), { recursive: true })
    writeFileSync(bin(), 'mine')
    expect(await install(one)).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('this script did not install it') as string })
    expect(readFileSync(bin(), 'utf8')).toBe('mine')
    await mustInstall(one, ['--force'])
    expect(await says()).toBe('tiny 1.1.0')
    writeFileSync(bin(), 'mine again')
    const removed = await mustInstall(one, ['--uninstall'])
    expect(removed.stderr).toContain('was changed since, and stays')
    expect(readFileSync(bin(), 'utf8')).toBe('mine again')
    expect(existsSync(data())).toBe(false)
  })
  it.runIf(process.getuid?.() === 0)('a home that one may not write in is said so, without a word of root', async () => {
    const ran = await runProgram(['/bin/dash', '-s'], {
      env: { HOME: user.home, PATH: user.tools, SHELL: '/bin/bash', TMPDIR: '/tmp' },
      text: scriptOf(one),
      cwd: '/',
      uid: 65534,
    })
    expect(ran.exitCode, ran.stdout).toBe(4)
    expect(ran.stderr).toContain(`cannot write in ${user.home}/.local/bin: it is not yours, or what it lies on is read-only (EACCES)`)
    expect(ran.stderr).toContain('This script never needs root.')
    expect(readdirSync(user.home)).toEqual([])
    expect(scriptOf(one)).not.toContain('sudo')
  })
})

describe('the command line', () => {
  it.each([
    [['--wat'], 2, 'there is no option --wat'],
    [['--version'], 2, '--version needs a value'],
    [['--version', '1.0.0; rm -rf /'], 2, 'is no version'],
    [['--version', '..'], 2, '.. is no version'],
    [['--channel', '../x'], 2, 'is no name of a channel'],
    [['--channel', 'nightly'], 4, 'feeds/nightly/install/install.sh'],
    [['--target', 'linux-riscv'], 2, 'has no package for this system (linux-riscv)'],
    [['--dir', 'a\nb'], 2, 'line break'],
  ] as const)('%j: exit code %i', async (args, exitCode, message) => {
    const ran = await install(one, args)
    expect(ran.exitCode, ran.stderr).toBe(exitCode)
    expect(ran.stderr).toContain(message)
    expect(ran.stderr).not.toMatch(/[^\n\x20-\x7e]/)
    expect(readdirSync(user.home)).toEqual([])
  })
  it('--help says all options; --dry-run writes nothing; --quiet says nothing; a removal of nothing is no error', async () => {
    const help = await mustInstall(one, ['--help'])
    for (const option of scriptOf(one).match(/^ {6}(--[a-z-]+)(?=\))/gm) ?? []) expect(help.stdout).toContain(option.trim())
    expect((await mustInstall(one, ['--dry-run'])).stdout).toContain('Would install tiny 1.1.0')
    expect((await mustInstall(one, ['--uninstall'])).stdout).toContain('is not installed')
    expect(readdirSync(user.home)).toEqual([])
    expect(await mustInstall(one, ['--quiet', '--version', 'v1.0.0'])).toMatchObject({ stdout: '', stderr: '' })
    expect((await mustInstall(one, ['--dry-run', '--uninstall'])).stdout).toContain(bin())
    expect(await says()).toBe('tiny 1.0.0')
  })
  it.each([
    ['an unknown machine', { uname: 'case $1 in -m) echo riscv64 ;; *) echo Linux ;; esac' }, 'linux-riscv64'],
    ['an unknown system', { uname: 'echo Plan9' }, 'Plan9 is no system'],
    ['Windows', { uname: 'echo MINGW64_NT-10.0' }, 'install.ps1 | iex'],
    ['musl', { ldd: 'echo "musl libc (x86_64)" >&2; exit 1' }, `linux-${arch}-musl`],
    [
      'macOS on Apple silicon under Rosetta',
      { uname: 'case $1 in -m) echo x86_64 ;; *) echo Darwin ;; esac', sysctl: 'echo 1' },
      'macos-arm64 macos-universal',
    ],
    [
      'a 32-bit system on a 64-bit kernel',
      { uname: 'case $1 in -m) echo aarch64 ;; *) echo Linux ;; esac', getconf: 'echo 32' },
      'linux-armv7',
    ],
  ])('%s without a package is refused by name', async (_name, programs, message) => {
    const own = newUser(['curl', 'sha256sum', 'openssl'])
    for (const [name, text] of Object.entries(programs)) {
      await runProgram(['/bin/rm', '-f', join(own.tools, name)], { env: {}, text: '', cwd: '/' })
      writeFileSync(join(own.tools, name), `#!/bin/sh\n${text}\n`)
      chmodSync(join(own.tools, name), 0o755)
    }
    const ran = await own.pipe(dash, scriptOf(one))
    expect(ran.exitCode, ran.stderr).toBe(2)
    expect(ran.stderr).toContain(message)
    expect(readdirSync(own.home)).toEqual([])
    own.remove()
  })
})

describe('what stands behind it', () => {
  it('verify finds a changed script and a missing one, and says what it offers', async () => {
    const place = join(one.project.bucket, 'install.sh')
    const good = readFileSync(place)
    const verified = await one.project.json(['verify'])
    expect(verified.errors).toEqual([])
    expect(verified.data['clients']).toContainEqual(
      expect.objectContaining({
        client: `install:linux-${arch}`,
        channel: 'stable',
        offered: '1.1.0',
        url: `${one.url}${archive('1.1.0')}`,
      }),
    )
    const codes = async () => (await one.project.json(['verify'])).errors.map(error => `${error.code} ${String(error.where['object'])}`)
    try {
      writeFileSync(place, good.toString().replace('set -u', 'set -u; id'))
      expect(await codes()).toEqual(['verify/foreign install.sh'])
      const older = good.toString().replace(/"n":(\d+)/, (_, n: string) => `"n":${Number(n) - 1}`)
      writeFileSync(place, older)
      expect(await codes()).toEqual(['verify/behind install.sh'])
      await runProgram(['/bin/rm', place], { env: {}, text: '', cwd: '/' })
      expect(await codes()).toEqual(['verify/missing install.sh'])
    } finally {
      writeFileSync(place, good)
    }
    expect(await codes()).toEqual([])
  })
  it('after a rollback the same command goes back, and a dropped feed offers nothing', async () => {
    const world = await startWorld({ files: { 'share/hello': 'tiny VERSION\n' }, targets: [`linux-${arch}`] })
    try {
      await world.publish('1.0.0')
      await world.publish('1.1.0')
      await mustInstall(world)
      expect((await world.project.run(['rollback', 'stable', '--reason', 'it hurts'])).exitCode).toBe(0)
      expect((await mustInstall(world)).stdout).toContain('tiny 1.0.0 installed in place of 1.1.0')
      expect(await says()).toBe('tiny 1.0.0')
      const config = join(world.project.root, 'slipway.jsonc')
      await world.publish('1.2.0')
      writeFileSync(
        config,
        readFileSync(config, 'utf8')
          .replaceAll('1.2.0', '1.3.0')
          .replace(/"feeds": \[[^\]]*\]/, '"feeds": {}'),
      )
      const planned = await world.project.json(['plan'])
      expect(JSON.stringify(planned.data)).toContain('"key":"install.sh"')
      const ran = await world.project.run(['release'])
      expect(ran.exitCode, ran.stderr).toBe(0)
      expect(await install(world)).toMatchObject({
        exitCode: 3,
        stderr: expect.stringContaining('nothing is released on stable') as string,
      })
      expect(await says()).toBe('tiny 1.0.0')
      expect((await world.project.json(['verify'])).errors).toEqual([])
    } finally {
      world.close()
    }
  })
})
