// What a Mac cannot hold of an app folder, or cannot open of a package: names that are one on its volumes, a bundle whose folder lost its name.
import { problem, type Problem, type Target } from '@slipway/core'
import { foldName } from '@slipway/formats/hfs/names'

interface Named {
  readonly path: string
}
export interface MacPlace {
  readonly id: string
  readonly target: Target
  /** It packs the app folder below a folder named like the file. */
  readonly topFolder?: true
}

/** All at once; none for other systems. Codes: `mac/same-name`, `mac/bare-bundle`. */
export const macTreeProblems = (entries: readonly Named[], { id, target, topFolder }: MacPlace): readonly Problem[] =>
  target.startsWith('macos-') ? [...sameNames(entries, target), ...(topFolder === true ? bareBundle(entries, { id, target }) : [])] : []

/** Volumes are made without case, unless somebody asks for it; two spellings of a folder are one folder there, and one file takes the place of the other. */
const sameNames = (entries: readonly Named[], target: Target): readonly Problem[] => {
  const spelled = new Map<string, string>()
  const problems: Problem[] = []
  for (const { path } of entries) {
    const other = clashIn(path, spelled)
    if (other === null) continue
    problems.push(
      problem('mac/same-name', `${JSON.stringify(other.known)} and ${JSON.stringify(other.path)} are one on a Mac`, {
        hint: 'Rename one of the two: its volumes tell neither upper case from lower, nor how an accent is written.',
        where: { target, file: other.path },
      }),
    )
  }
  return problems
}

/** The shortest part of a path that another path has in another spelling; each is said once. */
const clashIn = (path: string, spelled: Map<string, string>): { readonly known: string; readonly path: string } | null => {
  for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
    const part = end === -1 ? path : path.slice(0, end)
    for (const key of [`hfs ${foldName(part)}`, `apfs ${foldApfs(part)}`]) {
      const known = spelled.get(key)
      if (known !== undefined && known !== part) {
        const isSaid = spelled.has(`said ${known} ${part}`)
        spelled.set(`said ${known} ${part}`, '')
        return isSaid ? null : { known, path: part }
      }
      spelled.set(key, part)
    }
    if (end === -1) return null
  }
}

/** Apple File System Reference, "Case-insensitive": canonical decomposition and full case folding. */
const foldApfs = (path: string): string => path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFD')

const bareBundle = (entries: readonly Named[], { id, target }: Pick<MacPlace, 'id' | 'target'>): readonly Problem[] =>
  entries.some(({ path }) => /^Contents\/(Info\.plist$|MacOS(\/|$))/.test(path))
    ? [
        problem(
          'mac/bare-bundle',
          `the app folder for ${target} is a bundle, and in a ${id} its folder would be none: nobody could open it`,
          {
            hint: `Pack it as app.zip or app.tar.gz, which keep it an .app, and let packages['${id}'].targets name other systems alone.`,
            where: { path: `packages.${id}`, target },
          },
        ),
      ]
    : []
