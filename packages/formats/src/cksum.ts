// The checksum of cksum(1) (POSIX.1, "cksum"): CRC-32 with the highest bit first and the length behind; bills of materials hold it.
import type { ByteChunks } from './bytes.ts'
import { crc32 } from './crc32.ts'

/** Checksum and length of a stream. */
export const cksumOf = async (chunks: ByteChunks): Promise<{ readonly checksum: number; readonly sizeBytes: number }> => {
  let [sum, sizeBytes] = [empty, 0]
  for await (const chunk of chunks) {
    sum = crc32(turned(chunk), sum)
    sizeBytes += chunk.length
  }
  return { checksum: closed(sum, sizeBytes), sizeBytes }
}

/** The same of small bytes at hand. */
export const cksumOfBytes = (bytes: Uint8Array): number => closed(crc32(turned(bytes), empty), bytes.length)

// The CRC of gzip has the same polynomial, its bits turned round, and begins with ones where this one begins with zeros.
const empty = 0xffffffff

const turnBits = (value: number, count: number): number => {
  let result = 0
  for (let bit = 0; bit < count; bit++) if ((value >>> bit) & 1) result |= 1 << (count - 1 - bit)
  return result >>> 0
}
const turnedBytes = Uint8Array.from({ length: 256 }, (_, byte) => turnBits(byte, 8))
const turned = (bytes: Uint8Array): Uint8Array => {
  const result = new Uint8Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) result[at] = turnedBytes[bytes[at] ?? 0] ?? 0
  return result
}

/** The length follows, lowest byte first, without zeros at the end; then all bits are inverted. */
const closed = (sum: number, sizeBytes: number): number => {
  const length: number[] = []
  for (let left = sizeBytes; left > 0; left = Math.floor(left / 256)) length.push(left % 256)
  return turnBits(crc32(turned(Uint8Array.from(length)), sum), 32)
}
