// Native deflate against WebAssembly and zlib: the same bytes at every level, what it refuses, many at once, and what is loaded at all.
import { createHash, randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { crc32, inflateRawSync, constants } from 'node:zlib'
import { deflateByWasm, deflateHere, lendDeflate, programLevel, roomFor, windowBytes } from '@slipway/formats/deflate-program'
import { afterAll, describe, expect, it } from 'vitest'
import { nativeDigests } from './native-deflate.gen.ts'
import { loadNativeDeflate } from './native-deflate.ts'
import { nativeHere, nativePieces } from './native-pieces.ts'
import { lendNative } from './threads.ts'

const home = new URL('../../../../runtime/deflate/', import.meta.url).pathname
const machine = `${process.platform}-${process.arch}`
const name = `deflate-${machine}.node`
const MiB = 1 << 20
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

const scratch = mkdtempSync(join(tmpdir(), 'slipway-native-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('what is loaded', () => {
  it('are the programs whose digests are committed', () => {
    const lines = readFileSync(join(home, 'deflate.sha256'), 'utf8').split('\n')
    for (const [of, digest] of Object.entries(nativeDigests)) {
      expect(lines).toContain(`${digest}  deflate-${of}.node`)
      expect(sha256(readFileSync(join(home, `deflate-${of}.node`)))).toBe(digest)
    }
    expect(Object.keys(nativeDigests)).toEqual(['linux-x64', 'linux-arm64'])
  })

  it('is there on every machine that one was built for', () => {
    expect(loadNativeDeflate() !== undefined).toBe(machine in nativeDigests)
  })

  it.runIf(machine in nativeDigests)('is nothing where it is absent, torn or another one', () => {
    const folderWith = (change?: (path: string) => void): string => {
      const folder = mkdtempSync(join(scratch, 'folder-'))
      if (change !== undefined) {
        copyFileSync(join(home, name), join(folder, name))
        change(join(folder, name))
      }
      return `${folder}/`
    }
    expect(loadNativeDeflate(folderWith())).toBeUndefined()
    expect(loadNativeDeflate(folderWith(path => truncateSync(path, 20_000)))).toBeUndefined()
    expect(loadNativeDeflate(folderWith(path => writeFileSync(path, readFileSync(path).fill(0xcc, 40_000, 40_001))))).toBeUndefined()
    const occupied = mkdtempSync(join(scratch, 'folder-'))
    mkdirSync(join(occupied, name))
    expect(loadNativeDeflate(`${occupied}/`)).toBeUndefined()
    expect(loadNativeDeflate(folderWith(() => undefined))).toBeDefined()
  })
})

const native = loadNativeDeflate()

describe.runIf(native !== undefined)('native deflate', () => {
  const { deflate, deflateNow } = native ?? { deflate: never, deflateNow: never }
  const later = nativePieces({ deflate, deflateNow }, 2)
  const here = nativeHere({ deflate, deflateNow })
  const program = readFileSync(process.execPath)
  const kinds: readonly (readonly [string, Uint8Array])[] = [
    ['noise', randomBytes(MiB + windowBytes + 1)],
    ['text', Buffer.from(Array.from({ length: 90_000 }, (_, index) => `line ${index * 7919} says ${index % 13}\n`).join(''))],
    ['zeros', new Uint8Array(MiB + windowBytes + 1)],
    ['a program', program.subarray(30 * MiB, 31 * MiB + windowBytes + 1)],
    ['tables of a program', program.subarray(5 * MiB, 6 * MiB + windowBytes + 1)],
  ]

  it.each(kinds)(
    'writes for %s what WebAssembly writes, at each level, alone and behind others',
    { timeout: 120_000 },
    async (_, bytes) => {
      for (let level = 1; level <= 9; level++)
        for (const sizeBytes of [0, 1, 2, 3, 100, 8191, MiB, MiB + 1])
          for (const beforeBytes of [0, 1, 777, windowBytes]) {
            if (sizeBytes > 8191 && beforeBytes > 0 && beforeBytes < windowBytes) continue
            const before = bytes.subarray(0, beforeBytes)
            const piece = bytes.subarray(beforeBytes, beforeBytes + sizeBytes)
            const expected = deflateByWasm(piece, level, before)
            const done = await later({ kind: 'bytes', bytes: piece, level, before })
            expect(isSame(done.bytes ?? program, expected), `level ${level}, ${beforeBytes} + ${sizeBytes}`).toBe(true)
            expect([done.sizeBytes, done.crc32]).toEqual([sizeBytes, crc32(piece)])
            expect(isSame(here(piece, level, before), expected)).toBe(true)
          }
    },
  )

  it('is what zlib reads, up to its flush', () => {
    for (const [, bytes] of kinds)
      for (const level of [1, 6, 9]) {
        const packed = here(bytes.subarray(0, MiB), level)
        expect(packed.subarray(-4)).toEqual(Uint8Array.of(0, 0, 0xff, 0xff))
        expect(isSame(inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH }), bytes.subarray(0, MiB))).toBe(true)
      }
  })

  it('writes all of libdeflate’s levels', () => {
    const [, bytes] = kinds[3] ?? ['', program]
    const output = new Uint8Array(roomFor(MiB)[1])
    const sizes = Array.from({ length: 9 }, (_, index) => {
      const [sizeBytes] = deflateNow(index + 1, bytes.subarray(0, MiB), 0, output)
      expect(isSame(inflateRawSync(output.subarray(0, sizeBytes), { finishFlush: constants.Z_SYNC_FLUSH }), bytes.subarray(0, MiB))).toBe(
        true,
      )
      return sizeBytes
    })
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes)
    expect(new Set(sizes).size).toBe(9)
  })

  it('works on a hundred at once, of all levels', { timeout: 60_000 }, async () => {
    const [, bytes] = kinds[4] ?? ['', program]
    const jobs = Array.from({ length: 100 }, (_, index) => {
      const input = new Uint8Array(bytes.subarray(index * 500, index * 3000 + 9000))
      return { level: (index % 9) + 1, input, before: index * 7, output: new Uint8Array(roomFor(input.length)[1]) }
    })
    const made = await Promise.all(jobs.map(({ level, input, before, output }) => deflate(level, input, before, output)))
    for (const [index, { level, input, before, output }] of jobs.entries()) {
      const again = new Uint8Array(output.length)
      const [sizeBytes, sum] = deflateNow(level, input, before, again)
      expect(made[index]).toEqual([sizeBytes, sum])
      expect(sum).toBe(crc32(input.subarray(before)))
      expect(isSame(output, again)).toBe(true)
    }
  })

  it('works on in another thread, and ends with it', { timeout: 30_000 }, async () => {
    const code = `const { parentPort } = require('node:worker_threads')
      const module_ = { exports: {} }
      process.dlopen(module_, ${JSON.stringify(join(home, name))})
      const output = new Uint8Array(20_000_000)
      for (let index = 0; index < 40; index++) module_.exports.deflate(9, new Uint8Array(300_000), 0, new Uint8Array(400_000))
      module_.exports.deflate(5, new Uint8Array(9000), 0, output).then(([sizeBytes]) => parentPort.postMessage(output.slice(0, sizeBytes)))`
    const worker = new Worker(code, { eval: true })
    const packed = await new Promise<Uint8Array>((resolve, reject) => worker.on('message', resolve).on('error', reject))
    await worker.terminate()
    expect(isSame(packed, deflateByWasm(new Uint8Array(9000), 6))).toBe(true)
  })

  it('keeps to the memory that it is given', async () => {
    for (const bytes of [randomBytes(5000), kinds[1]?.[1].subarray(0, 30_000) ?? program]) {
      const wholeBytes = here(bytes, 6).length
      const output = new Uint8Array(20_000)
      const marked = (roomBytes: number): Uint8Array => output.fill(0x5a).subarray(100, 100 + roomBytes)
      const isKept = (roomBytes: number): boolean =>
        output.subarray(0, 100).every(byte => byte === 0x5a) && output.subarray(100 + roomBytes).every(byte => byte === 0x5a)
      for (const start of [0, wholeBytes - 100])
        for (let roomBytes = start; roomBytes < start + 200; roomBytes++) {
          const room = marked(roomBytes)
          if (roomBytes < wholeBytes) expect(() => deflateNow(5, bytes, 0, room)).toThrow(RangeError)
          else if (roomBytes > wholeBytes + 32) expect(deflateNow(5, bytes, 0, room)).toEqual([wholeBytes, crc32(bytes)])
          expect(isKept(roomBytes)).toBe(true)
        }
      await expect(deflate(5, bytes, 0, marked(wholeBytes - 1))).rejects.toThrow(RangeError)
      expect(isKept(wholeBytes - 1)).toBe(true)
      expect(await deflate(5, bytes, 0, marked(9000))).toEqual([wholeBytes, crc32(bytes)])
      expect(isKept(9000)).toBe(true)
    }
  })

  it('refuses what it cannot work on', () => {
    const [bytes, room] = [new Uint8Array(10), new Uint8Array(100)]
    for (const call of [deflate, deflateNow] as readonly ((...values: readonly unknown[]) => unknown)[]) {
      for (const values of [
        [],
        [6, bytes, 0],
        ['6', bytes, 0, room],
        [6n, bytes, 0, room],
        [6, 'text', 0, room],
        [6, new ArrayBuffer(10), 0, room],
        [6, new Uint16Array(10), 0, room],
        [6, new DataView(new ArrayBuffer(10)), 0, room],
        [6, bytes, '0', room],
        [6, bytes, undefined, room],
        [6, bytes, 0, null],
        [6, bytes, 0, new Int8Array(100)],
      ])
        expect(() => call(...values)).toThrow(TypeError)
      for (const level of [0, 10, -1, 1.5, Number.NaN, Infinity]) expect(() => call(level, bytes, 0, room)).toThrow(RangeError)
      for (const before of [-1, 11, 0.5, Number.NaN, 2 ** 53]) expect(() => call(6, bytes, before, room)).toThrow(RangeError)
      expect(() => call(6, new Uint8Array(40_000), windowBytes + 1, room)).toThrow(RangeError)
      expect(() => call(6, room.subarray(0, 50), 0, room.subarray(49))).toThrow(RangeError)
    }
  })

  it('takes zlib’s levels as WebAssembly does', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9].map(programLevel)).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 8])
  })
})

it('is lent to all that deflates on this thread, and nothing changes', () => {
  const bytes = readFileSync(process.execPath).subarray(7 * MiB, 7 * MiB + 9000)
  lendNative()
  try {
    for (const level of [1, 6, 9]) expect(isSame(deflateHere(bytes, level), deflateByWasm(bytes, level))).toBe(true)
  } finally {
    lendDeflate(() => undefined)
  }
})

function never(): never {
  throw new Error('there is no native code for this machine')
}
