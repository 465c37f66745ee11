// What changed from one package to another.
import type { Entry, Report } from './report.ts'

export interface Change {
  /** A member of the report, as `arch` or `facts.fields.Depends`; or `contents`. */
  readonly what: string
  /** Of the entry, for `contents`. */
  readonly path?: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly from: string | null
  readonly to: string | null
  /** Of files, for `contents`. */
  readonly fromBytes?: number | null
  readonly toBytes?: number | null
}

export const differences = (from: Report, to: Report): readonly Change[] => [
  ...valueChanges(flatten(headOf(from)), flatten(headOf(to))),
  ...contentChanges(withoutRoot(from.contents, to.contents)),
]

const headOf = ({ format, arch, version, sizeBytes, signatures, facts }: Report): unknown => ({
  format,
  arch,
  version,
  sizeBytes,
  signatures: [...signatures],
  facts: withoutRepeats(facts),
})

const repeated = new Set(['Version', 'Architecture', 'pkgver', 'arch', 'size', 'Installed-Size', 'installedBytes'])

/** What is said elsewhere in a report, or follows from the contents, is said once. */
const withoutRepeats = ({ members: _members, fields, ...facts }: Report['facts']): unknown => {
  const dependencies = new Set(Object.keys((facts['dependencies'] ?? {}) as object))
  const kept = Object.entries((fields ?? {}) as Record<string, unknown>).filter(([name]) => !repeated.has(name) && !dependencies.has(name))
  return { ...facts, fields: Object.fromEntries(kept) }
}

type Flat = ReadonlyMap<string, string | readonly string[]>

/** `{ a: { b: 1 } }` -> `a.b`: `1`; lists of plain values stay lists. */
const flatten = (value: unknown, path = ''): Flat => {
  if (typeof value !== 'object' || value === null)
    return new Map(value === null || value === undefined ? [] : [[path, typeof value === 'string' ? value : JSON.stringify(value)]])
  if (Array.isArray(value) && value.every(one => typeof one !== 'object'))
    return new Map(value.length === 0 ? [] : [[path, value.map(String)]])
  return new Map(Object.entries(value).flatMap(([name, inner]) => [...flatten(inner, path === '' ? name : `${path}.${name}`)]))
}

const valueChanges = (from: Flat, to: Flat): Change[] =>
  [...new Set([...from.keys(), ...to.keys()])].sort().flatMap(what => {
    const [before, after] = [from.get(what), to.get(what)]
    if (typeof before === 'string' || typeof after === 'string') return changeOf({ what }, joined(before), joined(after))
    return listChanges(what, before ?? [], after ?? [])
  })

const joined = (value: string | readonly string[] | undefined): string | undefined =>
  value === undefined || typeof value === 'string' ? value : value.join(', ')

/** What a list lost and won; its order says nothing. */
const listChanges = (what: string, before: readonly string[], after: readonly string[]): Change[] => {
  const [old, young] = [new Set(before), new Set(after)]
  const gone = [...old].filter(one => !young.has(one))
  const fresh = [...young].filter(one => !old.has(one))
  // Of dependencies, the one on the same package is the same with another version.
  const byName = what.startsWith('facts.dependencies.') ? pairsOf(gone, fresh) : new Map<string, string>()
  const paired = new Set(byName.values())
  return [
    ...gone.map(one => {
      const to = byName.get(one) ?? null
      return { what, kind: to === null ? ('removed' as const) : ('changed' as const), from: one, to }
    }),
    ...fresh.filter(one => !paired.has(one)).map(one => ({ what, kind: 'added' as const, from: null, to: one })),
  ]
}

/** Old -> new, where a name stands once in each. */
const pairsOf = (gone: readonly string[], fresh: readonly string[]): ReadonlyMap<string, string> => {
  const nameOf = (relation: string): string => relation.split(/[\s(<>=~|]/, 1)[0] ?? ''
  const counts = (list: readonly string[]): ReadonlyMap<string, readonly string[]> => Map.groupBy(list, nameOf)
  const [before, after] = [counts(gone), counts(fresh)]
  return new Map(
    [...before].flatMap(([name, [from, ...others]]): [string, string][] => {
      const [to, ...more] = after.get(name) ?? []
      return from === undefined || to === undefined || others.length + more.length > 0 ? [] : [[from, to]]
    }),
  )
}

const changeOf = (place: Pick<Change, 'what' | 'path'>, from: string | undefined, to: string | undefined): Change[] => {
  if (from === to) return []
  return [{ ...place, kind: from === undefined ? 'added' : to === undefined ? 'removed' : 'changed', from: from ?? null, to: to ?? null }]
}

interface Pair {
  readonly from: ReadonlyMap<string, Entry>
  readonly to: ReadonlyMap<string, Entry>
}

const contentChanges = ({ from, to }: Pair): Change[] =>
  [...new Set([...from.keys(), ...to.keys()])].sort().flatMap(path => {
    const [before, after] = [from.get(path), to.get(path)]
    const sizes = { fromBytes: fileBytes(before), toBytes: fileBytes(after) }
    return changeOf({ what: 'contents', path }, entryText(before), entryText(after)).map(change => ({ ...change, ...sizes }))
  })

const fileBytes = (entry: Entry | undefined): number | null => (entry?.type === 'file' ? entry.sizeBytes : null)

const entryText = (entry: Entry | undefined): string | undefined => {
  if (entry === undefined) return undefined
  const { type, mode, sizeBytes, sha256, linkTarget, program } = entry
  const parts = [
    type === 'file' ? '' : type,
    mode,
    type === 'file' ? `${sizeBytes} bytes` : '',
    program,
    linkTarget && `-> ${linkTarget}`,
    sha256 && `sha256 ${sha256.slice(0, 12)}`,
  ]
  return parts.filter(part => part !== undefined && part !== '').join(' ')
}

/** Archives often hold one folder that is named by the version: then what lies below it is compared. */
const withoutRoot = (from: readonly Entry[], to: readonly Entry[]): Pair => {
  const [a, b] = [rootOf(from), rootOf(to)]
  const cut = a !== undefined && b !== undefined && a !== b
  const byPath = (entries: readonly Entry[], root: string | undefined) =>
    // Some formats end the path of a folder with a slash.
    new Map(
      entries.map(entry => [(cut && root !== undefined ? entry.path.slice(root.length + 1) || '.' : entry.path).replace(/\/$/, ''), entry]),
    )
  return { from: byPath(from, a), to: byPath(to, b) }
}

const rootOf = (entries: readonly Entry[]): string | undefined => {
  const roots = new Set(entries.map(entry => entry.path.split('/', 1)[0] ?? ''))
  const [root] = roots
  return roots.size === 1 && root !== '.' && entries.some(entry => entry.path.length > (root?.length ?? 0) + 1) ? root : undefined
}
