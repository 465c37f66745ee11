// .DS_Store, aliases and icons: read back by programs that are not ours.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { writeAlias } from './alias.ts'
import { iconPlace, writeDsStore, type DsStoreRecord } from './ds-store.ts'
import { readIcns, writeIcns } from './icns.ts'
import { writeBinaryPlist } from './plist/write-binary.ts'

const folder = mkdtempSync(join(tmpdir(), 'ds-store-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const codeOf = (make: () => unknown): string => {
  try {
    make()
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

const records: readonly DsStoreRecord[] = [
  { name: 'Flet.app', id: 'Iloc', value: { blob: iconPlace(130, 190) } },
  { name: '.', id: 'icvp', value: { blob: writeBinaryPlist({ iconSize: { real: 128 }, viewOptionsVersion: 1 }) } },
  { name: 'Applications', id: 'Iloc', value: { blob: iconPlace(410, 190) } },
  { name: '.', id: 'vSrn', value: { long: 1 } },
  { name: '.', id: 'vstl', value: { type: 'icnv' } },
  { name: 'größe', id: 'ICVO', value: { bool: true } },
]

describe('.DS_Store', () => {
  it('is the same in any order, and refuses what does not fit', () => {
    expect(writeDsStore(records)).toEqual(writeDsStore(records.toReversed()))
    expect(codeOf(() => writeDsStore([{ name: '.', id: 'icvp', value: { blob: new Uint8Array(5000) } }]))).toBe('ds-store/too-large')
    expect(codeOf(() => writeDsStore([{ name: '.', id: 'icv', value: { long: 1 } }]))).toBe('ds-store/bad-record')
    expect(codeOf(() => writeDsStore([{ name: '.', id: 'vstl', value: { type: 'x' } }]))).toBe('ds-store/bad-record')
  })
})

describeWithJudge(['ds-store'], '.DS_Store, as the ds_store library reads it', judges => {
  const read = (file: string): string =>
    execFileSync(
      judges['ds-store'],
      [
        '-c',
        'import sys; from ds_store import DSStore\nfor e in DSStore.open(sys.argv[1], "r"): print(e.filename, e.code.decode(), e.value)',
        file,
      ],
      {
        encoding: 'utf8',
        stdio: 'pipe',
      },
    )
  it('has every record in order', () => {
    const file = join(folder, '.DS_Store')
    writeFileSync(file, writeDsStore(records))
    expect(read(file).trim().split('\n')).toEqual([
      ". icvp {'iconSize': 128.0, 'viewOptionsVersion': 1}",
      '. vSrn 1',
      ". vstl b'icnv'",
      'Applications Iloc (410, 190)',
      'Flet.app Iloc (130, 190)',
      'größe ICVO True',
    ])
    const damaged = writeDsStore(records)
    damaged.fill(0, 4, 8)
    writeFileSync(file, damaged)
    expect(() => read(file)).toThrow('Command failed')
  })
})

const subject = { volumeName: 'Größe 1.2', date: 1_700_000_000, path: '.background/background.png', ids: [30, 20] }
describe('an alias', () => {
  it('refuses a path without a number for each part', () => {
    expect(codeOf(() => writeAlias({ ...subject, ids: [30] }))).toBe('alias/bad-path')
    expect(codeOf(() => writeAlias({ ...subject, path: 'a//b', ids: [1, 2, 3] }))).toBe('alias/bad-path')
  })
})
describeWithJudge(['mac-alias'], 'an alias, as the mac_alias library reads it', judges => {
  it('names volume, folder, file and their numbers', () => {
    const file = join(folder, 'alias')
    writeFileSync(file, writeAlias(subject))
    const code = `import sys; from mac_alias import Alias
a = Alias.from_bytes(open(sys.argv[1], 'rb').read())
print(a.target.posix_path, a.target.filename, a.target.folder_cnid, a.target.cnid, a.target.cnid_path, a.volume.name, a.volume.posix_path, a.volume.creation_date.isoformat()[:10])`
    const read = (): string => execFileSync(judges['mac-alias'], ['-c', code, file], { encoding: 'utf8', stdio: 'pipe' })
    expect(read().trim()).toBe('/.background/background.png background.png 20 30 (20,) Größe 1.2 /Volumes/Größe 1.2 2023-11-14')
    writeFileSync(file, writeAlias(subject).subarray(0, 100))
    expect(read).toThrow('Command failed')
  })
})

const image = (side: number) => ({
  width: side,
  height: side,
  pixels: Uint8Array.from({ length: side * side * 4 }, (_, at) => (at % 4 === 3 ? 255 : (at >> 6) & 0xff)),
})
describe('icns', () => {
  it('has all sizes up to its own, and refuses less and damage', () => {
    expect(readIcns(writeIcns(image(512))).map(one => one.type)).toEqual([
      'TOC ',
      'ic04',
      'ic05',
      'ic07',
      'ic08',
      'ic09',
      'ic11',
      'ic12',
      'ic13',
      'ic14',
    ])
    expect(codeOf(() => writeIcns({ ...image(32), height: 16 }))).toBe('icns/bad-image')
    expect(codeOf(() => writeIcns(image(16)))).toBe('icns/bad-image')
    expect(codeOf(() => readIcns(Uint8Array.of(1, 2, 3)))).toBe('icns/bad-magic')
    expect(codeOf(() => readIcns(writeIcns(image(64)).subarray(0, 200)))).toBe('icns/truncated')
    const lying = writeIcns(image(64))
    lying.fill(0xff, 12, 16)
    expect(codeOf(() => readIcns(lying))).toBe('icns/truncated')
  })
})
describeWithJudge(['icns2png'], 'icns, as libicns reads it', ({ icns2png }) => {
  // It is older than most types, and knows that of 256 pixels.
  it('finds all members, and the picture in the one that it knows', () => {
    const file = join(folder, 'icon.icns')
    writeFileSync(file, writeIcns(image(256)))
    const listed = execFileSync(icns2png, ['-l', file], { encoding: 'utf8', stdio: 'pipe' })
    expect(listed).toMatch(/'ic08' 256x256 32-bit icon \(262144 bytes/)
    expect(listed).toContain('8 elements total')
    writeFileSync(file, writeIcns(image(256)).subarray(0, 40))
    expect(execFileSync('/bin/sh', ['-c', '"$1" -l "$2" 2>&1; true', 'sh', icns2png, file], { encoding: 'utf8' })).not.toContain('256x256')
  })
})
