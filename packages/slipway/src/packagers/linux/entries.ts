// Installed files as the entries of a tar, for the formats that are one: apk and pacman.
import { letGo } from '@slipway/formats/bytes'
import type { Deflated } from '@slipway/formats/deflate'
import { md5Of, sha1Of } from '@slipway/formats/md5'
import { inFlight } from '@slipway/formats/in-flight'
import type { TarDeflated, TarEntry } from '@slipway/formats/tar'
import type { PackSubject } from '../packager.ts'
import type { Installed, InstalledFile } from './installed.ts'

/** From so many on, what is needed twice waits on disk. */
export const manyFiles = 10_000

type AgainOnDisk = (chunks: AsyncIterable<Uint8Array>) => Promise<() => AsyncGenerator<Uint8Array>>

/** Each chunk that is read again is good until the next one is asked for. */
export const onDisk =
  (spool: NonNullable<PackSubject['spool']>): AgainOnDisk =>
  async chunks => {
    const again = await spool(chunks)
    return async function* () {
      for await (const chunk of again()) {
        yield chunk
        letGo(chunk)
      }
    }
  }

interface Wanted {
  readonly date: number
  /** Of the files' shared deflate streams. */
  readonly level: number
}

/** In order; a few files are worked on at once, so that no core waits. */
export const tarEntries = (entries: readonly Installed[], { date, level }: Wanted): AsyncGenerator<TarDeflated> =>
  inFlight(entries, async entry => {
    const made = plainEntry(entry, date)
    return entry.type === 'file' ? { ...made, deflated: await entry.deflated(level) } : made
  })

const plainEntry = (entry: Installed, mtime: number): TarEntry => {
  const { path, type } = entry
  if (type === 'folder') return { path, mtime, sizeBytes: 0, type, mode: entry.mode }
  if (type === 'link') return { path, mtime, sizeBytes: 0, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget }
  return { path, mtime, sizeBytes: entry.sizeBytes, type, mode: entry.mode }
}

/** What is known of a file is asked for when its turn comes: of a hundred thousand it would fill the memory. */
export interface LazyEntry extends TarEntry {
  bytes?(): AsyncIterable<Uint8Array>
  deflated?(): Promise<Deflated>
  /** Hex. */
  sha1?(): Promise<string>
  digests?(): Promise<{ readonly sha256: string; readonly md5: string }>
}

/** Each is called on its entry: one of each serves all files. */
export const lazyEntries = (entries: readonly Installed[], { date, level }: Wanted): readonly LazyEntry[] => {
  const methods = {
    bytes(this: LazyFile) {
      return this.file.bytes()
    },
    deflated(this: LazyFile) {
      return this.file.deflated(level)
    },
    async sha1(this: LazyFile) {
      this.sum ||= await (this.file.digest?.('sha1') ?? sha1Of(this.file.bytes()))
      return this.sum
    },
    async digests(this: LazyFile) {
      return { sha256: this.file.sha256, md5: await (this.file.digest?.('md5') ?? md5Of(this.file.bytes())) }
    },
  }
  const { bytes, deflated, sha1, digests } = methods
  return entries.map((file): LazyEntry => {
    if (file.type !== 'file') return plainEntry(file, date)
    const { path, sizeBytes, mode } = file
    const made: LazyFile = { path, type: 'file', mode, sizeBytes, mtime: date, file, sum: '', bytes, deflated, sha1, digests }
    return made
  })
}

interface LazyFile extends LazyEntry {
  readonly file: InstalledFile
  /** Once it is known: a package may ask twice. */
  sum: string
}

/** What the config says of a package stands before what was computed; names end at an operator. */
export const withNeeds = (said: readonly string[], needs: readonly string[]): readonly string[] => {
  const nameOf = (relation: string): string => relation.split(/[<>=~]/, 1)[0] ?? ''
  const known = new Set(said.map(nameOf))
  return [...said, ...needs.filter(relation => !known.has(nameOf(relation)))]
}
