// Untrusted text, made safe for the files of a package: one line, XML, a shell word, gzip without name and time.
import { collect } from '@slipway/formats/bytes'
import { gzipOf } from '@slipway/formats/gzip'

/** Control characters and line ends would start another field. */
export const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()

/** Text of an XML element or attribute. */
export const xml = (text: string): string =>
  oneLine(text)
    .replace(/[\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** Text in a page of Markdown: no mark and no HTML of its own. */
export const markdown = (text: string): string => oneLine(text).replaceAll(/[\\`*_[\]<>&]/g, mark => `\\${mark}`)

/** One word of a POSIX shell. */
export const shellWord = (text: string): string => `'${oneLine(text).replaceAll("'", "'\\''")}'`

/** Release notes as plain lines, without the marks of lists and headings. */
export const noteLines = (notes: string): readonly string[] =>
  notes
    .split(/\r?\n/)
    .map(line => oneLine(line).replace(/^([-*+]|#+) +/, ''))
    .filter(line => line !== '')

/** Compressed as `gzip -9n` does. */
export const gzipped = async (content: Uint8Array | string): Promise<Uint8Array> => {
  const plain = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const bytes = await collect(gzipOf([{ plain }]), 1 << 26)
  // RFC 1952 2.3.1: extra flags 2 (slowest), system 3 (Unix), which is how tools tell that it was level 9.
  bytes[8] = 2
  bytes[9] = 3
  return bytes
}
