// Files of the project that a packager asks for: read whole before it runs, because packagers are pure (CONTRACTS 4).
import { failAll } from '@slipway/core'
import type { Project } from '../config/project.ts'
import type { Io } from '../io/io.ts'
import type { Asset, AssetFile } from '../packagers/packager.ts'
import { assetProblems, readAssetFiles, seeAssets } from '../plan/assets.ts'

/** By path. All problems at once, each with its config path: the build may have taken away what the plan saw. Codes: those of `assetProblems`. */
export const readAssets = async (
  io: Io,
  project: Pick<Project, 'root' | 'locate'>,
  assets: readonly Asset[],
): Promise<ReadonlyMap<string, AssetFile>> => {
  const seen = await seeAssets(io, project.root, assets)
  failAll(assetProblems(assets, seen, project.locate))
  return readAssetFiles(seen)
}
