// Installed files as the entries of a tar, for the formats that are one: apk and pacman.
import type { Deflated } from '@slipway/formats/deflate'
import { md5Of, sha1Of } from '@slipway/formats/md5'
import type { TarEntry } from '@slipway/formats/tar'
import type { Installed, InstalledFile } from './installed.ts'

export type InstalledEntry = TarEntry & {
  readonly bytes?: () => AsyncIterable<Uint8Array>
  readonly deflated?: Deflated
  /** Hex, of files, where they were asked for. */
  readonly sha1?: string
  readonly digests?: { readonly sha256: string; readonly md5: string }
}

interface Wanted {
  readonly date: number
  /** Of the files' shared deflate streams; undefined: they are not asked for. */
  readonly level: number | undefined
  /** What is summed up meanwhile: `sha1` for apk, `digests` for pacman. */
  readonly sum?: 'sha1' | 'digests'
}

/** In order; a few files are worked on at once, so that no core waits. */
export const tarEntries = async (entries: readonly Installed[], wanted: Wanted): Promise<readonly InstalledEntry[]> => {
  const made: InstalledEntry[] = []
  await inTurns(entries, async (entry, index) => void (made[index] = await tarEntry(entry, wanted)))
  return made
}

const tarEntry = async (entry: Installed, { date, level, sum }: Wanted): Promise<InstalledEntry> => {
  const common = { path: entry.path, mtime: date, sizeBytes: 0 }
  if (entry.type === 'folder') return { ...common, type: 'folder', mode: entry.mode }
  if (entry.type === 'link') return { ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget }
  const { mode, sizeBytes, bytes } = entry
  const [deflated, sums] = await Promise.all([level === undefined ? undefined : entry.deflated(level), sumsOf(entry, sum)])
  return { ...common, type: 'file', mode, sizeBytes, bytes, ...(deflated === undefined ? {} : { deflated }), ...sums }
}

const sumsOf = async ({ bytes, sha256, digest }: InstalledFile, sum: Wanted['sum']): Promise<Pick<InstalledEntry, 'sha1' | 'digests'>> => {
  if (sum === undefined) return {}
  if (sum === 'sha1') return { sha1: await (digest?.('sha1') ?? sha1Of(bytes())) }
  return { digests: { sha256, md5: await (digest?.('md5') ?? md5Of(bytes())) } }
}

const atOnce = 4

/** Does `work` for all, begun in order, four at a time. */
export const inTurns = async <One>(all: readonly One[], work: (one: One, index: number) => Promise<void>): Promise<void> => {
  const queue = all.entries()
  const take = async (): Promise<void> => {
    for (const [index, one] of queue) await work(one, index)
  }
  await Promise.all(Array.from({ length: atOnce }, take))
}

/** What the config says of a package stands before what was computed; names end at an operator. */
export const withNeeds = (said: readonly string[], needs: readonly string[]): readonly string[] => {
  const nameOf = (relation: string): string => relation.split(/[<>=~]/, 1)[0] ?? ''
  const known = new Set(said.map(nameOf))
  return [...said, ...needs.filter(relation => !known.has(nameOf(relation)))]
}
