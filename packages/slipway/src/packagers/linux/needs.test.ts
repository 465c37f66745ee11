// Needed libraries: computed from real headers, found where nothing provides them, and the same as what Debian's own tool says.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Target } from '@slipway/core'
import { tinyElf } from '@slipway/formats/testing/binaries'
import { describeWithJudge } from '../../../../../test/kit/judges.ts'
import { fileOf } from '../testing/trees.ts'
import { needsOf, type NeedsSubject } from './needs.ts'

const folder = mkdtempSync(join(tmpdir(), 'needs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const glibc = { interpreter: '/lib64/ld-linux-x86-64.so.2' }
const asked = (files: Readonly<Record<string, Uint8Array>>, more: Partial<NeedsSubject> = {}) =>
  needsOf({
    tree: {
      entries: [
        ...Object.entries(files).map(([path, bytes]) => fileOf(path, bytes, path.startsWith('data/') ? 0o644 : 0o755)),
        { type: 'link', path: 'lib/libown.so.1', linkTarget: 'libown.so.1.2' },
      ],
      executable: 'tool',
    },
    target: 'linux-x64',
    format: 'deb',
    libraries: {},
    depends: [],
    at: 'packages.deb',
    ...more,
  })
const desktop = tinyElf({
  ...glibc,
  needed: ['libgtk-3.so.0', 'libown.so.1', 'libother.so', 'libc.so.6'],
  versions: ['GLIBC_2.2.5', 'GLIBC_2.34', 'GLIBC_PRIVATE'],
})
const other = tinyElf({
  needed: ['libz.so.1', 'libstdc++.so.6'],
  soname: 'libother.so',
  versions: ['GLIBCXX_3.4.29', 'GLIBCXX_3.4.9', 'CXXABI_1.3'],
})
const flet = tinyElf({ ...glibc, needed: ['libmpv.so.1', 'libc.so.6'], versions: ['GLIBC_2.4'] })

describe('needsOf', () => {
  it("names packages and least versions in each format's words, without what the tree has", async () => {
    const files = { tool: desktop, 'lib/libother.so.5': other }
    const relations = async (format: NeedsSubject['format']) => (await asked(files, { format })).relations
    expect(await relations('deb')).toEqual(['libc6 (>= 2.34)', 'libgtk-3-0t64 | libgtk-3-0', 'libstdc++6 (>= 11)', 'zlib1g'])
    expect(await relations('pacman')).toEqual(['gcc-libs>=11', 'glibc>=2.34', 'gtk3', 'zlib'])
    expect(await relations('rpm')).toEqual([
      'libc.so.6()(64bit)',
      'libc.so.6(GLIBC_2.2.5)(64bit)',
      'libc.so.6(GLIBC_2.34)(64bit)',
      'libgtk-3.so.0()(64bit)',
      'libstdc++.so.6()(64bit)',
      'libstdc++.so.6(CXXABI_1.3)(64bit)',
      'libstdc++.so.6(GLIBCXX_3.4.29)(64bit)',
      'libstdc++.so.6(GLIBCXX_3.4.9)(64bit)',
      'libz.so.1()(64bit)',
    ])
  })
  it('finds a library that nothing provides, with the file that needs it', async () => {
    for (const format of ['deb', 'rpm', 'pacman'] as const) {
      const { problems } = await asked({ tool: flet }, { format, at: `packages.${format}` })
      expect(problems).toMatchObject([
        { code: 'linux/unknown-library', where: { path: `packages.${format}`, target: 'linux-x64', file: 'tool' } },
      ])
      expect(problems[0]?.message).toContain('"tool" needs the library libmpv.so.1')
    }
  })
  it('takes the word of the config for it', async () => {
    const libc = 'libc6 (>= 2.4)'
    expect(await asked({ tool: flet }, { depends: ['libmpv1 | libmpv2'] })).toMatchObject({ relations: [libc], problems: [] })
    expect(await asked({ tool: flet }, { libraries: { 'libmpv.so.1': 'libmpv-old' } })).toMatchObject({
      relations: [libc, 'libmpv-old'],
      problems: [],
    })
    expect(await asked({ tool: flet }, { libraries: { 'libmpv.so.1': false } })).toMatchObject({ relations: [libc], problems: [] })
    expect((await asked({ tool: flet }, { libraries: { 'libmpv.so.1': true }, format: 'rpm' })).relations).toContain('libmpv.so.1()(64bit)')
    expect((await asked({ tool: flet }, { depends: ['libmpv2'] })).problems).toHaveLength(1)
  })
  it('tells musl and glibc apart', async () => {
    const musl = tinyElf({ interpreter: '/lib/ld-musl-x86_64.so.1', needed: ['libz.so.1', 'libc.musl-x86_64.so.1'] })
    const target: Target = 'linux-x64-musl'
    expect(await asked({ tool: musl }, { format: 'apk', target })).toMatchObject({
      relations: ['so:libc.musl-x86_64.so.1', 'so:libz.so.1'],
      problems: [],
    })
    expect((await asked({ tool: flet }, { format: 'apk' })).problems.map(one => one.code)).toEqual(
      ['linux/unknown-library', 'linux/wrong-libc'].sort().reverse(),
    )
    expect((await asked({ tool: musl }, { target })).problems.map(one => one.code)).toEqual(['linux/unknown-library'])
  })
  it('reads programs of the target alone, and names static ones', async () => {
    const foreign = tinyElf({ machine: 183, needed: ['libnone.so.1'] })
    const data = tinyElf({ needed: ['libnone.so.1'] })
    const still = tinyElf({ type: 2 })
    expect(await asked({ tool: still, 'arm/tool': foreign, 'data/x': data, 'empty.so': new Uint8Array(0) })).toEqual({
      relations: [],
      problems: [],
      staticFiles: ['tool'],
    })
  })
  it('asks by both names for a package that Debian 13 renamed, the new one first', async () => {
    const arm = new Uint8Array(tinyElf({ machine: 40, needed: ['libcups.so.2', 'libc.so.6'] }))
    expect((await asked({ tool: arm }, { target: 'linux-armv7' })).relations).toEqual(['libc6', 'libcups2t64 | libcups2'])
    const open = tinyElf({ ...glibc, needed: ['libssl.so.3', 'libQt5Core.so.5', 'libsoup-2.4.so.1'], versions: [] })
    expect((await asked({ tool: open })).relations).toEqual([
      'libqt5core5t64 | libqt5core5a',
      'libsoup-2.4-1 | libsoup2.4-1',
      'libssl3t64 | libssl3',
    ])
    const versioned = tinyElf({ ...glibc, needed: ['libssl.so.3'], versions: ['OPENSSL_3.0.0'] })
    expect((await asked({ tool: versioned })).relations).toEqual(['libssl3t64 (>= 3.0.0) | libssl3 (>= 3.0.0)'])
  })
  it('reads tables that lie far into a file', async () => {
    const own = process.execPath
    const tree = { entries: [fileOf('tool', readFileSync(own), 0o755)], executable: 'tool' }
    const found = await needsOf({
      tree,
      target: process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64',
      format: 'deb',
      libraries: {},
      depends: [],
      at: '',
    })
    expect(found.problems).toEqual([])
    expect(found.relations.find(one => one.startsWith('libc6'))).toMatch(/^libc6 \(>= 2\.\d+\)$/)
  })
})

describeWithJudge(['dpkg'], 'needsOf, beside dpkg-shlibdeps', () => {
  const names = (relations: string): readonly string[] =>
    relations
      .split(', ')
      .map(one => one.split(' ')[0] ?? '')
      .sort()
  it
    .runIf(existsSync('/usr/bin/dpkg-shlibdeps') && process.arch === 'x64')
    .each(['/usr/bin/gpg', '/usr/bin/openssl', '/bin/ls'].filter(existsSync))('names the same packages for %s', async program => {
    const work = mkdtempSync(join(folder, 'shlib-'))
    mkdirSync(join(work, 'debian'))
    writeFileSync(join(work, 'debian/control'), 'Source: x\n\nPackage: x\nArchitecture: any\n')
    const run = spawnSync('dpkg-shlibdeps', ['-O', '--ignore-missing-info', program], { cwd: work, encoding: 'utf8' })
    const said = /shlibs:Depends=(.*)/.exec(run.stdout)?.[1] ?? ''
    const tree = { entries: [fileOf('tool', readFileSync(program), 0o755)], executable: 'tool' }
    // What is no library of a common program is named by the test, from dpkg.
    const found = await needsOf({
      tree,
      target: 'linux-x64',
      format: 'deb',
      libraries: ownOf(tree.entries[0]?.path === 'tool' ? program : ''),
      depends: [],
      at: '',
    })
    expect(found.problems).toEqual([])
    // dpkg-shlibdeps leaves out a library of which no symbol is used.
    expect(found.relations.flatMap(one => one.split(' | ').map(name => name.split(' ')[0]))).toEqual(
      expect.arrayContaining([...names(said)]),
    )
  })
})

/** Libraries that no table of common ones has, as `libapt-pkg`. */
const ownOf = (program: string): Readonly<Record<string, string>> => {
  const needed = [...execFileSync('readelf', ['-d', program], { encoding: 'utf8' }).matchAll(/NEEDED.*\[(.*)\]/g)].map(
    match => match[1] ?? '',
  )
  return Object.fromEntries(
    needed
      .filter(one => /apt|gpg-error|assuan|npth/.test(one))
      .map(one => [one, spawnSync('dpkg', ['-S', `*/${one}`], { encoding: 'utf8' }).stdout.split(':')[0] ?? '']),
  )
}
