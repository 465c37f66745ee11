// Windows Installer databases, reading: every table with its rows, the summary, and the streams beside them.
import { fieldsOf, noBytes, type Source } from '../bytes.ts'
import { type CfbEntry, readCfb } from '../cfb/read.ts'
import { FormatError } from '../format-error.ts'
import { columnFromBits, columnsColumns, type MsiColumn, tablesColumns, widthOf } from './columns.ts'
import { unpackName } from './names.ts'
import { readStrings, type StringTable } from './strings.ts'
import { readSummary } from './summary.ts'
import { type MsiTable, type MsiValue, packageClass, summaryStream } from './write.ts'

export interface MsiStream {
  readonly name: string
  readonly sizeBytes: number
  readonly open: () => Source
}
export interface Msi {
  readonly summary: Readonly<Record<string, string | number>>
  readonly codePage: number
  readonly tables: ReadonlyMap<string, MsiTable>
  /** Those that are no table: cabinets, pictures, signatures. */
  readonly streams: readonly MsiStream[]
}

const limitTableBytes = 1 << 28

/** A binary value is shown as the bytes of nothing. Throws `msi/bad-magic`, `msi/bad-table`, `msi/bad-strings`, `msi/bad-summary` and those of cfb/read.ts. */
export const readMsi = async (source: Source): Promise<Msi> => {
  const { clsid, streams } = await readCfb(source)
  if (clsid !== packageClass) throw new FormatError('msi/bad-magic', `this compound file is ${clsid} and no installation package`, 0)
  const named = streams.map(entry => ({ ...unpackName(entry.path), entry }))
  const stored = new Map(named.filter(one => one.isTable).map(({ name, entry }) => [name, entry]))
  const bytesOf = (name: string): Promise<Uint8Array> => allOf(stored.get(name))
  const strings = readStrings(await bytesOf('_StringPool'), await bytesOf('_StringData'))
  const names = rowsOf(await bytesOf('_Tables'), { name: '_Tables', columns: tablesColumns, strings }).map(row => textOf(row['Name']))
  const columns = columnsByTable(await bytesOf('_Columns'), strings)
  const tables = new Map<string, MsiTable>()
  for (const name of names) {
    const own = columns.get(name) ?? []
    tables.set(name, { name, columns: own, rows: rowsOf(await bytesOf(name), { name, columns: own, strings }) })
  }
  const summary = named.find(one => one.entry.path === summaryStream)
  return {
    summary: summary === undefined ? {} : readSummary(await allOf(summary.entry)),
    codePage: strings.codePage,
    tables,
    streams: named
      .filter(one => !one.isTable && one !== summary)
      .map(({ name, entry }) => ({ name, sizeBytes: entry.sizeBytes, open: entry.open })),
  }
}

const textOf = (value: MsiValue | undefined): string => (typeof value === 'string' ? value : '')

const allOf = async (entry: CfbEntry | undefined): Promise<Uint8Array> => {
  if (entry === undefined) return noBytes
  if (entry.sizeBytes > limitTableBytes) throw new FormatError('msi/bad-table', `a table of ${entry.sizeBytes} bytes`)
  return entry.open().read(0, entry.sizeBytes)
}

const columnsByTable = (bytes: Uint8Array, strings: StringTable): ReadonlyMap<string, readonly MsiColumn[]> => {
  const found = new Map<string, MsiColumn[]>()
  for (const row of rowsOf(bytes, { name: '_Columns', columns: columnsColumns, strings })) {
    const [table, number] = [textOf(row['Table']), Number(row['Number'])]
    const column = columnFromBits(textOf(row['Name']), Number(row['Type']) & 0x3fff)
    const list = found.get(table) ?? []
    if (column === undefined || number < 1 || number > 32)
      throw new FormatError('msi/bad-table', `column ${number} of ${JSON.stringify(table)} is damaged`)
    list[number - 1] = column
    found.set(table, list)
  }
  for (const [table, list] of found)
    if (Object.keys(list).length !== list.length)
      throw new FormatError('msi/bad-table', `the table ${JSON.stringify(table)} lacks a column`)
  return found
}

interface Described {
  readonly name: string
  readonly columns: readonly MsiColumn[]
  readonly strings: StringTable
}

const rowsOf = (bytes: Uint8Array, { name, columns, strings }: Described): readonly Readonly<Record<string, MsiValue>>[] => {
  const widths = columns.map(column => widthOf(column, strings.referenceBytes))
  const rowBytes = widths.reduce((sum, width) => sum + width, 0)
  if (bytes.length === 0) return []
  if (rowBytes === 0 || bytes.length % rowBytes !== 0)
    throw new FormatError('msi/bad-table', `${name} has ${bytes.length} bytes in rows of ${rowBytes}`)
  const count = bytes.length / rowBytes
  const fields = fieldsOf(bytes, 'little')
  const rows: Record<string, MsiValue>[] = Array.from({ length: count }, () => ({}))
  let at = 0
  for (const [index, column] of columns.entries())
    for (const row of rows) {
      const width = widths[index] ?? 2
      const stored = width === 4 ? fields.u32(at) : width === 3 ? fields.u16(at) + fields.u8(at + 2) * 65_536 : fields.u16(at)
      row[column.name] = valueOf(stored, { table: name, column, strings })
      at += width
    }
  return rows
}

const valueOf = (
  stored: number,
  { table, column, strings }: { readonly table: string; readonly column: MsiColumn; readonly strings: StringTable },
): MsiValue => {
  if (stored === 0) return null
  if (column.kind === 'binary') return noBytes
  if (column.kind !== 'text') return stored - (column.kind === 'long' ? 0x80000000 : 0x8000)
  const text = strings.texts[stored]
  if (text === undefined)
    throw new FormatError('msi/bad-table', `${table}.${column.name} names text ${stored} of ${strings.texts.length - 1}`)
  return text
}
