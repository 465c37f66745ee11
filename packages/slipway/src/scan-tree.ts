// Scans a folder into a tree: sorted by code units, modes made plain, links checked, every file hashed (A21: modes and links survive).
import { createHash } from 'node:crypto'
import { fail, type Hex } from '@slipway/core'
import type { Deflated } from '@slipway/formats/deflate'
import { isInsideLink } from '@slipway/formats/inside-path'
import type { Io } from './io/io.ts'
import type { FileTree, TreeEntry, TreeFile, TreeFolder, TreeLink } from './tree.ts'

/** Gives a file's deflate stream, made once for all formats. `path` is absolute. */
export type DeflateFile = (
  file: { readonly path: string; readonly sha256: Hex; readonly sizeBytes: number },
  level: number,
  onBytes?: (done: number) => void,
) => Promise<Deflated>

export interface Scanning {
  readonly deflate: DeflateFile
  /** Files that the app declares a mode for: these alone may be setuid. */
  readonly modes?: Readonly<Record<string, number>> | undefined
}

/**
 * The entries below an absolute folder. Files become 0o755 (any x bit) or 0o644, folders 0o755.
 * Codes: `tree/no-folder`, `tree/bad-name`, `tree/special-file`, `tree/setuid`, `tree/link-outside`.
 */
export const scanTree = async (folder: string, io: Io, { deflate, modes = {} }: Scanning): Promise<FileTree['entries']> => {
  if ((await io.files.stat(folder))?.type !== 'folder')
    fail('tree/no-folder', `${JSON.stringify(folder)} is no folder`, {
      hint: 'Check what the build produced, and build.*.from.',
      where: { file: folder },
    })
  const found = await walk(folder, '', { io, modes })
  const sizeBytes = found.reduce((sum, one) => sum + (one.type === 'file' ? one.sizeBytes : 0), 0)
  if (sizeBytes >= manyBytes) io.threads?.warm(sizeBytes)
  if (found.length >= manyEntries) io.spareMemory?.()
  const links = new Map(found.flatMap(one => (one.type === 'link' ? [[one.path, one.linkTarget] as const] : [])))
  for (const [path, linkTarget] of links) checkLink(path, linkTarget, links)
  const methods = methodsIn(folder, { io, deflate })
  const entries = await inPairs(found, one => (one.type === 'file' ? hashed(one, folder, { io, methods }) : Promise.resolve(one)))
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Of so much nearly every package has something to compress. */
const manyBytes = 8 << 20
/** From here on they are more than all else that is in memory. */
const manyEntries = 5_000

type FoundFile = Pick<TreeFile, 'type' | 'path' | 'mode' | 'sizeBytes'>
type Found = FoundFile | TreeLink | TreeFolder

interface Walk {
  readonly io: Io
  readonly modes: Readonly<Record<string, number>>
}
const walk = async (root: string, below: string, job: Walk): Promise<readonly Found[]> => {
  const { io } = job
  const found: Found[] = []
  for (const { name, type } of await io.files.list(below === '' ? root : `${root}/${below}`)) {
    const path = below === '' ? name : `${below}/${name}`
    // U+FFFD is what a name that is not UTF-8 is read as.
    if (/[\p{Cc}\\\ufffd]/u.test(name) || !name.isWellFormed()) refusals.name(path)
    if (type === 'folder') found.push({ type, path, mode: 0o755 }, ...(await walk(root, path, job)))
    else if (type === 'link') found.push({ type, path, linkTarget: await io.files.readLink(`${root}/${path}`) })
    else if (type === 'file') found.push(await plainFile(root, path, job))
    else refusals.special(path)
  }
  return found
}

const plainFile = async (root: string, path: string, { io, modes }: Walk): Promise<FoundFile> => {
  const { mode = 0, sizeBytes = 0 } = (await io.files.stat(`${root}/${path}`)) ?? {}
  if ((mode & 0o6000) !== 0 && !Object.hasOwn(modes, path)) refusals.setuid(path)
  return { type: 'file', path, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, sizeBytes }
}

/** By the words alone first, then through all other links of the tree: `..` after a link leaves from where the link leads. */
const checkLink = (path: string, linkTarget: string, links: ReadonlyMap<string, string>): void => {
  const outside = (): never => refusals.link(path, linkTarget)
  if (!isInsideLink(path, linkTarget) || /[\p{Cc}\\]/u.test(linkTarget)) outside()
  let at = path.split('/').slice(0, -1)
  const steps = linkTarget.split('/')
  for (let hops = 0; steps.length > 0;) {
    const step = steps.shift() ?? ''
    if (step === '' || step === '.') continue
    if (step === '..') {
      if (at.length === 0) outside()
      at = at.slice(0, -1)
      continue
    }
    const next = links.get([...at, step].join('/'))
    if (next === undefined) at = [...at, step]
    // A loop leads nowhere, and every system gives up after 40 links.
    else if ((hops += 1) > 40) return
    else steps.unshift(...next.split('/'))
  }
}

const hashed = async (
  file: FoundFile,
  root: string,
  { io, methods }: { readonly io: Io; readonly methods: Methods },
): Promise<TreeFile> => {
  const { path, mode } = file
  const { digest: sha256, sizeBytes } = await sha256Of(io, `${root}/${path}`, file.sizeBytes)
  const { bytes, deflated, digest } = methods
  // Whole at once: what is spread from another object takes twice the memory, and there may be a hundred thousand.
  if (digest === undefined) return { type: 'file', path, source: path, mode, sizeBytes, sha256, bytes, deflated }
  return { type: 'file', path, source: path, mode, sizeBytes, sha256, bytes, deflated, digest }
}

type Methods = Pick<TreeFile, 'bytes' | 'deflated' | 'digest'>
/** An entry as its methods see it. */
type Lying = Pick<TreeFile, 'sha256' | 'sizeBytes'> & { readonly source: string }

/** One of each for all files of a folder: of its own each file would need as much memory again. */
const methodsIn = (root: string, { io, deflate }: { readonly io: Io; readonly deflate: DeflateFile }): Methods => ({
  bytes(this: Lying) {
    return io.files.stream(`${root}/${this.source}`)
  },
  deflated(this: Lying, level: number, onBytes?: (done: number) => void) {
    return deflate({ path: `${root}/${this.source}`, sha256: this.sha256, sizeBytes: this.sizeBytes }, level, onBytes)
  },
  ...(io.threads !== undefined && {
    digest(this: Lying, algorithm: 'md5' | 'sha1') {
      return digestHere(io, { path: `${root}/${this.source}`, algorithm, sizeBytes: this.sizeBytes })
    },
  }),
})

/** `digest` of a tree's file that lies at an absolute path; nothing where there are no threads to make it. */
export const digestOn = (io: Io, path: string, sizeBytes: number): Pick<TreeFile, 'digest'> =>
  io.threads === undefined ? {} : { digest: algorithm => digestHere(io, { path, algorithm, sizeBytes }) }

interface Digesting {
  readonly path: string
  readonly algorithm: 'md5' | 'sha1'
  readonly sizeBytes: number
}
const digestHere = async ({ threads }: Io, { path, ...options }: Digesting): Promise<string> =>
  (await threads?.digest(path, options))?.digest ?? ''

const sha256Of = async ({ files, threads }: Io, path: string, aboutBytes: number): Promise<{ digest: Hex; sizeBytes: number }> => {
  if (threads !== undefined) return threads.digest(path, { algorithm: 'sha256', sizeBytes: aboutBytes })
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of files.stream(path)) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { digest: hash.digest('hex'), sizeBytes }
}

