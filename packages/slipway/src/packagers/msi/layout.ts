// msi: the app folder as rows: directories, components, files, and what takes empty folders away (Windows Installer, "Component Table").
import { parseTarget, type Target } from '@slipway/core'
import { guidOf } from '@slipway/formats/guid'
import type { MsiRow } from '@slipway/formats/msi/write'
import type { FileTree, TreeFile } from '../../tree.ts'
import { windowsName } from '../windows/names.ts'
import { componentCode } from './codes.ts'
import { installerNames } from './names.ts'
import { programFacts } from './program.ts'

export interface LayoutSource {
  readonly tree: FileTree
  readonly target: Target
  readonly mode: 'user' | 'machine'
  /** Display name of the app. */
  readonly name: string
  /** Key below Software that holds what keeps components. */
  readonly registryKey: string
  readonly productCode: string
}
export interface Layout {
  readonly rows: Readonly<Record<'Directory' | 'Component' | 'File' | 'CreateFolder' | 'RemoveFile' | 'Registry', readonly MsiRow[]>>
  /** In the order of their sequence, with their keys. */
  readonly files: readonly { readonly id: string; readonly file: TreeFile }[]
  /** Of the program. */
  readonly program: { readonly file: string; readonly component: string; readonly directory: string }
  /** Folders in front of the app's own, for who looks into the package. */
  readonly home: string
}

const pathSpace = '{0B6F2D4A-93C5-5E18-8A7B-C14D5E60F392}'
export const [fromRegistry, sixtyFour] = [4, 256]

export const layoutOf = async (source: LayoutSource): Promise<Layout> => {
  const { tree } = source
  const files = tree.entries.filter(one => one.type === 'file')
  const folders = foldersOf(tree)
  const components = componentsOf(source, { files, folders })
  const componentByFile = new Map(components.flatMap(one => one.files.map(file => [file.path, one] as const)))
  const names = namesByFolder([...folders, ...files.map(one => one.path)])
  const fileRows: MsiRow[] = []
  for (const [index, file] of files.entries()) {
    const { version } = await programFacts(file)
    fileRows.push({
      File: fileId(file.path),
      Component_: componentByFile.get(file.path)?.id ?? '',
      FileName: names.get(file.path) ?? '',
      FileSize: file.sizeBytes,
      Version: version,
      Language: version === null ? null : '0',
      Attributes: null,
      Sequence: index + 1,
    })
  }
  const main = componentByFile.get(tree.executable)?.id ?? components[0]?.id ?? ''
  return {
    rows: {
      Directory: [...systemRows(source), ...folders.map(path => directoryRow(path, names))],
      Component: components.map(one => one.row),
      File: fileRows,
      CreateFolder: components
        .filter(one => one.files.length === 0)
        .map(one => ({ Directory_: one.row['Directory_'] ?? '', Component_: one.id })),
      RemoveFile: removals(source, { folders, component: main }),
      Registry: components.flatMap(one => (one.key === null ? [] : [one.key])),
    },
    files: files.map(file => ({ id: fileId(file.path), file })),
    program: { file: fileId(tree.executable), component: main, directory: directoryId(above(tree.executable)) },
    home: `${folderOf(source)}/${source.mode === 'user' ? 'Programs/' : ''}${windowsName(source.name)}`,
  }
}

const above = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
/** Of the path alone: a file keeps its key from release to release. */
const keyOf = (path: string): string => guidOf(pathSpace, path).replaceAll(/[{}-]/g, '').slice(0, 16).toLowerCase()
const fileId = (path: string): string => `f${keyOf(path)}`
const directoryId = (path: string): string => (path === '' ? 'INSTALLFOLDER' : `d${keyOf(path)}`)

/** All folders, those first that hold others. */
const foldersOf = ({ entries }: FileTree): readonly string[] => {
  const folders = new Set<string>()
  for (const { type, path } of entries) for (let at = type === 'folder' ? path : above(path); at !== ''; at = above(at)) folders.add(at)
  return [...folders].sort()
}

