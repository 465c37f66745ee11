// A lock that dies with its process: an SQLite database held by BEGIN EXCLUSIVE (TRUST 5). A plain lock file would outlive kill -9.
import { open, readFile, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSync as Database } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { fail } from '@slipway/core'
import { makeFolder } from './durable.ts'
import { failNotWritable, guard } from './file-errors.ts'
import type { Files, Lock } from './io.ts'

/**
 * Takes the lock at `path`; the file stays behind, empty. Who holds it stands in `<path>.owner`.
 * Codes: `io/network-folder` (locks are not reliable there), `io/lock-failed`, those of `failFile`.
 */
export const lockFile: Files['lock'] = async (path, { owner = '', waitMs = 0 } = {}) => {
  await guard('write', path, () => makeFolder(dirname(path)))
  await refuseNetwork(path)
  const end = performance.now() + waitMs
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    const database = await take(path)
    if (database !== null) return hold(database, path, owner)
    if (performance.now() + pauseMs > end) return { heldBy: await readOwner(path) }
    // Not SQLite's own busy time-out: it would stop this whole process, the holder perhaps included.
    await sleep(pauseMs)
  }
}

/** The name of a network file system by its statfs type on Linux, or null. */
export const networkName = (type: number): string | null => networkTypes.get(type >>> 0) ?? null

const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
])
// A database that nobody refers to is closed by the garbage collector, and its lock with it.
const held = new Set<Database>()
const sqliteBusy = new Set([5, 6])
const sqliteCannotOpen = new Set([8, 14])

const refuseNetwork = async (path: string): Promise<void> => {
  if (process.platform !== 'linux') return
  const name = networkName((await guard('read', path, () => statfs(dirname(path)))).type)
  if (name === null) return
  fail('io/network-folder', `${path} lies on a network file system (${name}), where locks cannot be relied on`, {
    hint: 'Use a folder on a local disk.',
    where: { file: path },
    exit: 'machine',
  })
}

/** Null: another one holds it. */
const take = async (path: string): Promise<Database | null> => {
  const { DatabaseSync } = await import('node:sqlite')
  let database: Database | undefined
  try {
    database = new DatabaseSync(path, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
    return database
  } catch (error) {
    database?.close()
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : -1
    if (sqliteBusy.has(code)) return null
    return failLock(error, path, code)
  }
}

const failLock = (error: unknown, path: string, code: number): never => {
  if (sqliteCannotOpen.has(code)) return failNotWritable(error, 'lock', path)
  // explain: The file that keeps two runs apart could not be locked.
  return fail('io/lock-failed', `cannot lock ${path}`, {
    hint: 'If no other run is under way, delete this file and try again.',
    where: { file: path },
    exit: 'machine',
    cause: error,
  })
}

const hold = async (database: Database, path: string, owner: string): Promise<Lock> => {
  held.add(database)
  // Only shown to the next in line: no reason to fail.
  await writeOwner(`${path}.owner`, owner).catch(() => undefined)
  return {
    release: async () => {
      if (!held.delete(database)) return
      await rm(`${path}.owner`, { force: true }).catch(() => undefined)
      database.close()
    },
  }
}

const writeOwner = async (path: string, owner: string): Promise<void> => {
  const file = await open(path, 'w')
  try {
    await file.write(owner, 0)
  } finally {
    await file.close()
  }
}

const readOwner = async (path: string): Promise<string> => {
  const text = await readFile(`${path}.owner`, 'utf8').catch(() => '')
  return (
    text
      .slice(0, 200)
      .replace(/\p{C}+/gu, ' ')
      .trim() || 'another process'
  )
}
