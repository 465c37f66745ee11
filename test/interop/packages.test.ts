// Published packages, judged by tar, unzip, 7z, zstd, dpkg and lintian: of a tiny project, and of the real esbuild where npm's registry answers.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { slipway } from '../../scripts/demo/slipway.ts'
import { describeWithJudge, judge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

const says = (tool: string, args: readonly string[], cwd: string): string =>
  execFileSync(tool, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

let project: SmallProject
let folder: string
beforeAll(async () => {
  const targets = ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64']
  const more = { packages: ['tar.gz', 'tar.zst', 'zip', 'binary', 'deb'] }
  project = smallProject({ targets, more })
  await project.run(['keys', 'generate'])
  const ran = await project.run(['release'])
  expect(ran.exitCode, ran.stderr).toBe(0)
  folder = join(project.bucket, 'releases/1.0.0')
})
afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))
const filesOf = (ending: string): readonly string[] => readdirSync(folder).filter(name => name.endsWith(ending))
/** The program that went in, by target. */
const programOf = (target: string): Buffer =>
  readFileSync(join(project.root, 'bin', target, target.startsWith('windows') ? 'tiny.exe' : 'tiny'))
const targetOf = (file: string): string => /(macos|windows|linux)-(x64|arm64)/.exec(file)?.[0] ?? ''

describe('packages of a tiny project', () => {
  it('are one of each format for each system that it knows', () => {
    expect(['.tar.gz', '.tar.zst', '.zip', '.deb'].map(ending => filesOf(ending).length)).toEqual([6, 6, 6, 2])
    expect(filesOf('.exe')).toHaveLength(2)
  })
})

describeWithJudge(['tar', 'zstd'], 'tar archives', ({ tar }) => {
  it('are listed and unpacked by tar, with their bytes and modes', () => {
    for (const file of [...filesOf('.tar.gz'), ...filesOf('.tar.zst')]) {
      const place = mkdtempSync(join(tmpdir(), 'untar-'))
      const listed = says(tar, ['-tvf', join(folder, file)], place)
      expect(listed).toMatch(/^-rwxr-xr-x .*tiny(\.exe)?$/m)
      expect(listed).toContain('2023-11-14')
      says(tar, ['-xf', join(folder, file)], place)
      const path = readdirSync(place, { recursive: true, withFileTypes: true }).find(one => one.isFile())
      expect(readFileSync(join(path?.parentPath ?? '', path?.name ?? '')).equals(programOf(targetOf(file))), file).toBe(true)
      rmSync(place, { recursive: true })
    }
  })
})

describeWithJudge(['unzip', '7z'], 'zip archives', paths => {
  it('pass the tests of unzip and 7z, and hold the bytes', () => {
    for (const file of filesOf('.zip')) {
      expect(says(paths.unzip, ['-t', file], folder)).toContain('No errors detected')
      expect(says(paths['7z'], ['t', file], folder)).toContain('Everything is Ok')
      const bytes = execFileSync(paths.unzip, ['-p', file], { cwd: folder })
      expect(bytes.equals(programOf(targetOf(file))), file).toBe(true)
    }
  })
})

describe('binaries', () => {
  it('are the programs themselves', () => {
    for (const target of ['macos-x64', 'windows-x64', 'linux-x64']) {
      const name = readdirSync(folder).find(one => one === `tiny-1.0.0-${target}` || one === `tiny-1.0.0-${target}.exe`) ?? ''
      expect(readFileSync(join(folder, name)).equals(programOf(target))).toBe(true)
    }
  })
})

describeWithJudge(['dpkg-deb', 'dpkg', 'tar'], 'deb packages', paths => {
  it('are read by dpkg-deb, and their program comes out whole', () => {
    for (const [file, target] of [
      ['tiny_1.0.0-1_amd64.deb', 'linux-x64'],
      ['tiny_1.0.0-1_arm64.deb', 'linux-arm64'],
    ] as const) {
      const control = says(paths['dpkg-deb'], ['-I', file], folder)
      for (const line of [
        'Package: tiny',
        'Version: 1.0.0-1',
        `Architecture: ${target === 'linux-x64' ? 'amd64' : 'arm64'}`,
        'Maintainer: Tiny <tiny@example.org>',
      ])
        expect(control).toContain(line)
      expect(says(paths['dpkg-deb'], ['-c', file], folder)).toMatch(/root\/root +\d+ 2023-11-14 .*\.\/usr\/bin\/tiny/)
      const tarball = execFileSync(paths['dpkg-deb'], ['--fsys-tarfile', file], { cwd: folder, maxBuffer: 1 << 26 })
      const place = mkdtempSync(join(tmpdir(), 'undeb-'))
      execFileSync(paths.tar, ['-x', '-f', '-'], { cwd: place, input: tarball })
      const program = readdirSync(place, { recursive: true, withFileTypes: true }).find(one => one.isFile() && one.name === 'tiny')
      expect(readFileSync(join(program?.parentPath ?? '', 'tiny')).equals(programOf(target))).toBe(true)
      rmSync(place, { recursive: true })
    }
  })
  it('are installed into a root of their own, found whole, and removed', () => {
    const root = makeRoot()
    const options = ['--root', root, '--force-not-root', '--log', join(root, 'log')]
    says(paths.dpkg, [...options, '-i', join(folder, 'tiny_1.0.0-1_amd64.deb')], folder)
    expect(existsSync(join(root, 'usr/bin/tiny'))).toBe(true)
    expect(says(paths.dpkg, [...options, '--verify', 'tiny'], folder)).toBe('')
    says(paths.dpkg, [...options, '--purge', 'tiny'], folder)
    expect(existsSync(join(root, 'usr/bin/tiny'))).toBe(false)
    rmSync(root, { recursive: true })
  })
})

