// UDIF: images that dmg2img and 7-Zip take apart, and refuse once a byte is another.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { collect, concat, fromBytes } from '../bytes.ts'
import { hfsVolume } from '../hfs/write.ts'
import { readXmlPlist } from '../plist/read.ts'
import { isDict } from '../plist/value.ts'
import { readHfs } from '../hfs/read.ts'
import { deflateHere } from '../deflate-program.ts'
import { packLzfse } from '../lzfse.ts'
import { readUdif } from './read.ts'
import { isUdif } from './trailer.ts'
import { lzfseRuns, type UdifCompression, xzRuns, zlibRuns } from './runs.ts'
import { writeUdif } from './write.ts'

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
  it('says the checksums of volume, data and table, as zlib counts them', async () => {
    const bytes = await volume()
    const image = await imageOf(bytes)
    const trailer = new DataView(image.buffer, image.byteOffset + image.length - 512)
    const dataBytes = Number(trailer.getBigUint64(32))
    expect(trailer.getUint32(88)).toBe(crc32(image.subarray(0, dataBytes)))
    const list = readXmlPlist(new TextDecoder().decode(image.subarray(dataBytes, -512)))
    const [entry] = (list as { 'resource-fork': { blkx: { Data: Uint8Array }[] } })['resource-fork'].blkx
    const table = Buffer.from(entry!.Data)
    expect([table.readUInt32BE(64), table.readUInt32BE(72)]).toEqual([2, crc32(bytes)])
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(bytes))
    expect(trailer.getUint32(360)).toBe(crc32(sum))
  })
  it('refuses a size that is no number of sectors, or not the volume’s', async () => {
    const code = (sizeBytes: number): Promise<unknown> =>
      collected(writeUdif([new Uint8Array(1024)], { sizeBytes, compression: zlibRuns(6) })).catch((error: { code: string }) => error.code)
    expect([await code(1000), await code(2048)]).toEqual(['udif/bad-size', 'udif/size-changed'])
  })
})

const codeOf = async (making: Promise<unknown>): Promise<string> =>
  making.then(
    () => 'none',
    (error: { code?: string }) => error.code ?? 'no code',
  )
const readWhole = async (image: Uint8Array): Promise<string> => {
  const { partitions, open } = await readUdif(fromBytes(image))
  const names: string[] = []
  for (const partition of partitions) {
    const { entries, open: openFile } = await readHfs(open(partition), { limitEntries: 1000 })
    for (const entry of entries) {
      names.push(`${entry.path} ${entry.sizeBytes}`)
      if (entry.type === 'file') await collect(openFile(entry), 1 << 26)
    }
  }
  return names.join(', ')
}

