// What an app needs, in its folder: a pinned program beside its own, or a launcher that looks for one on the user's machine.
import { digestOf, fail, isNamedLike, parseTarget, pinFor, shippedPath } from '@slipway/core'
import type { Json, Need, Target } from '@slipway/core'
import { identify } from '@slipway/formats/identify'
import { extract, fetchNpm, fillPlaceholders, findExecutable, foreignProgram, npmInput } from '../builders/builder.ts'
import type { ArchiveKind, BuildJob } from '../builders/builder.ts'
import type { FileTree, TreeEntry, TreeFile } from '../tree.ts'
import { keptFile, once } from './kept-file.ts'
import { sha256Of } from './cache.ts'
import { launcherText } from './launcher.ts'
import { need as known } from './work.ts'
import type { Work } from './work.ts'

/**
 * The tree with what `app.needs` asks for. Codes: `needs/in-app-folder`, `needs/same-path`, `needs/not-found`, `needs/wrong-digest`,
 * `needs/wrong-program`, and those of fetching and unpacking.
 */
export const withNeeds = async (work: Work, job: BuildJob, tree: FileTree): Promise<FileTree> => {
  const { needs } = work.settings.app
  if (needs.length === 0) return tree
  const found = needs.filter(one => one.bundle === undefined)
  for (const need of found) refuseShipped(need, job.target, tree)
  const entries: TreeEntry[] = [...tree.entries]
  for (const need of needs) {
    if (need.bundle === undefined) continue
    const path = shippedPath(need, { executable: tree.executable, target: job.target })
    if (entries.some(one => one.path === path)) refuseSamePath(need, path, job.target)
    entries.push(await shipped(work, { job, need, path }))
  }
  return launched(work, job, { found, tree: { ...tree, entries: sorted(entries) } })
}

const sorted = (entries: readonly TreeEntry[]): readonly TreeEntry[] => entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))

/** Declared as found on the user's machine: then it must not lie in the app folder. */
const refuseShipped = ({ program }: Need, target: Target, tree: FileTree): void => {
  const windows = parseTarget(target)?.os === 'windows'
  const entry = tree.entries.find(
    one => isNamedLike(one.path, program) && (one.type === 'link' || (one.type === 'file' && (windows || (one.mode & 0o111) !== 0))),
  )
  if (entry !== undefined)
    // explain: A program that is declared as looked for on the user's machine lies in the app folder all the same.
    fail('needs/in-app-folder', `${program} is looked for on the user's machine, and the app folder ships ${JSON.stringify(entry.path)}`, {
      hint: `Take the file out, or ship it on purpose: needs: { ${JSON.stringify(program)}: { version, bundle, sha256 } }.`,
      where: { path: `app.needs.${program}`, target, file: entry.path },
    })
}

interface Asked {
  readonly job: BuildJob
  readonly need: Need
  /** In the app folder. */
  readonly path: string
}

const shipped = async (work: Work, { job, need, path }: Asked): Promise<TreeFile> => {
  const pin = pinFor(need.bundle ?? { from: '', sha256: '' }, job.target)
  // The plan refuses what has no pin.
  const [from, sha256] = [known(pin.from, `source of ${need.program}`), known(pin.sha256, `sha256 of ${need.program}`)]
  const where = { path: `app.needs.${need.program}`, target: job.target }
  const kept = work.cache.blob(sha256)
  const facts = await work.io.files.stat(kept)
  const isKept = facts !== null && (await work.cache.has(sha256, facts.sizeBytes))
  const file = isKept ? kept : await fetched({ job, need, path }, from)
  const digest = isKept ? sha256 : await sha256Of(work.io.files.stream(file))
  if (digest !== sha256)
    // explain: A program that is shipped has other bytes than app.needs pins for this target.
    fail('needs/wrong-digest', `${need.program} ${need.version} for ${job.target} has the sha256 ${digest}, and ${sha256} is pinned`, {
      hint: 'Find out who changed it. If the new bytes are right, write their digest and their version.',
      where,
      exit: 'corrupt',
    })
  const foreign = await foreignProgram(work.io, file, job.target)
  if (foreign !== null)
    // explain: A program that is shipped is for another system or architecture than the package.
    fail('needs/wrong-program', `${need.program} for ${job.target} is ${foreign}`, {
      hint: `Name the program for ${job.target} in bundle, and pin its digest.`,
      where,
    })
  const { sizeBytes } = isKept ? facts : await work.cache.keep(work.io.files.stream(file))
  return keptFile(work, { path, mode: 0o755, sha256, sizeBytes })
}

