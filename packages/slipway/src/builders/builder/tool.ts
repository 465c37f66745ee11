// Running a toolchain: its log is kept in scratch, and the one program that it leaves becomes an app folder of one file.
import { parseTarget, redact, type App, type Target } from '@slipway/core'
import type { Io, ToolRun } from '../../io/io.ts'
import type { FileTree } from '../../tree.ts'
import { foreignProgram, treeWith } from './executable.ts'

interface Job {
  readonly app: App
  readonly target: Target
  readonly scratch: string
  readonly io: Io
  readonly signal: AbortSignal
  readonly scan: (folder: string) => Promise<FileTree['entries']>
}

/** An empty log; its path. */
export const startLog = async ({ io, scratch }: Job): Promise<string> => {
  const log = `${scratch}/build.log`
  await io.files.write(log, new Uint8Array(0), { durable: false })
  return log
}

export interface Ran {
  readonly exitCode: number
  /** The last lines of what it said, redacted. */
  readonly said: string
  readonly log: string
}

/** Runs a program; its command line and its output go behind the log. */
export const runLogged = async (
  { io, scratch, signal }: Job,
  { tool, args, cwd, env }: Pick<ToolRun, 'tool' | 'args' | 'cwd' | 'env'>,
): Promise<Ran> => {
  const log = `${scratch}/build.log`
  const append = (text: string): Promise<void> => io.files.append(log, new TextEncoder().encode(text), { durable: false })
  let written = append(`$ ${redact([tool, ...args].join(' '))}\n`)
  let failed: Error | undefined
  const onOutput = (text: string): void => {
    // Kept, not thrown: the program goes on while the log is written.
    written = written
      .then(() => append(text))
      .catch((error: unknown) => void (failed ??= error instanceof Error ? error : new Error(String(error))))
  }
  const { exitCode, stdout, stderr } = await io.run({ tool, args, cwd, ...(env === undefined ? {} : { env }), signal, onOutput })
  await written
  if (failed !== undefined) throw failed
  const said = redact(`${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n'))
  return { exitCode, said, log }
}

/** An empty folder for the program, and where the program has to be written: it is named like the app. */
export const emptyTree = async ({ app, target, scratch, io }: Job): Promise<{ readonly folder: string; readonly file: string }> => {
  const folder = `${scratch}/tree`
  await io.files.remove(folder)
  await io.files.makeFolder(folder)
  return { folder, file: `${folder}/${app.bin}${parseTarget(target)?.os === 'windows' ? '.exe' : ''}` }
}

/** The tree of `emptyTree` once its program was written; `foreign` says in words what it is when it is not for the target. Null: no program there. */
export const programTree = async (
  job: Job,
  { folder, file }: { readonly folder: string; readonly file: string },
): Promise<{ readonly tree: FileTree; readonly foreign: string | null } | null> => {
  if ((await job.io.files.stat(file))?.type !== 'file') return null
  const foreign = await foreignProgram(job.io, file, job.target)
  return { tree: treeWith(await job.scan(folder), file.slice(folder.length + 1)), foreign }
}
