// nsis: what is refused and escaped; the installer unpacked by 7z, then installed, upgraded and removed by wine.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '@slipway/core'
import { fromBytes } from '@slipway/formats/bytes'
import { readPeVersion } from '@slipway/formats/pe-version'
import { writePng, type Image } from '@slipway/formats/png'
import * as z from 'zod'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { openScreen, screenJudges } from '../../../../test/kit/screen.ts'
import type { FileTree } from '../tree.ts'
import { nsis, type NsisOptions } from './nsis.ts'
import type { AssetFile } from './packager.ts'
import { escaped } from './nsis/text.ts'
import { lendFrom } from './testing/lend.ts'
import { app, date, treeOf, type Content } from './testing/trees.ts'

const folder = mkdtempSync(join(tmpdir(), 'nsis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const optionsOf = (said: object) => z.strictObject(nsis.options).parse(said) as NsisOptions
interface Packing {
  readonly app?: Partial<App>
  readonly options?: object
  readonly assets?: Readonly<Record<string, Uint8Array | string>>
  readonly signProgram?: (program: Uint8Array) => Promise<Uint8Array>
  readonly target?: string
}
const packed = async (tree: FileTree | Readonly<Record<string, Content>>, packing: Packing = {}): Promise<Buffer> => {
  const { options = {}, assets = {}, target = 'windows-x64', signProgram } = packing
  const subject = {
    app: { ...app, ...packing.app },
    target,
    tree: Array.isArray((tree as FileTree).entries) ? (tree as FileTree) : treeOf(tree as Record<string, Content>, 'tool.exe'),
    date,
    lend: lendFrom(date),
    assets: new Map(Object.entries(assets).map(([path, bytes]): [string, AssetFile] => [path, { sha256: '', bytes: Buffer.from(bytes) }])),
    ...(signProgram === undefined ? {} : { signProgram }),
  }
  const parts: Uint8Array[] = []
  for await (const part of nsis.pack(subject, optionsOf(options))) parts.push(part)
  return Buffer.concat(parts)
}
const problems = async (tree: Readonly<Record<string, Content>>, packing: Packing = {}): Promise<string> =>
  packed(tree, packing).then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  )
const picture = (side: number): Image => ({
  width: side,
  height: side,
  pixels: Uint8Array.from({ length: side * side * 4 }, (_, at) => (at % 4 === 3 ? (at % 1000 < 500 ? 0 : 255) : at % 251)),
})

describe('what Windows cannot hold', () => {
  it.each(['aux', 'Con.txt', 'a/nul', 'lpt1.log', 'dot.', 'space ', 'sub./x', 'what?', 'a|b', 'back\\slash', 'quote"'])(
    '%j is refused',
    async path => {
      expect(await problems({ 'tool.exe': 'x', [path]: 'y' })).toContain(`windows/bad-name: ${JSON.stringify(path)}`)
    },
  )
  it('names that differ in case alone are refused', async () => {
    expect(await problems({ 'tool.exe': 'x', 'data/Readme': 'y', 'data/README': 'z' })).toContain('windows/same-name')
  })
  it('a link is refused', async () => {
    expect(await problems({ 'tool.exe': 'x', link: { link: 'tool.exe' } })).toContain('windows/link')
  })
  it('a path beyond 259 characters is refused unless it is wanted', async () => {
    const long = `${'d'.repeat(100)}/${'e'.repeat(100)}`
    expect(await problems({ 'tool.exe': 'x', [long]: 'y' })).toContain('windows/long-path')
    expect(await problems({ 'tool.exe': 'x', [`${long}/${'f'.repeat(900)}`]: 'y' }, { options: { longPaths: true } })).toContain(
      'windows/long-path',
    )
  })
  it('a version with a large number is refused before anything is built', () => {
    const checked = nsis.check?.({ app: { ...app, version: '1.65536.0' }, target: 'windows-x64' }, optionsOf({}) as never) ?? []
    expect(checked.map(({ code }) => code)).toEqual(['nsis/bad-version'])
    expect(nsis.check?.({ app: { ...app, version: '1.2.3-beta.4' }, target: 'windows-x64' }, optionsOf({}) as never)).toEqual([])
  })
  it('more than an installer holds is refused, with the limit', async () => {
    const tree = treeOf({ 'tool.exe': 'x', a: 'x', b: 'x' }, 'tool.exe')
    const entries = tree.entries.map(one => (one.type === 'file' && one.path !== 'tool.exe' ? { ...one, sizeBytes: 2 ** 30 } : one))
    await expect(packed({ ...tree, entries })).rejects.toThrow(
      'nsis/too-large: the app has 2147483649 bytes, and an installer holds at most 2147483647',
    )
  })
  it('what would fall on the uninstaller, a language twice, a bad licence and no tool are refused', async () => {
    expect(await problems({ 'tool.exe': 'x', 'Uninstall.EXE': 'y' })).toContain('nsis/own-name')
    expect(await problems({ 'tool.exe': 'x' }, { options: { languages: ['de', 'de'] } })).toContain('nsis/same-language')
    expect(await problems({ 'tool.exe': 'x' }, { options: { licence: 'L' } })).toContain('nsis/no-licence')
    for (const L of ['', '\0', Uint8Array.of(0xff, 0xfe, 0x41, 0)])
      expect(await problems({ 'tool.exe': 'x' }, { options: { licence: 'L' }, assets: { L } })).toContain('nsis/bad-licence')
    const subject = { app, target: 'windows-x64', tree: treeOf({ 'tool.exe': 'x' }, 'tool.exe'), date }
    await expect(nsis.pack(subject, optionsOf({})).next()).rejects.toThrow('nsis/no-tool')
  })
  it('an icon that is none is refused by what it is', async () => {
    const of = (icon: Uint8Array | string): Promise<string> =>
      problems({ 'tool.exe': 'x' }, { options: { icon: 'i.png' }, assets: { 'i.png': icon } })
    expect(await problems({ 'tool.exe': 'x' }, { options: { icon: 'i.png' } })).toContain('windows/no-icon')
    expect(await of(writePng(picture(64)))).toContain('windows/small-icon')
    expect(await of(Uint8Array.of(0, 0, 1, 0, 9, 0))).toContain('windows/bad-icon')
    const svg = { options: { icon: 'i.svg' }, assets: { 'i.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>' } }
    expect(await problems({ 'tool.exe': 'x' }, svg)).toContain('windows/svg-icon')
  })
})

describe('files of the project', () => {
  it('are looked at before anything is built', () => {
    const assets = new Map<string, AssetFile>([
      ['i.png', { sha256: '', bytes: writePng(picture(64)) }],
      ['L', { sha256: '', bytes: Uint8Array.of(0xff) }],
    ])
    const naming = { app, target: 'windows-x64' }
    const codes = (said: object): readonly string[] =>
      (nsis.examine?.(naming, optionsOf(said) as never, assets) ?? []).map(({ code }) => code)
    expect(codes({ icon: 'i.png', licence: 'L' })).toEqual(['windows/small-icon', 'nsis/bad-licence'])
    expect(codes({ icon: 'in the app folder.png' })).toEqual([])
  })
})

describe('text of others in the script', () => {
  it('is no variable, define, string end or line', () => {
    expect(escaped('a$INSTDIR')).toBe('a$$${_}INSTDIR')
    expect(escaped('"\'`\r\n\t')).toBe('$\\"$\\\'$\\`$\\r$\\n$\\t')
    expect(escaped('C:\\x')).toBe('C:\\x')
  })
})

describeWithJudge(['makensis', '7z', 'wrestool', 'icotool', 'osslsigncode'], 'nsis under foreign eyes', paths => {
  const judge = (tool: string, ...args: readonly string[]): string =>
    execFileSync(tool, args, { cwd: folder, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  it('keeps hostile names that Windows allows, and runs none of them', async () => {
    const names = [
      '-rf',
      '.hidden',
      'with  space',
      "quote's $INSTDIR",
      '${NSISDIR}',
      '$%HOME%',
      '$(^Name)',
      '`backtick`',
      'größe-日本語-🚀.txt',
      '%s%n {brace};#',
      '$$',
      'a!define b',
    ]
    const tree = Object.fromEntries([
      ['tool.exe', 'x'],
      ...names.flatMap(name => [
        [name, `at ${name}`],
        [`${name}.d/${name}`, 'deep'],
      ]),
    ]) as Record<string, Content>
    const name = 'Evil ${NSISDIR} $INSTDIR "q" & \n!error boom'
    writeFileSync(join(folder, 'hostile.exe'), await packed(tree, { app: { name, summary: name, publisher: `${name} <a@b>` } }))
    judge(paths['7z'], 'x', '-y', '-bso0', '-ohostile', 'hostile.exe')
    for (const path of Object.keys(tree)) expect(readFileSync(join(folder, 'hostile', path), 'utf8')).toBe(tree[path])
    expect(readdirSync(join(folder, 'hostile')).sort()).toEqual(
      ['$PLUGINSDIR', 'tool.exe', 'uninstall.exe', ...names, ...names.map(one => `${one}.d`)].sort(),
    )
  })
  it('carries version, icon and manifest; the icon is sound', async () => {
    const bytes = await packed({ 'tool.exe': 'x' }, { options: { icon: 'i.png' }, assets: { 'i.png': writePng(picture(300)) } })
    writeFileSync(join(folder, 'icon.exe'), bytes)
    judge(paths.wrestool, '-x', '-t14', '-o', 'icon.ico', 'icon.exe')
    const sizes = [...judge(paths.icotool, '-l', 'icon.ico').matchAll(/--width=(\d+)/g)].map(([, width]) => Number(width))
    expect(sizes).toEqual([16, 20, 24, 32, 40, 48, 64, 96, 128, 256])
    const manifest = judge(paths.wrestool, '-x', '--raw', '-t24', 'icon.exe')
    for (const said of ['PerMonitorV2', 'longPathAware', 'asInvoker', '8e0f7a12'])
      expect(manifest.toLowerCase()).toContain(said.toLowerCase())
    const version = execFileSync(paths.wrestool, ['-x', '--raw', '-t16', join(folder, 'icon.exe')])
    expect(version.toString('utf16le')).toContain('The Tool Authors')
    const read = spawnSync(paths.osslsigncode, ['verify', join(folder, 'icon.exe')], { encoding: 'utf8' })
    expect(`${read.stdout}${read.stderr}`).toMatch(
      /No signature found[^]*Calculated PE checksum: +[0-9A-F]{8}|Calculated PE checksum: +[0-9A-F]{8}[^]*No signature found/,
    )
  })
  it('takes each kind of Windows, mode and language', async () => {
    const kinds = [
      ['windows-x64', { mode: 'machine', languages: ['de', 'ja', 'ar', 'zh-CN', 'pt-BR', 'nb'] }, '64-bit = +'],
      ['windows-arm64', { mode: 'choice', compression: 'zlib' }, '64-bit = +'],
      ['windows-x86', { mode: 'user', running: 'refuse', desktop: false, directory: false, compression: 'bzip2' }, 'NSIS-3 Unicode'],
    ] as const
    for (const [target, options, said] of kinds) {
      writeFileSync(join(folder, 'kind.exe'), await packed({ 'tool.exe': 'x' }, { target, options }))
      const listed = judge(paths['7z'], 'l', 'kind.exe')
      expect(listed).toContain(said)
      expect(listed.includes('64-bit = +')).toBe(target !== 'windows-x86')
    }
  })
  it('has an uninstaller that was signed on its way, twice the same', async () => {
    const marker = Buffer.from('signed by a test')
    const seen: Uint8Array[] = []
    const signProgram = async (program: Uint8Array): Promise<Uint8Array> => {
      seen.push(program)
      return Buffer.concat([program, marker])
    }
    const bytes = await packed({ 'tool.exe': 'x' }, { signProgram })
    expect(Buffer.compare(bytes, await packed({ 'tool.exe': 'x' }, { signProgram }))).toBe(0)
    writeFileSync(join(folder, 'signed.exe'), bytes)
    judge(paths['7z'], 'x', '-y', '-bso0', '-osigned', 'signed.exe')
    const inside = readFileSync(join(folder, 'signed/uninstall.exe'))
    expect(inside.subarray(0, 2).toString()).toBe('MZ')
    // It says what it is, as the installer does.
    expect((await readPeVersion(fromBytes(inside)))?.texts).toMatchObject({ ProductName: 'A Tool', ProductVersion: '1.2.3' })
    expect(Buffer.compare(inside, Buffer.concat([seen[0] ?? Buffer.of(), marker]))).toBe(0)
    expect(readFileSync(join(folder, 'signed/tool.exe'), 'utf8')).toBe('x')
  })
})

describeWithJudge(['makensis', 'wine', ...screenJudges], 'nsis on a screen', paths => {
  it('shows its window in the language of its user', async () => {
    const screen = await openScreen(paths, folder)
    const env = { WINEPREFIX: join(folder, 'seen'), WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', LC_ALL: 'C.UTF-8' }
    try {
      const options = { licence: 'L', languages: ['de'], mode: 'choice' }
      const app = { name: 'Größe & Co' }
      writeFileSync(join(folder, 'seen.exe'), await packed({ 'tool.exe': 'x' }, { app, options, assets: { L: 'Erstens: ü\nZweitens' } }))
      await screen.start(paths.wine, ['wineboot', '-i'], env).ended(100_000)
      screen.start(paths.wine, [join(folder, 'seen.exe')], env)
      const window = await screen.window('Installation von Größe & Co', 40_000)
      expect(window?.width).toBeGreaterThan(400)
    } finally {
      await screen.empty()
      screen.close()
    }
  }, 180_000)
})

describeWithJudge(['makensis', 'wine'], 'nsis under wine', ({ wine }) => {
  const home = join(folder, 'person')
  const prefix = join(folder, 'prefix')
  const disk = join(prefix, 'drive_c')
  const env = { ...process.env, HOME: home, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree,mshtml=', DISPLAY: '' }
  const run = (...args: readonly string[]): number | null => spawnSync(wine, args, { env, cwd: folder, timeout: 90_000 }).status
  const said = (...args: readonly string[]): string => spawnSync(wine, args, { env, cwd: folder, encoding: 'utf8', timeout: 90_000 }).stdout
  const key = 'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\dev.example.tool'
  const user = (): string => readdirSync(join(disk, 'users')).find(name => name !== 'Public') ?? ''
  const programs = (): string => join(disk, 'users', user(), 'AppData/Local/Programs')
  const installed = (): string => join(programs(), 'A Tool')
  const shortcut = (): string => join(disk, 'users', user(), 'AppData/Roaming/Microsoft/Windows/Start Menu/Programs/A Tool.lnk')
  const until = async (condition: () => boolean): Promise<boolean> => {
    for (let left = 150; left > 0 && !condition(); left--) await wait(200)
    return condition()
  }
  const opens = { protocols: ['toolish'], opens: [{ type: 'text/x-tool', extensions: ['tool'], name: 'A tool file' }] }
  const install = async (
    name: string,
    tree: Readonly<Record<string, Content>>,
    packing: Packing,
    ...args: readonly string[]
  ): Promise<number | null> => {
    writeFileSync(join(folder, name), await packed(tree, packing))
    return run(name, '/S', ...args)
  }
  /** A program that stays: wine's own cmd, waiting for input. */
  const program = (): Uint8Array => readFileSync(join(disk, 'windows/system32/cmd.exe'))

  beforeAll(() => {
    mkdirSync(home)
    spawnSync(wine, ['wineboot', '-i'], { env, timeout: 120_000 })
  }, 130_000)
  afterAll(() => void spawnSync(wine, ['wineboot', '-k'], { env, timeout: 30_000 }))

  it('installs for the user, and says so to Windows', async () => {
    expect(
      await install('one.exe', { 'tool.exe': program(), 'old only': 'x', 'data/a': '1' }, { app: { version: '1.0.0', ...opens } }),
    ).toBe(0)
    expect(readFileSync(join(installed(), 'data/a'), 'utf8')).toBe('1')
    expect(readdirSync(installed()).sort()).toEqual(['data', 'old only', 'tool.exe', 'uninstall.exe'])
    const values = said('reg', 'query', key)
    for (const value of [
      'DisplayName    REG_SZ    A Tool',
      'DisplayVersion    REG_SZ    1.0.0',
      'Publisher    REG_SZ    The Tool Authors',
      'AppData\\Local\\Programs\\A Tool\\uninstall.exe" /S',
      'URLInfoAbout    REG_SZ    https://example.org/tool',
    ])
      expect(values).toContain(value)
    expect(Number(/EstimatedSize +REG_DWORD +(0x[0-9a-f]+)/.exec(values)?.[1])).toBe(Math.ceil((program().length + 2) / 1024))
    expect(existsSync(shortcut())).toBe(true)
    expect(said('reg', 'query', 'HKCU\\Software\\Classes\\toolish\\shell\\open\\command')).toContain('A Tool\\tool.exe" "%1"')
    expect(said('reg', 'query', 'HKCU\\Software\\Classes\\.tool')).toContain('dev.example.tool.tool')
    expect(said('reg', 'query', 'HKCU\\Software\\Classes\\.tool')).toContain('text/x-tool')
  }, 180_000)
  it('is upgraded in place: what the old version had goes, what the user made stays', async () => {
    writeFileSync(join(installed(), 'data/mine'), 'kept')
    expect(
      await install('two.exe', { 'tool.exe': program(), 'new only': 'x', 'data/a': '2' }, { app: { version: '2.0.0' } }, '--updated'),
    ).toBe(0)
    expect(readdirSync(installed()).sort()).toEqual(['data', 'new only', 'tool.exe', 'uninstall.exe'])
    expect(readdirSync(join(installed(), 'data')).sort()).toEqual(['a', 'mine'])
    expect(readFileSync(join(installed(), 'data/a'), 'utf8')).toBe('2')
    expect(said('reg', 'query', key)).toContain('2.0.0')
    expect(existsSync(shortcut())).toBe(true)
    // It opens no types any more.
    expect(said('reg', 'query', 'HKCU\\Software\\Classes\\toolish')).not.toContain('toolish')
  }, 180_000)
  it('a running app is left alone, or closed', async () => {
    const running = spawn(wine, [join(installed(), 'tool.exe'), '/k'], { env, stdio: ['pipe', 'pipe', 'ignore'] })
    let ended = false
    running.once('exit', () => (ended = true))
    await new Promise(resolve => running.stdout.once('data', resolve))
    const three = { 'tool.exe': program(), 'data/a': '3' }
    expect(await install('refuse.exe', three, { app: { version: '3.0.0' }, options: { running: 'refuse' } })).toBe(4)
    expect([ended, readFileSync(join(installed(), 'data/a'), 'utf8')]).toEqual([false, '2'])
    expect(await install('close.exe', three, { app: { version: '3.0.0' } })).toBe(0)
    expect([await until(() => ended), readFileSync(join(installed(), 'data/a'), 'utf8')]).toEqual([true, '3'])
  }, 180_000)
  it('is removed without a word; what the user made stays until he takes it', async () => {
    rmSync(join(installed(), 'data/mine'))
    run(join(installed(), 'uninstall.exe'), '/S')
    expect(await until(() => !existsSync(installed()))).toBe(true)
    expect(existsSync(shortcut())).toBe(false)
    expect(await until(() => !said('reg', 'query', key).includes('A Tool'))).toBe(true)
  }, 180_000)
  it('goes where /D= says, with a signed uninstaller that works', async () => {
    const signProgram = async (bytes: Uint8Array): Promise<Uint8Array> => Buffer.concat([bytes, Buffer.from('marker')])
    expect(await install('place.exe', { 'tool.exe': program(), 'a b/c': 'x' }, { signProgram }, '/D=C:\\Some', 'where')).toBe(0)
    expect(readdirSync(join(disk, 'Some where')).sort()).toEqual(['a b', 'tool.exe', 'uninstall.exe'])
    expect(readFileSync(join(disk, 'Some where/uninstall.exe')).subarray(-6).toString()).toBe('marker')
    run('C:\\Some where\\uninstall.exe', '/S')
    expect(await until(() => !existsSync(join(disk, 'Some where')))).toBe(true)
  }, 180_000)
  it('leaves the old version where it cannot be removed, and says so by its exit code', async () => {
    const [oldPlace, newPlace] = ['C:\\OldPlace', 'C:\\NewPlace']
    const tree = { 'tool.exe': program(), 'data/a': '1' }
    expect(await install('old.exe', tree, { app: { version: '1.0.0' }, options: { running: 'refuse' } }, `/D=${oldPlace}`)).toBe(0)
    const running = spawn(wine, [`${oldPlace}\\tool.exe`, '/k'], { env, cwd: folder, stdio: ['pipe', 'pipe', 'ignore'] })
    const ended = new Promise(resolve => running.once('exit', resolve))
    await new Promise(resolve => running.stdout.once('data', resolve))
    expect(await install('new.exe', { 'tool.exe': program(), 'data/a': '2' }, { app: { version: '2.0.0' } }, `/D=${newPlace}`)).toBe(5)
    expect(readFileSync(join(disk, 'OldPlace/data/a'), 'utf8')).toBe('1')
    expect(existsSync(join(disk, 'NewPlace/tool.exe'))).toBe(false)
    expect(said('reg', 'query', key)).toContain('1.0.0')
    running.stdin.end('exit\r\n')
    await ended
    expect(run('new.exe', '/S', `/D=${newPlace}`)).toBe(0)
    expect([existsSync(join(disk, 'OldPlace')), readFileSync(join(disk, 'NewPlace/data/a'), 'utf8')]).toEqual([false, '2'])
    run(`${newPlace}\\uninstall.exe`, '/S')
    expect(await until(() => !existsSync(join(disk, 'NewPlace')))).toBe(true)
  }, 180_000)
  it('installs for everybody where that is chosen', async () => {
    expect(await install('choice.exe', { 'tool.exe': program() }, { options: { mode: 'choice' } }, '/AllUsers')).toBe(0)
    const everybody = join(disk, 'Program Files/A Tool')
    expect(readdirSync(everybody).sort()).toEqual(['tool.exe', 'uninstall.exe'])
    expect(existsSync(installed())).toBe(false)
    expect(said('reg', 'query', key.replace('HKCU', 'HKLM'))).toContain('uninstall.exe" /AllUsers /S')
    // An update finds its way back.
    expect(run('choice.exe', '/S', '--updated')).toBe(0)
    expect([existsSync(installed()), existsSync(join(everybody, 'tool.exe'))]).toEqual([false, true])
    run(join(everybody, 'uninstall.exe'), '/S', '/AllUsers')
    expect(await until(() => !existsSync(everybody))).toBe(true)
  }, 180_000)
  it('a tampered one installs nothing', async () => {
    const bytes = await packed({ 'tool.exe': program() })
    const at = bytes.length - 5000
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(join(folder, 'tampered.exe'), bytes)
    expect(run('tampered.exe', '/S')).not.toBe(0)
    expect(existsSync(installed())).toBe(false)
  }, 180_000)
})
