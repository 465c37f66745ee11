// resources.pri: the names of the resources as a tree of folders, with the checksum by which another file refers to them.
import { concat, encodeText, packLittle } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { padded, sectionTypes, wide } from './sections.ts'

interface Node {
  readonly name: string
  /** With slashes. */
  readonly path: string
  readonly parent: number
  /** Of a folder: its place among folders; else among resources. */
  readonly payload: number
  readonly isFolder: boolean
}

export interface SchemaNames {
  readonly uniqueName: string
  readonly name: string
  /** Paths with slashes, by index; the first folder is the root, ''. */
  readonly folders: readonly string[]
  readonly items: readonly string[]
}

/** How resources of a package are addressed. */
export const uniqueNameOf = (name: string): string => `ms-appx://${name}/`

/** `paths` in the order of `comparePaths`. */
export const schemaSection = (name: string, paths: readonly string[]): Uint8Array => {
  const folders = foldersOf(paths)
  const names: SchemaNames = { uniqueName: uniqueNameOf(name), name, folders, items: paths }
  const [uniqueId, simpleId] = [wide(names.uniqueName), wide(name)]
  const head = packLittle([
    [2, 1],
    [2, uniqueId.length / 2],
    [2, simpleId.length / 2],
    [2, 0],
  ])
  const version = packLittle([
    [2, majorVersion],
    [2, 0],
    [4, 0],
    [4, schemaChecksum(names, [majorVersion, 0])],
    [4, folders.length],
    [4, paths.length],
  ])
  return padded(concat([padded(concat([head, encodeText(sectionTypes.names), version, uniqueId, simpleId]), 4), namesOf(names)]), 8)
}

const majorVersion = 1

/** Of all ancestors, parents before children. */
const foldersOf = (paths: readonly string[]): readonly string[] => {
  const folders = new Set([''])
  for (const path of paths) {
    const steps = path.split('/').slice(0, -1)
    steps.forEach((_, index) => folders.add(steps.slice(0, index + 1).join('/')))
  }
  return [...folders]
}

const namesOf = (names: SchemaNames): Uint8Array => {
  const nodes = nodesOf(names)
  const { pool, offsets } = poolOf(names)
  const indexOf = new Map(nodes.map((node, index) => [keyOf(node.path, node.isFolder), index]))
  const parts = [...nodes.map(node => nodeBytes(node, offsets.get(keyOf(node.path, node.isFolder)) ?? 0))]
  for (const folder of names.folders) {
    const index = indexOf.get(keyOf(folder, true)) ?? 0
    const children = nodes.filter((node, at) => node.parent === index && at !== 0)
    const first = children[0] === undefined ? 0 : nodes.indexOf(children[0])
    parts.push(
      packLittle([
        [2, index],
        [2, children.length],
        [2, first],
        [2, 0],
      ]),
    )
  }
  for (const item of names.items) parts.push(packLittle([[2, indexOf.get(keyOf(item, false)) ?? 0]]))
  const body = concat([...parts, pool])
  const head = packLittle([
    [2, Math.max(...nodes.map(node => node.path.length))],
    [2, 0],
    [4, nodes.length],
    [4, names.folders.length],
    [4, names.items.length],
    [4, 0], // no names in UTF-16
    [4, Math.ceil((namesHeadBytes + body.length) / 8) * 8],
    [4, pool.length],
  ])
  return padded(concat([head, body]), 8)
}

const namesHeadBytes = 28
const keyOf = (path: string, isFolder: boolean): string => `${isFolder ? 'folder' : 'item'} ${path}`

/** The root, its children, then the children of each folder among them, and so on down. */
const nodesOf = ({ folders, items }: SchemaNames): readonly Node[] => {
  const nodes: Node[] = [{ name: '', path: '', parent: 0, payload: 0, isFolder: true }]
  const all = [
    ...folders.slice(1).map((path, index) => ({ path, payload: index + 1, isFolder: true })),
    ...items.map((path, index) => ({ path, payload: index, isFolder: false })),
  ].map(one => ({ ...one, name: one.path.slice(one.path.lastIndexOf('/') + 1), above: one.path.slice(0, -1 - nameLength(one.path)) }))
  const add = (folder: string, parent: number): void => {
    const children = all.filter(one => one.above === folder).sort((a, b) => compareNames(a.name, b.name))
    const from = nodes.length
    for (const { name, path, payload, isFolder } of children) nodes.push({ name, path, parent, payload, isFolder })
    children.forEach((child, index) => child.isFolder && add(child.path, from + index))
  }
  add('', 0)
  return nodes
}

const nameLength = (path: string): number => path.length - path.lastIndexOf('/') - 1

/** Case counts for nothing: they are found by halving. */
const compareNames = (left: string, right: string): number => {
  const [a, b] = [left.toUpperCase(), right.toUpperCase()]
  return a < b ? -1 : a > b ? 1 : 0
}

/** As MakePri walks folders: the files of each, then the folders in it. */
export const comparePaths = (left: string, right: string): number => {
  const [a, b] = [left.split('/'), right.split('/')]
  const at = a.findIndex((step, index) => step !== b[index])
  if (at === -1) return a.length - b.length
  const isFile = (steps: readonly string[]): boolean => steps.length === at + 1
  return isFile(a) === isFile(b) ? compareNames(a[at] ?? '', b[at] ?? '') : isFile(a) ? -1 : 1
}

export const nodeFolder = 0x10
export const nodeAscii = 0x20

const nodeBytes = ({ name, path, parent, payload, isFolder }: Node, offset: number): Uint8Array => {
  const flags = (isFolder ? nodeFolder : 0) | (name === '' ? 0 : nodeAscii)
  return packLittle([
    [2, parent],
    [2, path.length],
    [2, name === '' ? 0 : name.toUpperCase().charCodeAt(0)],
    [2, name.length | ((flags | (offset >> 16)) << 8)],
    [2, offset & 0xffff],
    [2, payload],
  ])
}

/** All names once, each with a zero behind it; a zero stands in front. */
const poolOf = ({ folders, items }: SchemaNames): { readonly pool: Uint8Array; readonly offsets: ReadonlyMap<string, number> } => {
  const offsets = new Map<string, number>()
  const parts: Uint8Array[] = [Uint8Array.of(0)]
  let offset = 1
  for (const [path, isFolder] of [...folders.slice(1).map(path => [path, true] as const), ...items.map(path => [path, false] as const)]) {
    const name = encodeText(`${path.slice(path.lastIndexOf('/') + 1)}\0`)
    offsets.set(keyOf(path, isFolder), offset)
    parts.push(name)
    offset += name.length
  }
  return { pool: concat(parts), offsets }
}

/** CRC-32 over lengths and lower-case text; folders and resources in the order of their indices. */
export const schemaChecksum = (names: SchemaNames, [major, minor]: readonly [number, number]): number => {
  let sum = 0
  const add = (bytes: Uint8Array): void => void (sum = crc32(bytes, sum))
  const number = (value: number): void => add(packLittle([[4, value]]))
  const text = (value: string): void => {
    const bytes = wide(value.toLowerCase())
    number(bytes.length)
    add(bytes)
  }
  text(names.uniqueName)
  text(names.name)
  number(major | (minor << 16))
  for (const list of [names.folders, names.items]) {
    // A pool without description, whose case counts for nothing.
    for (const value of [0, 0, 1, list.length]) number(value)
    for (const one of list) text(one)
  }
  return sum
}
