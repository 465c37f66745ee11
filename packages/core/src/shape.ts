// Small checks of JSON documents; each answers with the first complaint, or undefined. Texts of the document are never shown.
import { isJsonObject, safeKey } from './canonical.ts'
import type { Json } from './canonical.ts'

/** Answers with what is wrong with a value, and where, or undefined. */
export type Shape = (value: Json, path: string) => string | undefined

/** The first complaint about a document. */
export const complaintOf = (shape: Shape, value: Json): string | undefined => shape(value, '$')

export const text =
  (what: string, fits: (text: string) => boolean): Shape =>
  (value, path) =>
    typeof value === 'string' && value.isWellFormed() && fits(value) ? undefined : `${path}: expected ${what}`

export const whole =
  (least: number, most: number): Shape =>
  (value, path) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most
      ? undefined
      : `${path}: expected a whole number from ${least} to ${most}`

export const oneOf = (...words: readonly string[]): Shape => text(`one of ${words.join(', ')}`, value => words.includes(value))

export const nullable =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? undefined : shape(value, path)

export const list =
  (shape: Shape): Shape =>
  (value, path) =>
    Array.isArray(value)
      ? first((value as readonly Json[]).map((one, index) => () => shape(one, `${path}.${index}`)))
      : `${path}: expected a list`

/** An object whose names are data. */
export const record =
  (shape: Shape, fits: (key: string) => boolean = () => true): Shape =>
  (value, path) =>
    isJsonObject(value)
      ? first(
          Object.entries(value).map(
            ([key, one]) =>
              () =>
                fits(key) ? shape(one, `${path}.${safeKey(key)}`) : `${path}.${safeKey(key)}: this name is not allowed`,
          ),
        )
      : `${path}: expected an object`

export const anything: Shape = () => undefined

export interface Fields {
  readonly required: Readonly<Record<string, Shape>>
  readonly optional?: Readonly<Record<string, Shape>>
  /** Whether unknown names are refused; else they are left alone, so that later versions may add some. */
  readonly closed: boolean
}
export const fields =
  ({ required, optional = {}, closed }: Fields): Shape =>
  (value, path) => {
    if (!isJsonObject(value)) return `${path}: expected an object`
    const known = { ...required, ...optional }
    const missing = Object.keys(required).find(key => !Object.hasOwn(value, key))
    if (missing !== undefined) return `${path}.${missing}: missing`
    const unknown = closed ? Object.keys(value).find(key => !Object.hasOwn(known, key)) : undefined
    if (unknown !== undefined) return `${path}.${safeKey(unknown)}: unknown name`
    return first(
      Object.entries(known).map(
        ([key, shape]) =>
          () =>
            Object.hasOwn(value, key) ? shape(value[key] as Json, `${path}.${key}`) : undefined,
      ),
    )
  }

const first = (checks: readonly (() => string | undefined)[]): string | undefined => {
  for (const check of checks) {
    const complaint = check()
    if (complaint !== undefined) return complaint
  }
  return undefined
}
