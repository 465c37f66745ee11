// Files that are there whole or not at all: temporary file, fsync, rename or link, fsync of the folder (TRUST 5).
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isSystemError } from './file-errors.ts'
import type { Bytes, WriteOptions } from './io.ts'

/** Makes a folder and its parents; each new name outlives a power cut. */
export const makeFolder = async (path: string, mode?: number, durable = true): Promise<void> => {
  const options = mode === undefined ? { recursive: true as const } : { recursive: true as const, mode }
  const first = await mkdir(path, options).catch(async (error: unknown) => {
    await failOutright(path, error)
    return mkdir(path, options)
  })
  if (first === undefined || !durable) return
  for (let at = path; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
}

/** For a recursive mkdir on a read-only disk Node says ENOENT; the plain call for the first missing folder says what it is. */
const failOutright = async (path: string, error: unknown): Promise<void> => {
  if (!isSystemError(error, 'ENOENT')) throw error
  let at = path
  while (dirname(at) !== at && (await lstat(dirname(at)).catch(absent)) === null) at = dirname(at)
  await mkdir(at)
}

export const replaceFile = async (path: string, bytes: Bytes, { mode, durable = true }: WriteOptions = {}): Promise<void> => {
  await withTemporary(path, durable, async temporary => {
    await fill(temporary, bytes, { durable, ...(mode === undefined ? {} : { mode }) })
    await rename(temporary, path)
  })
}

/** False when something stands there already; `bytes` is then not read, or its copy is thrown away. */
export const createFile = async (path: string, bytes: Bytes, { mode, durable = true }: WriteOptions = {}): Promise<boolean> => {
  if ((await lstat(path).catch(absent)) !== null) return false
  return withTemporary(path, durable, async temporary => {
    await fill(temporary, bytes, { durable, ...(mode === undefined ? {} : { mode }) })
    try {
      // rename(2) would replace; link(2) is the one call that only ever creates.
      await link(temporary, path)
      return true
    } catch (error) {
      if (isSystemError(error, 'EEXIST')) return false
      throw error
    } finally {
      await rm(temporary, { force: true })
    }
  })
}

export const copyWhole = (from: string, to: string, { durable = true, mode }: WriteOptions = {}): Promise<void> =>
  withTemporary(to, durable, async temporary => {
    await copyFile(from, temporary, constants.COPYFILE_FICLONE)
    if (mode !== undefined) await chmod(temporary, mode)
    if (durable) await syncFile(temporary)
    await rename(temporary, to)
  })

const syncFile = async (path: string): Promise<void> => {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Adds to the end; what a failed write left behind is cut off again, so that no line is torn. */
export const appendFile = async (path: string, bytes: Uint8Array, { mode, durable = true }: WriteOptions = {}): Promise<void> => {
  await makeFolder(dirname(path), undefined, durable)
  const isNew = (await lstat(path).catch(absent)) === null
  const file = await open(path, 'a', mode)
  try {
    const { size } = await file.stat()
    try {
      await writeAll(file, bytes, size)
      if (durable) await file.sync()
    } catch (error) {
      await file.truncate(size).catch(() => undefined)
      throw error
    }
  } finally {
    await file.close()
  }
  if (isNew && durable) await syncFolder(dirname(path))
}

/** Makes changed names in a folder durable. Windows cannot open folders; its file systems journal names. */
export const syncFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Null for a path with nothing at its end. */
export const absent = (error: unknown): null => {
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return null
  throw error
}

const withTemporary = async <T>(path: string, durable: boolean, work: (temporary: string) => Promise<T>): Promise<T> => {
  const folder = dirname(path)
  await makeFolder(folder, undefined, durable)
  // Names end at 255 bytes; the process id tells whose leftovers they are.
  const temporary = join(folder, `.${basename(path).slice(0, 40)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const result = await work(temporary)
    if (durable) await syncFolder(folder)
    return result
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
}

const fill = async (path: string, bytes: Bytes, { mode, durable }: WriteOptions): Promise<void> => {
  const file = await open(path, 'wx', mode)
  try {
    // The umask takes bits away from open(2)'s mode: what was asked for is set outright.
    if (mode !== undefined) await file.chmod(mode)
    if (bytes instanceof Uint8Array) await writeAll(file, bytes, 0)
    else await writePieces(file, bytes)
    if (durable === true) await file.sync()
  } finally {
    await file.close()
  }
}

/** Small pieces, as the headers of many files, are gathered: a call for each would take longer than what it writes. */
const writePieces = async (file: FileHandle, pieces: AsyncIterable<Uint8Array>): Promise<void> => {
  let gathered: Uint8Array | undefined
  let held = 0
  let at = 0
  const write = async (piece: Uint8Array): Promise<void> => {
    await writeAll(file, piece, at)
    at += piece.length
  }
  for await (const piece of pieces) {
    if (gathered !== undefined && held + piece.length > gathered.length) {
      await write(gathered.subarray(0, held))
      held = 0
    }
    if (piece.length >= smallPieceBytes) {
      // In order: what was gathered stands before it.
      if (gathered !== undefined && held > 0) await write(gathered.subarray(0, held))
      held = 0
      await write(piece)
    } else {
      gathered ??= new Uint8Array(gatheredBytes)
      gathered.set(piece, held)
      held += piece.length
    }
  }
  if (gathered !== undefined && held > 0) await write(gathered.subarray(0, held))
}

const smallPieceBytes = 1 << 16
const gatheredBytes = 1 << 18

/** Positions are said: pwrite(2) is then a call of files alone, which the sweep of kills can count (a thread's wake-ups are write(2)). */
const writeAll = async (file: FileHandle, bytes: Uint8Array, at: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten
}
