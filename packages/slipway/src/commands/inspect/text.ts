// The text of inspect. Everything here comes from a file that nobody vouches for: each value is made safe.
import { plain } from '../../reporters/safe.ts'
import { align, humanBytes } from '../../reporters/table.ts'
import type { Style } from '../command.ts'
import type { Change } from './diff.ts'
import type { Entry, Report } from './report.ts'

const shownEntries = 40

export const reportText = (report: Report, style: Style, verbose: boolean): string => {
  const { file, format, sizeBytes, sha256, arch, version, contents } = report
  const shown = verbose ? contents : contents.slice(0, shownEntries)
  const rows = [
    // A folder has none.
    ...(format === 'app' ? [] : [['sha256', sha256 ?? 'not taken; --digests takes it']]),
    ['architecture', arch ?? 'none'],
    ...(version === null ? [] : [['version', version]]),
    ['signatures', signatureWords(report)],
    ...factRows(report, verbose),
  ]
  const files = contents.filter(entry => entry.type === 'file')
  const total = `${files.length} files, ${humanBytes(files.reduce((sum, entry) => sum + entry.sizeBytes, 0))}`
  return [
    `${style.bold(plain(file))}  ${plain(format)}  ${humanBytes(sizeBytes)}`,
    ...align(rows.map(row => row.map(plain))),
    ...(contents.length === 0 ? [] : ['', `contents  ${total}`, ...align(shown.map(entryRow), [1]).map(line => `  ${line}`)]),
    ...(shown.length < contents.length ? [`  and ${contents.length - shown.length} more; --verbose lists all`] : []),
    ...(verbose ? longLines(report) : []),
  ].join('\n')
}

const signatureWords = ({ signatures, facts }: Report): string => {
  const unread = facts['signaturesNotLookedAt']
  const left = typeof unread === 'number' ? `not looked at in ${unread} file${unread === 1 ? '' : 's'} inside, --digests reads more` : ''
  if (signatures.length === 0) return left || 'none'
  return [...signatures, ...(left === '' ? [] : [left])].join(', ') + '; not checked here'
}

const factRows = ({ facts }: Report, verbose: boolean): string[][] =>
  Object.entries(facts).flatMap(([name, value]) => {
    if (name === 'members') return verbose ? [['members', namesOf(value).join(' ')]] : []
    if (name === 'signaturesNotLookedAt') return []
    if (name === 'scripts') return [['scripts', Object.keys(value as object).join(' ') || 'none']]
    if (name === 'dependencies') return listRows(value)
    if (name === 'build') return [['build', buildWords(value as Record<string, unknown>)]]
    if (name === 'builds') return (value as Record<string, unknown>[]).map(build => ['build', buildWords(build)])
    if (name === 'nested' || name === 'images')
      return (value as (string | Record<string, unknown>)[]).map(one => [name, typeof one === 'string' ? one : wordsOf(one)])
    if (name === 'slices') return (value as Record<string, unknown>[]).map(slice => ['slice', wordsOf(slice)])
    if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(', ')]]
    if (typeof value === 'object' && value !== null) {
      if (name !== 'fields') return [[name, wordsOf(value as Record<string, unknown>)]]
      // Relations are shown once, as dependencies.
      const known = new Set(Object.keys((facts['dependencies'] ?? {}) as object))
      return Object.entries(value as Record<string, string>)
        .filter(([field]) => !known.has(field))
        .map(([field, text]) => [field, verbose ? text : (text.split('\n', 1)[0] ?? '')])
    }
    return [[name, String(value)]]
  })

/** In one line; the linker's settings stand in `--json`. */
const buildWords = ({ tool, settings: _settings, features, variables, ...rest }: Readonly<Record<string, unknown>>): string =>
  [
    String(tool),
    ...Object.entries(rest).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [`${name} ${value}`] : [],
    ),
    ...(Array.isArray(features) && features.length > 0 ? [`features ${features.join(' ')}`] : []),
    ...Object.entries((variables ?? {}) as Record<string, string>).map(([name, value]) => `${name}=${value}`),
  ].join(', ')

const namesOf = (members: unknown): string[] => (members as { readonly name: string }[]).map(member => member.name)

const listRows = (value: unknown): string[][] =>
  Object.entries(value as Record<string, readonly string[]>).map(([kind, list]) => [kind, list.join(', ')])

const wordsOf = (facts: Readonly<Record<string, unknown>>): string =>
  Object.entries(facts)
    .filter(([name, value]) => !Array.isArray(value) && name !== 'entitlements')
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

const kinds: Readonly<Record<Entry['type'], string>> = { file: '-', folder: 'd', symlink: 'l', hardlink: 'h', other: '?' }
const entryRow = (entry: Entry): string[] => [
  `${kinds[entry.type]}${entry.mode}`,
  entry.type === 'file' ? humanBytes(entry.sizeBytes) : '',
  `${plain(entry.path)}${entry.linkTarget === undefined ? '' : ` -> ${plain(entry.linkTarget)}`}${entry.program === undefined ? '' : `  ${plain(entry.program)}`}`,
]

