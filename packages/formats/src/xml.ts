// XML 1.0, reading what small documents of packages hold: elements, attributes, text. No entities of their own, no document types.
import { FormatError } from './format-error.ts'

export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** The text right inside of it, joined. */
  readonly text: string
}

interface Open {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: XmlElement[]
  text: string
}

const limitDepth = 200

/** The one element of a document. Throws `xml/bad` for what is not well formed, nested too deep, or declares entities. */
export const readXml = (xml: string): XmlElement => {
  const stack: Open[] = [{ name: '', attributes: new Map(), children: [], text: '' }]
  const tokens =
    /<!--[^]*?-->|<!\[CDATA\[([^]*?)\]\]>|<\?[^]*?\?>|<!DOCTYPE[^[\]>]*>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)((?:"[^"<]*"|'[^'<]*'|[^"'<>])*?)(\/?)>|([^<]+)/gy
  while (tokens.lastIndex < xml.length) {
    const at = tokens.lastIndex
    const found = tokens.exec(xml)
    const top = stack.at(-1)
    if (found === null || top === undefined) throw new FormatError('xml/bad', 'no tag begins here', at)
    const [, cdata, closing, opening, attributes = '', empty, text] = found
    if (cdata !== undefined) top.text += cdata
    else if (text !== undefined) top.text += unescaped(text, at)
    else if (opening !== undefined) {
      const element: Open = { name: opening, attributes: attributesOf(attributes, at), children: [], text: '' }
      top.children.push(element)
      if (empty === '') stack.push(element)
      if (stack.length > limitDepth) throw new FormatError('xml/bad', `nested deeper than ${limitDepth}`, at)
    } else if (closing !== undefined && stack.pop()?.name !== closing) throw new FormatError('xml/bad', `</${closing}> closes nothing`, at)
  }
  const [document] = stack
  const [root] = document?.children ?? []
  if (stack.length !== 1 || root === undefined || document?.children.length !== 1 || document.text.trim() !== '')
    throw new FormatError('xml/bad', 'it is not one element', xml.length)
  return root
}

/** The first child of that name. */
export const childOf = (element: XmlElement | undefined, name: string): XmlElement | undefined =>
  element?.children.find(child => child.name === name)

/** Text for between tags and for attributes in double quotes. Throws `xml/bad` for characters that XML cannot hold. */
export const escapeXml = (text: string): string => {
  if (!text.isWellFormed() || /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(text))
    throw new FormatError('xml/bad', `${JSON.stringify(text)} holds a character that XML cannot`)
  return text.replaceAll(/[&<>"\t\n\r]/g, letter => named[letter] ?? `&#${letter.charCodeAt(0)};`)
}

const named: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const attributesOf = (text: string, at: number): ReadonlyMap<string, string> => {
  const attributes = new Map<string, string>()
  let end = 0
  for (const found of text.matchAll(/\s+([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
    const [whole, name = '', double, single] = found
    if (found.index !== end) break
    if (attributes.has(name)) throw new FormatError('xml/bad', `the attribute ${name} stands there twice`, at)
    attributes.set(name, unescaped(double ?? single ?? '', at))
    end += whole.length
  }
  if (text.slice(end).trim() !== '') throw new FormatError('xml/bad', 'what follows the name of a tag is no attribute', at)
  return attributes
}

const letters = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

const unescaped = (text: string, at: number): string =>
  text.includes('&') ? text.replaceAll(/&(?:#x[\da-fA-F]{1,6};|#\d{1,7};|\w+;|)/g, entity => letterOf(entity.slice(1, -1), at)) : text

const letterOf = (entity: string, at: number): string => {
  const code = entity.startsWith('#x') ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1))
  const isCode = entity.startsWith('#') && code > 0 && code <= 0x10ffff
  const letter = isCode ? String.fromCodePoint(code) : letters.get(entity)
  if (letter === undefined) throw new FormatError('xml/bad', 'an entity that XML does not have', at)
  return letter
}
