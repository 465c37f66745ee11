// Looking at entries of a package: hashed where asked for, and read where they are programs.
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { type ByteChunks, fieldsOf, type Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { identify } from '@slipway/formats/identify'
import { readProgram } from './programs.ts'
import { type Entry, type Found, given, type Program } from './report.ts'

export interface Seen {
  readonly entry: Entry
  readonly program?: Program
  /** It may be a program by its name, and nobody looked. */
  readonly isUnlooked?: true
}

// Programs inside of archives are kept whole, to see what they need; of larger ones only the head.
const limitProgramBytes = 128 * 2 ** 20
const headBytes = 1 << 16

/** One pass over an entry: its digest when asked for, and what it is when it is a program. Stops early where neither needs the rest. */
export const lookAt = async (
  chunks: ByteChunks,
  { sizeBytes, digests, limitBytes = limitProgramBytes }: { sizeBytes: number; digests: boolean; limitBytes?: number },
): Promise<{ readonly sha256?: string; readonly program?: Program }> => {
  const hash = digests ? createHash('sha256') : undefined
  const kept: Uint8Array[] = []
  const wantedBytes = sizeBytes <= limitBytes ? sizeBytes : headBytes
  let keptBytes = 0
  let mayBe = true
  for await (const chunk of chunks) {
    hash?.update(chunk)
    if (keptBytes === 0 && chunk.length > 0) mayBe = mayBeProgram(chunk)
    if (mayBe && keptBytes < wantedBytes) {
      // Kept as they are: every reader gives fresh buffers.
      kept.push(chunk)
      keptBytes += chunk.length
    }
    if (hash === undefined && (!mayBe || keptBytes >= wantedBytes)) break
  }
  const program = mayBe && keptBytes > 0 ? await programOf(partlyKept(kept, sizeBytes), Math.min(keptBytes, sizeBytes)) : undefined
  return { ...(hash === undefined ? {} : { sha256: hash.digest('hex') }), ...(program === undefined ? {} : { program }) }
}

/** A Source over the first pieces of something larger: reading beyond them gives what is there. */
const partlyKept = (pieces: readonly Uint8Array[], sizeBytes: number): Source => {
  const ends: number[] = []
  for (const piece of pieces) ends.push((ends.at(-1) ?? 0) + piece.length)
  return {
    sizeBytes,
    read: (offset, length) => {
      const whole = new Uint8Array(Math.max(0, Math.min(length, (ends.at(-1) ?? 0) - offset)))
      let filled = 0
      for (let index = ends.findIndex(end => end > offset); index >= 0 && index < pieces.length && filled < whole.length; index++) {
        const piece = pieces[index] ?? new Uint8Array(0)
        const part = piece.subarray(offset + filled - ((ends[index] ?? 0) - piece.length)).subarray(0, whole.length - filled)
        whole.set(part, filled)
        filled += part.length
      }
      return Promise.resolve(whole)
    },
  }
}

/** What a program is; undefined for a damaged one, and by its first bytes where its rest is not at hand. */
const programOf = async (source: Source, knownBytes = source.sizeBytes): Promise<Program | undefined> => {
  try {
    return await readProgram(source, await identify(source), knownBytes)
  } catch (error) {
    // A damaged program does not make its archive unreadable.
    if (error instanceof FormatError) return knownBytes < source.sizeBytes ? elfHead(await source.read(0, 64)) : undefined
    throw error
  }
}

const elfMachines: Readonly<Record<number, string>> = { 3: 'x86', 40: 'armv7', 62: 'x64', 183: 'arm64' }
const elfHead = (head: Uint8Array): Program | undefined => {
  if (head.length < 20 || fieldsOf(head, 'big').u32(0) !== 0x7f454c46) return undefined
  const machine = fieldsOf(head, head[5] === 2 ? 'big' : 'little').u16(18)
  return { format: 'ELF', arch: elfMachines[machine] ?? `other:${machine}`, version: null, signatures: [], facts: {} }
}

const magics = [
  [0x7f, 0x45],
  [0x4d, 0x5a],
  [0xfe, 0xed],
  [0xce, 0xfa],
  [0xcf, 0xfa],
  [0xca, 0xfe],
]
const mayBeProgram = (chunk: Uint8Array): boolean => magics.some(([a, b]) => chunk[0] === a && (chunk.length < 2 || chunk[1] === b))

export const seenOf = (entry: Entry, { sha256, program }: Awaited<ReturnType<typeof lookAt>>): Seen => {
  const known = { ...entry, ...(sha256 === undefined ? {} : { sha256 }) }
  return program === undefined ? { entry: known } : { entry: { ...known, program: `${program.format} ${program.arch}` }, program }
}

export interface Openable {
  readonly entry: Entry
  readonly open: () => ByteChunks
  /** Where it can be read anywhere: then a program is known whatever its size. */
  readonly within?: (<T>(use: (source: Source) => Promise<T>) => Promise<T>) | undefined
}

const limitLooks = 200
const limitLookedBytes = 16 * 2 ** 20

/**
 * Looks at the entries of a format with a directory. Without `digests` only those are opened whose name or mode says program, not more
 * of them than keeps this fast at any size, and of the largest only the head: what that leaves open is marked.
 */
export const lookAround = async (all: readonly Openable[], digests: boolean): Promise<readonly Seen[]> => {
  const wanted = all.filter(({ entry }) => entry.type === 'file' && (digests || looksLikeProgram(entry)))
  const queue = digests ? [...wanted] : wanted.slice(0, limitLooks)
  const whole = digests ? undefined : smallest(queue)
  const looked = new Map<Openable, Seen>()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < queue.length; at = next++) {
      const one = queue[at]
      if (one !== undefined) looked.set(one, await lookAtOne(one, { digests, isWhole: whole?.has(one) !== false }))
    }
  }
  try {
    // Unpacking runs on other threads; of what is hashed, one after the other is held in memory.
    await Promise.all(Array.from({ length: digests ? 1 : looksAtOnce }, worker))
  } finally {
    next = queue.length
  }
  const open = new Set(wanted.slice(queue.length))
  return all.map(one => looked.get(one) ?? (open.has(one) ? { entry: one.entry, isUnlooked: true } : one))
}

