// The config is data (CONFIG 1.3): a plain tree of texts, numbers, booleans, lists and objects, or it is refused; and its freezing.
import { fail } from '@slipway/core'
import type { ConfigPath } from './position.ts'

export type Plain = string | number | boolean | null | readonly Plain[] | PlainObject
export interface PlainObject {
  readonly [key: string]: Plain
}

const deepest = 32
const forbidden = new Set(['__proto__', 'prototype', 'constructor'])

/** A copy without holes, getters and prototypes. Codes: `config/not-data`. */
export const plainTree = (value: unknown, locate: (path: ConfigPath) => object): PlainObject => {
  const refuse = (path: ConfigPath, what: string): never =>
    // explain: A value of the config is a function, a date, an object that holds itself or something else that is not plain data.
    fail('config/not-data', `${path.join('.') || 'The config'} ${what}`, {
      hint: 'The config is data: texts, numbers, true, false, lists and objects. Write the value itself.',
      where: { path: path.join('.'), ...locate(path) },
    })
  const copy = (from: unknown, path: ConfigPath): Plain => {
    if (path.length > deepest) return refuse(path, 'lies too deep, or leads back to itself')
    if (from === null || typeof from === 'string' || typeof from === 'boolean') return from
    if (typeof from === 'number') return Number.isFinite(from) ? from : refuse(path, 'is no finite number')
    if (Array.isArray(from)) return Array.from(from, (item: unknown, index) => copy(item, [...path, index]))
    if (typeof from !== 'object' || !isPlain(from)) return refuse(path, `is a ${typeof from === 'object' ? 'made object' : typeof from}`)
    return Object.fromEntries(
      Object.entries(from).flatMap(([key, item]) => {
        if (forbidden.has(key)) refuse([...path, key], 'is no key of a config')
        return item === undefined ? [] : [[key, copy(item, [...path, key])]]
      }),
    )
  }
  return copy(value, []) as PlainObject
}

/** Objects of another realm have another Object.prototype, hence the second step up. */
const isPlain = (value: object): boolean => {
  const above: unknown = Object.getPrototypeOf(value)
  return above === null || Object.getPrototypeOf(above) === null
}

export const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) deepFreeze(item)
  }
  return value
}
