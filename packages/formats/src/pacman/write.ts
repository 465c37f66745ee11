// pacman, writing: one compressed tar of what describes the package, and its files (pacman 6.0, scripts/makepkg.sh, create_package).
import { createHash } from 'node:crypto'
import { type ByteChunks, collect, encodeText, letGo } from '../bytes.ts'
import { type Deflated, deflatedOf, type DeflatePiece, deflatePieces } from '../deflate.ts'
import { FormatError } from '../format-error.ts'
import { gzipOf } from '../gzip.ts'
import { inFlight } from '../in-flight.ts'
import { type MtreeEntry, mtreeHead, mtreeLine } from '../mtree.ts'
import { type TarDeflated, type TarEntry, tarGzParts, writeTar } from '../tar.ts'
import { compressXz } from '../xz.ts'
import { zstdFrames } from '../zstd-frames.ts'
import { type PacmanFields, pacmanBuildinfo, pacmanPkginfo } from './package.ts'

/** A file has `bytes`, and for gzip `deflated`; both may be opened more than once. Of many files they are asked for, each once. */
export interface PacmanEntry extends TarEntry {
  bytes?(): AsyncIterable<Uint8Array>
  readonly deflated?: Deflated | (() => Promise<Deflated>)
  /** Hex digits of the content, where both are known already. */
  readonly digests?: PacmanDigests | (() => Promise<PacmanDigests>)
}

export interface PacmanDigests {
  readonly sha256: string
  readonly md5: string
}

/** Gzip takes the files' own deflate streams. */
export type PacmanCompression = { readonly type: 'zstd' | 'xz'; readonly level: number } | { readonly type: 'gzip' }

export interface PacmanPackage {
  readonly fields: PacmanFields
  /** As `pacmanInstall` makes it. */
  readonly install?: string
  readonly changelog?: string
  /** In any order; the folders that lead to files are not added. */
  readonly entries: readonly PacmanEntry[]
  readonly compression: PacmanCompression
}

/**
 * A whole package, the same bytes each time. Files without `digests` are read twice, because the list of digests comes first.
 * Throws `pacman/bad-name`, `pacman/bad-version`, `pacman/bad-relation`, `pacman/bad-field`, `pacman/bad-backup`, `pacman/bad-path`,
 * `pacman/data-changed` and what tar, gzip, xz and zstd throw.
 */
export async function* writePacman(pacman: PacmanPackage): AsyncGenerator<Uint8Array> {
  const files = sorted(pacman.entries)
  const { fields, compression } = pacman
  checkBackup(pacman)
  const installedBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  const described = {
    '.BUILDINFO': encodeText(pacmanBuildinfo(fields)),
    '.CHANGELOG': pacman.changelog === undefined ? undefined : encodeText(pacman.changelog),
    '.INSTALL': pacman.install === undefined || pacman.install === '' ? undefined : encodeText(pacman.install),
    '.PKGINFO': encodeText(pacmanPkginfo(fields, installedBytes)),
  }
  const made: PacmanEntry[] = []
  for (const [path, bytes] of Object.entries(described)) if (bytes !== undefined) made.push(await madeEntry(path, bytes, fields.date))
  const list = await packedList([...made, ...files])
  // As the shell sorts them: .MTREE between .INSTALL and .PKGINFO, and all of them before the files.
  const own = [...made, await madeEntry('.MTREE', list, fields.date)].toSorted(byPath)
  const entries = [...own, ...files]
  if (compression.type === 'gzip') yield* gzipOf(tarGzParts(inFlight(entries, withStream), dialect))
  else if (compression.type === 'xz') yield* compressXz(writeTar(entries, dialect), { level: compression.level })
  else yield* zstdChunks(writeTar(entries, dialect), compression.level)
}

/** Up to here a compressor is quicker than what it is given is read; above, each has tables of tens of megabytes. */
const quickLevel = 5

async function* zstdChunks(tar: ByteChunks, level: number): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of zstdFrames(tar, { level, parallel: level <= quickLevel ? 2 : 1 })) {
    yield bytes
    letGo(bytes)
  }
}

