// asar headers as Electron's tool writes them, and ones that lie.
import { describe, expect, it } from 'vitest'
import { openAsarEntry, readAsar } from './asar.ts'
import { collect, concat, encodeText, fromBytes, packLittle } from './bytes.ts'
import { identify, isAsar } from './identify.ts'

const asar = (tree: unknown, data = ''): Uint8Array => {
  const text = encodeText(typeof tree === 'string' ? tree : JSON.stringify(tree))
  const paddedBytes = (text.length + 3) & ~3
  const head = packLittle([
    [4, 4],
    [4, paddedBytes + 8],
    [4, paddedBytes + 4],
    [4, text.length],
  ])
  return concat([head, text, new Uint8Array(paddedBytes - text.length), encodeText(data)])
}
const read = (bytes: Uint8Array, limitEntries = 100) => readAsar(fromBytes(bytes), { limitEntries })

describe('readAsar', () => {
  const sha256 = 'a'.repeat(64)
  const bytes = asar(
    {
      files: {
        'a.js': { size: 3, offset: '0', integrity: { algorithm: 'SHA256', hash: sha256, blockSize: 4, blocks: [] } },
        sub: { files: { run: { size: 2, offset: '3', executable: true }, __proto__x: { size: 9, unpacked: true } } },
        link: { link: 'sub/run' },
      },
    },
    'abcde',
  )
  it('reads the tree and the bytes', async () => {
    expect([isAsar(bytes), await identify(fromBytes(bytes))]).toEqual([true, 'asar'])
    const { entries, dataOffset } = await read(bytes)
    expect(entries.map(({ path, type, sizeBytes, isUnpacked, isExecutable }) => [path, type, sizeBytes, isUnpacked, isExecutable])).toEqual(
      [
        ['a.js', 'file', 3, false, false],
        ['sub', 'folder', 0, false, false],
        ['sub/run', 'file', 2, false, true],
        ['sub/__proto__x', 'file', 9, true, false],
        ['link', 'symlink', 0, false, false],
      ],
    )
    expect(entries[0]).toMatchObject({ offset: dataOffset, sha256 })
    expect(entries[3]?.offset).toBeUndefined()
    expect(entries[2] && new TextDecoder().decode(await collect(openAsarEntry(fromBytes(bytes), entries[2]), 9))).toBe('de')
  })
  it.each([
    ['asar/bad-magic', encodeText('no asar at all, far from it')],
    ['asar/bad-header', asar('{"files":')],
    ['asar/bad-header', asar({ files: [] })],
    ['asar/bad-header', asar({ files: { a: { size: -1, offset: '0' } } })],
    ['asar/bad-header', asar({ files: { a: { size: 1, offset: 0 } } }, 'x')],
    ['asar/bad-name', asar({ files: { '..': { size: 0, offset: '0' } } })],
    ['asar/bad-name', asar({ files: { 'a/b': { size: 0, offset: '0' } } })],
    ['asar/truncated', asar({ files: { a: { size: 2, offset: '0' } } }, 'x')],
    ['asar/truncated', asar({ files: { a: { size: 2, offset: '0' } } }, 'xy').subarray(0, 30)],
    ['asar/too-many-entries', asar({ files: { a: { link: 'x' }, b: { link: 'x' }, c: { link: 'x' } } })],
  ])('%s', async (code, broken) => {
    await expect(read(broken, 2)).rejects.toMatchObject({ code })
  })
})
