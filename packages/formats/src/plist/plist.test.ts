// Property lists: what is written is read back, here and by libplist; what is damaged is refused.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { readPlist, readXmlPlist } from './read.ts'
import { isDict, plistText, type PlistValue } from './value.ts'
import { writeBinaryPlist } from './write-binary.ts'
import { writePlist } from './write.ts'

const folder = mkdtempSync(join(tmpdir(), 'plist-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const value: PlistValue = {
  CFBundleName: 'Größe & <Co> "日本語" 🚀',
  yes: true,
  no: false,
  small: 7,
  byte: 200,
  negative: -5,
  large: 123_456_789_012,
  huge: 9_007_199_254_740_993n,
  real: { real: 1.5 },
  date: new Date('2026-11-21T12:00:00Z'),
  data: Uint8Array.from({ length: 300 }, (_, at) => at & 0xff),
  list: ['one', ['two'], {}],
  long: 'x'.repeat(400),
  empty: [],
}
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const codeOf = (bytes: Uint8Array): string => {
  try {
    readPlist(bytes)
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('a property list', () => {
  it('is read back from XML and from binary', () => {
    expect(readXmlPlist(writePlist(value))).toEqual(value)
    expect(readPlist(writeBinaryPlist(value))).toEqual(value)
    expect(plistText(value, 'long')).toHaveLength(400)
    expect([plistText(value, 'small'), plistText('text', 'x'), isDict([]), isDict({ real: 1 })]).toEqual([
      undefined,
      undefined,
      false,
      false,
    ])
  })
  it('is read as Apple and people write it', () => {
    const xml = `\ufeff<?xml version="1.0"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "x">\n<!-- a note --><plist version="1.0"><dict>
      <key>a&#38;b</key><string>&lt;&#x1F680;&apos;</string><key>c</key><string><![CDATA[<raw>]]></string><key>t</key><true></true>
      <key>n</key><integer>0x10</integer><key>e</key><string/><key>d</key><data>\n AAEC\n</data></dict></plist>\n`
    expect(readXmlPlist(xml)).toEqual({ 'a&b': "<🚀'", c: '<raw>', t: true, n: 16, e: '', d: Uint8Array.of(0, 1, 2) })
  })
  it('refuses what it cannot write', () => {
    for (const bad of ['\x01', '\ud800', { real: Number.NaN }, new Date(Number.NaN), { uid: 1 }] as const)
      expect(() => writePlist(bad)).toThrow(expect.objectContaining({ code: 'plist/bad-value' }))
    for (const bad of ['\ud800', { real: Number.NaN }, 2n ** 63n, { uid: 1 }] as const)
      expect(() => writeBinaryPlist(bad)).toThrow(expect.objectContaining({ code: 'plist/bad-value' }))
  })
  it('refuses what is none, and never takes long', () => {
    const open = '<plist><dict>'
    for (const text of [
      '',
      'x',
      '<plist>',
      open,
      `${open}<key>a</key></dict></plist>`,
      `${open}<string>a</string></dict></plist>`,
      '<plist><dict/><dict/></plist>',
    ])
      expect(codeOf(encode(text)), text).toBe('plist/bad-xml')
    expect(codeOf(encode(`<plist>${'<array>'.repeat(100)}`))).toBe('plist/bad-xml')
    expect(codeOf(Uint8Array.of(0xff, 0xfe))).toBe('bytes/bad-text')
    const binary = writeBinaryPlist(value)
    for (let cut = 6; cut < binary.length; cut += 7) expect(codeOf(binary.subarray(0, cut)), `${cut}`).toBe('plist/bad-binary')
    let state = 7
    const random = (below: number): number => (state = (state * 48_271) % 0x7fffffff) % below
    for (let turn = 0; turn < 400; turn++) {
      const damaged = Uint8Array.from(binary)
      damaged[6 + random(binary.length - 6)] = random(256)
      expect(['none', 'plist/bad-binary']).toContain(codeOf(damaged))
    }
  })
  it('refuses a list that holds itself', () => {
    const binary = writeBinaryPlist([['a']])
    const table = binary.length - 32 - 3
    binary[(binary[table + 1] ?? 0) + 1] = 0
    expect(codeOf(binary)).toBe('plist/bad-binary')
  })
})

describeWithJudge(['plistutil'], 'a property list, as libplist reads it', ({ plistutil }) => {
  it('says the same in both forms', () => {
    const [xml, binary] = [join(folder, 'a.plist'), join(folder, 'b.plist')]
    // Its dates have fractions, and it keeps no real apart.
    const { date: _date, huge: _huge, ...plain } = value as Record<string, PlistValue>
    writeFileSync(xml, writePlist(plain))
    writeFileSync(binary, writeBinaryPlist(plain))
    const convert = (from: string, form: string): Buffer => {
      rmSync(join(folder, 'out'), { force: true })
      execFileSync(plistutil, ['-i', from, '-o', join(folder, 'out'), '-f', form], { stdio: 'pipe' })
      return readFileSync(join(folder, 'out'))
    }
    expect(readPlist(convert(binary, 'xml'))).toEqual(plain)
    expect(readPlist(convert(xml, 'bin'))).toEqual(plain)
    writeFileSync(binary, writeBinaryPlist(plain).subarray(0, 60))
    // It may pass over damage in silence, but does not give the same.
    expect(() => expect(readPlist(convert(binary, 'xml'))).toEqual(plain)).toThrow(/expected|early/)
  })
})
