// What the programs of a tree need of a system: shared libraries and their symbol versions, as relations of each format.
import { parseTarget, problem, type Problem, type Target } from '@slipway/core'
import type { Source } from '@slipway/formats/bytes'
import { readElf, type Elf } from '@slipway/formats/elf'
import { FormatError } from '@slipway/formats/format-error'
import type { FileTree, TreeFile } from '../../tree.ts'
import { providers } from './libraries.ts'

export type RelationFormat = 'deb' | 'rpm' | 'apk' | 'pacman'
/** Soname -> the package that provides it, true: the soname itself is asked for, false: it is not asked for. */
export type Libraries = Readonly<Record<string, string | boolean>>

export interface NeedsSubject {
  readonly tree: FileTree
  readonly target: Target
  readonly format: RelationFormat
  readonly libraries: Libraries
  /** What the config asks for in this format's words; a library that it names is known. */
  readonly depends: readonly string[]
  /** Config path of the format, as `packages.deb`. */
  readonly at: string
}
export interface Needs {
  /** Sorted, one a package: `libc6 (>= 2.34)`, `libc.so.6(GLIBC_2.34)(64bit)`, `so:libz.so.1`, `glibc>=2.34`. */
  readonly relations: readonly string[]
  /** Codes: `linux/unknown-library`, `linux/wrong-libc`. */
  readonly problems: readonly Problem[]
  /** Programs that need nothing, paths in the app folder. */
  readonly staticFiles: readonly string[]
}

