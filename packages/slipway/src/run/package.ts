// The steps of stage `package`: a tree becomes one file, from cache where nothing changed; its digests are taken while it streams.
import type { Hex, Json, Step, Target } from '@slipway/core'
import { letGo } from '@slipway/formats/bytes'
import { units } from '../plan/kinds.ts'
import type { AnyPackager, AssetFile, Facts, Source } from '../packagers/packager.ts'
import type { FileTree, TreeEntry, TreeFile } from '../tree.ts'
import { treeDigest, treeOf } from './build.ts'
import { readAssets } from './assets.ts'
import { keyOf } from './cache.ts'
import type { Digests, Found } from './cache.ts'
import { lending } from './lend.ts'
import { markedFor } from './marks.ts'
import type { StepReport, StepResult } from './schedule.ts'
import { noTree, sourcesDigest, sourcesOf } from './sources.ts'
import { need } from './work.ts'
import type { Made, Work } from './work.ts'

interface Packed {
  /** Without those that nobody has asked for yet. */
  readonly digests: Found | Digests
  readonly facts: Facts
}

export const performPackage = async (work: Work, step: Step, report: StepReport): Promise<StepResult> => {
  const unit = units.packagers(step.unit.slice('packagers/'.length))
  const file = step.makes[0] ?? ''
  const sources = sourcesOf(work, step)
  const tree = unit.from === undefined ? await markedFor(work, { packager: unit.id, step, report }, treeFor(work, step)) : noTree
  const from = unit.from === undefined ? treeDigest(tree) : sourcesDigest(sources)
  const { app, targets } = work.settings
  const naming = { app, target: step.target ?? '', targets }
  const assets = await readAssets(work.io, work.project, unit.assets?.(naming, step.options as never) ?? [])
  if (unit.shape !== undefined) return shape(work, { unit, step, report, assets, tree })
  const key = packageKey(work, step, { from, assets, executable: tree.executable, targets: unit.seesTargets === true ? targets : [] })
  const known = await keptPackage(work, key)
  const packed = known ?? (await pack(work, { unit, step, report, assets, tree, sources }))
  if (known === null) await work.cache.write(key, packed as unknown as Json)
  const planned = work.planned.artifacts.find(one => one.file === file)
  const { sha256, sizeBytes } = packed.digests
  const path = work.cache.blob(sha256)
  const artifact: Made['artifact'] = {
    file,
    kind: unit.id,
    target: step.target ?? '',
    role: planned?.role ?? unit.role,
    sizeBytes,
    sha256,
    from: unit.from === undefined ? [from] : sources.map(one => one.sha256),
    signed: 'no',
    signatures: {},
    facts: packed.facts,
    labels: planned?.labels ?? [],
    features: [],
  }
  work.made.set(file, { artifact, digests: allDigests(work, file, packed.digests), path })
  // Made again from the cache after a power cut; what is published is made durable there.
  await work.io.files.copy(path, `${work.settings.out}/${file}`, { durable: false, ...modeOf(unit) })
  return { outcome: known === null ? 'done' : 'cached', reason: `${file} ${sha256}`, bytes: sizeBytes }
}

/** Null: it is to be packed. Digests that an earlier run had no need of are taken while the bytes are checked. */
const keptPackage = async (work: Work, key: Hex): Promise<Packed | null> => {
  const known = (await work.cache.read(key)) as unknown as Packed | null
  if (known === null) return null
  const { sha256, sizeBytes } = known.digests
  if (hasAll(known.digests) || !isReleased(work)) return (await work.cache.has(sha256, sizeBytes)) ? known : null
  const digests = await work.cache.sum(known.digests)
  if (digests === null) return null
  const packed = { ...known, digests }
  await work.cache.write(key, packed as unknown as Json)
  return packed
}

const hasAll = (digests: Found | Digests): digests is Digests => 'blake2b512' in digests

/** Whether the run goes on to what names all digests; a run that ends with packages does not. */
const isReleased = ({ plan, settings }: Work): boolean =>
  plan.steps.some(one => one.app === settings.app.key && (one.unit === 'release/record' || one.unit.startsWith('signers/')))

const allDigests = (work: Work, file: string, known: Found | Digests): Made['digests'] => {
  let summed: Promise<Digests> | undefined
  const sum = async (): Promise<Digests> => (hasAll(known) ? known : need((await work.cache.sum(known)) ?? undefined, `whole ${file}`))
  return () => (summed ??= sum())
}

/** The tree that the needed step left: of the unit that shaped it, else of the builder. */
const treeFor = ({ shaped, ...work }: Work, { needs, target = '' }: Step): FileTree =>
  needs.map(id => shaped.get(id)).find(tree => tree !== undefined) ?? treeOf(work as Work, target)

