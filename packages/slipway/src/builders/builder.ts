// The builder contract: source -> app folder, one target at a time (CONTRACTS 4).
import * as z from 'zod'
import type { App, Problem, Target } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { FileTree } from '../tree.ts'
import type { Shape, Unit } from '../unit.ts'

export { addRecord, changedProgram, signProgram, stripProgram } from './builder/change.ts'
export { bundleProgram } from './builder/bundle-program.ts'
export { findExecutable, foreignProgram, treeWith } from './builder/executable.ts'
export { extract, type ArchiveKind } from './builder/extract.ts'
export { metadataOf } from './builder/metadata.ts'
export { recordIdOf, recordOf } from './builder/record.ts'
export { rustEnvironment } from './builder/rust-environment.ts'
export { integrityOf } from './builder/locked.ts'
export { fetchNpm, lockedPackage, lockedTarball, npmInput } from './builder/npm.ts'
export { fetchWheel, lockedWheel, pypiSource, type PypiSource } from './builder/pypi.ts'
export { runAll, runOf, runOption } from './builder/own-commands.ts'
export { fillPlaceholders, valueFor } from './builder/placeholders.ts'
export { entriesBelow, sizesBelow } from './builder/sizes.ts'
export { emptyTree, programTree, runLogged, startLog } from './builder/tool.ts'

const common = {
  env: z
    .record(z.string(), z.string())
    .optional()
    .describe("Environment of the build; of the user's own it gets PATH, and a toolchain also its caches and proxies"),
  cwd: z.string().optional().describe('Folder that commands start in, below the project'),
}
type Common = typeof common

/** Known before anything is built. */
export interface BuildSubject {
  readonly app: App
  readonly target: Target
  readonly channel: string
}
export interface BuildJob extends BuildSubject {
  /** Project folder, absolute. */
  readonly root: string
  /** A folder of its own that may be filled; kept in the cache. */
  readonly scratch: string
  /** Fetched input (`npm:@esbuild/linux-x64@0.28.2`) -> its pinned integrity (`sha512-…`), from slipway.lock. */
  readonly locked: Readonly<Record<string, string>>
  /** Seconds since 1970: of the commit; children get it as SOURCE_DATE_EPOCH. */
  readonly date: number
  /** Of the project's repository, `-dirty` behind it where files differ from it; empty without git. */
  readonly commit: string
  readonly io: Io
  readonly signal: AbortSignal
  /** Of a builder with `joins`: what was built for those targets. */
  readonly trees?: ReadonlyMap<Target, FileTree>
  readonly note: (text: string) => void
  /** Scans a folder into a tree: modes, links checked, sorted, hashed; refuses device files and links out of it. */
  readonly scan: (folder: string) => Promise<FileTree['entries']>
}
type Options<S extends Shape> = z.output<z.ZodObject<Common & S>>

/** For a look before anything is built. */
export interface Look extends BuildSubject {
  readonly root: string
  readonly io: Io
}
/** A file of an app folder, by its path in it. */
export interface FileSize {
  readonly path: string
  readonly sizeBytes: number
  readonly mode?: number
  /** Of an Info.plist. */
  readonly plist?: Uint8Array
}
export type LookedOther =
  | { readonly type: 'folder'; readonly path: string }
  | { readonly type: 'link'; readonly path: string; readonly linkTarget: string }
/** An app folder as it lies there, and what is certainly wrong with it. */
export interface Looked {
  readonly files: readonly FileSize[]
  /** Links and folders of it. */
  readonly others?: readonly LookedOther[]
  readonly problems: readonly Problem[]
}

export interface Build<S extends Shape> {
  /** Targets that its options name, so that `targets` need not repeat them. */
  readonly targets?: (options: Options<S>) => readonly Target[]
  /** Targets whose app folders it is made from, in place of a source. */
  readonly joins?: readonly Target[]
  /** Inputs that it fetches for a target; each must stand in slipway.lock. */
  readonly inputs?: (subject: BuildSubject, options: Options<S>) => readonly string[]
  /** Fetches an input and says its integrity, for slipway.lock: in profile `dev`, and only when it stands there not yet. */
  readonly pin?: (job: BuildJob, input: string, options: Options<S>) => Promise<string>
  /** Its programs are a runtime's with the app in it: icon and version in them are the runtime's, and give way to the app's. */
  readonly isRuntime?: true
  /** What cannot be built, before any work. */
  readonly check?: (subject: BuildSubject, options: Options<S>) => readonly Problem[]
  /** The app folder where it exists already; null: that is known only by building. */
  readonly look?: (look: Look, options: Options<S>) => Promise<Looked | null>
  /** True: the result follows from the pinned inputs or the scanned files alone. False: a command of the user's, cached by commit. */
  readonly pure: boolean | ((options: Options<S>) => boolean)
  readonly build: (job: BuildJob, options: Options<S>) => Promise<FileTree>
  /**
   * Where a program says in its own bytes by which kind of package it was installed, as Tauri's does: its change for the packager of this
   * id (`app` for all that pack a bundle); null: that packager gets it as it was built. Pure. The runner makes the change before it shapes,
   * packs or signs anything; it leaves the program as one that we changed: a PE without certificates, a Mach-O signed ad hoc.
   */
  readonly mark?: (packager: string, options: Options<S>) => ((program: Uint8Array) => Uint8Array) | null
}

export const builder = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Build<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnyBuilder = Unit & Build<Shape>

export const isPure = ({ pure }: Pick<AnyBuilder, 'pure'>, options: unknown): boolean =>
  typeof pure === 'boolean' ? pure : pure(options as never)