// libarchive brings names in pax records into the locale and into composed Unicode, so that files would get other names; these it keeps.
const dialect = { dialect: 'gnu' } as const

const plainPath = (entry: TarEntry): string => entry.path.replace(/\/+$/, '')
const byPath = (left: TarEntry, right: TarEntry): number => (plainPath(left) < plainPath(right) ? -1 : 1)

const madeEntry = async (path: string, bytes: Uint8Array, mtime: number): Promise<PacmanEntry> => {
  const pieces = []
  for await (const piece of deflatePieces([bytes], { level: 9 })) pieces.push(piece)
  return {
    path,
    type: 'file',
    mode: 0o644,
    sizeBytes: bytes.length,
    mtime,
    async *bytes() {
      yield bytes
    },
    deflated: deflatedOf(pieces),
  }
}

const withStream = async (entry: PacmanEntry): Promise<TarDeflated> => {
  const { path, type, mode, sizeBytes, mtime, linkTarget } = entry
  const plain = { path, type, mode, sizeBytes, mtime, ...(linkTarget === undefined ? {} : { linkTarget }) }
  const deflated = typeof entry.deflated === 'function' ? await entry.deflated() : entry.deflated
  return deflated === undefined ? plain : { ...plain, deflated }
}

/** Compressed while it is made: that of a hundred thousand files has fifteen megabytes. */
const packedList = async (entries: readonly PacmanEntry[]): Promise<Uint8Array> => {
  const pieces: DeflatePiece[] = []
  for await (const piece of deflatePieces(listOf(entries), { level: 9 })) pieces.push(piece)
  return collect(gzipOf([{ deflated: deflatedOf(pieces) }]), Number.MAX_SAFE_INTEGER)
}

async function* listOf(entries: readonly PacmanEntry[]): AsyncGenerator<Uint8Array> {
  let text = mtreeHead
  for await (const entry of inFlight(entries, listedOf)) {
    text += mtreeLine(entry)
    if (text.length < textBytes) continue
    yield encodeText(text)
    text = ''
  }
  yield encodeText(text)
}
const textBytes = 1 << 16

const listedOf = async (entry: PacmanEntry): Promise<MtreeEntry> => {
  const { type, mode, mtime, sizeBytes, linkTarget } = entry
  const common = { path: plainPath(entry), type, mode, mtime, ...(linkTarget === undefined ? {} : { linkTarget }) }
  if (type !== 'file') return common
  const known = typeof entry.digests === 'function' ? await entry.digests() : entry.digests
  return { ...common, sizeBytes, ...(known ?? (await digestsOf(entry, entry.bytes?.() ?? []))) }
}

const digestsOf = async (entry: TarEntry, chunks: ByteChunks): Promise<PacmanDigests> => {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')]
  let sizeBytes = 0
  for await (const chunk of chunks) {
    sha256.update(chunk)
    md5.update(chunk)
    sizeBytes += chunk.length
  }
  if (sizeBytes === entry.sizeBytes) return { sha256: sha256.digest('hex'), md5: md5.digest('hex') }
  throw new FormatError('pacman/data-changed', `${entry.path} gave ${sizeBytes} bytes where ${entry.sizeBytes} were announced`)
}

const sorted = (entries: readonly PacmanEntry[]): readonly PacmanEntry[] => {
  const paths = new Set<string>()
  for (const entry of entries) {
    const path = plainPath(entry)
    const refuse = (reason: string): FormatError => new FormatError('pacman/bad-path', `${JSON.stringify(entry.path)} ${reason}`)
    if (path.startsWith('.')) throw refuse('begins with a dot: pacman takes it for its own and does not unpack it')
    // libalpm keeps its lists of files by lines.
    if (path.includes('\n')) throw refuse('holds a line break')
    if (paths.has(path)) throw refuse('is there twice')
    paths.add(path)
  }
  return entries.toSorted(byPath)
}

const checkBackup = ({ fields, entries }: PacmanPackage): void => {
  const lost = fields.backup?.find(path => !entries.some(entry => entry.type === 'file' && entry.path === path))
  if (lost !== undefined) throw new FormatError('pacman/bad-backup', `${JSON.stringify(lost)} is no file of the package`)
}
