// A Go program: go.mod and a package main, at the top or in cmd/; with the .goreleaser.yaml that may stand beside it.
import { spell, type Target } from '@slipway/core'
import { string, table } from '../history/versions/manifest.ts'
import { draft, entry, type Line } from './draft.ts'
import { pathText, sortedTargets, stated, statements, word, type Finding, type Stated } from './finding.ts'
import { goFlags, mainOf, readGoReleaser, type GoReleaser } from './goreleaser.ts'
import { below, texts, type Repository } from './repository.ts'

interface Found {
  readonly repository: Repository
  readonly modulePath: string
  /** Folders of packages main. */
  readonly mains: readonly string[]
  readonly config: GoReleaser | undefined
}

export const findGo = async (repository: Repository): Promise<Finding | undefined> => {
  const module = await repository.text('go.mod')
  const config = await readGoReleaser(repository)
  if (module === null || (config !== undefined && config.builder !== 'go')) return undefined
  const modulePath = /^module\s+"?([^\s"]+)/m.exec(module)?.[1] ?? ''
  const mains = await mainsOf(repository)
  const found = { repository, modulePath, mains, config }
  if (mains.length === 0 && config?.main === undefined) return undefined
  const main = chosenMain(found)
  const { nfpm = {}, file = 'go.mod' } = config ?? {}
  return {
    kind: 'go',
    title: `a Go program (go.mod${config === undefined ? '' : `, ${config.file}`})`,
    desktop: false,
    app: statements({
      name: stated(config?.project, file),
      bin: binOf(found, main),
      summary: stated(string(nfpm['description'])?.split('\n')[0], file),
      license: stated(string(nfpm['license']), file),
      publisher: stated(string(nfpm['maintainer']), file),
      homepage: stated(string(nfpm['homepage']), file),
    }),
    targets:
      config === undefined || config.targets.length === 0
        ? { list: sixTargets, why: 'Go builds for all of these on any machine' }
        : { list: config.targets, why: `goos and goarch in ${config.file}` },
    build: buildOf(found, main),
    packages: {
      ids: config?.formats ?? ['tar.gz', 'zip', 'deb'],
      why: config === undefined ? 'the usual ones of a command-line tool' : `archives and nfpms in ${file}`,
    },
    ...(config === undefined ? {} : { deb: debOf(config) }),
    feeds: config?.feeds ?? [],
    places: config?.places ?? [],
    taken: config?.taken ?? [],
    notes: [...(config?.notes ?? []), ...othersOf(mains, main)],
  }
}

const sixTargets: readonly Target[] = ['macos-x64', 'macos-arm64', 'windows-x64', 'windows-arm64', 'linux-x64', 'linux-arm64']

const mainsOf = async (repository: Repository): Promise<readonly string[]> => {
  const folders = (await repository.io.files.list(`${repository.root}/cmd`).catch(() => [])).flatMap(one =>
    one.type === 'folder' ? [`cmd/${one.name}`] : [],
  )
  const mains: string[] = []
  for (const folder of ['', 'cmd', ...folders.slice(0, 200)]) if (await isMain(repository, folder)) mains.push(folder)
  return mains
}

const isMain = async (repository: Repository, folder: string): Promise<boolean> => {
  const files = await repository.files(folder === '' ? '.' : folder)
  for (const name of files.filter(one => one.endsWith('.go') && !one.endsWith('_test.go')).slice(0, 200)) {
    const text = await repository.text(below(folder, name))
    if (text !== null && /^package[ \t]+main\b/m.test(text) && !/^\/\/go:build\s+ignore\b/m.test(text)) return true
  }
  return false
}

const baseOf = (modulePath: string): string =>
  modulePath
    .replace(/\/v\d+$/, '')
    .split('/')
    .at(-1) ?? ''

/** GoReleaser's, the top, the one named like the module, the first. */
const chosenMain = ({ mains, modulePath, config }: Found): string => {
  if (config?.main !== undefined) return config.main === '.' ? '' : config.main
  if (mains.includes('')) return ''
  return mains.find(one => one.split('/').at(-1) === baseOf(modulePath)) ?? mains[0] ?? ''
}

const binOf = ({ modulePath, config }: Found, main: string): Stated | undefined => {
  if (config?.binary !== undefined) return { value: config.binary, from: config.file }
  return { value: main === '' || main === 'cmd' ? baseOf(modulePath) : (main.split('/').at(-1) ?? ''), from: main === '' ? 'go.mod' : main }
}

const othersOf = (mains: readonly string[], main: string): readonly string[] => {
  const others = mains.filter(one => one !== main)
  return others.length === 0
    ? []
    : [
        `There are other programs too: ${others.map(one => (one === '' ? '.' : one)).join(', ')}. Each may be an app of its own in \`apps\`.`,
      ]
}

// No shell sets GOOS here: `env` does, and an empty environment otherwise.
const buildOf = ({ config }: Found, main: string): Line => {
  const targets = config === undefined || config.targets.length === 0 ? sixTargets : sortedTargets(config.targets)
  const folder = main === '' ? '.' : (mainOf(config) ?? word(main) ?? 'TODO: the folder of package main')
  const path = folder === '.' || folder.startsWith("'") || folder.startsWith('TODO:') ? folder : `./${folder}`
  const dir = pathText(config?.dir ?? '') ?? ''
  const back = dir === '' ? '' : '../'.repeat(dir.split('/').length)
  const flags = goFlags(config).join(' ')
  const run = (target: Target): string => `env ${goEnv(target)} go build ${flags} -o ${back}${output} ${path}`
  const options = draft(
    entry(
      'run',
      draft(...targets.map(target => entry(target, run(target)))),
      'Never given to a shell; {target} and {version} are filled in.',
    ),
    ...(dir === '' ? [] : [entry('cwd', dir)]),
    entry('env', draft(entry('CGO_ENABLED', config?.cgo ?? '0'))),
    entry('from', output),
  )
  return entry('build', draft(entry('command', options)), "The project's own build, one call a target.")
}

const output = '.slipway/build/{target}/{bin}{exe}'
const goEnv = (target: Target): string => {
  const [os = '', arch = ''] = spell(target.replace(/-musl$/, ''), 'go').split('/')
  return `GOOS=${os} GOARCH=${arch}${arch === 'arm' ? ' GOARM=7' : ''}`
}

const debOf = ({ nfpm }: GoReleaser) => {
  const lists = ['depends', 'recommends', 'suggests', 'conflicts', 'provides', 'replaces'] as const
  const from = table(table(nfpm['overrides'])['deb'])
  const keys = lists.map(key => ({
    key,
    named: key === 'depends' && nfpm[key] === undefined ? texts(nfpm['dependencies']) : texts(nfpm[key]),
  }))
  const section = string(nfpm['section'])
  const name = string(nfpm['package_name'])
  return draft(
    ...(name === undefined || name.includes('{{') ? [] : [entry('package', name)]),
    ...(section === undefined ? [] : [entry('section', section)]),
    ...keys.flatMap(({ key, named }) => {
      const all = [...named, ...texts(from[key])]
      return all.length === 0 ? [] : [entry(key, all)]
    }),
  )
}
