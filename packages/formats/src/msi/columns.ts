// Windows Installer: column types, as documents write them (s72, I2) and as the table _Columns keeps them.

export interface MsiColumn {
  readonly name: string
  readonly isKey: boolean
  readonly kind: 'text' | 'short' | 'long' | 'binary'
  readonly isNullable: boolean
  readonly isLocal: boolean
  /** Of text: the longest, 0 for any. */
  readonly length: number
}

/** `s72`, `L0`, `i2`, `I4`, `v0`: a capital may be null, l is translated. */
export const columnOf = (name: string, type: string, isKey: boolean): MsiColumn => {
  const letter = type[0] ?? ''
  const length = Number(type.slice(1))
  const kind = /i/i.test(letter) ? (length === 4 ? 'long' : 'short') : /v/i.test(letter) ? 'binary' : 'text'
  return {
    name,
    isKey,
    kind,
    isNullable: letter !== letter.toLowerCase(),
    isLocal: /l/i.test(letter),
    length: kind === 'text' ? length : 0,
  }
}

const [valid, local, nonBinary, text, nullable, key] = [0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000]

/** As `_Columns` keeps it. */
export const columnBits = ({ kind, isKey, isNullable, isLocal, length }: MsiColumn): number =>
  valid +
  (isKey ? key : 0) +
  (isNullable ? nullable : 0) +
  (isLocal ? local : 0) +
  { text: text + nonBinary + length, binary: text, short: nonBinary + 2, long: 4 }[kind]

/** Undefined for bits that make no sense. */
export const columnFromBits = (name: string, bits: number): MsiColumn | undefined => {
  const length = bits & 0xff
  const isText = (bits & text) !== 0
  if (!isText && length !== 2 && length !== 4) return undefined
  const kind = isText ? ((bits & nonBinary) === 0 && length === 0 ? 'binary' : 'text') : length === 2 ? 'short' : 'long'
  const flags = { isKey: (bits & key) !== 0, isNullable: (bits & nullable) !== 0, isLocal: (bits & local) !== 0 }
  return { name, kind, ...flags, length: kind === 'text' ? length : 0 }
}

/** Of `_Tables` and `_Columns`, which stand in neither. */
export const tablesColumns: readonly MsiColumn[] = [columnOf('Name', 's64', true)]
export const columnsColumns: readonly MsiColumn[] = [
  columnOf('Table', 's64', true),
  columnOf('Number', 'i2', true),
  columnOf('Name', 's64', false),
  columnOf('Type', 'i2', false),
]

/** Bytes of one value in a table's stream. */
export const widthOf = ({ kind }: MsiColumn, referenceBytes: number): number => (kind === 'text' ? referenceBytes : kind === 'long' ? 4 : 2)
