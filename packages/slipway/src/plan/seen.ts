// What packages are made from, as it lies on this machine before anything is built: files of the project, sizes of an app folder that exists already.
import { SlipwayError, type Problem, type Target } from '@slipway/core'
import { isPure, type Looked } from '../builders/builder.ts'
import type { AppSettings, ChosenUnit, Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import { macTreeProblems } from '../packagers/mac/tree.ts'
import { tooLarge, type Asset, type Naming, type SizedEntry } from '../packagers/packager.ts'
import { assetProblems, readAssetFiles, seeAssets, type SeenAssets } from './assets.ts'
import { units } from './kinds.ts'

export interface Seen {
  readonly assets: SeenAssets
  /** `<app> <target>` -> its app folder, where it exists before a build. */
  readonly folders: ReadonlyMap<string, Looked>
}
export interface SeenPackage {
  readonly kind: string
  readonly target: Target
  readonly builder: ChosenUnit
  readonly seen: Seen
}

/** Reads what the packages of a project would read. Nothing is refused yet. */
export const seeSources = async (io: Io, project: Project, builderOf: (app: AppSettings, target: Target) => ChosenUnit): Promise<Seen> => {
  const folders = new Map<string, Looked>()
  const assets: Asset[] = []
  for (const settings of project.apps) {
    const { app, packages } = settings
    for (const target of settings.targets) {
      for (const { id, options } of packages) assets.push(...(units.packagers(id).assets?.({ app, target }, options as never) ?? []))
      if (settings.build.length === 0) continue
      const found = await lookAt(io, project, { settings, target, builder: builderOf(settings, target) })
      if (found !== null) folders.set(`${app.key} ${target}`, found)
    }
  }
  return { assets: await seeAssets(io, project.root, assets), folders }
}

interface Look {
  readonly settings: AppSettings
  readonly target: Target
  readonly builder: ChosenUnit | undefined
}
const lookAt = async (io: Io, { root }: Project, { settings, target, builder }: Look): Promise<Looked | null> => {
  if (builder === undefined) return null
  try {
    return (await units.builders(builder.id).look?.({ app: settings.app, target, channel: '', root, io }, builder.options as never)) ?? null
  } catch (error) {
    // What cannot be looked at now is said by the build.
    if (error instanceof SlipwayError) return null
    throw error
  }
}

/** What is certain already to be wrong with one package. Codes: those of `assetProblems` and of the packager's `examine` and `fits`, `packagers/too-large`, those of mac/tree.ts. */
export const seenProblems = (project: Project, settings: AppSettings, planned: SeenPackage): readonly Problem[] => {
  const { kind, target, builder, seen } = planned
  const unit = units.packagers(kind)
  const options = (settings.packages.find(one => one.id === kind)?.options ?? {}) as never
  const naming: Naming = { app: settings.app, target }
  // A user's own command may still make a file that is not there yet.
  const isCertain = isPure(units.builders(builder.id), builder.options)
  const assets = (unit.assets?.(naming, options) ?? []).map(one => (isCertain ? one : { ...one, optional: true }))
  const wrong = unit.examine?.(naming, options, readAssetFiles(seen.assets)) ?? []
  const folder = seen.folders.get(`${settings.app.key} ${target}`)
  const { files = [], problems = [] } = folder ?? {}
  const entries = folder === undefined ? [] : asEntries(folder)
  return [
    ...problems.map(one => placed(project, one, `build.${builder.id}`)),
    ...assetProblems(assets, seen.assets, project.locate),
    ...wrong.map(one => placed(project, one, `packages.${kind}`)),
    ...(unit.limits === undefined ? [] : tooLarge(files, unit.limits, { kind, target })),
    // What is wrong for every package of a Mac alike is said once, of no package.
    ...macTreeProblems(entries, { id: kind, target, ...(unit.topFolder && { topFolder: true }) }).map(one =>
      one.where.path === undefined ? one : placed(project, one, one.where.path),
    ),
    ...(folder === undefined ? [] : (unit.fits?.(naming, options, entries) ?? [])).map(one => placed(project, one, `packages.${kind}`)),
  ]
}

/** With the line of its key in the config, unless it is about another file. */
const placed = (project: Project, one: Problem, path: string): Problem =>
  one.where.file === undefined
    ? { ...one, where: { ...project.locate(one.where.path ?? path), ...one.where } }
    : { ...one, where: { path, ...one.where } }

const asEntries = ({ files, others = [] }: Looked): readonly SizedEntry[] => [
  ...files.map(one => ({ type: 'file' as const, ...one })),
  ...others,
]
