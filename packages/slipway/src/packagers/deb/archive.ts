// A compressed tar inside a deb: its size must be known before its first byte (deb(5), ar(5)).
import type { Deflated } from '@slipway/formats/deflate'
import { gzipOf } from '@slipway/formats/gzip'
import { inFlight } from '@slipway/formats/in-flight'
import { tarGzParts, writeTar, type TarDeflated, type TarFile } from '@slipway/formats/tar'
import { compressXz } from '@slipway/formats/xz'
import { compressZstd } from '@slipway/formats/zstd'
import { manyFiles, onDisk } from '../linux/entries.ts'
import type { Installed } from '../linux/installed.ts'
import type { PackSubject } from '../packager.ts'

export interface Member {
  readonly sizeBytes: number
  readonly bytes: () => AsyncIterable<Uint8Array>
}

/** Entries under `./`, in order, as dpkg-deb has them; long names in the GNU form, the only one that dpkg unpacks. */
export const tarGzMember = async (
  entries: readonly Installed[],
  { spool, ...options }: { readonly date: number; readonly level: number; readonly spool?: PackSubject['spool'] | undefined },
): Promise<Member> => {
  // Made anew each time: the streams are kept where they come from, and all their entries at once would take more than they do.
  const tar = (made: (entry: TarDeflated) => TarDeflated): AsyncGenerator<TarDeflated> => {
    const entryOf = async (entry: Installed | null): Promise<TarDeflated> =>
      entry === null ? topFolder(options.date) : made(await tarEntryOf(entry, options))
    return inFlight(withTop(entries), entryOf)
  }
  // Streams of so many small files are not all kept: on disk they need not be made again.
  if (spool !== undefined && entries.length >= manyFiles) return spooled(packed(tar(entry => entry)), spool)
  let sizeBytes = 0
  for await (const chunk of packed(tar(blank))) sizeBytes += chunk.length
  return { sizeBytes, bytes: () => packed(tar(entry => entry)) }
}

function* withTop(entries: readonly Installed[]): Generator<Installed | null> {
  yield null
  yield* entries
}

const topFolder = (mtime: number): TarFile => ({ type: 'folder', path: './', mode: 0o755, sizeBytes: 0, mtime })

const heldBytes = 1 << 26

interface Packing {
  readonly date: number
  readonly level: number
  readonly compression: 'xz' | 'zstd'
  readonly spool?: PackSubject['spool'] | undefined
}

/** The same in one xz stream or Zstandard frame: on disk where there is room, else held where it is small and compressed twice where it is not. */
export const tarMember = async (entries: readonly Installed[], { date, level, compression, spool }: Packing): Promise<Member> => {
  const compressor = compression === 'xz' ? compressXz : compressZstd
  const compress = (): AsyncGenerator<Uint8Array> => compressor(writeTar(plainEntries(entries, date), { dialect: 'gnu' }), { level })
  if (spool !== undefined) return spooled(compress(), spool)
  const held: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of compress()) {
    sizeBytes += chunk.length
    if (sizeBytes <= heldBytes) held.push(chunk)
    else held.length = 0
  }
  if (sizeBytes > heldBytes) return { sizeBytes, bytes: compress }
  return {
    sizeBytes,
    async *bytes() {
      yield* held
    },
  }
}

const spooled = async (chunks: AsyncIterable<Uint8Array>, spool: NonNullable<Packing['spool']>): Promise<Member> => {
  let sizeBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const bytes = await onDisk(spool)(counted())
  return { sizeBytes, bytes }
}

function* plainEntries(entries: readonly Installed[], date: number): Generator<TarFile> {
  yield topFolder(date)
  for (const entry of entries) yield plainEntryOf(entry, date)
}

const plainEntryOf = (entry: Installed, mtime: number): TarFile => {
  const path = `./${entry.path}`
  if (entry.type === 'folder') return { type: 'folder', path, mode: entry.mode, sizeBytes: 0, mtime }
  if (entry.type === 'link') return { type: 'symlink', path, mode: 0o777, sizeBytes: 0, mtime, linkTarget: entry.linkTarget }
  return { type: 'file', path, mode: entry.mode, sizeBytes: entry.sizeBytes, mtime, bytes: () => entry.bytes() }
}

const packed = (tar: AsyncIterable<TarDeflated>): AsyncGenerator<Uint8Array> => gzipOf(tarGzParts(tar, { dialect: 'gnu' }))

const tarEntryOf = async (
  entry: Installed,
  { date: mtime, level }: { readonly date: number; readonly level: number },
): Promise<TarDeflated> => {
  const path = `./${entry.path}`
  if (entry.type === 'folder') return { type: 'folder', path, mode: entry.mode, sizeBytes: 0, mtime }
  if (entry.type === 'link') return { type: 'symlink', path, mode: 0o777, sizeBytes: 0, mtime, linkTarget: entry.linkTarget }
  return { type: 'file', path, mode: entry.mode, sizeBytes: entry.sizeBytes, mtime, deflated: await entry.deflated(level) }
}

/** The same entry with zeros for its stream: enough to measure the member without reading the files again. */
const blank = (entry: TarDeflated): TarDeflated => {
  const { deflated } = entry
  if (deflated === undefined) return entry
  const { crc32, sizeBytes, compressedBytes } = deflated
  return { ...entry, deflated: { crc32, sizeBytes, compressedBytes, chunks: () => zeros(compressedBytes) } satisfies Deflated }
}

const zeroBlock = new Uint8Array(1 << 16)

async function* zeros(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= zeroBlock.length) yield zeroBlock.subarray(0, Math.min(left, zeroBlock.length))
}
