// Windows Installer: the string pool, where each text of all tables stands once (streams _StringPool and _StringData).
import { concat, encodeText, fieldsOf } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

export interface StringPool {
  /** The number of a text, which counts a use of it; 0 for none. */
  readonly add: (text: string) => number
  /** Bytes of a number in a table, when all texts are in. */
  readonly referenceBytes: () => 2 | 3
  readonly pool: () => Uint8Array
  readonly data: () => Uint8Array
}

const limitTextBytes = 0xffff

/** UTF-8 where a text needs it, else no code page. Throws `msi/long-text`. */
export const stringPool = (): StringPool => {
  const numbers = new Map<string, number>()
  const texts: { readonly bytes: Uint8Array; uses: number }[] = []
  const referenceBytes = (): 2 | 3 => (texts.length > 0xffff ? 3 : 2)
  return {
    add: text => {
      if (text === '') return 0
      const known = numbers.get(text)
      const entry = texts[(known ?? 0) - 1]
      if (known !== undefined && entry !== undefined) {
        // Counts that would not fit stay at the most, as others write them.
        entry.uses = Math.min(entry.uses + 1, 0xffff)
        return known
      }
      const bytes = encodeText(text)
      if (bytes.length > limitTextBytes)
        throw new FormatError('msi/long-text', `a text of ${bytes.length} bytes; here it ends at ${limitTextBytes}`)
      texts.push({ bytes, uses: 1 })
      numbers.set(text, texts.length)
      return texts.length
    },
    referenceBytes,
    pool: () => {
      const bytes = new Uint8Array(4 + 4 * texts.length)
      const view = new DataView(bytes.buffer)
      const isAscii = texts.every(one => one.bytes.every(byte => byte < 0x80))
      view.setUint16(0, isAscii ? 0 : 65_001, true)
      view.setUint16(2, referenceBytes() === 3 ? 0x8000 : 0, true)
      for (const [index, { bytes: text, uses }] of texts.entries()) {
        view.setUint16(4 + 4 * index, text.length, true)
        view.setUint16(6 + 4 * index, uses, true)
      }
      return bytes
    },
    data: () => concat(texts.map(one => one.bytes)),
  }
}

export interface StringTable {
  readonly codePage: number
  readonly referenceBytes: 2 | 3
  /** By number; the first is empty. */
  readonly texts: readonly string[]
}

/** Throws `msi/bad-strings`. */
export const readStrings = (pool: Uint8Array, data: Uint8Array): StringTable => {
  if (pool.length < 4 || pool.length % 4 !== 0) throw new FormatError('msi/bad-strings', `a string pool of ${pool.length} bytes`)
  const fields = fieldsOf(pool, 'little')
  const codePage = fields.u32(0) & 0x7fffffff
  const decode = decoderOf(codePage)
  const texts = ['']
  let dataAt = 0
  for (let at = 4; at < pool.length; at += 4) {
    let sizeBytes = fields.u16(at)
    if (sizeBytes === 0 && fields.u16(at + 2) !== 0 && at + 8 <= pool.length) {
      // A text of 64 KiB and more: its size takes the next entry.
      sizeBytes = fields.u32(at + 4)
      at += 4
    }
    if (dataAt + sizeBytes > data.length)
      throw new FormatError('msi/bad-strings', `the texts end at ${data.length} of ${dataAt + sizeBytes} bytes`)
    texts.push(decode(data.subarray(dataAt, dataAt + sizeBytes)))
    dataAt += sizeBytes
  }
  return { codePage, referenceBytes: fields.u16(2) & 0x8000 ? 3 : 2, texts }
}

/** What is not UTF-8 and not known is shown byte by byte. */
export const decoderOf = (codePage: number): ((bytes: Uint8Array) => string) => {
  const label =
    codePage === 65_001 ? 'utf-8' : codePage >= 1250 && codePage <= 1258 ? `windows-${codePage}` : codePage === 932 ? 'shift_jis' : ''
  if (label === '') return bytes => Array.from(bytes, byte => String.fromCharCode(byte)).join('')
  const decoder = new TextDecoder(label)
  return bytes => decoder.decode(bytes)
}
