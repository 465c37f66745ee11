// Installed files as the entries of a tar, for the formats that are one: apk and pacman.
import type { Deflated } from '@slipway/formats/deflate'
import type { TarEntry } from '@slipway/formats/tar'
import type { Installed } from './installed.ts'

export type InstalledEntry = TarEntry & { readonly bytes?: () => AsyncIterable<Uint8Array>; readonly deflated?: Deflated }

/** With the files' shared deflate streams where a level is given. */
export const tarEntries = async (
  entries: readonly Installed[],
  { date, level }: { readonly date: number; readonly level: number | undefined },
): Promise<readonly InstalledEntry[]> => {
  const made: InstalledEntry[] = []
  for (const entry of entries) {
    const common = { path: entry.path, mtime: date, sizeBytes: 0 }
    if (entry.type === 'folder') made.push({ ...common, type: 'folder', mode: entry.mode })
    else if (entry.type === 'link') made.push({ ...common, type: 'symlink', mode: 0o777, linkTarget: entry.linkTarget })
    else {
      const { mode, sizeBytes, bytes } = entry
      const deflated = level === undefined ? {} : { deflated: await entry.deflated(level) }
      made.push({ ...common, type: 'file', mode, sizeBytes, bytes, ...deflated })
    }
  }
  return made
}

/** What the config says of a package stands before what was computed; names end at an operator. */
export const withNeeds = (said: readonly string[], needs: readonly string[]): readonly string[] => {
  const nameOf = (relation: string): string => relation.split(/[<>=~]/, 1)[0] ?? ''
  const known = new Set(said.map(nameOf))
  return [...said, ...needs.filter(relation => !known.has(nameOf(relation)))]
}
