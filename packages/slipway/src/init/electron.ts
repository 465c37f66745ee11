// An Electron app: the dependency, and the config of electron-builder (electron.build/configuration) or Electron Forge, which is read, not run.
import { parseTarget, type Target } from '@slipway/core'
import { person, string, table, type Table } from '../history/versions/manifest.ts'
import { draft, entry, type Line } from './draft.ts'
import { builtFolder, formatsOf, oses, targetsOf, type Builder } from './electron-builder.ts'
import { osOf, pathText, stated, statements, type Finding } from './finding.ts'
import { dependenciesOf, packageManagerOf, type PackageManager } from './package-manager.ts'
import { below, tables, texts, type Repository } from './repository.ts'

interface Found {
  readonly repository: Repository
  readonly folder: string
  readonly json: Table
  readonly file: string
  readonly builder: Builder
}

export const findElectron = async (repository: Repository): Promise<Finding | undefined> => {
  const found = await search(repository)
  if (found === undefined) return undefined
  const { json, file, builder, folder } = found
  const { config, from } = builder
  const own = folder !== ''
  const linux = table(config['linux'])
  const updates = dependenciesOf(json).has('electron-updater')
  const targets = targetsOf(builder, scriptsOf(json))
  return {
    kind: 'electron',
    title: `an Electron app (${file}${from === file || from === '' ? '' : `, ${from}`})`,
    desktop: true,
    app: statements({
      name: stated(string(config['productName']), from) ?? stated(string(json['productName']) ?? plainName(json), file),
      id: stated(string(config['appId']), from),
      bin:
        stated(string(linux['executableName']) ?? string(config['executableName']), from) ?? stated(plainName(json)?.toLowerCase(), file),
      version: own && string(json['version']) !== undefined ? { value: file, from: file } : undefined,
      summary: stated(string(linux['synopsis']), from) ?? stated(string(json['description']), file),
      license: stated(string(json['license']), file),
      publisher: stated(string(linux['maintainer']), from) ?? stated(person(json['author']), file),
      homepage: stated(string(json['homepage']), file),
      category: stated(string(linux['category']), from),
      icon: await iconOf(found),
    }),
    targets,
    buildNamesTargets: builder.kind !== 'unknown',
    build: await buildOf(found, targets.list ?? []),
    packages: {
      ids: formatsOf(builder, [...new Set((targets.list ?? []).map(osOf))]),
      why: from === '' ? 'the usual ones of a desktop app' : `the targets in ${from}`,
    },
    deb: draft(
      entry('depends', debNeeds(config), "What electron-builder's own deb depends on."),
      entry('desktop', true, 'An entry in the menu.'),
    ),
    feeds: updates ? [{ id: 'electron', why: `electron-updater is a dependency in ${file}` }] : [],
    places: placesOf(config, from),
    taken: [outputOf(found), below(folder, 'dist')],
    notes: notesOf(found),
  }
}

const search = async (repository: Repository): Promise<Found | undefined> => {
  for (const folder of repository.folders) {
    const file = below(folder, 'package.json')
    const json = await repository.json(file)
    if (json === null || !dependenciesOf(json).has('electron')) continue
    return { repository, folder, json, file, builder: await builderOf(repository, folder, json) }
  }
  return undefined
}

const plainName = (json: Table): string | undefined => string(json['name'])?.replace(/^@[^/]*\//, '')
const scriptsOf = (json: Table): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(table(json['scripts'])).filter((one): one is [string, string] => typeof one[1] === 'string'))

const builderOf = async (repository: Repository, folder: string, json: Table): Promise<Builder> => {
  for (const name of ['electron-builder.yml', 'electron-builder.yaml', 'electron-builder.json', 'electron-builder.json5']) {
    const from = below(folder, name)
    const config = name.includes('.y') ? await repository.yaml(from) : await repository.json(from)
    if (config !== null) return { kind: 'electron-builder', config, from }
  }
  const names = await repository.files(folder === '' ? '.' : folder)
  const code = names.find(name => /^electron-builder(\.config)?\.(c|m)?[jt]s$/.test(name))
  if (code !== undefined) return { kind: 'unknown', config: {}, from: '', code: below(folder, code) }
  const from = below(folder, 'package.json')
  const inside = table(json['build'])
  const needs = dependenciesOf(json)
  if (needs.has('electron-builder') || string(inside['appId']) !== undefined) return { kind: 'electron-builder', config: inside, from }
  if (needs.has('@electron-forge/cli')) return { kind: 'forge', config: {}, from }
  return { kind: 'unknown', config: {}, from: '' }
}

