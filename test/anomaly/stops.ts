// A door that tells of each effect: a test can hold one process between two of its effects while another one works.
import { failFile } from '../../packages/slipway/src/io/file-errors.ts'
import type { Files, Io } from '../../packages/slipway/src/io/io.ts'

export interface Effect {
  /** From 1, among those that are watched: the journal's come when they will. */
  readonly n: number
  readonly name: string
  readonly path: string
  /** Whether a lock of a bucket is held meanwhile: then nobody else can swap there. */
  readonly locked: boolean
}
/** Called before each effect on a bucket, and before its lock is asked for; `lose` after it is done: true makes its acknowledgement get lost. */
export interface Watch {
  readonly before?: (effect: Effect) => Promise<void> | void
  readonly lose?: (effect: Effect) => Promise<boolean> | boolean
}

/** An Io whose effects on a bucket, a folder of that name, are watched. */
export const watched = (io: Io, watch: Watch): Io => {
  let n = 0
  let locks = 0
  const effect = async <T>(name: string, path: string, work: () => Promise<T>): Promise<T> => {
    if (!isOfBucket(path)) return work()
    const one: Effect = { n: (n += 1), name, path, locked: locks > 0 }
    await watch.before?.(one)
    const result = await work()
    return name !== 'lock' && (await watch.lose?.(one)) === true ? failLost(one) : result
  }
  const { files } = io
  const lock: Files['lock'] = async (path, options) => {
    const taken = await effect('lock', path, () => files.lock(path, options))
    if (!('release' in taken) || !isBucketLock(path)) return taken
    locks += 1
    return {
      release: async () => {
        locks -= 1
        await taken.release()
      },
    }
  }
  return {
    ...io,
    files: {
      ...files,
      makeFolder: (path, mode) => effect('makeFolder', path, () => files.makeFolder(path, mode)),
      write: (path, bytes, options) => effect('write', path, () => files.write(path, bytes, options)),
      create: (path, bytes, options) => effect('create', path, () => files.create(path, bytes, options)),
      append: (path, bytes, options) => effect('append', path, () => files.append(path, bytes, options)),
      copy: (from, to) => effect('copy', to, () => files.copy(from, to)),
      link: (target, path) => effect('link', path, () => files.link(target, path)),
      rename: (from, to) => effect('rename', to, () => files.rename(from, to)),
      remove: path => effect('remove', path, () => files.remove(path)),
      lock,
    },
  }
}

const isOfBucket = (path: string): boolean => path.includes('/bucket/') || isBucketLock(path)
const isBucketLock = (path: string): boolean => path.endsWith('/bucket.lock')

/** What io says when the file system lost touch with its disk. */
const failLost = ({ name, path }: Effect): never =>
  failFile(Object.assign(new Error(`EIO: i/o error, ${name} '${path}'`), { code: 'EIO', errno: -5, syscall: name, path }), 'write', path)
