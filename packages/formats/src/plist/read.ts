// Property lists, reading: XML or binary, told apart by their first bytes. What they hold is untrusted.
import { decodeBase64 } from '../base64.ts'
import { decodeText } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { isBinaryPlist, readBinaryPlist } from './read-binary.ts'
import type { PlistValue } from './value.ts'

const limitDepth = 64

/** Throws `plist/bad-xml`, `plist/bad-binary`, `bytes/bad-text`. */
export const readPlist = (bytes: Uint8Array): PlistValue =>
  isBinaryPlist(bytes) ? readBinaryPlist(bytes) : readXmlPlist(decodeText(bytes))

interface Token {
  /** As `dict`, `/dict`, `true/`; '' for text. */
  readonly tag: string
  readonly text: string
  readonly offset: number
}

/** The one value of an XML property list. Throws `plist/bad-xml`. */
export const readXmlPlist = (xml: string): PlistValue => {
  const tokens = tokensOf(xml)
  let at = 0
  const bad = (reason: string): never => {
    throw new FormatError('plist/bad-xml', reason, tokens[at]?.offset ?? xml.length)
  }
  const next = (): Token => tokens[at++] ?? bad('it ends too early')
  const textUntil = (end: string): string => {
    let text = ''
    for (let token = next(); token.tag !== end; token = next()) {
      if (token.tag !== '') bad(`<${token.tag}> inside of <${end.slice(1)}>`)
      text += token.text
    }
    return text
  }
  const passBlank = (): void => {
    while (tokens[at]?.tag === '' && tokens[at]?.text.trim() === '') at++
  }
  const valueOf = (depth: number): PlistValue => {
    if (depth > limitDepth) bad(`nested deeper than ${limitDepth}`)
    passBlank()
    const { tag } = next()
    if (tag === 'dict/') return {}
    if (tag === 'array/') return []
    if (tag === 'string/' || tag === 'data/') return tag === 'data/' ? new Uint8Array(0) : ''
    if (tag === 'true/' || tag === 'false/') return tag === 'true/'
    if (tag === 'dict') return dictOf(depth)
    if (tag === 'array') return arrayOf(depth)
    if (tag === 'true' || tag === 'false') return textUntil(`/${tag}`).trim() === '' ? tag === 'true' : bad(`text inside of <${tag}>`)
    return leafOf(tag, textUntil(`/${tag}`)) ?? bad(`<${tag}> is no value`)
  }
  const dictOf = (depth: number): PlistValue => {
    const members: [string, PlistValue][] = []
    for (;;) {
      passBlank()
      const { tag } = next()
      if (tag === '/dict') return Object.fromEntries(members)
      const key = tag === 'key' ? textUntil('/key') : tag === 'key/' ? '' : bad(`<${tag}> where a key should stand`)
      members.push([key, valueOf(depth + 1)])
    }
  }
  const arrayOf = (depth: number): PlistValue => {
    const values: PlistValue[] = []
    for (;;) {
      passBlank()
      if (tokens[at]?.tag === '/array') {
        at++
        return values
      }
      values.push(valueOf(depth + 1))
    }
  }
  passBlank()
  if (next().tag !== 'plist') bad('it does not begin with <plist>')
  const value = valueOf(0)
  passBlank()
  if (next().tag !== '/plist') bad('more than one value')
  return value
}

const leafOf = (tag: string, text: string): PlistValue | undefined => {
  if (tag === 'string') return text
  const trimmed = text.trim()
  if (tag === 'integer' && /^[-+]?(\d+|0x[\da-f]+)$/i.test(trimmed)) {
    const whole = BigInt(trimmed.replace(/^[-+]/, '')) * (trimmed.startsWith('-') ? -1n : 1n)
    return whole >= BigInt(Number.MIN_SAFE_INTEGER) && whole <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(whole) : whole
  }
  if (tag === 'real' && trimmed !== '' && !Number.isNaN(Number(trimmed))) return { real: Number(trimmed) }
  if (tag === 'date' && !Number.isNaN(Date.parse(trimmed))) return new Date(trimmed)
  return tag === 'data' ? bytesOf(text.replaceAll(/\s/g, '')) : undefined
}

const bytesOf = (base64: string): Uint8Array | undefined => {
  try {
    return decodeBase64(base64)
  } catch {
    return undefined
  }
}

/** Tags and texts; comments, the declaration and the document type are passed over. */
const tokensOf = (xml: string): readonly Token[] => {
  const tokens: Token[] = []
  const pattern =
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!DOCTYPE[^>[]*(?:\[[^\]]*\])?[^>]*>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z]+)[^<>]*?(\/?)>|([^<]+)/g
  let end = xml.startsWith('\ufeff') ? 1 : 0
  pattern.lastIndex = end
  for (const match of xml.matchAll(pattern)) {
    if (match.index !== end) break
    end = match.index + match[0].length
    const [, cdata, close, name, empty, text] = match
    if (cdata !== undefined) tokens.push({ tag: '', text: cdata, offset: match.index })
    else if (name !== undefined) tokens.push({ tag: `${close ?? ''}${name}${empty ?? ''}`, text: '', offset: match.index })
    else if (text !== undefined) tokens.push({ tag: '', text: unescaped(text), offset: match.index })
  }
  if (end !== xml.length) throw new FormatError('plist/bad-xml', 'no XML', end)
  return tokens
}

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
const unescaped = (text: string): string =>
  text.replaceAll(/&(#x[\da-f]{1,6}|#\d{1,7}|[a-z]+);/gi, whole => {
    const inside = whole.slice(1, -1)
    if (!inside.startsWith('#')) return named[inside] ?? whole
    const code = /^#x/i.test(inside) ? Number.parseInt(inside.slice(2), 16) : Number(inside.slice(1))
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
