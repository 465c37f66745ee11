// What the schema knows at a place: its keys, and whether a text may stand there. For "Did you mean" and for --set.
import type * as z from 'zod'
import { config } from './schema.ts'
import type { ConfigPath } from './position.ts'

/** Known keys of the object at a path; none where it takes any name. */
export const knownKeys = (path: ConfigPath): readonly string[] => {
  const keys = schemasAt(path).flatMap(schema => (def(schema).type === 'object' ? Object.keys(def(schema).shape ?? {}) : []))
  return [...new Set(keys)]
}

/** Whether an object with any names stands at a path, as `channels`. */
export const takesAnyKey = (path: ConfigPath): boolean => schemasAt(path).some(schema => def(schema).type === 'record')

/** Whether texts but no numbers may stand there: then `--set app.version=1.2` means a text. */
export const wantsText = (path: ConfigPath): boolean => {
  const types = schemasAt(path).map(schema => def(schema).type)
  return types.includes('string') && !types.includes('number')
}

interface Def {
  readonly type: string
  readonly shape?: Readonly<Record<string, z.ZodType>>
  readonly options?: readonly z.ZodType[]
  readonly innerType?: z.ZodType
  readonly in?: z.ZodType
  readonly valueType?: z.ZodType
  readonly element?: z.ZodType
}
const def = (schema: z.ZodType): Def => schema.def as unknown as Def

/** All schemas that a value at the path may meet, wrappers and unions taken off. */
const schemasAt = (path: ConfigPath): readonly z.ZodType[] => {
  let here = bare(config)
  for (const key of path) here = here.flatMap(schema => step(schema, String(key))).flatMap(bare)
  return here
}

const bare = (schema: z.ZodType): readonly z.ZodType[] => {
  const { options, innerType, in: input } = def(schema)
  if (options !== undefined) return options.flatMap(bare)
  if (innerType !== undefined) return bare(innerType)
  return input === undefined ? [schema] : bare(input)
}

const step = (schema: z.ZodType, key: string): readonly z.ZodType[] => {
  const { type, shape, valueType, element } = def(schema)
  const next =
    type === 'object'
      ? Object.hasOwn(shape ?? {}, key)
        ? shape?.[key]
        : undefined
      : type === 'record'
        ? valueType
        : type === 'array'
          ? element
          : undefined
  return next === undefined ? [] : [next]
}
