// A gzipped tar inside a deb: its size must be known before its first byte (deb(5), ar(5)).
import type { Deflated } from '@slipway/formats/deflate'
import { gzipOf } from '@slipway/formats/gzip'
import { tarGzParts, type TarDeflated } from '@slipway/formats/tar'
import type { DebEntry } from './layout.ts'

export interface Member {
  readonly sizeBytes: number
  readonly bytes: () => AsyncIterable<Uint8Array>
}

/** Entries under `./`, in order, as dpkg-deb has them; long names in the GNU form, the only one that dpkg unpacks. */
export const tarGzMember = async (
  entries: readonly DebEntry[],
  options: { readonly date: number; readonly level: number },
): Promise<Member> => {
  const tar: TarDeflated[] = [{ type: 'folder', path: './', mode: 0o755, sizeBytes: 0, mtime: options.date }]
  for (const entry of entries) tar.push(await tarEntryOf(entry, options))
  let sizeBytes = 0
  for await (const chunk of packed(tar.map(blank))) sizeBytes += chunk.length
  return { sizeBytes, bytes: () => packed(tar) }
}

const packed = (tar: readonly TarDeflated[]): AsyncGenerator<Uint8Array> => gzipOf(tarGzParts(tar, { dialect: 'gnu' }))

const tarEntryOf = async (entry: DebEntry, { date, level }: { readonly date: number; readonly level: number }): Promise<TarDeflated> => {
  const common = { path: `./${entry.path}`, mtime: date, sizeBytes: 0 }
  if (entry.type === 'folder') return { ...common, type: 'folder', mode: entry.mode }
  if (entry.type === 'link') return { ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget }
  return { ...common, type: 'file', mode: entry.mode, sizeBytes: entry.sizeBytes, deflated: await entry.deflated(level) }
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
