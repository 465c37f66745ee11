// The keys of `app` that tie it into a system: short forms written out, each file with the config path that names it (CONFIG 2).
import type { App, Completion, FileKind, Need, ProjectFile, Service } from '@slipway/core'
import type { Own } from './schema.ts'

type Said = NonNullable<Own['app']>
type Integration = Pick<
  App,
  'protocols' | 'opens' | 'man' | 'completions' | 'services' | 'conffiles' | 'needs' | 'modes' | 'windows' | 'newIdentity'
>

/** `prefix` is the config path of the app, as `app`. */
export const integrationOf = (said: Said, prefix: string): Integration => ({
  protocols: said.protocols ?? [],
  opens: opensOf(said.opens),
  man: filesOf(said.man, `${prefix}.man`),
  completions: completionsOf(said.completions, `${prefix}.completions`),
  services: servicesOf(said.services, `${prefix}.services`),
  conffiles: said.conffiles ?? [],
  ...(said.modes === undefined
    ? {}
    : { modes: Object.fromEntries(Object.entries(said.modes).map(([path, mode]) => [path, Number.parseInt(mode, 8)])) }),
  ...(said.newIdentity === undefined ? {} : { newIdentity: said.newIdentity }),
  ...(said.windows === undefined ? {} : { windows: windowsOf(said.windows) }),
  needs: Object.entries(said.needs ?? {}).map(([program, need]) => needOf(program, typeof need === 'string' ? { version: need } : need)),
})

const windowsOf = ({ resources, icon = '', movesData = false, ...flags }: NonNullable<Said['windows']>): NonNullable<App['windows']> => ({
  ...(resources === undefined ? {} : { resources }),
  icon,
  settings: (['dpiAware', 'longPaths', 'utf8'] as const).filter(one => flags[one] === true),
  movesData,
})

type SaidNeed = Exclude<NonNullable<Said['needs']>[string], string>

/** A digest alone asks for a program that is shipped too: the plan says what it lacks. */
const needOf = (program: string, { version = '', get, bundle, sha256 }: SaidNeed): Need => ({
  program,
  version,
  ...(get === undefined ? {} : { get }),
  ...(bundle === undefined && sha256 === undefined ? {} : { bundle: { from: bundle ?? {}, sha256: sha256 ?? {} } }),
})

const filesOf = (said: string | readonly string[] | undefined, from: string): readonly ProjectFile[] =>
  typeof said === 'string' ? [{ path: said, from }] : (said ?? []).map((path, index) => ({ path, from: `${from}.${index}` }))

const opensOf = (said: Said['opens']): readonly FileKind[] => {
  const entries: readonly (readonly [string, Exclude<NonNullable<Said['opens']>, readonly string[]>[string]])[] = isList(said)
    ? said.map(key => [key, {}] as const)
    : Object.entries(said ?? {})
  return entries.map(([key, value]) => {
    const { type, extensions = [], name = '' } = typeof value === 'string' ? { name: value } : value
    if (key.includes('/')) return { type: key, extensions: extensions.map(undotted), name }
    const ending = undotted(key)
    const own = `application/x-${ending.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
    return { type: type ?? own, extensions: [...new Set([ending, ...extensions.map(undotted)])], name }
  })
}

const undotted = (ending: string): string => ending.replace(/^\./, '')

const completionsOf = (said: Said['completions'], from: string): readonly Completion[] => {
  if (said === undefined || typeof said === 'string' || isList(said))
    return filesOf(said, from).map(file => ({ ...file, shell: shellOf(file.path) }))
  return (['bash', 'zsh', 'fish'] as const).flatMap(shell => {
    const path = said[shell]
    return path === undefined ? [] : [{ path, from: `${from}.${shell}`, shell }]
  })
}

/** By name, as each shell's own files are called. */
const shellOf = (path: string): Completion['shell'] => {
  if (/\.fish$/.test(path)) return 'fish'
  return /(^|\/)_[^/]*$|\.zsh$/.test(path) ? 'zsh' : 'bash'
}

const servicesOf = (said: Said['services'], from: string): readonly Service[] => {
  if (said === undefined || typeof said === 'string' || isList(said))
    return filesOf(said, from).map(file => ({
      name: unitName(file.path.replace(/^.*\//, '')),
      file,
      run: '',
      summary: '',
      user: /(^|\/)user\/[^/]*$/.test(file.path),
      enable: false,
    }))
  return Object.entries(said).map(([key, value]) => {
    const { file, run = '', summary = '', user = false, enable = false } = typeof value === 'string' ? { file: value } : value
    const place = typeof value === 'string' ? `${from}.${key}` : `${from}.${key}.file`
    return { name: unitName(key), file: file === undefined ? null : { path: file, from: place }, run, summary, user, enable }
  })
}

const unitName = (name: string): string => (/\.(service|socket|timer|path|target|mount|slice)$/.test(name) ? name : `${name}.service`)

const isList = (said: unknown): said is readonly string[] => Array.isArray(said)
