// A bill of materials, reading; what it holds is untrusted.
import { decodeText, type Fields, fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { type BomEntry, bomMagic, nodeHeadBytes } from './bom.ts'

export type { BomEntry } from './bom.ts'

export interface BomReading {
  readonly limitEntries: number
}

/** The paths in the order of the tree, `.` first. Throws `bom/truncated`, `bom/bad-header`, `bom/bad-tree`, `bom/too-many-entries`. */
export const readBom = (bytes: Uint8Array, { limitEntries }: BomReading): readonly BomEntry[] => {
  const store = storeOf(bytes)
  const sizes = new Map<number, number>()
  if (store.has('Size64'))
    for (const { key, value } of leavesOf(store, 'Size64', limitEntries)) sizes.set(store.block(value).u32(0), store.block(key).u64(0))
  const paths = new Map<number, string>()
  return leavesOf(store, 'Paths', limitEntries).map(({ key, value }) => {
    const info = store.block(key)
    const [id, record] = [info.u32(0), info.u32(4)]
    const parent = store.block(value).u32(0)
    const name = store.text(value, 4)
    if (name === '' || name.includes('/') || name === '..') throw bad(`${JSON.stringify(name)} is no name`)
    const above = parent === 0 ? '' : paths.get(parent)
    if (above === undefined) throw bad(`${JSON.stringify(name)} lies in a folder that did not come yet`)
    const path = parent === 0 || above === '.' ? name : `${above}/${name}`
    paths.set(id, path)
    return entryOf(path, store, { record, size: sizes.get(record) })
  })
}

const bad = (message: string, offset?: number): FormatError => new FormatError('bom/bad-tree', message, offset)

interface Store {
  readonly has: (name: string) => boolean
  readonly named: (name: string) => number
  readonly block: (number: number) => Fields
  /** From `at` up to the NUL. */
  readonly text: (number: number, at: number) => string
}

const storeOf = (bytes: Uint8Array): Store => {
  if (bytes.length < 32) throw new FormatError('bom/truncated', 'it ends in its header', bytes.length)
  const header = checked(bytes)
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== bomMagic || header.u32(8) !== 1)
    throw new FormatError('bom/bad-header', 'it does not begin as a bill of materials, version 1', 0)
  const range = (offset: number, length: number): Uint8Array => {
    if (offset + length > bytes.length) throw new FormatError('bom/truncated', `${length} bytes at ${offset} lie behind its end`, offset)
    return bytes.subarray(offset, offset + length)
  }
  const index = range(header.u32(16), header.u32(20))
  const places = checked(index)
  const count = places.u32(0)
  if (4 + count * 8 > index.length) throw new FormatError('bom/truncated', `${count} blocks do not fit into its index`)
  const blockBytes = (number: number): Uint8Array => {
    if (number === 0 || number >= count) throw bad(`there is no block ${number}`)
    return range(places.u32(4 + number * 8), places.u32(8 + number * 8))
  }
  const names = namesOf(range(header.u32(24), header.u32(28)))
  return {
    has: name => names.has(name),
    named: name => names.get(name) ?? 0,
    block: number => checked(blockBytes(number)),
    text: (number, at) => textOf(blockBytes(number).subarray(at)),
  }
}

const textOf = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0)
  if (end === -1) throw bad('a name does not end')
  try {
    return decodeText(bytes.subarray(0, end))
  } catch {
    throw bad('a name is not UTF-8')
  }
}

/** Fields whose lack is an error of this format. */
const checked = (bytes: Uint8Array): Fields => {
  const fields = fieldsOf(bytes, 'big')
  const guarded =
    (read: (offset: number) => number) =>
    (offset: number): number => {
      try {
        return read(offset)
      } catch {
        throw new FormatError('bom/truncated', `a block of ${bytes.length} bytes has no field at ${offset}`)
      }
    }
  return { u8: guarded(fields.u8), u16: guarded(fields.u16), u32: guarded(fields.u32), u64: guarded(fields.u64) }
}

const namesOf = (bytes: Uint8Array): ReadonlyMap<string, number> => {
  const fields = checked(bytes)
  const names = new Map<string, number>()
  let at = 4
  for (let left = fields.u32(0); left > 0; left--) {
    const [number, length] = [fields.u32(at), fields.u8(at + 4)]
    names.set(String.fromCharCode(...bytes.subarray(at + 5, at + 5 + length)).replace(/\0$/, ''), number)
    at += 5 + length
  }
  return names
}

const limitDepth = 8

/** All leaves of a tree: down along the first children, then along the neighbours. */
const leavesOf = (store: Store, name: string, limitEntries: number): readonly { readonly key: number; readonly value: number }[] => {
  const tree = store.block(store.named(name))
  if (tree.u32(0) !== 0x74726565) throw bad(`${name} is no tree`)
  let number = tree.u32(8)
  for (let depth = 0; store.block(number).u16(0) === 0; depth++) {
    if (depth > limitDepth) throw bad(`${name} is deeper than any tree`)
    number = store.block(number).u32(nodeHeadBytes)
  }
  const leaves: { key: number; value: number }[] = []
  const seen = new Set<number>()
  while (number !== 0) {
    if (seen.has(number)) throw bad(`${name} runs in a circle`)
    seen.add(number)
    const node = store.block(number)
    for (let left = node.u16(2), at = nodeHeadBytes; left > 0; left--, at += 8) {
      if (leaves.length >= limitEntries) throw new FormatError('bom/too-many-entries', `more than ${limitEntries} entries`)
      leaves.push({ key: node.u32(at), value: node.u32(at + 4) })
    }
    number = node.u32(4)
  }
  return leaves
}

const types = new Map<number, BomEntry['type']>([
  [1, 'file'],
  [2, 'folder'],
  [3, 'symlink'],
])

const entryOf = (
  path: string,
  store: Store,
  { record, size }: { readonly record: number; readonly size: number | undefined },
): BomEntry => {
  const fields = store.block(record)
  const type = types.get(fields.u8(0))
  if (type === undefined) throw bad(`${JSON.stringify(path)} has the type ${fields.u8(0)}`)
  const common = { path, type, mode: fields.u16(4) & 0o7777, uid: fields.u32(6), gid: fields.u32(10), mtime: fields.u32(14) }
  const known = { ...common, sizeBytes: size ?? fields.u32(18), checksum: type === 'folder' ? 0 : fields.u32(23) }
  return type === 'symlink' ? { ...known, linkTarget: store.text(record, 31) } : known
}
