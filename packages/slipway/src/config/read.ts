// The project of a folder: config found, read, checked, filled and frozen; what every command starts from (CONFIG 2 and 3).
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { digestOf, fail, failAll, SlipwayError, type Hex, type Json, type Where } from '@slipway/core'
import type { Io } from '../io/io.ts'
import { findApp, type AppFound } from './app.ts'
import { laterParts, todos } from './asks.ts'
import { fillApp, takeUnits, type FilledApp } from './fill.ts'
import { lookAround, type Surroundings } from './found.ts'
import { knownKeys } from './known-keys.ts'
import { loadConfig, type Loaded } from './load.ts'
import { readLock } from './lock.ts'
import { keepProblems, meaningOf } from './meaning.ts'
import { nearest } from './nearest.ts'
import { deepFreeze, type PlainObject } from './plain.ts'
import type { ConfigPath } from './position.ts'
import { formProblems, valueAt } from './problems.ts'
import type { AppSettings, Choice, ChosenUnit, Project } from './project.ts'
import { config, type Filled, type Own } from './schema.ts'
import { secretsIn } from './secrets.ts'
import { applySettings, readSettings, type Setting } from './set.ts'

export interface ReadOptions {
  /** Absolute. */
  readonly cwd: string
  readonly config?: string
  readonly profile: 'release' | 'dev'
  /** `KEY=VALUE`, as given. */
  readonly set: readonly string[]
  /** Only this one of several apps. */
  readonly app?: string
}

/**
 * Reads the project. Throws all problems of form, else all of meaning; open questions are in the result.
 * Codes: those of load.ts, set.ts, problems.ts, secrets.ts, fill.ts, meaning.ts, lock.ts, and `config/unknown-app`, `config/stores`, `config/bad-date`.
 */
export const readProject = async (io: Io, options: ReadOptions): Promise<Project> => {
  const loaded = await loadConfig(io, options)
  const settings = readSettings(options.set, loaded.tree, options.profile)
  const tree = applySettings(loaded.tree, settings)
  const at = placer(loaded, settings)
  const whole = parsed(tree, at)
  const root = dirname(loaded.file)
  const around = await lookAround(io, root, {
    ignore: ['.slipway', whole.out ?? 'dist'].filter(path => !isAbsolute(path) && !path.startsWith('..')),
    tauri: whole.build?.tauri === undefined || whole.build.tauri === false ? undefined : whole.build.tauri.dir,
  })
  const context: Context = { io, options, loaded, settings, tree, at, whole, root, around }
  const apps = await Promise.all(chosenApps(whole, options).map(key => readApp(context, key)))
  const store = storeOf(context)
  failAll([...apps.flatMap(one => one.problems), ...keepProblems(store, whole.trust, at)])
  const date = dateOf(context)
  const made = {
    root,
    configFile: loaded.file,
    profile: options.profile,
    apps: apps.map(one => one.settings),
    store,
    configDigest: treeDigest(
      context,
      apps.map(one => one.settings),
      store,
    ),
    commits: around.head === null ? {} : { '.': around.head.commit },
    dirty: around.head?.dirty ?? false,
    date: date.value,
    chosen: [...apps.flatMap(one => one.chosen), ...chosenOf(context, date)],
    questions: [
      ...(options.profile === 'release' ? todos(tree, at) : []),
      ...laterParts(tree, at),
      ...around.problems,
      ...apps.flatMap(one => one.questions),
    ],
    locked: await readLock(io, root),
  }
  return Object.freeze({ ...deepFreeze(made), locate: (path: string) => at(pathIn(tree, path)) })
}

interface Context {
  readonly io: Io
  readonly options: ReadOptions
  readonly loaded: Loaded
  readonly settings: readonly Setting[]
  readonly tree: PlainObject
  readonly at: (path: ConfigPath) => Where
  readonly whole: Filled
  readonly root: string
  readonly around: Surroundings
}

