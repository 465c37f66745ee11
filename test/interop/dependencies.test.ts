// Computed dependencies are enough, and none is too many to leave out: real programs in roots that hold nothing else; and flet-desktop's libmpv.
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject, type Document, type SmallProject } from '../kit/project.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 })

const folder = mkdtempSync(join(tmpdir(), 'dependencies-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** What was fetched once is checked by its digest, not fetched again. */
const kept = join(tmpdir(), 'slipway-test-downloads')
mkdirSync(kept, { recursive: true })

const run = (tool: string, args: readonly string[], cwd = folder): SpawnSyncReturns<string> =>
  spawnSync(tool, args, { cwd, encoding: 'utf8' })

const source = `
#include <cstdio>
#include <iostream>
#include <string>
extern "C" const char *zlibVersion(void);
extern "C" const char *OpenSSL_version(int);
int main(int count, char **words) {
  if (count > 1 && std::string(words[1]) == "--version") std::cout << "tiny 1.0.0, zlib " << zlibVersion() << ", " << OpenSSL_version(0) << std::endl;
  return 0;
}
`
const makeProgram = (project: SmallProject): boolean => {
  writeFileSync(join(folder, 'tiny.cc'), source)
  const to = join(project.root, 'bin/linux-x64/tiny')
  return run('g++', ['-O1', '-o', to, 'tiny.cc', '-l:libz.so.1', '-l:libcrypto.so.3']).status === 0
}
const packageOf = async (packages: object): Promise<string> => {
  const project = smallProject({ targets: ['linux-x64'], more: { packages, feeds: {} } })
  try {
    expect(makeProgram(project)).toBe(true)
    const { exitCode, errors } = await project.json(['package'])
    expect(errors).toEqual([])
    expect(exitCode).toBe(0)
    const out = join(project.root, 'dist/1.0.0')
    const [file = ''] = readdirSync(out).filter(one => /\.(deb|rpm)$/.test(one))
    const to = join(mkdtempSync(join(folder, 'package-')), file)
    cpSync(join(out, file), to)
    return to
  } finally {
    rmSync(dirname(project.root), { recursive: true, force: true })
  }
}

/** Files of everything that the package depends on, by apt's own solver on an empty system. Null: no package lists here, or no network. */
const closureOf = (deb: string): readonly string[] | null => {
  const state = mkdtempSync(join(folder, 'apt-'))
  const archives = join(kept, 'debs')
  mkdirSync(join(archives, 'partial'), { recursive: true })
  writeFileSync(join(state, 'status'), '')
  const options = [
    `Dir::State::status=${join(state, 'status')}`,
    `Dir::Cache::archives=${archives}`,
    'APT::Sandbox::User=root',
    'Debug::NoLocking=1',
  ]
  const args = [...options.flatMap(one => ['-o', one]), '--no-install-recommends', '-y', '-q', '--print-uris', 'install', deb]
  const plan = run('apt-get', args)
  const names = [...plan.stdout.matchAll(/^'http[^']+' (\S+\.deb) /gm)].map(match => match[1] ?? '')
  const all = [...names, ...cachedOf(plan.stdout, archives, names)]
  const fetched = run('apt-get', [...args.filter(one => one !== '--print-uris'), '--download-only'])
  return plan.status !== 0 || fetched.status !== 0 || all.length === 0 ? null : all.map(one => join(archives, one))
}
/** apt prints no address of what it has already: the rest of what it would install. */
const cachedOf = (said: string, archives: string, names: readonly string[]): readonly string[] => {
  const wanted = (/The following NEW packages will be installed:\n((?: {2}.*\n)+)/.exec(said)?.[1] ?? '').trim().split(/\s+/)
  const there = readdirSync(archives)
  return wanted
    .filter(name => !names.some(file => file.startsWith(`${name}_`)))
    .flatMap(name => there.filter(file => file.startsWith(`${name}_`)).slice(-1))
}

/** A root that holds these packages, as dpkg knows them, and nothing else: no shell, no coreutils. */
const rootWith = (debs: readonly string[]): string => {
  const root = mkdtempSync(join(folder, 'root-'))
  for (const one of ['var/lib/dpkg/info', 'var/lib/dpkg/updates', 'var/lib/dpkg/triggers']) mkdirSync(join(root, one), { recursive: true })
  const stanzas = debs.map(one => {
    execFileSync('dpkg-deb', ['-x', one, root])
    return execFileSync('dpkg-deb', ['-f', one], { encoding: 'utf8' }).replace(/^(Package: .*)$/m, '$1\nStatus: install ok installed')
  })
  writeFileSync(join(root, 'var/lib/dpkg/status'), stanzas.join('\n'))
  return root
}
const install = (root: string, deb: string, ...more: readonly string[]) =>
  run('dpkg', [`--root=${root}`, '--force-not-root', ...more, '-i', deb])
const start = (root: string) => run('chroot', [root, '/usr/bin/tiny', '--version'])

const canBuild = process.arch === 'x64' && process.getuid?.() === 0 && existsSync('/usr/bin/g++') && existsSync('/usr/bin/apt-get')
const without = 'it takes x64, root, g++ and apt-get'

describeWithJudge(['dpkg', 'dpkg-deb'], `the dependencies of a deb${canBuild ? '' : ` (skipped: ${without})`}`, () => {
  let deb: string
  let closure: readonly string[] | null = null
  beforeAll(async () => {
    if (!canBuild) return
    deb = await packageOf(['deb'])
    closure = closureOf(deb)
  })

  it.runIf(canBuild)('are all that it needs to install and start', ({ skip }) => {
    if (closure === null) return skip('apt fetches nothing here')
    const depends = execFileSync('dpkg-deb', ['-f', deb, 'Depends'], { encoding: 'utf8' }).trim()
    expect(depends.split(', ').map(one => one.replace(/ \(>= [\d.]+\)/g, ''))).toEqual([
      'libc6',
      'libssl3t64 | libssl3',
      'libstdc++6',
      'zlib1g',
    ])
    const root = rootWith(closure)
    expect(existsSync(join(root, 'bin/sh')) || existsSync(join(root, 'usr/bin/sh'))).toBe(false)
    const installed = install(root, deb)
    expect(installed.status, installed.stderr).toBe(0)
    expect(start(root)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^tiny 1\.0\.0, zlib 1\.\d.*, OpenSSL 3\./) as string })
  })

  it.runIf(canBuild)('are each needed: without one dpkg refuses, and forced the program does not start', ({ skip }) => {
    if (closure === null) return skip('apt fetches nothing here')
    for (const [name, library] of [
      ['zlib1g', 'libz.so.1'],
      ['libssl3', 'libcrypto.so.3'],
      ['libstdc++6', 'libstdc++.so.6'],
    ] as const) {
      const fewer = closure.filter(one => !new RegExp(`/${name.replaceAll('+', '\\+')}(t64)?_`).test(one))
      expect(fewer, name).toHaveLength(closure.length - 1)
      const root = rootWith(fewer)
      const refused = install(root, deb)
      expect(refused.status).not.toBe(0)
      expect(refused.stderr).toMatch(new RegExp(`depends on .*${name.replaceAll('+', '\\+')}`))
      install(root, deb, '--force-depends')
      const started = start(root)
      expect(started.status).toBe(127)
      expect(started.stderr).toContain(`${library}: cannot open shared object file`)
    }
  })

  it.runIf(canBuild)('when one is left out of the package, its own closure starts nothing: the proof can fail', async ({ skip }) => {
    const lacking = await packageOf({ deb: { libraries: { 'libz.so.1': false } } })
    const fewer = closureOf(lacking)
    if (fewer === null) return skip('apt fetches nothing here')
    // OpenSSL of Debian 13 brings zlib along.
    if (fewer.some(one => one.includes('/zlib1g_'))) return skip('another dependency needs zlib too')
    const root = rootWith(fewer)
    expect(install(root, lacking).status).toBe(0)
    expect(start(root)).toMatchObject({ status: 127, stderr: expect.stringContaining('libz.so.1') as string })
  })
})

describeWithJudge(['rpm'], `the dependencies of an rpm${canBuild ? '' : ` (skipped: ${without})`}`, ({ rpm }) => {
  // No repository of Fedora is at hand: what its packages provide is made by rpm's own generator from real libraries.
  const libraries = ['libz.so.1', 'libcrypto.so.3', 'libstdc++.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libc.so.6']
  const baseOf = (sonames: readonly string[]): string => {
    const top = mkdtempSync(join(folder, 'rpmbuild-'))
    const home = '/lib/x86_64-linux-gnu'
    const install = sonames.map(
      one => `install -Dm755 $(readlink -f ${existsSync(join(home, one)) ? home : `/usr${home}`}/${one}) %{buildroot}${home}/${one}`,
    )
    const spec = [
      'Name: base',
      'Version: 1',
      'Release: 1',
      'Summary: libraries',
      'License: MIT',
      'AutoReq: no',
      '%description',
      'x',
      '%install',
    ]
    const loader = ['install -Dm755 $(readlink -f /lib64/ld-linux-x86-64.so.2) %{buildroot}/lib64/ld-linux-x86-64.so.2']
    writeFileSync(join(top, 'base.spec'), [...spec, ...install, ...loader, '%files', `${home}/*`, '/lib64/*', ''].join('\n'))
    const defines = [`_topdir ${top}`, 'debug_package %{nil}', '__os_install_post %{nil}', '_build_id_links none']
    const built = run('rpmbuild', [...defines.flatMap(one => ['--define', one]), '-bb', join(top, 'base.spec')])
    expect(built.status, built.stderr).toBe(0)
    return join(top, 'RPMS/x86_64/base-1-1.x86_64.rpm')
  }
  const installIn = (files: readonly string[]) => {
    const root = mkdtempSync(join(folder, 'rpm-root-'))
    return { root, ...run(rpm, ['--root', root, '--nosignature', '-i', ...files]) }
  }

  it.runIf(canBuild)('are met by what rpm says that the real libraries provide, and the program starts there', async () => {
    const file = await packageOf({ rpm: {} })
    const { root, status, stderr } = installIn([baseOf(libraries), file])
    expect({ status, stderr }).toMatchObject({ status: 0 })
    expect(start(root)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^tiny 1\.0\.0, zlib/) as string })
    const fewer = installIn([baseOf(libraries.slice(1)), file])
    expect(fewer.status).not.toBe(0)
    expect(fewer.stderr).toContain('libz.so.1()(64bit) is needed by tiny')
  })
})

