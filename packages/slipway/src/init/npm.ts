// A command-line tool in package.json: platform packages of npm, or a script of its own (docs.npmjs.com, key `bin`).
import { spell, targets as allTargets, type Target } from '@slipway/core'
import { string, table, type Table } from '../history/versions/manifest.ts'
import { draft, entry, type Line } from './draft.ts'
import { pathText, sortedTargets, stated, statements, type Finding } from './finding.ts'
import { packageManagerOf } from './package-manager.ts'
import type { Repository } from './repository.ts'

export const findNpm = async (repository: Repository): Promise<Finding | undefined> => {
  const json = repository.packageJson
  const bin = json === null ? undefined : binOf(json)
  if (json === null || bin === undefined) return undefined
  const platforms = platformPackages(json)
  return {
    kind: 'npm',
    title: 'a command-line tool of npm (bin in package.json)',
    desktop: false,
    app: statements({ bin: stated(bin.name, 'package.json') }),
    targets:
      platforms === undefined
        ? { list: ['linux-x64'], why: 'nothing names a system', more: ['macos-arm64', 'macos-x64', 'windows-x64'] }
        : { list: platforms.targets, why: 'the platform packages among optionalDependencies of package.json' },
    build:
      platforms === undefined
        ? await buildOf(repository, json, bin)
        : entry(
            'build',
            draft(entry('prebuilt', `npm:${platforms.pattern}`)),
            'The platform packages hold the programs: they are fetched by npm, and pinned in slipway.lock.',
          ),
    packages: { ids: ['tar.gz', 'zip', 'deb'], why: 'the usual ones of a command-line tool' },
  }
}

interface Bin {
  readonly name: string
  readonly path: string
}

const binOf = (json: Table): Bin | undefined => {
  const plainName = string(json['name'])?.replace(/^@[^/]*\//, '')
  const only = string(json['bin'])
  if (only !== undefined) return plainName === undefined ? undefined : { name: plainName, path: only }
  const [first] = Object.entries(table(json['bin']))
  return first === undefined ? undefined : { name: first[0], path: string(first[1]) ?? '' }
}

/** `@esbuild/linux-x64` for three targets and more is a pattern, `@esbuild/{npm}`. */
const platformPackages = (json: Table): { readonly pattern: string; readonly targets: readonly Target[] } | undefined => {
  const patterns = Object.keys(table(json['optionalDependencies'])).flatMap(name =>
    spellings.flatMap(({ target, npm }) =>
      /^[@a-z0-9~][@a-z0-9._~/-]*$/.test(name) && name.endsWith(npm) && /[-/]$/.test(name.slice(0, -npm.length))
        ? [{ pattern: `${name.slice(0, -npm.length)}{npm}`, target }]
        : [],
    ),
  )
  const groups = [...Map.groupBy(patterns, one => one.pattern)].toSorted(([, a], [, b]) => b.length - a.length)
  const [best] = groups
  return best === undefined || best[1].length < 2 ? undefined : { pattern: best[0], targets: sortedTargets(best[1].map(one => one.target)) }
}
const spellings = allTargets
  .filter(target => target !== 'any' && target !== 'macos-universal')
  .map(target => ({ target, npm: spell(target, 'npm') }))

const buildOf = async (repository: Repository, json: Table, bin: Bin): Promise<Line> => {
  const manager = await packageManagerOf(repository, '')
  const scripts = table(json['scripts'])
  const path = pathText(bin.path.replace(/^\.\//, ''))
  const alone = Object.keys(table(json['dependencies'])).length === 0 && path !== undefined && path.includes('/')
  // A script without dependencies runs from its own folder; anything more nobody can guess.
  const from = alone
    ? path.slice(0, path.lastIndexOf('/'))
    : 'TODO: the folder or file that users get: a single executable, or a folder with all it needs'
  const inside = alone ? [entry('bin', path.slice(path.lastIndexOf('/') + 1))] : []
  const what = alone
    ? 'The folder of the script: it has no dependencies, and users need Node.'
    : 'The script has dependencies: pack it as one executable, or name a folder that holds them.'
  if (string(scripts['build']) === undefined)
    return entry('build', draft(entry('prebuilt', draft(entry('from', from, what), ...inside))), 'Nothing is built: what exists is taken.')
  return entry(
    'build',
    draft(entry('command', draft(entry('run', manager.script('build')), entry('from', from, what), ...inside))),
    "The project's own build, one call a target.",
  )
}
