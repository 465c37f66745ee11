// MSI packages in Wine: installed without a question, replaced by a newer version, kept from an older one, removed; and none that was changed.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import type { MsiOptions } from '../../packages/slipway/src/packagers/msi/options.ts'
import { msi } from '../../packages/slipway/src/packagers/msi.ts'
import { app, date, defaultsOf, noise, treeOf } from '../../packages/slipway/src/packagers/testing/trees.ts'
import { describeWithJudge } from '../kit/judges.ts'

const home = mkdtempSync(join(tmpdir(), 'slipway-msi-'))
const prefix = join(home, 'wine')
const env = {
  PATH: process.env['PATH'],
  HOME: home,
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  // No entries in the menus of whoever runs this.
  WINEDLLOVERRIDES: 'winemenubuilder.exe=d;mscoree=d;mshtml=d',
  LC_ALL: 'C.UTF-8',
}
afterAll(() => {
  spawnSync('wineserver', ['-k'], { env })
  rmSync(home, { recursive: true, force: true })
})

const defaults: MsiOptions = defaultsOf(msi)
interface Making {
  readonly app?: Partial<App>
  readonly chosen?: Partial<MsiOptions>
  readonly files?: Readonly<Record<string, string | Uint8Array>>
}
const pack = async (name: string, { app: more, chosen, files }: Making): Promise<string> => {
  const contents = { 'tool.exe': 'MZ', 'lib/größe.txt': 'one', 'lib/large.bin': noise(300_000), 'a/b/c/deep.txt': 'deep', ...files }
  const subject = { app: { ...app, name: 'Töol', ...more }, target: 'windows-x64', tree: treeOf(contents, 'tool.exe'), date }
  const parts: Uint8Array[] = []
  for await (const part of msi.pack(subject, { ...defaults, ...chosen })) parts.push(Uint8Array.from(part))
  writeFileSync(join(home, name), Buffer.concat(parts))
  return `Z:${join(home, name).replaceAll('/', '\\')}`
}