describe('an image, read', () => {
  it('gives the volume back, anywhere in it', async () => {
    const bytes = await volume()
    const image = await imageOf(bytes)
    expect([await isUdif(fromBytes(image)), await isUdif(fromBytes(image.subarray(1, 400)))]).toEqual([true, false])
    const { partitions, open, resources, isSigned } = await readUdif(fromBytes(image))
    expect([partitions.map(one => [one.name, one.sizeBytes]), resources, isSigned]).toEqual([
      [['whole disk (Apple_HFS : 0)', bytes.length]],
      [],
      false,
    ])
    const source = open(partitions[0]!)
    for (const [at, length] of [
      [0, 512],
      [1_048_000, 2000],
      [bytes.length - 700, 700],
      [5_100_000, 1_300_000],
    ] as const)
      expect(Buffer.compare(await source.read(at, length), bytes.subarray(at, at + length)), `${at}`).toBe(0)
    expect(await readWhole(image)).toBe('file-0 5000000, file-1 1500000, file-2 1500000')
  })
  it('is refused where it is damaged, whatever byte, with a code and in time', async () => {
    const image = await imageOf(await volume())
    const known =
      /^(none|udif\/(bad-magic|truncated|bad-table|corrupt|unsupported)|hfs\/(truncated|bad-header|bad-catalog|fragmented)|plist\/bad-xml|bytes\/[a-z-]+)$/
    for (let part = 1; part < 12; part++) {
      const cut = image.subarray(0, Math.floor((image.length * part) / 12))
      expect(await codeOf(readWhole(cut))).toMatch(/^udif\//)
      expect(await codeOf(readWhole(concat([cut, image.subarray(-512)])))).toMatch(known)
    }
    let state = 11
    const random = (below: number): number => (state = (state * 48_271) % 0x7fffffff) % below
    for (let turn = 0; turn < 60; turn++) {
      const damaged = Uint8Array.from(image)
      damaged[damaged.length - 1 - random(turn % 2 === 0 ? 512 : 6000)] = random(256)
      expect(await codeOf(readWhole(damaged)), `${turn}`).toMatch(known)
    }
  })
  it('tells one damage from another', async () => {
    const bytes = await volume()
    const image = await imageOf(bytes)
    expect(await codeOf(readUdif(fromBytes(image.subarray(0, -1))))).toBe('udif/bad-magic')
    expect(await codeOf(readUdif(fromBytes(image.subarray(-512))))).toBe('udif/truncated')
    const list = new TextDecoder('latin1').decode(image)
    const swapped = Buffer.from(list.replace('resource-fork', 'resource-knife'), 'latin1')
    expect(await codeOf(readUdif(fromBytes(Buffer.concat([swapped.subarray(0, -513), image.subarray(-512)]))))).toMatch(
      /^(udif\/bad-table|plist\/bad-xml)$/,
    )
    const tableless = Buffer.from(list.replace('<key>Data</key>', '<key>Dada</key>'), 'latin1')
    expect(await codeOf(readUdif(fromBytes(tableless)))).toBe('udif/bad-table')
    const { partitions, open } = await readUdif(fromBytes(image))
    const packed = partitions[0]!.runs.find(run => run.kind === 0x80000005)!
    const damaged = Uint8Array.from(image)
    damaged.fill(0xff, packed.offset, packed.offset + 40)
    const reopened = await readUdif(fromBytes(damaged))
    expect(await codeOf(reopened.open(reopened.partitions[0]!).read(packed.start, 10))).toBe('udif/corrupt')
    const whole = await readHfs(open(partitions[0]!))
    const cut = await readHfs(fromBytes(bytes.subarray(0, 3_000_000)))
    const last = whole.entries.find(one => one.path === 'file-2')!
    const inside = whole.sourceOf(last)
    expect(new TextDecoder().decode(await inside.read(1_000_000, 10))).toBe('text text ')
    expect(await inside.read(last.sizeBytes - 3, 100)).toHaveLength(3)
    expect(await codeOf(collect(cut.open(last), 1 << 26))).toBe('hfs/truncated')
  })
  it('says what it cannot read', async () => {
    const bytes = await volume()
    const strange = await collected(
      writeUdif([bytes], { sizeBytes: bytes.length, compression: { runKind: 0x80000006, pack: async run => run.slice(0, 10) } }),
    )
    expect(await codeOf(readWhole(strange))).toBe('udif/unsupported')
    const damaged = Uint8Array.from(bytes)
    damaged.fill(0, 1024, 1026)
    expect(await codeOf(readHfs(fromBytes(damaged)))).toBe('hfs/bad-header')
    const tree = Uint8Array.from(bytes)
    const catalogAt = new DataView(tree.buffer).getUint32(1024 + 272 + 16) * 4096
    tree.fill(0xff, catalogAt + 24, catalogAt + 28)
    expect(await codeOf(readHfs(fromBytes(tree)))).toBe('hfs/bad-catalog')
    expect(await codeOf(readHfs(fromBytes(bytes.subarray(0, 3000))))).toMatch(/^hfs\/(truncated|bad-header)$/)
    const pieces = Uint8Array.from(bytes)
    new DataView(pieces.buffer).setUint32(1024 + 272 + 20, 1)
    expect(await codeOf(readHfs(fromBytes(pieces)))).toBe('hfs/fragmented')
    const whole = await readHfs(fromBytes(bytes))
    const file = whole.entries.find(one => one.path === 'file-2')!
    const longer = whole.sourceOf({ ...file, sizeBytes: file.sizeBytes + 100_000 })
    expect(await codeOf(longer.read(file.sizeBytes, 90_000))).toBe('hfs/fragmented')
  })
})

const compressions: Readonly<Record<string, UdifCompression>> = { zlib: zlibRuns(6), lzfse: lzfseRuns(), lzma: xzRuns(6) }
const names = ['zlib', 'lzfse', 'lzma'] as const
const packedAs = (name: (typeof names)[number], bytes: Uint8Array): Promise<Uint8Array> =>
  collected(writeUdif([bytes], { sizeBytes: bytes.length, compression: compressions[name] ?? zlibRuns(1) }))

describe.each(names)('blocks of %s', name => {
  it('are read back, and are the same on another thread', async () => {
    const bytes = await volume()
    const image = await packedAs(name, bytes)
    const { partitions, open } = await readUdif(fromBytes(image))
    const kinds = partitions[0]?.runs.map(run => run.kind) ?? []
    // Of nothing, of noise, and of text.
    expect(new Set(kinds)).toEqual(new Set([0, 1, compressions[name]?.runKind]))
    expect(Buffer.compare(await open(partitions[0]!).read(0, bytes.length), bytes)).toBe(0)
    const elsewhere = {
      zlib: zlibRuns(6, async (run, level) => deflateHere(run, level)),
      lzfse: lzfseRuns(async run => packLzfse(run)),
      lzma: xzRuns(6),
    }
    expect(await collected(writeUdif([bytes], { sizeBytes: bytes.length, compression: elsewhere[name], parallel: 1 }))).toEqual(image)
  })
  it('are refused with a code once they are damaged', async () => {
    const image = await packedAs(name, await volume())
    const { partitions } = await readUdif(fromBytes(image))
    const packed = partitions[0]!.runs.find(run => run.kind === compressions[name]?.runKind)!
    for (const [from, to] of [
      [0, 40],
      [packed.packedBytes >> 1, (packed.packedBytes >> 1) + 60],
    ] as const) {
      const damaged = Uint8Array.from(image)
      for (let at = packed.offset + from; at < packed.offset + to; at++) damaged[at]! ^= 0x5a
      const again = await readUdif(fromBytes(damaged))
      expect(await codeOf(again.open(again.partitions[0]!).read(packed.start, 10))).toMatch(/^(udif|lzfse|xz)\/corrupt$/)
    }
  })
})

describeWithJudge(['7z'], 'an image, as others read it', judges => {
  it.each(names)('holds the volume byte for byte, with blocks of %s, and is refused with one changed', async name => {
    const bytes = await volume()
    const image = await packedAs(name, bytes)
    const path = join(folder, `${name}.dmg`)
    writeFileSync(path, image)
    const list = execFileSync(judges['7z'], ['l', '-tdmg', '-slt', path], { encoding: 'utf8' })
    expect(list).toMatch(new RegExp(`Method = .*${{ zlib: 'ZLIB', lzfse: 'LZFSE', lzma: 'XZ' }[name]}`))
    const read = execFileSync(judges['7z'], ['x', '-tdmg', '-so', path], { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 })
    expect(Buffer.compare(read, bytes)).toBe(0)
    const { partitions } = await readUdif(fromBytes(image))
    const packed = partitions[0]!.runs.find(run => run.kind === compressions[name]?.runKind)!
    image[packed.offset + (packed.packedBytes >> 1)]! ^= 0xff
    writeFileSync(path, image)
    expect(() => execFileSync(judges['7z'], ['t', path], { stdio: 'pipe' })).toThrow('Command failed')
  })
})

describeWithJudge(['dmg2img'], 'an image of zlib, as dmg2img reads it', judges => {
  it('holds the volume byte for byte', async () => {
    const bytes = await volume()
    const [image, out] = [join(folder, 'image.dmg'), join(folder, 'image.img')]
    writeFileSync(image, await imageOf(bytes))
    execFileSync(judges.dmg2img, [image, out], { stdio: 'pipe' })
    expect(Buffer.compare(readFileSync(out), bytes)).toBe(0)
  })
})

describeWithJudge(['pyliblzfse', 'xz'], 'single blocks, as others read them', judges => {
  const blockOf = async (name: 'lzfse' | 'lzma') => {
    const bytes = await volume()
    const image = await packedAs(name, bytes)
    const { partitions } = await readUdif(fromBytes(image))
    const run = partitions[0]!.runs.find(one => one.kind === compressions[name]?.runKind)!
    return { plain: bytes.subarray(run.start, run.start + run.sizeBytes), packed: image.slice(run.offset, run.offset + run.packedBytes) }
  }
  it.each([
    ['lzfse', 'pyliblzfse', ['-c', 'import sys, liblzfse\nsys.stdout.buffer.write(liblzfse.decompress(sys.stdin.buffer.read()))']],
    ['lzma', 'xz', ['-dc']],
  ] as const)('are %s to %s, which refuses one with a damaged head', async (name, tool, args) => {
    const { plain, packed } = await blockOf(name)
    const unpack = (input: Uint8Array): Uint8Array => execFileSync(judges[tool], args, { input, stdio: 'pipe', maxBuffer: 1 << 26 })
    expect(Buffer.compare(unpack(packed), plain)).toBe(0)
    // The head says how much follows; LZFSE has no sum of what it holds.
    for (let at = 4; at < 20; at++) packed[at]! ^= 0x5a
    expect(() => unpack(packed)).toThrow('Command failed')
  })
})

interface BalenaImage {
  readonly verifyData: () => Promise<boolean | null>
  readonly createReadStream: () => Promise<AsyncIterable<Uint8Array>>
}
interface BalenaFs {
  readonly size: number
  readonly createReadStream: (start: number, end: number) => Promise<Readable>
}

describeWithJudge(['@balena/udif'], 'an image, as @balena/udif reads it', () => {
  const opened = (image: Uint8Array): BalenaImage => {
    const { Image } = createRequire(import.meta.url)('@balena/udif') as { Image: new (fs: BalenaFs) => BalenaImage }
    const part = (start: number, end: number): Promise<Readable> =>
      Promise.resolve(Readable.from([Buffer.from(image.subarray(start, end + 1))]))
    return new Image({ size: image.length, createReadStream: part })
  }
  it.each(names)('has data of %s whose sum is right, and wrong once a byte is another', async name => {
    const image = await packedAs(name, await volume())
    expect(await opened(image).verifyData()).toBe(true)
    image[3000]! ^= 1
    expect(await opened(image).verifyData()).toBe(false)
  })
  it('holds the volume byte for byte (of zlib; it knows neither lzfse nor lzma), and does not unpack what is damaged', async () => {
    const bytes = await volume()
    const image = await packedAs('zlib', bytes)
    const read = async () => Buffer.concat(await Array.fromAsync(await opened(image).createReadStream()))
    expect(Buffer.compare(await read(), bytes)).toBe(0)
    const { partitions } = await readUdif(fromBytes(image))
    const packed = partitions[0]!.runs.findLast(run => run.kind === compressions['zlib']?.runKind)!
    image[packed.offset + packed.packedBytes - 2]! ^= 0xff
    await expect(read()).rejects.toThrow('incorrect data check')
  })
})
