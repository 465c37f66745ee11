// The builder contract: source -> app folder, one target at a time (CONTRACTS 4).
import * as z from 'zod'
import { fail, matchesTarget, parseTarget, spell } from '@slipway/core'
import type { App, Problem, Target } from '@slipway/core'
import type { Io } from '../io/io.ts'
import type { FileTree } from '../tree.ts'
import type { Shape, Unit } from '../unit.ts'

export { addRecord, signProgram, stripProgram } from './builder/change.ts'
export { findExecutable, foreignProgram, treeWith } from './builder/executable.ts'
export { extract, type ArchiveKind } from './builder/extract.ts'
export { metadataOf } from './builder/metadata.ts'
export { recordIdOf, recordOf } from './builder/record.ts'
export { integrityOf } from './builder/locked.ts'
export { fetchNpm, lockedPackage, lockedTarball, npmInput } from './builder/npm.ts'
export { fetchWheel, lockedWheel, pypiSource, type PypiSource } from './builder/pypi.ts'
export { sizesBelow } from './builder/sizes.ts'
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
}
/** An app folder as it lies there, and what is certainly wrong with it. */
export interface Looked {
  readonly files: readonly FileSize[]
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
  /** What cannot be built, before any work. */
  readonly check?: (subject: BuildSubject, options: Options<S>) => readonly Problem[]
  /** The app folder where it exists already; null: that is known only by building. */
  readonly look?: (look: Look, options: Options<S>) => Promise<Looked | null>
  /** True: the result follows from the pinned inputs or the scanned files alone. False: a command of the user's, cached by commit. */
  readonly pure: boolean
  readonly build: (job: BuildJob, options: Options<S>) => Promise<FileTree>
}

export const builder = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Build<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
})
export type AnyBuilder = Unit & Build<Shape>

/** Fills `{name} {bin} {version} {target} {os} {arch} {channel} {exe} {npm} {rust} {go}`. Codes: `builders/unknown-placeholder`, `target/no-spelling`. */
export const fillPlaceholders = (pattern: string, { app, target, channel }: BuildSubject): string => {
  const parts = parseTarget(target)
  const values: Readonly<Record<string, () => string>> = {
    name: () => app.name,
    bin: () => app.bin,
    version: () => app.version,
    target: () => target,
    os: () => parts?.os ?? '',
    arch: () => parts?.arch ?? '',
    channel: () => channel,
    exe: () => (parts?.os === 'windows' ? '.exe' : ''),
    // Only when asked for: not every target has a word in each of these.
    npm: () => spell(target, 'npm'),
    rust: () => spell(target, 'rust'),
    go: () => spell(target, 'go'),
  }
  return pattern.replaceAll(/\{([a-z]*)\}/g, (whole, key: string) => {
    const value = Object.hasOwn(values, key) ? values[key] : undefined
    if (value !== undefined) return value()
    return fail('builders/unknown-placeholder', `${whole} is no placeholder`, {
      hint: `Known are: ${Object.keys(values)
        .map(one => `{${one}}`)
        .join(' ')}.`,
      where: { path: 'build' },
    })
  })
}

/** The value for a target among `target or <os>-*` -> value: the exact one first. */
export const valueFor = <V>(values: Readonly<Record<string, V>>, target: Target): V | undefined =>
  Object.hasOwn(values, target) ? values[target] : Object.entries(values).find(([pattern]) => matchesTarget(pattern, target))?.[1]
