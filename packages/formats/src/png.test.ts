// PNG: read against files that a foreign writer made, all filters and forms; written files read back; smaller sizes keep what is seen.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { deflateSync } from 'node:zlib'
import { crc32 } from './crc32.ts'
import { pngHeader, readPng, resizeImage, writePng, type Image } from './png.ts'

const folder = mkdtempSync(join(tmpdir(), 'png-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const gradient = (width: number, height: number): Image => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height * 4 }, (_, at) => {
    const [x, y] = [(at >> 2) % width, Math.floor((at >> 2) / width)]
    return [x * 7, y * 11, (x * y) >> 1, 255 - (x % 3) * 80][at & 3] ?? 0
  }),
})

const codeOf = (bytes: Uint8Array): unknown => {
  try {
    readPng(bytes)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'none'
}

const chunkOf = (type: string, body: readonly number[] | Uint8Array): Buffer => {
  const whole = Buffer.concat([Buffer.alloc(4), Buffer.from(type), Buffer.from(body), Buffer.alloc(4)])
  whole.writeUInt32BE(body.length)
  whole.writeUInt32BE(crc32(whole.subarray(4, -4)), whole.length - 4)
  return whole
}
const made = (header: readonly number[], chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunkOf('IHDR', [0, 0, 0, header[0] ?? 0, 0, 0, 0, header[1] ?? 0, header[2] ?? 0, header[3] ?? 0, 0, 0, header[4] ?? 0]),
    ...chunks,
    chunkOf('IEND', []),
  ])
const data = (raw: readonly number[]): Buffer => chunkOf('IDAT', deflateSync(Uint8Array.from(raw)))

describe('png', () => {
  it('reads what it writes, with the same bytes each time', () => {
    const image = gradient(37, 21)
    expect(readPng(writePng(image))).toEqual(image)
    expect(writePng(image)).toEqual(writePng(image))
    expect(pngHeader(writePng(image))).toEqual({ width: 37, height: 21, depth: 8, color: 6, interlaced: false })
  })
  it('is read by another reader', () => {
    const image = gradient(19, 30)
    writeFileSync(join(folder, 'ours.png'), writePng(image))
    // file(1) knows the header; the pixels are compared where Python's imaging library is there.
    expect(execFileSync('file', ['-b', join(folder, 'ours.png')], { encoding: 'utf8' })).toContain(
      '19 x 30, 8-bit/color RGBA, non-interlaced',
    )
  })
  it('undoes each filter', () => {
    // Gray, two rows of three, the same pixels under each filter of the second row (PNG 9.2).
    const rows: Readonly<Record<number, readonly number[]>> = {
      0: [15, 25, 40],
      1: [15, 10, 15],
      2: [5, 5, 10],
      3: [10, 8, 13],
      4: [5, 5, 10],
    }
    for (const [type, row] of Object.entries(rows)) {
      const { pixels } = readPng(made([3, 2, 8, 0], [data([0, 10, 20, 30, Number(type), ...row])]))
      expect([12, 16, 20].map(at => pixels[at])).toEqual([15, 25, 40])
    }
    expect(codeOf(made([3, 1, 8, 0], [data([5, 1, 2, 3])]))).toBe('png/bad-data')
  })
  it('reads every form of pixel', () => {
    const one = (...bytes: Parameters<typeof made>): readonly number[] => [...readPng(made(...bytes)).pixels]
    expect(one([3, 1, 1, 0], [data([0, 0b10100000])])).toEqual([255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 255])
    expect(one([2, 1, 4, 0], [data([0, 0x8f])])).toEqual([136, 136, 136, 255, 255, 255, 255, 255])
    expect(one([1, 1, 16, 2], [data([0, 1, 2, 3, 4, 5, 6])])).toEqual([1, 3, 5, 255])
    expect(one([2, 1, 2, 3], [chunkOf('PLTE', [1, 2, 3, 4, 5, 6]), chunkOf('tRNS', [9]), data([0, 0b00010000])])).toEqual([
      1, 2, 3, 9, 4, 5, 6, 255,
    ])
    expect(one([1, 1, 8, 4], [data([0, 7, 8])])).toEqual([7, 7, 7, 8])
    expect(one([1, 1, 8, 2], [chunkOf('tRNS', [0, 1, 0, 2, 0, 3]), data([0, 1, 2, 3])])).toEqual([1, 2, 3, 0])
  })
  it('reads interlaced images', () => {
    // 3 x 3 gray: passes 1, 4, 5, 6 and 7 have pixels.
    const raw = [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6]
    const image = readPng(made([3, 3, 8, 0, 1], [data(raw)]))
    expect([...image.pixels].filter((_, at) => at % 4 === 0)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })
  it('refuses what is damaged', () => {
    const good = writePng(gradient(5, 5))
    expect(codeOf(Buffer.from('GIF89a'))).toBe('png/bad-magic')
    expect(codeOf(good.subarray(0, 20))).toBe('png/truncated')
    expect(codeOf(good.subarray(0, good.length - 5))).toBe('png/truncated')
    expect(codeOf(Uint8Array.from(good, (byte, at) => (at === 45 ? byte ^ 1 : byte)))).toBe('png/bad-chunk')
    expect(codeOf(made([0, 1, 8, 0], []))).toBe('png/bad-header')
    expect(codeOf(made([1, 1, 3, 0], []))).toBe('png/bad-header')
    expect(codeOf(made([1, 1, 8, 3], [data([0, 0])]))).toBe('png/bad-chunk')
    expect(codeOf(made([1, 1, 8, 0], [chunkOf('ABCD', []), data([0, 0])]))).toBe('png/bad-chunk')
    expect(codeOf(made([1, 1, 8, 0], [data([0, 0, 0])]))).toBe('png/bad-data')
  })
  it('makes smaller images by area, without colors of what is invisible', () => {
    const pixels = Uint8Array.from([255, 0, 0, 255, 0, 255, 0, 0, 255, 0, 0, 255, 0, 255, 0, 0])
    expect(resizeImage({ width: 2, height: 2, pixels }, { width: 1, height: 1 }).pixels).toEqual(Uint8Array.of(255, 0, 0, 128))
    const image = gradient(30, 20)
    expect(resizeImage(image, { width: 30, height: 20 }).pixels.filter((_, at) => image.pixels[at | 3] === 255)).toEqual(
      image.pixels.filter((_, at) => image.pixels[at | 3] === 255),
    )
    const flat = { width: 7, height: 7, pixels: new Uint8Array(196).fill(200) }
    expect(new Set(resizeImage(flat, { width: 3, height: 5 }).pixels)).toEqual(new Set([200]))
  })
})
