// The bundle in each macOS package as one digest: people install from a disk image, updaters from an archive, and both must be the same (A20).
import { problem, releaseFile, type Artifact, type Problem, type Release } from '@slipway/core'
import type { ByteChunks, Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { createHash } from 'node:crypto'
import type { BucketReader } from '../stores/store.ts'
import { contentsOf } from './contents.ts'
import { seekable } from './seek.ts'

/** Packages that hold a bundle as it is run. */
const kinds: ReadonlySet<string> = new Set(['dmg', 'app.zip', 'app.tar.gz'])

/** Holds each bundle of a release against the first one of its target. Codes: `verify/no-bundle`, `verify/other-bundle`. */
export const verifyBundles = async (reader: BucketReader, { version, artifacts }: Pick<Release, 'version' | 'artifacts'>) => {
  const problems: Problem[] = []
  const first = new Map<string, { readonly object: string; readonly digest: string }>()
  for (const artifact of artifacts) {
    if (!kinds.has(artifact.kind)) continue
    const object = releaseFile(version, artifact.file)
    const where = { object, target: artifact.target }
    const found = await lookInside(reader, object, artifact)
    // What is missing is said elsewhere.
    if (found === null) continue
    if ('trouble' in found) {
      problems.push(problem('verify/no-bundle', `${object} holds no bundle: ${found.trouble}`, { ...lost, where }))
      continue
    }
    const known = first.get(artifact.target) ?? { object, digest: found.digest }
    first.set(artifact.target, known)
    if (known.digest !== found.digest)
      problems.push(problem('verify/other-bundle', `${object} holds another bundle than ${known.object}`, { ...lost, where }))
  }
  return problems
}

const lost = {
  hint: 'Release again: who installs one and is updated by the other would get two different apps. Find out where this file came from.',
  exit: 'corrupt',
} as const

const lookInside = async (
  reader: BucketReader,
  object: string,
  { sizeBytes }: Artifact,
): Promise<{ readonly digest: string } | { readonly trouble: string } | null> => {
  const found = await reader.read(object)
  if (found === null) return null
  const { source, close } = seekable(sizeBytes, found.bytes)
  try {
    const digest = await bundleDigest(source)
    return digest === null ? { trouble: 'there is no .app in it' } : { digest }
  } catch (error) {
    if (error instanceof FormatError) return { trouble: `${error.message} (${error.code})` }
    throw error
  } finally {
    await close()
  }
}

/** sha256 over path, permissions and content of each file and link of `<Name>.app`; null: there is none. Throws FormatError. */
export const bundleDigest = async (source: Source): Promise<string | null> => {
  const lines: string[] = []
  for await (const { path, type, mode, linkTarget = '', bytes } of (await contentsOf(source, undefined)) ?? []) {
    const inside = /^(?:\.\/)?([^/]+\.app\/.+)$/.exec(path)?.[1]
    if (inside === undefined) continue
    // Of a link the target counts alone: not every format keeps its mode.
    const content = type === 'link' ? `link ${linkTarget}` : `${(mode & 0o777).toString(8)} ${await sha256Of(bytes())}`
    lines.push(`${JSON.stringify(inside.normalize())} ${content}\n`)
  }
  return lines.length === 0 ? null : createHash('sha256').update(lines.toSorted().join('')).digest('hex')
}

const sha256Of = async (chunks: ByteChunks): Promise<string> => {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}
