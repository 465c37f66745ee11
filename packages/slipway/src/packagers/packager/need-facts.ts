// What an artifact's facts say of the programs that the app needs: `verify` opens the package and compares.
import { pinFor, shippedPath, type App, type Json, type Target } from '@slipway/core'
import type { FileTree } from '../../tree.ts'

/** `place`: `machine` (looked for, never shipped) or `package`, with its path in the app folder and its digest. */
export const needFacts = ({
  app,
  target,
  tree,
}: {
  readonly app: App
  readonly target: Target
  readonly tree: FileTree
}): readonly Json[] =>
  app.needs.map(need => {
    const { program, version } = need
    if (need.bundle === undefined) return { program, version, place: 'machine', checkedAtStart: tree.program !== undefined }
    const path = shippedPath(need, { executable: tree.executable, target })
    return { program, version, place: 'package', path, sha256: pinFor(need.bundle, target).sha256 ?? '' }
  })
