// What the go command wrote, from made blobs; programs of the real toolchain are read in the test of its builder.
import { describe, expect, it } from 'vitest'
import { fromBytes } from './bytes.ts'
import { readGoBuild, readGoBuildId } from './go-build.ts'

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, one => one.charCodeAt(0))
/** As Go 1.18 and newer: magic, pointer size, flags, and behind 32 bytes two texts, each after its length. */
const blob = (module: string, flags = 2): Uint8Array => {
  const text = `${'s'.repeat(16)}${module}${'e'.repeat(16)}`
  const length = String.fromCharCode((text.length & 0x7f) | 0x80, text.length >> 7)
  return latin1(`\u00ff Go buildinf:\u0008${String.fromCharCode(flags)}${'\0'.repeat(16)}\u0006go1.26${length}${text}`)
}
const at = (bytes: Uint8Array, name = '.go.buildinfo') => [fromBytes(bytes), [{ name, offset: 0, sizeBytes: bytes.length }]] as const

describe('the text of the go command', () => {
  const lines = [
    'path\texample.org/tool/cmd/tool',
    'mod\texample.org/tool\tv1.2.3\th1:x',
    'dep\texample.org/other\tv0.1.0\th1:y',
    'build\t-ldflags="-X main.version=1.2.3 -X \\"main.note=a b\\""',
    'build\t-tags=a,b',
    'build\t"odd=key"=`back`',
    'build\tvcs.revision=0123',
    '',
  ]
  it('is read with its quotes', async () => {
    const found = await readGoBuild(...at(blob(lines.join('\n'))))
    expect(found).toMatchObject({
      goVersion: 'go1.26',
      path: 'example.org/tool/cmd/tool',
      module: { path: 'example.org/tool', version: 'v1.2.3' },
      dependencies: 1,
    })
    expect(Object.fromEntries(found?.settings ?? [])).toEqual({
      '-ldflags': '-X main.version=1.2.3 -X "main.note=a b"',
      '-tags': 'a,b',
      'odd=key': 'back',
      'vcs.revision': '0123',
    })
  })
  it('is found behind other data, at a multiple of 16', async () => {
    const bytes = new Uint8Array(1000)
    bytes.set(blob('path\tx\n'), 320)
    expect(await readGoBuild(...at(bytes, '.data'))).toMatchObject({ path: 'x' })
    bytes.copyWithin(321, 320)
    bytes.fill(0, 320, 321)
    expect(await readGoBuild(...at(bytes, '.data'))).toBeUndefined()
  })
  it('may be lacking, or be of an older Go', async () => {
    expect(await readGoBuild(...at(blob('', 0)))).toBeUndefined()
    expect(await readGoBuild(...at(blob(''), '.text'))).toBeUndefined()
    expect(await readGoBuild(...at(new Uint8Array(8)))).toBeUndefined()
    expect(await readGoBuild(...at(blob('')))).toMatchObject({ goVersion: 'go1.26', path: undefined, dependencies: 0 })
  })
  it('cut off is said so', async () => {
    const whole = blob(lines.join('\n'))
    for (const end of [35, 45, 60]) {
      await expect(readGoBuild(...at(whole.slice(0, end)))).rejects.toMatchObject({ code: 'go-build/truncated' })
    }
    const endless = Uint8Array.from(whole)
    endless.fill(0xff, 32)
    await expect(readGoBuild(...at(endless))).rejects.toMatchObject({ code: 'go-build/truncated' })
  })
})

describe('the build ID', () => {
  const note = (text: string): Uint8Array => latin1(`\u0004\0\0\0${String.fromCharCode(text.length)}\0\0\0\u0004\0\0\0Go\0\0${text}`)
  it('is a note in ELF', async () => {
    expect(await readGoBuildId(...at(note('slipway/1/e30='), '.note.go.buildid'))).toBe('slipway/1/e30=')
    expect(await readGoBuildId(...at(latin1('\u0003'.repeat(20)), '.note.go.buildid'))).toBeUndefined()
  })
  it('stands before the code in others', async () => {
    const code = latin1(`....\u00ff Go build ID: "a\\"b/c"\n \u00ffcode`)
    expect(await readGoBuildId(...at(code, '__text'))).toBe('a"b/c')
    expect(await readGoBuildId(...at(code.subarray(0, 24), '.text'))).toBeUndefined()
    expect(await readGoBuildId(...at(code, '.rodata'))).toBeUndefined()
  })
})
