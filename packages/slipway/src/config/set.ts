// `--set app.version=1.2.3`: any value of the config, through the same schema (CONFIG 3, "Flags").
import { fail } from '@slipway/core'
import { isKindKey, unitsOf } from './kinds.ts'
import { knownKeys, takesAnyKey, wantsText } from './known-keys.ts'
import { plainTree, type Plain, type PlainObject } from './plain.ts'
import type { ConfigPath } from './position.ts'

export interface Setting {
  readonly path: ConfigPath
  readonly value: Plain
}

/** Policy stands in the file: these may not be set for a release. */
const fixed = new Set(['sign', 'checks', 'channels', 'people', 'evidence'])

/** `KEY=VALUE` texts, read against the tree. Codes: `config/set-syntax`, `config/set-refused`. */
export const readSettings = (texts: readonly string[], tree: PlainObject, profile: 'release' | 'dev'): readonly Setting[] =>
  texts.map(text => {
    const equals = text.indexOf('=')
    const keys = equals < 1 ? [] : text.slice(0, equals).split('.')
    if (keys.length === 0 || keys.some(key => key === '' || key === '__proto__' || key === 'constructor' || key === 'prototype'))
      fail('config/set-syntax', `--set needs KEY=VALUE, as app.version=1.2.3`, {
        hint: 'Write the config path, an equals sign and the value.',
      })
    const path = pathOf(keys, tree)
    if (profile === 'release') refuseFixed(path)
    return { path, value: valueOf(text.slice(equals + 1), path) }
  })

/** The tree with the settings in it; nothing of the given tree is changed. */
export const applySettings = (tree: PlainObject, settings: readonly Setting[]): PlainObject =>
  settings.reduce<PlainObject>((made, { path, value }) => put(made, path, { value, at: [] }) as PlainObject, tree)

/** Ids have dots: at each place the longest known key is taken, then the longest that stands in the tree. */
const pathOf = (keys: readonly string[], tree: PlainObject): ConfigPath => {
  const path: string[] = []
  let value: Plain | undefined = tree
  for (let start = 0; start < keys.length;) {
    const known = knownKeys(path)
    const own: readonly string[] = isObject(value) ? Object.keys(value) : []
    const fits = (length: number): boolean => {
      const key = keys.slice(start, start + length).join('.')
      return known.includes(key) || (takesAnyKey(path) && own.includes(key))
    }
    const lengths = Array.from({ length: keys.length - start }, (_, index) => keys.length - start - index)
    const length = lengths.find(fits) ?? 1
    const key = keys.slice(start, start + length).join('.')
    value = isObject(value) ? value[key] : undefined
    path.push(key)
    start += length
  }
  return path
}

const refuseFixed = (path: ConfigPath): void => {
  const own = path[0] === 'apps' ? path.slice(2) : path
  const [top, second] = own
  const refused = own.length === 0 || fixed.has(String(top)) || (top === 'trust' && second !== 'folder' && second !== 'keyring')
  if (refused)
    fail('config/set-refused', `--set may not change ${path.join('.')} for a release`, {
      hint: 'Policy stands in the file: change the config, or use --profile dev. Of trust, only folder and keyring may be set.',
      where: { path: path.join('.') },
    })
}

const valueOf = (text: string, path: ConfigPath): Plain => {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof parsed === 'number' && wantsText(path)) return text
  const value = plainTree({ value: parsed }, () => ({ path: path.join('.') }))['value']
  return value ?? null
}

const put = (tree: Plain | undefined, path: ConfigPath, { value, at }: { readonly value: Plain; readonly at: ConfigPath }): Plain => {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (isList(tree) && /^\d+$/.test(String(key)))
    return tree.with(Math.min(Number(key), tree.length - 1), put(tree[Number(key)], rest, { value, at: [...at, key] }))
  const whole = asObject(tree, at)
  return { ...whole, [key]: put(whole[key], rest, { value, at: [...at, String(key)] }) }
}

/** Short forms written out, so that one of their options can be set: a list of ids, `true`, a bare text. */
const asObject = (value: Plain | undefined, at: ConfigPath): PlainObject => {
  if (isObject(value)) return value
  const own = at[0] === 'apps' ? at.slice(2) : at
  const [top, id] = own
  if (own.length === 1 && isKindKey(top) && Array.isArray(value)) return Object.fromEntries(value.map(one => [String(one), true]))
  const main = own.length === 2 && isKindKey(top) ? unitsOf[top].find(unit => unit.id === id)?.main : undefined
  return main !== undefined && (typeof value === 'string' || typeof value === 'number') ? { [main]: value } : {}
}

const isList = (value: Plain | undefined): value is readonly Plain[] => Array.isArray(value)
const isObject = (value: Plain | undefined): value is PlainObject => typeof value === 'object' && value !== null && !Array.isArray(value)
