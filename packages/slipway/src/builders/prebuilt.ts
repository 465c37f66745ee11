// prebuilt: takes what exists already, a folder, an archive, an executable, an npm platform package or a wheel, as the app folder.
import { fail, failAll, parseTarget, problem, type Problem, type Target } from '@slipway/core'
import { identify } from '@slipway/formats/identify'
import * as z from 'zod'
import type { FileTree } from '../tree.ts'
import {
  builder,
  bundleProgram,
  extract,
  fetchNpm,
  fetchWheel,
  fillPlaceholders,
  findExecutable,
  foreignProgram,
  integrityOf,
  lockedTarball,
  lockedWheel,
  npmInput,
  entriesBelow,
  pypiSource,
  treeWith,
  valueFor,
  type ArchiveKind,
  type BuildJob,
  type BuildSubject,
  type PypiSource,
} from './builder.ts'

const fromPath = 'build.prebuilt.from'

interface Options {
  readonly from?: string | Readonly<Record<string, string>> | undefined
  readonly bin?: string | undefined
}

/**
 * Codes: `prebuilt/no-from`, `prebuilt/missing`, `prebuilt/empty`, `prebuilt/no-executable`, `prebuilt/wrong-binary`, and those of
 * `lockedTarball`, `npmInput`, `lockedWheel`, `pypiSource` and `extract`.
 */
export const prebuilt = builder({
  id: 'prebuilt',
  title: 'what exists already: a folder, an archive, an executable, an npm platform package or a wheel from PyPI',
  main: 'from',
  options: {
    from: z
      .union([z.string(), z.record(z.string(), z.string())])
      .optional()
      .describe(
        'Folder, archive, executable, npm:<name>[@version] or pypi:<name>[@version][/<path inside>], with placeholders as {npm}; or target -> that',
      ),
    bin: z.string().optional().describe('Path of the executable inside; default: the file named like app.bin'),
  },
  pure: true,
  targets: ({ from }) => (from === undefined || typeof from === 'string' ? [] : exactTargets(from)),
  inputs: (subject, options) => {
    const from = fromOf(subject, options)
    if (from?.startsWith('npm:') === true) return [npmInput(from, subject.app.version, fromPath)]
    return from?.startsWith('pypi:') === true ? [wheelOf(subject, from).input] : []
  },
  pin: async (job, input) => {
    const fetch = input.startsWith('pypi:') ? fetchWheel : fetchNpm
    return integrityOf(job.io, await fetch({ ...job, path: fromPath }, input))
  },
  check: (subject, options) => {
    if (options.from === undefined)
      return [
        problem('prebuilt/no-from', 'build.prebuilt does not say what to take', {
          hint: "Set build.prebuilt to a path such as 'build/{target}', to an npm package such as 'npm:@acme/tool-{npm}', or to a wheel such as 'pypi:tool'.",
          where: { path: 'build.prebuilt.from' },
        }),
      ]
    return fromOf(subject, options) === null ? [noEntry(subject.target)] : []
  },
  look: async (look, options) => {
    const from = fromOf(look, options)
    if (from === null || /^(npm|pypi):/.test(from)) return null
    const facts = await followed(look, pathOf(look, from))
    // Of an archive only unpacking says what is in it.
    if (facts?.type !== 'folder') return null
    const entries = await entriesBelow(look.io, facts.path)
    const files = entries.filter(one => one.type === 'file')
    const others = entries.filter(one => one.type !== 'file')
    const path = options.bin === undefined ? undefined : fillPlaceholders(options.bin, look)
    const executable = findExecutable(files, look.app, { target: look.target, path })
    const foreign = executable === null ? null : await foreignProgram(look.io, `${facts.path}/${executable}`, look.target)
    return { files, others, problems: executable === null || foreign === null ? [] : [wrongBinary(look, executable, foreign)] }
  },
  build: async (job, options) => {
    const folder = await folderOf(job, options)
    const entries = await job.scan(folder)
    const from = fromOf(job, options) ?? ''
    if (!entries.some(one => one.type !== 'folder')) failEmpty(job, from)
    const path = options.bin === undefined ? undefined : fillPlaceholders(options.bin, job)
    const named = path === undefined && job.target.startsWith('macos-') ? await bundleProgram(entries) : null
    const executable =
      findExecutable(entries, job.app, { target: job.target, path }) ??
      entries.find(one => one.type === 'file' && one.path === named)?.path ??
      failNoExecutable(job, { from, entries, path, named })
    const foreign = await foreignProgram(job.io, `${folder}/${executable}`, job.target)
    if (foreign !== null) failAll([wrongBinary(job, executable, foreign)])
    return treeWith(entries, executable)
  },
})

const wrongBinary = ({ target }: BuildSubject, executable: string, foreign: string): Problem =>
  problem('prebuilt/wrong-binary', `${executable} is ${foreign}, not one for ${target}`, {
    hint: 'Check build.prebuilt.from for this target: the files of two targets may be swapped.',
    where: { path: 'build.prebuilt.from', target },
  })

/** With a pattern among its keys the record names no targets of its own. */
const exactTargets = (from: Readonly<Record<string, string>>): readonly Target[] => {
  const keys = Object.keys(from)
  return keys.every(key => parseTarget(key) !== undefined) ? keys : []
}

const fromOf = (subject: BuildSubject, { from }: Options): string | null => {
  const pattern = from === undefined || typeof from === 'string' ? from : valueFor(from, subject.target)
  return pattern === undefined ? null : fillPlaceholders(pattern, subject)
}

/** The folder that holds the app: the user's own, or one in scratch that it was unpacked into. */
const folderOf = async (job: BuildJob, options: Options): Promise<string> => {
  const from = fromOf(job, options) ?? failMissing(job, 'nothing')
  if (from.startsWith('npm:')) return fromNpm(job, from)
  if (from.startsWith('pypi:')) return fromWheel(job, from)
  const path = pathOf(job, from)
  return unpackedAt(job, path, path)
}

