// Icons of Windows: our writer read by our reader and by icotool; damaged ones refused.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { fromBytes } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { readIco, writeIco } from './ico.ts'
import { identify } from './identify.ts'
import { type Image, readPng, resizeImage } from './png.ts'

const folder = mkdtempSync(join(tmpdir(), 'ico-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
/** Coloured, with a clear corner and a half clear stripe. */
const picture = (side: number): Image => ({
  width: side,
  height: side,
  pixels: Uint8Array.from({ length: side * side * 4 }, (_, at) => {
    const [x, y] = [(at >> 2) % side, Math.floor((at >> 2) / side)]
    if (at % 4 === 3) return x < side / 4 && y < side / 4 ? 0 : x > side / 2 ? 128 : 255
    return at % 4 === 0 ? (x * 255) / side : at % 4 === 1 ? (y * 255) / side : 77
  }),
})
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error)
  }
  return 'none'
}

describe('ico', () => {
  it('has each size up to that of the picture, the largest as PNG', async () => {
    const icon = writeIco(picture(300))
    const members = readIco(icon)
    expect(members.map(({ width, height }) => [width, height])).toEqual([16, 20, 24, 32, 40, 48, 64, 96, 128, 256].map(one => [one, one]))
    expect(members.map(({ form }) => form)).toEqual([...Array<string>(9).fill('bitmap'), 'png'])
    expect(readPng(members[9]?.bytes ?? new Uint8Array(0)).pixels).toEqual(resizeImage(picture(300), { width: 256, height: 256 }).pixels)
    expect(readIco(writeIco(picture(50))).map(({ width }) => width)).toEqual([16, 20, 24, 32, 40, 48])
    expect(await identify(fromBytes(icon))).toBe('ico')
    expect(await identify(fromBytes(icon.subarray(0, 40)))).not.toBe('ico')
    expect(Buffer.compare(icon, writeIco(picture(300)))).toBe(0)
  })
  it('what is no icon is refused', () => {
    const icon = writeIco(picture(32))
    const with16 = (at: number, value: number): Uint8Array => {
      const changed = icon.slice()
      new DataView(changed.buffer).setUint16(at, value, true)
      return changed
    }
    expect(codeOf(() => writeIco({ ...picture(16), height: 8 }))).toBe('ico/bad-image')
    expect(codeOf(() => writeIco(picture(8)))).toBe('ico/bad-image')
    expect(codeOf(() => readIco(with16(2, 2)))).toBe('ico/bad-magic')
    expect(codeOf(() => readIco(icon.subarray(0, 4)))).toBe('ico/bad-magic')
    expect(codeOf(() => readIco(with16(4, 0)))).toBe('ico/bad-entry')
    expect(codeOf(() => readIco(with16(4, 1000)))).toBe('ico/truncated')
    expect(codeOf(() => readIco(icon.subarray(0, -1)))).toBe('ico/truncated')
    // The list says another width than the bitmap; a bitmap that is none.
    expect(codeOf(() => readIco(with16(6, 0x1111)))).toBe('ico/bad-entry')
    expect(codeOf(() => readIco(with16(6 + 16 * 4, 7)))).toBe('ico/bad-entry')
  })
})

describeWithJudge(['icotool'], 'ico by icotool', ({ icotool }) => {
  it('is read with the same pixels', () => {
    writeFileSync(join(folder, 'icon.ico'), writeIco(picture(256)))
    execFileSync(icotool, ['-x', '-o', folder, join(folder, 'icon.ico')])
    const listed = execFileSync(icotool, ['-l', join(folder, 'icon.ico')], { encoding: 'utf8' })
    expect([...listed.matchAll(/--width=(\d+) --height=\d+ --bit-depth=32/g)].map(([, width]) => Number(width))).toEqual([
      16, 20, 24, 32, 40, 48, 64, 96, 128, 256,
    ])
    const read = readPng(readFileSync(join(folder, 'icon_4_32x32x32.png')))
    expect(read.pixels).toEqual(resizeImage(picture(256), { width: 32, height: 32 }).pixels)
  })
})
