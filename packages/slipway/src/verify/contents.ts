// The files of a package, whatever its format, one after the other: for what verify must see inside of it. Shares nothing with inspect.
import { readAr } from '@slipway/formats/ar'
import { collect, decodeText, streamRange, type ByteChunks, type Source } from '@slipway/formats/bytes'
import { openFolder, readCab } from '@slipway/formats/cab/read'
import { gunzipStream } from '@slipway/formats/gzip'
import { isHfs, readHfs } from '@slipway/formats/hfs/read'
import { identify, type FileKind } from '@slipway/formats/identify'
import { msiCabinets, msiPaths } from '@slipway/formats/msi/paths'
import { readMsi } from '@slipway/formats/msi/read'
import { readRpm } from '@slipway/formats/rpm/read'
import { readRpmPayload } from '@slipway/formats/rpm/read-payload'
import { readSquashfs } from '@slipway/formats/squashfs/read'
import { readTar } from '@slipway/formats/tar'
import { readUdif } from '@slipway/formats/udif/read'
import { isUdif } from '@slipway/formats/udif/trailer'
import { openEntry, readZip } from '@slipway/formats/zip/read'
import { decompressXz } from '@slipway/formats/xz'
import { decompressZstd } from '@slipway/formats/zstd'

export interface PackedFile {
  /** As the package writes it. */
  readonly path: string
  readonly type: 'file' | 'link'
  readonly mode: number
  /** Of a link. */
  readonly linkTarget?: string
  /** Once, before the next file is asked for. */
  readonly bytes: () => ByteChunks
}

const limitLinkBytes = 4096
const limits = { limitEntries: 1_000_000, limitBytes: 64 * 2 ** 30 } as const

/** Null: a format that is not opened here, as a bare program. `offset` is that of an AppImage's file system. Throws FormatError. */
export const contentsOf = async (source: Source, offset: number | undefined): Promise<AsyncIterable<PackedFile> | null> => {
  const kind = offset === undefined ? ((await isUdif(source)) ? 'dmg' : await identify(source)) : 'squashfs'
  switch (kind) {
    case 'dmg':
      return inDmg(source)
    case 'zip':
      return inZip(source)
    case 'squashfs':
      return inSquashfs(source, offset ?? 0)
    case 'rpm':
      return inRpm(source)
    case 'ar':
      return inDeb(source)
    case 'cfb':
      return inMsi(source)
    default:
      return inTar(streamRange(source.read, { offset: 0, sizeBytes: source.sizeBytes }), kind)
  }
}

async function* inDmg(source: Source): AsyncGenerator<PackedFile> {
  const image = await readUdif(source)
  for (const partition of image.partitions) {
    const volume = image.open(partition)
    if (!(await isHfs(volume))) continue
    const { entries, open } = await readHfs(volume, limits)
    for (const entry of entries)
      if (entry.type === 'link') yield linkOf(entry.path, entry.linkTarget, entry.mode)
      // The volume keeps names decomposed (TN1150).
      else if (entry.type === 'file') yield { path: entry.path.normalize(), type: 'file', mode: entry.mode, bytes: () => open(entry) }
  }
}

const linkOf = (path: string, linkTarget = '', mode = 0o777): PackedFile => ({
  ...{ path: path.normalize(), type: 'link', mode, linkTarget },
  bytes: () => [],
})

async function* inMsi(source: Source): AsyncGenerator<PackedFile> {
  const msi = await readMsi(source)
  const paths = msiPaths(msi)
  for (const cabinet of msiCabinets(msi)) {
    const listing = await readCab(cabinet)
    for (const folder of listing.folders.keys())
      // Windows keeps no modes.
      for await (const { file, bytes } of openFolder(cabinet, listing, folder))
        yield { path: paths.get(file.name) ?? file.name, type: 'file', mode: 0, bytes }
  }
}

const inTar = (chunks: ByteChunks, kind: FileKind): AsyncIterable<PackedFile> | null => {
  if (kind === 'gzip') return tarFiles(gunzipStream(chunks, limits))
  if (kind === 'xz') return tarFiles(decompressXz(chunks, limits))
  if (kind === 'zstd') return tarFiles(decompressZstd(chunks, limits))
  return kind === 'tar' ? tarFiles(chunks) : null
}

async function* tarFiles(chunks: ByteChunks): AsyncGenerator<PackedFile> {
  for await (const { path, type, mode, linkTarget, bytes } of readTar(chunks, limits))
    if (type === 'file') yield { path, type, mode, bytes }
    else if (type === 'symlink' || type === 'hardlink') yield linkOf(path, linkTarget, mode)
}

const inDeb = async (source: Source): Promise<AsyncIterable<PackedFile> | null> => {
  const members = await readAr(source, { limitEntries: 100 })
  const data = members.find(one => one.name.startsWith('data.tar'))
  const kinds: Readonly<Record<string, FileKind>> = {
    'data.tar': 'tar',
    'data.tar.gz': 'gzip',
    'data.tar.xz': 'xz',
    'data.tar.zst': 'zstd',
  }
  const kind = kinds[data?.name ?? '']
  return data === undefined || kind === undefined ? null : inTar(streamRange(source.read, data), kind)
}

async function* inRpm(source: Source): AsyncGenerator<PackedFile> {
  const rpm = await readRpm(source)
  for await (const { path, type, mode, bytes } of readRpmPayload(source, rpm, limits))
    if (type === 'file') yield { path, type, mode, bytes }
    else if (type === 'symlink') yield { path, type: 'link', mode, bytes: () => [] }
}

async function* inZip(source: Source): AsyncGenerator<PackedFile> {
  for (const entry of await readZip(source, { limitEntries: limits.limitEntries }))
    if (entry.type === 'file') yield { path: entry.path, type: 'file', mode: entry.mode, bytes: () => openEntry(source, entry, limits) }
    else if (entry.type === 'symlink')
      yield linkOf(entry.path, decodeText(await collect(openEntry(source, entry, limits), limitLinkBytes)), entry.mode)
}

async function* inSquashfs(source: Source, offset: number): AsyncGenerator<PackedFile> {
  const image = await readSquashfs(source, { offset, limitEntries: limits.limitEntries })
  for (const entry of image.entries)
    if (entry.type === 'file') yield { path: entry.path, type: 'file', mode: entry.mode, bytes: () => image.open(entry, limits) }
    else if (entry.type === 'symlink') yield { path: entry.path, type: 'link', mode: 0o777, bytes: () => [] }
}
