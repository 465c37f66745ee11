// Bills of materials: round trips over one node and many, what is refused, and broken ones. pkg.test.ts has the foreign reader.
import { describe, expect, it } from 'vitest'
import { encodeText } from '../bytes.ts'
import { cksumOfBytes } from '../cksum.ts'
import { codeOf, mutate } from '../testing/archives.ts'
import { readBom } from './read.ts'
import { type BomEntry, writeBom } from './write.ts'

const limits = { limitEntries: 1_000_000 }
const common = { uid: 0, gid: 0, mtime: 1_700_000_000 }
const folder = (path: string, more: Partial<BomEntry> = {}): BomEntry => ({
  ...common,
  path,
  type: 'folder',
  mode: 0o755,
  sizeBytes: 0,
  checksum: 0,
  ...more,
})
const file = (path: string, sizeBytes = 5, more: Partial<BomEntry> = {}): BomEntry => ({
  ...common,
  path,
  type: 'file',
  mode: 0o644,
  sizeBytes,
  checksum: 0xfedcba98,
  ...more,
})
const small: readonly BomEntry[] = [
  folder('.', { mode: 0o775, gid: 80 }),
  folder('App.app'),
  file('App.app/größe 日本語 🚢', 0xffffffff, { mode: 0o4755, uid: 501 }),
  { ...file('App.app/link', 3), type: 'symlink', linkTarget: '../ü', mode: 0o755 },
  file('App.app/large', 2 ** 32 + 7),
  file('App.app/larger', 8 * 2 ** 30 - 1),
]
const byPath = (entries: readonly BomEntry[]): readonly BomEntry[] => entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))

describe('a bill of materials', () => {
  it('reads back as it was, sizes above 32 bits too', () => {
    expect(byPath(readBom(writeBom(small), limits))).toEqual(byPath(small))
    expect(readBom(writeBom([]), limits)).toEqual([])
  })
  it.each([255, 256, 257, 70_000])('keeps %d entries, over as many nodes and levels as they need', count => {
    const entries = [
      folder('.'),
      folder('a'),
      ...Array.from({ length: count - 2 }, (_, index) => file(`${index % 2 === 0 ? 'a/' : ''}${index}`, index)),
    ]
    const bytes = writeBom(entries)
    expect(byPath(readBom(bytes, limits))).toEqual(byPath(entries))
    expect(writeBom(entries)).toEqual(bytes)
  })
  it('is a tree ordered by parent, then by the bytes of names', () => {
    const entries = [folder('.'), folder('b'), file('b/z'), file('b/\u{1f6a2}'), file('b/\uffee'), file('a')]
    expect(readBom(writeBom(entries), limits).map(one => one.path)).toEqual(['.', 'a', 'b', 'b/z', 'b/\uffee', 'b/\u{1f6a2}'])
  })
  it("has the records that Apple's own tools wrote, byte for byte", () => {
    // Of the bill of materials of Python 3.9 for macOS: a folder, a file and a link.
    const owner = { uid: 0, gid: 0 }
    const linkTarget = '/Library/Frameworks/Python.framework/Versions/3.9/Resources/Python.app/Contents/MacOS/Python'
    const bytes = writeBom([
      folder('.', { ...owner, mtime: 0x60902dd7, sizeBytes: 0x60 }),
      file('License.rtf', 0x3b0f, { ...owner, mtime: 0x60902e66, checksum: 0x15d8677a }),
      { ...file('Python', 92, { ...owner, mode: 0o755, mtime: 0x60902e8f, checksum: 0xe11c67ab }), type: 'symlink', linkTarget },
    ])
    const hex = Buffer.from(bytes).toString('hex')
    const records = [
      '0201000f41ed000000000000000060902dd700000060010000000000000000',
      '0101000f81a4000000000000000060902e6600003b0f0115d8677a0000000000000000',
      `0301000fa1ed000000000000000060902e8f0000005c01e11c67ab0000005d${Buffer.from(linkTarget).toString('hex')}000000000000000000`,
    ]
    expect(records.filter(record => !hex.includes(record))).toEqual([])
    expect(cksumOfBytes(encodeText(linkTarget))).toBe(0xe11c67ab)
  })
  it('refuses entries that it cannot hold', async () => {
    const cases: readonly (readonly BomEntry[])[] = [
      [file('a')],
      [folder('.'), file('a/b'), folder('a')],
      [folder('.'), file('a'), file('a')],
      [folder('.'), file('../a')],
      [folder('.'), file('a', 1, { mode: 0o10000 })],
      [folder('.'), file('a', -1)],
      [folder('.'), file('a', 1, { mtime: 2 ** 32 })],
      [folder('.'), file('a', 1, { linkTarget: 'b' })],
      [folder('.'), { ...file('a'), type: 'symlink' }],
    ]
    for (const [index, entries] of cases.entries()) expect([index, await codeOf(() => writeBom(entries))]).toEqual([index, 'bom/bad-entry'])
  })
})

describe('a broken one', () => {
  const bytes = writeBom(small)
  const changed = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice()
    new DataView(copy.buffer).setUint32(at, value)
    return copy
  }
  it('is refused by name', async () => {
    const code = (broken: Uint8Array): Promise<string> => codeOf(() => readBom(broken, limits))
    expect(await code(bytes.subarray(0, 20))).toBe('bom/truncated')
    expect(await code(bytes.subarray(0, bytes.length - 100))).toBe('bom/truncated')
    expect(await code(changed(0, 0))).toBe('bom/bad-header')
    expect(await code(changed(8, 2))).toBe('bom/bad-header')
    expect(await code(changed(20, 0xffffffff))).toBe('bom/truncated')
    const index = new DataView(bytes.buffer).getUint32(16)
    expect(await code(changed(index, 0xffffffff))).toBe('bom/truncated')
    // Block 2 is the tree of paths: its magic, and then the node that it names.
    const tree = new DataView(bytes.buffer).getUint32(index + 4 + 2 * 8)
    expect(await code(changed(tree, 0))).toBe('bom/bad-tree')
    expect(await code(changed(tree + 8, 0xffff))).toBe('bom/bad-tree')
    expect(await codeOf(() => readBom(bytes, { limitEntries: 3 }))).toBe('bom/too-many-entries')
  })
  it('does not run in a circle', async () => {
    const view = new DataView(bytes.buffer)
    const index = view.getUint32(16)
    const blockAt = (number: number): number => view.getUint32(index + 4 + number * 8)
    const node = view.getUint32(blockAt(2) + 8)
    // Its next neighbour is itself; as a node above leaves, its child is.
    expect(await codeOf(() => readBom(changed(blockAt(node) + 4, node), limits))).toBe('bom/bad-tree')
    const above = changed(blockAt(node), 0x00000001)
    new DataView(above.buffer).setUint32(blockAt(node) + 12, node)
    expect(await codeOf(() => readBom(above, limits))).toBe('bom/bad-tree')
  })
  it('ends in an error of the format, whatever is changed', async () => {
    const { strange, slowestMs } = await mutate(bytes, broken => Promise.resolve().then(() => readBom(broken, limits)), 3000)
    expect(strange).toEqual([])
    expect(slowestMs).toBeLessThan(500)
  })
})
