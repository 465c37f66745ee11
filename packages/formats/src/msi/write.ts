// Windows Installer databases, writing: tables by columns, rows by their keys, all in one compound file; the same bytes on any machine.
import { noBytes } from '../bytes.ts'
import { cfbFile, type CfbFile, type CfbStream } from '../cfb/write.ts'
import { FormatError } from '../format-error.ts'
import { guidBytes } from '../guid.ts'
import { columnBits, columnsColumns, type MsiColumn, tablesColumns, widthOf } from './columns.ts'
import { packName, tableStream } from './names.ts'
import { stringPool, type StringPool } from './strings.ts'

export type MsiValue = string | number | null | Uint8Array
export type MsiRow = Readonly<Record<string, MsiValue>>
export interface MsiTable {
  readonly name: string
  readonly columns: readonly MsiColumn[]
  readonly rows: readonly MsiRow[]
}
export interface MsiContent {
  readonly tables: readonly MsiTable[]
  /** Of writeSummary. */
  readonly summary: Uint8Array
  /** Cabinets: streams beside the tables, the largest last. */
  readonly streams: readonly CfbStream[]
}

/** What the root of an installation package says that it is. */
export const packageClass = '{000C1084-0000-0000-C000-000000000046}'
export const summaryStream = '\u0005SummaryInformation'

/** Tables without rows are left out. Throws `msi/bad-value`, `msi/duplicate-key`, `msi/long-text` and those of cfb/write.ts. */
export const msiFile = ({ tables, summary, streams }: MsiContent): CfbFile => {
  const pool = stringPool()
  const filled = tables.filter(one => one.rows.length > 0).sort((a, b) => (a.name < b.name ? -1 : 1))
  const all = [...filled, tablesOf(filled), columnsTableOf(filled)]
  const numbered = all.map(table => ({ table, rows: numbersOf(table, pool) }))
  const made = [
    ...numbered.map(({ table, rows }) => streamOf(tableStream(table.name), bytesOf(table, rows, pool.referenceBytes()))),
    ...filled.flatMap(binariesOf),
    streamOf(tableStream('_StringPool'), pool.pool()),
    streamOf(tableStream('_StringData'), pool.data()),
    streamOf(summaryStream, summary),
  ]
  const outer = streams.map(one => ({ ...one, name: packName(one.name) }))
  return cfbFile([...made, ...outer], { clsid: guidBytes(packageClass) })
}

const streamOf = (name: string, bytes: Uint8Array): CfbStream => ({ name, sizeBytes: bytes.length, bytes: () => [bytes] })

const tablesOf = (tables: readonly MsiTable[]): MsiTable => ({
  name: '_Tables',
  columns: tablesColumns,
  rows: tables.map(({ name }) => ({ Name: name })),
})

const columnsTableOf = (tables: readonly MsiTable[]): MsiTable => ({
  name: '_Columns',
  columns: columnsColumns,
  rows: tables.flatMap(({ name, columns }) =>
    columns.map((column, index) => ({ Table: name, Number: index + 1, Name: column.name, Type: columnBits(column) })),
  ),
})

/** The values as they are stored, rows in the order of their keys. */
const numbersOf = (table: MsiTable, pool: StringPool): readonly (readonly number[])[] => {
  const rows = table.rows.map(row => table.columns.map(column => numberOf(table.name, { column, value: row[column.name] ?? null }, pool)))
  const keys = table.columns.filter(one => one.isKey).length
  const compare = (a: readonly number[], b: readonly number[]): number => {
    for (let at = 0; at < keys; at++) if (a[at] !== b[at]) return (a[at] ?? 0) - (b[at] ?? 0)
    return 0
  }
  rows.sort(compare)
  for (let at = 1; at < rows.length; at++)
    if (compare(rows[at - 1] ?? [], rows[at] ?? []) === 0)
      throw new FormatError('msi/duplicate-key', `the table ${table.name} has two rows of one key`)
  return rows
}

const numberOf = (table: string, { column, value }: { readonly column: MsiColumn; readonly value: MsiValue }, pool: StringPool): number => {
  const { name, kind, isNullable, length } = column
  const refuse = (why: string): never => {
    throw new FormatError('msi/bad-value', `${table}.${name} ${why}`)
  }
  // An empty text is null here.
  if (value === null || value === '') return isNullable ? 0 : refuse('must have a value')
  if (value instanceof Uint8Array) return kind === 'binary' ? 1 : refuse('holds no bytes')
  if (typeof value === 'string') {
    if (kind !== 'text') return refuse('holds no text')
    return length > 0 && value.length > length ? refuse(`has ${value.length} characters and may have ${length}`) : pool.add(value)
  }
  const limit = kind === 'long' ? 0x80000000 : kind === 'short' ? 0x8000 : 0
  return Number.isInteger(value) && value > -limit && value < limit ? value + limit : refuse(`cannot be ${value}`)
}

/** Column by column. */
const bytesOf = ({ columns }: MsiTable, rows: readonly (readonly number[])[], referenceBytes: 2 | 3): Uint8Array => {
  const widths = columns.map(column => widthOf(column, referenceBytes))
  const bytes = new Uint8Array(rows.length * widths.reduce((sum, width) => sum + width, 0))
  let at = 0
  for (const [column, width] of widths.entries())
    for (const row of rows) {
      const value = row[column] ?? 0
      for (let byte = 0; byte < width; byte++) bytes[at + byte] = Math.floor(value / 2 ** (8 * byte)) & 0xff
      at += width
    }
  return bytes
}

/** A value of a binary column is a stream, named by its table and the row's keys. */
const binariesOf = ({ name, columns, rows }: MsiTable): readonly CfbStream[] =>
  columns
    .filter(one => one.kind === 'binary')
    .flatMap(column =>
      rows.map(row => {
        const keys = columns.filter(one => one.isKey).map(one => String(row[one.name] as string | number))
        const value = row[column.name]
        return streamOf(packName([name, ...keys].join('.')), value instanceof Uint8Array ? value : noBytes)
      }),
    )