/** Scripts and entitlements, whole. */
const longLines = ({ facts }: Report): string[] => {
  const scripts = Object.entries((facts['scripts'] ?? {}) as Record<string, string>)
  const slices = Array.isArray(facts['slices']) ? (facts['slices'] as Record<string, unknown>[]) : []
  const entitlements = slices.flatMap(slice =>
    typeof slice['entitlements'] === 'string' ? [[`entitlements (${String(slice['arch'])})`, slice['entitlements']] as const] : [],
  )
  return [...scripts, ...entitlements].flatMap(([name, text]) => ['', plain(name), ...text.split('\n').map(line => `  ${plain(line)}`)])
}

export const changesText = ([from, to]: readonly [Report, Report], changes: readonly Change[], style: Style): string => {
  const head = `${style.bold(plain(from.file))} to ${style.bold(plain(to.file))}`
  if (from.sha256 !== null && from.sha256 === to.sha256) return `${head}: the same bytes`
  if (changes.length === 0) return `${head}: ${from.sha256 === null || to.sha256 === null ? '' : 'other bytes, '}the same contents`
  const marks = { added: style.green('+'), removed: style.red('-'), changed: style.yellow('~') }
  const rowOf = (change: Change): string[] => [marks[change.kind], plain(change.path ?? shortName(change.what)), plain(changeText(change))]
  const [ofFacts, ofHead] = [true, false].map(isFact =>
    changes.filter(({ what, path }) => path === undefined && what.startsWith('facts.') === isFact),
  )
  const ofPackage = [...(ofHead ?? []), ...(ofFacts ?? [])]
  const ofContents = changes.filter(change => change.path !== undefined)
  return [
    `${head}: ${changes.length} change${changes.length === 1 ? '' : 's'}`,
    ...align(ofPackage.map(rowOf)),
    ...(ofContents.length === 0 ? [] : ['', 'contents', ...align(ofContents.map(rowOf))]),
  ].join('\n')
}

const shortName = (what: string): string => (what === 'sizeBytes' ? 'size' : what.replace(/^facts\.(dependencies\.)?/, ''))

const changeText = (change: Change): string => {
  const { what, path, kind, from, to } = change
  if (what === 'sizeBytes') return sizeChange(Number(from), Number(to))
  if (path !== undefined) return entryChange(change)
  const [before, after] = [shortText(from), shortText(to)]
  if (kind !== 'changed') return after === '' ? before : after
  // Two long texts may begin alike: then what differs is said by their lines.
  if (before === after) return lineChanges(from ?? '', to ?? '')
  const name = what.startsWith('facts.dependencies.') ? (/^[^\s(<>=~|]+\s*/.exec(before)?.[0] ?? '') : ''
  return `${before} => ${after.startsWith(name) ? after.slice(name.length) : after}`
}

const sizeChange = (from: number, to: number): string =>
  from === to ? humanBytes(to) : `${humanBytes(from)} => ${humanBytes(to)} (${to > from ? '+' : '-'}${humanBytes(Math.abs(to - from))})`

/** Type, mode, program and link as far as they changed; then the size, or that only the bytes did. */
const entryChange = ({ kind, from, to, fromBytes, toBytes }: Change): string => {
  const size = (bytes: number | null | undefined): string[] => (typeof bytes === 'number' ? [humanBytes(bytes)] : [])
  if (kind !== 'changed') return [entryWords(from ?? to), ...size(fromBytes ?? toBytes)].filter(part => part !== '').join(' ')
  const [before, after] = [entryWords(from), entryWords(to)]
  const isFile = typeof fromBytes === 'number' && typeof toBytes === 'number'
  const bytes = isFile ? [`${sizeChange(fromBytes, toBytes)}${fromBytes === toBytes && before === after ? ', other bytes' : ''}`] : []
  return [...(before === after ? [] : [`${before} => ${after}`]), ...bytes].join(', ')
}

const entryWords = (text: string | null): string =>
  (text ?? '')
    .replace(/ sha256 [0-9a-f]{12}$/, '')
    .replace(/(^| )\d+ bytes( |$)/, ' ')
    .trim()

const shortText = (text: string | null): string => {
  if (text === null) return ''
  const lines = text.split('\n').length
  return lines > 1 ? `${lines} lines` : text
}

const lineChanges = (from: string, to: string): string => {
  const [before, after] = [new Set(from.split('\n')), new Set(to.split('\n'))]
  const count = (lines: ReadonlySet<string>, others: ReadonlySet<string>): number => [...lines].filter(line => !others.has(line)).length
  return `${shortText(to)}, ${count(after, before)} new, ${count(before, after)} gone`
}
