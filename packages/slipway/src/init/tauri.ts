// A Tauri app: src-tauri/tauri.conf.json, of Tauri 2 (schema.tauri.app/config/2) or 1, at the top or in a folder of it.
import type { Target } from '@slipway/core'
import { tauriConf } from '../history/versions/tauri-conf.ts'
import { string, table, type Manifest, type Table } from '../history/versions/manifest.ts'
import { draft, entry, type Draft, type Line } from './draft.ts'
import { pathText, sortedTargets, stated, statements, type Finding } from './finding.ts'
import { dependenciesOf, packageManagerOf } from './package-manager.ts'
import { below, texts, type Repository } from './repository.ts'

interface Found {
  readonly repository: Repository
  /** Folder that holds src-tauri. */
  readonly folder: string
  readonly file: string
  readonly conf: Table
  readonly manifest: Manifest
  /** Tauri 1 keeps it in `tauri`. */
  readonly first: boolean
}

export const findTauri = async (repository: Repository): Promise<Finding | undefined> => {
  const found = await search(repository)
  if (found === undefined) return undefined
  const { manifest, file, conf, first, folder } = found
  const bundle = table(first ? table(conf['tauri'])['bundle'] : conf['bundle'])
  const updater = table(first ? table(conf['tauri'])['updater'] : table(conf['plugins'])['updater'])
  const updates = Object.keys(updater).length > 0 && updater['active'] !== false
  // Tauri 1 calls the program as the product.
  const bin = stated(manifest.bin ?? (first ? manifest.name : undefined), file) ?? (await cargoName(found))
  const kinds = formatsOf(bundle)
  return {
    kind: 'tauri',
    title: `a Tauri ${first ? '1' : '2'} app (${file})`,
    desktop: true,
    app: statements({
      name: stated(manifest.name, file),
      id: stated(manifest.id, file),
      bin,
      // At the top it is found anyway; deeper nobody looks unless the file is named.
      version: folder === '' || manifest.version === undefined ? undefined : { value: file, from: file },
      summary: stated(manifest.summary, file),
      license: stated(manifest.license, file),
      publisher: stated(manifest.publisher, file),
      homepage: stated(manifest.homepage, file),
      category: stated(manifest.category, file),
      icon: await iconOf(found, bundle),
    }),
    targets: targetsOf(bundle['targets'], file),
    build: await buildOf(found),
    packages: {
      ids: [...kinds, ...(updates && kinds.some(one => one === 'dmg' || one === 'app.zip') ? ['app.tar.gz'] : [])],
      why: `bundle.targets in ${file}${updates ? ', and what its updater installs' : ''}`,
    },
    deb: debOf(bundle, first),
    feeds: updates ? [{ id: 'tauri', why: `the updater is set up in ${file}` }] : [],
    ...(string(updater['pubkey']) === undefined ? {} : { sign: signLine(file) }),
    places: texts(updater['endpoints']).map(value => ({ store: value.includes('//github.com/') ? 'github' : 'folder', value, from: file })),
    taken: [below(folder, 'dist'), below(folder, 'build')],
  }
}

const search = async (repository: Repository): Promise<Found | undefined> => {
  for (const folder of repository.folders)
    for (const name of ['tauri.conf.json', 'tauri.conf.json5']) {
      const file = below(folder, `src-tauri/${name}`)
      const conf = await repository.json(file)
      if (conf === null) continue
      const manifest = (await tauriConf.read(JSON.stringify(conf), file)) ?? { file }
      return { repository, folder, file, conf, manifest, first: conf['tauri'] !== undefined }
    }
  return undefined
}

/** Without mainBinaryName it is the Cargo package's name. */
const cargoName = async ({ repository, folder }: Found) => {
  const file = below(folder, 'src-tauri/Cargo.toml')
  return stated(string(table((await repository.toml(file))?.['package'])['name']), file)
}

const iconOf = async ({ repository, folder, file, manifest }: Found, bundle: Table) => {
  if (manifest.icon !== undefined && (await repository.has(manifest.icon))) return { value: manifest.icon, from: file }
  const [icon] = texts(bundle['icon'])
    .filter(path => path.endsWith('.png'))
    .toSorted((a, b) => sizeIn(b) - sizeIn(a))
  const path = icon === undefined ? undefined : pathText(below(folder, `src-tauri/${icon.replace(/^\.\//, '')}`))
  return path !== undefined && (await repository.has(path)) ? { value: path, from: file } : undefined
}
const sizeIn = (path: string): number => Number(/(\d+)x\d+\.png$/.exec(path)?.[1] ?? 0)

