// What a thread does for threads.ts, and what this thread does in its place: the heavy work on bytes and on files, without waiting.
import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { crc32 } from '@slipway/formats/crc32'
import { deflateHere, windowBytes } from '@slipway/formats/deflate-program'
import { packLzfse } from '@slipway/formats/lzfse'

export type Task =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly level: number; readonly before: Uint8Array | undefined }
  | { readonly kind: 'lzfse'; readonly bytes: Uint8Array }
  /** A piece of a file, and what lies before it as far as a match may reach. */
  | { readonly kind: 'range'; readonly path: string; readonly offset: number; readonly sizeBytes: number; readonly level: number }
  | { readonly kind: 'digest'; readonly path: string; readonly algorithm: string }
  /** More of a stream that is summed up on this one thread; its number is the caller's. `end`: it was the last. */
  | {
      readonly kind: 'sum'
      readonly stream: number
      readonly algorithms: readonly string[]
      readonly bytes: Uint8Array<SharedArrayBuffer>
      readonly sizeBytes: number
      readonly end: boolean
    }

export type DeflateTask = Task & { readonly kind: 'bytes' | 'range' }

/** `sizeBytes`: of what was read. `crc32`: of a range. `digest`: of the end of a sum all of them, with a space between. */
export interface Done {
  readonly bytes?: Uint8Array<ArrayBuffer>
  readonly sizeBytes: number
  readonly crc32: number
  readonly digest: string
}

export const perform = (task: Task): Done => {
  if (task.kind === 'bytes')
    return { bytes: deflateHere(task.bytes, task.level, task.before), sizeBytes: task.bytes.length, crc32: 0, digest: '' }
  if (task.kind === 'lzfse') return { bytes: packLzfse(task.bytes), sizeBytes: task.bytes.length, crc32: 0, digest: '' }
  if (task.kind === 'sum') return added(task)
  const file = openSync(task.path, 'r')
  try {
    return task.kind === 'range' ? deflated(file, task) : summed(file, task.algorithm)
  } finally {
    closeSync(file)
  }
}

const sums = new Map<number, readonly Hash[]>()

const added = ({ stream, algorithms, bytes, sizeBytes, end }: Task & { readonly kind: 'sum' }): Done => {
  const hashes = sums.get(stream) ?? algorithms.map(algorithm => createHash(algorithm))
  sums.set(stream, hashes)
  for (const hash of hashes) hash.update(bytes.subarray(0, sizeBytes))
  if (end) sums.delete(stream)
  return { sizeBytes, crc32: 0, digest: end ? hashes.map(hash => hash.digest('hex')).join(' ') : '' }
}

const deflated = (file: number, { offset, sizeBytes, level }: Task & { readonly kind: 'range' }): Done => {
  const before = Math.min(offset, windowBytes)
  const whole = room(before + sizeBytes)
  const bytes = whole.subarray(before, fill(file, whole, offset - before))
  return { bytes: deflateHere(bytes, level, whole.subarray(0, before)), sizeBytes: bytes.length, crc32: crc32(bytes), digest: '' }
}

const summed = (file: number, algorithm: string): Done => {
  const hash = createHash(algorithm)
  const piece = room(pieceBytes)
  let sizeBytes = 0
  for (let count = fill(file, piece, 0); count > 0; count = fill(file, piece, sizeBytes)) {
    hash.update(piece.subarray(0, count))
    sizeBytes += count
  }
  return { sizeBytes, crc32: 0, digest: hash.digest('hex') }
}

const pieceBytes = 1 << 18

/** Until it is full or the file ends; gives how much there is. */
const fill = (file: number, bytes: Uint8Array, offset: number): number => {
  let done = 0
  for (let count = -1; count !== 0 && done < bytes.length; done += count)
    count = readSync(file, bytes, done, bytes.length - done, offset + done)
  return done
}

let held = new Uint8Array(0)

/** The same memory each time: nothing of it is handed out. */
const room = (sizeBytes: number): Uint8Array => {
  if (held.length < sizeBytes) held = new Uint8Array(sizeBytes)
  return held.subarray(0, sizeBytes)
}
