// join: a universal macOS app of the two that other builders made: equal files once, programs as two slices of one file.
import { fail } from '@slipway/core'
import type { Target } from '@slipway/core'
import { collect, fromBytes } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { asThinFile, joinMachO, splitMachO } from '@slipway/formats/macho/fat'
import type { FileTree, TreeEntry, TreeFile } from '../tree.ts'
import { builder, treeWith, type BuildJob } from './builder.ts'

const limitProgramBytes = 2 ** 31
const parts = ['macos-x64', 'macos-arm64'] as const

/** Each slice keeps its own signature. Codes: `join/only-in-one`, `join/differs`, `join/not-joinable`. */
export const join = builder({
  id: 'join',
  title: 'a universal macOS app of the two that other builders make',
  options: {},
  pure: true,
  targets: () => ['macos-universal'],
  joins: parts,
  build: async job => {
    const trees = parts.map(target => treeOf(job, target))
    const [first, second] = trees as [FileTree, FileTree]
    const folder = `${job.scratch}/tree`
    await job.io.files.remove(folder)
    await job.io.files.makeFolder(folder)
    const others = new Map(second.entries.map(one => [one.path, one]))
    refuseLonely(job, first, second)
    const more = second.entries.filter(one => isSnapshot(one.path) && !first.entries.some(({ path }) => path === one.path))
    for (const entry of [...first.entries, ...more])
      await place(job, { entry, other: others.get(entry.path) ?? entry, path: `${folder}/${entry.path}` })
    return treeWith(await job.scan(folder), first.executable)
  },
})

const treeOf = ({ trees }: BuildJob, target: Target): FileTree =>
  trees?.get(target) ??
  fail('join/not-joinable', `${target} was not built`, {
    hint: 'Add macos-x64 and macos-arm64 to targets: a universal app is made of both.',
    where: { path: 'targets', target: 'macos-universal' },
  })

const refuseLonely = ({ target }: BuildJob, first: FileTree, second: FileTree): void => {
  const [ours, theirs] = [first, second].map(tree => new Set(tree.entries.map(one => one.path).filter(path => !isSnapshot(path)))) as [
    Set<string>,
    Set<string>,
  ]
  const lonely = [...ours].find(path => !theirs.has(path)) ?? [...theirs].find(path => !ours.has(path))
  if (lonely === undefined) return
  const only = ours.has(lonely) ? parts[0] : parts[1]
  // explain: A file of the one app is missing in the other, so that they cannot be joined to a universal app.
  fail('join/only-in-one', `only ${only} has ${JSON.stringify(lonely)}`, {
    hint: 'Both apps need the same files: build them with the same options, or take the file out of one.',
    where: { path: 'build.join', target, file: lonely },
  })
}

/** V8's snapshot for one processor, which Electron looks for by its name: both stand in a universal app. */
const isSnapshot = (path: string): boolean => /(^|\/)\w*v8_context_snapshot\.(arm64|x86_64)\.bin$/.test(path)
/** Xcode writes these in another order each time, and either does for both (as @electron/universal has it). */
const isInterface = (path: string): boolean => /(^|\/)MainMenu\.nib(\/|$)/.test(path)

interface Placing {
  readonly entry: TreeEntry
  readonly other: TreeEntry
  readonly path: string
}
const place = async (job: BuildJob, { entry, other, path }: Placing): Promise<void> => {
  const { files } = job.io
  if (entry.type === 'folder' && other.type === 'folder') return files.makeFolder(path)
  if (entry.type === 'link' && other.type === 'link' && entry.linkTarget === other.linkTarget) return files.link(entry.linkTarget, path)
  if (entry.type !== 'file' || other.type !== 'file') return differs(job, entry)
  if (entry.sha256 === other.sha256 || isInterface(entry.path))
    return files.write(path, entry.bytes(), { mode: entry.mode, durable: false })
  const [one, two] = await Promise.all([entry, other].map(bytesOf))
  if (one === undefined || two === undefined || !(await isProgram(one)) || !(await isProgram(two))) return differs(job, entry)
  try {
    const slices = (await Promise.all([one, two].map(bytes => splitMachO(fromBytes(bytes))))).flat()
    return await files.write(path, joinMachO(slices.map(asThinFile)).chunks(), { mode: entry.mode, durable: false })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return fail('join/not-joinable', `${JSON.stringify(entry.path)} cannot be joined: ${error.message}`, {
      hint: 'Build each app for its own architecture alone.',
      where: { path: 'build.join', target: job.target, file: entry.path },
    })
  }
}

const bytesOf = (file: TreeFile): Promise<Uint8Array> => collect(file.bytes(), limitProgramBytes)
const isProgram = async (bytes: Uint8Array): Promise<boolean> => (await identify(fromBytes(bytes))).startsWith('macho')

const differs = ({ target }: BuildJob, { path }: TreeEntry): never =>
  fail('join/differs', `${JSON.stringify(path)} is not the same in both apps, and is no program`, {
    hint: 'Make it the same in both, as a date or a path in it; only programs can differ.',
    where: { path: 'build.join', target, file: path },
  })
