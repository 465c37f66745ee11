// Snaps and plain squashfs images as inspect shows them (snapcraft.io, snap format).
import { collect, type Source } from '@slipway/formats/bytes'
import { FormatError } from '@slipway/formats/format-error'
import { readSquashfs, readSuperblock, type Squashfs, type SquashfsFound } from '@slipway/formats/squashfs/read'
import { foundOf, lookAround, type Openable, type Seen } from './look.ts'
import { type Found, given, limits, modeText, type Subject } from './report.ts'

export const readSquashfsReport = async ({ source, digests }: Subject): Promise<Found> => {
  const image = await openImage(source, 0)
  const seen = await seenIn(image.squashfs, digests)
  const snap = await textIn(image.squashfs, 'meta/snap.yaml')
  if (snap === undefined) return foundOf('squashfs', seen, { facts: image.facts })
  const { version, architectures, ...facts } = snapFacts(snap)
  return foundOf('snap', seen, { arch: architectures, version, facts: { ...facts, ...image.facts } })
}

export interface Image {
  /** Undefined where its compression is not read here. */
  readonly squashfs: Squashfs | undefined
  readonly facts: Readonly<Record<string, unknown>>
}

/** An image packed with lz4 or lzma is described by its superblock alone. */
export const openImage = async (source: Source, offset: number): Promise<Image> => {
  const { method, blockBytes } = await readSuperblock(source, offset)
  const facts = { compression: method, blockBytes }
  try {
    return { squashfs: await readSquashfs(source, { offset, limitEntries: limits.limitEntries }), facts }
  } catch (error) {
    if (!(error instanceof FormatError) || error.code !== 'squashfs/unsupported') throw error
    return { squashfs: undefined, facts: { ...facts, unread: `contents: packed with ${method}; unsquashfs -ll lists them` } }
  }
}

export const seenIn = async (squashfs: Squashfs | undefined, digests: boolean): Promise<readonly Seen[]> => {
  if (squashfs === undefined) return []
  return lookAround(
    squashfs.entries.map(found => openableOf(squashfs, found)),
    digests,
  )
}

const openableOf = (squashfs: Squashfs, found: SquashfsFound): Openable => {
  const entry = {
    path: found.path,
    type: found.type,
    mode: modeText(found.mode),
    sizeBytes: found.type === 'file' ? found.sizeBytes : 0,
    ...(found.type === 'symlink' ? { linkTarget: found.linkTarget } : {}),
  }
  return { entry, open: () => (found.type === 'file' ? squashfs.open(found, limits) : []) }
}

const limitTextBytes = 1 << 20

/** A small file of the image as text. */
export const textIn = async (squashfs: Squashfs | undefined, path: string | RegExp): Promise<string | undefined> => {
  const found = squashfs?.entries.find(entry => (typeof path === 'string' ? entry.path === path : path.test(entry.path)))
  if (squashfs === undefined || found?.type !== 'file' || found.sizeBytes > limitTextBytes) return undefined
  return new TextDecoder().decode(await collect(squashfs.open(found, { limitBytes: limitTextBytes }), limitTextBytes))
}

interface SnapFacts extends Readonly<Record<string, unknown>> {
  readonly version: string | null
  readonly architectures: string | null
}

/** The plain values at the top of snap.yaml; the rest of it is YAML that nobody needs here. */
const snapFacts = (yaml: string): SnapFacts => {
  const one = (key: string): string | undefined => {
    const value = new RegExp(`^${key}:[ \\t]*(.+?)[ \\t]*$`, 'm').exec(yaml)?.[1]
    return value?.replace(/^(['"])(.*)\1$/, '$2')
  }
  const list = /^architectures:[ \t]*(?:\[([^\]]*)\]|\n((?:[ \t]*-[^\n]*\n?)+))/m.exec(yaml)
  const architectures = (list?.[1] ?? list?.[2] ?? '')
    .split(/[,\n]/)
    .map(part => part.replace(/^[ \t]*-?[ \t]*/, '').replace(/['"\s]/g, ''))
  return {
    version: one('version') ?? null,
    architectures: architectures.filter(part => part !== '').join(' + ') || null,
    ...given({ name: one('name'), base: one('base'), grade: one('grade'), confinement: one('confinement'), type: one('type') }),
  }
}
