// Offsets of a text as line and column, both from 1.
export interface Position {
  readonly line: number
  readonly column: number
}
export type ConfigPath = readonly (string | number)[]
export type Locator = (path: ConfigPath) => Position

export const positionAt = (source: string, offset: number): Position => {
  const before = source.slice(0, offset)
  const start = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - start + 1 }
}
