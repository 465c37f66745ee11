// pacman, reading: the description of a package and its files, compared with the package's own list of digests (.MTREE).
import { createHash } from 'node:crypto'
import { type ByteChunks, collect, concat, decodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { gunzipStream } from '../gzip.ts'
import { type MtreeEntry, parseMtree } from '../mtree.ts'
import { parsePkginfo, type PkginfoFields } from '../pkginfo.ts'
import { readTar, type TarFound } from '../tar.ts'
import { decompressXz } from '../xz.ts'
import { decompressZstd } from '../zstd.ts'

export interface PacmanReading {
  readonly limitEntries: number
  /** Of the tar, unpacked. */
  readonly limitBytes: number
  /** Sees each file of the package before the digests are compared; may read its bytes. */
  readonly visit?: (entry: TarFound) => Promise<void>
}

export interface Pacman {
  readonly compression: 'zstd' | 'xz' | 'gzip' | 'none'
  /** Of .PKGINFO: `pkgname`, `pkgver`, `depend`… */
  readonly fields: PkginfoFields
  /** Of .BUILDINFO; undefined without one. */
  readonly build: PkginfoFields | undefined
  /** .INSTALL */
  readonly install: string | undefined
  readonly changelog: string | undefined
  /** Whether there was a list of digests; with one, everything agrees with it. */
  readonly hasMtree: boolean
  readonly entries: readonly Omit<TarFound, 'bytes'>[]
}

/**
 * Throws `pacman/unsupported` (another compression, as bzip2), `pacman/no-pkginfo`, `pacman/bad-field`, `pacman/bad-member`,
 * `pacman/bad-mtree` (an entry is not as the list says, or only one of both has it), `bytes/too-large`, and what mtree, tar, gzip, xz and zstd throw.
 */
export const readPacman = async (chunks: ByteChunks, options: PacmanReading): Promise<Pacman> => {
  const { compression, tar } = await unpacked(chunks, options.limitBytes)
  const described = new Map<string, Uint8Array>()
  const entries: Omit<TarFound, 'bytes'>[] = []
  const digests = new Map<string, string>()
  for await (const entry of readTar(tar, options)) {
    const { bytes, ...plain } = entry
    const path = barePath(entry.path)
    const watched = watch(bytes)
    if (path.startsWith('.')) {
      if (entry.type !== 'file' || path.includes('/') || described.has(path))
        throw new FormatError('pacman/bad-member', `${JSON.stringify(entry.path)} is no file that describes a package, or is there twice`)
      described.set(path, await collect(watched.bytes(), limitDescribedBytes))
    } else {
      entries.push(plain)
      await options.visit?.({ ...entry, bytes: watched.bytes })
    }
    const digest = entry.type === 'file' ? await watched.digest() : undefined
    if (digest !== undefined) digests.set(path, digest)
  }
  const pkginfo = described.get('.PKGINFO')
  if (pkginfo === undefined) throw new FormatError('pacman/no-pkginfo', 'there is no .PKGINFO')
  const list = described.get('.MTREE')
  if (list !== undefined) {
    const own = [...described].map(([path, bytes]) => ({ path, type: 'file' as const, sizeBytes: bytes.length }))
    compare([...own.filter(one => one.path !== '.MTREE'), ...entries], { listed: await readMtree(list), digests })
  }
  const text = (name: string): string | undefined => {
    const bytes = described.get(name)
    return bytes === undefined ? undefined : textOf(bytes, name)
  }
  const build = text('.BUILDINFO')
  return {
    compression,
    fields: fieldsIn(textOf(pkginfo, '.PKGINFO')),
    build: build === undefined ? undefined : fieldsIn(build),
    install: text('.INSTALL'),
    changelog: text('.CHANGELOG'),
    hasMtree: list !== undefined,
    entries,
  }
}

const limitDescribedBytes = 1 << 26

const barePath = (path: string): string => path.replace(/\/+$/, '')

const fieldsIn = (text: string): PkginfoFields => parsePkginfo(text, message => new FormatError('pacman/bad-field', message))

const textOf = (bytes: Uint8Array, name: string): string => {
  try {
    return decodeText(bytes)
  } catch {
    throw new FormatError('pacman/bad-field', `${name} is not UTF-8`)
  }
}

const unpacked = async (
  chunks: ByteChunks,
  limitBytes: number,
): Promise<{ readonly compression: Pacman['compression']; readonly tar: ByteChunks }> => {
  const input = (async function* () {
    yield* chunks
  })()
  let head: Uint8Array = new Uint8Array(0)
  while (head.length < 6) {
    const next = await input.next()
    if (next.done === true) break
    head = concat([head, next.value])
  }
  const whole = (async function* () {
    yield head
    yield* input
  })()
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, index) => head[index] === byte)
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return { compression: 'zstd', tar: decompressZstd(whole, { limitBytes }) }
  if (begins(0x1f, 0x8b)) return { compression: 'gzip', tar: gunzipStream(whole, { limitBytes }) }
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return { compression: 'xz', tar: decompressXz(whole, { limitBytes }) }
  if (!begins(0x42, 0x5a, 0x68)) return { compression: 'none', tar: whole }
  await input.return(undefined)
  throw new FormatError('pacman/unsupported', 'the package is compressed with bzip2, which is not read here; unpack it first', 0)
}

