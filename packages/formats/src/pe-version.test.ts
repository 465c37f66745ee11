// The version resource, built by hand after VS_VERSIONINFO, whole and damaged.
import { describe, expect, it } from 'vitest'
import { concat, fromBytes, packLittle } from './bytes.ts'
import { readPeVersion } from './pe-version.ts'
import { tinyPe } from './testing/binaries.ts'

const utf16 = (text: string): Uint8Array => packLittle([...text].map(character => [2, character.charCodeAt(0)] as const))
const padded = (bytes: Uint8Array): Uint8Array => concat([bytes, new Uint8Array(-bytes.length & 3)])
interface Node {
  readonly key: string
  readonly value?: Uint8Array
  readonly isText?: boolean
  readonly children?: readonly Uint8Array[]
}
const block = ({ key, value = new Uint8Array(0), isText = false, children = [] }: Node): Uint8Array => {
  const head = padded(concat([new Uint8Array(6), utf16(`${key}\0`)]))
  const bytes = concat([head, children.length === 0 ? value : padded(value), ...children.map(padded)])
  bytes.set(
    packLittle([
      [2, bytes.length],
      [2, isText ? value.length / 2 : value.length],
      [2, isText ? 1 : 0],
    ]),
  )
  return bytes
}
const text = (key: string, value: string) => block({ key, value: utf16(`${value}\0`), isText: true })

const resource = (): Uint8Array => {
  const fixed = packLittle(
    [0xfeef04bd, 0x10000, 0x00010002, 0x00030004, 0x00050006, 0x00070008, 0, 0, 0, 0, 0, 0, 0].map(value => [4, value] as const),
  )
  const strings = block({ key: '040904b0', children: [text('ProductName', 'Näme'), text('FileVersion', '1.2.3-beta')] })
  return block({ key: 'VS_VERSION_INFO', value: fixed, children: [block({ key: 'StringFileInfo', children: [strings] })] })
}

/** Resources as the one section: three levels with one entry each, then the data. */
const withVersion = (data = resource()): Uint8Array => {
  const table = (id: number, next: number) =>
    packLittle([
      [4, 0],
      [4, 0],
      [4, 0],
      [2, 0],
      [2, 1],
      [4, id],
      [4, next],
    ])
  const section = concat([
    table(16, 0x80000018),
    table(1, 0x80000030),
    table(1033, 0x48),
    packLittle([
      [4, 0x1000 + 0x58],
      [4, data.length],
      [4, 0],
      [4, 0],
    ]),
    data,
  ])
  const bytes = new Uint8Array(512 + Math.max(512, section.length))
  bytes.set(tinyPe({}).subarray(0, 512))
  bytes.set(
    packLittle([
      [4, 0x1000],
      [4, section.length],
    ]),
    88 + 112 + 16,
  )
  bytes.set(
    packLittle([
      [4, section.length],
      [4, 0x1000],
      [4, bytes.length - 512],
      [4, 512],
    ]),
    88 + 112 + 128 + 8,
  )
  bytes.set(section, 512)
  return bytes
}

describe('readPeVersion', () => {
  it('reads numbers and texts', async () => {
    expect(await readPeVersion(fromBytes(withVersion()))).toEqual({
      fileVersion: '1.2.3.4',
      productVersion: '5.6.7.8',
      texts: { ProductName: 'Näme', FileVersion: '1.2.3-beta' },
    })
    expect(await readPeVersion(fromBytes(tinyPe({})))).toBeUndefined()
  })
  it('refuses damaged ones, and never ends otherwise', async () => {
    await expect(readPeVersion(fromBytes(withVersion(resource().fill(0, 6, 20))))).rejects.toMatchObject({ code: 'pe/bad-resources' })
    await expect(readPeVersion(fromBytes(tinyPe({}).fill(0, 64, 68)))).rejects.toMatchObject({ code: 'pe/bad-magic' })
    await expect(readPeVersion(fromBytes(withVersion().subarray(0, 700)))).rejects.toMatchObject({ code: 'pe/truncated' })
    const sound = withVersion()
    for (let at = 60; at < 800; at++) {
      const bytes = sound.slice()
      bytes[at] = (bytes[at] ?? 0) ^ 0xff
      const made = await readPeVersion(fromBytes(bytes)).then(
        () => 'pe/read',
        (error: { code?: string }) => error.code ?? 'none',
      )
      expect(made).toMatch(/^(pe|bytes)\//)
    }
  })
})
