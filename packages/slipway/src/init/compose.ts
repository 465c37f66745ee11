// A finding as a config: only units that this version has are switched on, what comes later is named in a comment (CONFIG 2).
import { join } from 'node:path'
import type { Target } from '@slipway/core'
import { todos } from '../config/asks.ts'
import { unitsOf, type KindKey } from '../config/kinds.ts'
import type { PlainObject } from '../config/plain.ts'
import type { Choice } from '../config/project.ts'
import { appSection } from './app-section.ts'
import { holdsSecret, withoutSecrets } from './censor.ts'
import { comment, draft, entry, treeOf, writeCode, writeYaml, type Draft, type Line } from './draft.ts'
import { osOf, type Finding } from './finding.ts'
import { packagesSection } from './packages-section.ts'
import type { Repository } from './repository.ts'

export interface Composed {
  readonly text: string
  readonly found: readonly Choice[]
  /** Config paths of the texts that begin with TODO. */
  readonly open: readonly string[]
  readonly out: string
}

/** Formats whose systems know an app by its identifier. */
const knownById = ['app.zip', 'app.tar.gz', 'dmg', 'pkg', 'msi', 'msix', 'flatpak']

export const compose = async (repository: Repository, finding: Finding, form: 'code' | 'yaml'): Promise<Composed> => {
  const targets = finding.targets.list ?? []
  const mayAsk = finding.packages.ids.includes('deb') && finding.deb !== undefined
  const app = await appSection(repository, finding, [
    ...(finding.desktop || finding.packages.ids.some(id => knownById.includes(id)) ? (['id'] as const) : []),
    ...(mayAsk && hasDebTarget(targets) ? (['publisher'] as const) : []),
  ])
  const packages = packagesSection({ finding, targets, app: app.values })
  const out = (await isDistTaken(repository, finding)) ? 'slipway-dist' : 'dist'
  const whole = withoutSecrets(
    draft(
      app.line,
      ...targetsSection(finding),
      finding.build,
      ...packages.lines,
      ...signSection(finding, targets),
      ...feedsSection(finding, { targets, packages: packages.active }),
      ...channelsSection(app.values.version),
      ...storeSection(finding),
      ...(out === 'dist'
        ? []
        : [entry('out', out, 'Packages lie in <out>/<version>/; `dist` is written, and maybe emptied, by other tools here.')]),
      ...(finding.notes ?? []).map(note => comment(`Note: ${note}`)),
    ),
  )
  return {
    text: (form === 'code' ? writeCode : writeYaml)(headOf(finding), whole),
    found: app.found.filter(one => !holdsSecret(String(one.value))),
    open: openIn(whole),
    out,
  }
}

/** Other tools write to `dist`, and some of them empty it first. */
const isDistTaken = async ({ io, root, packageJson }: Repository, { taken = [] }: Finding): Promise<boolean> => {
  if (taken.includes('dist') || (await io.files.stat(join(root, 'dist'))) !== null) return true
  const { main, bin, files, exports, scripts } = packageJson ?? {}
  return /[\s"./]dist[\s"/\\]/.test(JSON.stringify([main, bin, files, exports, Object.values(Object(scripts) as object)]))
}

/** A version as 1.2.0-beta.1 goes to the channel beta, which must exist (CONFIG 3, "Channels"). */
const channelsSection = (version: string | undefined): readonly Line[] => {
  const name = /^\d+\.\d+\.\d+-([a-z][a-z0-9]{0,30})/.exec(version ?? '')?.[1]
  if (name === undefined || name === 'stable' || name === 'canary') return []
  const channels = ['canary', name, 'stable'].map(one => entry(one, draft()))
  return [entry('channels', draft(...channels), `The version is ${version ?? ''}: it goes to the channel ${name}.`)]
}

const headOf = ({ title }: Finding): readonly string[] => [
  `What Slipway releases here. \`slipway init\` wrote it once, after it saw ${title}; it is yours now.`,
  "Next: slipway plan. It prints all that a release would do, and every text that begins with 'TODO:' as a question.",
]

const openIn = (whole: Draft): readonly string[] =>
  todos(treeOf(whole) as PlainObject, path => ({ path: path.join('.') })).flatMap(one => one.where.path ?? [])

const isHere = (kind: KindKey, id: string): boolean => unitsOf[kind].some(unit => unit.id === id)
const hasDebTarget = (targets: readonly Target[]): boolean => isHere('packages', 'deb') && targets.some(target => osOf(target) === 'linux')

