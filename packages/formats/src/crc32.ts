// CRC-32 as in gzip and zip (RFC 1952 section 8), and the joining of two of them without the bytes (zlib's crc32_combine).
import { crc32 as zlibCrc32 } from 'node:zlib'

/** CRC-32 of `bytes`, carried on from `before` (0 for the first). */
export const crc32 = (bytes: Uint8Array, before = 0): number => zlibCrc32(bytes, before)

/** CRC-32 of A followed by B, from the two checksums and the length of B in bytes. */
export const combineCrc32 = (crcA: number, crcB: number, lengthB: number): number => (multiply(powerOfX(lengthB), crcA) ^ crcB) >>> 0

// Polynomials modulo the CRC polynomial, bits reflected: the highest bit is x^0.
const polynomial = 0xedb88320

const multiply = (left: number, right: number): number => {
  let factor = right
  let product = 0
  for (let bit = 31; bit >= 0; bit--) {
    if ((left >>> bit) & 1) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

/** x^(8 * lengthBytes): moving a checksum over that many zero bytes. */
const powerOfX = (lengthBytes: number): number => {
  let power = 0x80000000
  let square = 0x00800000 // x^8
  for (let left = lengthBytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiply(square, power)
    square = multiply(square, square)
  }
  return power
}
