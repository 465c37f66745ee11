// What a package says beside its files, as the tools of its system read it: epochs, ghosts, kinds and colours of files, folders that it owns, verify scripts.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

const made: string[] = []
afterAll(() => made.forEach(folder => rmSync(folder, { recursive: true, force: true })))
const says = (tool: string, ...args: readonly string[]): string =>
  execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C.UTF-8' } })

let project: SmallProject
let out = ''
const file = (ending: string): string => join(out, readdirSync(out).find(name => name.endsWith(ending)) ?? 'none')
beforeAll(async () => {
  const folders = ['/var/lib/tiny', '/srv/tiny/data']
  const packages = {
    deb: { epoch: 2, folders },
    rpm: { epoch: 3, folders, ghosts: ['/var/log/tiny.log'], scripts: { verify: '#!/bin/sh\ntest -x /usr/bin/tiny\n' } },
    apk: { folders },
    pacman: { epoch: 4, folders },
  }
  project = smallProject({ targets: ['linux-x64'], more: { packages, feeds: {} } })
  made.push(dirname(project.root))
  const app = join(project.root, 'bin/linux-x64')
  for (const name of ['LICENSE', 'README.md', 'data']) writeFileSync(join(app, name), `${name}\n`)
  const ran = await project.run(['package'])
  expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
  out = join(project.root, 'dist/1.0.0')
})

describeWithJudge(['dpkg-deb', 'dpkg'], 'a deb', () => {
  it('has its epoch inside, and none in its name', () => {
    expect(readdirSync(out)).toContain('tiny_1.0.0-1_amd64.deb')
    expect(says('dpkg-deb', '-f', file('.deb'), 'Version').trim()).toBe('2:1.0.0-1')
    says('dpkg', '--compare-versions', '2:1.0.0-1', 'gt', '9.0.0-1')
  })
  it('owns the empty folders that were said', () => {
    for (const path of ['/var/lib/tiny/', '/srv/tiny/data/'])
      expect(says('dpkg-deb', '-c', file('.deb'))).toMatch(new RegExp(`^drwxr-xr-x root/root .* \\.${path}$`, 'm'))
  })
})

describeWithJudge(['rpm'], 'an rpm', () => {
  const query = (format: string): readonly string[] => says('rpm', '-qp', '--nosignature', '--qf', format, file('.rpm')).trim().split('\n')
  it('has its epoch, also in what it provides', () => {
    expect(query('%{EPOCH}:%{VERSION}-%{RELEASE}')).toEqual(['3:1.0.0-1'])
    expect(says('rpm', '-qp', '--nosignature', '--provides', file('.rpm'))).toContain('tiny = 3:1.0.0-1')
  })
  it('marks documents, licenses and ghosts, and the programs by their bits', () => {
    const kinds = Object.fromEntries(
      query('[%{FILENAMES} %{FILEFLAGS:fflags}%{FILECOLORS}\n]').map(line => line.split(' ') as [string, string]),
    )
    expect(kinds).toMatchObject({
      '/usr/share/licenses/tiny/LICENSE': 'l0',
      '/usr/share/doc/tiny/README.md': 'd0',
      '/var/log/tiny.log': 'g0',
      '/usr/lib/tiny/data': '0',
      '/usr/lib/tiny/tiny': '2',
    })
  })
  it('has a verify script', () => {
    expect(query('%{VERIFYSCRIPT}')[0]).toBe('test -x /usr/bin/tiny')
  })
  it('owns its folders and takes its ghosts with it', () => {
    const root = mkdtempSync(join(tmpdir(), 'rpm-ghost-'))
    made.push(root)
    const rpm = (...args: readonly string[]): string => says('rpm', '--root', root, '--nosignature', '--nodeps', ...args)
    mkdirSync(join(root, 'tmp'))
    says('rpm', '--root', root, '--initdb')
    rpm('-i', file('.rpm'))
    const ghost = join(root, 'var/log/tiny.log')
    expect([existsSync(join(root, 'srv/tiny/data')), existsSync(ghost)]).toEqual([true, false])
    mkdirSync(dirname(ghost), { recursive: true })
    writeFileSync(ghost, 'made by the program\n')
    rpm('-e', 'tiny')
    expect([existsSync(join(root, 'srv/tiny/data')), existsSync(join(root, 'var/lib/tiny')), existsSync(ghost)]).toEqual([
      false,
      false,
      false,
    ])
  })
})

describeWithJudge(['pacman', 'bsdtar', 'tar'], 'Arch and Alpine packages', () => {
  it('have an epoch where there is one', () => {
    expect(says('pacman', '-Qip', file('.pkg.tar.zst'))).toMatch(/^Version +: 4:1\.0\.0-1$/m)
    expect(readdirSync(out)).toContain('tiny-1.0.0-1-x86_64.pkg.tar.zst')
  })
  it('own the empty folders that were said', () => {
    for (const lines of [says('bsdtar', '-tf', file('.pkg.tar.zst')), says('tar', '--warning=no-unknown-keyword', '-tzf', file('.apk'))])
      expect(lines.split('\n')).toEqual(expect.arrayContaining(['var/lib/tiny/', 'srv/tiny/data/']))
  })
})
