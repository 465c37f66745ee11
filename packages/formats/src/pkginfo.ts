// .PKGINFO: the `key = value` lines in which Alpine (abuild, apk-v2(5)) and Arch (makepkg, write_kv_pair) describe a package.
import type { FormatError } from './format-error.ts'

/** The values of each key, in the order of the file. */
export type PkginfoFields = ReadonlyMap<string, readonly string[]>

/** One line a value; a value that is empty is left out. One that is no single line of text ends in what `refuse` makes. */
export const pkginfoText = (
  fields: readonly (readonly [key: string, value: string | readonly string[] | undefined])[],
  refuse: (message: string) => FormatError,
): string => {
  const lines: string[] = []
  for (const [key, given] of fields) {
    for (const value of typeof given === 'string' ? [given] : (given ?? [])) {
      // A line break would begin a field of its own.
      if (hasControl(value)) throw refuse(`${key} holds a line break or another control character: ${JSON.stringify(value)}`)
      if (!value.isWellFormed()) throw refuse(`${key} has no UTF-8 form`)
      if (value.trim() !== value) throw refuse(`${key} begins or ends with a space: ${JSON.stringify(value)}`)
      if (value !== '') lines.push(`${key} = ${value}\n`)
    }
  }
  return lines.join('')
}

/** Comments and empty lines are passed over; a line of another form ends in what `refuse` makes. */
export const parsePkginfo = (text: string, refuse: (message: string) => FormatError): PkginfoFields => {
  const fields = new Map<string, string[]>()
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, key, value] = /^([A-Za-z][A-Za-z0-9_-]*) *=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) throw refuse(`no field: ${JSON.stringify(line.slice(0, 100))}`)
    const values = fields.get(key)
    if (values === undefined) fields.set(key, [value.trim()])
    else values.push(value.trim())
  }
  return fields
}

const hasControl = (text: string): boolean => {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) < 0x20 || text.charCodeAt(at) === 0x7f) return true
  return false
}
