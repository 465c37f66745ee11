// bun: a JavaScript or TypeScript entry and a pinned Bun become one program, for each system from one machine (bun build --compile).
import { fail, parseTarget, problem, type Problem, type Target } from '@slipway/core'
import * as z from 'zod'
import {
  builder,
  emptyTree,
  fetchNpm,
  foreignProgram,
  integrityOf,
  lockedPackage,
  metadataOf,
  programTree,
  recordOf,
  runLogged,
  signProgram,
  startLog,
  stripProgram,
  type BuildJob,
} from './builder.ts'

const hosts = ['linux-x64', 'linux-arm64', 'macos-x64', 'macos-arm64'] as const
const defaultVersion = '1.4.5'

interface Options {
  readonly entry?: string | undefined
  readonly bun?: string | undefined
  readonly baseline?: boolean | undefined
  readonly minify?: boolean | undefined
  readonly external?: readonly string[] | undefined
  readonly features?: readonly string[] | undefined
  readonly hosts?: readonly (typeof hosts)[number][] | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/**
 * Codes: `bun/no-entry`, `bun/no-target`, `bun/host`, `bun/no-file`, `bun/failed`, `bun/wrong-binary`, and those of `lockedTarball` and
 * `extract`.
 */
export const bun = builder({
  id: 'bun',
  title: 'a JavaScript or TypeScript program as a single executable, with Bun inside',
  main: 'entry',
  options: {
    entry: z.string().optional().describe('The first file below the project, as src/cli.ts; Bun bundles what it imports'),
    bun: z
      .string()
      .regex(/^\d+\.\d+\.\d+$/, 'expected a version of Bun')
      .optional()
      .describe(`Version of Bun; default ${defaultVersion}`),
    baseline: z.boolean().optional().describe('For x64 processors without AVX2; default false'),
    minify: z.boolean().optional().describe('Minify the bundle; default false'),
    external: z.array(z.string()).readonly().optional().describe('Imports that stay out of the bundle'),
    features: z
      .array(z.string())
      .readonly()
      .optional()
      .describe('Names of features, which the program reads as SLIPWAY_FEATURES of its environment'),
    hosts: z.array(z.enum(hosts)).readonly().optional().describe('Machines that build: the Bun of each is pinned; default linux-x64'),
  },
  isRuntime: true,
  pure: true,
  inputs: ({ target }, options) =>
    [...new Set([...(bunTarget(target, options) === null ? [] : [target]), ...(options.hosts ?? ['linux-x64'])])].map(one =>
      inputOf(one, options),
    ),
  pin: async (job, input) => integrityOf(job.io, await fetchNpm({ ...job, path: bunPath }, input)),
  check: ({ target }, options) => [
    ...(options.entry === undefined ? [noEntry()] : []),
    ...(bunTarget(target, options) === null ? [noTarget(target)] : []),
  ],
  build: async (job, options) => {
    const log = await startLog(job)
    const entry = await entryOf(job, options)
    const tool = await hostBun(job, options)
    const base = await targetBun(job, options)
    const place = await emptyTree(job)
    const written = `${job.scratch}/program${parseTarget(job.target)?.os === 'windows' ? '.exe' : ''}`
    await job.io.files.remove(written)
    const cwd = options.cwd === undefined ? job.root : `${job.root}/${options.cwd}`
    const args = argumentsOf(job, options, { entry, base, written })
    const { exitCode, said } = await runLogged(job, { tool, args, cwd, env: await environmentOf(job, options) })
    if (exitCode === 0) await finish(job, written, place.file)
    const built = exitCode === 0 ? await programTree(job, place) : null
    if (built !== null) return built.foreign === null ? built.tree : failWrong(job, `bun build made ${built.foreign}`)
    return fail('bun/failed', `bun build for ${job.target} ended with exit code ${exitCode}:\n${said}`, {
      hint: `The whole output is in ${log}.`,
      where: { path: 'build.bun.entry', file: log, target: job.target },
      facts: { exitCode, log },
      exit: 'machine',
    })
  },
})

const bunPath = 'build.bun.bun'

/** As Bun calls a target, without its `bun-`; null: it builds none. */
const bunTarget = (target: Target, { baseline = false }: Options): string | null => {
  const parts = parseTarget(target)
  if (parts === undefined || parts.os === 'any' || (parts.arch !== 'x64' && parts.arch !== 'arm64')) return null
  const os = parts.os === 'macos' ? 'darwin' : parts.os
  return [os, parts.arch === 'arm64' ? 'aarch64' : 'x64', parts.libc, baseline && parts.arch === 'x64' ? 'baseline' : undefined]
    .filter(word => word !== undefined)
    .join('-')
}

const inputOf = (target: Target, options: Options): string =>
  `npm:@oven/bun-${bunTarget(target, options) ?? ''}@${options.bun ?? defaultVersion}`

const noEntry = (): Problem =>
  problem('bun/no-entry', 'build.bun does not say which file is the program', {
    hint: "Set build.bun to its first file, such as 'src/cli.ts'.",
    where: { path: 'build.bun.entry' },
  })

const noTarget = (target: Target): Problem =>
  problem('bun/no-target', `bun builds no program for ${target}`, {
    hint: 'Narrow targets to x64 and arm64 of macos, windows and linux (also -musl).',
    where: { path: 'build.bun', target },
  })

/** As it stands in the config, so that no path of this machine gets into the program. */
const entryOf = async (job: BuildJob, { entry = '', cwd }: Options): Promise<string> => {
  const file = entry.startsWith('/') ? entry : [job.root, ...(cwd === undefined ? [] : [cwd]), entry].join('/')
  if ((await job.io.files.stat(file))?.type === 'file') return entry.startsWith('-') ? `./${entry}` : entry
  return fail('bun/no-file', `no file is at ${JSON.stringify(file)}, which build.bun.entry says`, {
    hint: 'Correct the path; it is taken from the project, or from build.bun.cwd.',
    where: { path: 'build.bun.entry', file, target: job.target },
  })
}

const fetched = async (job: BuildJob, target: Target, options: Options): Promise<string> => {
  const folder = await lockedPackage({ ...job, path: bunPath }, inputOf(target, options))
  return `${folder}/bin/bun${parseTarget(target)?.os === 'windows' ? '.exe' : ''}`
}

const hostBun = (job: BuildJob, options: Options): Promise<string> => {
  const host = `${job.io.host.os}-${job.io.host.arch}`
  const known: readonly string[] = options.hosts ?? ['linux-x64']
  if (known.includes(host)) return fetched(job, host, options)
  return fail('bun/host', `no Bun is pinned that runs on this machine, ${host}`, {
    hint: `Add '${host}' to build.bun.hosts, which is now ${known.join(', ')}, if it is one of ${hosts.join(', ')}.`,
    where: { path: 'build.bun.hosts', target: job.target },
  })
}

/** What the program will be but for its bundle; on Windows without Bun's own certificate, which would not fit any more. */
const targetBun = async (job: BuildJob, options: Options): Promise<string> => {
  const file = await fetched(job, job.target, options)
  const foreign = (await job.io.files.stat(file)) === null ? 'nothing' : await foreignProgram(job.io, file, job.target)
  if (foreign !== null) failWrong(job, `the package of Bun holds ${foreign}`)
  if (parseTarget(job.target)?.os !== 'windows') return file
  const stripped = `${job.scratch}/base.exe`
  await stripProgram(job.io, { from: file, to: stripped })
  return stripped
}

const failWrong = (job: BuildJob, what: string): never =>
  fail('bun/wrong-binary', `${what}, not a program for ${job.target}`, {
    hint: 'Set build.bun.bun to another version, whose lines are then pinned in slipway.lock.',
    where: { path: bunPath, target: job.target },
  })

const argumentsOf = (
  job: BuildJob,
  options: Options,
  { entry, base, written }: { readonly entry: string; readonly base: string; readonly written: string },
): readonly string[] => {
  const metadata = metadataOf(job, options.features)
  const { version, commit, date, features } = metadata
  const values = { SLIPWAY_VERSION: version, SLIPWAY_COMMIT: commit, SLIPWAY_DATE: date, SLIPWAY_FEATURES: features }
  return [
    'build',
    entry,
    '--compile',
    `--target=bun-${bunTarget(job.target, options) ?? ''}`,
    `--compile-executable-path=${base}`,
    `--outfile=${written}`,
    ...Object.entries(values).flatMap(([name, value]) => ['--define', `process.env.${name}=${JSON.stringify(value)}`]),
    `--banner=/*! ${recordOf('bun', metadata)} */`,
    ...(options.minify === true ? ['--minify'] : []),
    ...(options.external ?? []).flatMap(name => ['--external', name]),
  ]
}

/** No PATH and no home; a registry that is not there, so that Bun cannot fetch what nobody pinned. */
const environmentOf = async (job: BuildJob, { env }: Options): Promise<Readonly<Record<string, string>>> => {
  const temporary = `${job.scratch}/temporary`
  await job.io.files.makeFolder(temporary)
  return {
    HOME: temporary,
    TMPDIR: temporary,
    BUN_INSTALL_CACHE_DIR: `${temporary}/cache`,
    BUN_CONFIG_REGISTRY: 'http://127.0.0.1:9/',
    DO_NOT_TRACK: '1',
    SOURCE_DATE_EPOCH: String(job.date),
    ...env,
  }
}

const finish = async (job: BuildJob, from: string, to: string): Promise<void> => {
  if ((await job.io.files.stat(from)) === null) return
  if (parseTarget(job.target)?.os === 'macos') await signProgram(job.io, { from, to }, job.app)
  else await job.io.files.write(to, job.io.files.stream(from), { mode: 0o755, durable: false })
}
