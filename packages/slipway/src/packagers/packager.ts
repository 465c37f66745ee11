// The packager contract: app folder -> one package, bytes in, bytes out (CONTRACTS 4). Options that every packager has stand here, once.
import * as z from 'zod'
import { fail } from '@slipway/core'
import type { App, Json, Problem, Role, Target } from '@slipway/core'
import { isInsideLink, isInsidePath } from '@slipway/formats/inside-path'
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
  /** Yields the package in order and returns its facts. */
  readonly pack: (subject: PackSubject, options: Options<S>) => AsyncGenerator<Uint8Array, Facts>
}

/** Makes a packager of a unit. Whatever the format, a tree with paths or links out of it is refused: `packagers/outside`. */
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
  }
  return yield* pack()
}

/** `flet-0.28.3-linux-x64`: the default name of files, and the one folder inside of archives (CONFIG 3, "File names"). */
export const stem = ({ app, target }: Naming): string => `${app.bin}-${app.version}-${target}`

/** A packager as the plan and the runner see it: options are whole by then (one cast, in `bind`). */
export type AnyPackager = Unit & Pack<Shape>
