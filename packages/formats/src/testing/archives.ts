// For the tests of the archive formats: foreign judges on files in a folder of their own, random bytes, and broken copies.
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { it } from 'vitest'
import { type ByteChunks, collect, concat } from '../bytes.ts'
import { type Deflated, deflatedOf, deflatePieces } from '../deflate.ts'
import { FormatError } from '../format-error.ts'

const run = promisify(execFile)

/** `it` where all these tools are on this machine, else a skipped one. */
export const itWith = (...tools: readonly string[]): typeof it | typeof it.skip =>
  tools.every(tool => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', tool]).status === 0) ? it : it.skip

/** Writes `bytes` to a file, runs each command on it (`FILE` stands for its path) and gives what they printed. */
export const judge = async (bytes: Uint8Array, name: string, commands: readonly (readonly string[])[]): Promise<string[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'))
  try {
    const file = join(folder, name)
    await writeFile(file, bytes)
    const printed: string[] = []
    for (const [tool = '', ...args] of commands) {
      const filled = args.map(arg => arg.replaceAll('FILE', file).replaceAll('FOLDER', folder))
      printed.push((await run('env', ['LC_ALL=C.UTF-8', tool, ...filled], { maxBuffer: 1 << 28 })).stdout)
    }
    return printed
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const all = (chunks: ByteChunks): Promise<Uint8Array> => collect(chunks, 2 ** 31)

export const listOf = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/** Numbers from 0 to 2^32-1 that are the same for the same seed (xorshift). */
export const randomNumbers = (seed: number): (() => number) => {
  let state = (seed ^ 0x9e3779b9) | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Bytes that compress a little: words of a small alphabet between noise. */
export const sampleBytes = (sizeBytes: number, seed = 1): Uint8Array => {
  const next = randomNumbers(seed)
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at++) bytes[at] = at % 64 < 40 ? 97 + ((at * 7 + (at >> 6)) % 11) : next() & 0xff
  return bytes
}

export const deflatedBytes = async (bytes: Uint8Array, level = 6): Promise<Deflated> =>
  deflatedOf(await listOf(deflatePieces([bytes], { level })))

/** A copy with one to four bytes changed (most often to a telling value), or cut off, or with bytes put in. */
const broken = (bytes: Uint8Array, next: () => number): Uint8Array => {
  const at = next() % Math.max(1, bytes.length)
  const kind = next() % 8
  if (kind === 0) return bytes.slice(0, at)
  if (kind === 1) return concat([bytes.subarray(0, at), Uint8Array.of(next() & 0xff), bytes.subarray(at)])
  const copy = bytes.slice()
  const telling = [0x00, 0xff, 0x7f, 0x80, 0x01]
  for (let index = 0; index < (kind < 5 ? 1 : 4); index++)
    copy[(at + index) % copy.length] = kind % 2 === 0 ? next() & 0xff : (telling[next() % 5] ?? 0)
  return copy
}

/** Reads `times` broken copies; gives every error that is no FormatError, and how many copies were refused. */
export const mutate = async (
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => Promise<unknown>,
  times = 2000,
): Promise<{ readonly strange: readonly string[]; readonly refused: number; readonly slowestMs: number }> => {
  const next = randomNumbers(bytes.length)
  const strange: string[] = []
  let refused = 0
  let slowestMs = 0
  for (let index = 0; index < times; index++) {
    const started = performance.now()
    try {
      await read(broken(bytes, next))
    } catch (error) {
      refused += 1
      if (!(error instanceof FormatError)) strange.push(String(error instanceof Error ? error.stack : error))
    }
    slowestMs = Math.max(slowestMs, performance.now() - started)
  }
  return { strange, refused, slowestMs }
}

/** The code of the FormatError that `act` ends in. */
export const codeOf = async (act: () => unknown): Promise<string> => {
  try {
    await act()
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error)
  }
  return 'no error'
}
