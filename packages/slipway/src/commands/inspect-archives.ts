// zip, tar, tar.gz and tar.zst as inspect shows them.
import { fail } from '@slipway/core'
import { type ByteChunks, collect, concat, decodeText, fromBytes } from '@slipway/formats/bytes'
import { gunzipStream } from '@slipway/formats/gzip'
import { identify } from '@slipway/formats/identify'
import { readTar, type TarFound } from '@slipway/formats/tar'
import { openEntry, readZip, type ZipFound } from '@slipway/formats/zip/read'
import { decompressZstd } from '@slipway/formats/zstd'
import { archOfAll, type Entry, type Found, limits, lookAt, modeText, signaturesInside, type Subject } from './inspect-report.ts'
import type { Program } from './inspect-programs.ts'

export const readZipReport = async ({ source }: Subject): Promise<Found> => {
  const entries = await readZip(source, { limitEntries: limits.limitEntries })
  const seen: Seen[] = []
  for (const entry of entries) seen.push(await zipEntry(entry, () => openEntry(source, entry, { limitBytes: limits.limitBytes })))
  return foundOf('zip', seen)
}

interface Seen {
  readonly entry: Entry
  readonly program?: Program
}

const methodStored = 0
const methodDeflated = 8
const limitLinkBytes = 4096
const zipEntry = async (found: ZipFound, open: () => AsyncIterable<Uint8Array>): Promise<Seen> => {
  const { path, type, sizeBytes, method } = found
  const entry: Entry = { path, type, mode: modeText(found.mode), sizeBytes }
  if (type === 'symlink') return { entry: { ...entry, linkTarget: decodeText(await collect(open(), limitLinkBytes)) } }
  if (type !== 'file' || (method !== methodStored && method !== methodDeflated)) return { entry }
  return seenOf(entry, await lookAt(open(), sizeBytes))
}

/** What a compressed stream holds must be a tar: anything else is `inspect/no-tar`. */
export const readTarReport = async ({ stream }: Subject, kind: 'tar' | 'gzip' | 'zstd'): Promise<Found> => {
  const seen: Seen[] = []
  for await (const entry of readTar(await needTar(unpacked(stream(), kind)), limits)) seen.push(await tarEntry(entry))
  return foundOf(kind === 'tar' ? 'tar' : kind === 'gzip' ? 'tar.gz' : 'tar.zst', seen)
}

export const unpacked = (chunks: ByteChunks, kind: 'tar' | 'gzip' | 'zstd'): ByteChunks => {
  if (kind === 'gzip') return gunzipStream(chunks, limits)
  return kind === 'zstd' ? decompressZstd(chunks, limits) : chunks
}

export const tarEntry = async (found: TarFound): Promise<Seen> => {
  const { path, type, sizeBytes, linkTarget } = found
  const entry: Entry = { path, type, mode: modeText(found.mode), sizeBytes, ...(linkTarget === undefined ? {} : { linkTarget }) }
  return type === 'file' ? seenOf(entry, await lookAt(found.bytes(), sizeBytes)) : { entry }
}

const seenOf = (entry: Entry, { sha256, program }: Awaited<ReturnType<typeof lookAt>>): Seen =>
  program === undefined
    ? { entry: { ...entry, sha256 } }
    : { entry: { ...entry, sha256, program: `${program.format} ${program.arch}` }, program }

const foundOf = (format: string, seen: readonly Seen[]): Found => {
  const contents = seen.map(({ entry }) => entry)
  const programs = seen.map(({ program }) => program)
  const signed = [...new Set(programs.flatMap(program => program?.signatures ?? []))].map(signature => `${signature} (programs inside)`)
  const signatures = [...signaturesInside(contents.map(entry => entry.path)), ...signed]
  return { format, arch: archOfAll(programs), version: null, signatures, facts: {}, contents }
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
  if (!isTar) fail('inspect/no-tar', 'What is compressed here is no tar.', { hint: 'Unpack it, and inspect what was inside.' })
  return (async function* () {
    yield head
    yield* rest
  })()
}
