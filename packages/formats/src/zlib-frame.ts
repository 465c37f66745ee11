// The zlib format around a deflate stream (RFC 1950).
import { bigEndian32, concat } from './bytes.ts'
import { endOfDeflate } from './deflate.ts'

/** `deflated` without its end block, of `plain`; the header says level 9, which no reader minds. */
export const zlibFrame = (plain: Uint8Array, deflated: Uint8Array): Uint8Array =>
  concat([Uint8Array.of(0x78, 0xda), deflated, endOfDeflate, bigEndian32(adler32(plain))])

/** RFC 1950, 8.2. The remainder is taken as rarely as small numbers allow. */
const adler32 = (bytes: Uint8Array): number => {
  let [low, high] = [1, 0]
  for (let at = 0; at < bytes.length;) {
    for (const end = Math.min(at + 2048, bytes.length); at < end; at++) {
      low += bytes[at] ?? 0
      high += low
    }
    low %= 65_521
    high %= 65_521
  }
  return ((high << 16) | low) >>> 0
}