describeWithJudge(['wine'], 'Windows Installer, as Wine has it', ({ wine }) => {
  /** Exit codes of Windows have more bits than those of Unix: 1603 is 67, 1605 is 69. */
  const msiexec = (...args: readonly string[]): number | null =>
    spawnSync(wine, ['msiexec', ...args, '/qn'], { env, cwd: home, stdio: 'ignore', timeout: 300_000 }).status
  const registry = (...args: readonly string[]): string => {
    const { stdout } = spawnSync(wine, ['reg', 'query', ...args], { env, cwd: home, encoding: 'latin1' })
    return stdout
  }
  const uninstall = (): readonly (string | undefined)[] =>
    [...registry('HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall', '/s').matchAll(/DisplayVersion\s+REG_SZ\s+(\S+)/g)].map(
      ([, version]) => version,
    )
  const local = (): string => {
    const users = join(prefix, 'drive_c/users')
    const user = readdirSync(users).find(one => one !== 'Public') ?? ''
    return join(users, user, 'AppData/Local/Programs/Töol')
  }
  const links = (): string => execFileSync('find', [home, '-name', '*.lnk'], { encoding: 'utf8' })

  it('installs for the user, replaces the older version, refuses to go back, and leaves nothing behind', { timeout: 900_000 }, async () => {
    // Wine's desktop is that of the user, where there is one.
    mkdirSync(join(home, 'Desktop'))
    const protocols = ['tool-test']
    const one = await pack('one.msi', { app: { protocols }, files: { 'old.txt': 'of the old version' } })
    const chosen = { environment: { TOOL_HOME: '{folder}lib' }, registry: { 'Software\\Töol': { count: 7, text: '[x]' } } }
    const two = await pack('two.msi', { app: { protocols, version: '1.10.0' }, chosen, files: { 'lib/größe.txt': 'two' } })
    expect(msiexec('/i', one)).toBe(0)
    expect(readdirSync(local()).sort()).toEqual(['a', 'lib', 'old.txt', 'tool.exe'])
    expect(Buffer.compare(readFileSync(join(local(), 'lib/large.bin')), noise(300_000))).toBe(0)
    expect(uninstall()).toEqual(['1.2.3'])
    expect(links()).toContain('Töol.lnk')
    expect(links()).not.toContain('Desktop')
    expect(registry('HKCU\\Software\\Classes\\tool-test\\shell\\open\\command', '/ve')).toContain('\\tool.exe" "%1"')

    expect(msiexec('/i', two)).toBe(0)
    expect(readFileSync(join(local(), 'lib/größe.txt'), 'utf8')).toBe('two')
    expect(existsSync(join(local(), 'old.txt'))).toBe(false)
    expect(uninstall()).toEqual(['1.10.0'])
    expect(registry('HKCU\\Environment', '/v', 'TOOL_HOME')).toMatch(/Programs\\T.*ol\\lib/)
    expect(registry('HKCU\\Software\\Töol')).toMatch(/count\s+REG_DWORD\s+0x7\s+text\s+REG_SZ\s+\[x\]/)

    expect(msiexec('/i', one)).toBe(1603 & 0xff)
    expect(uninstall()).toEqual(['1.10.0'])
    expect(readFileSync(join(local(), 'lib/größe.txt'), 'utf8')).toBe('two')

    expect(msiexec('/x', two)).toBe(0)
    expect(existsSync(local())).toBe(false)
    expect(uninstall()).toEqual([])
    expect(links()).not.toContain('Töol')
    expect(registry('HKCU\\Software\\Classes\\tool-test')).not.toContain('tool.exe')
    expect(registry('HKCU\\Environment', '/v', 'TOOL_HOME')).not.toContain('lib')
    expect(registry('HKCU\\Software\\Töol')).not.toContain('count')
  })

  it('installs for everybody, with the features that are asked for', { timeout: 900_000 }, async () => {
    const files = join(prefix, 'drive_c/Program Files/Töol')
    const path = (): string => registry('HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment', '/v', 'PATH')
    const machine = await pack('machine.msi', { chosen: { mode: 'machine' } })
    expect(msiexec('/i', machine, 'ADDLOCAL=ALL')).toBe(0)
    expect(readdirSync(files).sort()).toEqual(['a', 'lib', 'tool.exe'])
    expect(links()).toMatch(/Desktop\/Töol\.lnk/)
    expect(path()).toContain('Program Files\\T')
    expect(msiexec('/x', machine)).toBe(0)
    expect(existsSync(files)).toBe(false)
    expect(links()).not.toContain('Töol')
    expect(path()).not.toContain('Program Files\\T')
  })

  it.each(['user', 'machine'] as const)(
    'stays in the folder that was chosen once, through upgrades and to its end (%s)',
    { timeout: 900_000 },
    async mode => {
      const chosen = { mode }
      const one = await pack('place1.msi', { chosen, files: { 'old.txt': 'old' } })
      const two = await pack('place2.msi', { app: { version: '1.10.0' }, chosen, files: { 'lib/größe.txt': 'two' } })
      const [place, other] = ['Chosen', 'Moved'].map(name => join(prefix, 'drive_c', name)) as [string, string]
      expect(msiexec('/i', one, 'INSTALLFOLDER=C:\\Chosen')).toBe(0)
      expect(readdirSync(place).sort()).toEqual(['a', 'lib', 'old.txt', 'tool.exe'])
      expect(msiexec('/i', two)).toBe(0)
      expect(readdirSync(place).sort()).toEqual(['a', 'lib', 'tool.exe'])
      expect(readFileSync(join(place, 'lib/größe.txt'), 'utf8')).toBe('two')
      expect([existsSync(local()), existsSync(join(prefix, 'drive_c/Program Files/Töol'))]).toEqual([false, false])
      // Whoever says another one moves it, and what was there goes.
      const three = await pack('place3.msi', { app: { version: '1.11.0' }, chosen })
      expect(msiexec('/i', three, 'INSTALLFOLDER=C:\\Moved')).toBe(0)
      expect([existsSync(join(place, 'tool.exe')), readdirSync(other).sort()]).toEqual([false, ['a', 'lib', 'tool.exe']])
      expect(msiexec('/x', three)).toBe(0)
      expect(existsSync(join(other, 'tool.exe'))).toBe(false)
      // Nothing of it is left to lead a later installation there.
      expect(msiexec('/i', one)).toBe(0)
      expect(existsSync(other)).toBe(false)
      expect(msiexec('/x', one)).toBe(0)
    },
  )

  it('takes no package that was changed or cut', { timeout: 900_000 }, async () => {
    const good = await pack('good.msi', {})
    const bytes = readFileSync(join(home, 'good.msi'))
    const block = bytes.indexOf('CK', bytes.indexOf('MSCF'))
    for (const bad of [Buffer.from(bytes), bytes.subarray(0, 3000)]) {
      if (bad.length === bytes.length) bad.fill(0xff, block, block + 2000)
      writeFileSync(join(home, 'bad.msi'), bad)
      expect(msiexec('/i', good.replace('good.msi', 'bad.msi'))).not.toBe(0)
      expect(uninstall()).toEqual([])
    }
  })
})
