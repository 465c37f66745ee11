// Windows Installer: the tables that we write, and what _Validation says of their columns (Windows SDK, "Database Tables", "_Validation Table").
import { columnOf, type MsiColumn } from './columns.ts'
import type { MsiRow, MsiTable } from './write.ts'

// A line a column: name (* for a key), type, then `low..high`, `>Table` (>Table;Other) for a foreign key, `=a;b` for a set, and its category.
const text = `
AppSearch
  Property* s72 Identifier
  Signature_* s72 >RegLocator Identifier
Component
  Component* s72 Identifier
  ComponentId S38 Guid
  Directory_ s72 >Directory Identifier
  Attributes i2 0..32767
  Condition S255 Condition
  KeyPath S72 >File;Registry Identifier
CreateFolder
  Directory_* s72 >Directory Identifier
  Component_* s72 >Component Identifier
CustomAction
  Action* s72 Identifier
  Type i2 1..32767
  Source S72 CustomSource
  Target S255 Formatted
Directory
  Directory* s72 Identifier
  Directory_Parent S72 >Directory Identifier
  DefaultDir l255 DefaultDir
Environment
  Environment* s72 Identifier
  Name l255 Text
  Value L255 Formatted
  Component_ s72 >Component Identifier
Feature
  Feature* s38 Identifier
  Feature_Parent S38 >Feature Identifier
  Title L64 Text
  Description L255 Text
  Display I2 0..32767
  Level i2 0..32767
  Directory_ S72 >Directory UpperCase
  Attributes i2 =0;1;2;4;5;6;8;9;10;16;17;18;20;21;22;24;25;26;32;33;34;36;37;38;48;49;50;52;53;54
FeatureComponents
  Feature_* s38 >Feature Identifier
  Component_* s72 >Component Identifier
File
  File* s72 Identifier
  Component_ s72 >Component Identifier
  FileName l255 Filename
  FileSize i4 0..2147483647
  Version S72 >File Version
  Language S20 Language
  Attributes I2 0..32767
  Sequence i2 1..32767
Icon
  Name* s72 Identifier
  Data v0 Binary
InstallExecuteSequence
  Action* s72 Identifier
  Condition S255 Condition
  Sequence I2 -4..32767
Media
  DiskId* i2 1..32767
  LastSequence i2 0..32767
  DiskPrompt L64 Text
  Cabinet S255 Cabinet
  VolumeLabel S32 Text
  Source S72 Property
Property
  Property* s72 Identifier
  Value l0 Text
RegLocator
  Signature_* s72 Identifier
  Root i2 0..3
  Key s255 RegPath
  Name S255 Formatted
  Type I2 0..18
Registry
  Registry* s72 Identifier
  Root i2 -1..3
  Key l255 RegPath
  Name L255 Formatted
  Value L0 Formatted
  Component_ s72 >Component Identifier
RemoveFile
  FileKey* s72 Identifier
  Component_ s72 >Component Identifier
  FileName L255 WildCardFilename
  DirProperty s72 Identifier
  InstallMode i2 =1;2;3
ServiceControl
  ServiceControl* s72 Identifier
  Name l255 Formatted
  Event i2 0..187
  Arguments S255 Formatted
  Wait I2 0..1
  Component_ s72 >Component Identifier
ServiceInstall
  ServiceInstall* s72 Identifier
  Name s255 Formatted
  DisplayName L255 Formatted
  ServiceType i4 -2147483647..2147483647
  StartType i4 0..4
  ErrorControl i4 -2147483647..2147483647
  LoadOrderGroup S255 Formatted
  Dependencies S255 Formatted
  StartName S255 Formatted
  Password S255 Formatted
  Arguments S255 Formatted
  Component_ s72 >Component Identifier
  Description L255 Text
Shortcut
  Shortcut* s72 Identifier
  Directory_ s72 >Directory Identifier
  Name l128 Filename
  Component_ s72 >Component Identifier
  Target s72 Shortcut
  Arguments S255 Formatted
  Description L255 Text
  Hotkey I2 0..32767
  Icon_ S72 >Icon Identifier
  IconIndex I2 -32767..32767
  ShowCmd I2 =1;3;7
  WkDir S72 Identifier
Upgrade
  UpgradeCode* s38 Guid
  VersionMin* S20 Text
  VersionMax* S20 Text
  Language* S255 Language
  Attributes* i4 0..2147483647
  Remove S255 Formatted
  ActionProperty s72 UpperCase
_Validation
  Table* s32 Identifier
  Column* s32 Identifier
  Nullable s4 =Y;N
  MinValue I4 -2147483647..2147483647
  MaxValue I4 -2147483647..2147483647
  KeyTable S255 Identifier
  KeyColumn I2 1..32
  Category S32 =Text;Formatted;Template;Condition;Guid;Path;Version;Language;Identifier;Binary;UpperCase;LowerCase;Filename;Paths;AnyPath;WildCardFilename;RegPath;CustomSource;Property;Cabinet;Shortcut;DefaultDir;Integer;DoubleInteger;TimeDate
  Set S255 Text
  Description S255 Text
`

