// UDIF: images that dmg2img and 7-Zip take apart, and refuse once a byte is another.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { concat } from '../bytes.ts'
import { hfsVolume } from '../hfs/write.ts'
import { readXmlPlist } from '../plist/read.ts'
import { isDict } from '../plist/value.ts'
import { writeUdif, zlibRuns } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'udif-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const noise = (sizeBytes: number): Uint8Array => {
  let state = 1
  return Uint8Array.from({ length: sizeBytes }, () => (state = (state * 48_271) % 0x7fffffff) & 0xff)
}
const collected = async (parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> => concat(await Array.fromAsync(parts))
const volume = async (): Promise<Uint8Array> => {
  const contents = [new Uint8Array(5_000_000), noise(1_500_000), new TextEncoder().encode('text '.repeat(300_000))]
  const entries = contents.map((bytes, index) => ({
    type: 'file' as const,
    path: `file-${index}`,
    mode: 0o644,
    sizeBytes: bytes.length,
    bytes: () => [bytes],
  }))
  return collected(hfsVolume(entries, { volumeName: 'Image', mtime: 1_700_000_000 }).bytes())
}
const imageOf = async (bytes: Uint8Array): Promise<Uint8Array> =>
  collected(writeUdif([bytes], { sizeBytes: bytes.length, compression: zlibRuns(9), parallel: 3 }))

describe('an image', () => {
  it('is small where the volume is empty, keeps what does not shrink, and is the same at any parallelism', async () => {
    const bytes = await volume()
    const image = await imageOf(bytes)
    expect(image.length).toBeLessThan(1_650_000)
    expect(await collected(writeUdif([bytes], { sizeBytes: bytes.length, compression: zlibRuns(9), parallel: 1 }))).toEqual(image)
    expect(new TextDecoder().decode(image.subarray(-512, -508))).toBe('koly')
    const trailer = new DataView(image.buffer, image.byteOffset + image.length - 512)
    const [at, length] = [Number(trailer.getBigUint64(216)), Number(trailer.getBigUint64(224))]
    const list = readXmlPlist(new TextDecoder().decode(image.subarray(at, at + length)))
    const resources = isDict(list) ? list['resource-fork'] : undefined
    expect(isDict(resources) ? Object.keys(resources) : []).toEqual(['blkx'])
  })
  it('refuses a size that is no number of sectors, or not the volume’s', async () => {
    const code = (sizeBytes: number): Promise<unknown> =>
      collected(writeUdif([new Uint8Array(1024)], { sizeBytes, compression: zlibRuns(6) })).catch((error: { code: string }) => error.code)
    expect([await code(1000), await code(2048)]).toEqual(['udif/bad-size', 'udif/size-changed'])
  })
})

describeWithJudge(['dmg2img', '7z'], 'an image, as others read it', judges => {
  it('holds the volume byte for byte', async () => {
    const bytes = await volume()
    const [image, out] = [join(folder, 'image.dmg'), join(folder, 'image.img')]
    writeFileSync(image, await imageOf(bytes))
    execFileSync(judges.dmg2img, [image, out], { stdio: 'pipe' })
    expect(Buffer.compare(readFileSync(out), bytes)).toBe(0)
    execFileSync(judges['7z'], ['t', image], { stdio: 'pipe' })
  })
  it('is refused with one byte changed', async () => {
    const image = await imageOf(await volume())
    const at = image.length - 512 - 8000
    image[at] = (image[at] ?? 0) ^ 0xff
    const path = join(folder, 'damaged.dmg')
    writeFileSync(path, image)
    expect(() => execFileSync(judges['7z'], ['t', path], { stdio: 'pipe' })).toThrow('Command failed')
  })
})
