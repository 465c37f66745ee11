// The project's own command lines, as an option `run` has them: for all targets or by pattern; one after the other, until one fails.
import * as z from 'zod'
import { splitCommands } from '../../words.ts'
import { fillPlaceholders, valueFor, type Naming } from './placeholders.ts'
import { runLogged, startLog, type Ran } from './tool.ts'

const lines = z.union([z.string(), z.array(z.string()).readonly()])
type Lines = z.output<typeof lines>

export const runOption = z
  .union([lines, z.record(z.string(), lines)])
  .optional()
  .describe('Command lines, or target pattern -> lines; split at spaces and quotes, never given to a shell')

interface Options {
  readonly run?: Lines | Readonly<Record<string, Lines>> | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/** Argument lists for a target. Placeholders are filled after splitting, so that a name with spaces stays one argument. */
export const runOf = (subject: Naming, { run }: Options): readonly (readonly string[])[] => {
  const chosen = run === undefined || typeof run === 'string' || isList(run) ? run : valueFor(run, subject.target)
  const texts = chosen === undefined ? [] : typeof chosen === 'string' ? [chosen] : chosen
  return texts.flatMap(text => splitCommands(text)).map(words => words.map(word => fillPlaceholders(word, subject)))
}
const isList = (run: NonNullable<Options['run']>): run is readonly string[] => Array.isArray(run)

type Job = Naming & Parameters<typeof startLog>[0] & { readonly root: string; readonly date: number }

/** What the first that failed left; null: none did. */
export const runAll = async (job: Job, options: Options): Promise<(Ran & { readonly tool: string }) | null> => {
  await startLog(job)
  const cwd = options.cwd === undefined ? job.root : `${job.root}/${options.cwd}`
  // PATH alone of this machine: without it no program is found (docs/decisions/command-builds.md).
  const env = { ...job.io.secrets.matching(/^PATH$/), SOURCE_DATE_EPOCH: String(job.date), ...options.env }
  for (const [tool = '', ...args] of runOf(job, options)) {
    const ran = await runLogged(job, { tool, args, cwd, env })
    if (ran.exitCode !== 0) return { ...ran, tool }
  }
  return null
}