const inPairs = async (found: readonly Found[], make: (one: Found) => Promise<TreeEntry>): Promise<TreeEntry[]> => {
  const entries: TreeEntry[] = []
  const queue = found.values()
  const work = async (): Promise<void> => {
    for (const one of queue) entries.push(await make(one))
  }
  await Promise.all([work(), work(), work(), work()])
  return entries
}

const refusals = {
  name: (file: string): never =>
    fail('tree/bad-name', `${JSON.stringify(file)} holds control characters, a backslash or bytes that are not UTF-8`, {
      hint: 'Rename it: names may hold any letter, but nothing that a terminal or Windows would take for something else.',
      where: { file },
    }),
  special: (file: string): never =>
    fail('tree/special-file', `${JSON.stringify(file)} is a device, a pipe or a socket`, {
      hint: 'Remove it from the folder: an app is made of files, folders and links.',
      where: { file },
    }),
  setuid: (file: string): never =>
    fail('tree/setuid', `${JSON.stringify(file)} is setuid or setgid: it would run as somebody else`, {
      hint: 'Take the bit away (chmod ug-s), or declare it in the config, as app: { modes: { "bin/helper": "4755" } }.',
      where: { file },
    }),
  link: (file: string, linkTarget: string): never =>
    fail('tree/link-outside', `${JSON.stringify(file)} leads to ${JSON.stringify(linkTarget)}, out of the app folder`, {
      hint: 'Make the link relative and keep it inside, or copy what it leads to.',
      where: { file },
    }),
}
