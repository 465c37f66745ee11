// command: runs the project's own build for a target and takes what it produced; its log is kept, its exit code respected.
import { fail, parseTarget, problem, type Target } from '@slipway/core'
import * as z from 'zod'
import {
  builder,
  fillPlaceholders,
  findExecutable,
  foreignProgram,
  runAll,
  runOf,
  runOption,
  treeWith,
  valueFor,
  type BuildJob,
  type BuildSubject,
} from './builder.ts'

interface Options {
  readonly run?: string | readonly string[] | Readonly<Record<string, string | readonly string[]>> | undefined
  readonly from?: string | Readonly<Record<string, string>> | undefined
  readonly bin?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/**
 * Codes: `command/no-run`, `command/no-from`, `command/failed`, `command/nothing-built`, `command/no-executable`, `command/wrong-binary`,
 * and those of `splitCommand`.
 */
export const command = builder({
  id: 'command',
  title: "the project's own build command",
  main: 'run',
  options: {
    run: runOption,
    from: z
      .union([z.string(), z.record(z.string(), z.string())])
      .optional()
      .describe('Folder or file that it produces, with placeholders; or target -> that'),
    bin: z.string().optional().describe('Path of the executable inside; default: the file named like app.bin'),
  },
  pure: false,
  targets: ({ from }) => {
    const keys = from === undefined || typeof from === 'string' ? [] : Object.keys(from)
    return keys.every(key => parseTarget(key) !== undefined) ? keys : []
  },
  check: (subject, options) => [
    ...(runOf(subject, options).length > 0 ? [] : [noRun(subject.target)]),
    ...(fromOf(subject, options) === null ? [noFrom(subject.target)] : []),
  ],
  build: async (job, options) => {
    const failed = await runAll(job, options)
    if (failed !== null) failRun(job, failed)
    const folder = await produced(job, options)
    const entries = await job.scan(folder)
    const path = options.bin === undefined ? undefined : fillPlaceholders(options.bin, job)
    const executable = findExecutable(entries, job.app, { target: job.target, path }) ?? failNoExecutable(job, path)
    const foreign = await foreignProgram(job.io, `${folder}/${executable}`, job.target)
    if (foreign !== null)
      fail('command/wrong-binary', `${executable} is ${foreign}, not one for ${job.target}`, {
        hint: 'Check build.command.run and build.command.from for this target.',
        where: { path: 'build.command.from', target: job.target },
      })
    return treeWith(entries, executable)
  },
})

const fromOf = (subject: BuildSubject, { from }: Options): string | null => {
  const pattern = from === undefined || typeof from === 'string' ? from : valueFor(from, subject.target)
  return pattern === undefined ? null : fillPlaceholders(pattern, subject)
}

const failRun = (job: BuildJob, { tool, exitCode, said, log }: NonNullable<Awaited<ReturnType<typeof runAll>>>): never =>
  fail('command/failed', `${tool} for ${job.target} ended with exit code ${exitCode}:\n${said}`, {
    hint: `The whole output is in ${log}.`,
    where: { path: 'build.command.run', file: log, target: job.target },
    facts: { exitCode, log },
    exit: 'machine',
  })

/** The folder that was produced; a single program becomes a folder of one file, named like the app. */
const produced = async (job: BuildJob, options: Options): Promise<string> => {
  const from = fromOf(job, options) ?? '.'
  const path = from.startsWith('/') ? from : `${job.root}/${from}`
  const facts = await job.io.files.stat(path.replace(/\/+$/, ''))
  if (facts?.type === 'folder') return path.replace(/\/+$/, '')
  if (facts?.type !== 'file')
    return fail('command/nothing-built', `the build of ${job.target} left nothing at ${JSON.stringify(path)}`, {
      hint: 'Correct build.command.from, or look into the build log for what it really wrote.',
      where: { path: 'build.command.from', file: path, target: job.target },
      exit: 'machine',
    })
  const folder = `${job.scratch}/tree`
  const ending = parseTarget(job.target)?.os === 'windows' ? (/\.[A-Za-z0-9]+$/.exec(path)?.[0] ?? '.exe') : ''
  await job.io.files.remove(folder)
  await job.io.files.write(`${folder}/${job.app.bin}${ending}`, job.io.files.stream(path), { mode: 0o755, durable: false })
  return folder
}

const noRun = (target: Target) =>
  problem('command/no-run', `build.command has no command for ${target}`, {
    hint: "Set build.command.run to a command line such as 'make TARGET={target}', or add this target to it.",
    where: { path: 'build.command.run', target },
  })

const noFrom = (target: Target) =>
  problem('command/no-from', `build.command does not say what it produces for ${target}`, {
    hint: "Set build.command.from to target -> folder, as { 'linux-x64': 'out/linux' }.",
    where: { path: 'build.command.from', target },
  })

const failNoExecutable = (job: BuildJob, path: string | undefined): never =>
  fail(
    'command/no-executable',
    path === undefined
      ? `what the build of ${job.target} produced has not exactly one executable`
      : `the build of ${job.target} produced no ${JSON.stringify(path)}`,
    {
      hint: 'Set build.command.bin to the path of the executable inside.',
      where: { path: 'build.command.bin', target: job.target },
    },
  )
