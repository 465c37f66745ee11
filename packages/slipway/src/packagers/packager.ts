// The packager contract: app folder -> one package, bytes in, bytes out (CONTRACTS 4). Options that every packager has stand here, once.
import * as z from 'zod'
import { fail } from '@slipway/core'
import type { App, Hex, Json, Problem, ProjectFile, Role, Target } from '@slipway/core'
import { isInsideLink, isInsidePath } from '@slipway/formats/inside-path'
import type { Spool } from '@slipway/formats/squashfs/write'
import type { Shape, Unit } from '../unit.ts'
import type { FileTree } from '../tree.ts'

const common = {
  file: z.string().optional().describe('File name pattern: {name} {bin} {version} {target} {os} {arch} {ext}'),
  targets: z.array(z.string()).readonly().optional().describe('Targets that it packs; default: all that the format knows'),
}
type Common = typeof common

/** What is known before anything is built: for `plan`. */
export interface Naming {
  readonly app: App
  readonly target: Target
}
export interface PackSubject extends Naming {
  readonly tree: FileTree
  /** Seconds since 1970: of the commit. */
  readonly date: number
  /** The files of the project that the unit's `assets` asked for, by path. Absent: none. */
  readonly assets?: ReadonlyMap<string, AssetFile>
  /** Room on disk for formats whose head is known last. Absent: they keep it in memory. */
  readonly spool?: Spool
}
/** A small file of the project, read before the packager runs. */
export interface AssetFile {
  readonly sha256: Hex
  readonly bytes: Uint8Array
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
  /** The ending that `{ext}` stands for, without a dot in front; '' for none. */
  readonly ext: (target: Target) => string
  /** Default file name of this format (CONFIG 3, "File names"). */
  readonly fileName: (naming: Naming, options: Options<S>) => string
  /** What cannot be packed, before anything is built: names, versions, maintainers that the format forbids. */
  readonly check?: (naming: Naming, options: Options<S>) => readonly Problem[]
  /** Files of the project that `pack` reads: packagers are pure, so the runner reads them and digests them into the cache key. */
  readonly assets?: (naming: Naming, options: Options<S>) => readonly Asset[]
  /** Yields the package in order and returns its facts. */
  readonly pack: (subject: PackSubject, options: Options<S>) => AsyncGenerator<Uint8Array, Facts>
}

/** Makes a packager of a unit. Whatever the format, a tree with paths or links out of it is refused: `packagers/outside`; setuid files are `packagers/setuid`. */
export const packager = <const Id extends string, S extends Shape, const M extends keyof S & string = never>(
  unit: Unit<Id, S, M> & Pack<S>,
) => ({
  ...unit,
  options: { ...common, ...unit.options },
  pack: (subject: PackSubject, options: Options<S>) => packChecked(subject, () => unit.pack(subject, options)),
})

async function* packChecked(subject: PackSubject, pack: () => AsyncGenerator<Uint8Array, Facts>): AsyncGenerator<Uint8Array, Facts> {
  for (const entry of subject.tree.entries) {
    const inside = isInsidePath(entry.path) && (entry.type !== 'link' || isInsideLink(entry.path, entry.linkTarget))
    if (!inside)
      fail('packagers/outside', `${JSON.stringify(entry.path)} lies outside of the app folder, or leads out of it`, {
        hint: 'Keep paths and links inside of the app folder.',
        where: { target: subject.target, file: entry.path },
      })
    if (entry.type === 'file' && (entry.mode & ~0o777) !== 0)
      fail('packagers/setuid', `${JSON.stringify(entry.path)} is setuid, setgid or sticky: it would run as somebody else`, {
        hint: 'Take the bit away (chmod ug-s); a package that needs it sets it in a script.',
        where: { target: subject.target, file: entry.path },
      })
  }
  return yield* pack()
}

/** `flet-0.28.3-linux-x64`: the default name of files, and the one folder inside of archives (CONFIG 3, "File names"). */
export const stem = ({ app, target }: Naming): string => `${app.bin}-${app.version}-${target}`

/** A packager as the plan and the runner see it: options are whole by then (one cast, in `bind`). */
export type AnyPackager = Unit & Pack<Shape>
