// Unpacks a tar.gz, tar.zst, tar or zip of unknown origin into a folder: nothing outside of it, no devices, links inside only.
import { fail } from '@slipway/core'
import { collect, decodeText, type ByteChunks } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { gunzipStream } from '@slipway/formats/gzip'
import { isInsideLink, isInsidePath, readTar } from '@slipway/formats/tar'
import { openEntry, readZip } from '@slipway/formats/zip/read'
import { decompressZstd } from '@slipway/formats/zstd'
import type { Io } from '../../io/io.ts'

export type ArchiveKind = 'gzip' | 'zstd' | 'tar' | 'zip'

const limits = { limitEntries: 500_000, limitBytes: 16 * 2 ** 30 } as const

/** Fills `folder`, which is emptied first. Codes: `builders/bad-archive`, `builders/unsafe-archive`. */
export const extract = async (
  io: Io,
  file: string,
  { kind, folder }: { readonly kind: ArchiveKind; readonly folder: string },
): Promise<void> => {
  await io.files.remove(folder)
  await io.files.makeFolder(folder)
  try {
    const links = kind === 'zip' ? await extractZip(io, file, folder) : await extractTar(io, unpacked(io, file, kind), folder)
    // Last of all, so that nothing can be written through one.
    for (const [path, linkTarget] of links) await io.files.link(linkTarget, `${folder}/${path}`)
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    fail('builders/bad-archive', `${file} cannot be unpacked: ${error.message} (${error.code})`, {
      hint: 'The file is damaged or of another kind; make or download it again.',
      where: { file },
      cause: error,
    })
  }
}

const unpacked = (io: Io, file: string, kind: Exclude<ArchiveKind, 'zip'>): ByteChunks => {
  const packed = io.files.stream(file)
  if (kind === 'gzip') return gunzipStream(packed, limits)
  return kind === 'zstd' ? decompressZstd(packed, limits) : packed
}

type Links = ReadonlyMap<string, string>

const extractTar = async (io: Io, chunks: ByteChunks, folder: string): Promise<Links> => {
  const links = new Map<string, string>()
  const files = new Set<string>()
  for await (const found of readTar(chunks, limits)) {
    const path = cleanPath(found.path)
    if (path === '' && found.type === 'folder') continue
    checkPlace(path, { links, files })
    if (found.type === 'folder') await io.files.makeFolder(`${folder}/${path}`)
    else if (found.type === 'symlink') links.set(path, checkedLink(path, found.linkTarget ?? ''))
    else if (found.type === 'hardlink') {
      const from = cleanPath(found.linkTarget ?? '')
      if (!files.has(from)) unsafe(path, 'a hard link to no file before it')
      await io.files.copy(`${folder}/${from}`, `${folder}/${path}`)
      files.add(path)
    } else if (found.type === 'file') {
      files.add(path)
      await io.files.write(`${folder}/${path}`, found.bytes(), { mode: plainMode(path, found.mode), durable: false })
    } else unsafe(path, 'a device or pipe')
  }
  return checkedLinks(links, files)
}

const extractZip = async (io: Io, file: string, folder: string): Promise<Links> => {
  const source = await io.files.open(file)
  const links = new Map<string, string>()
  const files = new Set<string>()
  try {
    for (const found of await readZip(source, limits)) {
      const path = cleanPath(found.path)
      if (path === '' && found.type === 'folder') continue
      checkPlace(path, { links, files })
      const bytes = (limitBytes: number) => openEntry(source, found, { limitBytes })
      if (found.type === 'folder') await io.files.makeFolder(`${folder}/${path}`)
      else if (found.type === 'symlink') links.set(path, checkedLink(path, decodeText(await collect(bytes(4096), 4096))))
      else if (found.type === 'file') {
        files.add(path)
        await io.files.write(`${folder}/${path}`, bytes(limits.limitBytes), { mode: plainMode(path, found.mode), durable: false })
      } else unsafe(path, 'a device or pipe')
    }
  } finally {
    await source.close()
  }
  return checkedLinks(links, files)
}

/** Without empty and `.` steps; the slash of an absolute path stays, so that it is seen and refused. */
const cleanPath = (path: string): string =>
  (path.startsWith('/') ? '/' : '') +
  path
    .split('/')
    .filter(step => step !== '' && step !== '.')
    .join('/')

const checkPlace = (path: string, seen: { readonly links: Links; readonly files: ReadonlySet<string> }): void => {
  if (!isInsidePath(path) || /[\p{Cc}\\]/u.test(path)) unsafe(path, 'a path that leaves the folder or holds control characters')
  if (seen.files.has(path) || seen.links.has(path)) unsafe(path, 'in the archive twice')
}

const checkedLink = (path: string, linkTarget: string): string =>
  isInsideLink(path, linkTarget) ? linkTarget : unsafe(path, `a link to ${JSON.stringify(linkTarget)}`)

/** A file below a link would have been meant to be written through it. */
const checkedLinks = (links: Links, files: ReadonlySet<string>): Links => {
  for (const path of files)
    for (let end = path.indexOf('/'); end !== -1; end = path.indexOf('/', end + 1))
      if (links.has(path.slice(0, end))) unsafe(path, 'a file below a link')
  return links
}

const plainMode = (path: string, mode: number): number => {
  if ((mode & 0o6000) !== 0) unsafe(path, 'setuid or setgid')
  return (mode & 0o111) === 0 ? 0o644 : 0o755
}

const unsafe = (path: string, what: string): never =>
  fail('builders/unsafe-archive', `the archive holds ${JSON.stringify(path)}, which is ${what}`, {
    hint: 'Do not use this archive before you know why: a well-made one holds files, folders and links inside of it.',
    where: { file: path },
    exit: 'corrupt',
  })
