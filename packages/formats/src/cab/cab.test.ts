// Tests of cabinets: written and read back by gcab, 7z and our reader; read as gcab writes them; cut and changed.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fromBytes } from '../bytes.ts'
import { all, codeOf, itWith, judge, randomNumbers, sampleBytes } from '../testing/archives.ts'
import { openFolder, readCab } from './read.ts'
import { type CabFile, type CabWriting, writeCab } from './write.ts'

const writing: CabWriting = { mtime: 1_760_000_001, level: 6 }
const file = (name: string, bytes: Uint8Array): CabFile => ({ name, sizeBytes: bytes.length, bytes: () => [bytes] })
const noise = Uint8Array.from({ length: 150_000 }, randomNumbers(3)).map(value => value)
const contents: Readonly<Record<string, Uint8Array>> = {
  a: sampleBytes(10, 1),
  empty: new Uint8Array(0),
  blocks: sampleBytes(0x8000 * 3, 2),
  'with space.txt': sampleBytes(100_001, 3),
  noise,
  zeros: new Uint8Array(1 << 20),
}
const files = Object.entries(contents).map(([name, bytes]) => file(name, bytes))
const made = async (list: readonly CabFile[], more: Partial<CabWriting> = {}): Promise<Uint8Array> => {
  const cab = await writeCab(list, { ...writing, ...more })
  const bytes = await all(cab.bytes())
  expect(bytes.length).toBe(cab.sizeBytes)
  return bytes
}
const unpacked = async (bytes: Uint8Array): Promise<Readonly<Record<string, string>>> => {
  const source = fromBytes(bytes)
  const cab = await readCab(source)
  const found: Record<string, string> = {}
  for (const index of cab.folders.keys())
    for await (const one of openFolder(source, cab, index)) found[one.file.name] = Buffer.from(await all(one.bytes())).toString('base64')
  return found
}
const expected = Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]))

describe('a cabinet', () => {
  it('comes back file by file, in one folder or in many', async () => {
    expect(await unpacked(await made(files))).toEqual(expected)
    const many = await made(files, { folderBytes: 120_000 })
    expect((await readCab(fromBytes(many))).folders).toHaveLength(4)
    expect(await unpacked(many)).toEqual(expected)
  })
  it('is the same whoever packs its blocks, and wherever they wait', async () => {
    const plain = await made(files)
    const deflate: CabWriting['deflate'] = async (bytes, level, before) => {
      const { deflateHere } = await import('../deflate-program.ts')
      return deflateHere(bytes, level, before)
    }
    expect(Buffer.compare(plain, await made(files, { deflate, parallel: 2 }))).toBe(0)
    const spool: CabWriting['spool'] = async chunks => {
      const bytes = await all(chunks)
      return () => [bytes]
    }
    expect(Buffer.compare(plain, await made(files, { spool }))).toBe(0)
  })
  it('reaches back into the block before, and stores what does not deflate', async () => {
    const part = noise.subarray(0, 24_000)
    expect((await made([file('a', part), file('b', part)])).length).toBeLessThan(part.length + 500)
    expect((await made([file('a', noise)])).length).toBeLessThan(noise.length + 200)
  })
  itWith('gcab', '7z')('is unpacked by gcab and 7z to the same bytes, and no changed one', async () => {
    for (const folderBytes of [120_000, 1 << 30]) {
      const bytes = await made(files, { folderBytes })
      const folder = mkdtempSync(join(tmpdir(), 'cab-'))
      writeFileSync(join(folder, 'a.cab'), bytes)
      execFileSync('gcab', ['-x', '-C', join(folder, 'gcab'), join(folder, 'a.cab')])
      execFileSync('7z', ['x', `-o${join(folder, '7z')}`, join(folder, 'a.cab')])
      for (const tool of ['gcab', '7z'])
        for (const [name, content] of Object.entries(contents))
          expect(Buffer.compare(readFileSync(join(folder, tool, name)), content), `${tool} ${name}`).toBe(0)
      rmSync(folder, { recursive: true })
      const changed = bytes.slice()
      changed[bytes.length - 1000] = (changed[bytes.length - 1000] ?? 0) ^ 0xff
      await expect(judge(changed, 'a.cab', [['7z', 't', 'FILE']])).rejects.toThrow('Command failed')
      expect(await codeOf(() => unpacked(changed))).toBe('cab/bad-checksum')
    }
  })
  it('refuses what it has no room for', async () => {
    const none = { bytes: () => [] }
    expect(await codeOf(() => made([{ name: '', sizeBytes: 0, ...none }]))).toBe('cab/bad-name')
    expect(await codeOf(() => made([{ name: 'größe', sizeBytes: 0, ...none }]))).toBe('cab/bad-name')
    expect(await codeOf(() => made([{ name: 'a', sizeBytes: 0x7fff8001, ...none }]))).toBe('cab/too-large')
    expect(await codeOf(() => made([{ name: 'a', sizeBytes: 1, ...none }]))).toBe('cab/size-changed')
    expect(await codeOf(() => made(Array.from({ length: 65_536 }, () => ({ name: 'a', sizeBytes: 0, ...none }))))).toBe('cab/too-many')
  })
  it('refuses to be larger than 2 GB, when that is known', { timeout: 120_000 }, async () => {
    const piece = new Uint8Array(1 << 20)
    const half: CabFile = {
      name: 'half',
      sizeBytes: 2 ** 30,
      *bytes() {
        for (let at = 0; at < 1024; at++) yield piece
      },
    }
    const stored = { ...writing, deflate: (bytes: Uint8Array) => Promise.resolve(bytes), folderBytes: 2 ** 30 }
    const spool: CabWriting['spool'] = async chunks => {
      for await (const _ of chunks) continue
      return () => []
    }
    expect(await codeOf(() => writeCab([half, half], { ...stored, spool }))).toBe('cab/too-large')
  })
})

