// CMS signed data (RFC 5652 in the DER of X.690): what it holds, without asking who signed it. Every length is checked against the bytes.
import { FormatError } from './format-error.ts'
import { isSignedData } from './identify.ts'

export interface SignedData {
  /** What was signed; undefined where it lies elsewhere. */
  readonly content: Uint8Array | undefined
  readonly certificates: number
  readonly signers: number
}

/** Throws `cms/bad-der` and `cms/no-signed-data`. */
export const readSignedData = (bytes: Uint8Array): SignedData => {
  if (!isSignedData(bytes)) throw new FormatError('cms/no-signed-data', 'this is no signed data of CMS', 0)
  const [, wrapped] = childrenOf(elementAt(bytes, { at: 0, end: bytes.length }))
  const [signedData] = wrapped === undefined ? [] : childrenOf(wrapped)
  if (wrapped?.tag !== 0xa0 || signedData?.tag !== 0x30) throw bad('no signed data stands where it belongs', 0)
  const parts = childrenOf(signedData)
  // 5.1: version, digest algorithms, the content, certificates [0], revocations [1], signers.
  const content = parts[2]
  if (content?.tag !== 0x30) throw bad('it has no place for a content', signedData.at)
  const [, held] = childrenOf(content)
  const signers = parts.findLast(part => part.tag === 0x31)
  const certificates = parts.find(part => part.tag === 0xa0)
  return {
    content: held === undefined ? undefined : octetsOf(childrenOf(held)[0]),
    certificates: certificates === undefined ? 0 : childrenOf(certificates).length,
    signers: signers === undefined || signers === parts[1] ? 0 : childrenOf(signers).length,
  }
}

interface Element {
  readonly tag: number
  readonly bytes: Uint8Array
  /** Where its content begins and ends. */
  readonly at: number
  readonly end: number
}

const elementAt = (bytes: Uint8Array, { at, end }: { readonly at: number; readonly end: number }): Element => {
  const [tag, first] = [bytes[at] ?? 0, bytes[at + 1] ?? 0]
  if (at + 2 > end || (tag & 0x1f) === 0x1f) throw bad('an element is cut off or of a kind that is not read here', at)
  let [start, sizeBytes] = [at + 2, first]
  if (first >= 0x80) {
    // Four bytes of length are 4 GiB; none at all are an end that has to be looked for, which DER forbids.
    if (first === 0x80 || first > 0x84) throw bad('a length is not one of DER', at)
    start += first - 0x80
    if (start > end) throw bad('a length is cut off', at)
    sizeBytes = bytes.subarray(at + 2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  }
  if (start + sizeBytes > end) throw bad('an element is longer than what holds it', at)
  return { tag, bytes, at: start, end: start + sizeBytes }
}

const childrenOf = ({ tag, bytes, at, end }: Element): readonly Element[] => {
  if ((tag & 0x20) === 0) throw bad('an element holds no others', at)
  const children: Element[] = []
  for (let next = at; next < end;) {
    const child = elementAt(bytes, { at: next, end })
    children.push(child)
    next = child.end
  }
  return children
}

const octetsOf = (element: Element | undefined): Uint8Array => {
  if (element?.tag !== 0x04) throw bad('the content is no string of octets', element?.at ?? 0)
  return element.bytes.subarray(element.at, element.end)
}

const bad = (message: string, offset: number): FormatError => new FormatError('cms/bad-der', message, offset)
