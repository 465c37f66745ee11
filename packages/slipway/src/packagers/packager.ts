// The packager contract: app folder -> one package, bytes in, bytes out (CONTRACTS 4). Options that every packager has stand here, once.
import * as z from 'zod'
import { fail, failAll } from '@slipway/core'
import type { App, Hex, Json, Problem, ProjectFile, Role, Target } from '@slipway/core'
import type { DeflatePieceOn } from '@slipway/formats/deflate'
import type { PackLzfseOn } from '@slipway/formats/lzfse'
import type { Spool } from '@slipway/formats/squashfs/write'
import type { Shape, Unit } from '../unit.ts'
import type { FileTree } from '../tree.ts'
import { needFacts } from './packager/need-facts.ts'
import { treeProblems, withModes, type Limits, type TreeRules } from './packager/tree-rules.ts'

export { tooLarge, type Limits } from './packager/tree-rules.ts'

const common = {
  file: z.string().optional().describe('File name pattern: {name} {bin} {version} {target} {os} {arch} {ext}'),
  targets: z.array(z.string()).readonly().optional().describe('Targets that it packs; default: all that the format knows'),
}
type Common = typeof common

/** What is known before anything is built: for `plan`. */
export interface Naming {
  readonly app: App
  readonly target: Target
  /** All targets of the app, also those that flags leave out. Absent: this one alone. */
  readonly targets?: readonly Target[]
  /** Of a unit with `inside`: the options of the unit whose tree it packs. */
  readonly insideOptions?: Readonly<Record<string, unknown>>
}
export interface PackSubject extends Naming {
  readonly tree: FileTree
  /** Seconds since 1970: of the commit. */
  readonly date: number
  /** The files of the project that the unit's `assets` asked for, by path. Absent: none. */
  readonly assets?: ReadonlyMap<string, AssetFile>
  /** Of a unit with `from`: the packages that it is made from, sorted by file. */
  readonly sources?: readonly Source[]
  /** Of a unit with `shape`: tells whoever waits for the run. */
  readonly note?: (text: string) => void
  /** Runs one of the unit's `tools`. */
  readonly lend?: Lend
  /** Signs a program of the package's own that ends up inside of it, as an uninstaller. Absent: it stays unsigned. */
  readonly signProgram?: (program: Uint8Array) => Promise<Uint8Array>
  /** Room on disk for formats whose head is known last. Absent: they keep it in memory. */
  readonly spool?: Spool
  /** Deflates pieces on all cores. Absent: on this thread; the bytes are the same. */
  readonly deflate?: DeflatePieceOn
  /** The same for LZFSE. */
  readonly lzfse?: PackLzfseOn
}
/** A run of a foreign program in a folder of its own that holds these files and nothing else; gives one file that it left there. */
export type Lend = (job: {
  readonly tool: string
  readonly args: readonly string[]
  readonly files: readonly { readonly path: string; readonly mode?: number; readonly bytes: () => AsyncIterable<Uint8Array> }[]
  /** Path of the file that it makes. */
  readonly wants: string
}) => Promise<AsyncIterable<Uint8Array>>
/** A finished package that another one is made from: its bytes, and where they will be public ('' while the store has no address). */
export interface Source {
  readonly file: string
  readonly kind: string
  readonly target: Target
  readonly sizeBytes: number
  readonly sha256: Hex
  readonly facts: Facts
  readonly url: string
  readonly bytes: () => AsyncIterable<Uint8Array>
}
/** A small file of the project, read before the packager runs. */
export interface AssetFile {
  readonly sha256: Hex
  readonly bytes: Uint8Array
}
/** An entry of an app folder as the file system lists it. */
export interface SizedEntry {
  readonly type: 'file' | 'link' | 'folder'
  readonly path: string
  /** Of a file. */
  readonly sizeBytes?: number
  /** Of a file, where its file system keeps one. */
  readonly mode?: number
  /** The bytes of an Info.plist. */
  readonly plist?: Uint8Array
  /** Of a link. */
  readonly linkTarget?: string
}
/** Optional ones may lie in the app folder instead. */
export interface Asset extends ProjectFile {
  readonly optional?: boolean
}
export type Facts = Readonly<Record<string, Json>>
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

