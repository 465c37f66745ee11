// Installers of makensis, in all its ways to pack, and damaged ones.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { collect, concat, fromBytes, packLittle } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { readNsis } from '../nsis.ts'
import { readPe } from '../pe.ts'
import { readNsisContents } from './contents.ts'

const folder = mkdtempSync(join(tmpdir(), 'nsis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const noise = (sizeBytes: number): Uint8Array => {
  let state = 1
  return Uint8Array.from({ length: sizeBytes }, () => (state = (state * 48_271) % 0x7fffffff) & 0xff)
}
const files: Readonly<Record<string, Uint8Array>> = {
  'noise.bin': noise(70_000),
  // Longer than one block of bzip2, with long runs and without.
  'text.txt': new TextEncoder().encode(`${'a'.repeat(5000)} word and word `.repeat(400)),
  'empty.txt': new Uint8Array(0),
}
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const contentsOf = async (bytes: Uint8Array) => {
  const source = fromBytes(bytes)
  const header = await readNsis(source, (await readPe(source)).imageEnd)
  return readNsisContents(source, header!)
}
const listed = async (bytes: Uint8Array): Promise<readonly (readonly [string, string])[]> => {
  const found: (readonly [string, string])[] = []
  for await (const { paths, sizeBytes, bytes: content } of (await contentsOf(bytes)).files()) {
    const whole = await collect(content(), 1 << 26)
    if (sizeBytes !== undefined) expect(whole.length).toBe(sizeBytes)
    found.push(...paths.map(path => [path, digest(whole)] as const))
  }
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1))
}
const codeOf = (made: Promise<unknown>): Promise<unknown> =>
  made.then(
    () => 'none',
    (error: { code?: unknown }) => error.code,
  )
/** With the sum that belongs to its bytes. */
const summed = (bytes: Uint8Array): Uint8Array => concat([bytes.subarray(0, -4), packLittle([[4, crc32(bytes.subarray(512, -4))]])])

const script = (target: string, compressor: string): string => `
Target ${target}
SetCompressor ${compressor}
Name Test
OutFile made.exe
Section
SetOutPath "$INSTDIR\\data"
File noise.bin
File text.txt
System::Call 'kernel32::Beep(i 1, i 1)'
SetOutPath "$LOCALAPPDATA\\Größe"
File text.txt
File empty.txt
WriteUninstaller "$INSTDIR\\un.exe"
SectionEnd
Section un.x
SectionEnd
`
const text = files['text.txt']!

describeWithJudge(['makensis'], 'an installer', ({ makensis }) => {
  const made = (target: string, compressor: string): Uint8Array => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes)
    writeFileSync(join(folder, 'made.nsi'), `\ufeff${script(target, compressor)}`)
    execFileSync(makensis, ['-V1', 'made.nsi'], { cwd: folder, stdio: 'pipe' })
    return new Uint8Array(readFileSync(join(folder, 'made.exe')))
  }
  const kinds = ['zlib', 'bzip2', 'lzma'] as const
  it.each(kinds.flatMap(kind => [`/SOLID ${kind}`, kind]))('packed by %s gives its files and where they go', async compressor => {
    for (const [target, bits, isUnicode] of [
      ['amd64-unicode', 64, true],
      ['x86-unicode', 32, true],
      ['x86-ansi', 32, false],
    ] as const) {
      const bytes = made(target, compressor)
      const { packing, script: found } = await contentsOf(bytes)
      expect(packing).toEqual({ compression: compressor.replace('/SOLID ', ''), isSolid: compressor.startsWith('/SOLID') })
      expect(found).toMatchObject({ bits, isUnicode })
      const ours = (await listed(bytes)).filter(([path]) => !path.startsWith('$PLUGINSDIR/'))
      expect(ours).toEqual([
        ['$INSTDIR/data/noise.bin', digest(files['noise.bin']!)],
        ['$INSTDIR/data/text.txt', digest(text)],
        ['$LOCALAPPDATA/Größe/empty.txt', digest(new Uint8Array(0))],
        ['$LOCALAPPDATA/Größe/text.txt', digest(text)],
      ])
      expect((await listed(bytes)).map(([path]) => path)).toContain('$PLUGINSDIR/System.dll')
    }
  })
  it.each(kinds)('whose data by %s is damaged is refused, whatever its sum says', async kind => {
    for (const compressor of [`/SOLID ${kind}`, kind]) {
      const bytes = made('amd64-unicode', compressor)
      const { offset } = (await readNsis(fromBytes(bytes), (await readPe(fromBytes(bytes))).imageEnd))!
      const damaged = Uint8Array.from(bytes)
      damaged.fill(0x5a, offset + 60, offset + 200)
      expect(await codeOf(listed(summed(damaged)))).toBe('nsis/corrupt')
    }
  })
  it('whose lengths point outside of it is refused', async () => {
    const bytes = made('amd64-unicode', 'zlib')
    const { offset } = (await readNsis(fromBytes(bytes), (await readPe(fromBytes(bytes))).imageEnd))!
    const header = { offset, isUninstaller: false, isSilent: false, crc: 'none', isWhole: true, isCrcRight: undefined } as const
    const asked = (more: object) => readNsisContents(fromBytes(bytes), { ...header, headerBytes: 5000, followingBytes: 300, ...more })
    expect(await codeOf(asked({}))).toBe('nsis/corrupt')
    expect(await codeOf(asked({ headerBytes: 2 ** 31 }))).toBe('nsis/corrupt')
    expect(await codeOf(asked({ followingBytes: 20 }))).toBe('nsis/corrupt')
    expect(await codeOf(asked({ offset: bytes.length }))).toBe('nsis/truncated')
  })
})
