// tar in any wrapping, and what is made of one: npm tarballs, Alpine and Arch packages.
import { fail } from '@slipway/core'
import { type ByteChunks, collect, concat, fromBytes } from '@slipway/formats/bytes'
import { gunzipStream } from '@slipway/formats/gzip'
import { identify } from '@slipway/formats/identify'
import { readTar, type TarFound } from '@slipway/formats/tar'
import { decompressXz } from '@slipway/formats/xz'
import { decompressZstd } from '@slipway/formats/zstd'
import { bundleFacts, isBundleText } from './bundle.ts'
import { foundOf, lookAt, type Seen, seenOf } from './look.ts'
import { npmFacts } from './npm.ts'
import { pkginfoFound } from './pkginfo.ts'
import { type Draft, type Found, limits, modeText, type Subject } from './report.ts'

export type Wrapping = 'tar' | 'gzip' | 'zstd' | 'xz'

/** What a compressed stream holds must be a tar: anything else is `inspect/no-tar`. */
export const readTarReport = async (subject: Subject, kind: Wrapping): Promise<Found> => {
  const seen: Seen[] = []
  const texts = new Map<string, string>()
  const lists = new Map<string, Uint8Array>()
  const isText = (path: string): boolean =>
    path === 'package/package.json' || /^\.(PKGINFO|INSTALL|trigger|(pre|post)-(install|upgrade|deinstall))$/.test(path)
  const chunks = await needTar(unpacked(subject.stream(), kind))
  for await (const entry of readTar(chunks, limits)) {
    if (entry.type === 'file' && isText(entry.path) && entry.sizeBytes <= limitTextBytes) {
      const bytes = await collect(entry.bytes(), limitTextBytes)
      texts.set(entry.path, new TextDecoder().decode(bytes))
      seen.push(await tarEntry({ ...entry, bytes: () => oneChunk(bytes) }, subject.digests))
    } else seen.push(await keptEntry(entry, { digests: subject.digests, lists }))
  }
  const wrapping = { tar: 'tar', gzip: 'tar.gz', zstd: 'tar.zst', xz: 'tar.xz' }[kind]
  const packageJson = texts.get('package/package.json')
  const npm = packageJson === undefined || kind !== 'gzip' ? undefined : npmFacts(packageJson)
  if (npm !== undefined) return foundOf('npm', seen, npm)
  if (texts.has('.PKGINFO')) return pkginfoFound(seen, texts, wrapping)
  return foundOf(wrapping, seen, await bundleFacts({ seen, open: openKept(lists), nowMs: subject.nowMs }))
}

const limitTextBytes = 4 * 2 ** 20
const limitLists = 300

/** An entry of a container that is read once: what `bundleFacts` opens later is kept. */
export const keptEntry = async (
  found: TarFound,
  { digests, lists }: { readonly digests: boolean; readonly lists: Map<string, Uint8Array> },
): Promise<Seen> => {
  const isKept = found.type === 'file' && isBundleText(found.path) && lists.size < limitLists && found.sizeBytes <= limitTextBytes
  if (!isKept) return tarEntry(found, digests)
  const bytes = await collect(found.bytes(), limitTextBytes)
  lists.set(found.path, bytes)
  return tarEntry({ ...found, bytes: () => oneChunk(bytes) }, digests)
}

export const openKept =
  (lists: ReadonlyMap<string, Uint8Array>) =>
  (path: string): ByteChunks | undefined => {
    const bytes = lists.get(path)
    return bytes === undefined ? undefined : oneChunk(bytes)
  }

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export const unpacked = (chunks: ByteChunks, kind: Wrapping): ByteChunks => {
  if (kind === 'gzip') return gunzipStream(chunks, limits)
  if (kind === 'xz') return decompressXz(chunks, limits)
  return kind === 'zstd' ? decompressZstd(chunks, limits) : chunks
}

// Nothing shorter is a program.
const leastProgramBytes = 64

export const tarEntry = async (found: TarFound, digests: boolean): Promise<Seen> => {
  const { path, type, sizeBytes, linkTarget } = found
  const entry: Draft = { path, type, mode: modeText(found.mode), sizeBytes }
  if (linkTarget !== undefined) entry.linkTarget = linkTarget
  return type === 'file' && (digests || sizeBytes >= leastProgramBytes)
    ? seenOf(entry, await lookAt(found.bytes(), { sizeBytes, digests }))
    : { entry }
}

/** Looks at the first block: an empty tar is all zeros. */
const needTar = async (chunks: ByteChunks): Promise<ByteChunks> => {
  const rest = (async function* () {
    yield* chunks
  })()
  const first: Uint8Array[] = []
  let headBytes = 0
  while (headBytes < 512) {
    const next = await rest.next()
    if (next.done === true) break
    first.push(next.value)
    headBytes += next.value.length
  }
  const head = concat(first)
  const isTar = (await identify(fromBytes(head))) === 'tar' || (head.length >= 512 && head.subarray(0, 512).every(byte => byte === 0))
  if (!isTar) {
    await rest.return(undefined)
    fail('inspect/no-tar', 'What is compressed here is no tar.', { hint: 'Unpack it, and inspect what was inside.' })
  }
  return (async function* () {
    try {
      yield head
      yield* rest
    } finally {
      // A reader that stops at the head closes the file too.
      await rest.return(undefined)
    }
  })()
}
