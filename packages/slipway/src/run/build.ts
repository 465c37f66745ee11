// The steps of stage `build`: a builder's folder becomes a file tree; a user's own command is run again only when its inputs changed.
import { createHash } from 'node:crypto'
import { canonical, fail } from '@slipway/core'
import type { Hex, Json, Step } from '@slipway/core'
import { lockInput } from '../config/lock.ts'
import type { Project } from '../config/project.ts'
import { units } from '../plan/kinds.ts'
import { scanTree } from '../scan-tree.ts'
import type { FileTree, TreeEntry } from '../tree.ts'
import { isPure, type AnyBuilder, type BuildJob } from '../builders/builder.ts'
import { withAppearance } from './appearance.ts'
import { keyOf } from './cache.ts'
import { keptFile } from './kept-file.ts'
import { withNeeds } from './needs.ts'
import type { StepReport, StepResult } from './schedule.ts'
import { sourceState } from './source-state.ts'
import type { Work } from './work.ts'

export const performBuild = async (work: Work, step: Step, report: StepReport): Promise<StepResult> => {
  const target = step.target ?? ''
  const unit = units.builders(step.unit.slice('builders/'.length))
  const key = await buildKey(work, unit, step)
  const known = key === null ? null : await restored(work, key)
  if (known !== null) {
    work.trees.set(target, await finished(work, jobOf(work, { unit, step, report }), { unit, tree: known }))
    return { outcome: 'cached', bytes: sizeOf(known) }
  }
  const job = jobOf(work, { unit, step, report })
  const locked = work.project.profile === 'dev' ? await pinInputs(work, job, { unit, options: step.options }) : job.locked
  const tree = await unit.build({ ...job, locked }, step.options as never)
  work.trees.set(target, await finished(work, job, { unit, tree }))
  if (key !== null) await keep(work, key, tree)
  return { outcome: 'done', bytes: sizeOf(tree) }
}

/** What every packager of the target is given, whoever built it. */
const finished = async (work: Work, job: BuildJob, { unit, tree }: { unit: AnyBuilder; tree: FileTree }): Promise<FileTree> =>
  withNeeds(work, job, await withAppearance(work, job, { tree, isRuntime: unit.isRuntime === true }))

const jobOf = (work: Work, { unit, step, report }: { unit: AnyBuilder; step: Step; report: StepReport }): BuildJob => {
  const { settings, project, cache, io } = work
  const target = step.target ?? ''
  const { key, version } = settings.app
  return {
    app: settings.app,
    target,
    channel: work.planned.channel,
    root: project.root,
    scratch: `${cache.folder}/build/${keyOf({ unit: unit.id, options: step.options, target, app: key, version })}`,
    locked: project.locked,
    date: work.date,
    commit: commitOf(project),
    io,
    trees: work.trees,
    signal: work.signal,
    note: report.note,
    scan: folder => scanTree(folder, io, { deflate: work.deflated, modes: settings.app.modes }),
  }
}

const commitOf = ({ commits, dirty }: Project): string => {
  const commit = commits['.'] ?? ''
  return commit !== '' && dirty ? `${commit}-dirty` : commit
}

/** In profile `dev` inputs that slipway.lock does not hold yet are fetched and pinned there (CONFIG 3). */
const pinInputs = async (
  { io, project }: Work,
  job: BuildJob,
  { unit, options }: { unit: AnyBuilder; options: Step['options'] },
): Promise<Readonly<Record<string, string>>> => {
  const pins: Record<string, string> = { ...project.locked }
  for (const source of unit.inputs?.(job, options as never) ?? []) {
    if (pins[source] !== undefined || unit.pin === undefined) continue
    const integrity = await unit.pin(job, source, options as never)
    pins[source] = integrity
    await lockInput(io, project.root, { source, integrity })
    job.note(`${source} is pinned in slipway.lock`)
  }
  return pins
}

/** Null: the inputs of a user's command are not known (no git), so it is run each time; or what is built needs no cache. */
const buildKey = async (work: Work, unit: AnyBuilder, step: Step): Promise<Hex | null> => {
  if (isPure(unit, step.options)) return null
  const state = await sourceState(work.io, work.project)
  if (state === null) return null
  return keyOf({
    kind: 'build',
    unit: unit.id,
    code: work.code,
    options: step.options,
    target: step.target ?? '',
    app: work.settings.app as unknown as Json,
    state,
  })
}

interface KeptTree {
  readonly executable: string
  readonly entries: readonly ({ readonly type: string; readonly path: string } & Readonly<Record<string, Json>>)[]
}

const keep = async (work: Work, key: Hex, tree: FileTree): Promise<void> => {
  for (const entry of tree.entries) if (entry.type === 'file') await work.cache.keep(entry.bytes())
  const entries = tree.entries.map(entry => JSON.parse(JSON.stringify({ ...entry, source: undefined })) as KeptTree['entries'][number])
  await work.cache.write(key, { executable: tree.executable, entries } as unknown as Json)
}

const restored = async (work: Work, key: Hex): Promise<FileTree | null> => {
  const kept = (await work.cache.read(key)) as unknown as KeptTree | null
  if (kept === null) return null
  const entries: TreeEntry[] = []
  for (const entry of kept.entries as unknown as readonly TreeEntry[]) {
    if (entry.type !== 'file') entries.push(entry)
    else if (await work.cache.has(entry.sha256, entry.sizeBytes)) {
      // Their own paths in the folder that was built mean nothing any more.
      entries.push(keptFile(work, entry))
    } else return null
  }
  return { executable: kept.executable, entries }
}

/** What a package is made from, as one digest: `digestOf` of the entries, without the text of all of them at once. */
export const treeDigest = (tree: FileTree): Hex => {
  const hash = createHash('sha256').update('[')
  let text = ''
  for (const [index, entry] of tree.entries.entries()) {
    text += `${index === 0 ? '' : ','}${canonical(identityOf(entry))}`
    if (text.length < 1 << 16) continue
    hash.update(text)
    text = ''
  }
  return hash.update(`${text}]`).digest('hex')
}

const identityOf = (entry: TreeEntry): Json => {
  if (entry.type === 'link') return { type: entry.type, path: entry.path, to: entry.linkTarget }
  if (entry.type === 'folder') return { type: entry.type, path: entry.path, mode: entry.mode }
  return { type: entry.type, path: entry.path, mode: entry.mode, sha256: entry.sha256, sizeBytes: entry.sizeBytes }
}

const sizeOf = (tree: FileTree): number => tree.entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.sizeBytes : 0), 0)

/** The tree of a target that an earlier step built. */
export const treeOf = (work: Work, target: string): FileTree =>
  work.trees.get(target) ??
  fail('run/no-tree', `${target} was not built`, { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
