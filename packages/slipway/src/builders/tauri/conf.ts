// tauri.conf.json of Tauri 2, with what it says for one system (schema.tauri.app/config/2; RFC 7396), and the Cargo.toml beside it.
import { fail, parseTarget, problem, type App, type Problem, type Target } from '@slipway/core'
import type { Io } from '../../io/io.ts'
import { json5Reader } from './json5.ts'

/** A pattern of `bundle.resources`; without `to` its path says where it goes. */
export interface ResourcePattern {
  readonly from: string
  readonly to?: string
}
export interface TauriConf {
  /** Absolute path of the folder that it stands in: paths in it start there. */
  readonly folder: string
  /** Below the project, for messages. */
  readonly file: string
  /** What Tauri compiles into the program as its name. */
  readonly product: string
  /** File name of the program, without `.exe`. */
  readonly program: string
  readonly identifier: string | undefined
  readonly version: { readonly text: string; readonly file: string } | undefined
  readonly resources: readonly ResourcePattern[]
  readonly sidecars: readonly string[]
}
interface Place {
  readonly io: Io
  /** Project folder, absolute. */
  readonly root: string
  readonly target: Target
}

const limitBytes = 4 << 20
type Table = Readonly<Record<string, unknown>>

/** `dir`: the folder that holds src-tauri, below the project. Codes: `tauri/no-conf`, `tauri/bad-conf`, `tauri/first`. */
export const readTauriConf = async (place: Place, dir: string): Promise<TauriConf> => {
  const { folder, file } = await confAt(place, dir)
  const conf = merged(
    await readConf(place, file),
    await readConf(place, file.replace('tauri.conf.', `tauri.${parseTarget(place.target)?.os ?? ''}.conf.`)),
  )
  if (Object.hasOwn(conf, 'tauri') || Object.hasOwn(conf, 'package'))
    fail('tauri/first', `${file} is of Tauri 1, whose programs do not know from which kind of package they were installed`, {
      hint: 'Move to Tauri 2 (`tauri migrate`), or build it with build.command and take what it leaves.',
      where: { path: 'build.tauri.dir', file },
    })
  const cargo = await readCargo(place, folder)
  const bundle = table(conf['bundle'])
  return {
    folder: `${place.root}/${folder}`.replace(/\/$/, ''),
    file,
    product: string(conf['productName']) ?? cargo.name ?? '',
    program: string(conf['mainBinaryName']) ?? cargo.program ?? '',
    identifier: string(conf['identifier']),
    version: await versionOf(place, { folder, file, said: string(conf['version']), cargo }),
    resources: resourcesOf(bundle['resources']),
    sidecars: texts(bundle['externalBin']),
  }
}

/**
 * Where it says another thing than the release: an update would be installed again and again, or its data would lie elsewhere. Codes:
 * `tauri/other-version`, `tauri/other-identifier`.
 */
export const disagreements = (
  { file, identifier, version }: TauriConf,
  { app, target }: { readonly app: App; readonly target: Target },
) => {
  const problems: Problem[] = []
  if (version !== undefined && version.text !== app.version)
    problems.push(
      problem(
        'tauri/other-version',
        `${version.file} makes the program say that it is ${version.text}, and the release is ${app.version}`,
        {
          hint: "Write the release's version there and build again: Tauri's updater compares what the program says.",
          where: { path: 'app.version', file: version.file, target },
        },
      ),
    )
  if (identifier !== undefined && app.id !== '' && !app.id.startsWith('TODO:') && identifier !== app.id)
    problems.push(
      problem(
        'tauri/other-identifier',
        `${file} says that the app is ${JSON.stringify(identifier)}, and app.id is ${JSON.stringify(app.id)}`,
        {
          hint: "Write the same in both, the one that users have: by it systems and Tauri find the app's data.",
          where: { path: 'app.id', file, target },
        },
      ),
    )
  return problems
}