/** Reads every ELF file of the tree that is of the target's architecture. */
export const needsOf = async (subject: NeedsSubject): Promise<Needs> => {
  const programs = await programsOf(subject.tree, parseTarget(subject.target)?.arch ?? '')
  const provided = new Set(subject.tree.entries.flatMap(one => (one.type === 'folder' ? [] : [one.path.replace(/^.*\//, '')])))
  for (const { elf } of programs) if (elf.soname !== undefined) provided.add(elf.soname)
  const wanted = new Map<string, Wanted>()
  for (const { path, elf } of programs)
    for (const soname of elf.needed) {
      if (provided.has(soname)) continue
      const one = wanted.get(soname) ?? { soname, is64: elf.bits === 64, files: [], versions: new Set<string>(), glibcFloor: undefined }
      one.files.push(path)
      for (const version of elf.versions[soname] ?? []) one.versions.add(version)
      wanted.set(
        soname,
        one.glibcFloor !== undefined && !isNewer(elf.glibcFloor, one.glibcFloor) ? one : { ...one, glibcFloor: elf.glibcFloor },
      )
    }
  const found = [...wanted.values()].sort((a, b) => (a.soname < b.soname ? -1 : 1)).map(one => relationsOf(one, subject))
  return {
    relations: newestOf(found.flatMap(one => one.relations)),
    problems: found.flatMap(one => one.problems),
    staticFiles: programs.filter(one => one.elf.isStatic).map(one => one.path),
  }
}

interface Wanted {
  readonly soname: string
  readonly is64: boolean
  readonly files: string[]
  readonly versions: Set<string>
  readonly glibcFloor: string | undefined
}
interface Relation {
  readonly name: string
  /** Least version; empty for any. */
  readonly version: string
  readonly text: (version: string) => string
}
interface Found {
  readonly relations: readonly Relation[]
  readonly problems: readonly Problem[]
}

const relationsOf = (wanted: Wanted, subject: NeedsSubject): Found => {
  const { soname } = wanted
  const { format, libraries } = subject
  const said = libraries[soname]
  if (said === false) return { relations: [], problems: [] }
  if (typeof said === 'string') return { relations: [plain(said)], problems: [] }
  if (namedIn(subject.depends, soname)) return { relations: [], problems: [] }
  const isMusl = /^ld-musl-|^libc\.musl-/.test(soname) || soname === 'libc.so'
  if (format === 'apk' && !isMusl && isGlibc(soname)) return { relations: [], problems: [wrongLibc(wanted, subject)] }
  const known = isMusl ? { deb: 'musl', pacman: 'musl' } : isGlibc(soname) ? { deb: 'libc6', pacman: 'glibc' } : providers.get(soname)
  const isKnown = format === 'pacman' ? known !== undefined && known.pacman !== '' : known !== undefined
  // Debian's musl has the loader, but none of Alpine's own names.
  if ((!isKnown && said !== true) || (/^libc\.musl-/.test(soname) && format !== 'apk'))
    return { relations: [], problems: [unknown(wanted, subject)] }
  if (format === 'rpm') return { relations: rpmRelations(wanted), problems: [] }
  if (format === 'apk') return { relations: [plain(`so:${soname}`)], problems: [] }
  if (known === undefined) return { relations: [], problems: [unknown(wanted, subject)] }
  const version = leastVersion(wanted)
  if (format === 'pacman')
    return {
      relations: [{ name: known.pacman, version, text: least => (least === '' ? known.pacman : `${known.pacman}>=${least}`) }],
      problems: [],
    }
  return { relations: [{ name: known.deb, version, text: least => debText(known, least) }], problems: [] }
}

const plain = (name: string): Relation => ({ name, version: '', text: () => name })

/** A package with two names is asked for by both, the new one first: apt takes the first that there is. */
const debText = ({ deb, debNow = deb }: { readonly deb: string; readonly debNow?: string }, least: string): string =>
  [...new Set([debNow, deb])].map(name => (least === '' ? name : `${name} (>= ${least})`)).join(' | ')

/** As rpm's own generator writes them: `libc.so.6()(64bit)`, `libc.so.6(GLIBC_2.34)(64bit)`. */
const rpmRelations = ({ soname, is64, versions }: Wanted): readonly Relation[] => {
  const mark = is64 ? '(64bit)' : ''
  const bare = is64 ? `${soname}()(64bit)` : soname
  const named = [...versions].filter(version => version !== 'GLIBC_PRIVATE').map(version => `${soname}(${version})${mark}`)
  return [bare, ...named].map(plain)
}

const isGlibc = (soname: string): boolean => /^ld(64)?-linux/.test(soname) || providers.get(soname)?.deb === 'libc6'

/** Of the package, from the symbol versions: glibc, libstdc++, libgcc and OpenSSL number them by release. */
const leastVersion = ({ soname, versions, glibcFloor }: Wanted): string => {
  if (isGlibc(soname)) return glibcFloor ?? ''
  const numbers = [...versions].flatMap(version => {
    const [, prefix = '', number = ''] = /^(GLIBCXX|GCC|OPENSSL|CXXABI)_(\d+(?:\.\d+)*)$/.exec(version) ?? []
    if (prefix === 'GLIBCXX') return [gccOf.get(number) ?? '']
    return (prefix === 'GCC' && soname === 'libgcc_s.so.1') || prefix === 'OPENSSL' ? [number] : []
  })
  return numbers.reduce((newest, one) => (isNewer(one, newest) ? one : newest), '')
}

/** Symbol version of libstdc++ -> the release of GCC that brought it (libstdc++ manual, "ABI Policy and Guidelines"). */
const gccOf: ReadonlyMap<string, string> = new Map(
  '3.4.18=4.8 3.4.19=4.8.3 3.4.20=4.9 3.4.21=5 3.4.22=6 3.4.23=7 3.4.24=7.2 3.4.25=8 3.4.26=9 3.4.27=9.2 3.4.28=9.3 3.4.29=11 3.4.30=12 3.4.31=13 3.4.32=13.2 3.4.33=14 3.4.34=15'
    .split(' ')
    .map(one => one.split('=') as [string, string]),
)

const isNewer = (left: string | undefined, right: string | undefined): boolean => {
  const [a, b] = [left, right].map(text => (text ?? '').split('.').map(Number))
  for (let index = 0; index < 4; index++) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}

const newestOf = (relations: readonly Relation[]): readonly string[] => {
  const byName = new Map<string, Relation>()
  for (const one of relations) {
    const known = byName.get(one.name)
    if (known === undefined || isNewer(one.version, known.version)) byName.set(one.name, one)
  }
  return [...byName.values()].map(one => one.text(one.version)).sort()
}

/** `libmpv.so.1` is named by itself, `so:libmpv.so.1`, and by Debian's convention as `libmpv1` (Debian Policy 8.1). */
const namedIn = (depends: readonly string[], soname: string): boolean => {
  const [, name = soname, number = ''] = /^(lib.+?)\.so(?:\.(.+))?$/.exec(soname) ?? []
  const base = name.toLowerCase().replaceAll('_', '-')
  const names = new Set([soname, `so:${soname}`, `${soname}()(64bit)`, `${base}${number}`, `${base}-${number}`])
  return depends.some(relation =>
    relation.split('|').some(one =>
      names.has(
        one
          .trim()
          .split(/[ :<>=](?!.*\.so)/)[0]
          ?.replace(/t64$/, '') ?? '',
      ),
    ),
  )
}

const unknown = ({ soname, files }: Wanted, { format, target, at }: NeedsSubject): Problem =>
  problem(
    'linux/unknown-library',
    `${JSON.stringify(files[0])} needs the library ${soname}, which no package of the ${format} systems is known to provide`,
    {
      hint: `${otherVersion(soname, format)}Ship it in the app folder, name its package in ${at}.depends or in ${at}.libraries: { '${soname}': 'package' }, or write false there if it is not needed.`,
      where: { path: at, target, file: files[0] ?? '' },
    },
  )

/** `libmpv.so.1` is gone where `libmpv.so.2` is: the usual reason. */
const otherVersion = (soname: string, format: RelationFormat): string => {
  const stem = soname.replace(/\.so\..*$/, '.so.')
  const [other, known] = [...providers].find(([one]) => one.startsWith(stem)) ?? []
  const name = known === undefined || format === 'rpm' || format === 'apk' ? '' : ` (${known[format]})`
  return other === undefined || name === ' ()' ? '' : `Systems of today have ${other}${name}: build against that if you can. `
}

const wrongLibc = ({ soname, files }: Wanted, { target, at }: NeedsSubject): Problem =>
  problem('linux/wrong-libc', `${JSON.stringify(files[0])} needs ${soname} of glibc, but Alpine has musl`, {
    hint: `Build it for ${target}-musl, and narrow ${at}.targets to that.`,
    where: { path: at, target, file: files[0] ?? '' },
  })

export interface Program {
  readonly path: string
  readonly elf: Elf
}

/** Libraries and whatever may be executed; reading each data file's first bytes would cost more than it finds. */
export const programsOf = async (tree: FileTree, arch: string): Promise<readonly Program[]> => {
  const programs: Program[] = []
  for (const file of tree.entries) {
    if (
      file.type !== 'file' ||
      !((file.mode & 0o111) !== 0 || file.path === tree.executable || /\.so(\.[0-9.]+)?$|\.node$/.test(file.path))
    )
      continue
    try {
      const elf = await readElf(sourceOf(file))
      if (elf.arch === arch) programs.push({ path: file.path, elf })
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
    }
  }
  return programs
}

const blockBytes = 1 << 18

/** Random access by streaming: blocks that were passed by are kept for as long as the file is looked at, a few of them. */
const sourceOf = (file: TreeFile): Source => {
  const blocks = new Map<number, Uint8Array>()
  const block = async (index: number): Promise<Uint8Array> => {
    const known = blocks.get(index)
    if (known !== undefined) return known
    const [start, end] = [index * blockBytes, Math.min(file.sizeBytes, (index + 1) * blockBytes)]
    const bytes = new Uint8Array(Math.max(0, end - start))
    let at = 0
    for await (const chunk of file.bytes()) {
      const part = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at))
      if (part.length > 0) bytes.set(part, Math.max(0, at - start))
      at += chunk.length
      if (at >= end) break
    }
    if (blocks.size >= 32) blocks.delete([...blocks.keys()][0] ?? 0)
    blocks.set(index, bytes)
    return bytes
  }
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const whole = new Uint8Array(Math.min(length, Math.max(0, file.sizeBytes - offset)))
    for (let done = 0; done < whole.length;) {
      const index = Math.floor((offset + done) / blockBytes)
      const part = (await block(index)).subarray(offset + done - index * blockBytes).subarray(0, whole.length - done)
      whole.set(part, done)
      done += part.length
      if (part.length === 0) break
    }
    return whole
  }
  return { sizeBytes: file.sizeBytes, read }
}
