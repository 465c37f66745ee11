// Heavy work on all cores: native deflate in Node's thread pool, all else on threads that are started when there is work for them, and on this
// thread while they start; where there is no native deflate, that too.
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { chunkBytes, type DeflatePiece } from '@slipway/formats/deflate'
import { lendDeflate } from '@slipway/formats/deflate-program'
import { inFlight } from '@slipway/formats/in-flight'
import { guard } from './file-errors.ts'
import type { Summing, Threads } from './io.ts'
import { nativeDeflate, type NativeDeflate } from './native-deflate.ts'
import { nativeHere, nativePieces, type NativePieces } from './native-pieces.ts'
import { perform, type DeflateTask, type Done, type Task } from './threads-task.ts'
import type { Answer, Message } from './threads-worker.ts'

interface Waiting {
  readonly id: number
  readonly task: Task
  readonly resolve: (done: Done) => void
  readonly reject: (error: unknown) => void
}
interface Thread {
  readonly worker: Worker
  readonly jobs: Map<number, Waiting>
  /** What only this thread can go on with. */
  readonly own: Map<number, Pick<Waiting, 'resolve' | 'reject'>>
  isOnline: boolean
}
interface Pool {
  readonly cores: number
  /** Loaded when the first piece comes. */
  readonly native: () => NativePieces | undefined
  readonly threads: Thread[]
  readonly queue: Waiting[]
  lastId: number
  givenBytes: number
  isHelping: boolean
}

/** A message costs more than it saves below this. */
const leastBytes = 1 << 13
const leastDigestBytes = 1 << 19
/** A thread takes as long to start as 3 MB take to deflate: below this it is not worth it, and one and this thread do until there is more. */
const someBytes = 4 << 20
const manyBytes = 24 << 20
const mostThreads = 8
/** One in work, one at hand. */
const mostJobs = 2

/** The results never depend on which thread makes them, nor on `native`. Codes: those of `failFile`. */
export const threads = (cores: number, native: () => NativeDeflate | undefined = nativeDeflate): Threads => {
  const pool: Pool = { cores, native: loadingOnce(native, cores), threads: [], queue: [], lastId: 0, givenBytes: 0, isHelping: false }
  return {
    summing: algorithms => summing(pool, algorithms),
    warm: sizeBytes => {
      if (cores > 1 && (pool.native() === undefined || sizeBytes >= manyBytes)) startThreads(pool, 1)
    },
    deflate: async (bytes, level, before) =>
      (await give(pool, { kind: 'bytes', bytes, level, before }, bytes.length)).bytes ?? new Uint8Array(),
    lzfse: async bytes => (await give(pool, { kind: 'lzfse', bytes }, bytes.length)).bytes ?? new Uint8Array(),
    deflateFile: (path, options) => piecesOf(pool, path, options),
    digest: (path, { algorithm, sizeBytes }) =>
      guard('read', path, async () => {
        const task = { kind: 'digest', path, algorithm } as const
        const done = sizeBytes < leastDigestBytes ? perform(task) : await give(pool, task, sizeBytes)
        return { digest: done.digest, sizeBytes: done.sizeBytes }
      }),
  }
}

/** What is deflated outside of the threads, in small pieces, as well: to start WebAssembly takes as long as half a megabyte. */
export const lendNative = (): void =>
  lendDeflate(() => {
    const native = nativeDeflate()
    return native && nativeHere(native)
  })

const loadingOnce = (load: () => NativeDeflate | undefined, cores: number): (() => NativePieces | undefined) => {
  let loaded: { readonly pieces: NativePieces | undefined } | undefined
  return () => {
    const native = loaded === undefined ? load() : undefined
    loaded ??= { pieces: native && nativePieces(native, cores) }
    return loaded.pieces
  }
}

async function* piecesOf(
  pool: Pool,
  path: string,
  { level, sizeBytes }: { readonly level: number; readonly sizeBytes: number },
): AsyncGenerator<DeflatePiece> {
  const offsets = Array.from({ length: Math.ceil(sizeBytes / chunkBytes) }, (_, index) => index * chunkBytes)
  const pieceAt = async (offset: number): Promise<DeflatePiece> => {
    const length = Math.min(chunkBytes, sizeBytes - offset)
    const made = give(pool, { kind: 'range', path, offset, sizeBytes: length, level }, length)
    const { bytes = new Uint8Array(), ...done } = await guard('read', path, () => made)
    return { bytes, sizeBytes: done.sizeBytes, crc32: done.crc32 }
  }
  yield* inFlight(offsets, pieceAt, pool.cores + 2)
}

const give = (pool: Pool, task: Task, sizeBytes: number): Promise<Done> => {
  if (pool.cores < 2 || sizeBytes < leastBytes) return Promise.resolve().then(() => perform(task))
  // Summing up is over before another thread has started.
  if (task.kind !== 'digest') pool.givenBytes += sizeBytes
  const native = isDeflate(task) ? pool.native() : undefined
  if (native !== undefined && isDeflate(task)) {
    // What comes of so much is summed up on a thread of its own.
    if (pool.givenBytes >= manyBytes) startThreads(pool, 1)
    return native(task)
  }
  return new Promise((resolve, reject) => {
    pool.queue.push({ id: (pool.lastId += 1), task, resolve, reject })
    startThreads(pool, pool.givenBytes < someBytes ? 0 : pool.givenBytes < manyBytes ? 1 : Math.min(pool.cores - 1, mostThreads))
    handOut(pool)
  })
}

