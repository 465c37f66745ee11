// resources.pri: what is written is read, its numbers are those of the format, and what is damaged is refused.
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../format-error.ts'
import { fallbackScore, type PriQualifier } from './qualifiers.ts'
import { readPri } from './read.ts'
import { writePri, type PriIndex, type PriResource } from './write.ts'

const scale = (value: number): PriQualifier => ({ name: 'Scale', value: String(value) })
const size = (value: number): PriQualifier => ({ name: 'TargetSize', value: String(value) })
const unplated: PriQualifier = { name: 'AlternateForm', value: 'UNPLATED' }

const logo: PriResource = {
  name: 'Files/Assets/Logo.png',
  candidates: [
    { qualifiers: [], path: 'Assets\\Logo.png' },
    { qualifiers: [scale(100)], path: 'Assets\\Logo.scale-100.png' },
    { qualifiers: [scale(200)], path: 'Assets\\Logo.scale-200.png' },
    { qualifiers: [unplated, size(16)], path: 'Assets\\Logo.targetsize-16_altform-unplated.png' },
    { qualifiers: [size(16)], path: 'Assets\\Logo.targetsize-16.png' },
    { qualifiers: [size(256)], path: 'Assets\\Logo.targetsize-256.png' },
  ],
}
const plain: PriResource = { name: 'Files/plain.txt', candidates: [{ qualifiers: [], path: 'plain.txt' }] }
const index: PriIndex = { name: 'dev.example.tool', resources: [plain, logo] }

const codeOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error)
  }
  return 'none'
}

describe('resources.pri', () => {
  it('gives back what was written, those that ask most first', () => {
    const read = readPri(writePri(index))
    expect([read.name, read.uniqueName]).toEqual(['dev.example.tool', 'ms-appx://dev.example.tool/'])
    expect(read.resources.map(one => one.name)).toEqual(['Files/plain.txt', 'Files/Assets/Logo.png'])
    const [second, first] = read.resources
    expect(first?.candidates.map(one => [one.text, one.qualifiers.map(({ name, value }) => `${name} ${value}`).join(', ')])).toEqual([
      // As text: 256 stands before 16 because 2 does before 1.
      ['Assets\\Logo.targetsize-256.png', 'TargetSize 256'],
      ['Assets\\Logo.targetsize-16_altform-unplated.png', 'TargetSize 16, AlternateForm UNPLATED'],
      ['Assets\\Logo.targetsize-16.png', 'TargetSize 16'],
      ['Assets\\Logo.scale-200.png', 'Scale 200'],
      ['Assets\\Logo.scale-100.png', 'Scale 100'],
      ['Assets\\Logo.png', ''],
    ])
    expect(second?.candidates).toEqual([{ qualifiers: [], kind: 'path', text: 'plain.txt', sizeBytes: 10 }])
    expect(first?.candidates[1]?.qualifiers).toEqual([
      { name: 'TargetSize', value: '16', priority: 300, fallbackScore: 500 },
      { name: 'AlternateForm', value: 'UNPLATED', priority: 100, fallbackScore: 0 },
    ])
  })
  it('is the same whatever the order, and with a single resource', () => {
    const turned = index.resources.toReversed().map(one => ({ ...one, candidates: one.candidates.toReversed() }))
    expect(writePri({ ...index, resources: turned })).toEqual(writePri(index))
    expect(readPri(writePri({ name: 'a', resources: [plain] })).resources).toHaveLength(1)
  })
  it('has the frame of mrm_pri2', () => {
    const bytes = Buffer.from(writePri(index))
    const count = bytes.readUInt16LE(24)
    expect(bytes.toString('latin1', 0, 8)).toBe('mrm_pri2')
    expect(bytes.readUInt32LE(12)).toBe(bytes.length)
    expect(bytes.subarray(-16).toString('hex')).toBe(`defaffde${bytes.subarray(12, 16).toString('hex')}6d726d5f70726932`)
    let expected = 0
    const types = Array.from({ length: count }, (_, at) => {
      const entry = 32 + 32 * at
      const [offset, sizeBytes] = [bytes.readUInt32LE(entry + 24), bytes.readUInt32LE(entry + 28)]
      const start = bytes.readUInt32LE(20) + offset
      expect([offset, start % 8, sizeBytes % 8]).toEqual([expected, 0, 0])
      expect(bytes.subarray(entry, entry + 16).equals(bytes.subarray(start, start + 16))).toBe(true)
      expect(bytes.readUInt32LE(start + sizeBytes - 8)).toBe(0xdef5fade)
      expected += sizeBytes
      return bytes.toString('latin1', start, start + 15)
    })
    expect(types.slice(0, 5)).toEqual(['[mrm_decn_info]', '[mrm_pridescex]', '[mrm_hschemaex]', '[mrm_res_map2_]', '[mrm_dataitem] '])
    // One section of data for each set of qualifiers.
    expect(count).toBe(4 + 6)
  })
  it('has the very bytes that MakePri gives for the same resources', () => {
    // What MakePri made for an app of Unity's template; its digest is known, its bytes are not kept here.
    const asset = (name: string, ...qualifiers: readonly PriQualifier[][]): PriResource => ({
      name: `Files/${name}`,
      candidates: qualifiers.map(set => ({
        qualifiers: set,
        path: name.replace('/', '\\').replace(/(?=\.[a-z]+$)/, set.length === 0 ? '' : `.${set.map(suffixOf).join('_')}`),
      })),
    })
    const suffixOf = ({ name, value }: PriQualifier): string =>
      `${{ Scale: 'scale', TargetSize: 'targetsize', AlternateForm: 'altform' }[name]}-${value.toLowerCase()}`
    const resources = [
      asset('Assets/SplashScreen.png', [scale(200)]),
      asset('Assets/Square150x150Logo.png', [scale(200)]),
      asset('Assets/Square44x44Logo.png', [scale(200)], [size(24)], [size(24), unplated]),
      asset('Assets/StoreLogo.png', []),
      asset('Assets/Wide310x150Logo.png', [scale(200)]),
      asset('GameAssembly.dll', []),
      asset('GameAssembly.pdb', []),
    ]
    const digest = createHash('sha256')
      .update(writePri({ name: 'ExposureTherapy', resources }))
      .digest('hex')
    expect(digest).toBe('9ecab7dadfe0595488e1cbea484966eb4318608b0471d9d63f156a0f76e98fc9')
  })
  it('counts as MakePri does: read off a file that it made, and off the rule for scales', () => {
    const made = { 16: 500, 129: 500, 256: 1000, 336: 750 }
    expect(Object.keys(made).map(value => fallbackScore(size(Number(value))))).toEqual(Object.values(made))
    expect([100, 125, 150, 200, 300, 400].map(value => fallbackScore(scale(value)))).toEqual([500, 562, 625, 1000, 875, 750])
    expect(fallbackScore(scale(80))).toBeLessThan(fallbackScore(scale(500)))
    expect(fallbackScore(scale(500))).toBeLessThan(500)
  })
  it.each([
    ['no resource', []],
    ['no file', [{ name: 'Files/a', candidates: [] }]],
    ['a path of other letters', [{ name: 'Files/a', candidates: [{ qualifiers: [], path: 'ä' }] }]],
    ['two of one name', [plain, { ...plain, name: 'Files/PLAIN.txt' }]],
    ['a resource that is a folder', [plain, { ...plain, name: 'Files/plain.txt/x' }]],
    ['two files for the same', [{ name: 'Files/a', candidates: [...plain.candidates, ...plain.candidates] }]],
    ['an empty step', [{ ...plain, name: 'Files//a' }]],
  ])('refuses to write %s', (_, resources) => {
    expect(codeOf(() => writePri({ name: 'a', resources }))).toBe('pri/bad-resource')
  })
})

