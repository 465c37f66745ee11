// What a registry's own client fetched is taken only as slipway.lock pins it: integrity never comes with the answer (CONTRACTS 15).
import { createHash } from 'node:crypto'
import { fail, type Target } from '@slipway/core'
import type { Io } from '../../io/io.ts'

/** Subresource integrity of a file, as package locks have it: `sha512-<base64>`. */
export const integrityOf = async (io: Io, file: string): Promise<string> => {
  const hash = createHash('sha512')
  for await (const chunk of io.files.stream(file)) hash.update(chunk)
  return `sha512-${hash.digest('base64')}`
}

/** What of a build job fetching needs; `path` is the config path that named the package. */
export interface FetchJob {
  readonly io: Io
  readonly root: string
  readonly scratch: string
  readonly signal: AbortSignal
  readonly note: (text: string) => void
  readonly target: Target
  readonly path: string
}
export type Locked = FetchJob & { readonly locked: Readonly<Record<string, string>> }

/** How one kind of registry is asked. */
export interface Registry {
  /** Ending of what it gives, as `.tgz`. */
  readonly ending: string
  readonly fetch: (job: FetchJob, input: string) => Promise<string>
}

/** The file with exactly the pinned integrity: from an earlier run, else fetched. Codes: `builders/not-locked`, `builders/integrity`. */
export const lockedFile = async (job: Locked, input: string, { ending, fetch }: Registry): Promise<string> => {
  const pinned = Object.hasOwn(job.locked, input) ? job.locked[input] : undefined
  if (pinned === undefined)
    return fail('builders/not-locked', `slipway.lock has no line for ${input}`, {
      hint: 'Run `slipway build --profile dev`, which adds what is missing, look at slipway.lock, and commit it.',
      where: { file: 'slipway.lock', target: job.target },
    })
  for (const file of await filesOf(job.io, inputFolder(job, input), ending)) if ((await integrityOf(job.io, file)) === pinned) return file
  const file = await fetch(job, input)
  const found = await integrityOf(job.io, file)
  if (found === pinned) return file
  return fail('builders/integrity', `${input} is not what slipway.lock pinned: ${found} was fetched, ${pinned} is locked`, {
    hint: 'Find out who changed it. If the new bytes are right, delete the line from slipway.lock and run `slipway build --profile dev`.',
    where: { file: 'slipway.lock', target: job.target },
    exit: 'corrupt',
  })
}

/** `npm:@acme/tool@1.0.0` -> `<scratch>/npm/_acme_tool_1.0.0`. */
export const inputFolder = ({ scratch }: FetchJob, input: string): string => {
  const kind = input.slice(0, input.indexOf(':'))
  return `${scratch}/${kind}/${input.slice(kind.length + 1).replaceAll(/[^0-9A-Za-z.+-]/g, '_')}`
}

/** The same, emptied. */
export const emptyInputFolder = async (job: FetchJob, input: string): Promise<string> => {
  const folder = inputFolder(job, input)
  await job.io.files.remove(folder)
  await job.io.files.makeFolder(folder)
  return folder
}

export const filesOf = async (io: Io, folder: string, ending: string): Promise<readonly string[]> =>
  (await io.files.list(folder)).filter(one => one.type === 'file' && one.name.endsWith(ending)).map(one => `${folder}/${one.name}`)
