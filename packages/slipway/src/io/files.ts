// Files of this machine (io.ts, `Files`): whole or not at all, durable, each failure with a code and its path.
import { closeSync, lstatSync, openSync, readSync, statSync, type Stats } from 'node:fs'
import { access, constants, lstat, open, readdir, readlink, rename, rm, symlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail } from '@slipway/core'
import { roomOf } from '@slipway/formats/bytes'
import { absent, appendFile, copyWhole, createFile, makeFolder, replaceFile, syncFolder } from './durable.ts'
import { failFile, guard, isSystemError } from './file-errors.ts'
import type { FileFacts, Files, WriteOptions } from './io.ts'
import { lockFile } from './lock.ts'

/** The files of this machine. Codes: those of `failFile`, `io/too-large`, those of `lockFile`. */
export const files: Files = {
  read: (path, limitBytes) => guard('read', path, () => readWhole(path, limitBytes)),
  readText: (path, limitBytes) => guard('read', path, async () => new TextDecoder().decode(await readWhole(path, limitBytes))),
  stream: streamFile,
  open: path => guard('read', path, () => openFile(path)),
  stat: path => guard('read', path, async () => factsOf(look(path))),
  isWritable: path =>
    access(path, constants.W_OK).then(
      () => true,
      () => false,
    ),
  list: path => guard('read', path, () => listFolder(path)),
  readLink: path => guard('read', path, () => readlink(path)),
  makeFolder: (path, mode) => guard('make the folder', path, () => makeFolder(path, mode)),
  write: (path, bytes, options) => guard('write', path, () => replaceFile(path, bytes, options)),
  create: (path, bytes, options) => guard('write', path, () => createFile(path, bytes, options)),
  append: (path, bytes, options) => guard('write', path, () => appendFile(path, bytes, options)),
  copy: (from, to, options) => guard('copy to', to, () => copyWhole(from, to, options)),
  link: (target, path) => guard('make the link', path, () => makeLink(target, path)),
  rename: (from, to, options) => guard('rename', from, () => renameFile(from, to, options)),
  remove: path => guard('remove', path, () => removeAll(path)),
  lock: lockFile,
}

const pieceBytes = 1 << 20

const readWhole = async (path: string, limitBytes = Number.MAX_SAFE_INTEGER): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of streamFile(path)) {
    sizeBytes += part.length
    // Counted while reading: a pipe or a growing file has no size to ask for.
    if (sizeBytes > limitBytes) return tooLarge(path, limitBytes)
    parts.push(part)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : join(parts, sizeBytes)
}

async function* streamFile(path: string, range?: { readonly start: number; readonly end: number }): AsyncGenerator<Uint8Array> {
  const small = range === undefined ? await guard('read', path, async () => readSmall(path)) : undefined
  if (small !== undefined) {
    if (small.length > 0) yield small
    return
  }
  const file = await guard('read', path, () => open(path, 'r'))
  try {
    const size = (await guard('read', path, () => file.stat())).size
    const end = range?.end ?? Number.MAX_SAFE_INTEGER
    for (let at = range?.start ?? 0; at < end;) {
      // A file of /proc says size 0; a last small read finds the end of any file.
      const length = Math.min(pieceBytes, end - at, Math.max(size - at, 0) + 1)
      const piece = await guard('read', path, () => readOnce(file, length, range === undefined ? null : at))
      if (piece.length === 0) return
      at += piece.length
      yield piece
    }
  } finally {
    await file.close()
  }
}

/** Handing so little to another thread takes longer than reading it. Undefined: it is no small plain file, or grows just now. */
const readSmall = (path: string): Uint8Array | undefined => {
  const facts = statSync(path, { throwIfNoEntry: false })
  if (facts?.isFile() !== true || facts.size === 0 || facts.size > smallBytes) return undefined
  const file = openSync(path, 'r')
  try {
    const bytes = new Uint8Array(facts.size + 1)
    let done = 0
    for (let count = -1; count !== 0 && done < bytes.length; done += count) count = readSync(file, bytes, done, bytes.length - done, done)
    return done > facts.size ? undefined : bytes.subarray(0, done)
  } finally {
    closeSync(file)
  }
}

const smallBytes = 1 << 18

const readOnce = async (file: FileHandle, length: number, position: number | null): Promise<Uint8Array> => {
  const piece = length > smallBytes ? roomOf(pieceBytes) : new Uint8Array(length)
  return piece.subarray(0, (await file.read(piece, 0, length, position)).bytesRead)
}

const openFile = async (path: string): ReturnType<Files['open']> => {
  const file = await open(path, 'r')
  const facts = await file.stat()
  if (facts.isDirectory()) {
    await file.close()
    failFile(Object.assign(new Error('is a folder'), { code: 'EISDIR', syscall: 'read' }), 'read', path)
  }
  return {
    sizeBytes: facts.size,
    read: (offset, length) => guard('read', path, () => readAt(file, offset, length)),
    close: () => file.close(),
  }
}

/** `length` bytes, or fewer only where the file ends. */
const readAt = async (file: FileHandle, offset: number, length: number): Promise<Uint8Array> => {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const [left, at] = [length - done, offset + done]
    const count = length > smallBytes ? (await file.read(bytes, done, left, at)).bytesRead : readSync(file.fd, bytes, done, left, at)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

interface Kinds {
  isFile: () => boolean
  isDirectory: () => boolean
  isSymbolicLink: () => boolean
}
const typeOf = (entry: Kinds): FileFacts['type'] =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'other'

/** On this thread: to ask another one takes ten times as long as the answer, and an app has many files. */
const look = (path: string): Stats | null => {
  try {
    return lstatSync(path)
  } catch (error) {
    return absent(error)
  }
}

const factsOf = (stats: Stats | null): FileFacts | null =>
  stats === null
    ? null
    : {
        type: typeOf(stats),
        sizeBytes: Number(stats.size),
        mode: Number(stats.mode) & 0o7777,
        modifiedMs: Math.floor(Number(stats.mtimeMs)),
      }

const listFolder = async (path: string): ReturnType<Files['list']> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(async (error: unknown) => {
    const there = await lstat(path).catch(absent)
    // Made since then, by another step of this run.
    if (there?.isDirectory() === true && isSystemError(error, 'ENOENT')) return readdir(path, { withFileTypes: true })
    // A file here is no empty folder; only nothing is.
    if (there !== null) throw error
    return absent(error) ?? []
  })
  return entries.map(entry => ({ name: entry.name, type: typeOf(entry) })).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

const makeLink = async (target: string, path: string): Promise<void> => {
  await makeFolder(dirname(path))
  await symlink(target, path)
}

const renameFile = async (from: string, to: string, { durable = true }: WriteOptions = {}): Promise<void> => {
  await makeFolder(dirname(to), undefined, durable)
  await rename(from, to)
  if (!durable) return
  await syncFolder(dirname(to))
  if (dirname(from) !== dirname(to)) await syncFolder(dirname(from))
}

const removeAll = async (path: string): Promise<void> => {
  if ((await lstat(path).catch(absent)) === null) return
  await rm(path, { recursive: true, force: true })
  await syncFolder(dirname(path))
}

const tooLarge = (path: string, limitBytes: number): never =>
  fail('io/too-large', `${path} is larger than the ${limitBytes} bytes allowed here`, {
    hint: 'Look at the file: it is probably not the one that was meant.',
    where: { file: path },
    exit: 'machine',
  })

const join = (parts: readonly Uint8Array[], sizeBytes: number): Uint8Array => {
  const whole = new Uint8Array(sizeBytes)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
