// rpm packages, judged by rpm, dnf and rpmlint: of small apps with one of everything, and of the real esbuild where npm's registry answers.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256, type App } from '../../packages/core/src/index.ts'
import { writePng } from '../../packages/formats/src/png.ts'
import { tinyElf } from '../../packages/formats/src/testing/binaries.ts'
import { rpm } from '../../packages/slipway/src/packagers/rpm.ts'
import { app, date, treeOf, type Content } from '../../packages/slipway/src/packagers/testing/trees.ts'
import { slipway } from '../../scripts/demo/slipway.ts'
import { describeWithJudge, judge } from '../kit/judges.ts'

const folder = mkdtempSync(join(tmpdir(), 'rpm-interop-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const env = { ...process.env, LC_ALL: 'C.UTF-8', HOME: folder }
const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, { encoding: 'utf8', env, cwd: folder, maxBuffer: 1 << 26 })
const ok = (command: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = run(command, ...args)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended in ${status ?? 'a signal'}:\n${stdout}${stderr}`)
  return stdout
}
const isRoot = process.getuid?.() === 0

type Chosen = Parameters<typeof rpm.pack>[1]
type Input = Partial<Chosen>
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const project: Readonly<Record<string, Uint8Array>> = {
  'man/tool.1': encode('.TH TOOL 1 2026-01-01 "Tool 1.2.3" "User Commands"\n.SH NAME\ntool \\- does one thing well\n'),
  'completions/tool.bash': encode('complete -W serve tool\n'),
  'icon.png': writePng({ width: 128, height: 128, pixels: new Uint8Array(128 * 128 * 4).fill(200) }),
}
const integrated: Partial<App> = {
  category: 'Development',
  icon: 'icon.png',
  opens: [{ type: 'application/x-tool', extensions: ['tool'], name: 'Tool project' }],
  man: [{ path: 'man/tool.1', from: 'app.man' }],
  completions: [{ path: 'completions/tool.bash', from: 'app.completions', shell: 'bash' }],
  services: [{ name: 'tool.service', file: null, run: 'serve', summary: 'Serves', user: false, enable: true }],
  conffiles: ['etc/tool.conf'],
}
const contentsFor = (says: string): Readonly<Record<string, Content>> => ({
  tool: `#!/bin/sh\necho ${says}\n`,
  'lib/größe 日本.bin': 'data',
  'lib/link': { link: '../tool' },
  'etc/tool.conf': `says=${says}\n`,
  LICENSE: 'MIT\n',
  'README.md': '# A Tool\n',
})

/** The package, under its own name. */
const packed = async (contents: Readonly<Record<string, Content>>, input: Input = {}, changes: Partial<App> = {}): Promise<string> => {
  const naming = { app: { ...app, ...changes }, target: 'linux-x64' }
  const chosen: Chosen = { release: '1', compression: 'gzip', ...input }
  const assets = new Map(Object.entries(project).map(([path, bytes]) => [path, { bytes, sha256: sha256(bytes) }]))
  const parts: Uint8Array[] = []
  for await (const part of rpm.pack({ ...naming, tree: treeOf(contents), date, assets }, chosen)) parts.push(part.slice())
  const file = join(mkdtempSync(join(folder, 'made-')), rpm.fileName(naming, chosen))
  writeFileSync(file, Buffer.concat(parts))
  return file
}
const twinOf = (file: string, at: number): string => {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  const twin = join(mkdtempSync(join(folder, 'twin-')), 'twin.rpm')
  writeFileSync(twin, bytes)
  return twin
}

