// From a file to its report: which format it is, and what that format's reader says.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { fail } from '@slipway/core'
import { type FileKind, identify } from '@slipway/formats/identify'
import type { Io } from '../../io/io.ts'
import { appImageType, readAppImageReport } from './appimage.ts'
import { readTarReport } from './archives.ts'
import { readAsarReport } from './asar.ts'
import { readArReport } from './deb.ts'
import { readProgram } from './programs.ts'
import type { Found, Report, Subject } from './report.ts'
import { readRpmReport } from './rpm.ts'
import { readSquashfsReport } from './squashfs.ts'
import { unxz } from './xz.ts'
import { readZipReport } from './zip.ts'

export interface Reading {
  /** Hash the file and every entry, whatever that costs. */
  readonly digests: boolean
  readonly signal: AbortSignal
}

/** Code: `inspect/unknown-format`; and those of each format. */
export const readReport = async (
  io: Pick<Io, 'files' | 'run' | 'host' | 'random'>,
  path: string,
  { digests, signal }: Reading,
): Promise<Report> => {
  const source = await io.files.open(path)
  const ended = new AbortController()
  try {
    const stream = () => abortable(io.files.stream(path), signal)
    const subject: Subject = { name: basename(path), source, stream, digests, unxz: chunks => unxz(io, chunks, signal) }
    const kind = await identify(source)
    const isAppImage = kind === 'elf' && (await appImageType(source)) > 0
    const isCheap = digests || source.sizeBytes <= limitFreeBytes || !(isAppImage || kindsWithDirectory.includes(kind))
    // Both read the file at the same time: unpacking runs on another thread, hashing on this one.
    const reading = Promise.all([isAppImage ? readAppImageReport(subject) : readKind(subject, { kind, path }), isCheap ? digestOf(abortable(stream(), ended.signal)) : null])
    const [{ format, arch, version, signatures, facts, contents }, sha256] = await reading
    const detached: string[] = []
    for (const [ending, name] of detachedEndings)
      if ((await io.files.stat(`${path}.${ending}`)) !== null) detached.push(`${name} (beside it)`)
    return {
      file: path,
      format,
      sizeBytes: source.sizeBytes,
      sha256,
      arch,
      version,
      signatures: [...signatures, ...detached],
      facts,
      contents,
    }
  } finally {
    // A reader that failed leaves nothing running.
    ended.abort()
    await source.close()
  }
}

const detachedEndings = [
  ['minisig', 'minisign'],
  ['sig', 'pgp or other'],
  ['asc', 'pgp'],
] as const

/** What is listed without reading all of the file. */
const kindsWithDirectory: readonly FileKind[] = ['zip', 'squashfs', 'asar', 'rpm']
const limitFreeBytes = 32 * 2 ** 20

const readKind = async (subject: Subject, { kind, path }: { readonly kind: FileKind; readonly path: string }): Promise<Found> => {
  switch (kind) {
    case 'zip':
      return readZipReport(subject)
    case 'ar':
      return readArReport(subject)
    case 'rpm':
      return readRpmReport(subject)
    case 'squashfs':
      return readSquashfsReport(subject)
    case 'asar':
      return readAsarReport(subject)
    case 'tar':
    case 'gzip':
    case 'zstd':
    case 'xz':
      return readTarReport(subject, kind)
    default: {
      const program = await readProgram(subject.source, kind)
      if (program !== undefined) return { contents: [], ...program }
      return fail('inspect/unknown-format', `${subject.name} is of no format that is known here.`, {
        hint: 'It reads deb, rpm, apk, pacman, AppImage, snap, npm, nupkg, zip, tar (gz, zst, xz), asar, ELF, PE and Mach-O.',
        where: { file: path },
      })
    }
  }
}

const digestOf = async (chunks: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

async function* abortable(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}
