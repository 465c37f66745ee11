// folder: a bucket in a folder of a local disk (TRUST 5): rename and fsync for bytes, a lock that dies with its process for swaps.
import { createHash } from 'node:crypto'
import { dirname, isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, problem, SlipwayError, type Hex, type Problem } from '@slipway/core'
import * as z from 'zod'
import type { Io } from '../io/io.ts'
import { keyFault, store, type Bucket, type StoredObject } from './store.ts'

/**
 * A bucket that is a folder.
 * Codes: `folder/bad-key`, `folder/in-the-way`, `folder/no-folder`, `folder/not-writable`, `folder/network`, `folder/locked`, `folder/torn-upload`.
 */
export const folder = store({
  id: 'folder',
  title: 'A folder on a local disk',
  main: 'path',
  options: {
    path: z.string().default('.slipway/bucket').describe('Folder of the bucket; its lock lies beside it, at <path>.lock'),
  },
  place: ({ path }) => `folder ${path}`,
  open: async ({ path, url }, base, io) => {
    const root = rootOf(path, io)
    return bucketOf({ io, root: join(root, base), lock: `${root}.lock`, url: urlOf(join(root, base), base, url) })
  },
  probe: async ({ path }, base, io) => {
    const root = rootOf(path, io)
    const bucket = await placeProblem(io, join(root, base))
    // The lock of all swaps lies beside the bucket.
    const lock = bucket === null ? await placeProblem(io, dirname(root)) : null
    return [bucket, lock].filter(one => one !== null)
  },
})

const rootOf = (path: string, io: Io): string => (isAbsolute(path) ? path : join(io.host.cwd, path)).replace(/(?<=.)\/+$/, '')

/** What stands in the way of making files in a folder: the nearest of its parents that is there must be a folder that lets this user write. */
const placeProblem = async (io: Io, path: string): Promise<Problem | null> => {
  let at = path.replace(/(?<=.)\/+$/, '')
  while ((await io.files.stat(at)) === null && dirname(at) !== at) at = dirname(at)
  const detail = { where: { file: at }, exit: 'machine' } as const
  // With a dot behind it a link is followed.
  if ((await io.files.stat(`${at}/.`))?.type !== 'folder')
    return problem('folder/no-folder', `${at} is no folder, so no bucket can lie at ${path}`, {
      ...detail,
      hint: 'Move it away, or set store.folder.path to another folder.',
    })
  if (await io.files.isWritable(at)) return null
  return problem('folder/not-writable', `cannot write in ${at}: the bucket does not let this user write`, {
    ...detail,
    hint: 'Give this user the folder, or set store.folder.path.',
  })
}

interface Place {
  readonly io: Io
  readonly root: string
  readonly lock: string
  /** Ends in `/`. */
  readonly url: string
}

const lockWaitMs = 30_000
/** Up to this size an object is read once and held. */
const heldBytes = 1024 * 1024
/** Names of files that io.files is still writing (`.<name>.<pid>.<random>.tmp`): no objects yet. */
const unfinished = /^\..*\.\d+\.[0-9a-f]{12}\.tmp$/

const bucketOf = (place: Place): Bucket => ({
  stat: key => guard(key, () => statObject(place, pathOf(place, key))),
  read: key => guard(key, () => readObject(place, pathOf(place, key))),
  create: (key, object) =>
    guard(key, async () => {
      const made = await place.io.files.create(pathOf(place, key), checked(key, object))
      return made ? 'created' : 'exists'
    }),
  swap: (key, bytes, expected) => guard(key, () => swap(place, { path: pathOf(place, key), bytes, expected })),
  list: prefix => listObjects(place, prefix),
  remove: key => guard(key, () => removeObject(place, pathOf(place, key))),
  url: key => place.url + key.split('/').map(encodeURIComponent).join('/'),
  declares: { cas: true, paths: true, immutable: false },
})

const urlOf = (root: string, base: string, url: string | undefined): string =>
  url === undefined ? `${pathToFileURL(root).href.replace(/\/+$/, '')}/` : `${url.replace(/\/+$/, '')}/${base}`

const pathOf = ({ root }: Place, key: string): string => {
  const fault = keyFault(key) ?? (key.split('/').some(part => unfinished.test(part)) ? 'it is the name of an unfinished file' : null)
  if (fault === null) return join(root, key)
  return fail('folder/bad-key', `${JSON.stringify(key)} cannot be a key of a bucket: ${fault}`, {
    hint: 'Names of apps, channels and files become keys: use plain names without special characters.',
    where: { object: key },
  })
}

const statObject = async ({ io }: Place, path: string): Promise<{ readonly sizeBytes: number } | null> => {
  const facts = await statOf(io, path)
  return facts?.type === 'file' ? { sizeBytes: facts.sizeBytes } : null
}

const readObject = async ({ io }: Place, path: string): Promise<StoredObject | null> => {
  const facts = await statOf(io, path)
  if (facts?.type !== 'file') return null
  if (facts.sizeBytes > heldBytes) return streamed(io, path, facts.sizeBytes)
  const bytes = await readOrNull(io, path)
  if (bytes === null) return null
  return { tag: async () => createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.length, bytes: () => once(bytes) }
}

