// examples/flet, the real packages of a real desktop app: installed, started on a screen, looked at; its metadata judged by foreign tools.
// flet-desktop itself needs a library that Debian 12 has not: found when it is packaged.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { fromBytes } from '../../packages/formats/src/bytes.ts'
import { readSignature } from '../../packages/formats/src/macho/signature.ts'
import { readMachO } from '../../packages/formats/src/macho.ts'
import { slipway } from '../../scripts/demo/slipway.ts'
import { judge } from '../kit/judges.ts'
import { openScreen, screenJudges, type Screen, type ScreenTools, type Started } from '../kit/screen.ts'

const example = join(import.meta.dirname, '../../examples/flet')
const page = join(import.meta.dirname, '../fixtures/programs/flet-page.py')
const place = mkdtempSync(join(tmpdir(), 'flet-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))
const out = join(place, 'project/dist/0.28.3')
const [deb, rpm, image] = ['flet_0.28.3-1_amd64.deb', 'flet-0.28.3-1.x86_64.rpm', 'flet-0.28.3-x86_64.AppImage'] as const

const needed = ['pip', 'flet', 'dpkg', 'dpkg-deb', 'lintian', 'rpm', 'desktop-file-validate', 'appstreamcli', ...screenJudges] as const
const lacking = needed.filter(name => judge(name) === undefined)
const paths = Object.fromEntries(needed.map(name => [name, judge(name) ?? name])) as Record<(typeof needed)[number], string> & ScreenTools
const indexAnswers = (): boolean => {
  const wanted = ['flet-desktop-light==0.28.3', '--platform', 'manylinux2014_x86_64', '--python-version', '3.13']
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', join(place, 'asked'), '--quiet', ...wanted]
  return lacking.includes('pip') || spawnSync('python3', args, { timeout: 120_000 }).status === 0
}
const hasIndex = indexAnswers()
const hindrance = [
  ...lacking.map(name => `lacking ${name}`),
  ...(process.platform === 'linux' && process.arch === 'x64' ? [] : ['not Linux on x64']),
  ...(hasIndex ? [] : ["pip's index does not answer"]),
].join(', ')
if (hindrance !== '' && process.env['SLIPWAY_JUDGES'] === 'required') throw new Error(`examples/flet cannot be judged: ${hindrance}`)
const skipped = hindrance === '' ? '' : ` (skipped: ${hindrance})`

/** The example in a folder of its own, with another config where one is given. */
const projectIn = (name: string, change: (config: string) => string = config => config): string => {
  const folder = join(place, name)
  for (const one of ['slipway.config.ts', 'slipway.lock', 'assets']) cpSync(join(example, one), join(folder, one), { recursive: true })
  writeFileSync(join(folder, 'slipway.config.ts'), change(readFileSync(join(example, 'slipway.config.ts'), 'utf8')))
  return folder
}
const packaged = (cwd: string, ...more: readonly string[]) =>
  slipway(['package', '--cwd', cwd, '--target', 'linux-x64', '--set', 'app.date=2026-01-02', ...more], { quiet: true })
const says = (tool: string, args: readonly string[]): string => execFileSync(tool, args, { cwd: out, encoding: 'utf8', stdio: 'pipe' })
const judged = (tool: string, args: readonly string[]): { readonly status: number | null; readonly lines: readonly string[] } => {
  const { status, stdout, stderr } = spawnSync(tool, args, { cwd: out, encoding: 'utf8' })
  return { status, lines: `${stdout}${stderr}`.split('\n') }
}

describe.skipIf(hindrance !== '')(`examples/flet, linux-x64${skipped}`, () => {
  const unpacked = join(place, 'unpacked')
  beforeAll(async () => {
    const ran = await packaged(projectIn('project'), '--only', 'deb', '--only', 'rpm', '--only', 'appimage')
    expect(ran.exitCode, ran.stdout).toBe(0)
    says(paths['dpkg-deb'], ['-x', deb, unpacked])
  }, 300_000)

  describe('on a screen', () => {
    let screen: Screen
    beforeAll(async () => {
      screen = await openScreen(paths, place)
    })
    afterAll(() => screen.close())
    afterEach(() => screen.empty())
    /** Serves the page to one client. */
    const served = async (): Promise<string> => {
      const server = screen.start(paths.flet, ['-u', page], { FLET_DISPLAY_URL_PREFIX: 'URL' })
      while (!/^URL /m.test(server.said()) && (await server.ended(200)) === null);
      const [, address = ''] = /^URL (.+)$/m.exec(server.said()) ?? []
      expect(address, server.said()).not.toBe('')
      return address
    }
    /** Title, class (by which a desktop finds the entry), size, the words' and the boxes' colours: all of the page is there, once it has settled. */
    const expectPage = async (app: Started): Promise<void> => {
      const seen = async () => {
        const window = await screen.window('Slipway on Flet', 1000)
        if (window === undefined) return app.said()
        const colours = screen.colours(window)
        const isThere = (colour: string, pixels: number): boolean => (colours.get(colour) ?? 0) >= pixels
        const boxes = ['#06d6a0', '#ee3167', '#12355b'].filter(colour => isThere(colour, 30_000))
        const words = isThere('#ffd166', 300) && colours.size > 50
        return { ...window, boxes: boxes.length, words }
      }
      await expect
        .poll(seen, { timeout: 90_000, interval: 500 })
        .toMatchObject({ class: 'flet', width: 640, height: 480, boxes: 3, words: true })
    }
    const installed = (name: string): { readonly root: string; readonly dpkg: (...args: readonly string[]) => string } => {
      const root = join(place, name)
      for (const part of ['var/lib/dpkg/info', 'var/lib/dpkg/updates']) mkdirSync(join(root, part), { recursive: true })
      writeFileSync(join(root, 'var/lib/dpkg/status'), '')
      // Its libraries are those of this machine: the root has none.
      const options = ['--root', root, '--force-not-root', '--force-depends', '--log', join(place, 'dpkg.log')]
      const dpkg = (...args: readonly string[]): string => says(paths.dpkg, [...options, ...args])
      dpkg('-i', deb)
      return { root, dpkg }
    }

    it('shows its window as the deb installs it', { timeout: 120_000 }, async () => {
      const { root, dpkg } = installed('root')
      expect(dpkg('--verify', 'flet')).toBe('')
      const app = screen.start(join(root, 'usr/bin/flet'), [await served()])
      await expectPage(app)
      await screen.empty()
      dpkg('--purge', 'flet')
      expect([existsSync(join(root, 'usr/lib/flet')), existsSync(join(root, 'usr/bin/flet'))]).toEqual([false, false])
    })
    it('shows none once a file of it is lost', { timeout: 60_000 }, async () => {
      const { root } = installed('broken')
      rmSync(join(root, 'usr/lib/flet/lib/libflutter_linux_gtk.so'))
      const app = screen.start(join(root, 'usr/bin/flet'), [await served()])
      expect(await app.ended(20_000)).toBe(127)
      expect(await screen.window('Slipway on Flet', 500)).toBeUndefined()
    })
    it('shows its window as an AppImage', { timeout: 120_000 }, async () => {
      chmodSync(join(out, image), 0o755)
      const app = screen.start(join(out, image), ['--appimage-extract-and-run', await served()], { TMPDIR: place })
      await expectPage(app)
    })
  })

  it('has a desktop entry and metadata that their validators take', () => {
    const share = join(unpacked, 'usr/share')
    const entry = join(share, 'applications/dev.flet.desktop.desktop')
    const metadata = join(share, 'metainfo/dev.flet.desktop.metainfo.xml')
    expect(judged(paths['desktop-file-validate'], [entry])).toEqual({ status: 0, lines: [''] })
    expect(judged(paths.appstreamcli, ['validate', '--no-net', '--pedantic', metadata]).status).toBe(0)
    for (const [file, from, to] of [
      [entry, 'Type=Application', 'Type=Nothing'],
      [metadata, '<id>dev.flet.desktop</id>', ''],
    ] as const)
      writeFileSync(`${file}.bad${file.slice(file.lastIndexOf('.'))}`, readFileSync(file, 'utf8').replace(from, to))
    expect(judged(paths['desktop-file-validate'], [`${entry}.bad.desktop`]).status).toBe(1)
    expect(judged(paths.appstreamcli, ['validate', '--no-net', `${metadata}.bad.xml`]).status).not.toBe(0)
  })
  it('brings its icon in every size', () => {
    const sizes = readdirSync(join(unpacked, 'usr/share/icons/hicolor'))
    expect(sizes).toEqual(expect.arrayContaining(['16x16', '32x32', '48x48', '128x128', '256x256', '512x512']))
    for (const size of sizes) expect(existsSync(join(unpacked, 'usr/share/icons/hicolor', size, 'apps/flet.png')), size).toBe(true)
  })
  it('gives lintian no error but those that its config accepts', { timeout: 240_000 }, () => {
    const args = ['--allow-root', '--fail-on', 'none', '--tag-display-limit', '0', '--show-overrides', deb]
    const { lines } = judged(paths.lintian, args)
    expect(lines.filter(line => line.startsWith('E:'))).toEqual([])
    const accepted = new Set(lines.flatMap(line => /^O: flet: (\S+)/.exec(line)?.[1] ?? []))
    expect([...accepted].toSorted()).toEqual(['custom-library-search-path', 'embedded-library', 'unstripped-binary-or-object'])
  })
  it('names in deb and rpm what its programs need', () => {
    const depends = says(paths['dpkg-deb'], ['-f', deb, 'Depends']).trim().split(', ')
    expect(depends).toEqual(expect.arrayContaining(['libepoxy0', 'libc6 (>= 2.29)', 'libstdc++6 (>= 11)']))
    expect(depends.join()).toMatch(/\blibgtk-3-0\b/)
    const asked = says(paths.rpm, ['-qp', '--requires', rpm]).split('\n')
    expect(asked).toEqual(expect.arrayContaining(['libgtk-3.so.0()(64bit)', 'libm.so.6(GLIBC_2.29)(64bit)']))
    // What it ships itself is asked of nobody.
    expect(asked.filter(line => line.includes('flutter'))).toEqual([])
    const listed = says(paths.rpm, ['-qlp', rpm]).split('\n')
    expect(listed).toEqual(
      expect.arrayContaining(['/usr/bin/flet', '/usr/lib/flet/lib/libapp.so', '/usr/share/applications/dev.flet.desktop.desktop']),
    )
  })
})

describe.skipIf(hindrance !== '')(`flet-desktop, whose libmpv.so.1 is not in Debian 12${skipped}`, () => {
  const whole = (config: string): string => config.replace('pypi:flet-desktop-light/', 'pypi:flet-desktop/')
  const answered = (config: string): string =>
    whole(config).replace("section: 'devel',", "section: 'devel', depends: ['libmpv1 | libmpv2'],")

  it('is refused when it is packaged, with the library, its file and what to do', { timeout: 120_000 }, async () => {
    const ran = await packaged(projectIn('whole', whole), '--profile', 'dev', '--only', 'deb', '--json')
    const { errors } = JSON.parse(ran.stdout) as { errors: readonly { code: string; message: string; hint: string }[] }
    expect([ran.exitCode, errors.map(one => one.code)]).toEqual([2, ['linux/unknown-library']])
    expect(errors[0]?.message).toMatch(/^"lib\/libmedia_kit_\w+\.so" needs the library libmpv\.so\.1, which no package/)
    expect(errors[0]?.hint).toContain('packages.deb.depends')
  })
  it('is packaged once the config names who provides it', { timeout: 120_000 }, async () => {
    const cwd = projectIn('answered', answered)
    const ran = await packaged(cwd, '--profile', 'dev', '--only', 'deb')
    expect(ran.exitCode, ran.stdout).toBe(0)
    const depends = says(paths['dpkg-deb'], ['-f', join(cwd, 'dist/0.28.3', deb), 'Depends'])
      .trim()
      .split(', ')
    expect(depends).toEqual(expect.arrayContaining(['libmpv1 | libmpv2', 'libgstreamer1.0-0']))
  })
})

describe.skipIf(!hasIndex)(`the bundle of Flet's authors${hasIndex ? '' : " (skipped: pip's index does not answer)"}`, () => {
  const wheels = join(place, 'wheels')
  const theirs = join(place, 'theirs')
  const packedAs = async (name: string, change: (config: string) => string): Promise<string> => {
    const cwd = projectIn(name, change)
    const ran = await slipway(
      ['package', '--cwd', cwd, '--target', 'macos-universal', '--only', 'app.zip', '--profile', 'dev', '--set', 'app.date=2026-01-02'],
      { quiet: true },
    )
    expect(ran.exitCode, ran.stdout).toBe(0)
    execFileSync('unzip', ['-q', join(cwd, 'dist/0.28.3/flet-0.28.3-macos-universal.app.zip'), '-d', join(cwd, 'out')])
    return join(cwd, 'out')
  }
  const differences = (ours: string): readonly string[] =>
    spawnSync('diff', ['-rq', '--no-dereference', theirs, ours], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter(line => line !== '')
  const signatures = async (folder: string) => {
    const source = fromBytes(readFileSync(join(folder, 'Flet.app/Contents/MacOS/Flet')))
    const { slices } = await readMachO(source)
    return Promise.all(slices.map(slice => readSignature(source, slice, { pages: true })))
  }
  beforeAll(() => {
    const wanted = ['flet-desktop==0.28.3', '--platform', 'macosx_12_0_arm64', '--python-version', '3.13']
    execFileSync('python3', ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--dest', wheels, '--quiet', ...wanted])
    execFileSync('unzip', ['-q', join(wheels, readdirSync(wheels)[0] ?? ''), '-d', join(place, 'wheel')])
    mkdirSync(theirs)
    execFileSync('tar', ['-xzf', join(place, 'wheel/flet_desktop/app/flet-macos.tar.gz'), '-C', theirs])
  }, 300_000)

  it('is shipped byte for byte under its own identifier, seal and entitlements with it', { timeout: 300_000 }, async () => {
    const own = (config: string): string =>
      config.replaceAll('dev.flet.desktop', 'com.appveyor.flet').replace("app: { minimum: '12.0',", 'app: {')
    expect(differences(await packedAs('same', own))).toEqual([])
  })
  it('keeps its five entitlements in a new ad-hoc signature where the config changes it', { timeout: 300_000 }, async () => {
    const ours = await packedAs('changed', config => config)
    expect(differences(ours).map(line => line.replaceAll(place, ''))).toEqual([
      'Files /theirs/Flet.app/Contents/Info.plist and /changed/out/Flet.app/Contents/Info.plist differ',
      'Files /theirs/Flet.app/Contents/MacOS/Flet and /changed/out/Flet.app/Contents/MacOS/Flet differ',
      'Only in /theirs/Flet.app/Contents: _CodeSignature',
    ])
    const [before, after] = [await signatures(theirs), await signatures(ours)]
    expect(after.map(one => one?.entitlements?.match(/<key>/g)?.length)).toEqual([5, 5])
    expect(after.map(one => one?.handed)).toEqual(before.map(one => one?.handed))
    for (const one of after) expect(one).toMatchObject({ kind: 'ad-hoc', identifier: 'dev.flet.desktop', arePagesIntact: true })
  })
})