const pathOf = ({ root }: Pick<BuildJob, 'root'>, from: string): string => (from.startsWith('/') ? from : `${root}/${from}`)

/** `said`: how messages name the path. */
const unpackedAt = async (job: BuildJob, path: string, said: string): Promise<string> => {
  const facts = await followed(job, path)
  if (facts === null) return failMissing(job, said)
  if (facts.type === 'folder') return facts.path
  const kind = facts.type === 'file' ? await kindOf(job, facts.path) : 'unknown'
  if (!isArchive(kind)) return alone(job, facts.path)
  const folder = `${job.scratch}/tree`
  await extract(job.io, facts.path, { kind, folder })
  return innermost(job, folder)
}

const fromNpm = async (job: BuildJob, from: string): Promise<string> => {
  const file = await lockedTarball({ ...job, path: fromPath }, npmInput(from, job.app.version, fromPath))
  const folder = `${job.scratch}/tree`
  await extract(job.io, file, { kind: 'gzip', folder })
  const inner = await innermost(job, folder)
  // npm's own paper: it names scripts and other platforms, and is nothing that users run.
  await job.io.files.remove(`${inner}/package.json`)
  return inner
}

const wheelOf = ({ app, target }: BuildSubject, from: string): PypiSource =>
  pypiSource(from, { version: app.version, target, path: fromPath })

const fromWheel = async (job: BuildJob, from: string): Promise<string> => {
  const { input, inside } = wheelOf(job, from)
  const folder = await lockedWheel({ ...job, path: fromPath }, input)
  return inside === '' ? folder : unpackedAt(job, `${folder}/${inside}`, from)
}

/** A single program becomes a folder of one file, named like the app. */
const alone = async (job: BuildJob, file: string): Promise<string> => {
  const folder = `${job.scratch}/tree`
  const name = `${job.app.bin}${parseTarget(job.target)?.os === 'windows' ? (/\.[A-Za-z0-9]+$/.exec(file)?.[0] ?? '.exe') : ''}`
  await job.io.files.remove(folder)
  await job.io.files.write(`${folder}/${name}`, job.io.files.stream(file), { mode: 0o755, durable: false })
  return folder
}

/** One folder on top of everything is only wrapping (npm's `package/`), unless it is a bundle. */
const innermost = async (job: BuildJob, folder: string): Promise<string> => {
  const [first, ...more] = await job.io.files.list(folder)
  return first?.type === 'folder' && more.length === 0 && !first.name.endsWith('.app') ? `${folder}/${first.name}` : folder
}

const followed = async (job: Pick<BuildJob, 'io'>, start: string): Promise<{ readonly path: string; readonly type: string } | null> => {
  let path = start.replace(/\/+$/, '')
  for (let hops = 0; hops < 40; hops += 1) {
    const facts = await job.io.files.stat(path)
    if (facts === null) return null
    if (facts.type !== 'link') return { path, type: facts.type }
    const next = await job.io.files.readLink(path)
    path = next.startsWith('/') ? next : `${path.slice(0, path.lastIndexOf('/'))}/${next}`
  }
  return null
}

const kindOf = async (job: BuildJob, path: string): Promise<string> => {
  const source = await job.io.files.open(path)
  try {
    return await identify(source)
  } finally {
    await source.close()
  }
}

const isArchive = (kind: string): kind is ArchiveKind => ['gzip', 'zstd', 'tar', 'zip'].includes(kind)

const noEntry = (target: Target) =>
  problem('prebuilt/missing', `build.prebuilt.from has no entry for ${target}`, {
    hint: 'Add it, or take the target out of targets.',
    where: { path: 'build.prebuilt.from', target },
  })

const failMissing = (job: BuildJob, path: string): never =>
  fail('prebuilt/missing', `nothing is at ${JSON.stringify(path)}, which build.prebuilt.from says for ${job.target}`, {
    hint: 'Build or download it first, correct the path, or take the target out of targets.',
    where: { path: 'build.prebuilt.from', file: path, target: job.target },
  })

const failEmpty = (job: BuildJob, from: string): never =>
  fail('prebuilt/empty', `${JSON.stringify(from)}, which build.prebuilt.from says for ${job.target}, holds no file`, {
    hint: 'Build the app first; Slipway takes what stands there. Else correct the path, or take the target out of targets.',
    where: { path: 'build.prebuilt.from', file: from, target: job.target },
  })

interface Looked {
  readonly from: string
  readonly entries: FileTree['entries']
  readonly path: string | undefined
  /** The program that the Info.plist of a bundle names. */
  readonly named: string | null
}
const failNoExecutable = (job: BuildJob, { from, entries, path, named }: Looked): never => {
  if (named !== null)
    fail(
      'prebuilt/no-executable',
      `the bundle in ${JSON.stringify(from)} (${job.target}) has no ${JSON.stringify(named)}, which its Info.plist names`,
      {
        hint: 'Build the bundle again, or correct CFBundleExecutable.',
        where: { path: 'build.prebuilt.from', target: job.target, file: named },
      },
    )
  return fail(
    'prebuilt/no-executable',
    path === undefined
      ? `no file in ${JSON.stringify(from)} (${job.target}) is named ${JSON.stringify(job.app.bin)}, and there is not exactly one executable among its ${entries.length} entries`
      : `${JSON.stringify(from)} (${job.target}) has no file ${JSON.stringify(path)}`,
    { hint: 'Set build.prebuilt.bin to the path of the executable inside.', where: { path: 'build.prebuilt.bin', target: job.target } },
  )
}
