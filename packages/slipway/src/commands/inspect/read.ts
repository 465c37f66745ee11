// From a file to its report: which format it is, and what that format's reader says.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { fail } from '@slipway/core'
import { type FileKind, identify } from '@slipway/formats/identify'
import { isUdif } from '@slipway/formats/udif/trailer'
import type { Io } from '../../io/io.ts'
import type { Found, Report, Subject } from './report.ts'

export interface Reading {
  /** Hash the file and every entry, whatever that costs. */
  readonly digests: boolean
  readonly signal: AbortSignal
}

/** Code: `inspect/unknown-format`; and those of each format. */
export const readReport = async (io: Pick<Io, 'files' | 'clock'>, path: string, { digests, signal }: Reading): Promise<Report> => {
  const source = await io.files.open(path)
  const ended = new AbortController()
  try {
    const stream = () => abortable(io.files.stream(path), signal)
    const subject: Subject = { name: basename(path), source, stream, digests, nowMs: io.clock.now() }
    const kind = (await isUdif(source)) ? 'dmg' : await identify(source)
    const appImage = kind === 'elf' ? appImageType(await source.read(8, 3)) : undefined
    const isCheap = digests || source.sizeBytes <= limitFreeBytes || !(appImage !== undefined || kindsWithDirectory.includes(kind))
    // Both read the file at the same time: unpacking runs on another thread, hashing on this one.
    const reading = Promise.all([
      appImage === undefined ? readKind(subject, { kind, path }) : (await import('./appimage.ts')).readAppImageReport(subject, appImage),
      isCheap ? digestOf(abortable(stream(), ended.signal)) : null,
    ])
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
const kindsWithDirectory: readonly (FileKind | 'dmg')[] = ['zip', 'squashfs', 'asar', 'rpm', 'dmg']
const limitFreeBytes = 32 * 2 ** 20

// Each reader is loaded when its format is met: starting is most of the time for a small file.
const readKind = async (subject: Subject, { kind, path }: { readonly kind: FileKind | 'dmg'; readonly path: string }): Promise<Found> => {
  switch (kind) {
    case 'zip':
      return (await import('./zip.ts')).readZipReport(subject)
    case 'ar':
      return (await import('./deb.ts')).readArReport(subject)
    case 'rpm':
      return (await import('./rpm.ts')).readRpmReport(subject)
    case 'squashfs':
      return (await import('./squashfs.ts')).readSquashfsReport(subject)
    case 'xar':
      return (await import('./pkg.ts')).readXarReport(subject)
    case 'dmg':
      return (await import('./dmg.ts')).readDmgReport(subject)
    case 'cfb':
      return (await import('./msi.ts')).readMsiReport(subject)
    case 'cab':
      return (await import('./msi.ts')).readCabReport(subject)
    case 'ico':
      return (await import('./ico.ts')).readIcoReport(subject)
    case 'icns':
      return (await import('./icns.ts')).readIcnsReport(subject)
    case 'plist':
      return (await import('./property-list.ts')).readPlistReport(subject)
    case 'cms':
      return (await import('./property-list.ts')).readSignedReport(subject)
    case 'asar':
      return (await import('./asar.ts')).readAsarReport(subject)
    case 'tar':
    case 'gzip':
    case 'zstd':
    case 'xz':
      return (await import('./archives.ts')).readTarReport(subject, kind)
    default: {
      const program = await (await import('./programs.ts')).readProgram(subject.source, kind)
      if (program?.facts['installer'] !== undefined) return (await import('./nsis.ts')).readInstallerReport(subject, program)
      if (program !== undefined) return { contents: [], ...program }
      return fail('inspect/unknown-format', `${subject.name} is of no format that is known here.`, {
        hint: 'It reads deb, rpm, apk, pacman, AppImage, snap, pkg, xar, npm, nupkg, zip, tar (gz, zst, xz), asar, dmg, msi, msix, cab, NSIS installers, ico, icns, property lists, provisioning profiles, ELF, PE and Mach-O, and .app folders.',
        where: { file: path },
      })
    }
  }
}

/** The type of an AppImage by its bytes 8 to 10; undefined for any other ELF. */
const appImageType = (head: Uint8Array): 1 | 2 | undefined => {
  const type = head[0] === 0x41 && head[1] === 0x49 ? head[2] : undefined
  return type === 1 || type === 2 ? type : undefined
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
