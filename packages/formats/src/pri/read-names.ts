// resources.pri, reading: the tree of names of a schema section, whose checksum is checked.
import { fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { nodeAscii, nodeFolder, schemaChecksum, type SchemaNames } from './schema.ts'
import { sectionTypes } from './sections.ts'

export type ReadNames = SchemaNames

/** Throws `pri/bad-names`, `pri/bad-checksum`. */
export const readNames = (content: Uint8Array): ReadNames => {
  const fields = fieldsOf(content, 'little')
  const type = String.fromCharCode(...content.subarray(8, 24))
  if (fields.u16(0) !== 1 || type !== sectionTypes.names) throw bad(`names of the form ${JSON.stringify(type)}`)
  const [uniqueLength, nameLength] = [fields.u16(2), fields.u16(4)]
  const [checksum, folderCount, itemCount] = [fields.u32(32), fields.u32(36), fields.u32(40)]
  const uniqueName = wideAt(content, headBytes, uniqueLength - 1)
  const name = wideAt(content, headBytes + 2 * uniqueLength, nameLength - 1)
  const start = Math.ceil((headBytes + 2 * (uniqueLength + nameLength)) / 4) * 4
  const paths = readTree(content.subarray(start))
  if (paths.folders.length !== folderCount || paths.items.length !== itemCount) throw bad('two counts of its names differ')
  const names = { uniqueName, name, ...paths }
  const counted = schemaChecksum(names, [fields.u16(24), fields.u16(26)])
  if (counted !== checksum) throw new FormatError('pri/bad-checksum', `its names have the checksum ${counted}, not ${checksum}`)
  return names
}

const headBytes = 44
const treeHeadBytes = 28

const bad = (message: string): FormatError => new FormatError('pri/bad-names', message)

const wideAt = (content: Uint8Array, offset: number, length: number): string => {
  if (length < 0 || offset + 2 * length > content.length) throw bad('a name lies outside')
  return new TextDecoder('utf-16le').decode(content.subarray(offset, offset + 2 * length))
}

const readTree = (tree: Uint8Array): Pick<ReadNames, 'folders' | 'items'> => {
  const fields = fieldsOf(tree, 'little')
  const [flags, nodes, folders, items] = [fields.u16(2), fields.u32(4), fields.u32(8), fields.u32(12)]
  const [wideLength, sizeBytes, asciiBytes] = [fields.u32(16), fields.u32(20), fields.u32(24)]
  const wideNamesAt = treeHeadBytes + 12 * nodes + 8 * folders + 2 * items
  const asciiAt = wideNamesAt + 2 * wideLength
  if (flags !== 0 || nodes !== folders + items || Math.ceil((asciiAt + asciiBytes) / 8) * 8 !== sizeBytes || sizeBytes > tree.length)
    throw bad(`${nodes} names in ${sizeBytes} bytes`)
  const none = (length: number): (string | undefined)[] => Array.from({ length })
  const found = { folders: none(folders), items: none(items) }
  const paths: string[] = []
  for (let index = 0; index < nodes; index++) {
    const at = treeHeadBytes + 12 * index
    const [parent, nodeFlags, payload] = [fields.u16(at), fields.u8(at + 7), fields.u16(at + 10)]
    const offset = fields.u16(at + 8) | ((nodeFlags & 0xf) << 16) | ((nodeFlags & 0x40) << 14) | ((nodeFlags & 0x80) << 14)
    // Parents stand before their children, the root first.
    if (index > 0 && parent >= index) throw bad(`name ${index} stands before its folder`)
    const name = index === 0 ? '' : nodeFlags & nodeAscii ? asciiName(tree, asciiAt + offset) : wideName(tree, wideNamesAt + 2 * offset)
    const above = paths[parent] ?? ''
    const path = index === 0 || above === '' ? name : `${above}/${name}`
    paths.push(path)
    if (path.length !== fields.u16(at + 2)) throw bad(`${JSON.stringify(path)} is to have ${fields.u16(at + 2)} characters`)
    const list = nodeFlags & nodeFolder ? found.folders : found.items
    if (payload >= list.length || list[payload] !== undefined) throw bad(`${JSON.stringify(path)} has the number ${payload}`)
    list[payload] = path
  }
  // As many numbers as names, and none twice: each has its name.
  return { folders: found.folders.map(one => one ?? ''), items: found.items.map(one => one ?? '') }
}

const asciiName = (tree: Uint8Array, offset: number): string => {
  const end = tree.indexOf(0, offset)
  if (end === -1) throw bad('a name does not end')
  return new TextDecoder('latin1').decode(tree.subarray(offset, end))
}

const wideName = (tree: Uint8Array, offset: number): string => {
  let end = offset
  while (end + 2 <= tree.length && (tree[end] !== 0 || tree[end + 1] !== 0)) end += 2
  return wideAt(tree, offset, (end - offset) / 2)
}
