// The unit: what every unit of every kind is, and how a kind's list becomes a typed config key (CONFIG 5). A leaf: imports zod alone.
import * as z from 'zod'

// A schema sees one config a run: making a program of it first takes longer than using it.
z.config({ jitless: true })

export type Shape = Readonly<Record<string, z.ZodType>>

export interface Unit<Id extends string = string, S extends Shape = Shape, M extends keyof S & string = keyof S & string> {
  /** Its file, config key, flag value, error prefix, docs page. */
  readonly id: Id
  /** One line for lists and reference pages. */
  readonly title: string
  /** All optional: what a unit cannot do without, `plan` asks for. */
  readonly options: S
  /** The option that a bare string or number stands for. */
  readonly main?: M
  /** Foreign programs that the runner lends it. */
  readonly tools?: readonly string[]
}

/** A kind's list file: `import * as packagers from './packagers/index.ts'`. */
export type Kind = Readonly<Record<string, Unit>>

type Bare<S extends Shape, M extends keyof S> = [M] extends [never] ? never : Extract<z.input<S[M]>, string | number>
type Setting<U> = U extends Unit<string, infer S, infer M> ? boolean | Bare<S, M> | { [K in keyof S]?: z.input<S[K]> } : never
export type Units<K extends Kind> = readonly K[keyof K]['id'][] | { [N in keyof K as K[N]['id']]?: Setting<K[N]> }
/** Whole options by id; `false` where it was switched off on purpose. */
export type Chosen<K extends Kind> = { readonly [N in keyof K as K[N]['id']]?: false | z.output<z.ZodObject<K[N]['options']>> }

/** The schema of a kind's config key: a list of ids, or settings by id. Out come whole options by id. */
export const units = <K extends Kind>(kind: K): z.ZodType<Chosen<K>, Units<K>> => {
  const all: readonly Unit[] = Object.values(kind)
  const byId = z.strictObject(Object.fromEntries(all.map(unit => [unit.id, settingOf(unit)])))
  const list = z.array(z.enum(all.map(unit => unit.id))).transform(ids => byId.parse(Object.fromEntries(ids.map(id => [id, true]))))
  return z.union([byId, list]) as unknown as z.ZodType<Chosen<K>, Units<K>>
}

const settingOf = ({ main, options }: Unit): z.ZodType => {
  const whole = z.strictObject(options)
  const mainSchema = main === undefined ? undefined : options[main]
  // Not optional: a main option with a default would switch on a unit that nobody named.
  const bare =
    main === undefined || mainSchema === undefined ? [] : [z.nonoptional(mainSchema).transform(value => whole.parse({ [main]: value }))]
  return z.union([z.boolean().transform(on => on && whole.parse({})), whole, ...bare]).optional()
}