/** The tag is of the bytes that were given last: whoever swaps against it swaps what he has read, whatever came since. */
const streamed = (io: Io, path: string, sizeBytes: number): StoredObject => {
  let given: Hex | undefined
  const bytes = async function* (): AsyncGenerator<Uint8Array> {
    const hash = createHash('sha256')
    for await (const piece of io.files.stream(path)) {
      hash.update(piece)
      yield piece
    }
    given = hash.digest('hex')
  }
  return { tag: async () => given ?? digestOf(io.files.stream(path)), sizeBytes, bytes }
}

const swap = async (
  { io, lock }: Place,
  { path, bytes, expected }: { path: string; bytes: Uint8Array; expected: string | null },
): Promise<boolean> => {
  const taken = await io.files.lock(lock, { owner: `process ${io.host.pid}`, waitMs: lockWaitMs })
  if ('heldBy' in taken) return failLocked(lock, taken.heldBy)
  try {
    const now = await statOf(io, path)
    // Against a `create` of the same key, which takes no lock.
    if (now === null) return expected === null && (await io.files.create(path, bytes))
    if (now.type !== 'file') return failInTheWay(path)
    if ((await digestOf(io.files.stream(path))) !== expected) return false
    await io.files.write(path, bytes)
    return true
  } finally {
    await taken.release()
  }
}

async function* listObjects(place: Place, prefix: string): AsyncGenerator<{ readonly key: string; readonly sizeBytes: number }> {
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  if (parent !== '') pathOf(place, parent.slice(0, -1))
  yield* walk(place, { parent, prefix })
}

async function* walk(
  place: Place,
  { parent, prefix }: { parent: string; prefix: string },
): AsyncGenerator<{ key: string; sizeBytes: number }> {
  const { files } = place.io
  const entries = await guard(parent, () => listOrEmpty(place.io, join(place.root, parent)))
  const names = entries
    .filter(entry => !unfinished.test(entry.name))
    .map(({ name, type }) => ({ key: parent + name + (type === 'folder' ? '/' : ''), type }))
  for (const { key, type } of names.sort((a, b) => (a.key < b.key ? -1 : 1))) {
    if (!key.startsWith(prefix) && !prefix.startsWith(key)) continue
    if (type === 'folder') yield* walk(place, { parent: key, prefix })
    if (type !== 'file' || !key.startsWith(prefix)) continue
    const facts = await files.stat(join(place.root, key))
    if (facts !== null) yield { key, sizeBytes: facts.sizeBytes }
  }
}

const removeObject = async ({ io }: Place, path: string): Promise<void> => {
  const facts = await statOf(io, path)
  if (facts === null) return
  if (facts.type !== 'file') failInTheWay(path)
  await io.files.remove(path)
}

const statOf = (io: Io, path: string) => io.files.stat(path)

/** Null: it was removed since it was looked at. */
const readOrNull = async (io: Io, path: string): Promise<Uint8Array | null> => {
  try {
    return await io.files.read(path)
  } catch (error) {
    if (codeOf(error) === 'io/not-found') return null
    throw error
  }
}

const listOrEmpty = async (io: Io, path: string) => ((await io.files.stat(path))?.type === 'folder' ? io.files.list(path) : [])

/** The bytes as they come, refused before they get their name when they are not the ones announced. */
async function* checked(key: string, { bytes, sizeBytes, sha256 }: Parameters<Bucket['create']>[1]): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256')
  let seenBytes = 0
  for await (const piece of bytes()) {
    hash.update(piece)
    seenBytes += piece.length
    yield piece
  }
  if (seenBytes === sizeBytes && hash.digest('hex') === sha256) return
  fail('folder/torn-upload', `the bytes of ${key} changed while they were stored: ${seenBytes} of ${sizeBytes} bytes`, {
    hint: 'Something writes to the packages while they are published; run the command again when it has ended.',
    where: { object: key },
    exit: 'corrupt',
  })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const digestOf = async (pieces: AsyncIterable<Uint8Array>): Promise<Hex> => {
  const hash = createHash('sha256')
  for await (const piece of pieces) hash.update(piece)
  return hash.digest('hex')
}

/** Gives the machine's failures the store's own words. */
const guard = async <T>(key: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    const where = { object: key, ...(error instanceof SlipwayError ? error.problems[0]?.where : {}) }
    const detail = { where, exit: 'machine', cause: error } as const
    switch (codeOf(error)) {
      case 'io/not-writable':
        return fail('folder/not-writable', `cannot write ${key}: the bucket does not let this user write`, {
          ...detail,
          hint: 'Give this user the folder, or set store.folder.path.',
        })
      case 'io/in-the-way':
        return fail('folder/in-the-way', `cannot store ${key}: a file stands where a folder must be, or the other way round`, {
          ...detail,
          hint: 'Move it away; nothing but Slipway should write to a bucket.',
        })
      case 'io/network-folder':
        return fail('folder/network', 'the bucket lies on a network file system, where two writers could both win', {
          ...detail,
          hint: 'Use a folder on a local disk, or an S3 store.',
        })
      default:
        throw error
    }
  }
}

const codeOf = (error: unknown): string | undefined => (error instanceof SlipwayError ? error.problems[0]?.code : undefined)

const failInTheWay = (path: string): never =>
  fail('folder/in-the-way', `${path} is no file`, {
    hint: 'Move it away; nothing but Slipway should write to a bucket.',
    where: { file: path },
    exit: 'machine',
  })

const failLocked = (lock: string, heldBy: string): never =>
  fail('folder/locked', `the bucket is held by ${heldBy}`, {
    hint: 'Wait for it to end, then run the command again; the lock dies with its process.',
    where: { file: lock },
    exit: 'machine',
  })
