// A Rust program: Cargo.toml with a binary, alone or in a workspace; with the config of dist (axodotdev.github.io/cargo-dist) where there is one.
import { spell, targets as allTargets, type Target } from '@slipway/core'
import { string, table, type Table } from '../history/versions/manifest.ts'
import { draft, entry } from './draft.ts'
import { sortedTargets, stated, statements, word, type Finding } from './finding.ts'
import { below, tables, texts, type Repository } from './repository.ts'

interface Program {
  readonly folder: string
  readonly file: string
  readonly toml: Table
  readonly package: string
  readonly bin: string
}
interface Dist {
  readonly file: string
  readonly config: Table
}

export const findCargo = async (repository: Repository): Promise<Finding | undefined> => {
  const top = await repository.toml('Cargo.toml')
  if (top === null) return undefined
  const programs = await programsOf(repository, top)
  const [program] = programs
  if (program === undefined) return undefined
  const dist = await distOf(repository, { top, program })
  const shared = table(table(top['workspace'])['package'])
  const own = table(program.toml['package'])
  const get = (key: string): unknown => (table(own[key])['workspace'] === true ? shared[key] : own[key])
  const [author] = texts(get('authors'))
  const { file } = program
  return {
    kind: 'cargo',
    title: `a Rust program (${file}${dist === undefined ? '' : `, ${dist.file}`})`,
    desktop: false,
    app: statements({
      name: stated(program.package, file),
      bin: stated(program.bin, file),
      version: versionFile(program, own),
      summary: stated(string(get('description')), file),
      license: stated(string(get('license')), file),
      publisher: stated(author, file),
      homepage: stated(string(get('homepage')) ?? string(get('repository')), file),
    }),
    targets: targetsOf(dist),
    build: await buildOf(repository, { top, program, dist }),
    packages: {
      ids: formatsOf(dist),
      why: dist === undefined ? 'the usual ones of a command-line tool' : `archives and installers in ${dist.file}`,
    },
    feeds: feedsOf(dist),
    places: texts(dist?.config['hosting']).map(store => ({ store, value: '', from: dist?.file ?? '' })),
    notes:
      programs.length < 2
        ? []
        : [
            `There are other programs too: ${programs
              .slice(1)
              .map(one => one.bin)
              .join(', ')}. Each may be an app of its own in \`apps\`.`,
          ],
  }
}

/** A package of a folder below whose version is the workspace's is found at the top. */
const versionFile = ({ folder, file }: Program, own: Table) =>
  folder === '' ? undefined : string(own['version']) === undefined ? { value: 'Cargo.toml', from: file } : { value: file, from: file }

/** Those of the top first, then the members in their order. */
const programsOf = async (repository: Repository, top: Table): Promise<readonly Program[]> => {
  const folders = ['', ...(await membersOf(repository, texts(table(top['workspace'])['members'])))]
  const programs = await Promise.all(folders.slice(0, 300).map(folder => programsIn(repository, folder)))
  return programs.flat()
}