const namesByFolder = (paths: readonly string[]): ReadonlyMap<string, string> => {
  const byFolder = new Map<string, string[]>()
  for (const path of paths) {
    const names = byFolder.get(above(path)) ?? []
    names.push(path.slice(path.lastIndexOf('/') + 1))
    byFolder.set(above(path), names)
  }
  const found = new Map<string, string>()
  for (const [folder, names] of byFolder)
    for (const [name, installed] of installerNames(names)) found.set(folder === '' ? name : `${folder}/${name}`, installed)
  return found
}

const folderOf = ({ mode, target }: LayoutSource): string =>
  mode === 'user' ? 'LocalAppDataFolder' : parseTarget(target)?.arch === 'x86' ? 'ProgramFilesFolder' : 'ProgramFiles64Folder'

const systemRows = (source: LayoutSource): readonly MsiRow[] => {
  const folder = folderOf(source)
  const name = windowsName(source.name)
  const row = (id: string, parent: string | null, name_: string): MsiRow => ({ Directory: id, Directory_Parent: parent, DefaultDir: name_ })
  const isUser = source.mode === 'user'
  return [
    row('TARGETDIR', null, 'SourceDir'),
    row(folder, 'TARGETDIR', '.'),
    ...(isUser ? [row('UserPrograms', folder, 'Programs')] : []),
    row('INSTALLFOLDER', isUser ? 'UserPrograms' : folder, installerNames([name]).get(name) ?? name),
  ]
}

const directoryRow = (path: string, names: ReadonlyMap<string, string>): MsiRow => ({
  Directory: directoryId(path),
  Directory_Parent: directoryId(above(path)),
  DefaultDir: names.get(path) ?? '',
})

interface Contents {
  readonly files: readonly TreeFile[]
  readonly folders: readonly string[]
}
interface Component {
  readonly id: string
  readonly files: readonly TreeFile[]
  readonly row: MsiRow
  readonly key: MsiRow | null
}

/** A component a file, kept by that file. In a user's profile a component a folder, kept by a value of the user's registry (ICE38). */
const componentsOf = (source: LayoutSource, { files, folders }: Contents): readonly Component[] => {
  const isUser = source.mode === 'user'
  const groups = new Map<string, { readonly folder: string; readonly files: TreeFile[] }>()
  for (const file of files) {
    const path = isUser ? above(file.path) : file.path
    const group = groups.get(path) ?? { folder: above(file.path), files: [] }
    group.files.push(file)
    groups.set(path, group)
  }
  const held = new Set([...folders, ...files.map(one => one.path)].map(above))
  for (const folder of folders) if (!held.has(folder)) groups.set(folder, { folder, files: [] })
  return [...groups].map(([path, group]) => {
    const id = `c${keyOf(path)}`
    const [first] = group.files
    const key = isUser ? keeper(source, id) : null
    const row = {
      Component: id,
      ComponentId: componentCode(source.productCode, path),
      Directory_: directoryId(group.folder),
      Attributes: bitsOf(source.target) + (isUser ? fromRegistry : 0),
      Condition: null,
      KeyPath: key?.['Registry'] ?? (first === undefined ? null : fileId(first.path)),
    }
    return { id, files: group.files, row, key }
  })
}

export const bitsOf = (target: Target): number => (parseTarget(target)?.arch === 'x86' ? 0 : sixtyFour)

/** A value in the user's registry, by which Windows sees that a component is there. */
export const keeper = ({ registryKey }: { readonly registryKey: string }, component: string): MsiRow => ({
  Registry: `k${component}`,
  Root: 1,
  Key: `Software\\${registryKey}\\Installer`,
  Name: component,
  Value: '#1',
  Component_: component,
})

/** Folders in a profile are named for removal (ICE64); those of the machine go when they are empty. */
const removals = (
  { mode }: LayoutSource,
  { folders, component }: { readonly folders: readonly string[]; readonly component: string },
): readonly MsiRow[] =>
  mode === 'machine'
    ? []
    : ['UserPrograms', 'INSTALLFOLDER', ...folders.map(directoryId)].map(directory => ({
        FileKey: `r${directory}`,
        Component_: component,
        FileName: null,
        DirProperty: directory,
        InstallMode: 2,
      }))
