// The plan: config and facts -> everything that a release will do, as data (CONTRACTS 6). Pure: same project, same plan.
import { relative } from 'node:path'
import { digestOf, failAll, matchesTarget, problem } from '@slipway/core'
import type { Effect, Hex, Json, PlanBody, PlannedApp, PlannedFeed, PlannedSecret, Problem, Step, Target } from '@slipway/core'
import { deepFreeze } from '../config/plain.ts'
import type { AppSettings, ChosenUnit, Project } from '../config/project.ts'
import { caught, distinct } from './caught.ts'
import { channelFor } from './channels.ts'
import { units as unitLists } from './kinds.ts'
import { needProblems } from './needs.ts'
import { assertSomethingLeft, narrowTargets, narrowUnits } from './narrow.ts'
import type { Narrow } from './narrow.ts'
import { plannedArtifacts, plannedFeeds } from './products.ts'
import { seenProblems, type Seen } from './seen.ts'
import { stepsOf } from './steps.ts'
import type { Stage } from './steps.ts'
import { toolsOf } from './tools.ts'

export interface PlanRequest {
  readonly project: Project
  /** Default: CONFIG 3, "Channels": stable, or the prerelease word of the version. */
  readonly channel?: string
  readonly until: Stage
  readonly narrow: Narrow
  /** What lies there before anything is built; absent: nothing was looked at. */
  readonly seen?: Seen
}

export const planDigest = (plan: PlanBody): Hex => digestOf(plan as unknown as Json)

/** Makes the plan; all problems of meaning at once (exit 2). Open questions are the caller's to refuse. */
export const makePlan = (request: PlanRequest): PlanBody => {
  const { project } = request
  // Without a version nothing has a name yet: the question comes first.
  if (project.apps.some(({ app }) => app.version === '')) failAll(project.questions)
  const several = project.apps.some(app => app.base !== '')
  const parts = project.apps.map(settings => appPart(request, settings, several))
  failAll(distinct(parts.flatMap(part => part.problems)))
  assertSomethingLeft(
    request.narrow,
    parts.reduce((sum, part) => sum + (request.until === 'build' ? part.steps : part.app.artifacts).length, 0),
  )
  return deepFreeze({
    schema: 'slipway.plan-file/1',
    profile: project.profile,
    config: project.configDigest,
    store: storeOf(project),
    apps: parts.map(part => part.app),
    steps: parts.flatMap(part => part.steps),
    secrets: mergeSecrets(parts.flatMap(part => part.secrets)),
    sources: project.commits,
    tools: [...new Set(parts.flatMap(part => part.tools))].sort(),
  })
}

/** The place in words: a folder by its path from the project, so that a plan is the same in every checkout. */
const storeOf = ({ store, root }: Project): PlanBody['store'] => {
  const place = unitLists.stores(store.id).place(store.options as never)
  const { url, path } = store.options
  const where = typeof path === 'string' ? place.replace(path, relative(root, path)) : place
  return { id: store.id, place: where, url: typeof url === 'string' ? url : '' }
}

interface Part {
  readonly app: PlannedApp
  readonly steps: readonly Step[]
  readonly secrets: readonly PlannedSecret[]
  readonly tools: readonly string[]
  readonly problems: readonly Problem[]
}

const appPart = ({ project, channel: asked, until, narrow, seen }: PlanRequest, settings: AppSettings, several: boolean): Part => {
  const scope = { apps: project.apps, until, narrow }
  const narrowed = narrowUnits(settings, scope)
  const targets = narrowTargets(settings, scope).filter(
    target => narrowed.build === settings.build || narrowed.build.includes(builderOf(settings, target)),
  )
  const channel = channelFor(project, settings, asked)
  const percent = settings.channels[channel.name]?.rollout[0]?.percent ?? 100
  const { artifacts, problems } = plannedArtifacts(project, narrowed, targets)
  const joined =
    settings.build.length === 0 ? [] : targets.flatMap(target => unitLists.builders(builderOf(settings, target).id).joins ?? [])
  // Such a name can become no key of a bucket, so nothing after it can be planned.
  if (problems.some(one => one.code === 'plan/file-name')) failAll([...channel.problems, ...problems])
  const feeds =
    until !== 'build' && until !== 'package'
      ? plannedFeeds(project, narrowed, { artifacts, channel: channel.name })
      : { feeds: [], problems: [] }
  const steps = stepsOf({
    settings: narrowed,
    several,
    targets: [...new Set([...joined.filter(one => settings.targets.includes(one)), ...targets])],
    builderOf: target => builderOf(settings, target),
    artifacts,
    sumsOptions: settings.sign.find(one => one.id === 'minisign')?.options ?? {},
    feeds: feeds.feeds,
    channel: channel.name,
    percent,
    store: project.store.id,
    until,
  })
  const objects = steps.flatMap(step => step.effects) satisfies readonly Effect[]
  return {
    app: { app: settings.app.key, version: settings.app.version, channel: channel.name, percent, artifacts, feeds: feeds.feeds, objects },
    steps,
    secrets: secretsOf(project, narrowed, until),
    tools: toolsOf(narrowed, artifacts, seen),
    problems: [
      ...channel.problems,
      ...builderProblems(project, settings, { targets, channel: channel.name }),
      ...problems,
      ...nothingMade(project, settings, { until, narrow, artifacts }),
      ...(seen === undefined
        ? []
        : artifacts.flatMap(made =>
            withInside(made.kind).flatMap(kind => madeFrom(project, settings, { kind, target: made.target, seen })),
          )),
      ...feeds.problems,
      ...needProblems(settings, targets, project.locate),
      ...(until === 'gate' || until === 'publish' || artifacts.some(one => unitLists.packagers(one.kind).namesUrls)
        ? urlProblems(project)
        : []),
    ],
  }
}

