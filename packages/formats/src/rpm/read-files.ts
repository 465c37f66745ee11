// rpm, reading: the list of files from the parallel arrays of a header.
import { FormatError } from '../format-error.ts'
import type { RpmHeader } from './header-read.ts'
import { digestNames, fileFlags, type RpmFileFlag, tags } from './tags.ts'

export interface RpmFound {
  /** As written: absolute, but for source packages. */
  readonly path: string
  readonly type: 'file' | 'folder' | 'symlink' | 'other'
  /** Permission bits only. */
  readonly mode: number
  readonly owner: string
  readonly group: string
  readonly sizeBytes: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly linkTarget?: string
  /** Hex; of files. */
  readonly digest?: { readonly algorithm: string; readonly hex: string }
  readonly flags: readonly RpmFileFlag[]
}

/** The arrays as they stand, one value a file; a list that is lacking is empty. Of a hundred thousand files the objects take longest. */
export interface RpmColumns {
  readonly paths: readonly string[]
  /** With the bits of the type. */
  readonly modes: readonly number[]
  readonly owners: readonly string[]
  readonly groups: readonly string[]
  readonly sizes: readonly number[]
  readonly mtimes: readonly number[]
  readonly linkTargets: readonly string[]
  /** Hex; empty for what is no file. */
  readonly digests: readonly string[]
  readonly algorithm: string
  /** Bits (tags.ts, fileFlags). */
  readonly flags: readonly number[]
}

/** Throws `rpm/bad-header` where the arrays do not fit together. */
export const columnsOf = (header: RpmHeader): RpmColumns => {
  const paths = pathsOf(header)
  const numbers = (tag: number): readonly number[] => ofLength(header.numbers(tag), paths.length, tag)
  const texts = (tag: number): readonly string[] => ofLength(header.texts(tag), paths.length, tag)
  const [longSizes, sizes] = [numbers(tags.longFileSizes), numbers(tags.fileSizes)]
  return {
    paths,
    modes: numbers(tags.fileModes),
    owners: texts(tags.fileUserName),
    groups: texts(tags.fileGroupName),
    sizes: longSizes.length > 0 ? longSizes : sizes,
    mtimes: numbers(tags.fileMtimes),
    linkTargets: texts(tags.fileLinkTos),
    digests: texts(tags.fileDigests),
    algorithm: digestNames[header.numbers(tags.fileDigestAlgo)[0] ?? 1] ?? 'unknown',
    flags: numbers(tags.fileFlags),
  }
}

export const filesOf = (columns: RpmColumns): readonly RpmFound[] => {
  const { paths, modes, owners, groups, sizes, mtimes, linkTargets, digests, algorithm, flags } = columns
  return paths.map((path, index) => {
    const mode = modes[index] ?? 0
    const type = typeOf(mode)
    const hex = digests[index] ?? ''
    const found: { -readonly [Key in keyof RpmFound]: RpmFound[Key] } = {
      path,
      type,
      mode: mode & 0o7777,
      owner: owners[index] ?? '',
      group: groups[index] ?? '',
      sizeBytes: sizes[index] ?? 0,
      mtime: mtimes[index] ?? 0,
      flags: flagsOf(flags[index] ?? 0),
    }
    if (type === 'symlink') found.linkTarget = linkTargets[index] ?? ''
    if (hex !== '') found.digest = { algorithm, hex }
    return found
  })
}

/** By the upper bits of a mode. */
export const typeOf = (mode: number): RpmFound['type'] => types[mode >> 12] ?? 'other'

export const isConfigFile = (flags: number): boolean => (flags & fileFlags.config) !== 0

const flagsOf = (bits: number): readonly RpmFileFlag[] => (bits === 0 ? none : flagNames.filter(flag => (bits & fileFlags[flag]) !== 0))

const types: Readonly<Record<number, RpmFound['type']>> = { 0o10: 'file', 0o04: 'folder', 0o12: 'symlink' }
const flagNames = Object.keys(fileFlags) as readonly RpmFileFlag[]
const none: readonly RpmFileFlag[] = []

const pathsOf = (header: RpmHeader): readonly string[] => {
  const names = header.texts(tags.baseNames)
  if (names.length === 0) return header.texts(tags.oldFileNames)
  const folders = header.texts(tags.dirNames)
  const indexes = ofLength(header.numbers(tags.dirIndexes), names.length, tags.dirIndexes)
  return names.map((name, index) => {
    const folder = folders[indexes[index] ?? -1]
    if (folder === undefined)
      throw new FormatError('rpm/bad-header', `${JSON.stringify(name)} lies in no folder of the list`, header.offset)
    return `${folder}${name}`
  })
}

/** A list that is lacking is fine; one that is shorter or longer than the files is not. */
const ofLength = <Value>(list: readonly Value[], length: number, tag: number): readonly Value[] => {
  if (list.length === 0 || list.length === length) return list
  throw new FormatError('rpm/bad-header', `tag ${tag} has ${list.length} values for ${length} files`)
}