const looksAtOnce = 4

const lookAtOne = async (
  { entry, open, within }: Openable,
  { digests, isWhole }: { readonly digests: boolean; readonly isWhole: boolean },
): Promise<Seen> => {
  const found =
    within !== undefined && !digests
      ? {}
      : await lookAt(open(), { sizeBytes: entry.sizeBytes, digests, limitBytes: isWhole ? limitProgramBytes : 0 })
  const isOpen = !digests || found.program?.isHeadOnly === true
  const program = within !== undefined && isOpen ? await within(source => programOf(source)) : found.program
  return seenOf(entry, program === undefined ? found : { ...found, program })
}

/** Those that are read whole: together they stay below a limit. */
const smallest = (wanted: readonly Openable[]): ReadonlySet<Openable> => {
  let leftBytes = limitLookedBytes
  const bySize = wanted.filter(({ within }) => within === undefined).toSorted((a, b) => a.entry.sizeBytes - b.entry.sizeBytes)
  return new Set(bySize.filter(({ entry }) => (leftBytes -= entry.sizeBytes) >= 0))
}

export const looksLikeProgram = ({ path, mode, sizeBytes }: Entry): boolean =>
  sizeBytes >= 64 &&
  (isFrameworkProgram(path) ||
    /\.(exe|dll|sys|node|dylib|so(\.[0-9]+)*)$/i.test(path) ||
    (/[1357]/.test(mode.slice(1)) && !/\.[a-z]{1,6}$/i.test(basename(path))))

