// What a release consists of: its artifacts with their file names, and its feeds with their heads. Pure.
import { clientRows, clientVersion, feedHead, matchesTarget, parseTarget, problem, safeFileName } from '@slipway/core'
import type { Json, PlannedArtifact, PlannedFeed, Problem, Target } from '@slipway/core'
import type { AppSettings, Project } from '../config/project.ts'
import type { AnyPackager } from '../packagers/packager.ts'
import { chosenFor, servedTargets } from '../feeds/render.ts'
import { caught } from './caught.ts'
import { fileNameOf } from './file-name.ts'
import { units } from './kinds.ts'

interface Planned {
  readonly artifacts: readonly PlannedArtifact[]
  readonly problems: readonly Problem[]
}

/** Every package of every target, sorted by file; a name that two share is refused. */
export const plannedArtifacts = (project: Project, settings: AppSettings, targets: readonly Target[]): Planned => {
  const chosen = settings.packages.map(({ id, options }) => ({ packager: units.packagers(id), options }))
  const ofTrees = chosen
    .filter(({ packager }) => packager.from === undefined && packager.shape === undefined)
    .flatMap(({ packager, options }) =>
      targets
        .filter(target => packs(packager, target, options) && !isTwin(packager, target, settings.targets))
        .map(target => onePackage(project, settings, { packager, target, options })),
    )
  const ofPackages = chosen.flatMap(({ packager, options }) =>
    sourceTargets(packager, options, ofTrees).map(target => onePackage(project, settings, { packager, target, options })),
  )
  const made = [...ofTrees, ...ofPackages]
  const shaping = chosen
    .filter(({ packager }) => packager.shape !== undefined)
    .flatMap(({ packager, options }) =>
      targets
        .filter(target => packs(packager, target, options))
        .flatMap(target =>
          placed(
            project,
            { packager, target },
            packager.check?.({ app: settings.app, target, targets: settings.targets }, options as never) ?? [],
          ),
        ),
    )
  const artifacts = made.map(one => one.artifact).sort((a, b) => (a.file < b.file ? -1 : 1))
  const twice = artifacts.filter((one, at) => artifacts.findIndex(other => other.file === one.file) !== at)
  const clashes = twice.map(one =>
    problem('plan/same-file', `${one.file} would be made for two targets`, {
      hint: `Put {target} into packages.${one.kind}.file`,
      where: project.locate(`packages.${one.kind}.file`),
    }),
  )
  return { artifacts, problems: [...shaping, ...made.flatMap(one => one.problems), ...clashes] }
}

/** Where a unit that is made from packages has any to be made from; `any` for one that joins them. */
const sourceTargets = (
  packager: AnyPackager,
  options: Readonly<Record<string, unknown>>,
  made: readonly { readonly artifact: PlannedArtifact }[],
): readonly Target[] => {
  const kinds = packager.from ?? []
  const targets = made
    .filter(({ artifact }) => kinds.includes(artifact.kind) && packs(packager, artifact.target, options))
    .map(({ artifact }) => artifact.target)
  return packager.joins === true ? ['any'].slice(0, targets.length) : [...new Set(targets)]
}

/** Whether the same architecture has another target, of the C library that this packager is for. */
const isTwin = ({ libc }: AnyPackager, target: Target, all: readonly Target[]): boolean => {
  const isMusl = target.endsWith('-musl')
  if (libc === undefined || isMusl === (libc === 'musl')) return false
  return all.includes(isMusl ? target.slice(0, -'-musl'.length) : `${target}-musl`)
}

/** Whether a packager packs a target: it knows the system, and its option `targets` does not leave it out. */
export const packs = (packager: AnyPackager, target: Target, options: Readonly<Record<string, unknown>>): boolean => {
  const only = options['targets'] as readonly string[] | undefined
  const os = parseTarget(target)?.os
  return (
    (os === 'any' || packager.os.includes(os as 'linux')) && (only === undefined || only.some(pattern => matchesTarget(pattern, target)))
  )
}