describe('reading', () => {
  itWith('gcab')('takes cabinets of gcab, stored and packed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cab-'))
    try {
      for (const [name, content] of Object.entries(contents)) writeFileSync(join(folder, name), content)
      for (const flags of [['-n'], ['-z'], []]) {
        execFileSync(
          'gcab',
          ['-c', ...flags, '../a.cab', ...Object.keys(contents)].map(one => one.replace('..', `${folder}/..`)),
          { cwd: folder },
        )
        expect(await unpacked(readFileSync(join(folder, '../a.cab')))).toEqual(expected)
      }
    } finally {
      rmSync(folder, { recursive: true })
      rmSync(join(folder, '../a.cab'), { force: true })
    }
  })
  it('says what is wrong', async () => {
    const bytes = await made(files)
    const reading = async (change: (view: DataView) => void, from = bytes): Promise<string> => {
      const changed = from.slice()
      change(new DataView(changed.buffer))
      return codeOf(() => unpacked(changed))
    }
    expect(await codeOf(() => unpacked(new Uint8Array(40)))).toBe('cab/bad-magic')
    expect(await codeOf(() => unpacked(bytes.slice(0, 50)))).toMatch(/cab\/(truncated|bad-header)/)
    expect(await reading(view => view.setUint8(25, 9))).toBe('cab/bad-header')
    expect(await reading(view => view.setUint32(36, bytes.length - 4, true))).toBe('cab/truncated')
    expect(await reading(view => view.setUint16(42, 3, true))).toBe('cab/unsupported')
    expect(await reading(view => view.setUint16(40, 2, true))).toBe('cab/bad-folder')
    // The offset of the second file: upon the first one.
    expect(await reading(view => view.setUint32(44 + 18 + 17 + 5 + 4, 3, true))).toBe('cab/bad-folder')
    const dataAt = new DataView(bytes.buffer).getUint32(36, true)
    expect(await reading(view => view.setUint16(dataAt + 6, 0x9000, true))).toBe('cab/bad-block')
    const one = await openFolder(fromBytes(bytes), await readCab(fromBytes(bytes)), 7)
      .next()
      .catch((error: { code: string }) => error.code)
    expect(one).toBe('cab/bad-folder')
  })
  it('ends with a code or an answer whatever a byte is changed to', async () => {
    const bytes = await made(files.slice(0, 4))
    const next = randomNumbers(9)
    for (let round = 0; round < 300; round++) {
      const changed = bytes.slice(0, round % 4 === 0 ? next() % bytes.length : bytes.length)
      for (let at = 0; at < 3; at++) changed[next() % (round % 2 === 0 ? changed.length : Math.min(200, changed.length))] = next() & 0xff
      expect(await codeOf(() => unpacked(changed))).toMatch(/^(no error|(cab|bytes)\/[a-z-]+)$/)
    }
  })
})
