// The repository as `init` sees it: its files are read, none is run. Links are not followed, and what cannot be read is refused.
import { join } from 'node:path'
import { problem, type Problem } from '@slipway/core'
import { json5Reader } from '../builders/tauri/json5.ts'
import { table, type Table } from '../history/versions/manifest.ts'
import type { Io } from '../io/io.ts'

export interface Repository {
  readonly io: Io
  /** Absolute. */
  readonly root: string
  /** Folders that may hold an app, '' first: those at the top, and those in packages/, apps/ and crates/. */
  readonly folders: readonly string[]
  /** package.json at the top; null without one. */
  readonly packageJson: Table | null
  /** Files that were to be read and could not be. */
  readonly problems: readonly Problem[]
  readonly has: (path: string) => Promise<boolean>
  /** Names of the files in a folder, sorted. */
  readonly files: (folder: string) => Promise<readonly string[]>
  /** null: there is no such file. */
  readonly text: (path: string) => Promise<string | null>
  readonly json: (path: string) => Promise<Table | null>
  readonly yaml: (path: string) => Promise<Table | null>
  readonly toml: (path: string) => Promise<Table | null>
}

const limitBytes = 4 * 1024 * 1024
const limitFolders = 500
const notApps = /^(\..*|node_modules|target|dist|build|out|vendor|third_party|tests?|fixtures|examples|docs)$/
const parents = ['packages', 'apps', 'crates']

/** Code (as problems): `init/unreadable`. */
export const openRepository = async (io: Io, root: string): Promise<Repository> => {
  const problems: Problem[] = []
  const at = (path: string): string => join(root, path)
  const has = async (path: string): Promise<boolean> => (await io.files.stat(at(path)))?.type === 'file'
  const text = async (path: string): Promise<string | null> => {
    if (!(await has(path))) return null
    return new TextDecoder().decode(await io.files.read(at(path), limitBytes))
  }
  const parsed = async (path: string, parse: (text: string) => unknown): Promise<Table | null> => {
    const content = await text(path)
    if (content === null) return null
    try {
      return table(parse(content))
    } catch (cause) {
      if (!problems.some(one => one.where.file === path)) problems.push(unreadable(path, cause))
      return null
    }
  }
  const yaml = await import('yaml')
  const toml = await import('smol-toml')
  const readJson = await json5Reader()
  const readYaml = (content: string): unknown => yaml.parse(content, { maxAliasCount: 100 })
  return {
    io,
    root,
    folders: await foldersOf(io, root),
    packageJson: await parsed('package.json', content => JSON.parse(content)),
    problems,
    has,
    files: async folder => (await listed(io, at(folder))).flatMap(one => (one.type === 'file' ? one.name : [])),
    text,
    json: path => parsed(path, readJson),
    yaml: path => parsed(path, readYaml),
    toml: path => parsed(path, content => toml.parse(content.replace(/^\uFEFF/, ''))),
  }
}

export const unreadable = (file: string, cause: unknown): Problem =>
  problem('init/unreadable', `${file} cannot be read`, { hint: 'Correct it first: init goes by what it says.', where: { file }, cause })

const listed = async (io: Io, folder: string) => ((await io.files.stat(folder))?.type === 'folder' ? io.files.list(folder) : [])

const foldersOf = async (io: Io, root: string): Promise<readonly string[]> => {
  const inside = async (folder: string): Promise<readonly string[]> =>
    (await listed(io, join(root, folder))).flatMap(one =>
      one.type === 'folder' && !notApps.test(one.name) ? [join(folder, one.name)] : [],
    )
  const top = await inside('')
  const below = await Promise.all(parents.map(inside))
  return ['', ...new Set([...below.flat(), ...top])].slice(0, limitFolders)
}

export const texts = (value: unknown): readonly string[] =>
  typeof value === 'string' ? [value] : Array.isArray(value) ? value.filter(item => typeof item === 'string') : []
export const tables = (value: unknown): readonly Table[] => (Array.isArray(value) ? value.map(table) : [])
/** A path below a folder, '' for the top. */
export const below = (folder: string, path: string): string => (folder === '' ? path : `${folder}/${path}`)
