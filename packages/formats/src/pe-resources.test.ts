// Resources put into made programs and into wine's own: read by our reader, by icoutils and pefile, and started by wine.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../test/kit/judges.ts'
import { fromBytes } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { readIco, writeIco } from './ico.ts'
import { readPe } from './pe.ts'
import { peShows, withPeAppearance } from './pe-appearance.ts'
import { dataBehindBytes } from './pe-layout.ts'
import { readPeResources, withPeResources, type PeResource } from './pe-resources.ts'
import { readPeChecksum } from './pe-strip.ts'
import { readPeVersion } from './pe-version.ts'
import { readPeSections } from './sections.ts'
import { linkedPe as program } from './testing/binaries.ts'

const folder = mkdtempSync(join(tmpdir(), 'pe-resources-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error)
  }
  return 'none'
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const some: readonly PeResource[] = [
  { type: 24, name: 1, language: 1033, codePage: 0, bytes: text('<assembly></assembly>') },
  { type: 'OWN', name: 'größe', language: 0, codePage: 65001, bytes: text('own') },
  { type: 10, name: 7, language: 1031, codePage: 0, bytes: new Uint8Array(3000).fill(9) },
  { type: 10, name: 7, language: 0, codePage: 0, bytes: new Uint8Array(0) },
]
const inOrder = (all: readonly PeResource[]): readonly string[] =>
  all.map(one => `${one.type} ${one.name} ${one.language} ${one.codePage} ${Buffer.from(one.bytes).toString('latin1')}`).sort()
const everySetting = ['dpiAware', 'longPaths', 'utf8'] as const
const picture = { width: 256, height: 256, pixels: new Uint8Array(256 * 256 * 4).fill(200) }

describe('resources', () => {
  it.each([32, 64] as const)('of %d bits go in and come out; what stands behind follows', async bits => {
    const before = program({ bits, behind: 'what follows' })
    expect(readPeResources(before)).toEqual([])
    const after = withPeResources(before, some)
    expect(inOrder(readPeResources(after))).toEqual(inOrder(some))
    expect(Buffer.from(after.subarray(-12)).toString()).toBe('what follows')
    expect((after.length - before.length) % 512).toBe(0)
    expect((await readPeSections(fromBytes(after))).map(({ name }) => name).at(-1)).toBe('.rsrc')
    const checksum = await readPeChecksum(fromBytes(after), await readPe(fromBytes(after)))
    expect(checksum.written).toBe(checksum.right)
    // A second time they take their own place.
    const fewer = withPeResources(after, some.slice(0, 1))
    expect(readPeResources(fewer)).toEqual(some.slice(0, 1))
    expect(Buffer.from(fewer.subarray(-12)).toString()).toBe('what follows')
    expect(Buffer.compare(withPeResources(fewer, some), after)).toBe(0)
  })
  it('cuts certificates off, and nothing that stands behind them', async () => {
    const signed = Buffer.concat([program({ words: { 144: 1024, 148: 16 } }), Buffer.alloc(16, 7)])
    const after = withPeResources(signed, some)
    expect((await readPe(fromBytes(after))).certificates).toBeUndefined()
    expect(after.length % 512).toBe(0)
    expect(codeOf(() => withPeResources(Buffer.concat([signed, text('more than padding')]), some))).toBe('pe/trailing-data')
  })
  it('what is no program, damaged, or has no room is refused', () => {
    expect(codeOf(() => readPeResources(text('MZ')))).toBe('pe/bad-magic')
    expect(codeOf(() => withPeResources(new Uint8Array(100), some))).toBe('pe/bad-magic')
    expect(codeOf(() => withPeResources(program({ words: { 60: 400 } }), some))).toBe('pe/no-room')
    expect(codeOf(() => withPeResources(program({ words: { 108: 2 } }), some))).toBe('pe/no-room')
    expect(codeOf(() => withPeResources(program({ words: { 32: 3 } }), some))).toBe('pe/bad-resources')
    expect(codeOf(() => readPeResources(program({ words: { 128: 99 } })))).toBe('pe/bad-resources')
    const after = withPeResources(program(), some)
    const at = 1024 + 16 + 4
    new DataView(after.buffer).setUint32(at, 4096, true)
    expect(codeOf(() => readPeResources(after))).toBe('pe/bad-resources')
  })
})

describe('a section that something else shares', () => {
  it('keeps what is in it, and the resources get a new one', () => {
    const before = Buffer.from(withPeResources(program(), some))
    const view = new DataView(before.buffer, before.byteOffset)
    const entry = 88 + 112 + 2 * 8
    const [address, sizeBytes] = [view.getUint32(entry, true), view.getUint32(entry + 4, true)]
    // The imports, as packers put them there.
    view.setUint32(88 + 112 + 8, address + sizeBytes - 4, true)
    const after = withPeResources(before, some.slice(0, 1))
    expect(Buffer.compare(after.subarray(1024, before.length), before.subarray(1024))).toBe(0)
    expect(new DataView(after.buffer).getUint32(entry, true)).toBeGreaterThan(address)
    expect(readPeResources(after)).toEqual(some.slice(0, 1))
  })
})

describe('data behind the image', () => {
  it('is what belongs to nobody: no certificates, symbols or padding', () => {
    expect(dataBehindBytes(program())).toBe(0)
    expect(dataBehindBytes(Buffer.concat([program(), Buffer.alloc(100)]))).toBe(0)
    expect(dataBehindBytes(program({ behind: 'PAYLOAD' }))).toBe(7)
    expect(dataBehindBytes(Buffer.concat([program({ words: { 144: 1024, 148: 16 } }), Buffer.alloc(16, 7)]))).toBe(0)
    const symbols = Buffer.concat([program(), Buffer.alloc(18, 5), Buffer.from('\x08\0\0\0abc\0')])
    symbols.writeUInt32LE(1024, 88 - 12)
    symbols.writeUInt32LE(1, 88 - 8)
    expect(dataBehindBytes(symbols)).toBe(0)
    expect(dataBehindBytes(Buffer.concat([symbols, Buffer.from('more')]))).toBe(4)
  })
})

describe('appearance', () => {
  it('says what a program lacks of it', () => {
    const wanted = {
      icon: writeIco(picture),
      version: { numbers: [1, 2, 3, 4], texts: { ProductName: 'x' } },
      settings: ['longPaths'],
    } as const
    expect(peShows(program(), wanted)).toEqual({ hasIcon: false, hasVersion: false, lacks: ['icon', 'version', 'manifest'] })
    const after = withPeAppearance(program(), wanted)
    expect(peShows(after, wanted)).toEqual({ hasIcon: true, hasVersion: true, lacks: [] })
    const other = { ...wanted.version, texts: { ProductName: 'y' } }
    expect(peShows(after, { ...wanted, version: other, settings: ['utf8'] }).lacks).toEqual(['version', 'manifest'])
  })
  it('takes the place of what is there, and leaves the rest', async () => {
    const first = withPeAppearance(withPeResources(program(), some.slice(1)), {
      icon: writeIco(picture),
      version: { numbers: [1, 2, 3, 65535], texts: { ProductName: 'Größe 日本', FileVersion: '1.2.3-beta.4' } },
      settings: everySetting,
    })
    expect(await readPeVersion(fromBytes(first))).toEqual({
      fileVersion: '1.2.3.65535',
      productVersion: '1.2.3.65535',
      texts: { ProductName: 'Größe 日本', FileVersion: '1.2.3-beta.4' },
    })
    expect(inOrder(readPeResources(first).filter(({ type }) => type === 10 || type === 'OWN'))).toEqual(inOrder(some.slice(1)))
    const icons = readPeResources(first).filter(({ type }) => type === 3)
    expect(icons.map(({ bytes }) => bytes.length)).toEqual(readIco(writeIco(picture)).map(({ bytes }) => bytes.length))
    const second = withPeAppearance(first, { icon: writeIco({ ...picture, width: 16, height: 16 }) })
    expect(readPeResources(second).filter(({ type }) => type === 3)).toHaveLength(1)
    expect((await readPeVersion(fromBytes(second)))?.fileVersion).toBe('1.2.3.65535')
    expect(Buffer.compare(withPeAppearance(first, { settings: everySetting }), first)).toBe(0)
  })
  it('adds to a manifest what it lacks, and nothing twice', () => {
    const manifestOf = (before: string): string => {
      const pe = withPeResources(program(), [{ type: 24, name: 1, language: 0, codePage: 0, bytes: text(before) }])
      return Buffer.from(readPeResources(withPeAppearance(pe, { settings: everySetting }))[0]?.bytes ?? []).toString()
    }
    const made = manifestOf('<assembly><a:windowsSettings xmlns:a="x"><dpiAware>true</dpiAware></a:windowsSettings></assembly>')
    expect(made.match(/<dpiAware[\s>]/g)).toHaveLength(1)
    expect(made).toMatch(
      /<longPathAware [^>]*>true<\/longPathAware>.*<activeCodePage [^>]*>UTF-8<\/activeCodePage><\/a:windowsSettings><\/assembly>$/,
    )
    expect(codeOf(() => manifestOf('nonsense'))).toBe('pe/bad-manifest')
  })
  it('a text beyond 64 KiB is refused', () => {
    const version = { numbers: [1, 0, 0, 0], texts: { Comments: 'x'.repeat(40_000) } } as const
    expect(codeOf(() => withPeAppearance(program(), { version }))).toBe('pe/bad-resources')
  })
})

describeWithJudge(
  ['wine', 'wrestool', 'icotool', 'pefile', 'osslsigncode'],
  'a real program',
  ({ wine, wrestool, icotool, pefile, osslsigncode }) => {
    it('shows them to others, and still runs', () => {
      const env = {
        ...process.env,
        HOME: folder,
        WINEPREFIX: join(folder, 'prefix'),
        WINEDEBUG: '-all',
        WINEDLLOVERRIDES: 'mscoree,mshtml=',
        DISPLAY: '',
      }
      mkdirSync(env.WINEPREFIX)
      spawnSync(wine, ['wineboot', '-i'], { env, timeout: 120_000 })
      const before = readFileSync(join(env.WINEPREFIX, 'drive_c/windows/system32/cmd.exe'))
      const version = { numbers: [4, 3, 2, 1], texts: { ProductName: 'Größe', CompanyName: 'Us' } } as const
      const file = join(folder, 'new.exe')
      writeFileSync(file, withPeAppearance(before, { icon: writeIco(picture), version, settings: everySetting }))
      const ran = spawnSync(wine, [file, '/c', 'echo it runs& exit 7'], { env, encoding: 'utf8', timeout: 60_000 })
      expect([ran.stdout.trim(), ran.status]).toEqual(['it runs', 7])
      execFileSync(wrestool, ['-x', '-t14', '-o', join(folder, 'out.ico'), file])
      expect(execFileSync(icotool, ['-l', join(folder, 'out.ico')], { encoding: 'utf8' }).match(/--width/g)).toHaveLength(10)
      const script = `import pefile,sys,json
p=pefile.PE(sys.argv[1])
s={k.decode():v.decode() for t in p.FileInfo[0] if t.name=='StringFileInfo' for e in t.StringTable for k,v in e.entries.items()}
print(json.dumps([s,sorted(e.id for e in p.DIRECTORY_ENTRY_RESOURCE.entries if e.id),p.VS_FIXEDFILEINFO[0].FileVersionMS,p.verify_checksum() or p.OPTIONAL_HEADER.CheckSum==0,p.get_warnings()]))`
      const read = JSON.parse(execFileSync(pefile, ['-c', script, file], { encoding: 'utf8' })) as [
        object,
        number[],
        number,
        boolean,
        string[],
      ]
      expect(read[0]).toEqual(version.texts)
      for (const type of [3, 14, 16, 24]) expect(read[1]).toContain(type)
      expect(read.slice(2, 4)).toEqual([0x40003, true])
      // It counts zeros, and the place of the old resources is all zeros.
      expect(read[4].filter(one => !one.startsWith('Byte 0x00'))).toEqual([])
      const signing = spawnSync(osslsigncode, ['verify', file], { encoding: 'utf8' })
      expect(`${signing.stdout}${signing.stderr}`).toContain('No signature found')
    }, 240_000)
  },
)