const makeRoot = (): string => {
  const root = mkdtempSync(join(tmpdir(), 'dpkg-root-'))
  for (const part of ['var/lib/dpkg/info', 'var/lib/dpkg/updates']) mkdirSync(join(root, part), { recursive: true })
  writeFileSync(join(root, 'var/lib/dpkg/status'), '')
  return root
}

const example = join(import.meta.dirname, '../../examples/esbuild')
const registryAnswers =
  spawnSync('npm', ['view', '@esbuild/linux-x64@0.28.2', 'version'], { encoding: 'utf8', timeout: 20_000 }).stdout?.trim() === '0.28.2'
const lacking = ['tar', 'unzip', '7z', 'dpkg-deb', 'dpkg', 'lintian'].filter(name => judge(name) === undefined)
const hindrance = [...(registryAnswers ? [] : ['the npm registry does not answer']), ...lacking.map(name => `lacking ${name}`)].join(', ')

describe.skipIf(hindrance !== '')(`esbuild, linux-x64${hindrance === '' ? '' : ` (skipped: ${hindrance})`}`, () => {
  const place = mkdtempSync(join(tmpdir(), 'esbuild-'))
  const out = join(place, 'dist/0.28.2')
  beforeAll(async () => {
    for (const file of ['slipway.config.ts', 'slipway.lock']) copyFileSync(join(example, file), join(place, file))
    const ran = await slipway(['package', '--cwd', place, '--target', 'linux-x64', '--set', 'app.date=2026-01-02'], { quiet: true })
    expect(ran.exitCode, ran.stdout).toBe(0)
  })
  afterAll(() => rmSync(place, { recursive: true, force: true }))
  const version = (program: string): string => says(program, ['--version'], place).trim()

  it('comes out of tar.gz and zip as a program that says its version', () => {
    for (const [tool, args] of [
      ['tar', ['-xzf', join(out, 'esbuild-0.28.2-linux-x64.tar.gz')]],
      ['unzip', ['-q', join(out, 'esbuild-0.28.2-linux-x64.zip')]],
    ] as const) {
      const here = mkdtempSync(join(place, 'out-'))
      says(judge(tool) ?? '', args, here)
      const program = readdirSync(here, { recursive: true, withFileTypes: true }).find(one => one.isFile() && one.name === 'esbuild')
      expect(version(join(program?.parentPath ?? '', 'esbuild')), tool).toBe('0.28.2')
    }
    expect(says(judge('7z') ?? '', ['t', 'esbuild-0.28.2-linux-x64.zip'], out)).toContain('Everything is Ok')
  })
  it('is installed by dpkg, and says its version', () => {
    const root = makeRoot()
    says(
      judge('dpkg') ?? '',
      ['--root', root, '--force-not-root', '--force-depends', '--log', join(root, 'log'), '-i', join(out, 'esbuild_0.28.2-1_amd64.deb')],
      place,
    )
    expect(version(join(root, 'usr/bin/esbuild'))).toBe('0.28.2')
    rmSync(root, { recursive: true })
  })
  it('gives lintian no error', { timeout: 180_000 }, () => {
    const { stdout, stderr } = spawnSync(
      judge('lintian') ?? '',
      ['--allow-root', '--fail-on', 'none', '--tag-display-limit', '0', 'esbuild_0.28.2-1_amd64.deb'],
      { cwd: out, encoding: 'utf8', timeout: 170_000 },
    )
    const lines = `${stdout}\n${stderr}`.split('\n')
    expect(lines.filter(line => line.startsWith('E:'))).toEqual([])
  })
})