describeWithJudge(['rpm'], 'rpm packages, as rpm sees them', () => {
  it.each(['gzip', 'zstd'] as const)('are sound and say what was said, in %s; tampered twins are not sound', async compression => {
    const file = await packed(contentsFor('hello'), { compression, depends: ['git >= 2'], recommends: ['(a or b)'] }, integrated)
    expect(ok('rpm', '-K', file)).toContain('digests OK')
    const said = ok('rpm', '-qip', file)
    for (const line of ['Version     : 1.2.3', 'Vendor      : The Tool Authors', 'License     : MIT', 'Summary     : does one thing well'])
      expect(said).toContain(line)
    expect(ok('rpm', '-qp', '--requires', file)).toMatch(/^git >= 2$/m)
    expect(ok('rpm', '-qp', '--recommends', file)).toBe('(a or b)\n')
    expect(ok('rpm', '-qp', '--configfiles', file)).toBe('/etc/tool.conf\n')
    expect(ok('rpm', '-qp', '--licensefiles', file)).toBe('/usr/share/licenses/tool/LICENSE\n')
    expect(ok('rpm', '-qp', '--scripts', file)).toContain('postinstall scriptlet (using /bin/sh):\nif [ -d /run/systemd/system ]')
    expect(ok('rpm', '-qp', '--changelog', file)).toMatch(/^\* Thu Oct 09 2025 The Tool Authors <tool@example\.org> - 1\.2\.3-1\n- Fixed\n/)
    expect(
      ok('rpm', '-qlp', file)
        .split('\n')
        .filter(path => /^\/(etc|usr|usr\/bin|usr\/share|usr\/lib)$/.test(path)),
    ).toEqual([])
    const sizeBytes = lstatSync(file).size
    for (const at of [sizeBytes - 20, sizeBytes >> 1, 6000]) expect(run('rpm', '-K', twinOf(file, at)).status, String(at)).not.toBe(0)
  })

  it.runIf(isRoot)('are installed, upgraded and erased, and keep what a user edited', async () => {
    const root = rootWithShell()
    const inRoot = (...args: readonly string[]): string => ok('rpm', '--root', root, ...args)
    const says = (): string => execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })
    const scripts = Object.fromEntries(['pre', 'post', 'preun', 'postun'].map(kind => [kind, `#!/bin/sh\necho ${kind} $1 >> /log\n`]))
    const made = (version: string) => packed(contentsFor(version), { scripts }, { ...integrated, version })
    const old = await made('2.0.0-rc.1')
    inRoot('--initdb')
    inRoot('-i', '--nodeps', old)
    expect(says()).toBe('2.0.0-rc.1\n')
    inRoot('-V', '--nodeps', 'tool')
    const conf = join(root, 'etc/tool.conf')
    writeFileSync(conf, 'mine=1\n')
    expect(run('rpm', '--root', root, '-V', '--nodeps', 'tool').stdout).toMatch(/^S\.5\.+T\. +c \/etc\/tool\.conf$/m)
    const twin = twinOf(await made('2.0.0'), lstatSync(await made('2.0.0')).size - 20)
    expect(run('rpm', '--root', root, '-U', '--nodeps', twin).status).not.toBe(0)
    expect(says()).toBe('2.0.0-rc.1\n')
    inRoot('-U', '--nodeps', await made('2.0.0'))
    expect([says(), readFileSync(conf, 'utf8'), readFileSync(`${conf}.rpmnew`, 'utf8')]).toEqual(['2.0.0\n', 'mine=1\n', 'says=2.0.0\n'])
    expect(inRoot('-q', 'tool')).toBe('tool-2.0.0-1.x86_64\n')
    expect(run('rpm', '--root', root, '-U', '--nodeps', old).stderr).toContain('newer than')
    inRoot('-e', 'tool')
    expect([
      existsSync(join(root, 'usr/lib/tool')),
      existsSync(join(root, 'usr/bin/tool')),
      readFileSync(`${conf}.rpmsave`, 'utf8'),
    ]).toEqual([false, false, 'mine=1\n'])
    const ran = ['pre 1', 'post 1', 'pre 2', 'post 2', 'preun 1', 'postun 1', 'preun 0', 'postun 0']
    expect(readFileSync(join(root, 'log'), 'utf8').trim().split('\n')).toEqual(ran)
  })
})

/** A root with dash and what it needs, so that scripts run. */
const rootWithShell = (): string => {
  const root = mkdtempSync(join(folder, 'root-'))
  const libraries = execFileSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).match(/\/\S+/g) ?? []
  for (const file of ['/bin/sh', ...libraries]) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    copyFileSync(file, join(root, file))
  }
  return root
}