/** Packages were asked for, and none is for a target of the app. */
const nothingMade = (
  project: Project,
  { app, base, packages, targets }: AppSettings,
  { until, narrow, artifacts }: Pick<PlanRequest, 'until' | 'narrow'> & Pick<PlannedApp, 'artifacts'>,
): readonly Problem[] =>
  until === 'build' ||
  artifacts.length > 0 ||
  packages.length === 0 ||
  targets.length === 0 ||
  narrow.targets.length + narrow.only.length > 0
    ? []
    : [
        problem(
          'plan/no-package',
          `${app.name} has no package: ${packages.map(one => one.id).join(', ')} make none for ${targets.join(', ')}`,
          {
            hint: 'Add a format for these targets to packages, or the targets that the formats are for.',
            where: project.locate(base === '' ? 'packages' : `apps.${base.slice(0, -1)}.packages`),
          },
        ),
      ]

/** The one builder of a target; that there is exactly one was checked with the config. */
export const builderOf = (settings: AppSettings, target: Target): ChosenUnit => {
  const list = settings.build.filter(unit => {
    const named = unitLists.builders(unit.id).targets?.(unit.options as never) ?? []
    return named.length === 0 || named.some(pattern => matchesTarget(pattern, target))
  })
  return (
    list.find(unit =>
      (unitLists.builders(unit.id).targets?.(unit.options as never) ?? []).some(pattern => matchesTarget(pattern, target)),
    ) ?? (list[0] as ChosenUnit)
  )
}

/** What a builder can say before any work. */
const builderProblems = (
  project: Project,
  settings: AppSettings,
  { targets, channel }: { readonly targets: readonly Target[]; readonly channel: string },
): readonly Problem[] =>
  settings.build.length === 0
    ? []
    : targets.flatMap(target => {
        const { id, options } = builderOf(settings, target)
        const { made = [], problems } = caught(
          () => unitLists.builders(id).check?.({ app: settings.app, target, channel }, options as never) ?? [],
        )
        return [...made, ...problems].map(one => ({
          ...one,
          where: { ...project.locate(one.where.path ?? `build.${id}`), target, ...one.where },
        }))
      })

/** A packager and the unit whose tree it packs, which makes no package of its own. */
const withInside = (kind: string): readonly string[] => {
  const { inside } = unitLists.packagers(kind)
  return inside === undefined ? [kind] : [kind, inside]
}

/** A package that is made from other packages is checked with those. */
const madeFrom = (
  project: Project,
  settings: AppSettings,
  { kind, target, seen }: { readonly kind: string; readonly target: Target; readonly seen: Seen },
): readonly Problem[] =>
  settings.build.length === 0 || unitLists.packagers(kind).from !== undefined
    ? []
    : seenProblems(project, settings, { kind, target, builder: builderOf(settings, target), seen })

/** Every URL of a release is made from this one (row A2). */
const urlProblems = ({ store, locate, profile }: Project): readonly Problem[] => {
  const { url } = store.options
  // The folder of a dev run is this machine's own.
  if (profile === 'dev' && url === undefined) return []
  // A TODO is asked for as the question that it is.
  if (typeof url === 'string' && /^(https?:\/\/[^/]|TODO:)/.test(url)) return []
  const message =
    url === undefined
      ? `store.${store.id} has no url: nobody could be told where the files are`
      : `store.${store.id}.url ${JSON.stringify(url)} is no http(s) address`
  return [
    // explain: The store of the config has no public address, or one that is no http(s) address: nobody could be told where the files are.
    problem('plan/no-url', message, {
      hint: `Write the public address of the bucket, as store: { ${store.id}: { url: 'https://dl.example.org' } }`,
      where: locate(`store.${store.id}.url`),
    }),
  ]
}

const secretsOf = (project: Project, settings: AppSettings, until: Stage): readonly PlannedSecret[] => {
  if (project.profile === 'dev') return []
  const keyring = 'keyring'
  const signing = until === 'build' || until === 'package' ? [] : settings.sign
  const found = signing.flatMap(({ id, options }) => {
    const optional = options['optional'] === true
    const named = ['key', 'password'].flatMap(name =>
      typeof options[name] === 'string' ? [{ ref: options[name], for: [id], optional }] : [],
    )
    return named.some(one => one.ref === options['key']) ? named : [...named, { ref: keyring, for: [id], optional }]
  })
  const roles = until === 'gate' ? ['release'] : until === 'publish' ? ['release', 'live'] : []
  const trust = roles.map(role => ({ ref: settings.trust[role as 'release' | 'live'] ?? keyring, for: [role], optional: false }))
  return [...found, ...trust]
}

const mergeSecrets = (secrets: readonly PlannedSecret[]): readonly PlannedSecret[] =>
  [...new Set(secrets.map(secret => secret.ref))].sort().map(ref => {
    const same = secrets.filter(secret => secret.ref === ref)
    return { ref, for: [...new Set(same.flatMap(secret => secret.for))].sort(), optional: same.every(secret => secret.optional) }
  })
export type { PlannedFeed }
