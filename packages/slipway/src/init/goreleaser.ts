// What .goreleaser.yaml says (goreleaser.com/customization): targets, program, flags, formats, maintainer, places. Its templates are not run.
import type { Target } from '@slipway/core'
import { string, table, type Table } from '../history/versions/manifest.ts'
import { quoted, sortedTargets, word, type Finding } from './finding.ts'
import { tables, texts, type Repository } from './repository.ts'

export interface GoReleaser {
  readonly file: string
  readonly project: string | undefined
  /** Other than `go` it is not carried over. */
  readonly builder: string
  readonly main: string | undefined
  readonly dir: string | undefined
  readonly binary: string | undefined
  readonly targets: readonly Target[]
  /** Arguments of `go build`, ready for a command line. */
  readonly flags: readonly string[]
  readonly cgo: string
  readonly formats: readonly string[]
  readonly nfpm: Table
  readonly places: NonNullable<Finding['places']>
  readonly feeds: NonNullable<Finding['feeds']>
  readonly taken: readonly string[]
  readonly notes: readonly string[]
}

export const readGoReleaser = async (repository: Repository): Promise<GoReleaser | undefined> => {
  for (const file of [
    '.goreleaser.yaml',
    '.goreleaser.yml',
    'goreleaser.yaml',
    'goreleaser.yml',
    '.config/goreleaser.yaml',
    '.config/goreleaser.yml',
  ]) {
    const config = await repository.yaml(file)
    if (config !== null) return read(config, file)
  }
  return undefined
}

