// HFS Plus: names and their order, and volumes as sleuthkit and 7-Zip read them.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { concat } from '../bytes.ts'
import { writeBtree } from './btree.ts'
import { compareNames, decompose, nameOf, nameUnits } from './names.ts'
import { hfsIds, hfsVolume, type HfsEntry, type HfsWriting } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'hfs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = (path: string, content: string | Uint8Array, mode = 0o644): HfsEntry => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { type: 'file', path, mode, sizeBytes: bytes.length, bytes: () => [bytes] }
}
const writing: HfsWriting = { volumeName: 'Täst 1.2', mtime: 1_700_000_000 }
const volumeOf = async (entries: readonly HfsEntry[], options: HfsWriting = writing): Promise<Uint8Array> => {
  const volume = hfsVolume(entries, options)
  const parts: Uint8Array[] = []
  for await (const part of volume.bytes()) parts.push(part)
  const bytes = concat(parts)
  expect(bytes.length).toBe(volume.sizeBytes)
  return bytes
}
const order = (left: string, right: string): number => Math.sign(compareNames(nameUnits(left), nameUnits(right)))

it('says of its trees how long their keys are, as the kernel of Linux wants it (scripts/hfs-kernel.ts)', async () => {
  const bytes = await volumeOf([file('a', 'b')])
  const view = new DataView(bytes.buffer)
  // Extents, catalog and attributes: the fork in the volume header, and the attributes in the header of the tree.
  const attributesOf = (fork: number): number => view.getUint32(view.getUint32(1024 + fork + 16) * 4096 + 14 + 38)
  expect([192, 272, 352].map(attributesOf)).toEqual([2, 6, 6])
})

describe('names', () => {
  it('are decomposed, but for the ranges that are kept whole', () => {
    expect(decompose('größe é ü')).toBe('gro\u0308ße e\u0301 u\u0308')
    expect(decompose('\uf900 \u2126 é')).toBe('\uf900 \u2126 e\u0301')
    expect(nameOf(nameUnits('a:b'))).toBe('a:b')
    expect([...nameUnits(':')]).toEqual([0x2f])
  })
  it.each([
    ['a', 'A', 0],
    ['É', 'é', 0],
    ['ß', 'ss', 1],
    ['Æ', 'æ', 0],
    ['Ω', 'ω', 0],
    ['Ж', 'ж', 0],
    ['Ա', 'ա', 0],
    ['Ａ', 'ａ', 0],
    ['Ⅷ', 'ⅷ', 0],
    ['Ǆ', 'ǅ', 0],
    // Not in the table of TN1150, though Unicode folds them.
    ['Ә', 'ә', -1],
    ['a\u200db', 'AB', 0],
    ['a', 'b', -1],
    ['ab', 'a', 1],
    ['Z', 'a', 1],
    ['_', 'A', -1],
  ])('%s and %s', (left, right, expected) => {
    expect(order(left, right)).toBe(expected)
    expect(order(right, left) + 0).toBe(-expected + 0)
  })
  it('refuse what no volume can hold', () => {
    for (const name of ['', 'a/b', 'a\0', '\ud800', 'é'.repeat(128)])
      expect(() => nameUnits(name), name).toThrow(expect.objectContaining({ code: 'hfs/bad-name' }))
    expect(nameUnits('é'.repeat(127))).toHaveLength(254)
  })
})

it('counts no more nodes of a tree than its header can', () => {
  const records = Array.from({ length: 5000 }, () => ({ key: new Uint8Array(10), data: new Uint8Array(200) }))
  const shape = { nodeBytes: 512, maxKeyBytes: 10, compare: 0 }
  expect(writeBtree(records.slice(0, 1000), shape)).toHaveLength(512 * 519)
  expect(() => writeBtree(records, shape)).toThrow(expect.objectContaining({ code: 'hfs/too-many' }))
})

