// slipway.lock: the integrity of each fetched input and the commit of each source (CONFIG 3, "Several repositories").
import { join } from 'node:path'
import { fail } from '@slipway/core'
import type { Io } from '../io/io.ts'

export const lockName = 'slipway.lock'

/** Fetched input -> pinned integrity; empty without a file. Codes: `lock/unreadable`, `lock/newer`. */
export const readLock = async (io: Io, root: string): Promise<Readonly<Record<string, string>>> => {
  const file = join(root, lockName)
  if ((await io.files.stat(file)) === null) return {}
  return parseLock(await io.files.readText(file, 16 * 1024 * 1024), file)
}

interface Pin {
  readonly source: string
  readonly integrity: string
}

/** Targets are built side by side and each adds its line: one after the other, or a line would be lost. */
let writing: Promise<void> = Promise.resolve()

/** Adds what was missing, in the dev profile; a pinned line never changes. Codes: `lock/differs`. */
export const lockInput = (io: Io, root: string, pin: Pin): Promise<void> => {
  const written = writing.then(() => addPin(io, root, pin))
  writing = written.catch(() => undefined)
  return written
}

const addPin = async (io: Io, root: string, { source, integrity }: Pin): Promise<void> => {
  const inputs = await readLock(io, root)
  const pinned = inputs[source]
  if (pinned === integrity) return
  if (pinned !== undefined)
    fail('lock/differs', `${source} has another integrity than ${lockName} pins`, {
      hint: `If the change is meant, delete its line in ${lockName} and run: slipway build --profile dev`,
      where: { file: join(root, lockName) },
      facts: { pinned, found: integrity },
      exit: 'corrupt',
    })
  await io.files.write(join(root, lockName), new TextEncoder().encode(lockText({ ...inputs, [source]: integrity })))
}

/** Sorted, one line an input, so that merges stay readable. */
export const lockText = (inputs: Readonly<Record<string, string>>): string => {
  const sorted = Object.fromEntries(Object.entries(inputs).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return `${JSON.stringify({ schema: 'slipway.lock/1', inputs: sorted }, undefined, 2)}\n`
}

const parseLock = (text: string, file: string): Readonly<Record<string, string>> => {
  const hint = `Restore ${lockName} from git, or delete it and run: slipway build --profile dev`
  const document = parsed(text)
  const schema = typeof document?.['schema'] === 'string' ? document['schema'] : ''
  if (/^slipway\.lock\/([2-9]|\d{2,})$/.test(schema))
    fail('lock/newer', `${lockName} was written by a newer Slipway`, { hint: 'Upgrade slipway.', where: { file } })
  const inputs = document?.['inputs']
  const entries = typeof inputs === 'object' && inputs !== null && !Array.isArray(inputs) ? Object.entries(inputs) : undefined
  if (schema !== 'slipway.lock/1' || entries === undefined || entries.some(([, integrity]) => typeof integrity !== 'string'))
    return fail('lock/unreadable', `${lockName} cannot be read`, { hint, where: { file } })
  return Object.fromEntries(entries as [string, string][])
}

const parsed = (text: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