/** Absolute path of the program; where it comes in an archive or package, of the one file in it that is named like it. */
const fetched = async ({ job, need }: Asked, said: string): Promise<string> => {
  const from = fillPlaceholders(said, job)
  const scratch = `${job.scratch}/needs/${need.program}`
  if (from.startsWith('npm:')) {
    const path = `app.needs.${need.program}.bundle`
    const file = await fetchNpm({ ...job, scratch, path }, npmInput(from, need.version, path))
    return unpacked({ job, need, path: file }, 'gzip', scratch)
  }
  const path = from.startsWith('/') ? from : `${job.root}/${from}`
  const facts = await job.io.files.stat(path)
  if (facts?.type === 'folder') return programIn({ job, need, path: from }, path)
  if (facts?.type !== 'file') return refuseMissing({ job, need, path: from })
  const source = await job.io.files.open(path)
  const kind = await kindOf(source)
  return isArchive(kind) ? unpacked({ job, need, path }, kind, scratch) : path
}

const kindOf = async (source: Awaited<ReturnType<BuildJob['io']['files']['open']>>): Promise<string> => {
  try {
    return await identify(source)
  } finally {
    await source.close()
  }
}

const isArchive = (kind: string): kind is ArchiveKind => ['gzip', 'zstd', 'tar', 'zip'].includes(kind)

const unpacked = async ({ job, need, path }: Asked, kind: ArchiveKind, scratch: string): Promise<string> => {
  const folder = `${scratch}/unpacked`
  await extract(job.io, path, { kind, folder })
  return programIn({ job, need, path }, folder)
}

const programIn = async (asked: Asked, folder: string): Promise<string> => {
  const { job, need } = asked
  const path = findExecutable(await job.scan(folder), { ...job.app, bin: need.program }, { target: job.target })
  return path === null ? refuseMissing(asked) : `${folder}/${path}`
}

const refuseMissing = ({ job, need, path }: Asked): never =>
  fail('needs/not-found', `${JSON.stringify(path)}, which ${need.program} is shipped from, holds no such program`, {
    hint: `Fetch it before, or correct app.needs.${need.program}.bundle.`,
    where: { path: `app.needs.${need.program}`, target: job.target, file: path },
  })

const refuseSamePath = ({ program }: Need, path: string, target: Target): never =>
  fail('needs/same-path', `the app folder holds ${JSON.stringify(path)} already`, {
    hint: 'Rename that file: the programs of app.needs stand beside the app.',
    where: { path: `app.needs.${program}`, target, file: path },
  })

/** Takes the place of the app's program, which keeps its folder under another name: its own path still leads to its own files. */
const launched = async (
  work: Work,
  { target, app }: BuildJob,
  { found, tree }: { readonly found: readonly Need[]; readonly tree: FileTree },
): Promise<FileTree> => {
  const { executable } = tree
  // A bundle of macOS is started by the system, and a program of Windows by its own name: neither may be a script.
  const os = parseTarget(target)?.os
  if (found.length === 0 || os === 'windows' || /\.app\//.test(executable)) return tree
  const program = `${executable}-program`
  if (tree.entries.some(one => one.path === program)) refuseSamePath(found[0] as Need, program, target)
  const digest = digestOf(found.map(one => ({ program: one.program, version: one.version })) satisfies Json)
  const text = launcherText({ bin: app.bin, program: program.slice(program.lastIndexOf('/') + 1), needs: found, digest })
  const bytes = new TextEncoder().encode(text)
  const kept = await work.cache.keep(once(bytes))
  const launcher = keptFile(work, { path: executable, mode: 0o755, ...kept })
  const others = tree.entries.map(one => (one.path === executable ? { ...one, path: program } : one))
  return { entries: sorted([...others, launcher]), executable, program }
}
