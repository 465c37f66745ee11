// Files of the project that packagers ask for: read before the plan is made, so that it can say at once which are missing or are not what they must be.
import { problem, sha256, SlipwayError, type Problem } from '@slipway/core'
import { isInsidePath } from '@slipway/formats/inside-path'
import type { Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Asset, AssetFile } from '../packagers/packager.ts'

const limitBytes = 1 << 25

/** What stands at each path: a file, or why none can be read there. */
export type SeenAssets = ReadonlyMap<string, AssetFile | 'missing' | 'outside' | Problem>

/** Reads each once. Nothing is refused yet. */
export const seeAssets = async (io: Io, root: string, assets: readonly Asset[]): Promise<SeenAssets> => {
  const seen = new Map<string, AssetFile | 'missing' | 'outside' | Problem>()
  for (const { path } of assets) if (!seen.has(path)) seen.set(path, await seeAsset(io, root, path))
  return seen
}

const seeAsset = async (io: Io, root: string, path: string): Promise<AssetFile | 'missing' | 'outside' | Problem> => {
  if (!isInsidePath(path)) return 'outside'
  const file = `${root}/${path}`
  try {
    // A link may lead anywhere, so only plain files count.
    if ((await io.files.stat(file))?.type !== 'file') return 'missing'
    const bytes = await io.files.read(file, limitBytes)
    return { sha256: sha256(bytes), bytes }
  } catch (error) {
    if (error instanceof SlipwayError && error.problems[0] !== undefined) return error.problems[0]
    throw error
  }
}

/** All at once, each with its config path. Codes: `package/no-asset`, `package/asset-outside`, those of `io.files.read`. */
export const assetProblems = (assets: readonly Asset[], seen: SeenAssets, locate: Project['locate']): readonly Problem[] =>
  assets.flatMap(({ path, from, optional }): readonly Problem[] => {
    const found = seen.get(path) ?? 'missing'
    const where = { ...locate(from), path: from }
    if (found === 'outside')
      return [
        problem('package/asset-outside', `${JSON.stringify(path)} is not inside of the project`, {
          hint: 'Write a path below the folder of the config, with /.',
          where,
        }),
      ]
    if (found === 'missing')
      return optional === true
        ? []
        : [
            problem('package/no-asset', `${JSON.stringify(path)} is no file of the project`, {
              hint: 'Correct the path: it is relative to the folder of the config.',
              where,
            }),
          ]
    return 'code' in found ? [{ ...found, where: { ...found.where, path: from } }] : []
  })

/** The files alone. */
export const readAssetFiles = (seen: SeenAssets): ReadonlyMap<string, AssetFile> =>
  new Map([...seen].flatMap(([path, found]) => (typeof found === 'object' && 'bytes' in found ? [[path, found] as const] : [])))