/** In src-tauri, or in the folder itself. */
const confAt = async ({ io, root }: Place, dir: string): Promise<{ readonly folder: string; readonly file: string }> => {
  const home = dir.replace(/^\.?\/+|^\.$|\/+$/g, '')
  const folders = [below(home, 'src-tauri'), home]
  for (const folder of folders)
    for (const name of ['tauri.conf.json', 'tauri.conf.json5'])
      if ((await io.files.stat(`${root}/${below(folder, name)}`)) !== null) return { folder, file: below(folder, name) }
  return fail('tauri/no-conf', `there is no tauri.conf.json in ${folders.map(folder => folder || 'the project').join(' and ')}`, {
    hint: "Set build.tauri.dir to the folder that holds src-tauri, as 'packages/desktop'. Tauri.toml is not read: write it as JSON.",
    where: { path: 'build.tauri.dir' },
  })
}

/** Empty where there is no such file. */
const readConf = async ({ io, root }: Place, file: string): Promise<Table> => {
  const text = await textAt(io, `${root}/${file}`)
  if (text === null) return {}
  const read = await json5Reader()
  return understood(file, () => table(read(text)))
}

const textAt = async (io: Io, path: string): Promise<string | null> =>
  (await io.files.stat(path)) === null ? null : (await io.files.readText(path, limitBytes)).replace(/^\uFEFF/, '')

const understood = <Value>(file: string, read: () => Value): Value => {
  try {
    return read()
  } catch (cause) {
    return fail('tauri/bad-conf', `${file} cannot be read`, {
      hint: 'Correct it: `tauri info` says where it is wrong.',
      where: { path: 'build.tauri.dir', file },
      cause,
    })
  }
}

/** A JSON merge patch: null takes away. */
const merged = (base: Table, patch: Table): Table => {
  const kept = Object.entries(base).filter(([key]) => !Object.hasOwn(patch, key))
  const added = Object.entries(patch).flatMap(([key, value]) => {
    if (value === null) return []
    return [[key, isTable(value) ? merged(Object.hasOwn(base, key) ? table(base[key]) : {}, value) : value] as const]
  })
  return Object.fromEntries([...kept, ...added])
}

interface Cargo {
  readonly name: string | undefined
  readonly program: string | undefined
  readonly version: string | undefined
}
const readCargo = async ({ io, root }: Place, folder: string): Promise<Cargo> => {
  const file = below(folder, 'Cargo.toml')
  const text = await textAt(io, `${root}/${file}`)
  if (text === null) return { name: undefined, program: undefined, version: undefined }
  const { parse } = await import('smol-toml')
  const toml = understood(file, () => table(parse(text)))
  const own = table(toml['package'])
  const name = string(own['name'])
  const bins = Array.isArray(toml['bin']) ? toml['bin'].map(one => string(table(one)['name'])) : []
  return { name, program: string(own['default-run']) ?? (bins.length === 1 ? bins[0] : undefined) ?? name, version: string(own['version']) }
}

interface Versions {
  readonly folder: string
  readonly file: string
  readonly said: string | undefined
  readonly cargo: Cargo
}
/** It may name a package.json, and without it Cargo.toml says it. */
const versionOf = async (place: Place, { folder, file, said, cargo }: Versions): Promise<TauriConf['version']> => {
  if (said?.endsWith('.json') === true) {
    const path = below(folder, said)
    const text = string((await readConf(place, path))['version'])
    return text === undefined ? undefined : { text, file: path }
  }
  if (said !== undefined) return { text: said, file }
  return cargo.version === undefined ? undefined : { text: cargo.version, file: below(folder, 'Cargo.toml') }
}

const resourcesOf = (value: unknown): readonly ResourcePattern[] =>
  isTable(value)
    ? Object.entries(value).flatMap(([from, to]) => (typeof to === 'string' ? [{ from, to }] : []))
    : texts(value).map(from => ({ from }))

const isTable = (value: unknown): value is Table => typeof value === 'object' && value !== null && !Array.isArray(value)
const table = (value: unknown): Table => (isTable(value) ? value : {})
const string = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined)
const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.filter(one => typeof one === 'string') : [])
const below = (folder: string, path: string): string => (folder === '' ? path : `${folder}/${path}`)