/** File, line and column of a path; what `--set` gave stands in no file. */
const placer =
  (loaded: Loaded, settings: readonly Setting[]) =>
  (path: ConfigPath): Where => {
    const name = path.join('.')
    const given = settings.some(({ path: set }) => set.every((key, index) => String(path[index]) === String(key)))
    return given ? { path: name } : { path: name, file: loaded.shown, ...loaded.locate(path) }
  }

const parsed = (tree: PlainObject, at: (path: ConfigPath) => Where): Filled => {
  const secrets = secretsIn(tree, at)
  const result = config.safeParse(tree)
  if (result.success && secrets.length === 0) return result.data
  const issues = result.success ? [] : result.error.issues
  throw new SlipwayError(formProblems(issues, { tree, where: at, secrets, known: knownKeys }))
}

/** Keys in `apps`, or undefined for the one app of the root. */
const chosenApps = ({ apps }: Filled, { app }: ReadOptions): readonly (string | undefined)[] => {
  const names = Object.keys(apps ?? {})
  if (app === undefined) return names.length === 0 ? [undefined] : names
  if (names.includes(app)) return [app]
  if (names.length === 0) return [undefined]
  const meant = nearest(app, names)
  return fail('config/unknown-app', `There is no app ${JSON.stringify(app.slice(0, 60))}`, {
    hint: meant === undefined ? `Known: ${names.join(', ')}.` : `Did you mean "${meant}"?`,
  })
}

/** The root is each app's default: `app`, `sign` and `checks` are laid over it, other keys replace it. */
const ownOf = (whole: Filled, key: string | undefined): Own => {
  const own = key === undefined ? undefined : whole.apps?.[key]
  if (own === undefined) return whole
  const over = <T extends object>(base: T | undefined, top: T | undefined): T | undefined =>
    base === undefined || top === undefined ? (top ?? base) : { ...base, ...top }
  const merged = {
    ...whole,
    ...own,
    app: over(whole.app, own.app),
    sign: over(whole.sign, own.sign),
    checks: over(whole.checks, own.checks),
  }
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Own
}

const readApp = async (context: Context, key: string | undefined): Promise<FilledApp> => {
  const { io, options, around, root, whole, loaded, settings } = context
  const own = ownOf(whole, key)
  /** Where an app's own path stands: below `apps`, else at the root that it has it from. */
  const home = (path: ConfigPath): ConfigPath =>
    key !== undefined && valueAt(context.tree, ['apps', key, String(path[0])]) !== undefined ? ['apps', key, ...path] : path
  const at = (path: ConfigPath): Where => context.at(home(path))
  const isSet = (path: string): boolean => settings.some(one => one.path.join('.') === path)
  const from = (path: readonly string[]): string => (isSet(home(path).join('.')) ? '--set' : loaded.shown)
  const found: AppFound = await findApp(io, around, { key, said: own.app ?? {}, from, where: at })
  if (options.app !== undefined && key === undefined && options.app !== found.app.bin)
    fail('config/unknown-app', `There is no app ${JSON.stringify(options.app.slice(0, 60))}`, {
      hint: `This project has one: ${found.app.bin}.`,
    })
  const desktop = key === undefined && around.manifests.some(one => one.desktop === true)
  const filled = fillApp({ app: found.app, key, own, whole, root, home: io.host.home, profile: options.profile, desktop, isSet, where: at })
  const meaning = meaningOf(filled.settings, at, options.profile)
  return {
    settings: filled.settings,
    chosen: [...found.chosen, ...filled.chosen],
    questions: [...found.questions, ...filled.questions, ...meaning.questions],
    problems: [...filled.problems, ...meaning.problems],
  }
}

