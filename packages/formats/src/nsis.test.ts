// The header of an NSIS installer, in made files; real ones: packagers/nsis.test.ts.
import { describe, expect, it } from 'vitest'
import { fromBytes } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { readNsis } from './nsis.ts'

/** An image of 1024 bytes, the header, a body, and the checksum of all but the first 512 bytes. */
const installer = (flags: number, said = 0): Uint8Array => {
  const bytes = new Uint8Array(1024 + 28 + 100 + 4).fill(5)
  const view = new DataView(bytes.buffer)
  view.setUint32(1024, flags, true)
  view.setUint32(1028, 0xdeadbeef, true)
  bytes.set(new TextEncoder().encode('NullsoftInst'), 1032)
  view.setUint32(1044, 77, true)
  view.setUint32(1048, said === 0 ? bytes.length - 1024 : said, true)
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(512, -4)), true)
  return bytes
}

describe('NSIS header', () => {
  it('says what the file is', async () => {
    const header = {
      offset: 1024,
      isUninstaller: false,
      isSilent: false,
      crc: 'forced',
      headerBytes: 77,
      followingBytes: 132,
      isWhole: true,
      isCrcRight: true,
    }
    expect(await readNsis(fromBytes(installer(8)), 1024)).toEqual(header)
    expect(await readNsis(fromBytes(installer(3)), 1000)).toEqual({ ...header, crc: 'checked', isUninstaller: true, isSilent: true })
    expect(await readNsis(fromBytes(installer(4)), 512)).toEqual({ ...header, crc: 'none', isCrcRight: undefined })
  })
  it('says what is wrong with it', async () => {
    const changed = installer(0)
    changed[1100] = 6
    expect((await readNsis(fromBytes(changed), 1024))?.isCrcRight).toBe(false)
    expect(await readNsis(fromBytes(installer(0, 5000)), 1024)).toMatchObject({ isWhole: false, isCrcRight: undefined })
    expect(await readNsis(fromBytes(installer(0, 8)), 1024)).toMatchObject({ isCrcRight: undefined })
  })
  it('a file that becomes shorter while it is read is refused', async () => {
    const source = { sizeBytes: 5000, read: () => Promise.resolve(new Uint8Array(3)) }
    await expect(readNsis(source, 1024)).rejects.toMatchObject({ code: 'nsis/truncated' })
  })
  it('is not found in anything else', async () => {
    expect(await readNsis(fromBytes(new Uint8Array(5000)), 1024)).toBeUndefined()
    expect(await readNsis(fromBytes(new Uint8Array(5)), 1024)).toBeUndefined()
  })
})
