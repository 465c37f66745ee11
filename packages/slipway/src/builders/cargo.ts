// cargo: builds a Rust program for a target, from its lock file alone and without paths of this machine in it (cargo build, rustc --remap-path-prefix).
import { fail, parseTarget, problem, spell, type Target } from '@slipway/core'
import * as z from 'zod'
import {
  addRecord,
  builder,
  emptyTree,
  metadataOf,
  programTree,
  recordOf,
  runLogged,
  rustEnvironment,
  startLog,
  type BuildJob,
} from './builder.ts'
import { linkerDeclared } from './cargo/linker.ts'

const word = z.string().regex(/^[\p{L}\p{N}_][\p{L}\p{N}_+./-]*$/u, 'expected a name')

interface Options {
  readonly bin?: string | undefined
  readonly package?: string | undefined
  readonly features?: readonly string[] | undefined
  readonly defaultFeatures?: boolean | undefined
  readonly profile?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/** Codes: `cargo/no-target`, `cargo/no-lock`, `cargo/no-rust-target`, `cargo/no-linker`, `cargo/failed`, `cargo/wrong-binary`. */
export const cargo = builder({
  id: 'cargo',
  title: 'a Rust program, built from its lock file',
  main: 'bin',
  tools: ['cargo', 'rustc'],
  options: {
    bin: word.optional().describe('Binary target to build; default: app.bin'),
    package: word.optional().describe('Package of the workspace that has it'),
    features: z.array(word).readonly().optional().describe('Features to build with'),
    defaultFeatures: z.boolean().optional().describe("Whether the package's own default features are on; default true"),
    profile: word.optional().describe("Cargo's profile; default release"),
  },
  pure: false,
  check: ({ target }) => (rustTarget(target) === null ? [noTarget(target)] : []),
  build: async (job, options) => {
    const cwd = options.cwd === undefined ? job.root : `${job.root}/${options.cwd}`
    const triple = rustTarget(job.target) ?? ''
    await requireLock(job, cwd)
    const log = await startLog(job)
    const env = environmentOf(job, options)
    await requireTarget(job, { triple, cwd, env })
    await requireLinker(job, { triple, cwd, env })
    const place = await emptyTree(job)
    const { exitCode, said } = await runLogged(job, { tool: 'cargo', args: argumentsOf(job, options, triple), cwd, env })
    if (exitCode === 0) await takeProgram(job, { options, triple, to: place.file })
    const built = exitCode === 0 ? await programTree(job, place) : null
    if (built === null) return failBuild(job, { exitCode, said, log })
    if (built.foreign === null) return built.tree
    return fail('cargo/wrong-binary', `cargo built ${built.foreign}, not one for ${job.target}`, {
      hint: 'Check build.cargo.env: it must not set another target, and the linker must be that of this target.',
      where: { path: 'build.cargo.bin', target: job.target },
    })
  },
})

const rustTarget = (target: Target): string | null => {
  const parts = parseTarget(target)
  return parts === undefined || parts.os === 'any' || parts.arch === 'universal' || parts.arch === 'any' ? null : spell(target, 'rust')
}

const noTarget = (target: Target) =>
  problem('cargo/no-target', `cargo builds no program for ${target}`, {
    hint: 'Name macos-x64 and macos-arm64 in targets instead; cargo builds one architecture at a time.',
    where: { path: 'build.cargo', target },
  })

/** From the folder up to the project's own: a member of a workspace has no lock file. */
const requireLock = async (job: BuildJob, cwd: string): Promise<void> => {
  for (let folder = cwd; folder.length >= job.root.length; folder = folder.slice(0, folder.lastIndexOf('/')))
    if ((await job.io.files.stat(`${folder}/Cargo.lock`)) !== null) return
  fail('cargo/no-lock', `there is no Cargo.lock in ${cwd}`, {
    hint: 'Run `cargo generate-lockfile` and commit Cargo.lock; take it out of .gitignore. Without it a build takes whatever is newest.',
    where: { path: 'build.cargo', file: `${cwd}/Cargo.lock`, target: job.target },
  })
}

interface Asked {
  readonly triple: string
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const requireTarget = async (job: BuildJob, { triple, cwd, env }: Asked): Promise<void> => {
  const { exitCode, said } = await runLogged(job, { tool: 'rustc', args: ['--print', 'target-libdir', '--target', triple], cwd, env })
  if (exitCode === 0 && (await job.io.files.list(said.split('\n')[0] ?? '')).length > 0) return
  fail('cargo/no-rust-target', `this Rust has no standard library for ${triple}${exitCode === 0 ? '' : `:\n${said}`}`, {
    hint: `Run \`rustup target add ${triple}\`, or install the package of your system that has it.`,
    where: { path: 'build.cargo', target: job.target },
    exit: 'machine',
  })
}

/** cargo would start the linker of this machine, which fails late and in its own words. */
const requireLinker = async (job: BuildJob, { triple, cwd, env }: Asked): Promise<void> => {
  const parts = parseTarget(job.target)
  const { host } = job.io
  if (host.os === parts?.os && (host.os === 'macos' || host.arch === parts.arch)) return
  const name = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_LINKER`
  if (env[name] !== undefined || (await linkerDeclared(job, { triple, cwd }))) return
  fail('cargo/no-linker', `nothing says how a program for ${triple} is linked on ${host.os}-${host.arch}`, {
    hint: `Set build.cargo.env.${name} to a linker for it, as aarch64-linux-gnu-gcc, or linker in .cargo/config.toml; or build this target on a machine of its own.`,
    where: { path: `build.cargo.env.${name}`, target: job.target },
    exit: 'machine',
  })
}

const argumentsOf = (job: BuildJob, options: Options, triple: string): readonly string[] => [
  'build',
  '--locked',
  ...((options.profile ?? 'release') === 'release' ? ['--release'] : ['--profile', options.profile ?? '']),
  '--target',
  triple,
  '--bin',
  options.bin ?? job.app.bin,
  ...(options.package === undefined ? [] : ['--package', options.package]),
  ...(options.features === undefined || options.features.length === 0 ? [] : ['--features', options.features.join(',')]),
  ...(options.defaultFeatures === false ? ['--no-default-features'] : []),
  '--target-dir',
  `${job.scratch}/target`,
]

const takeProgram = async (
  job: BuildJob,
  { options, triple, to }: { readonly options: Options; readonly triple: string; readonly to: string },
): Promise<void> => {
  const { profile = 'release', bin = job.app.bin } = options
  const folder = profile === 'dev' || profile === 'test' ? 'debug' : profile === 'bench' ? 'release' : profile
  const ending = parseTarget(job.target)?.os === 'windows' ? '.exe' : ''
  const from = `${job.scratch}/target/${triple}/${folder}/${bin}${ending}`
  if ((await job.io.files.stat(from))?.type !== 'file') return
  // rustc puts `SLIPWAY_VERSION` and the others only where the program asks for them.
  await addRecord(job.io, { from, to }, recordOf('cargo', metadataOf(job, options.features)))
}

/**
 * RUSTFLAGS of `env` stand behind ours; `rustflags` of .cargo/config.toml do not hold, as cargo has it.
 */
const environmentOf = (job: BuildJob, { features, env }: Options): Readonly<Record<string, string>> => {
  const own = rustEnvironment(job.io)
  const { version, commit, date, features: built } = metadataOf(job, features)
  const { RUSTFLAGS, ...given } = env ?? {}
  // The last that matches holds, and scratch may lie below the project.
  const remaps = [
    [job.root, '/project'],
    [own['CARGO_HOME'] ?? `${job.io.host.home}/.cargo`, '/cargo'],
    [`${job.scratch}/target`, '/target'],
  ].map(([from = '', to = '']) => `--remap-path-prefix=${from}=${to}`)
  return {
    ...own,
    CARGO_INCREMENTAL: '0',
    CARGO_TERM_COLOR: 'never',
    SOURCE_DATE_EPOCH: String(job.date),
    SLIPWAY_VERSION: version,
    SLIPWAY_COMMIT: commit,
    SLIPWAY_DATE: date,
    SLIPWAY_FEATURES: built,
    ...given,
    // Cut at this character and not at spaces, which paths may have.
    CARGO_ENCODED_RUSTFLAGS: [...remaps, ...(RUSTFLAGS ?? '').split(/\s+/).filter(flag => flag !== '')].join('\u001f'),
  }
}

const failBuild = (job: BuildJob, { exitCode, said, log }: { exitCode: number; said: string; log: string }): never =>
  fail(
    'cargo/failed',
    `cargo build for ${job.target} ${exitCode === 0 ? 'left no program of that name' : `ended with exit code ${exitCode}`}:\n${said}`,
    {
      hint: `The whole output is in ${log}. Cargo.lock is never changed: run \`cargo update --workspace\` and commit it where it is behind Cargo.toml.`,
      where: { path: 'build.cargo.bin', file: log, target: job.target },
      facts: { exitCode, log },
      exit: 'machine',
    },
  )
