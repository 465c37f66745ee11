// The text of inspect. Everything here comes from a file that nobody vouches for: each value is made safe.
import { plain } from '../reporters/safe.ts'
import { align, humanBytes } from '../reporters/table.ts'
import type { Style } from './command.ts'
import type { Change } from './inspect-diff.ts'
import type { Entry, Report } from './inspect-report.ts'

const shownEntries = 40

export const reportText = (report: Report, style: Style, verbose: boolean): string => {
  const { file, format, sizeBytes, sha256, arch, version, signatures, contents } = report
  const shown = verbose ? contents : contents.slice(0, shownEntries)
  const rows = [
    ['sha256', sha256],
    ['architecture', arch ?? 'none'],
    ...(version === null ? [] : [['version', version]]),
    ['signatures', signatures.length === 0 ? 'none' : `${signatures.join(', ')}; not checked here`],
    ...factRows(report, verbose),
  ]
  const files = contents.filter(entry => entry.type === 'file')
  const total = `${files.length} files, ${humanBytes(files.reduce((sum, entry) => sum + entry.sizeBytes, 0))}`
  return [
    `${style.bold(plain(file))}  ${format}  ${humanBytes(sizeBytes)}`,
    ...align(rows.map(row => row.map(plain))),
    ...(contents.length === 0 ? [] : ['', `contents  ${total}`, ...align(shown.map(entryRow), [1]).map(line => `  ${line}`)]),
    ...(shown.length < contents.length ? [`  and ${contents.length - shown.length} more; --verbose lists all`] : []),
    ...(verbose ? scriptLines(report) : []),
  ].join('\n')
}

const factRows = ({ facts }: Report, verbose: boolean): string[][] =>
  Object.entries(facts).flatMap(([name, value]) => {
    if (name === 'fields')
      return Object.entries(value as Record<string, string>).map(([field, text]) => [
        field,
        verbose ? text : (text.split('\n', 1)[0] ?? ''),
      ])
    if (name === 'scripts') return [['scripts', Object.keys(value as object).join(' ') || 'none']]
    if (name === 'slices') return (value as Record<string, unknown>[]).map(slice => ['slice', wordsOf(slice)])
    if (name === 'members') return verbose ? [['members', (value as { name: string }[]).map(member => member.name).join(' ')]] : []
    if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value.join(', ')]]
    return [[name, String(value)]]
  })

const wordsOf = (slice: Readonly<Record<string, unknown>>): string =>
  Object.entries(slice)
    .filter(([, value]) => !Array.isArray(value))
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

const kinds: Readonly<Record<Entry['type'], string>> = { file: '-', folder: 'd', symlink: 'l', hardlink: 'h', other: '?' }
const entryRow = (entry: Entry): string[] => [
  `${kinds[entry.type]}${entry.mode}`,
  entry.type === 'file' ? humanBytes(entry.sizeBytes) : '',
  `${plain(entry.path)}${entry.linkTarget === undefined ? '' : ` -> ${plain(entry.linkTarget)}`}${entry.program === undefined ? '' : `  ${plain(entry.program)}`}`,
]

const scriptLines = ({ facts }: Report): string[] =>
  Object.entries((facts['scripts'] ?? {}) as Record<string, string>).flatMap(([name, text]) => [
    '',
    name,
    ...text.split('\n').map(line => `  ${plain(line)}`),
  ])

export const changesText = ([from, to]: readonly [Report, Report], changes: readonly Change[], style: Style): string => {
  const head = `${style.bold(plain(from.file))} to ${style.bold(plain(to.file))}`
  if (from.sha256 === to.sha256) return `${head}: the same bytes`
  if (changes.length === 0) return `${head}: other bytes, the same contents`
  const marks = { added: style.green('+'), removed: style.red('-'), changed: style.yellow('~') }
  const rows = changes.map(({ kind, what, path, from: before, to: after }) => [
    marks[kind],
    plain(path ?? what),
    plain(kind === 'changed' ? `${before ?? ''} => ${after ?? ''}` : (after ?? before ?? '')),
  ])
  return [`${head}: ${changes.length} change${changes.length === 1 ? '' : 's'}`, ...align(rows)].join('\n')
}