const systems: Readonly<Record<string, readonly Target[]>> = {
  app: ['macos-arm64', 'macos-x64'],
  dmg: ['macos-arm64', 'macos-x64'],
  nsis: ['windows-x64'],
  msi: ['windows-x64'],
  deb: ['linux-x64'],
  rpm: ['linux-x64'],
  appimage: ['linux-x64'],
}
const packagerIds: Readonly<Record<string, string>> = { app: 'app.zip' }

const namedIn = (value: unknown): readonly string[] =>
  texts(value)
    .map(one => one.toLowerCase())
    .filter(one => Object.hasOwn(systems, one))

const targetsOf = (value: unknown, file: string): Finding['targets'] => {
  const list = sortedTargets(namedIn(value).flatMap(one => systems[one] ?? []))
  if (list.length > 0) return { list, why: `bundle.targets in ${file} names formats of these systems` }
  return {
    list: ['linux-x64'],
    why: `${file} names no system; this one builds on Linux`,
    more: ['macos-arm64', 'macos-x64', 'windows-x64'],
  }
}

const formatsOf = (bundle: Table): readonly string[] => {
  const named = namedIn(bundle['targets']).map(one => packagerIds[one] ?? one)
  // Those of Linux, which is what nothing else gives as targets.
  return named.length > 0 ? [...new Set(named)] : ['appimage', 'deb']
}

const buildOf = async (found: Found): Promise<Line> => {
  const { repository, folder, first } = found
  const manager = await packageManagerOf(repository, folder)
  const json = await repository.json(below(folder, 'package.json'))
  const hasCli = dependenciesOf(json).has('@tauri-apps/cli') || dependenciesOf(repository.packageJson).has('@tauri-apps/cli')
  const run = entry(
    'run',
    `${hasCli ? manager.program('tauri') : 'cargo tauri'} build --no-bundle --target {rust}`,
    'Slipway packs: Tauri only builds. Each target is built where its tools are.',
  )
  if (first) return ownBuild(found, run)
  const options = draft(...(folder === '' ? [] : [entry('dir', folder, 'The folder that holds src-tauri.')]), run)
  return entry(
    'build',
    draft(entry('tauri', options)),
    'Its program, sidecars and resources; each package tells its updater which kind it is.',
  )
}

/** The programs of Tauri 1 do not know from which kind of package they were installed, so they are like any other. */
const ownBuild = async ({ repository, folder }: Found, run: Line): Promise<Line> => {
  const target = below(await cargoRoot(repository, below(folder, 'src-tauri')), 'target/{rust}/release/{bin}{exe}')
  const options = draft(run, ...(folder === '' ? [] : [entry('cwd', folder)]), entry('from', target, 'What the build leaves.'))
  return entry('build', draft(entry('command', options)), "The project's own build, one call a target.")
}

/** A workspace above keeps one target folder for all of its members. */
const cargoRoot = async (repository: Repository, folder: string): Promise<string> => {
  const parts = folder.split('/')
  for (let length = 0; length < parts.length; length += 1) {
    const above = parts.slice(0, length).join('/')
    if ((await repository.toml(below(above, 'Cargo.toml')))?.['workspace'] !== undefined) return above
  }
  return folder
}

/** What Tauri's own bundler adds, and what the project adds to that. */
const debOf = (bundle: Table, first: boolean): Draft => {
  const own = texts(table(first ? bundle['deb'] : table(bundle['linux'])['deb'])['depends'])
  const standard = [first ? 'libwebkit2gtk-4.0-37' : 'libwebkit2gtk-4.1-0', 'libgtk-3-0']
  return draft(
    entry('depends', [...new Set([...standard, ...own])], "What Tauri's own deb depends on."),
    entry('desktop', true, 'An entry in the menu.'),
  )
}

const signLine = (file: string): Line =>
  entry(
    'sign',
    draft(
      entry('minisign', draft(entry('key', 'env:TAURI_SIGNING_PRIVATE_KEY'), entry('password', 'env:TAURI_SIGNING_PRIVATE_KEY_PASSWORD'))),
    ),
    `Installed apps trust the pubkey in ${file}: its secret half signs on. Secrets are named here, never held.`,
  )