const shape = async (work: Work, { unit, step, report, assets, tree }: Omit<Job, 'sources'>): Promise<StepResult> => {
  const { app, targets } = work.settings
  const target = step.target ?? ''
  const { lend, giveBack } = lending(work, { unit, target })
  try {
    const { note } = report
    const shaped = await unit.shape?.({ app, target, targets, tree, date: work.date, assets, lend, note }, step.options as never)
    work.shaped.set(step.id, shaped ?? tree)
  } finally {
    await giveBack()
  }
  return { outcome: 'done' }
}

/** Whoever tries the file at once would otherwise have to make it executable first. */
const modeOf = ({ starts }: AnyPackager): { readonly mode?: number } => (starts === true ? { mode: 0o755 } : {})

type Assets = ReadonlyMap<string, AssetFile>
interface Inputs {
  readonly from: Hex
  readonly assets: Assets
  readonly executable: string
  readonly targets: readonly Target[]
}

const packageKey = (work: Work, step: Step, { from, assets, executable, targets }: Inputs): Hex =>
  keyOf({
    kind: 'package',
    unit: step.unit,
    code: work.code,
    options: step.options,
    target: step.target ?? '',
    file: step.makes[0] ?? '',
    app: work.settings.app as unknown as Json,
    executable,
    // Only of a unit that looks at them: no other package changes with a new target.
    ...(targets.length > 0 ? { targets } : {}),
    from,
    assets: Object.fromEntries([...assets].map(([path, file]) => [path, file.sha256])),
    date: work.date,
    zlib: work.io.host.zlibVersion,
  })

interface Job {
  readonly unit: AnyPackager
  readonly step: Step
  readonly report: StepReport
  readonly assets: Assets
  readonly tree: FileTree
  readonly sources: readonly Source[]
}

const pack = async (work: Work, { unit, step, report, assets, tree: unheard, sources }: Job): Promise<Packed> => {
  const tree = heard(unheard, report.progress)
  let facts: Facts = {}
  const { files } = work.io
  const waiting: string[] = []
  const spool = async (content: AsyncIterable<Uint8Array>): Promise<() => AsyncIterable<Uint8Array>> => {
    const path = `${work.cache.folder}/incoming/${Buffer.from(work.io.random(12)).toString('hex')}.spool`
    waiting.push(path)
    await files.write(path, content, { durable: false })
    return () => files.stream(path)
  }
  const { lend, giveBack } = lending(work, { unit, target: step.target ?? '' })
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    const packing = unit.pack(
      {
        ...{
          app: work.settings.app,
          target: step.target ?? '',
          targets: work.settings.targets,
          tree,
          date: work.date,
          assets,
          sources,
          spool,
          lend,
        },
        ...(work.io.threads === undefined ? {} : { deflate: work.io.threads.deflate, lzfse: work.io.threads.lzfse }),
      },
      step.options as never,
    )
    for (let next = await packing.next(); ; next = await packing.next()) {
      work.signal.throwIfAborted()
      if (next.done === true) return void (facts = next.value)
      yield next.value
    }
  }
  try {
    const digests = await (isReleased(work) ? work.cache.store(bytes()) : work.cache.keep(bytes()))
    return { digests, facts }
  } finally {
    await giveBack()
    for (const path of waiting) await files.remove(path)
  }
}

/** Chunks of this size are read for this purpose alone, and nothing that looks back at them is as large. */
const largeChunkBytes = 1 << 18

/** The same tree, which reports how much of its files has gone in. */
const heard = (tree: FileTree, progress: (done: number, total: number) => void): FileTree => {
  // Of very many files only those that take a while are heard: what listens to one takes more memory than a small file.
  const leastHeardBytes = tree.entries.length > manyEntries ? largeFileBytes : 0
  const isHeard = (entry: TreeEntry): entry is TreeFile => entry.type === 'file' && entry.sizeBytes >= leastHeardBytes
  const total = tree.entries.reduce((sum, entry) => sum + (isHeard(entry) ? entry.sizeBytes : 0), 0)
  const leastBytes = total / mostReports
  let sum = 0
  let reported = 0
  const entries = tree.entries.map(entry => {
    if (!isHeard(entry)) return entry
    let heardBytes = 0
    const hear = (done: number): void => {
      if (done <= heardBytes) return
      sum += done - heardBytes
      heardBytes = done
      if (sum - reported < leastBytes && sum < total) return
      reported = sum
      progress(sum, total)
    }
    return { ...entry, bytes: () => streamed(entry, hear), deflated: (level: number) => entry.deflated(level, hear) }
  })
  return { ...tree, entries }
}

const manyEntries = 10_000
const largeFileBytes = 1 << 16
/** Nobody sees smaller steps, and an app may have a hundred thousand files. */
const mostReports = 1000

async function* streamed(file: TreeFile, hear: (done: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of file.bytes()) {
    const { length } = chunk
    yield chunk
    hear((done += length))
    // Else a large tree fills the memory until the garbage collector comes.
    if (length >= largeChunkBytes) letGo(chunk)
  }
}
