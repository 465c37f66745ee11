// What a package is made from where that is no app folder: the finished packages of the steps that it needs.
import { digestOf, releaseFile } from '@slipway/core'
import type { Hex, Json, Step } from '@slipway/core'
import type { Source } from '../packagers/packager.ts'
import type { FileTree } from '../tree.ts'
import { need } from './work.ts'
import type { Work } from './work.ts'

/** Of what is packed from packages. */
export const noTree: FileTree = { entries: [], executable: '' }

/** The packages of the steps that this one needs, sorted by file; none of a step that packs an app folder. */
export const sourcesOf = ({ plan, made, io, ...work }: Work, { needs }: Step): readonly Source[] =>
  plan.steps
    .filter(one => one.unit.startsWith('packagers/') && needs.includes(one.id))
    .flatMap(one => one.makes)
    .toSorted()
    .map(name => {
      const { artifact, path } = need(made.get(name), name)
      const { file, kind, target, sizeBytes, sha256, facts } = artifact
      return { file, kind, target, sizeBytes, sha256, facts, url: publicUrl(work, file), bytes: () => io.files.stream(path) }
    })

/** What decides about the bytes: the sources and where they will be public. */
export const sourcesDigest = (sources: readonly Source[]): Hex =>
  digestOf(sources.map(({ bytes: _, ...source }) => source) as unknown as Json)

/** Below the store's address; a folder of this machine in `dev`, where it has none. */
const publicUrl = ({ project, settings }: Pick<Work, 'project' | 'settings'>, file: string): string => {
  const { url } = project.store.options
  if (typeof url !== 'string') return ''
  const key = releaseFile(settings.app.version, file).split('/').map(encodeURIComponent).join('/')
  return `${url.replace(/\/+$/, '')}/${settings.base}${key}`
}
