// The program in an app folder: which file it is, and whether its header says the target's system and architecture.
import { parseTarget, type App, type Target, type TargetParts } from '@slipway/core'
import type { Source } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { readMachO } from '@slipway/formats/macho'
import { readPe } from '@slipway/formats/pe'
import type { Io } from '../../io/io.ts'
import type { FileTree, TreeEntry, TreeFile } from '../../tree.ts'

/**
 * The program of a folder: the file named like the app, at the shortest path, else the only executable file. Null: none, or several.
 * With a path it is that file or null.
 */
export const findExecutable = (
  entries: readonly (Pick<TreeFile, 'type' | 'path' | 'mode'> | (Pick<TreeEntry, 'path'> & { readonly type: 'link' | 'folder' }))[],
  app: App,
  { target, path }: { readonly target: Target; readonly path?: string | undefined },
): string | null => {
  const files = entries.filter(one => one.type === 'file')
  if (path !== undefined) return files.find(one => one.path === path)?.path ?? null
  const windows = parseTarget(target)?.os === 'windows'
  const wanted = windows ? `${app.bin}.exe` : app.bin
  const named = (same: (name: string) => boolean): string | undefined =>
    files
      .map(one => one.path)
      .filter(one => same(one.slice(one.lastIndexOf('/') + 1)))
      .sort((a, b) => a.length - b.length || (a < b ? -1 : 1))[0]
  const byName = named(name => name === wanted) ?? named(name => name.toLowerCase() === wanted.toLowerCase())
  if (byName !== undefined) return byName
  const runnable = files.filter(one => (windows ? /\.exe$/i.test(one.path) : (one.mode & 0o111) !== 0))
  return runnable.length === 1 ? (runnable[0]?.path ?? null) : null
}

/** The tree with its program marked executable, whatever was lost on its way here. */
export const treeWith = (entries: FileTree['entries'], executable: string): FileTree => ({
  entries: entries.map(one => (one.type === 'file' && one.path === executable ? { ...one, mode: 0o755 } : one)),
  executable,
})

/** What a program is that is not for this target, in words; null: it is for it. Scripts (`#!`, and on Windows .cmd .bat .ps1) are for any. */
export const foreignProgram = async (io: Io, file: string, target: Target): Promise<string | null> => {
  const parts = parseTarget(target)
  if (parts === undefined || parts.os === 'any') return null
  const source = await io.files.open(file)
  try {
    const head = await source.read(0, 2)
    if (head[0] === 0x23 && head[1] === 0x21) return null
    if (parts.os === 'windows' && /\.(cmd|bat|ps1)$/i.test(file)) return null
    return await foreignBinary(source, parts)
  } catch (error) {
    if (error instanceof FormatError) return `a damaged program (${error.message})`
    throw error
  } finally {
    await source.close()
  }
}

const foreignBinary = async (source: Source, parts: TargetParts): Promise<string | null> => {
  const kind = await identify(source)
  if (kind === 'elf') return foreignElf(source, parts)
  if (kind === 'pe') return foreignPe(source, parts)
  if (kind === 'macho' || kind === 'macho-fat') return foreignMachO(source, parts)
  return source.sizeBytes === 0
    ? 'an empty file'
    : kind === 'unknown'
      ? 'no program of any system that is known here'
      : `a file of the kind ${kind}`
}

const foreignElf = async (source: Source, parts: TargetParts): Promise<string | null> => {
  const elf = await readElf(source)
  const libc = elf.isStatic ? 'static' : elf.libc
  const said = `a program for ${elf.osAbi === 9 ? 'FreeBSD' : 'linux'}-${elf.arch}${libc === undefined ? '' : ` (${libc})`}`
  if (elf.type === 'rel' || elf.type === 'core' || (elf.soname !== undefined && elf.interpreter === undefined))
    return `an ELF file that cannot be started, for ${elf.arch}`
  if (elf.osAbi === 9 || parts.os !== 'linux' || elf.arch !== parts.arch) return said
  // A static program runs on both; a musl one needs musl's loader, and glibc's finds no glibc there.
  if (libc === 'musl' && parts.libc === undefined) return said
  return libc === 'glibc' && parts.libc === 'musl' ? said : null
}

const foreignPe = async (source: Source, parts: TargetParts): Promise<string | null> => {
  const pe = await readPe(source)
  if (pe.isDll) return `a Windows library for ${pe.arch}`
  return parts.os === 'windows' && pe.arch === parts.arch ? null : `a program for windows-${pe.arch}`
}

const foreignMachO = async (source: Source, parts: TargetParts): Promise<string | null> => {
  const { slices } = await readMachO(source)
  const archs: readonly string[] = slices.map(slice => slice.arch)
  const said = `a program for macos-${archs.join('+')}`
  if (slices.some(slice => slice.fileType !== 'execute')) return `a macOS file that cannot be started, for ${archs.join('+')}`
  if (parts.os !== 'macos') return said
  const needed = parts.arch === 'universal' ? ['x64', 'arm64'] : [parts.arch]
  return needed.every(arch => archs.includes(arch)) ? null : said
}
