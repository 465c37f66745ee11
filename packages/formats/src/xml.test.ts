// XML: what is read, what is refused, and that writing is the other way round.
import { describe, expect, it } from 'vitest'
import { childOf, escapeXml, readXml } from './xml.ts'
import { codeOf, mutate } from './testing/archives.ts'

describe('xml', () => {
  it('reads elements, attributes, text, comments and CDATA', () => {
    const root = readXml(
      `<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//x" "y"><!-- <no> --><a b="1 &lt; 2" c='"'> x<d/><e f = "">&#65;&#x42;<![CDATA[<&>]]></e></a>\n`,
    )
    expect([root.name, [...root.attributes], root.text, root.children.length]).toEqual([
      'a',
      [
        ['b', '1 < 2'],
        ['c', '"'],
      ],
      ' x',
      2,
    ])
    expect(childOf(root, 'e')?.text).toBe('AB<&>')
    expect(childOf(childOf(root, 'd'), 'e')).toBeUndefined()
  })
  it('reads back what it wrote', () => {
    const text = `<&>"'\t\n\r é 🚢 ]]>`
    expect(readXml(`<a b="${escapeXml(text)}">${escapeXml(text)}</a>`)).toMatchObject({ text })
    expect(readXml(`<a b="${escapeXml(text)}"/>`).attributes.get('b')).toBe(text)
    expect(() => escapeXml('\u0001')).toThrow('XML cannot')
    expect(() => escapeXml('\ud800')).toThrow('XML cannot')
  })
  it('refuses what is not well formed, and entities of its own', async () => {
    const entities = '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    const cases = [
      '',
      'text',
      '<a>',
      '<a></b>',
      '</a>',
      '<a/><b/>',
      '<a b/>',
      '<a b=c/>',
      '<a b="1" b="2"/>',
      '<a>&b;</a>',
      '<a>&</a>',
      '<a b="<"/>',
      entities,
    ]
    for (const xml of [...cases, '<a>'.repeat(300) + '</a>'.repeat(300), '<a>&#0;</a>', '<a>&#x110000;</a>'])
      expect([xml.slice(0, 20), await codeOf(() => readXml(xml))]).toEqual([xml.slice(0, 20), 'xml/bad'])
  })
  it('ends quickly on anything', async () => {
    const hostile = [
      `<a ${'b="c" '.repeat(20_000)}`,
      '<'.repeat(100_000),
      `<a ${'"'.repeat(50_001)}>`,
      '<!--'.repeat(50_000),
      `<a${' '.repeat(50_000)}`,
    ]
    for (const xml of hostile) expect(await codeOf(() => readXml(xml))).toBe('xml/bad')
    const sound = new TextEncoder().encode('<a b="c &amp; d"><e f="g"/>text<h>i</h></a>')
    const { strange, slowestMs } = await mutate(
      sound,
      bytes => Promise.resolve().then(() => readXml(new TextDecoder().decode(bytes))),
      2000,
    )
    expect(strange).toEqual([])
    expect(slowestMs).toBeLessThan(500)
  }, 20_000)
})