const targetsSection = ({ targets, buildNamesTargets }: Finding): readonly Line[] => {
  const more = targets.more === undefined || targets.more.length === 0 ? [] : [`Add what you build for: ${targets.more.join(', ')}.`]
  if (targets.list === null)
    return [comment(`targets: ${targets.why}. Write those that you build for, as targets: ['linux-x64', 'macos-arm64'].`)]
  if (buildNamesTargets === true) return [comment(`Targets: ${targets.why}.`, ...more)]
  return [entry('targets', targets.list, `Systems that are built for: ${targets.why}.`, ...more)]
}

const platformSigners: Readonly<Record<string, readonly string[]>> = { macos: ['codesign', 'notarize'], windows: ['authenticode'] }

/** minisign is on anyway; what the systems themselves ask for is said where it lacks. */
const signSection = ({ sign }: Finding, targets: readonly Target[]): readonly Line[] => {
  const lacking = Object.entries(platformSigners).flatMap(([os, ids]) =>
    targets.some(target => osOf(target) === os) ? ids.filter(id => !isHere('sign', id)) : [],
  )
  const later =
    lacking.length === 0
      ? []
      : [
          comment(
            `Not available yet: sign.${lacking.join(', sign.')}. Until then packages for macOS and Windows carry no signature of the platform.`,
          ),
        ]
  const always =
    sign === undefined ? [comment('sign: minisign signs every package and SHA256SUMS with the keys of `slipway keys generate`.')] : [sign]
  return [...always, ...later]
}

interface Packed {
  readonly targets: readonly Target[]
  readonly packages: readonly { readonly id: string; readonly targets: readonly Target[] }[]
}

/** A feed is on for the targets of which it can install a package that is made here. */
const feedsSection = ({ feeds = [] }: Finding, { targets, packages }: Packed): readonly Line[] => {
  const notes: string[] = []
  const entries = feeds.flatMap(({ id, why }) => {
    const unit = unitsOf.feeds.find(one => one.id === id)
    if (unit === undefined) {
      notes.push(`Not available yet: feeds.${id} (${why}).`)
      return []
    }
    const kindsOf = (target: Target): readonly string[] => unit.serves[osOf(target) as 'linux'] ?? []
    const served = targets.filter(target => kindsOf(target).length > 0 && !target.endsWith('-musl'))
    const ready = served.filter(target => packages.some(one => kindsOf(target).includes(one.id) && one.targets.includes(target)))
    const waiting = served.filter(target => !ready.includes(target))
    if (waiting.length > 0)
      notes.push(
        `feeds.${id} cannot serve ${waiting.join(', ')} yet: it installs ${[...new Set(waiting.flatMap(kindsOf))].join(', ')} there.`,
      )
    if (ready.length === 0) return []
    const all = targets.every(target => ready.includes(target) || kindsOf(target).length === 0)
    return [entry(id, all ? true : draft(entry('targets', ready)), `${why}.`)]
  })
  const lines = entries.length === 0 ? [] : [entry('feeds', draft(...entries), 'Updaters that are served.')]
  return [...lines, ...(notes.length === 0 ? [] : [comment(...notes)])]
}

/** Where releases went so far is shown; a store that is not there yet is not written. */
const storeSection = ({ places = [] }: Finding): readonly Line[] => {
  const url = places.find(one => one.store === 'folder' && /^https:\/\/[^\s{}$@]+$/.test(one.value))
  const base = url === undefined ? undefined : url.value.replace(/[^/]*\.(json|ya?ml)$/, '').replace(/\/+$/, '')
  const seen = places
    .filter(one => one !== url && !holdsSecret(one.value))
    .map(one =>
      one.store === 'folder'
        ? `Updates came from ${JSON.stringify(one.value)} (${one.from}).`
        : `${isHere('store', one.store) ? 'So far' : 'Not available yet: store'}.${one.store}${one.value === '' ? '' : ` ${JSON.stringify(one.value)}`} (${one.from}).`,
    )
  return [
    entry(
      'store',
      draft(
        entry(
          'folder',
          draft(
            entry('path', '.slipway/bucket'),
            base === undefined
              ? entry(
                  'url',
                  'TODO: the public address of the bucket, as https://dl.example.org',
                  'Every address of a release is made from it.',
                )
              : entry('url', base, `From ${url?.from ?? ''}: installed apps ask there.`),
          ),
        ),
      ),
      'The one place that is published to: a folder that any web server can serve.',
      ...seen,
    ),
  ]
}
