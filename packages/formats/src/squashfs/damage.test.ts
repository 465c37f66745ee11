// squashfs: damage that has its own word: a root that is no folder, and a block whose bytes do not unpack.
import { expect, it } from 'vitest'
import { concat, fromBytes } from '../bytes.ts'
import { all, sampleBytes } from '../testing/archives.ts'
import { readSquashfs } from './read.ts'
import { writeSquashfs } from './write.ts'

const content = concat([sampleBytes(300), new Uint8Array(200_000), sampleBytes(300)])
const image = (): Promise<Uint8Array> =>
  all(
    writeSquashfs([{ type: 'file', path: 'a', mode: 0o644, sizeBytes: content.length, bytes: () => [content] }], {
      compression: { method: 'gzip', level: 6 },
      mtime: 1,
    }),
  )
const rootAt = 32 // superblock: where the inode of the root stands

it('refuses a root that is no folder: squashfs/bad-inode', async () => {
  const bytes = await image()
  bytes.fill(0, rootAt, rootAt + 2) // the first inode of the table is the file's
  await expect(readSquashfs(fromBytes(bytes))).rejects.toThrow(expect.objectContaining({ code: 'squashfs/bad-inode' }))
})
it('refuses a block that does not unpack: squashfs/corrupt', async () => {
  const bytes = await image()
  bytes.fill(0xff, 96, 110) // the first data block follows the superblock
  const found = await readSquashfs(fromBytes(bytes))
  const [file] = found.entries.filter(entry => entry.type === 'file')
  if (file === undefined) throw new Error('no file')
  await expect(all(found.open(file, { limitBytes: 1 << 30 }))).rejects.toThrow(expect.objectContaining({ code: 'squashfs/corrupt' }))
})