describe('a resources.pri that is damaged', () => {
  const sound = Buffer.from(writePri(index))
  const damaged = (change: (bytes: Buffer) => void): string => {
    const bytes = Buffer.from(sound)
    change(bytes)
    return codeOf(() => readPri(bytes))
  }
  const sectionAt = (type: string): number => sound.indexOf(type, sound.readUInt32LE(20)) + 32
  it('is refused by what is wrong', () => {
    expect(codeOf(() => readPri(Buffer.from('MZ')))).toBe('pri/bad-magic')
    expect(codeOf(() => readPri(sound.subarray(0, 40)))).toBe('pri/bad-section')
    expect(codeOf(() => readPri(sound.subarray(0, -8)))).toBe('pri/bad-section')
    expect(damaged(bytes => bytes.writeUInt32LE(0, bytes.length - 16))).toBe('pri/bad-section')
    expect(damaged(bytes => bytes.writeUInt16LE(9999, 24))).toBe('pri/bad-section')
    expect(damaged(bytes => bytes.writeUInt32LE(1 << 30, 32 + 28))).toBe('pri/bad-section')
    expect(damaged(bytes => (bytes[sectionAt('[mrm_hschemaex]') - 32 + 5] = 0))).toBe('pri/bad-section')
    // A letter of a name.
    expect(damaged(bytes => (bytes[bytes.indexOf('plain.txt')] = 0x71))).toBe('pri/bad-checksum')
    // How many characters its path has; its number among resources.
    const node = sectionAt('[mrm_hschemaex]') + 44 + 2 * (28 + 17) + 2 + 28 + 12 * 4
    expect(damaged(bytes => bytes.writeUInt16LE(99, node + 2))).toBe('pri/bad-names')
    expect(damaged(bytes => bytes.writeUInt16LE(99, node + 10))).toBe('pri/bad-names')
    // The map names a decision, a candidate and data that are not there.
    const map = sectionAt('[mrm_res_map2_]')
    expect(damaged(bytes => bytes.writeUInt32LE(1, map + 20))).toBe('pri/bad-index')
    expect(damaged(bytes => bytes.writeUInt16LE(99, map + 32 + 56 + 4 + 4 + 8 + 4))).toBe('pri/bad-index')
    const decisions = sectionAt('[mrm_decn_info]')
    expect(damaged(bytes => bytes.writeUInt16LE(1, decisions + 8))).toBe('pri/bad-index')
  })
  it('may not list more than a million, however small it is', () => {
    const files = Array.from({ length: 1400 }, (_, at) => ({ qualifiers: [size(at + 1)], path: `${at}` }))
    const many = Array.from({ length: 1100 }, (_, at) => ({ name: `Files/${at}`, candidates: at < 1 ? files : plain.candidates }))
    const bytes = Buffer.from(writePri({ name: 'a', resources: many }))
    expect(readPri(bytes).resources).toHaveLength(1100)
    // Every resource is said to have the first one's files.
    const map = bytes.indexOf('[mrm_res_map2_]', bytes.readUInt32LE(20)) + 32
    for (let at = 0; at < 1100; at++) bytes.writeUInt32LE(2, map + 32 + 56 + 8 + 4 * at)
    expect(codeOf(() => readPri(bytes))).toBe('pri/bad-index')
  })
  it('never ends in anything but a code of its own, whichever byte is changed', () => {
    for (let at = 0; at < sound.length; at++)
      for (const flip of [0xff, 0x01, 0x80])
        expect(
          damaged(bytes => (bytes[at] = (bytes[at] ?? 0) ^ flip)),
          `byte ${at}`,
        ).toMatch(/^(none|pri\/bad-(magic|section|names|checksum|index))$/)
  })
})