describeWithJudge(['dnf', 'rpm'], 'rpm packages, as dnf sees them', () => {
  it.runIf(isRoot)('are installed with what they need, and refused without', async () => {
    const root = mkdtempSync(join(folder, 'dnf-'))
    mkdirSync(join(root, 'repos'))
    const options = [
      `--setopt=cachedir=${join(root, 'cache')}`,
      `--setopt=reposdir=${join(root, 'repos')}`,
      '--releasever=1',
      '--nogpgcheck',
      '--forcearch=x86_64',
    ]
    const dnf = (...args: readonly string[]) => run('dnf', `--installroot=${root}`, ...options, '-y', 'install', ...args)
    const file = await packed({ tool: '#!/bin/sh\necho hello\n' }, { depends: ['needed >= 1.3.0'] })
    const needed = (version: string) => packed({ tool: 'x' }, { package: 'needed' }, { bin: 'needed', version })
    const refused = dnf(file)
    expect([refused.status === 0, `${refused.stdout}${refused.stderr}`.includes('nothing provides needed >= 1.3.0')]).toEqual([false, true])
    // A prerelease is older than what is asked for.
    expect(dnf(file, await needed('1.3.0-rc.1')).status).not.toBe(0)
    const installed = dnf(file, await needed('1.3.0'))
    expect(installed.status, installed.stderr).toBe(0)
    expect(execFileSync(join(root, 'usr/bin/tool'), { encoding: 'utf8' })).toBe('hello\n')
  })
})

describeWithJudge(['rpmlint'], 'rpm packages, as rpmlint sees them', () => {
  const errorsOf = (file: string): readonly string[] => [...new Set(run('rpmlint', file).stdout.match(/(?<= E: )[\w-]+/g) ?? [])]
  /** What is right for what an app is, with the reason. */
  const known = [
    'no-group-tag', // Fedora wants none since 17 (RPM groups)
    'missing-PT_GNU_STACK-section', // the program of this test has no more than its headers
    'no-signature', // signing is another step
    'no-binary', // a script is packed for the architecture that its target names
    'invalid-license', // openSUSE's list of licenses lacks some of SPDX
  ]
  it('find no error in them but what is known', async () => {
    const tool = tinyElf({ interpreter: '/lib64/ld-linux-x86-64.so.2', needed: ['libc.so.6'], versions: ['GLIBC_2.4'] })
    for (const file of [await packed({ tool }), await packed(contentsFor('hello'), {}, integrated)])
      expect(
        errorsOf(file).filter(one => !known.includes(one)),
        file,
      ).toEqual([])
  })
  it('find those of a broken one', async () => {
    const file = await packed(contentsFor('hello'), { scripts: { post: '#!/opt/none\nrm x\n' } })
    expect(errorsOf(file).filter(one => !known.includes(one))).not.toEqual([])
  })
})

const example = join(import.meta.dirname, '../../examples/esbuild')
const registryAnswers =
  spawnSync('npm', ['view', '@esbuild/linux-x64@0.28.2', 'version'], { encoding: 'utf8', timeout: 20_000 }).stdout?.trim() === '0.28.2'
const lacking = ['rpm'].filter(name => judge(name) === undefined)
const hindrance = [...(registryAnswers ? [] : ['the npm registry does not answer']), ...lacking.map(name => `lacking ${name}`)].join(', ')

describe.skipIf(hindrance !== '')(`esbuild as an rpm${hindrance === '' ? '' : ` (skipped: ${hindrance})`}`, () => {
  const place = join(folder, 'esbuild')
  const file = join(place, 'dist/0.28.2/esbuild-0.28.2-1.x86_64.rpm')
  beforeAll(async () => {
    mkdirSync(place)
    copyFileSync(join(example, 'slipway.lock'), join(place, 'slipway.lock'))
    const config = readFileSync(join(example, 'slipway.config.ts'), 'utf8')
      .replace(/packages: \[.*\]/, "packages: ['rpm']")
      .replace(/\n.*feeds:.*/, '')
    writeFileSync(join(place, 'slipway.config.ts'), config)
    const ran = await slipway(['package', '--cwd', place, '--target', 'linux-x64', '--set', 'app.date=2026-01-02'], { quiet: true })
    expect(ran.exitCode, ran.stdout).toBe(0)
  }, 120_000)
  it('is sound, is installed, and says its version', () => {
    expect(ok('rpm', '-K', file)).toContain('digests OK')
    if (!isRoot) return
    const root = mkdtempSync(join(folder, 'root-'))
    ok('rpm', '--root', root, '--initdb')
    ok('rpm', '--root', root, '-i', file)
    expect(execFileSync(join(root, 'usr/bin/esbuild'), ['--version'], { encoding: 'utf8' }).trim()).toBe('0.28.2')
  })
})