interface Making {
  readonly packager: AnyPackager
  readonly target: Target
  readonly options: Readonly<Record<string, unknown>>
}
const onePackage = (project: Project, settings: AppSettings, { packager, target, options }: Making) => {
  const insideOptions = settings.packages.find(one => one.id === packager.inside)?.options
  const naming = { app: settings.app, target, targets: settings.targets, ...(insideOptions && { insideOptions }) }
  const pattern = options['file'] as string | undefined
  const checked = packager.check?.(naming, options as never) ?? []
  const name = (): string =>
    pattern === undefined
      ? packager.fileName(naming, options as never)
      : fileNameOf(pattern, naming, packager.ext(target, options as never))
  const { made: file = `${settings.app.bin}-${target}.${packager.id}`, problems: unnamed } = caught(name)
  const path = `packages.${packager.id}`
  const unsafe = safeFileName(file)
    ? []
    : [
        problem('plan/file-name', `packages.${packager.id} would make a file named ${JSON.stringify(file)}`, {
          hint: 'A file name has no folders, no control characters and at most 255 bytes.',
          where: project.locate(`${path}.file`),
        }),
      ]
  const artifact: PlannedArtifact = {
    file,
    kind: packager.id,
    target,
    role: packager.role,
    signatures: settings.sign.filter(({ id }) => units.signers(id).package !== undefined).map(({ id }) => id),
    labels: labelsOf(project, settings, target),
  }
  return {
    artifact,
    problems: [
      ...unsafe,
      // A name that cannot be made is mostly one of the problems that were found already.
      ...placed(project, { packager, target }, [...checked, ...unnamed]),
    ],
  }
}

/** Problems of a unit, with the place of its key in the config where they name none. */
const placed = (
  project: Project,
  { packager, target }: Pick<Making, 'packager' | 'target'>,
  problems: readonly Problem[],
): readonly Problem[] =>
  problems.map(one => ({ ...one, where: { ...project.locate(one.where.path ?? `packages.${packager.id}`), target, ...one.where } }))

/** `dev` in that profile; `unsigned` where the system asks for a signature and no signer of it takes part (CONFIG 3, "Unsigned"; A18). */
const labelsOf = (project: Project, settings: AppSettings, target: Target): readonly string[] => {
  const os = parseTarget(target)?.os
  const signer = os === 'macos' ? 'codesign' : os === 'windows' ? 'authenticode' : undefined
  const unsigned = signer !== undefined && !settings.sign.some(({ id }) => id === signer)
  return [...(project.profile === 'dev' ? ['dev'] : []), ...(unsigned ? ['unsigned'] : [])]
}

/** A version that the client of a feed cannot hold or compare. */
const unspeakable = (project: Project, { app }: AppSettings, id: string): readonly Problem[] => {
  const order = Object.entries(clientRows).find(([client]) => client === id)?.[1].order ?? 'semver'
  const version = order === 'semver' ? null : clientVersion(order, app.version)
  if (version === null || !('refused' in version)) return []
  return [
    // explain: The clients of a feed cannot hold this version, or would compare it wrongly.
    problem('plan/feed-version', `feeds.${id} cannot offer ${app.version}: ${version.refused}`, {
      hint: 'Release a plain SemVer version, as 1.2.0 or 1.2.0-beta.2, or take the feed out.',
      where: project.locate(`feeds.${id}`),
    }),
  ]
}

/** Every feed with its heads and the files that each names. A target without any package is a problem of the config (exit 2). */
export const plannedFeeds = (
  project: Project,
  settings: AppSettings,
  { artifacts, channel }: { artifacts: readonly PlannedArtifact[]; channel: string },
) => {
  const problems: Problem[] = []
  const feeds = settings.feeds.map(({ id, options }): PlannedFeed => {
    const feed = units.feeds(id)
    const targets = servedTargets(feed, options, settings.targets)
    problems.push(
      ...(feed.check?.(targets, options as never) ?? []).map(one => ({
        ...one,
        where: { ...project.locate(one.where.path ?? `feeds.${id}`), ...one.where },
      })),
    )
    problems.push(...unspeakable(project, settings, id))
    const filesOf = (target: Target): readonly string[] => chosenFor({ feed, options }, target, artifacts).map(artifact => artifact.file)
    const heads = Object.entries(feed.heads(targets, options as never)).map(
      ([head, covered]) => [feedHead(channel, id, head), covered.flatMap(filesOf)] as const,
    )
    return { id, options: JSON.parse(JSON.stringify({ ...options, targets })) as Record<string, Json>, heads: Object.fromEntries(heads) }
  })
  return { feeds, problems }
}
