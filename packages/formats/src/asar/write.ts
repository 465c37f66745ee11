// asar (Electron's archive), writing: the header first, with a SHA-256 of each file and of each of its blocks (electronjs.org, ASAR Integrity).
import { createHash } from 'node:crypto'
import { type ByteChunks, concat, encodeText, packLittle } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { FileBytes } from '../macho/layout.ts'

export interface AsarFile {
  readonly type: 'file'
  readonly path: string
  readonly sizeBytes: number
  readonly isExecutable: boolean
  /** Stands beside the archive, in `NAME.asar.unpacked`; the header alone knows of it. */
  readonly isUnpacked: boolean
  /** Read twice: to sum it up, then to write it. */
  readonly bytes: () => ByteChunks
}
export interface AsarLink {
  readonly type: 'link'
  readonly path: string
  /** From the folder that it stands in, as the file system has it. */
  readonly linkTarget: string
  readonly isUnpacked: boolean
}
export interface AsarFolder {
  readonly type: 'folder'
  readonly path: string
}
export type AsarEntry = AsarFile | AsarLink | AsarFolder

export interface AsarWritten extends FileBytes {
  /** The text of the header, whose SHA-256 Electron compares with what the app's Info.plist or resource says. */
  readonly header: Uint8Array
}

/** Of the blocks that are summed up one by one: what @electron/asar writes. */
const blockBytes = 1 << 22
/** Electron reads sizes as integers of 32 bits with a sign. */
const limitFileBytes = 2 ** 31 - 1

/**
 * An archive of these entries, in the order of their paths; the same bytes that @electron/asar gives of the same tree. Contents that are
 * there already are written once. Throws `asar/file-too-large`, `asar/link-outside`, `asar/twice` and `asar/size-changed`.
 */
export const writeAsar = async (entries: readonly AsarEntry[]): Promise<AsarWritten> => {
  const root = folderNode()
  const places = new Map<string, string>()
  const stored: AsarFile[] = []
  let dataBytes = 0
  for (const entry of entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { files, name } = placeOf(root, entry.path)
    if (entry.type === 'folder') {
      files[name] ??= folderNode()
      continue
    }
    if (files[name] !== undefined) throw new FormatError('asar/twice', `${JSON.stringify(entry.path)} is there twice`)
    if (entry.type === 'link') {
      files[name] = { ...(entry.isUnpacked ? { unpacked: true } : {}), link: fromRoot(entry) }
      continue
    }
    if (entry.sizeBytes > limitFileBytes)
      throw new FormatError(
        'asar/file-too-large',
        `${JSON.stringify(entry.path)} has ${entry.sizeBytes} bytes; an asar ends at 2 GiB a file`,
      )
    const integrity = await summedUp(entry)
    if (entry.isUnpacked) {
      files[name] = { size: entry.sizeBytes, unpacked: true, integrity }
      continue
    }
    const known = places.get(integrity.hash)
    const offset = known ?? String(dataBytes)
    files[name] = { size: entry.sizeBytes, offset, ...(entry.isExecutable ? { executable: true } : {}), integrity }
    if (known !== undefined) continue
    places.set(integrity.hash, offset)
    stored.push(entry)
    dataBytes += entry.sizeBytes
  }
  const header = encodeText(JSON.stringify(root))
  const head = pickled(header)
  return { header, sizeBytes: head.length + dataBytes, chunks: () => written(head, stored) }
}

type Node = FolderNode | Readonly<Record<string, unknown>>
interface FolderNode {
  readonly files: Record<string, Node>
}

/** Without a prototype: a file may be called `__proto__`. */
const folderNode = (): FolderNode => ({ files: Object.create(null) as Record<string, Node> })

const placeOf = (root: FolderNode, path: string): { readonly files: Record<string, Node>; readonly name: string } => {
  const steps = path.split('/')
  const name = steps.pop() ?? ''
  let { files } = root
  for (const step of steps) {
    const inside = (files[step] ??= folderNode())
    if (!isFolder(inside)) throw new FormatError('asar/twice', `${JSON.stringify(path)} lies below what is no folder`)
    ;({ files } = inside)
  }
  return { files, name }
}
const isFolder = (node: Node): node is FolderNode => 'files' in node

/** Links lead from the root of the archive. */
const fromRoot = ({ path, linkTarget }: AsarLink): string => {
  const outside = (): never => {
    throw new FormatError('asar/link-outside', `${JSON.stringify(path)} leads out of the archive, to ${JSON.stringify(linkTarget)}`)
  }
  if (linkTarget.startsWith('/')) outside()
  const steps = path.split('/').slice(0, -1)
  for (const step of linkTarget.split('/'))
    if (step === '..') {
      if (steps.pop() === undefined) outside()
    } else if (step !== '' && step !== '.') steps.push(step)
  return steps.join('/')
}

interface Integrity {
  readonly algorithm: 'SHA256'
  readonly hash: string
  readonly blockSize: number
  readonly blocks: readonly string[]
}

const summedUp = async (file: AsarFile): Promise<Integrity> => {
  const whole = createHash('sha256')
  const blocks: string[] = []
  let block = createHash('sha256')
  let filled = 0
  let sizeBytes = 0
  for await (const chunk of file.bytes()) {
    whole.update(chunk)
    sizeBytes += chunk.length
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + blockBytes - filled)
      block.update(part)
      filled += part.length
      at += part.length
      if (filled < blockBytes) continue
      blocks.push(block.digest('hex'))
      block = createHash('sha256')
      filled = 0
    }
  }
  if (sizeBytes !== file.sizeBytes) throw changed(file, sizeBytes)
  if (filled > 0 || blocks.length === 0) blocks.push(block.digest('hex'))
  return { algorithm: 'SHA256', hash: whole.digest('hex'), blockSize: blockBytes, blocks }
}

const changed = ({ path, sizeBytes }: AsarFile, found: number): FormatError =>
  new FormatError('asar/size-changed', `${JSON.stringify(path)} gave ${found} bytes where ${sizeBytes} were announced`)

/** Two Chromium pickles: the length of the second, and the second with the text. */
const pickled = (header: Uint8Array): Uint8Array => {
  const padding = (4 - (header.length % 4)) % 4
  const payloadBytes = 4 + header.length + padding
  const lengths = packLittle([
    [4, 4],
    [4, payloadBytes + 4],
    [4, payloadBytes],
    [4, header.length],
  ])
  return concat([lengths, header, new Uint8Array(padding)])
}

async function* written(head: Uint8Array, files: readonly AsarFile[]): AsyncGenerator<Uint8Array> {
  yield head
  for (const file of files) {
    let sizeBytes = 0
    for await (const chunk of file.bytes()) {
      sizeBytes += chunk.length
      yield chunk
    }
    if (sizeBytes !== file.sizeBytes) throw changed(file, sizeBytes)
  }
}
