// One app, all values filled: said in the config, found in manifests, or derived; each recorded with its source (CONFIG 3, "Found").
import { fail, type App, type Problem, type Where } from '@slipway/core'
import type { Manifest } from '../history/versions/manifest.ts'
import { originName } from '../history/git.ts'
import type { Io } from '../io/io.ts'
import { notesOf, type Surroundings } from './found.ts'
import type { Choice } from './project.ts'
import type { Own } from './schema.ts'
import { binPattern } from './schema-app.ts'
import { integrationOf } from './integration.ts'
import { findVersion } from './version.ts'

export interface AppSearch {
  /** Key in `apps`; undefined with one app. */
  readonly key: string | undefined
  readonly said: NonNullable<Own['app']>
  /** Where a said value came from: the config's name or `--set`. */
  readonly from: (path: readonly string[]) => string
  readonly where: (path: readonly string[]) => Where
}
export interface AppFound {
  readonly app: App
  readonly chosen: readonly Choice[]
  readonly questions: readonly Problem[]
}
interface Value {
  readonly value: string
  readonly from: string
}

/** Codes: `config/no-bin`; as questions those of version.ts. */
export const findApp = async (io: Io, around: Surroundings, search: AppSearch): Promise<AppFound> => {
  const { key, said } = search
  const single = key === undefined
  const found = valuesOf(
    around,
    search,
    said.bin === undefined
      ? ((await findBin(io, around, search)) ?? noBin(search))
      : { value: said.bin, from: search.from(['app', 'bin']) },
  )
  const version = await findVersion(io, around, {
    stated: said.version,
    statedFrom: search.from(['app', 'version']),
    statedWhere: said.version === undefined ? { path: 'app.version' } : search.where(['app', 'version']),
    tag: said.tag ?? tagOf(key),
    // In a folder of a larger repository tags speak of something else, unless the config says how they are written.
    tagsCount: around.head !== null && (around.head.top || said.tag !== undefined || !single),
    manifestsCount: single,
  })
  const notes = await notesOf(io, around.root, { file: said.changelog ?? 'CHANGELOG.md', version: version.version })
  const value = (name: string): string => found[name]?.value ?? ''
  const prefix = key === undefined ? 'app' : `apps.${key}.app`
  return {
    app: {
      key: key ?? value('bin'),
      name: value('name'),
      id: value('id'),
      bin: value('bin'),
      version: version.version,
      summary: value('summary'),
      license: value('license'),
      publisher: value('publisher'),
      homepage: value('homepage'),
      icon: value('icon'),
      category: value('category'),
      channelEnv: value('channelEnv'),
      notes,
      ...integrationOf(said, prefix),
    },
    chosen: [
      { path: `${prefix}.version`, value: version.version, from: version.from },
      ...Object.entries(found).flatMap(([name, one]) => (one === nothing ? [] : [{ path: `${prefix}.${name}`, ...one }])),
    ],
    questions: version.questions,
  }
}

/** All but the version: the config first, then the manifests; several apps have names of their own. */
const valuesOf = (around: Surroundings, { key, said, from }: AppSearch, bin: Value): Readonly<Record<string, Value>> => {
  const say = (name: keyof typeof said): Value | undefined => {
    const value = said[name]
    return typeof value === 'string' ? { value, from: from(['app', name]) } : undefined
  }
  const read = (name: keyof Manifest): Value | undefined => {
    const one = around.manifests.find(manifest => typeof manifest[name] === 'string')
    return one === undefined ? undefined : { value: String(one[name]), from: one.file }
  }
  const own = (name: 'name' | 'id'): Value | undefined => say(name) ?? (key === undefined ? read(name) : undefined)
  const shared = (name: 'summary' | 'license' | 'publisher' | 'homepage' | 'category'): Value => say(name) ?? read(name) ?? nothing
  return {
    bin,
    name: own('name') ?? { value: key ?? bin.value, from: key === undefined ? 'app.bin' : 'apps' },
    id: own('id') ?? nothing,
    summary: shared('summary'),
    license: shared('license'),
    publisher: shared('publisher'),
    homepage: shared('homepage'),
    icon: say('icon') ?? (key === undefined ? read('icon') : undefined) ?? nothing,
    category: shared('category'),
    channelEnv: say('channelEnv') ?? { value: `${variableOf(bin.value)}_UPDATE_CHANNEL`, from: 'app.bin' },
  }
}

const variableOf = (bin: string): string =>
  bin
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]/g, '_')
    .replace(/^(?=\d)/, '_')

export const tagOf = (key: string | undefined): string => (key === undefined ? 'v{version}' : `${key}-v{version}`)

const nothing: Value = { value: '', from: '' }

/** A manifest's executable, the name as one plain word, the key, the repository's name. */
const findBin = async (io: Io, around: Surroundings, { key, said, from }: AppSearch): Promise<Value | undefined> => {
  if (key !== undefined) return { value: key, from: 'apps' }
  const plain = (text: string | undefined): string | undefined => (text !== undefined && binPattern.test(text) ? text : undefined)
  for (const manifest of around.manifests) {
    const value = plain(manifest.bin)
    if (value !== undefined) return { value, from: manifest.file }
  }
  const names = [{ name: said.name, from: from(['app', 'name']) }, ...around.manifests.map(one => ({ name: one.name, from: one.file }))]
  for (const { name, from: source } of names) {
    const value = plain(name?.startsWith('TODO:') === true ? undefined : name?.toLowerCase().replaceAll(/\s+/g, '-'))
    if (value !== undefined) return { value, from: source }
  }
  const origin = around.head === null ? null : plain((await originName(io, around.root)) ?? undefined)
  return origin ? { value: origin, from: 'git remote origin' } : undefined
}

const noBin = ({ where }: AppSearch): Value =>
  fail('config/no-bin', 'Nothing says what the executable is called: no app.bin, no app.name, no manifest', {
    hint: "Write app: { bin: 'name-of-the-executable' }",
    where: { ...where(['app']), path: 'app.bin' },
  })
