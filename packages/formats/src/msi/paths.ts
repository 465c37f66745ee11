// Windows Installer databases: where files go, and the cabinets that they lie in (Windows Installer, "Directory Table", "Media Table").
import type { Source } from '../bytes.ts'
import type { Msi } from './read.ts'
import type { MsiRow } from './write.ts'

const rowsOf = (msi: Msi, table: string): readonly MsiRow[] => msi.tables.get(table)?.rows ?? []
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The cabinets inside of the package (named with a number sign), in the order in which files are numbered. */
export const msiCabinets = (msi: Msi): readonly Source[] =>
  rowsOf(msi, 'Media').flatMap(row => {
    const name = textOf(row['Cabinet'])
    const stream = name.startsWith('#') ? msi.streams.find(one => one.name === name.slice(1)) : undefined
    return stream === undefined ? [] : [stream.open()]
  })

/** Key of a file -> where it is installed, below the folder of the system that it begins with. */
export const msiPaths = (msi: Msi): ReadonlyMap<string, string> => {
  const directories = new Map(rowsOf(msi, 'Directory').map(row => [textOf(row['Directory']), row]))
  const folders = new Map(rowsOf(msi, 'Component').map(row => [textOf(row['Component']), textOf(row['Directory_'])]))
  const known = new Map<string, string>()
  const pathTo = (id: string): string => {
    const steps: string[] = []
    // Parents of a damaged table may run in a circle.
    for (let at = id, depth = 0; depth < limitDepth; depth++) {
      const row = directories.get(at)
      const parent = textOf(row?.['Directory_Parent'])
      if (row === undefined || parent === '' || parent === at) break
      const name = longName(textOf(row['DefaultDir']).split(':')[0] ?? '')
      steps.unshift(name === '.' ? at : name)
      at = parent
    }
    return steps.join('/')
  }
  return new Map(
    rowsOf(msi, 'File').map(row => {
      const id = folders.get(textOf(row['Component_'])) ?? ''
      const folder = known.get(id) ?? pathTo(id)
      known.set(id, folder)
      return [textOf(row['File']), `${folder === '' ? '' : `${folder}/`}${longName(textOf(row['FileName']))}`]
    }),
  )
}

const limitDepth = 256
const longName = (name: string): string => name.slice(name.indexOf('|') + 1)