interface Known {
  readonly columns: readonly MsiColumn[]
  readonly rules: readonly MsiRow[]
}

const readColumn = (table: string, line: string): { readonly column: MsiColumn; readonly rule: MsiRow } => {
  const [key = '', type = '', ...rules] = line.trim().split(' ')
  const name = key.replace('*', '')
  const column = columnOf(name, type, key.endsWith('*'))
  const [, low, high] = /^(-?\d+)\.\.(\d+)$/.exec(rules.find(one => one.includes('..')) ?? '') ?? []
  const foreign = rules.find(one => one.startsWith('>'))?.slice(1)
  const set = rules.find(one => one.startsWith('='))?.slice(1)
  const rule: MsiRow = {
    Table: table,
    Column: name,
    Nullable: column.isNullable ? 'Y' : 'N',
    MinValue: low === undefined ? null : Number(low),
    MaxValue: high === undefined ? null : Number(high),
    KeyTable: foreign ?? null,
    KeyColumn: foreign === undefined ? null : 1,
    Category: rules.find(one => /^[A-Z]/.test(one)) ?? (set !== undefined && column.kind === 'text' ? 'Text' : null),
    Set: set ?? null,
    Description: null,
  }
  return { column, rule }
}

const known = ((): ReadonlyMap<string, Known> => {
  const found = new Map<string, { columns: MsiColumn[]; rules: MsiRow[] }>()
  let table = ''
  for (const line of text.trim().split('\n')) {
    if (!line.startsWith(' ')) {
      table = line
      found.set(table, { columns: [], rules: [] })
      continue
    }
    const { column, rule } = readColumn(table, line)
    found.get(table)?.columns.push(column)
    found.get(table)?.rules.push(rule)
  }
  return found
})()

/** Sequences have one shape. */
const shapeOf: Readonly<Record<string, string>> = {
  InstallUISequence: 'InstallExecuteSequence',
  AdminExecuteSequence: 'InstallExecuteSequence',
  AdminUISequence: 'InstallExecuteSequence',
  AdvtExecuteSequence: 'InstallExecuteSequence',
}

/** The tables that have rows, with `_Validation` for each of their columns. A column whose numbers outgrow 16 bits takes 32. */
export const knownTables = (rows: Readonly<Record<string, readonly MsiRow[]>>): readonly MsiTable[] => {
  const tables = Object.entries(rows).filter(([, list]) => list.length > 0)
  const made = tables.map(([name, list]) => {
    const { columns, rules } = shaped(name)
    const wide = columns.filter(one => one.kind === 'short' && list.some(row => Number(row[one.name] ?? 0) > 0x7fff)).map(one => one.name)
    return {
      table: { name, rows: list, columns: columns.map(one => (wide.includes(one.name) ? { ...one, kind: 'long' as const } : one)) },
      rules: rules.map(one => ({ ...one, Table: name, ...(wide.includes(String(one['Column'])) ? { MaxValue: 0x7fffffff } : {}) })),
    }
  })
  const own = shaped('_Validation')
  const validation = [...made.flatMap(one => one.rules), ...own.rules]
  return [...made.map(one => one.table), { name: '_Validation', columns: own.columns, rows: validation }]
}

const shaped = (name: string): Known => known.get(shapeOf[name] ?? name) ?? { columns: [], rules: [] }
