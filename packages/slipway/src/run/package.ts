// The steps of stage `package`: a tree becomes one file, from cache where nothing changed; digests are taken while it streams.
import type { Artifact, Hex, Json, Step } from '@slipway/core'
import { units } from '../plan/kinds.ts'
import type { AnyPackager, AssetFile, Facts, Source } from '../packagers/packager.ts'
import type { FileTree, TreeFile } from '../tree.ts'
import { treeDigest, treeOf } from './build.ts'
import { readAssets } from './assets.ts'
import { keyOf } from './cache.ts'
import type { Digests } from './cache.ts'
import type { StepReport, StepResult } from './schedule.ts'
import { noTree, sourcesDigest, sourcesOf } from './sources.ts'
import type { Work } from './work.ts'

interface Packed {
  readonly digests: Digests
  readonly facts: Facts
}

export const performPackage = async (work: Work, step: Step, report: StepReport): Promise<StepResult> => {
  const unit = units.packagers(step.unit.slice('packagers/'.length))
  const file = step.makes[0] ?? ''
  const sources = sourcesOf(work, step)
  const tree = unit.from === undefined ? treeOf(work, step.target ?? '') : noTree
  const from = unit.from === undefined ? treeDigest(tree) : sourcesDigest(sources)
  const naming = { app: work.settings.app, target: step.target ?? '' }
  const assets = await readAssets(work.io, work.project, unit.assets?.(naming, step.options as never) ?? [])
  const key = packageKey(work, step, { from, assets, executable: tree.executable })
  const known = (await work.cache.read(key)) as unknown as Packed | null
  const usable = known !== null && (await work.cache.has(known.digests.sha256, known.digests.sizeBytes))
  const packed = usable ? known : await pack(work, { unit, step, report, assets, tree, sources })
  if (!usable) await work.cache.write(key, packed as unknown as Json)
  const planned = work.planned.artifacts.find(one => one.file === file)
  const path = work.cache.blob(packed.digests.sha256)
  const { blake2b512, ...digests } = packed.digests
  const artifact: Artifact = {
    file,
    kind: unit.id,
    target: step.target ?? '',
    role: planned?.role ?? unit.role,
    ...digests,
    from: unit.from === undefined ? [from] : sources.map(one => one.sha256),
    signed: 'no',
    signatures: {},
    facts: packed.facts,
    labels: planned?.labels ?? [],
    features: [],
  }
  work.made.set(file, { artifact, blake2b512, path })
  await work.io.files.copy(path, `${work.settings.out}/${file}`)
  return { outcome: usable ? 'cached' : 'done', reason: `${file} ${digests.sha256}`, bytes: digests.sizeBytes }
}

type Assets = ReadonlyMap<string, AssetFile>

const packageKey = (
  work: Work,
  step: Step,
  { from, assets, executable }: { readonly from: Hex; readonly assets: Assets; readonly executable: string },
): Hex =>
  keyOf({
    kind: 'package',
    unit: step.unit,
    code: work.code,
    options: step.options,
    target: step.target ?? '',
    file: step.makes[0] ?? '',
    app: work.settings.app as unknown as Json,
    executable,
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
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    const packing = unit.pack(
      { app: work.settings.app, target: step.target ?? '', tree, date: work.date, assets, sources, spool },
      step.options as never,
    )
    for (let next = await packing.next(); ; next = await packing.next()) {
      work.signal.throwIfAborted()
      if (next.done === true) return void (facts = next.value)
      yield next.value
    }
  }
  try {
    const digests = await work.cache.store(bytes())
    return { digests, facts }
  } finally {
    for (const path of waiting) await files.remove(path)
  }
}

/** The same tree, which reports how much of its files has gone in. */
const heard = (tree: FileTree, progress: (done: number, total: number) => void): FileTree => {
  const files = tree.entries.filter(entry => entry.type === 'file')
  const total = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  const read = new Map<string, number>()
  const hear = (path: string, done: number): void => {
    read.set(path, Math.max(done, read.get(path) ?? 0))
    progress(
      [...read.values()].reduce((sum, bytes) => sum + bytes, 0),
      total,
    )
  }
  const streamed = async function* (file: TreeFile): AsyncGenerator<Uint8Array> {
    let done = 0
    for await (const chunk of file.bytes()) {
      yield chunk
      hear(file.path, (done += chunk.length))
    }
  }
  const entries = tree.entries.map(entry =>
    entry.type === 'file'
      ? { ...entry, bytes: () => streamed(entry), deflated: (level: number) => entry.deflated(level, done => hear(entry.path, done)) }
      : entry,
  )
  return { ...tree, entries }
}
