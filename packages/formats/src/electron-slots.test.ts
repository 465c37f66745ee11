// Fuses and digests in made binaries: found wherever they stand, judged and changed also by @electron/fuses.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { flipFuses, FuseV1Options, FuseVersion, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, describe, expect, it } from 'vitest'
import { collect, concat, encodeText, fromBytes } from './bytes.ts'
import { digestChange, fuseChange, fuseNames, integrityDigest, readElectronSlots, withSlots } from './electron-slots.ts'
import { codeOf } from './testing/archives.ts'

const folder = mkdtempSync(join(tmpdir(), 'slots-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const wire = (states: string, version = 1): Uint8Array =>
  concat([encodeText('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Uint8Array.of(version, states.length), encodeText(states)])
const slot = (digest = new Uint8Array(34)): Uint8Array => concat([encodeText('AGbevlPCksUGKNL8TSn7wGmJEuJsXb2A'), digest])
const read = (bytes: Uint8Array) => readElectronSlots(fromBytes(bytes))

describe('readElectronSlots', () => {
  it('names the fuses as @electron/fuses does, in its order', () => {
    const theirs = Object.keys(FuseV1Options).filter(name => !/^\d+$/.test(name))
    expect(fuseNames.map(name => name.replace(/^./, letter => letter.toUpperCase()))).toEqual(theirs)
  })
  it.each([0, 1, 4194303, 4194304 - 16, 4194304 - 31, 4194304 - 32, 4194304, 9_000_000])('finds a wire at %i', async offset => {
    // `N` stands at the place that is looked for first.
    const bytes = concat([new Uint8Array(offset).fill('N'.charCodeAt(0)), wire('10r2'), new Uint8Array(40).fill(0x4e)])
    const { wires, digests } = await read(bytes)
    expect(wires).toEqual([{ offset: offset + 34, version: 1, states: ['on', 'off', 'removed', 'other:50'] }])
    expect(digests).toEqual([])
  })
  it('finds one a slice, and digests', async () => {
    const used = Uint8Array.from({ length: 34 }, (_, at) => (at < 2 ? 1 : at))
    const { wires, digests } = await read(concat([wire('1'), slot(), wire('0', 2), slot(used)]))
    expect(wires.map(one => [one.version, ...one.states])).toEqual([
      [1, 'on'],
      [2, 'off'],
    ])
    expect(digests.map(one => [one.isUsed, one.version, one.digest.length, one.digest[0]])).toEqual([
      [false, 0, 32, 0],
      [true, 1, 32, 2],
    ])
  })
  it('finds none in a file without, and none that is cut', async () => {
    expect(await read(wire('1').subarray(1))).toEqual({ wires: [], digests: [] })
    expect(await read(new Uint8Array(0))).toEqual({ wires: [], digests: [] })
    for (const cut of [wire('1').subarray(0, 33), wire('101').subarray(0, 36), slot().subarray(0, 60)])
      expect(await codeOf(() => read(cut))).toBe('electron-slots/truncated')
  })
})

describe('withSlots', () => {
  it('sets fuses as @electron/fuses does, byte for byte, over the ends of pieces', async () => {
    const bytes = concat([new Uint8Array((1 << 20) - 36), wire('101100010'), new Uint8Array(3 << 20), wire('101100010')])
    const source = fromBytes(bytes)
    const { wires } = await readElectronSlots(source)
    const changes = wires.flatMap(one => [fuseChange(one, 'runAsNode', false), fuseChange(one, 'onlyLoadAppFromAsar', true)])
    const made = await collect(withSlots(source, changes).chunks(), 1 << 24)
    const file = join(folder, 'binary')
    writeFileSync(file, bytes)
    expect(
      await flipFuses(file, { version: FuseVersion.V1, [FuseV1Options.RunAsNode]: false, [FuseV1Options.OnlyLoadAppFromAsar]: true }),
    ).toBe(2)
    expect(Buffer.compare(made, readFileSync(file))).toBe(0)
    writeFileSync(file, made)
    expect(await getCurrentFuseWire(file)).toMatchObject({ [FuseV1Options.RunAsNode]: 0x30, [FuseV1Options.OnlyLoadAppFromAsar]: 0x31 })
    expect(Buffer.compare(bytes, await collect(withSlots(source, []).chunks(), 1 << 24))).toBe(0)
  })
  it('writes a digest of what is recorded, paths in order', async () => {
    const integrity = { 'Resources/b.asar': { algorithm: 'SHA256', hash: 'bb' }, 'Resources/a.asar': { algorithm: 'SHA256', hash: 'aa' } }
    const digest = integrityDigest(integrity)
    expect(Buffer.from(digest).toString('hex')).toBe(
      createHash('sha256').update('Resources/a.asarSHA256aaResources/b.asarSHA256bb').digest('hex'),
    )
    const source = fromBytes(concat([slot(), encodeText('behind')]))
    const [found] = (await readElectronSlots(source)).digests
    const made = await collect(withSlots(source, found === undefined ? [] : [digestChange(found, digest)]).chunks(), 1 << 10)
    expect((await read(made)).digests).toMatchObject([{ isUsed: true, version: 1, digest }])
    expect(new TextDecoder().decode(made.subarray(66))).toBe('behind')
  })
})