export interface Pack<S extends Shape> {
  readonly os: readonly ('macos' | 'windows' | 'linux')[]
  readonly role: Role
  /** Where an app has targets of one architecture that differ in the C library alone, it packs this one: its packages have no other name. */
  readonly libc?: 'glibc' | 'musl'
  /** Kinds that it is made from, in place of an app folder: one file for each such package; the tree is empty then. */
  readonly from?: readonly string[]
  /** With `from`: one file for all of them together, of target `any`. */
  readonly joins?: true
  /** With `from`: it takes part unasked where a unit that it is made from has such options. */
  readonly follows?: (options: Readonly<Record<string, unknown>>) => boolean
  /** In place of a file it makes another tree of the app folder, which units with `inside` pack. */
  readonly shape?: (subject: PackSubject, options: Options<S>) => Promise<FileTree>
  /** The unit whose tree it packs: `app`. Default: the builder's. */
  readonly inside?: string
  /** It takes part unasked where one of these units does. */
  readonly with?: readonly string[]
  /** It cannot be left out of a target that one of `with` takes part for. */
  readonly always?: true
  /** Its file is a program that is started as it is. */
  readonly starts?: true
  /** It writes public addresses, so the store must have one. */
  readonly namesUrls?: true
  /** Foreign programs that it is lent besides its `tools`, where an icon among its `assets` is an SVG: the plan asks for them only then. */
  readonly lends?: readonly string[]
  /** The ending that `{ext}` stands for, without a dot in front; '' for none. */
  readonly ext: (target: Target, options: Options<S>) => string
  /** Default file name of this format (CONFIG 3, "File names"). */
  readonly fileName: (naming: Naming, options: Options<S>) => string
  /** What cannot be packed, before anything is built: names, versions, maintainers that the format forbids. */
  readonly check?: (naming: Naming, options: Options<S>) => readonly Problem[]
  /** What is no fault, and whoever reads the plan should know. */
  readonly tells?: (naming: Naming, options: Options<S>) => readonly string[]
  /** The order of two releases by the format's own rules; throws where one of them cannot be such a package. */
  readonly compare?: (before: Naming, after: Naming, options: Options<S>) => number
  /** Facts of the package that no later release may change: by them systems know what to replace. Named as an option, else they follow from `app.id`. */
  readonly keeps?: (naming: Naming, options: Options<S>) => Facts
  /** Files of the project that `pack` reads: packagers are pure, so the runner reads them and digests them into the cache key. */
  readonly assets?: (naming: Naming, options: Options<S>) => readonly Asset[]
  /** What those files that are there show to be wrong already, before anything is built. */
  readonly examine?: (naming: Naming, options: Options<S>, assets: ReadonlyMap<string, AssetFile>) => readonly Problem[]
  /** What the names and sizes of an app folder show to be wrong: asked in `plan`, where one lies there before it is built, and again by `pack` itself. */
  readonly fits?: (naming: Naming, options: Options<S>, entries: readonly SizedEntry[]) => readonly Problem[]
  /** Absent: a file may have any size that a file system has. */
  readonly limits?: Limits
  /** What it writes depends on which other targets the app has. */
  readonly seesTargets?: true
  /** It packs the app folder below a folder named like the file: a macOS bundle would be none in there. */
  readonly topFolder?: true
  /** It keeps setuid, setgid and sticky bits that `app.modes` declares; others drop them. */
  readonly keepsModes?: true
  /** Yields the package in order, each chunk good only until the next one is asked for, and returns its facts. */
  readonly pack: (subject: PackSubject, options: Options<S>) => AsyncGenerator<Uint8Array, Facts>
}

/**
 * Makes a packager of a unit. Whatever the format, a tree with paths or links out of it is refused (`packagers/outside`), and setuid
 * files that nobody declared (`packagers/setuid`); so are files beyond its limit (`packagers/too-large`).
 */
export const packager = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Pack<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
  pack: (subject: PackSubject, options: Options<S>) =>
    packChecked(subject, { ...unit, kept: unit.keeps?.(subject, options) ?? {} }, checked => unit.pack(checked, options)),
})

/** Makes a unit that shapes the app folder and writes no file. */
export const shaper = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Omit<Pack<S>, 'pack' | 'ext' | 'fileName' | 'role'> & Required<Pick<Pack<S>, 'shape'>>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
  // What lies outside of the app folder would seem to lie inside once it is moved.
  shape: async (subject: PackSubject, options: Options<S>) => {
    failAll(treeProblems(subject, unit))
    return unit.shape(subject, options)
  },
  role: 'metadata' as const,
  ext: () => '',
  fileName: () => '',
  // eslint-disable-next-line require-yield -- it writes nothing.
  async *pack(): AsyncGenerator<Uint8Array, Facts> {
    return fail('packagers/no-file', `${unit.id} makes no file`, { hint: 'This is a fault of Slipway; please report it.', exit: 'bug' })
  },
})

async function* packChecked(
  subject: PackSubject,
  { kept, ...rules }: TreeRules & { readonly kept: Facts },
  pack: (subject: PackSubject) => AsyncGenerator<Uint8Array, Facts>,
): AsyncGenerator<Uint8Array, Facts> {
  failAll(treeProblems(subject, rules))
  const facts = { ...kept, ...(yield* pack({ ...subject, tree: withModes(subject, rules) })) }
  // What is made of packages has no app folder of its own.
  return subject.app.needs.length === 0 || subject.tree.entries.length === 0 ? facts : { ...facts, needs: needFacts(subject) }
}

/** `flet-0.28.3-linux-x64`: the default name of files, and the one folder inside of archives (CONFIG 3, "File names"). */
export const stem = ({ app, target }: Naming): string => `${app.bin}-${app.version}-${target}`

/** A packager as the plan and the runner see it: options are whole by then (one cast, in `bind`). */
export type AnyPackager = Unit & Pack<Shape>