const membersOf = async (repository: Repository, patterns: readonly string[]): Promise<readonly string[]> => {
  const folders = await Promise.all(
    patterns
      .filter(one => !one.startsWith('/') && !one.split('/').includes('..'))
      .map(async pattern => {
        if (!pattern.includes('*')) return [pattern.replace(/^\.\//, '').replace(/\/+$/, '')]
        if (!pattern.endsWith('/*') || pattern.slice(0, -2).includes('*')) return []
        const parent = pattern.slice(0, -2)
        return (await repository.io.files.list(`${repository.root}/${parent}`).catch(() => [])).flatMap(one =>
          one.type === 'folder' ? [`${parent}/${one.name}`] : [],
        )
      }),
  )
  return folders.flat()
}

const programsIn = async (repository: Repository, folder: string): Promise<readonly Program[]> => {
  const file = below(folder, 'Cargo.toml')
  const toml = await repository.toml(file)
  const name = string(table(toml?.['package'])['name'])
  if (toml === null || name === undefined) return []
  const named = tables(toml['bin']).flatMap(one => string(one['name']) ?? [])
  const isMain = named.length === 0 && (await repository.has(below(folder, 'src/main.rs')))
  const more = (await repository.files(below(folder, 'src/bin'))).flatMap(one => (one.endsWith('.rs') ? [one.slice(0, -3)] : []))
  return [...new Set([...named, ...(isMain ? [name] : []), ...more])].map(bin => ({ folder, file, toml, package: name, bin }))
}

const distOf = async (
  repository: Repository,
  { top, program }: { readonly top: Table; readonly program: Program },
): Promise<Dist | undefined> => {
  const own = await repository.toml('dist-workspace.toml')
  const older = await repository.toml('dist.toml')
  const places: readonly (readonly [string, unknown])[] = [
    ['dist-workspace.toml', own?.['dist']],
    ['dist.toml', older?.['dist']],
    ['Cargo.toml', table(table(top['workspace'])['metadata'])['dist']],
    [program.file, table(table(program.toml['package'])['metadata'])['dist']],
  ]
  return places.flatMap(([file, config]) => (config === undefined ? [] : [{ file, config: table(config) }]))[0]
}

const targetsOf = (dist: Dist | undefined): Finding['targets'] => {
  const triples = texts(dist?.config['targets'])
  const list = sortedTargets(triples.flatMap(triple => targetOf(triple) ?? []))
  if (dist !== undefined && list.length > 0) return { list, why: `targets in ${dist.file}` }
  return {
    list: ['linux-x64'],
    why: 'nothing names a system; this one builds on Linux as it is',
    more: ['macos-arm64', 'macos-x64', 'windows-x64', 'linux-arm64', 'linux-x64-musl'],
  }
}

/** A Rust triple as a target; -gnu and -msvc of Windows are one system. */
const targetOf = (triple: string): Target | undefined =>
  allTargets.find(
    target => target !== 'any' && spell(target, 'rust') === triple.replace(/-windows-gnu$/, '-windows-msvc').replace(/^i586-/, 'i686-'),
  )

interface Subject {
  readonly top: Table
  readonly program: Program
  readonly dist: Dist | undefined
}

const buildOf = async (repository: Repository, { top, program, dist }: Subject) => {
  // dist builds with a profile of its own, which it writes into Cargo.toml.
  const profile = dist !== undefined && table(table(top['profile'])['dist'])['inherits'] !== undefined ? 'dist' : 'release'
  const flags = [
    profile === 'release' ? '--release' : '--profile dist',
    ...((await repository.has('Cargo.lock')) ? ['--locked'] : []),
    ...(program.folder === '' ? [] : [`--package ${word(program.package) ?? 'TODO'}`]),
    `--bin ${word(program.bin) ?? 'TODO'}`,
  ]
  const options = draft(
    entry('run', `cargo build ${flags.join(' ')} --target {rust}`, 'Each target needs its Rust standard library: rustup target add.'),
    entry('from', `target/{rust}/${profile}/{bin}{exe}`, 'What the build leaves.'),
  )
  return entry('build', draft(entry('command', options)), "The project's own build, one call a target.")
}

const formatsOf = (dist: Dist | undefined): readonly string[] => {
  if (dist === undefined) return ['tar.gz', 'zip', 'deb']
  const unix = string(dist.config['unix-archive'])?.replace(/^\./, '') ?? 'tar.xz'
  const windows = string(dist.config['windows-archive'])?.replace(/^\./, '') ?? 'zip'
  return [...new Set([unix, windows, ...(texts(dist.config['installers']).includes('msi') ? ['msi'] : [])])]
}

const feedIds: Readonly<Record<string, string>> = { shell: 'install', powershell: 'install', npm: 'npm', homebrew: 'homebrew' }
const feedsOf = (dist: Dist | undefined): NonNullable<Finding['feeds']> =>
  [...new Set(texts(dist?.config['installers']).flatMap(one => feedIds[one] ?? []))].map(id => ({
    id,
    why: `installers in ${dist?.file ?? ''}`,
  }))