interface Watched {
  bytes(): AsyncGenerator<Uint8Array>
  /** Of the content, which is read for it where nobody did; undefined where somebody stopped early. */
  digest(): Promise<string | undefined>
}

const watch = (bytes: () => AsyncIterable<Uint8Array>): Watched => {
  const hash = createHash('sha256')
  let state: 'untouched' | 'opened' | 'ended' = 'untouched'
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    state = 'opened'
    for await (const chunk of bytes()) {
      hash.update(chunk)
      yield chunk
    }
    state = 'ended'
  }
  return {
    bytes: watched,
    digest: async () => {
      if (state === 'untouched') for await (const _ of watched());
      return state === 'ended' ? hash.digest('hex') : undefined
    },
  }
}

const limitListBytes = 1 << 28

const readMtree = async (packed: Uint8Array): Promise<ReadonlyMap<string, MtreeEntry>> => {
  const list = parseMtree(await collect(gunzipStream([packed], { limitBytes: limitListBytes }), limitListBytes))
  return new Map(list.map(entry => [entry.path, entry]))
}

type Listed = Pick<TarFound, 'path' | 'type' | 'sizeBytes'> & { readonly mode?: number; readonly linkTarget?: string }

interface Evidence {
  readonly listed: ReadonlyMap<string, MtreeEntry>
  readonly digests: ReadonlyMap<string, string>
}

const compare = (entries: readonly Listed[], { listed, digests }: Evidence): void => {
  const seen = new Set<string>()
  for (const entry of entries) {
    const path = barePath(entry.path)
    const refuse = (reason: string): FormatError => new FormatError('pacman/bad-mtree', `${JSON.stringify(path)} ${reason}`)
    const said = listed.get(path)
    if (said === undefined) throw refuse('is not in the list of digests')
    if (seen.has(path)) throw refuse('is there twice')
    seen.add(path)
    // The list has a hard link as the file that it is.
    const isLinked = entry.type === 'hardlink'
    if (said.type !== entry.type && !isLinked) throw refuse(`is a ${entry.type} and not a ${said.type}`)
    if (said.mode !== undefined && entry.mode !== undefined && entry.type !== 'symlink' && said.mode !== entry.mode)
      throw refuse(`has the mode ${entry.mode.toString(8)} and not ${said.mode.toString(8)}`)
    if (entry.type === 'symlink' && said.linkTarget !== undefined && said.linkTarget !== entry.linkTarget) throw refuse('leads elsewhere')
    if (entry.type !== 'file') continue
    if (said.sizeBytes !== undefined && said.sizeBytes !== entry.sizeBytes)
      throw refuse(`has ${entry.sizeBytes} bytes and not ${said.sizeBytes}`)
    const digest = digests.get(path)
    if (said.sha256 !== undefined && digest !== undefined && said.sha256 !== digest) throw refuse('has another SHA-256')
  }
  const lost = [...listed.keys()].find(path => !seen.has(path))
  if (lost !== undefined) throw new FormatError('pacman/bad-mtree', `${JSON.stringify(lost)} is in the list of digests only`)
}