describe('a volume', () => {
  it('is refused where names are one name, paths are none, or sizes lie', async () => {
    const refused = async (...entries: readonly HfsEntry[]): Promise<string> =>
      volumeOf(entries).then(
        () => 'none',
        (error: { code: string }) => error.code,
      )
    expect(await refused(file('A', 'x'), file('a', 'x'))).toBe('hfs/same-name')
    expect(await refused(file('é', 'x'), file('e\u0301', 'x'))).toBe('hfs/same-name')
    expect(await refused(file('a', 'x'), file('a', 'x'))).toBe('hfs/same-name')
    expect(await refused(file('../a', 'x'))).toBe('hfs/bad-entry')
    expect(await refused(file('a', 'x'), file('a/b', 'x'))).toBe('hfs/bad-entry')
    expect(await refused({ type: 'file', path: 'a', mode: 0o644, sizeBytes: 2, bytes: () => [new Uint8Array(1)] })).toBe('hfs/size-changed')
    expect(await volumeOf([], { ...writing, mtime: 3_000_000_000 }).catch((error: { code: string }) => error.code)).toBe('hfs/bad-date')
  })
  it('has the same bytes each time, and numbers that follow from paths alone', async () => {
    const entries = [file('b/c', 'one'), file('a', 'two')]
    expect(await volumeOf(entries)).toEqual(await volumeOf(entries.toReversed()))
    expect([...hfsIds(['b/c', 'a'])]).toEqual([
      ['a', 16],
      ['b', 17],
      ['b/c', 18],
    ])
    expect(hfsVolume(entries, writing).ids.get('b/c')).toBe(18)
  })
})

const zeros = new Uint8Array(300_000)
const entries: readonly HfsEntry[] = [
  file('Tool.app/Contents/MacOS/tool', concat([new TextEncoder().encode('#!/bin/sh\n'), zeros]), 0o755),
  file('Größe-日本語-🚀.txt', 'unicode'),
  file('-rf', 'dash'),
  file('.hidden', 'dot'),
  file('in:colon', 'colon'),
  file('empty', ''),
  file(`deep/${'d'.repeat(100)}/${'e'.repeat(200)}`, 'deep'),
  { type: 'link', path: 'Tool.app/Contents/MacOS/link', linkTarget: 'tool' },
  { type: 'link', path: 'Applications', linkTarget: '/Applications' },
  { type: 'folder', path: 'void', mode: 0o755 },
  ...Array.from({ length: 3000 }, (_, index) => file(`many/${index % 7}/Name ${index}`, `${index}`)),
]

describeWithJudge(['fls', 'icat', 'fsstat'], 'a volume, as sleuthkit reads it', ({ fls, icat, fsstat }) => {
  const image = join(folder, 'tsk.img')
  const listed = (): ReadonlyMap<string, string> =>
    new Map(
      execFileSync(fls, ['-r', '-p', image], { encoding: 'utf8', maxBuffer: 1 << 26 })
        .split('\n')
        .flatMap(line => {
          const [, kind = '', id = '', path = ''] = /^(.\/.) (\d+):\t(.*)$/.exec(line) ?? []
          return path === '' || path.startsWith('$') ? [] : [[path.normalize('NFC'), `${kind.slice(-1)} ${id}`] as const]
        }),
    )
  it('has every file, link and folder with its bytes', async () => {
    writeFileSync(image, await volumeOf(entries))
    const facts = execFileSync(fsstat, [image], { encoding: 'utf8' })
    expect(facts.normalize('NFC')).toContain('Volume Name: Täst 1.2')
    expect(facts).toContain('Volume Unmounted Properly')
    expect(facts).toMatch(/Number of files: 3009\n/)
    const found = listed()
    expect(found.get('Applications')).toMatch(/^l /)
    expect(found.get('void')).toMatch(/^d /)
    for (const [path, text] of [
      ['Größe-日本語-🚀.txt', 'unicode'],
      ['many/6/Name 2932', '2932'],
      [`deep/${'d'.repeat(100)}/${'e'.repeat(200)}`, 'deep'],
    ] as const)
      expect(execFileSync(icat, [image, found.get(path)?.split(' ')[1] ?? ''], { encoding: 'utf8' }), path).toBe(text)
    expect([...found.values()].filter(one => one.startsWith('r'))).toHaveLength(3007)
  })
  it('is refused once its header is damaged', async () => {
    const damaged = await volumeOf(entries)
    damaged.fill(0xff, 1024, 1100)
    writeFileSync(image, damaged)
    expect(() => execFileSync(fsstat, [image], { stdio: 'pipe' })).toThrow('Command failed')
  })
})