const read = (config: Table, file: string): GoReleaser => {
  const builds = tables(config['builds'])
  const build = builds.find(one => one['skip'] !== true) ?? {}
  const nfpm = tables(config['nfpms'])[0] ?? {}
  const flags = [...texts(build['flags']).filter(flag => flag !== '-trimpath'), ...ldflags(build['ldflags'])].map(lineWord)
  const lost = flags.filter(flag => flag === undefined).length
  const targets = targetsOf(build)
  return {
    file,
    project: plainText(config['project_name']),
    builder: string(build['builder']) ?? 'go',
    main: plainText(build['main'])
      ?.replace(/^\.\//, '')
      .replace(/\/?[^/]*\.go$/, ''),
    dir: plainText(build['dir'])
      ?.replace(/^\.(\/|$)/, '')
      .replace(/\/+$/, ''),
    binary: plainText(build['binary'] ?? config['project_name']),
    targets: targets.known,
    flags: flags.filter(flag => flag !== undefined),
    cgo:
      texts(build['env'])
        .map(line => /^CGO_ENABLED=([01])$/.exec(line)?.[1])
        .find(value => value !== undefined) ?? '0',
    formats: formatsOf(config, nfpm),
    nfpm,
    places: placesOf(config, file),
    feeds: feedsOf(config, file),
    taken: [plainText(config['dist'])?.replace(/^\.\//, '') ?? 'dist'],
    notes: [
      ...(builds.length > 1 ? [`${file} has ${builds.length} builds: the first is taken over.`] : []),
      ...(lost > 0 ? [`${lost} flags in ${file} use templates that Slipway does not have (it has {version}): they are left out.`] : []),
      ...(targets.lost.length > 0 ? [`No target here for: ${targets.lost.join(', ')}.`] : []),
      ...(build['hooks'] !== undefined || config['before'] !== undefined
        ? [`The hooks in ${file} are not taken over: put them before \`go build\` below, one line each.`]
        : []),
    ],
  }
}

/** A template in a name is no name. */
const plainText = (value: unknown): string | undefined => {
  const text = string(value)
  return text === undefined || text.includes('{{') ? undefined : text
}

const ldflags = (value: unknown): readonly string[] => {
  const lines = texts(value)
  const all = value === undefined ? ['-s -w -X main.version={{.Version}}'] : lines
  // One flag of several parts: a part with an unknown template is dropped with its -X.
  const parts = all.flatMap(line => line.trim().split(/\s+(?=-)/)).map(part => part.trim())
  return parts.length === 0 || parts[0] === ''
    ? []
    : [`-ldflags=${parts.filter(part => version(part) !== undefined).join(' ')}`, ...parts.filter(part => version(part) === undefined)]
}

/** `{{ .Version }}` in our words; undefined where another template is left. */
const version = (text: string): string | undefined => {
  if (/[{}]/.test(text.replaceAll(/\{\{\s*\.(Version|Tag|Summary)\s*\}\}/g, ''))) return undefined
  const ours = text.replaceAll(/\{\{\s*\.Version\s*\}\}/g, '{version}').replaceAll(/\{\{\s*\.(Tag|Summary)\s*\}\}/g, 'v{version}')
  return ours
}
const lineWord = (text: string): string | undefined => {
  const ours = version(text)
  return ours === undefined ? undefined : quoted(ours)
}

const systems: Readonly<Record<string, string>> = { darwin: 'macos', windows: 'windows', linux: 'linux' }
const arches: Readonly<Record<string, string>> = { amd64: 'x64', arm64: 'arm64', '386': 'x86', arm: 'armv7' }

/** goos × goarch without `ignore`; the defaults are GoReleaser's. */
const targetsOf = (build: Table): { readonly known: readonly Target[]; readonly lost: readonly string[] } => {
  const named = texts(build['targets']).map(one => one.split('_').slice(0, 2))
  const goos = listOr(build['goos'], ['darwin', 'linux', 'windows'])
  const goarch = listOr(build['goarch'], ['386', 'amd64', 'arm64'])
  const goarm = texts(Array.isArray(build['goarm']) ? build['goarm'].map(String) : build['goarm'])
  const ignored = tables(build['ignore'])
  const pairs = named.length > 0 ? named : goos.flatMap(os => goarch.map(arch => [os, arch]))
  const wanted = pairs.filter(
    ([os, arch]) =>
      !ignored.some(
        one =>
          one['goarm'] === undefined && [undefined, os].includes(string(one['goos'])) && [undefined, arch].includes(archOf(one['goarch'])),
      ) && !(os === 'darwin' && (arch === '386' || arch === 'arm')),
  )
  const spelled = wanted.map(([os = '', arch = '']) => {
    const fits = arch !== 'arm' || goarm.length === 0 || goarm.includes('7')
    return { text: `${os}/${arch}`, target: fits ? `${systems[os] ?? ''}-${arches[arch] ?? ''}` : '' }
  })
  const known = sortedTargets(spelled.map(one => one.target))
  return { known, lost: spelled.flatMap(one => (known.includes(one.target) ? [] : [one.text])) }
}
const archOf = (value: unknown): string | undefined => (typeof value === 'number' ? String(value) : string(value))
const listOr = (value: unknown, otherwise: readonly string[]): readonly string[] => {
  const list = (Array.isArray(value) ? value : []).map(archOf).filter(one => one !== undefined)
  return list.length > 0 ? list : otherwise
}

const ids: Readonly<Record<string, string>> = {
  'tar.gz': 'tar.gz',
  tgz: 'tar.gz',
  'tar.zst': 'tar.zst',
  tzst: 'tar.zst',
  'tar.xz': 'tar.xz',
  txz: 'tar.xz',
  zip: 'zip',
  binary: 'binary',
}
const linux: Readonly<Record<string, string>> = { deb: 'deb', rpm: 'rpm', apk: 'apk', archlinux: 'pacman' }

const formatsOf = (config: Table, nfpm: Table): readonly string[] => {
  const named = tables(config['archives'])
    .flatMap(one => [one, ...tables(one['format_overrides'])])
    .flatMap(one => [...texts(one['formats']), ...texts(one['format'])])
  const archives = named.flatMap(one => ids[one] ?? [])
  return [...new Set([...(archives.length > 0 ? archives : ['tar.gz']), ...texts(nfpm['formats']).flatMap(one => linux[one] ?? [])])]
}

const placesOf = (config: Table, from: string): NonNullable<Finding['places']> => {
  const github = table(table(config['release'])['github'])
  const repository = [plainText(github['owner']), plainText(github['name'])].filter(part => part !== undefined).join('/')
  return [
    ...(repository === '' ? [] : [{ store: 'github', value: repository, from }]),
    ...tables(config['blobs']).flatMap(one =>
      string(one['provider']) === 's3' ? [{ store: 's3', value: plainText(one['bucket']) ?? '', from }] : [],
    ),
  ]
}

const feedIds = { brews: 'homebrew', homebrew_casks: 'homebrew', scoops: 'scoop', winget: 'winget' } as const
const feedsOf = (config: Table, file: string): NonNullable<Finding['feeds']> =>
  Object.entries(feedIds).flatMap(([key, id]) => (config[key] === undefined ? [] : [{ id, why: `${key} in ${file}` }]))

/** Options of go build that a config without one would get. */
export const goFlags = (found: GoReleaser | undefined): readonly string[] => ['-trimpath', ...(found?.flags ?? ["'-ldflags=-s -w'"])]
export const mainOf = (found: GoReleaser | undefined): string | undefined => (found?.main === undefined ? undefined : word(found.main))
