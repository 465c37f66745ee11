// What is found in the repository where the config does not say it; first wins: config, tauri.conf.json or electron-builder's,
// package.json or Cargo.toml or pyproject.toml, git (CONFIG 3, "Found"). Each value keeps where it came from.
import { join, resolve } from 'node:path'
import { problem, type Problem } from '@slipway/core'
import { sectionOf } from '../history/changelog.ts'
import { headOf, type Head } from '../history/git.ts'
import * as manifestKinds from '../history/versions/index.ts'
import type { Manifest, ManifestKind } from '../history/versions/manifest.ts'
import type { Io } from '../io/io.ts'

export interface Surroundings {
  readonly root: string
  readonly head: Head | null
  /** In the order in which they are believed. */
  readonly manifests: readonly Manifest[]
  /** Manifests that cannot be read. */
  readonly problems: readonly Problem[]
}

const limitBytes = 4 * 1024 * 1024

interface Looking {
  /** Paths whose changes do not count. */
  readonly ignore: readonly string[]
  /** Folder below the project that holds src-tauri; '' for the project itself. */
  readonly tauri?: string | undefined
}

/** Reads git and the manifests, once for all apps. Codes (as questions): `version/unreadable`. */
export const lookAround = async (io: Io, root: string, { ignore, tauri = '' }: Looking): Promise<Surroundings> => {
  const head = headOf(io, root, ignore)
  const kinds: readonly ManifestKind[] = Object.values(manifestKinds)
  // What the folder of a Tauri app says is said of the app, whatever stands at the top.
  const below = tauri.replaceAll(/^\.?\/+|^\.$|\/+$/g, '')
  const inFolder = ({ files }: ManifestKind): readonly string[] =>
    below === '' ? [] : files.filter(file => file.includes('src-tauri/')).map(file => `${below}/${file}`)
  const read = await Promise.all(
    kinds.flatMap(kind => [...inFolder(kind), ...kind.files].map(file => readManifest(io, root, { kind, file }))),
  )
  return {
    root,
    head: await head,
    manifests: read.flatMap(one => one.manifest ?? []),
    problems: read.flatMap(one => one.problem ?? []),
  }
}

interface Read {
  readonly manifest?: Manifest
  readonly problem?: Problem
}

const readManifest = async (
  io: Io,
  root: string,
  { kind, file }: { readonly kind: ManifestKind; readonly file: string },
): Promise<Read> => {
  const path = join(root, file)
  if ((await io.files.stat(path)) === null) return {}
  try {
    const manifest = await kind.read(await io.files.readText(path, limitBytes), file)
    if (manifest?.icon === undefined) return manifest === undefined ? {} : { manifest }
    const { icon, ...others } = manifest
    return { manifest: (await io.files.stat(join(root, icon)))?.type === 'file' ? manifest : others }
  } catch (cause) {
    const where = { file }
    return {
      problem: problem('version/unreadable', `${file} cannot be read`, {
        hint: 'Correct it: the name and version may stand there.',
        where,
        cause,
      }),
    }
  }
}

/** A file that `app.version` names, as package.json or VERSION: what it says, null where there is no such file. */
export const versionIn = async (io: Io, root: string, name: string): Promise<string | null> => {
  const path = resolve(root, name)
  if ((await io.files.stat(path))?.type !== 'file') return null
  const kinds: readonly ManifestKind[] = Object.values(manifestKinds)
  const base = name.replace(/^.*[\\/]/, '')
  const kind = kinds.find(one => one.files.includes(base))
  const text = await io.files.readText(path, limitBytes)
  try {
    return kind === undefined ? text.trim() : ((await kind.read(text, name))?.version ?? '')
  } catch {
    return ''
  }
}

/** The notes of a version, '' without any. */
export const notesOf = async (
  io: Io,
  root: string,
  { file, version }: { readonly file: string; readonly version: string },
): Promise<string> => {
  const path = resolve(root, file)
  return version !== '' && (await io.files.stat(path)) !== null ? sectionOf(await io.files.readText(path, limitBytes), version) : ''
}
