// What this repository is: the first kind that recognizes it, from the most telling to the least (DESIGN 3, `init`).
import { findBinaries } from './binaries.ts'
import { findCargo } from './cargo.ts'
import { comment, draft, entry } from './draft.ts'
import { findElectron } from './electron.ts'
import type { Finding } from './finding.ts'
import { findGo } from './go.ts'
import { readGoReleaser } from './goreleaser.ts'
import { findNpm } from './npm.ts'
import type { Repository } from './repository.ts'
import { findTauri } from './tauri.ts'

const kinds = [findTauri, findElectron, findGo, findCargo, findNpm, findBinaries]

export const find = async (repository: Repository): Promise<Finding> => {
  for (const kind of kinds) {
    const finding = await kind(repository)
    if (finding !== undefined) return finding
  }
  return nothing(repository)
}

const nothing = async (repository: Repository): Promise<Finding> => {
  const config = await readGoReleaser(repository)
  const why = config === undefined ? 'nothing names a system' : `goos and goarch in ${config.file}`
  return {
    kind: 'none',
    title: config === undefined ? 'nothing that it knows' : `${config.file} alone`,
    desktop: false,
    app: config?.project === undefined ? {} : { name: { value: config.project, from: config.file } },
    targets: config === undefined || config.targets.length === 0 ? { list: null, why } : { list: config.targets, why },
    build: entry(
      'build',
      draft(
        entry('prebuilt', 'TODO: the folder or file of each target, as build/{target}'),
        comment("Where a command builds it: command: { run: 'make TARGET={target}', from: 'build/{target}' }"),
      ),
      'How the app comes into being.',
    ),
    packages: {
      ids: config?.formats ?? ['tar.gz', 'zip', 'deb'],
      why: config === undefined ? 'the usual ones of a command-line tool' : `archives and nfpms in ${config.file}`,
    },
    feeds: config?.feeds ?? [],
    places: config?.places ?? [],
    taken: config?.taken ?? [],
    notes: config?.notes ?? [],
  }
}