/** Exactly one; a folder below the project unless said. Code: `config/stores`. */
const storeOf = ({ whole, options, root, settings, at }: Context): ChosenUnit => {
  const dev = options.profile === 'dev'
  const set = new Set(settings.flatMap(({ path }) => (path[0] === 'store' ? [path[1] ?? ''] : [])))
  const isSet = set.size > 0
  // In dev the config's own store is not touched: a folder takes its place, or what --set says.
  const said = dev ? Object.fromEntries(Object.entries(whole.store ?? {}).filter(([id]) => set.has(id))) : whole.store
  const { units } = takeUnits('store', said, said === undefined || (dev && !isSet) ? ['folder'] : [])
  const [store, second] = units
  if (store === undefined || second !== undefined)
    return fail(
      'config/stores',
      store === undefined ? 'There is no store' : `There are several stores: ${units.map(one => one.id).join(', ')}`,
      {
        hint: 'A release is published to exactly one store.',
        where: at(['store']),
      },
    )
  if (store.id !== 'folder') return store
  const path = dev && !isSet ? '.slipway/dev/bucket' : ((store.options['path'] as string | undefined) ?? '.slipway/bucket')
  return { id: store.id, options: { ...store.options, path: resolve(root, path) } }
}

interface Date {
  readonly value: number | null
  readonly from: string
}

/** SOURCE_DATE_EPOCH, else the commit's time, else app.date (CONTRACTS 7). Code: `config/bad-date`. */
const dateOf = ({ io, around, whole, at, loaded }: Context): Date => {
  const epoch = io.secrets.env('SOURCE_DATE_EPOCH')
  if (epoch !== undefined && epoch !== '') {
    if (!/^\d{1,11}$/.test(epoch))
      fail('config/bad-date', 'SOURCE_DATE_EPOCH is no whole number of seconds', { hint: 'Set it to seconds since 1970, or unset it.' })
    return { value: Number(epoch), from: 'SOURCE_DATE_EPOCH' }
  }
  if (around.head !== null) return { value: around.head.date, from: 'commit' }
  const said = whole.app?.date
  if (said === undefined || (typeof said === 'string' && said.startsWith('TODO:'))) return { value: null, from: 'nowhere' }
  const seconds = typeof said === 'number' ? said : Math.floor(globalThis.Date.parse(said) / 1000)
  if (Number.isNaN(seconds))
    fail('config/bad-date', 'app.date is no date', {
      hint: "Write it as '2026-11-21' or in seconds since 1970.",
      where: at(['app', 'date']),
    })
  return { value: seconds, from: loaded.shown }
}

const chosenOf = ({ whole, settings, options }: Context, date: Date): readonly Choice[] => [
  ...(date.value === null ? [] : [{ path: 'date', value: date.value, from: date.from }]),
  ...(whole.store === undefined || options.profile === 'dev'
    ? [{ path: 'store', value: 'folder', from: options.profile === 'dev' ? 'profile dev' : 'default' }]
    : []),
  ...settings.map(({ path, value }) => ({ path: path.join('.'), value, from: '--set' })),
]

/** Paths of this machine are left out: the same config has the same digest wherever it lies. */
const treeDigest = ({ root, options }: Context, apps: readonly AppSettings[], store: ChosenUnit): Hex => {
  const { path: _path, ...place } = store.options
  const portable = apps.map(({ out: _out, evidence, trust: { folder: _folder, keyring: _keyring, ...trust }, ...rest }) => ({
    ...rest,
    trust,
    evidence: relative(root, evidence).replaceAll('\\', '/'),
  }))
  return digestOf(JSON.parse(JSON.stringify({ profile: options.profile, apps: portable, store: { id: store.id, options: place } })) as Json)
}

/** A config path as text -> its keys: ids have dots, so the longest key that stands in the tree is taken. */
const pathIn = (tree: PlainObject, text: string): ConfigPath => {
  const keys = text.split('.')
  const path: string[] = []
  for (let start = 0; start < keys.length;) {
    const lengths = Array.from({ length: keys.length - start }, (_, index) => keys.length - start - index)
    const known = [...knownKeys(path), ...Object.keys(Object(valueAt(tree, path)) as object)]
    const length = lengths.find(one => known.includes(keys.slice(start, start + one).join('.'))) ?? 1
    path.push(keys.slice(start, start + length).join('.'))
    start += length
  }
  return path
}
