// From a file to its report: which format it is, and what that format's reader says.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { fail } from '@slipway/core'
import { type FileKind, identify } from '@slipway/formats/identify'
import type { Files } from '../io/io.ts'
import { readTarReport, readZipReport } from './inspect-archives.ts'
import { readArReport } from './inspect-deb.ts'
import { readProgram } from './inspect-programs.ts'
import type { Found, Report, Subject } from './inspect-report.ts'

/** Reads a file once for its digest and once for its structure. Code: `inspect/unknown-format`. */
export const readReport = async (files: Pick<Files, 'open' | 'stream' | 'stat'>, path: string, signal: AbortSignal): Promise<Report> => {
  const source = await files.open(path)
  try {
    const subject: Subject = { name: basename(path), source, stream: () => abortable(files.stream(path), signal) }
    const found = await readKind(subject, { kind: await identify(source), path })
    const detached = (await files.stat(`${path}.minisig`)) === null ? [] : ['minisign (beside it)']
    const { format, arch, version, signatures, facts, contents } = found
    const sha256 = await digestOf(subject)
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
    await source.close()
  }
}

const readKind = async (subject: Subject, { kind, path }: { readonly kind: FileKind; readonly path: string }): Promise<Found> => {
  if (kind === 'zip') return readZipReport(subject)
  if (kind === 'ar') return readArReport(subject)
  if (kind === 'tar' || kind === 'gzip' || kind === 'zstd') return readTarReport(subject, kind)
  const program = await readProgram(subject.source, kind)
  if (program !== undefined) return { version: null, contents: [], ...program }
  return fail(
    'inspect/unknown-format',
    `${subject.name} is ${kind === 'xz' ? 'xz, which is not read here' : 'of no format that is known here'}.`,
    {
      hint: 'It reads zip, tar, tar.gz, tar.zst, deb, ELF, PE and Mach-O.',
      where: { file: path },
    },
  )
}

const digestOf = async (subject: Subject): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of subject.stream()) hash.update(chunk)
  return hash.digest('hex')
}

async function* abortable(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}