describe('flet-desktop 0.28.3, which needs libmpv.so.1', () => {
  const wheel = 'flet_desktop-0.28.3-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl'
  let app: string | null = null
  beforeAll(() => {
    const asked = [
      'download',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--platform',
      'manylinux2014_x86_64',
      '--python-version',
      '3.11',
      '-q',
      '-d',
      kept,
    ]
    if (!existsSync(join(kept, wheel)) && run('pip', [...asked, 'flet-desktop==0.28.3']).status !== 0) return
    const unpacked = join(folder, 'flet')
    mkdirSync(unpacked)
    execFileSync('python3', ['-m', 'zipfile', '-e', join(kept, wheel), unpacked])
    execFileSync('tar', ['-C', unpacked, '-xzf', join(unpacked, 'flet_desktop/app/flet-linux-amd64.tar.gz')])
    app = join(unpacked, 'flet')
  })
  const packed = async (from: string, packages: object): Promise<Document & { readonly depends: string }> => {
    const more = { packages, feeds: {}, build: { prebuilt: { from, bin: 'flet' } } }
    const project = smallProject({ targets: ['linux-x64'], more })
    const ran = await project.json(['package'])
    const file = join(project.root, 'dist/1.0.0/tiny_1.0.0-1_amd64.deb')
    const depends = existsSync(file) ? execFileSync('dpkg-deb', ['-f', file, 'Depends'], { encoding: 'utf8' }).trim() : ''
    rmSync(dirname(project.root), { recursive: true, force: true })
    return { ...ran, depends }
  }

  it('is refused with the library, the file that needs it, and the ways out', async ({ skip }) => {
    if (app === null) return skip('PyPI does not answer here')
    for (const format of ['deb', 'rpm', 'pacman']) {
      const { exitCode, errors } = await packed(app, { [format]: {} })
      expect(exitCode).toBe(2)
      expect(errors, format).toMatchObject([
        {
          code: 'linux/unknown-library',
          message: `"lib/libmedia_kit_native_event_loop.so" needs the library libmpv.so.1, which no package of the ${format} systems is known to provide`,
          where: { path: `packages.${format}`, target: 'linux-x64', file: 'lib/libmedia_kit_native_event_loop.so' },
        },
      ])
      expect(errors[0]?.hint).toContain(`Systems of today have libmpv.so.2`)
      expect(errors[0]?.hint).toContain(`packages.${format}.libraries: { 'libmpv.so.1': 'package' }`)
    }
  })

  it('is packed with each of the answers that the hint names', async ({ skip }) => {
    if (app === null) return skip('PyPI does not answer here')
    const answers = [
      { depends: ['libmpv1 | libmpv2'] },
      { libraries: { 'libmpv.so.1': 'libmpv1' } },
      { libraries: { 'libmpv.so.1': false } },
    ]
    const depends: string[] = []
    for (const deb of answers) {
      const made = await packed(app, { deb })
      expect(made.errors).toEqual([])
      depends.push(made.depends)
    }
    expect(depends.map(one => one.split(', ').find(each => each.includes('libmpv')))).toEqual(['libmpv1 | libmpv2', 'libmpv1', undefined])
    expect(depends[0]).toContain('libgtk-3-0t64 | libgtk-3-0')
    const shipping = join(folder, 'shipping')
    cpSync(app, shipping, { recursive: true, verbatimSymlinks: true })
    writeFileSync(join(shipping, 'lib/libmpv.so.1'), readFileSync(join(app, 'lib/libmedia_kit_native_event_loop.so')))
    const { errors } = await packed(shipping, { deb: {} })
    expect(errors).toEqual([])
  })
})
