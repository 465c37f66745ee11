// Programs that exist already, in dist/ or bin/: recognized by their headers, ELF, PE and Mach-O, not by their names.
import { join } from 'node:path'
import type { Target } from '@slipway/core'
import type { Source } from '@slipway/formats/bytes'
import { readElf } from '@slipway/formats/elf'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { readMachO } from '@slipway/formats/macho'
import { readPe } from '@slipway/formats/pe'
import { draft, entry } from './draft.ts'
import { pathText, sortedTargets, statements, type Finding } from './finding.ts'
import { below, type Repository } from './repository.ts'

interface Program {
  /** Below the project. */
  readonly path: string
  readonly target: Target
}

const places = ['dist', 'bin', 'build', 'out']
const deepest = 4
const limitFiles = 5000

export const findBinaries = async (repository: Repository): Promise<Finding | undefined> => {
  for (const place of places) {
    const programs = await programsIn(repository, place)
    if (programs.length > 0) return finding(repository, place, programs)
  }
  return undefined
}

const finding = (repository: Repository, place: string, programs: readonly Program[]): Finding => {
  const bin = commonName(repository, programs)
  const chosen = sortedTargets(programs.map(one => one.target)).map(target => {
    const fitting = programs.filter(one => one.target === target)
    return {
      target,
      program: fitting.find(one => stemOf(one.path) === bin) ?? fitting.find(one => stemOf(one.path).startsWith(bin)) ?? fitting[0],
      more: fitting.length - 1,
    }
  })
  const left = chosen.filter(one => one.more > 0)
  const from = draft(
    ...chosen.map(({ target, program }) =>
      entry(target, pathText(sourceOf(place, program?.path ?? '', programs)) ?? 'TODO: the file or folder of this target'),
    ),
  )
  return {
    kind: 'binaries',
    title: `${programs.length === 1 ? 'a program' : 'programs'} in ${place}/, by the headers of the files`,
    desktop: false,
    app: statements({ bin: { value: bin, from: `${place}/` } }),
    targets: { list: chosen.map(one => one.target), why: `the programs in ${place}/` },
    buildNamesTargets: true,
    build: entry(
      'build',
      draft(entry('prebuilt', draft(entry('from', from, 'The system and architecture are those of the headers.')))),
      'Nothing is built: what exists is taken. The targets are the keys.',
    ),
    packages: { ids: ['tar.gz', 'zip', 'deb'], why: 'the usual ones of a command-line tool' },
    taken: [place],
    notes: left.map(
      ({ target, program, more }) => `${more} more for ${target} beside ${program?.path ?? ''}: name the right one in build.prebuilt.from.`,
    ),
  }
}

/** A folder of its own is the app folder; one that programs share is not. */
const sourceOf = (place: string, path: string, programs: readonly Program[]): string => {
  const folder = path.slice(0, path.lastIndexOf('/'))
  const isShared = folder === place || programs.filter(one => one.path === folder || one.path.startsWith(`${folder}/`)).length > 1
  return isShared ? path : folder
}

const programsIn = async (repository: Repository, place: string): Promise<readonly Program[]> => {
  const paths: string[] = []
  const walk = async (folder: string, depth: number): Promise<void> => {
    for (const { name, type } of await repository.io.files.list(join(repository.root, folder))) {
      if (paths.length >= limitFiles || name === 'node_modules') return
      if (type === 'folder' && depth < deepest && !name.startsWith('.')) await walk(below(folder, name), depth + 1)
      if (type === 'file' && /^[^.]+$|\.exe$|[-_.](x64|arm64|amd64|x86_64|aarch64)$/i.test(name)) paths.push(below(folder, name))
    }
  }
  if ((await repository.io.files.stat(join(repository.root, place)))?.type === 'folder') await walk(place, 0)
  const programs: Program[] = []
  for (const path of paths) {
    const target = await targetOf(repository, path)
    if (target !== undefined && sortedTargets([target]).length > 0) programs.push({ path, target })
  }
  return programs
}

const targetOf = async (repository: Repository, path: string): Promise<Target | undefined> => {
  const source = await repository.io.files.open(join(repository.root, path))
  try {
    return await programTarget(source)
  } catch (error) {
    // A damaged program is none that could be released.
    if (error instanceof FormatError) return undefined
    throw error
  } finally {
    await source.close()
  }
}

const programTarget = async (source: Source): Promise<Target | undefined> => {
  const kind = await identify(source)
  if (kind === 'elf') {
    const { arch, type, interpreter, isStatic, libc, osAbi } = await readElf(source)
    const isProgram = type === 'exec' || (type === 'dyn' && (interpreter !== undefined || isStatic))
    return isProgram && (osAbi === 0 || osAbi === 3) ? `linux-${arch}${libc === 'musl' ? '-musl' : ''}` : undefined
  }
  if (kind === 'pe') {
    const { arch, isDll, subsystem } = await readPe(source)
    return isDll || (subsystem !== 2 && subsystem !== 3) ? undefined : `windows-${arch}`
  }
  if (kind !== 'macho' && kind !== 'macho-fat') return undefined
  const { slices } = await readMachO(source)
  const [first, second] = slices
  if (first === undefined || slices.some(slice => slice.fileType !== 'execute' || (slice.platform ?? 1) !== 1)) return undefined
  return second === undefined ? `macos-${first.arch}` : 'macos-universal'
}

/** The name without its ending and without what only says the system. */
const stemOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.exe$/i, '')
  const short = name.replace(
    /([-_.](darwin|macos|mac|osx|apple|linux|windows|win|win32|win64|pc|unknown|gnu|msvc|musl|amd64|x64|x86_64|x86|i686|386|arm64|aarch64|armv7|armv7l|arm|universal))+$/i,
    '',
  )
  return short === '' ? name : short
}

/** package.json's where a program is called so, else the most frequent, the shortest first. */
const commonName = ({ packageJson }: Repository, programs: readonly Program[]): string => {
  const names = programs.map(one => stemOf(one.path))
  const named = packageJson?.['name']
  const own = typeof named === 'string' ? named.replace(/^@[^/]*\//, '') : ''
  if (names.includes(own)) return own
  const counts = [...Map.groupBy(names, name => name)].map(([name, same]) => ({ name, count: same.length }))
  return counts.toSorted((a, b) => b.count - a.count || a.name.length - b.name.length)[0]?.name ?? ''
}
