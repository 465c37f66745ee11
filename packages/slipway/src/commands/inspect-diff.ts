// What changed from one package to another.
import type { Entry, Report } from './inspect-report.ts'

export interface Change {
  /** A member of the report, as `arch` or `facts.fields.Depends`; or `contents`. */
  readonly what: string
  /** Of the entry, for `contents`. */
  readonly path?: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly from: string | null
  readonly to: string | null
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
  facts,
})

/** `{ a: { b: 1 } }` -> `a.b`: `1`. */
const flatten = (value: unknown, path = ''): ReadonlyMap<string, string> => {
  if (typeof value !== 'object' || value === null)
    return new Map(value === null || value === undefined ? [] : [[path, typeof value === 'string' ? value : JSON.stringify(value)]])
  if (Array.isArray(value) && value.every(one => typeof one !== 'object'))
    return new Map(value.length === 0 ? [] : [[path, value.join(', ')]])
  return new Map(Object.entries(value).flatMap(([name, inner]) => [...flatten(inner, path === '' ? name : `${path}.${name}`)]))
}

const valueChanges = (from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Change[] =>
  [...new Set([...from.keys(), ...to.keys()])].sort().flatMap(what => changeOf({ what }, from.get(what), to.get(what)))

const changeOf = (place: Pick<Change, 'what' | 'path'>, from: string | undefined, to: string | undefined): Change[] => {
  if (from === to) return []
  return [{ ...place, kind: from === undefined ? 'added' : to === undefined ? 'removed' : 'changed', from: from ?? null, to: to ?? null }]
}

interface Pair {
  readonly from: ReadonlyMap<string, Entry>
  readonly to: ReadonlyMap<string, Entry>
}

const contentChanges = ({ from, to }: Pair): Change[] =>
  [...new Set([...from.keys(), ...to.keys()])]
    .sort()
    .flatMap(path => changeOf({ what: 'contents', path }, entryText(from.get(path)), entryText(to.get(path))))

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
    new Map(entries.map(entry => [cut && root !== undefined ? entry.path.slice(root.length + 1) || '.' : entry.path, entry]))
  return { from: byPath(from, a), to: byPath(to, b) }
}

const rootOf = (entries: readonly Entry[]): string | undefined => {
  const roots = new Set(entries.map(entry => entry.path.split('/', 1)[0] ?? ''))
  const [root] = roots
  return roots.size === 1 && root !== '.' && entries.some(entry => entry.path.length > (root?.length ?? 0) + 1) ? root : undefined
}
