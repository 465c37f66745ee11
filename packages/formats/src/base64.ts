// Base64 of RFC 4648 section 4, strict both ways: padding required, unused bits zero, no white space.
import { FormatError } from './format-error.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const SEXTETS: ReadonlyMap<string, number> = new Map([...ALPHABET].map((letter, value) => [letter, value]))

/** Standard alphabet with padding (RFC 4648 section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    parts.push(
      ALPHABET.charAt(group >> 18),
      ALPHABET.charAt((group >> 12) & 63),
      left > 1 ? ALPHABET.charAt((group >> 6) & 63) : '=',
      left > 2 ? ALPHABET.charAt(group & 63) : '=',
    )
  }
  return parts.join('')
}

/** The bytes of a padded standard base64 text; `base64/malformed` for anything an encoder would not have written. */
export function decodeBase64(text: string): Uint8Array {
  if (text.length % 4 !== 0) throw new FormatError('base64/malformed', 'the length of base64 text must be a multiple of four', text.length)
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  const end = text.length - padding
  let held = 0
  let heldBits = 0
  let filled = 0
  for (let at = 0; at < end; at++) {
    const sextet = SEXTETS.get(text.charAt(at))
    if (sextet === undefined) throw new FormatError('base64/malformed', 'a character outside the base64 alphabet', at)
    held = ((held << 6) | sextet) & 0xffff
    heldBits += 6
    if (heldBits < 8) continue
    heldBits -= 8
    bytes[filled++] = (held >> heldBits) & 0xff
  }
  // Two spellings of the same bytes would let a signed file be changed without breaking its signature.
  if ((held & ((1 << heldBits) - 1)) !== 0)
    throw new FormatError('base64/malformed', 'unused bits of the last character are not zero', end - 1)
  return bytes
}