describeWithJudge(['7z'], 'a volume, as 7-Zip unpacks it', judges => {
  it('gives the files back, with modes and links', async () => {
    const image = join(folder, '7z.img')
    const out = join(folder, 'out')
    writeFileSync(image, await volumeOf(entries.filter(one => one.path !== 'in:colon')))
    execFileSync(judges['7z'], ['x', '-y', `-o${out}`, image], { stdio: 'pipe' })
    const home = join(out, readdirSync(out)[0] ?? '')
    expect(readFileSync(join(home, 'many/3/Name 2999'.replace('/3/', `/${2999 % 7}/`)), 'utf8')).toBe('2999')
    expect(readlinkSync(join(home, 'Tool.app/Contents/MacOS/link'))).toBe('tool')
    expect(statSync(join(home, 'Tool.app/Contents/MacOS/tool')).size).toBe(300_010)
  })
})

describeWithJudge(['libfshfs-python'], 'a volume, as libfshfs reads it', judges => {
  const reader = `
import hashlib, sys, pyfshfs
volume = pyfshfs.volume()
volume.open(sys.argv[1])
def walk(folder, path):
    for at in range(folder.number_of_sub_file_entries):
        entry = folder.get_sub_file_entry(at)
        name = path + '/' + entry.name
        kind = entry.file_mode & 0o170000
        target = entry.symbolic_link_target if kind == 0o120000 else ''
        content = hashlib.sha256(entry.read_buffer(entry.size) if entry.size else b'').hexdigest() if kind == 0o100000 else ''
        print(name, oct(entry.file_mode), target or content)
        walk(entry, name)
print(volume.name)
walk(volume.get_root_directory(), '')
`
  const read = (bytes: Uint8Array): readonly string[] => {
    const image = join(folder, 'libfshfs.img')
    writeFileSync(image, bytes)
    return execFileSync(judges['libfshfs-python'], ['-c', reader, image], { encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .normalize()
      .split('\n')
  }
  const content = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 7) >> 3)
  const entries: readonly HfsEntry[] = [
    { type: 'folder', path: 'A', mode: 0o755 },
    file('A/größe.txt', 'hello'),
    file('A/program', content, 0o755),
    { type: 'link', path: 'A/to', linkTarget: 'program' },
    ...Array.from({ length: 3000 }, (_, at) => file(`A/${at} of many`, `${at}`)),
  ]
  it('has every name, permission, link and byte', async () => {
    const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')
    const said = read(await volumeOf(entries))
    expect(said[0]).toBe('Täst 1.2')
    expect(said).toHaveLength(1 + entries.length)
    expect(
      said
        .slice(1)
        .filter(line => !line.includes('of many'))
        .toSorted(),
    ).toEqual([
      '/A 0o40755 ',
      `/A/größe.txt 0o100644 ${sha256('hello')}`,
      `/A/program 0o100755 ${sha256(content)}`,
      '/A/to 0o120755 program',
    ])
    expect(said).toContain(`/A/2999 of many 0o100644 ${sha256('2999')}`)
  })
  it('is not read with a catalog that is torn', async () => {
    const bytes = Uint8Array.from(await volumeOf(entries))
    const catalogAt = new DataView(bytes.buffer).getUint32(1024 + 272 + 16) * 4096
    bytes.fill(0xff, catalogAt, catalogAt + 64)
    expect(() => read(bytes)).toThrow('Command failed')
  })
})
