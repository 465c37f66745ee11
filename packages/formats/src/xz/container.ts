// The .xz container around LZMA2 (The .xz File Format 1.1.0): stream header, blocks that tell their sizes, index, footer.
import { concat, packLittle } from '../bytes.ts'
import { crc32 } from '../crc32.ts'

export interface XzRecord {
  /** Of header, packed data and check, without padding. */
  readonly unpaddedBytes: number
  readonly sizeBytes: number
}

export interface XzBlock {
  readonly parts: readonly Uint8Array[]
  readonly record: XzRecord
}

// 2.1.1.2: the check is CRC32, which every reader has, the kernel's too.
const flags = Uint8Array.of(0x00, 0x01)
const checkBytes = 4

/** 2.1.1 */
export const xzStreamHeader: Uint8Array = concat([
  Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00),
  flags,
  packLittle([[4, crc32(flags)]]),
])

/** 3: one block; a reader needs a window of `dictionaryBytes`. */
export const xzBlock = (plain: Uint8Array, packed: Uint8Array, dictionaryBytes: number): XzBlock => {
  const header = blockHeader({ packedBytes: packed.length, sizeBytes: plain.length, dictionaryBytes })
  return {
    parts: [header, packed, padding(packed.length), packLittle([[4, crc32(plain)]])],
    record: { unpaddedBytes: header.length + packed.length + checkBytes, sizeBytes: plain.length },
  }
}

/** 4 and 2.1.2: where every block is, and the end. */
export const xzIndexAndFooter = (records: readonly XzRecord[]): Uint8Array => {
  const listed = records.flatMap(({ unpaddedBytes, sizeBytes }) => [...integer(unpaddedBytes), ...integer(sizeBytes)])
  const index = Uint8Array.from([0, ...integer(records.length), ...listed])
  const padded = concat([index, padding(index.length)])
  const backward = concat([packLittle([[4, padded.length / 4]]), flags])
  return concat([padded, packLittle([[4, crc32(padded)]]), packLittle([[4, crc32(backward)]]), backward, Uint8Array.of(0x59, 0x5a)])
}

interface BlockSizes {
  readonly packedBytes: number
  readonly sizeBytes: number
  readonly dictionaryBytes: number
}

const blockHeader = ({ packedBytes, sizeBytes, dictionaryBytes }: BlockSizes): Uint8Array => {
  // One filter, both sizes; LZMA2 with one byte of properties.
  const fields = [0xc0, ...integer(packedBytes), ...integer(sizeBytes), 0x21, 1, dictionaryByte(dictionaryBytes)]
  const length = Math.ceil((1 + fields.length) / 4) * 4
  const header = new Uint8Array(length)
  header.set([length / 4, ...fields])
  return concat([header, packLittle([[4, crc32(header)]])])
}

/** 1.2: seven bits a byte, the lowest first. */
const integer = (value: number): readonly number[] => {
  const bytes: number[] = []
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left]
    bytes.push((left % 128) | 0x80)
  }
}

/** 5.3.1: 2^n or 2^n + 2^(n-1), from 4 KiB on; the smallest that is enough. */
const dictionaryByte = (neededBytes: number): number => {
  let byte = 0
  while (dictionaryBytesOf(byte) < neededBytes) byte++
  return byte
}

/** 5.3.1 */
export const dictionaryBytesOf = (byte: number): number => (2 | (byte & 1)) * 2 ** ((byte >> 1) + 11)

const padding = (length: number): Uint8Array => new Uint8Array(-length & 3)
