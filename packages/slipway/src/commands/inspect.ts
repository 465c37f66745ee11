// `slipway inspect FILE [--diff FILE]`: what a package is; runs nothing of it and needs no config.
import { isAbsolute, resolve } from 'node:path'
import { fail, SlipwayError } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import type { Io } from '../io/io.ts'
import type { Invocation, Outcome } from './command.ts'
import { damaged } from './frame-print.ts'
import { type Reading, readReport } from './inspect/read.ts'
import type { Report } from './inspect/report.ts'

/**
 * Codes: `inspect/not-found`, `inspect/no-file`, `inspect/unknown-format`, `inspect/no-tar`, `inspect/deb-compression` (2),
 * `inspect/bad-…`, `bytes/…` and each format's own (5).
 */
export const run = async ({ io, global, args, flags, signal }: Invocation): Promise<Outcome> => {
  const inside = (path: string): string => (isAbsolute(path) ? path : resolve(global.cwd, path))
  const diff = flags['diff']
  io.takeMemory?.()
  const reading: Reading = { digests: flags['digests'] === true || typeof diff === 'string', signal }
  const report = await reportOf(io, inside(args[0] ?? ''), reading)
  // Each part is loaded where it is wanted: of a small package that takes longer than to read it.
  const words = global.json ? undefined : await import('./inspect/text.ts')
  if (typeof diff !== 'string') {
    const text: Outcome['text'] = (style, { verbose }) => words?.reportText(report, style, verbose) ?? ''
    return { name: 'inspect', data: { ...report }, problems: [], text }
  }
  const other = await reportOf(io, inside(diff), reading)
  const changes = (await import('./inspect/diff.ts')).differences(report, other)
  return {
    name: 'inspect',
    data: { ...report, diff: { file: other.file, sha256: other.sha256, changes } },
    problems: [],
    text: style => words?.changesText([report, other], changes, style) ?? '',
  }
}

const reportOf = async (io: Io, path: string, reading: Reading): Promise<Report> => {
  const facts = await io.files.stat(path)
  const where = { file: path }
  if (facts === null) return fail('inspect/not-found', `${path} is not there.`, { hint: 'Give the path of a package.', where })
  const folder = facts.type === 'folder' ? await import('./inspect/folder.ts') : undefined
  const isBundle = folder !== undefined && (await folder.isBundleFolder(io, path))
  if (facts.type !== 'file' && facts.type !== 'link' && !isBundle) {
    return fail('inspect/no-file', `${path} is no file.`, {
      hint: 'Give one file, an archive, a package or a program; or an .app folder.',
      where,
    })
  }
  try {
    if (isBundle) return await folder.readFolderReport(io, path, reading)
    return await readReport(io, path, reading)
  } catch (error) {
    if (error instanceof FormatError) throw new SlipwayError([damaged(error, path)])
    throw error
  }
}
