// Files of the project that a packager asks for: read whole before it runs, because packagers are pure (CONTRACTS 4).
import { failAll, problem, sha256, type Problem } from '@slipway/core'
import { isInsidePath } from '@slipway/formats/inside-path'
import type { Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Asset, AssetFile } from '../packagers/packager.ts'

const limitBytes = 1 << 25

/** By path. All problems at once, each with its config path. Codes: `package/no-asset`, `package/asset-outside`, `io/too-large`. */
export const readAssets = async (
  io: Io,
  project: Pick<Project, 'root' | 'locate'>,
  assets: readonly Asset[],
): Promise<ReadonlyMap<string, AssetFile>> => {
  const found = new Map<string, AssetFile>()
  const problems: Problem[] = []
  for (const { path, from, optional } of assets) {
    if (found.has(path)) continue
    const where = { ...project.locate(from), path: from }
    if (!isInsidePath(path)) {
      problems.push(
        problem('package/asset-outside', `${JSON.stringify(path)} is not inside of the project`, {
          hint: 'Write a path below the folder of the config, with /.',
          where,
        }),
      )
      continue
    }
    const facts = await io.files.stat(`${project.root}/${path}`)
    // A link may lead anywhere, so only plain files count.
    if (facts?.type === 'file') {
      const bytes = await io.files.read(`${project.root}/${path}`, limitBytes)
      found.set(path, { sha256: sha256(bytes), bytes })
    } else if (optional !== true)
      problems.push(
        problem('package/no-asset', `${JSON.stringify(path)} is no file of the project`, {
          hint: 'Correct the path: it is relative to the folder of the config.',
          where,
        }),
      )
  }
  failAll(problems)
  return found
}
