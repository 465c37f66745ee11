// A package's whole life in a root of its own: installed, upgraded, removed, purged by dpkg and pacman; what a user edited stays, scripts run in order.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

const made: string[] = []
afterAll(() => made.forEach(folder => rmSync(folder, { recursive: true, force: true })))

const logged = (name: string): string => `#!/bin/sh\nset -e\necho ${name} "$@" >> "$DPKG_ROOT/log"\n`
const versions: Record<string, string> = {}
const packed = async (version: string, config: string): Promise<void> => {
  const scripts = Object.fromEntries(['preinst', 'postinst', 'prerm', 'postrm'].map(name => [name, logged(name)]))
  const project: SmallProject = smallProject({
    version,
    targets: ['linux-x64'],
    more: {
      app: {
        name: 'tiny',
        version,
        license: 'MIT',
        publisher: 'Tiny <tiny@example.org>',
        summary: 'Tiny',
        date: '2023-11-14',
        conffiles: ['etc/tiny.conf', 'etc/plain.conf'],
      },
      packages: { deb: { scripts }, pacman: {} },
      channels: { stable: {}, rc: {} },
      feeds: {},
    },
  })
  made.push(dirname(project.root))
  const app = join(project.root, 'bin/linux-x64')
  mkdirSync(join(app, 'etc'))
  for (const name of ['tiny', 'plain']) writeFileSync(join(app, `etc/${name}.conf`), config)
  writeFileSync(join(app, `only-${version}`), 'data')
  const ran = await project.run(['package'])
  expect(ran.exitCode, ran.stdout + ran.stderr).toBe(0)
  versions[version] = join(project.root, 'dist', version)
}
beforeAll(async () => {
  await packed('1.0.0', 'one\n')
  await packed('2.0.0-rc.1', 'two\n')
})
const fileOf = (version: string, ending: string): string => {
  const folder = versions[version] ?? ''
  return join(folder, readdirSync(folder).find(name => name.endsWith(ending)) ?? 'none')
}
interface Life {
  readonly run: (...args: readonly string[]) => { readonly status: number | null; readonly said: string }
  readonly has: (path: string) => boolean
  readonly text: (path: string) => string
  readonly edit: (path: string) => void
}
const lifeIn = (root: string, command: string, common: readonly string[]): Life => ({
  run: (...args) => {
    const { status, stdout, stderr } = spawnSync(command, [...common, ...args], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    return { status, said: `${stdout}${stderr}` }
  },
  has: path => existsSync(join(root, path)),
  text: path => readFileSync(join(root, path), 'utf8'),
  edit: path => writeFileSync(join(root, path), 'edited\n'),
})
const rootWith = (...folders: readonly string[]): string => {
  const root = mkdtempSync(join(tmpdir(), 'life-'))
  made.push(root)
  for (const path of folders) mkdirSync(join(root, path), { recursive: true })
  return root
}

describeWithJudge(['dpkg'], 'a deb', () => {
  it('is installed, upgraded, removed and purged, its scripts in order and its edited file kept', () => {
    const root = rootWith('var/lib/dpkg/info', 'var/lib/dpkg/updates')
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    const { run, has, text, edit } = lifeIn(root, 'dpkg', [
      '--root',
      root,
      '--force-not-root,script-chrootless,depends,confold',
      '--log',
      '/dev/null',
    ])
    const ok = (...args: readonly string[]): void => {
      const { status, said } = run(...args)
      expect(status, said).toBe(0)
    }
    ok('-i', fileOf('1.0.0', '.deb'))
    expect([has('usr/bin/tiny'), has('usr/lib/tiny/only-1.0.0'), text('etc/tiny.conf')]).toEqual([true, true, 'one\n'])
    edit('etc/tiny.conf')
    ok('-i', fileOf('2.0.0-rc.1', '.deb'))
    expect([has('usr/lib/tiny/only-1.0.0'), has('usr/lib/tiny/only-2.0.0-rc.1')]).toEqual([false, true])
    expect([text('etc/tiny.conf'), text('etc/tiny.conf.dpkg-dist'), text('etc/plain.conf')]).toEqual(['edited\n', 'two\n', 'two\n'])
    ok('-r', 'tiny')
    expect([has('usr/bin/tiny'), has('usr/lib/tiny'), text('etc/tiny.conf')]).toEqual([false, false, 'edited\n'])
    ok('-P', 'tiny')
    expect([has('etc/tiny.conf'), has('etc/plain.conf'), run('-s', 'tiny').status]).toEqual([false, false, 1])
    expect(text('log').trim().split('\n')).toEqual([
      'preinst install',
      // dpkg gives an empty second argument where nothing was installed before.
      'postinst configure ',
      'prerm upgrade 2.0.0~rc.1-1',
      'preinst upgrade 1.0.0-1 2.0.0~rc.1-1',
      'postrm upgrade 2.0.0~rc.1-1',
      'postinst configure 1.0.0-1',
      'prerm remove',
      'postrm remove',
      'postrm purge',
    ])
  })
  it('is refused when its bytes were changed', () => {
    const root = rootWith('var/lib/dpkg/info', 'var/lib/dpkg/updates')
    writeFileSync(join(root, 'var/lib/dpkg/status'), '')
    const bytes = readFileSync(fileOf('1.0.0', '.deb'))
    const at = Math.floor(bytes.length * 0.8)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    writeFileSync(join(root, 'twin.deb'), bytes)
    expect(
      lifeIn(root, 'dpkg', ['--root', root, '--force-not-root,depends', '--log', '/dev/null']).run('-i', join(root, 'twin.deb')).status,
    ).not.toBe(0)
  })
})

describeWithJudge(['pacman'], 'an Arch package', () => {
  it('is installed, upgraded and removed, and its edited file kept', () => {
    const root = rootWith('var/lib/pacman', 'var/cache', 'tmp')
    const config = join(root, 'pacman.conf')
    writeFileSync(config, '[options]\nArchitecture = x86_64\nSigLevel = Never\n')
    const places = ['--root', root, '--dbpath', join(root, 'var/lib/pacman'), '--cachedir', join(root, 'var/cache'), '--config', config]
    const { run, has, text, edit } = lifeIn(root, 'pacman', [...places, '--noconfirm', '-dd', '--noscriptlet'])
    const ok = (...args: readonly string[]): void => {
      const { status, said } = run(...args)
      expect(status, said).toBe(0)
    }
    ok('-U', fileOf('1.0.0', '.pkg.tar.zst'))
    expect([has('usr/bin/tiny'), has('usr/lib/tiny/only-1.0.0'), text('etc/tiny.conf')]).toEqual([true, true, 'one\n'])
    edit('etc/tiny.conf')
    ok('-U', fileOf('2.0.0-rc.1', '.pkg.tar.zst'))
    expect([has('usr/lib/tiny/only-1.0.0'), has('usr/lib/tiny/only-2.0.0-rc.1')]).toEqual([false, true])
    expect([text('etc/tiny.conf'), text('etc/tiny.conf.pacnew'), text('etc/plain.conf')]).toEqual(['edited\n', 'two\n', 'two\n'])
    edit('etc/plain.conf')
    ok('-R', 'tiny')
    expect([has('usr/bin/tiny'), has('usr/lib/tiny'), has('etc/tiny.conf'), text('etc/plain.conf.pacsave')]).toEqual([
      false,
      false,
      false,
      'edited\n',
    ])
  })
})
