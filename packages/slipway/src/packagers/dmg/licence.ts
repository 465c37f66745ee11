// The licence of a disk image: resources that macOS shows before it opens the volume (Apple's "Software License Agreements for UDIFs").
import { fail } from '@slipway/core'
import { concat, encodeText } from '@slipway/formats/bytes'
import type { PlistValue } from '@slipway/formats/plist/value'
import type { PackSubject } from '../packager.ts'

const limitBytes = 32_000
// English; its texts have this number.
const [languageId, baseId] = [0, 5000]

/** Codes: `dmg/bad-licence`. */
export const licenceResources = ({ assets, target }: PackSubject, path: string): Readonly<Record<string, readonly PlistValue[]>> => {
  const bytes = assets?.get(path)?.bytes ?? new Uint8Array(0)
  const text = new TextDecoder().decode(bytes).replaceAll(/\r\n?|\n/g, '\r')
  if (text.trim() === '' || bytes.length > limitBytes || text.includes('\0'))
    fail('dmg/bad-licence', `${JSON.stringify(path)} is no licence text: it is empty, not text, or longer than ${limitBytes} bytes`, {
      hint: 'Name a plain text; a longer one belongs into the app.',
      where: { path: 'packages.dmg.licence', target },
    })
  const entry = (id: number, name: string, data: Uint8Array): PlistValue => ({ Attributes: '0x0000', Data: data, ID: `${id}`, Name: name })
  return {
    LPic: [entry(baseId, '', concat([u16(languageId), u16(1), u16(languageId), u16(2), u16(0)]))],
    'STR#': [entry(baseId + 2, 'English', stringList(words))],
    TEXT: [entry(baseId + 2, 'English', macRoman(text))],
  }
}

const words = [
  'English',
  'Agree',
  'Disagree',
  'Print',
  'Save...',
  'If you agree with the terms of this license, press "Agree" to install the software. If you do not agree, press "Disagree".',
]

const stringList = (texts: readonly string[]): Uint8Array =>
  concat([u16(texts.length), ...texts.map(text => concat([Uint8Array.of(text.length), encodeText(text)]))])

/** Letters that the old encoding lacks are written as close as they come. */
const macRoman = (text: string): Uint8Array =>
  Uint8Array.from(text.normalize('NFKD').replaceAll(/\p{M}/gu, ''), letter => {
    const code = letter.codePointAt(0) ?? 0
    return code < 0x80 ? code : (roman.get(letter) ?? 0x3f)
  })

const roman: ReadonlyMap<string, number> = new Map([
  ['©', 0xa9],
  ['®', 0xa8],
  ['™', 0xaa],
  ['“', 0xd2],
  ['”', 0xd3],
  ['‘', 0xd4],
  ['’', 0xd5],
  ['–', 0xd0],
  ['—', 0xd1],
  ['•', 0xa5],
  ['§', 0xa4],
  ['ß', 0xa7],
  ['…', 0xc9],
])

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