const isDeflate = (task: Task): task is DeflateTask => task.kind === 'bytes' || task.kind === 'range'

const startThreads = (pool: Pool, count: number): void => {
  while (pool.threads.length < count) {
    // What it works with lies outside of its heap.
    const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 } })
    const thread: Thread = { worker, jobs: new Map(), own: new Map(), isOnline: false }
    pool.threads.push(thread)
    // It holds the process only while it has work.
    worker.unref()
    worker.on('online', () => {
      thread.isOnline = true
      handOut(pool)
    })
    worker.on('message', ({ id, done, failure }: Answer) => {
      const job = thread.jobs.get(id) ?? thread.own.get(id)
      thread.jobs.delete(id)
      thread.own.delete(id)
      if (thread.jobs.size + thread.own.size === 0) worker.unref()
      if (done === undefined) job?.reject(Object.assign(new Error(failure?.message), failure))
      else job?.resolve(done)
      handOut(pool)
    })
    const lose = (): void => {
      thread.isOnline = false
      pool.queue.unshift(...thread.jobs.values())
      thread.jobs.clear()
      for (const { reject } of thread.own.values()) reject(new Error('a thread ended before its work'))
      thread.own.clear()
      help(pool)
    }
    worker.on('error', lose)
    worker.on('exit', lose)
  }
}

/** Both sides see a few pieces of memory, so that neither waits for the other, and no message takes memory along. */
const summing = (pool: Pool, algorithms: readonly string[]): Summing | undefined => {
  const thread = pool.threads.find(one => one.isOnline)
  if (thread === undefined) return undefined
  const stream = (pool.lastId += 1)
  const free: Promise<Shared>[] = Array.from({ length: sumPieces }, () => Promise.resolve(shared(sumPieceBytes)))
  const send = (bytes: Shared, sizeBytes: number, end: boolean): Promise<Done> => {
    const made = new Promise<Done>((resolve, reject) => {
      const id = (pool.lastId += 1)
      thread.own.set(id, { resolve, reject })
      thread.worker.ref()
      thread.worker.postMessage({ id, task: { kind: 'sum', stream, algorithms, bytes, sizeBytes, end } } satisfies Message)
    })
    made.catch(() => undefined)
    return made
  }
  let piece: Shared | undefined
  let filled = 0
  return {
    add: async bytes => {
      for (let at = 0; at < bytes.length;) {
        piece ??= await (free.shift() ?? Promise.resolve(shared(sumPieceBytes)))
        const part = bytes.subarray(at, at + piece.length - filled)
        piece.set(part, filled)
        filled += part.length
        at += part.length
        if (filled < piece.length) continue
        const sent = piece
        const back = send(sent, filled, false).then(() => sent)
        back.catch(() => undefined)
        free.push(back)
        piece = undefined
        filled = 0
      }
    },
    end: async () => (await send(piece ?? shared(0), filled, true)).digest.split(' '),
  }
}

type Shared = Uint8Array<SharedArrayBuffer>
const shared = (sizeBytes: number): Shared => new Uint8Array(new SharedArrayBuffer(sizeBytes))
const sumPieceBytes = 1 << 18
const sumPieces = 8

const file = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './threads-worker.ts' : './threads-worker.js', import.meta.url))

const handOut = (pool: Pool): void => {
  while (pool.queue.length > 0) {
    const [thread] = pool.threads.filter(one => one.isOnline && one.jobs.size < mostJobs).sort((a, b) => a.jobs.size - b.jobs.size)
    const job = thread === undefined ? undefined : pool.queue.shift()
    if (thread === undefined || job === undefined) break
    thread.jobs.set(job.id, job)
    thread.worker.ref()
    thread.worker.postMessage({ id: job.id, task: alone(job.task) } satisfies Message)
  }
  // This thread is the last core's: what it has to do besides is little.
  if (pool.queue.length > 0) help(pool)
}

/** A message takes all of the buffer along that its bytes lie in. */
const alone = (task: Task): Task => {
  if (task.kind !== 'bytes' && task.kind !== 'lzfse') return task
  const own = (bytes: Uint8Array): Uint8Array => (bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice())
  if (task.kind === 'lzfse') return { ...task, bytes: own(task.bytes) }
  return { ...task, bytes: own(task.bytes), before: task.before === undefined ? undefined : own(task.before) }
}

/** One job on this thread, then whatever else waits for it. */
const help = (pool: Pool): void => {
  if (pool.isHelping) return
  pool.isHelping = true
  setImmediate(() => {
    pool.isHelping = false
    const job = pool.queue.shift()
    if (job === undefined) return
    try {
      job.resolve(perform(job.task))
    } catch (error) {
      job.reject(error)
    }
    handOut(pool)
  })
}
