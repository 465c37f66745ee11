// What every packager asks of an app folder, whatever its format: nothing outside, modes as declared, no file beyond the format's limit.
import { problem, type App, type Problem, type Target } from '@slipway/core'
import { isInsideLink, isInsidePath } from '@slipway/formats/inside-path'
import type { FileTree, TreeEntry } from '../../tree.ts'
import { macTreeProblems } from '../mac/tree.ts'

/** The largest file that a format has room for. */
export interface Limits {
  readonly fileBytes: number
  /** Where that stands, with the section of the specification. */
  readonly rule: string
}
interface Sized {
  readonly path: string
  readonly sizeBytes: number
}
export interface TreeSubject {
  readonly app: App
  readonly target: Target
  readonly tree: FileTree
}
export interface TreeRules {
  readonly id: string
  readonly limits?: Limits
  /** The format keeps setuid, setgid and sticky bits. */
  readonly keepsModes?: true
  /** It packs the app folder below a folder named like the file. */
  readonly topFolder?: true
}

/** All at once. Codes: `packagers/outside`, `packagers/setuid`, `packagers/unused-mode`, `packagers/too-large`, and those of mac/tree.ts. */
export const treeProblems = ({ app, target, tree }: TreeSubject, { id, limits, keepsModes, topFolder }: TreeRules): readonly Problem[] => {
  const declared = app.modes ?? {}
  const files = tree.entries.filter(one => one.type === 'file')
  const known = new Set(files.map(one => one.path))
  const missing = keepsModes === true && target.startsWith('linux-') ? Object.keys(declared).filter(path => !known.has(path)) : []
  return [
    ...tree.entries.filter(one => !isInside(one)).map(({ path }) => outside(path, target)),
    ...files.filter(one => (one.mode & ~0o777) !== 0 && !Object.hasOwn(declared, one.path)).map(({ path }) => setuid(path, target)),
    ...missing.map(path => noFile(path, target)),
    ...(limits === undefined ? [] : tooLarge(files, limits, { kind: id, target })),
    ...macTreeProblems(tree.entries, { id, target, ...(topFolder && { topFolder }) }),
  ]
}

const isInside = (entry: TreeEntry): boolean =>
  isInsidePath(entry.path) && (entry.type !== 'link' || isInsideLink(entry.path, entry.linkTarget))

/** The tree with the modes that `app.modes` declares; without bits above 0o777 for a format that cannot keep them. */
export const withModes = ({ app, tree }: TreeSubject, { keepsModes }: TreeRules): FileTree => {
  const { modes } = app
  if (modes === undefined) return tree
  const mask = keepsModes === true ? 0o7777 : 0o777
  const entries = tree.entries.map(one =>
    one.type === 'file' && Object.hasOwn(modes, one.path) ? { ...one, mode: (modes[one.path] ?? one.mode) & mask } : one,
  )
  return { ...tree, entries }
}

/** Code: `packagers/too-large`. */
export const tooLarge = (
  files: readonly Sized[],
  { fileBytes, rule }: Limits,
  { kind, target }: { readonly kind: string; readonly target: Target },
): readonly Problem[] =>
  files
    .filter(one => one.sizeBytes > fileBytes)
    .map(({ path, sizeBytes }) =>
      problem(
        'packagers/too-large',
        `${JSON.stringify(path)} has ${sizeBytes} bytes, and a file in this format has at most ${fileBytes} (${rule})`,
        {
          hint: `Split the file, or take ${target} out of packages.${kind}.targets.`,
          where: { path: `packages.${kind}`, target, file: path },
        },
      ),
    )

const outside = (file: string, target: Target): Problem =>
  problem('packagers/outside', `${JSON.stringify(file)} lies outside of the app folder, or leads out of it`, {
    hint: 'Keep paths and links inside of the app folder.',
    where: { target, file },
  })

const setuid = (file: string, target: Target): Problem =>
  problem('packagers/setuid', `${JSON.stringify(file)} is setuid, setgid or sticky: it would run as somebody else`, {
    hint: 'Take the bit away (chmod ug-s), or declare it in the config, as app: { modes: { "bin/helper": "4755" } }.',
    where: { target, file },
  })

const noFile = (file: string, target: Target): Problem =>
  problem('packagers/unused-mode', `app.modes declares the mode of ${JSON.stringify(file)}, which the app folder does not hold`, {
    hint: 'Correct the path: it is that of a file in the app folder.',
    where: { path: 'app.modes', target, file },
  })