/** Of a framework it need not be one that may be run. */
const isFrameworkProgram = (path: string): boolean => /(?:^|\/)([^/]+)\.framework\/(?:Versions\/[^/]+\/)?\1$/.test(path)

/** What all programs inside say together, and what a package of this format is then. */
export const foundOf = (format: string, seen: readonly Seen[], more: Partial<Found> = {}): Found => {
  const contents = seen.map(({ entry }) => entry)
  const programs = seen.map(({ program }) => program).filter(program => program !== undefined)
  const signed = [...new Set(programs.flatMap(program => program.signatures))].map(signature => `${signature} (programs inside)`)
  const signatures = [...(more.signatures ?? []), ...bundleSignatures(contents), ...signed]
  const arch = more.arch ?? archOfAll(programs)
  return {
    format,
    arch,
    version: more.version ?? null,
    signatures,
    facts: { ...more.facts, ...librariesOf(programs, contents), ...buildsOf(programs), ...unreadOf(seen) },
    contents,
  }
}

/** Of how many files inside nobody knows whether they are signed. */
const unreadOf = (seen: readonly Seen[]): Readonly<Record<string, unknown>> => {
  const unread = seen.filter(({ program, isUnlooked }) => isUnlooked === true || program?.isSealUnread === true).length
  return unread === 0 ? {} : { signaturesNotLookedAt: unread }
}

/** The architectures of all programs inside, joined; null without one. */
const archOfAll = (programs: readonly Program[]): string | null => {
  const archs = new Set(programs.flatMap(program => program.arch.split(' + ')))
  return archs.size === 0 ? null : [...archs].sort().join(' + ')
}

/** How the programs inside were built: `build` where all that say it say the same, else `builds`. */
const buildsOf = (programs: readonly Program[]): Readonly<Record<string, unknown>> => {
  const found = new Map(programs.flatMap(({ facts: { build } }) => (build === undefined ? [] : [[JSON.stringify(build), build]])))
  const builds = [...found.values()]
  return builds.length > 1 ? { builds } : given({ build: builds[0] })
}

/** The shared libraries that the programs inside need and do not bring, and the oldest C library that all of them run on. */
const librariesOf = (programs: readonly Program[], contents: readonly Entry[]): Readonly<Record<string, unknown>> => {
  const elves = programs.filter(program => program.format === 'ELF')
  if (elves.length === 0) return {}
  const own = new Set(contents.map(({ path }) => basename(path)))
  const needed = new Set(elves.flatMap(({ facts }) => (Array.isArray(facts['needed']) ? facts['needed'].map(String) : [])))
  const floors = elves.flatMap(({ facts }) => (typeof facts['glibc'] === 'string' ? [facts['glibc']] : []))
  const libcs = new Set(elves.flatMap(({ facts }) => (typeof facts['libc'] === 'string' ? [facts['libc']] : [])))
  return given({
    libraries: [...needed].filter(library => !own.has(library)).sort(),
    libc: libcs.size === 0 ? undefined : [...libcs].sort().join(' + '),
    glibc: floors.sort(byVersion).at(-1),
  })
}

const byVersion = (left: string, right: string): number => {
  const [a, b] = [left.split('.').map(Number), right.split('.').map(Number)]
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0) || (a[2] ?? 0) - (b[2] ?? 0)
}

/** Signatures that a bundle carries as files. */
const bundleSignatures = (contents: readonly Entry[]): string[] => {
  // Compared first: a pattern is tried at each of a hundred thousand paths.
  const has = (is: (path: string) => boolean): boolean => contents.some(({ path }) => is(path))
  return [
    ...(has(path => path.endsWith('/_CodeSignature/CodeResources')) ? ['codesign (bundle)'] : []),
    ...(has(path => path.startsWith('META-INF/') && /^META-INF\/[^/]+\.(RSA|DSA|EC)$/.test(path)) ? ['jar'] : []),
    ...(has(path => path === 'AppxSignature.p7x') ? ['authenticode (msix)'] : []),
  ]
}