const outputOf = ({ folder, builder }: Found): string =>
  below(
    folder,
    builder.kind === 'forge'
      ? 'out'
      : (string(table(builder.config['directories'])['output']) ?? 'dist').replace(/^\.\//, '').replace(/\/+$/, ''),
  )

const buildOf = async (found: Found, targets: readonly Target[]): Promise<Line> => {
  const { repository, folder, json, builder } = found
  const manager = await packageManagerOf(repository, folder)
  const scripts = scriptsOf(json)
  const first = scripts['build'] !== undefined && !/electron-(builder|forge)/.test(scripts['build']) ? [manager.script('build')] : []
  const cwd = folder === '' ? [] : [entry('cwd', folder)]
  if (builder.kind === 'unknown') {
    const todo = [
      entry('run', [...first, 'TODO: the command that builds the app folder']),
      ...cwd,
      entry('from', 'TODO: the app folder that it leaves, as dist/linux-unpacked'),
    ]
    return entry('build', draft(entry('electron', draft(...todo))), 'What builds the app is not said in a file that can be read.')
  }
  const run = draft(...targets.map(target => entry(target, [...first, commandOf(builder, target, manager)])))
  const from = draft(...targets.map(target => entry(target, folderOf(found, target))))
  const options = draft(
    entry('run', run, 'Slipway packs: these only build the app folder.'),
    ...cwd,
    entry('from', from, 'What the build leaves; the targets are the keys.'),
  )
  return entry('build', draft(entry('electron', options)), "The project's own build, one call a target, where its tools are.")
}

const commandOf = (builder: Builder, target: Target, manager: PackageManager): string => {
  const { os = 'any', arch = 'any' } = parseTarget(target) ?? {}
  const names = oses[os]
  if (builder.kind === 'forge')
    return `${manager.program('electron-forge')} package --platform=${names?.forge ?? os} --arch=${arches[arch] ?? arch}`
  return `${manager.program('electron-builder')} --${names?.builder ?? os} --${arches[arch] ?? arch} --dir --publish never`
}
const arches: Readonly<Record<string, string>> = { x86: 'ia32', armv7: 'armv7l' }

const folderOf = (found: Found, target: Target): string => {
  const { builder, json } = found
  const name = string(builder.config['productName']) ?? string(json['productName']) ?? plainName(json) ?? ''
  const { os = 'any', arch = 'any' } = parseTarget(target) ?? {}
  const leaf = builder.kind === 'forge' ? `${name}-${oses[os]?.forge ?? os}-${arches[arch] ?? arch}` : builtFolder(os, arch)
  // Both tools leave out of file names what a file system refuses: nobody should guess what.
  const safe = /^[^/\\?<>:*|"{}\p{Cc}]+$/u.test(name)
  const output = pathText(outputOf(found).replaceAll('${version}', ''))
  if (output === undefined || output.includes('$') || (!safe && (os === 'macos' || builder.kind === 'forge')))
    return 'TODO: the app folder of this target'
  return `${outputOf(found).replaceAll('${version}', '{version}')}/${leaf}${os === 'macos' ? `/${name}.app` : ''}`
}

const debNeeds = (config: Table): readonly string[] => {
  const own = texts(table(config['deb'])['depends'])
  return own.length > 0
    ? own
    : ['libgtk-3-0', 'libnotify4', 'libnss3', 'libxss1', 'libxtst6', 'xdg-utils', 'libatspi2.0-0', 'libuuid1', 'libsecret-1-0']
}

const iconOf = async ({ repository, folder, builder }: Found) => {
  const { config, from } = builder
  const said = [string(table(config['linux'])['icon']), string(config['icon'])].filter(path => path?.endsWith('.png'))
  const resources = string(table(config['directories'])['buildResources']) ?? 'build'
  for (const path of [...said, `${resources}/icon.png`]) {
    const value = path === undefined ? undefined : pathText(below(folder, path.replace(/^\.\//, '')))
    if (value !== undefined && (await repository.has(value))) return { value, from: from === '' ? value : from }
  }
  return undefined
}

const placesOf = (config: Table, from: string): NonNullable<Finding['places']> =>
  (Array.isArray(config['publish']) ? tables(config['publish']) : [table(config['publish'])]).flatMap(one => {
    const provider = string(one['provider']) ?? ''
    if (provider === 'github')
      return { store: 'github', value: [string(one['owner']), string(one['repo'])].filter(part => part !== undefined).join('/'), from }
    if (provider === 's3' || provider === 'spaces') return { store: 's3', value: string(one['bucket']) ?? string(one['name']) ?? '', from }
    return provider === 'generic' ? { store: 'folder', value: string(one['url']) ?? '', from } : []
  })

const notesOf = ({ builder }: Found): readonly string[] => {
  if (builder.kind === 'unknown' && builder.code !== undefined)
    return [`${builder.code} is code: it is not run, so what it says is not here.`]
  if (builder.kind === 'forge') return ['The config of Electron Forge is code: it is not run. Its makers are replaced by packages below.']
  return []
}
