// A bundle that lies on this machine as a folder.
import { basename } from 'node:path'
import type { ByteChunks, Source } from '@slipway/formats/bytes'
import type { Io } from '../../io/io.ts'
import { bundleFacts } from './bundle.ts'
import { foundOf, lookAround, type Openable } from './look.ts'
import { type Draft, limits, modeText, type Report } from './report.ts'
import type { Reading } from './read.ts'

export const isBundleFolder = async ({ files }: Pick<Io, 'files'>, path: string): Promise<boolean> =>
  (await files.stat(`${path}/Contents/Info.plist`))?.type === 'file'

/** Links are shown, and never followed. */
export const readFolderReport = async (io: Pick<Io, 'files' | 'clock'>, path: string, { digests, signal }: Reading): Promise<Report> => {
  const all: Openable[] = []
  const name = basename(path)
  await walk(io, { path, shown: name, all, signal })
  const byPath = new Map(all.map(({ entry, open }) => [entry.path, open]))
  const seen = await lookAround(all, digests)
  const found = foundOf('app', seen, await bundleFacts({ seen, open: one => byPath.get(one)?.(), nowMs: io.clock.now() }))
  const sizeBytes = found.contents.reduce((sum, entry) => sum + entry.sizeBytes, 0)
  return { file: path, sizeBytes, sha256: null, ...found }
}

const within = async <T>({ files }: Pick<Io, 'files'>, path: string, use: (source: Source) => Promise<T>): Promise<T> => {
  const source = await files.open(path)
  try {
    return await use(source)
  } finally {
    await source.close()
  }
}

interface Walking {
  readonly path: string
  readonly shown: string
  readonly all: Openable[]
  readonly signal: AbortSignal
}
const walk = async (io: Pick<Io, 'files'>, { path, shown, all, signal }: Walking): Promise<void> => {
  for (const { name } of await io.files.list(path)) {
    signal.throwIfAborted()
    const [inside, place] = [`${path}/${name}`, `${shown}/${name}`]
    const facts = await io.files.stat(inside)
    if (facts === null || all.length >= limits.limitEntries) continue
    const isFile = facts.type === 'file'
    const type = facts.type === 'link' ? 'symlink' : facts.type
    const entry: Draft = { path: place, type, mode: modeText(facts.mode), sizeBytes: isFile ? facts.sizeBytes : 0 }
    if (type === 'symlink') entry.linkTarget = await io.files.readLink(inside)
    all.push({ entry, open: (): ByteChunks => io.files.stream(inside), within: use => within(io, inside, use) })
    if (type === 'folder') await walk(io, { path: inside, shown: place, all, signal })
  }
}
