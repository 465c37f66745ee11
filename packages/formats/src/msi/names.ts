// Windows Installer: names of streams, two letters in one UTF-16 unit (as msi.dll, Wine and libmsi have them; there is no specification).
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._'
const [pairs, singles, tableMark] = [0x3800, 0x4800, 0x4840]

/** Of a table or its string pool: with the mark in front. */
export const tableStream = (name: string): string => String.fromCharCode(tableMark) + packName(name)

/** Of a stream or of a value of a binary column, as `Icon.app.ico`. */
export const packName = (name: string): string => {
  let packed = ''
  for (let at = 0; at < name.length; at++) {
    const [first, second] = [letters.indexOf(name[at] ?? ''), letters.indexOf(name[at + 1] ?? ' ')]
    if (first === -1) packed += name[at] ?? ''
    else if (second === -1) packed += String.fromCharCode(singles + first)
    else {
      packed += String.fromCharCode(pairs + first + second * 64)
      at += 1
    }
  }
  return packed
}

export const unpackName = (packed: string): { readonly name: string; readonly isTable: boolean } => {
  const isTable = packed.charCodeAt(0) === tableMark
  const name = [...(isTable ? packed.slice(1) : packed)]
    .map(unit => {
      const code = unit.charCodeAt(0)
      if (code >= singles && code < tableMark) return letters[code - singles] ?? ''
      if (code >= pairs && code < singles) return (letters[(code - pairs) & 63] ?? '') + (letters[(code - pairs) >> 6] ?? '')
      return unit
    })
    .join('')
  return { name, isTable }
}
