// What kind of file this is, by its first bytes alone. It imports no reader: whoever asks needs one of them at most.
import { type Fields, fieldsOf, type Source } from './bytes.ts'

export type FileKind =
  | 'elf'
  | 'pe'
  | 'macho'
  | 'macho-fat'
  | 'zip'
  | 'gzip'
  | 'zstd'
  | 'xz'
  | 'ar'
  | 'rpm'
  | 'squashfs'
  | 'xar'
  | 'asar'
  | 'cfb'
  | 'cab'
  | 'ico'
  | 'icns'
  | 'plist'
  | 'cms'
  | 'tar'
  | 'unknown'

/** The kind by magic numbers; says nothing about whether the rest is sound. Never throws for any bytes. */
export const identify = async (source: Source): Promise<FileKind> => {
  const headBytes = Math.min(512, source.sizeBytes)
  const head = await source.read(0, headBytes)
  const big = fieldsOf(head, 'big')
  const starts = (...bytes: readonly number[]): boolean => head.length >= bytes.length && bytes.every((byte, index) => head[index] === byte)
  if (starts(0x7f, 0x45, 0x4c, 0x46)) return 'elf'
  if (starts(0x1f, 0x8b, 0x08)) return 'gzip'
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'zstd'
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz'
  if (starts(0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e, 0x0a)) return 'ar'
  if (starts(0xed, 0xab, 0xee, 0xdb)) return 'rpm'
  if (starts(0x68, 0x73, 0x71, 0x73)) return 'squashfs'
  if (starts(0x78, 0x61, 0x72, 0x21)) return 'xar'
  if (starts(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)) return 'cfb'
  if (starts(0x4d, 0x53, 0x43, 0x46, 0, 0, 0, 0)) return 'cab'
  if (starts(0x69, 0x63, 0x6e, 0x73)) return 'icns'
  if (isPlist(head)) return 'plist'
  if (isSignedData(head)) return 'cms'
  // An empty zip begins with its end record.
  if (starts(0x50, 0x4b, 0x03, 0x04) || starts(0x50, 0x4b, 0x05, 0x06)) return 'zip'
  if (head.length >= 8 && isThinMachO(big.u32(0))) return 'macho'
  if (head.length >= 8 && isFatMachO(big)) return 'macho-fat'
  if (starts(0x4d, 0x5a)) return (await isPe(source, head)) ? 'pe' : 'unknown'
  if (isAsar(head)) return 'asar'
  if (isIco(head, source.sizeBytes)) return 'ico'
  return isTar(head) ? 'tar' : 'unknown'
}

const isThinMachO = (magic: number): boolean => [0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe].includes(magic)

/** Java classes begin with the same magic; their next number is a version from 45 on, ours a count of slices. */
export const limitFatSlices = 30
const isFatMachO = (head: Fields): boolean =>
  [0xcafebabe, 0xcafebabf].includes(head.u32(0)) && head.u32(4) > 0 && head.u32(4) <= limitFatSlices

const isPe = async (source: Source, head: Uint8Array): Promise<boolean> => {
  if (head.length < 64) return false
  const offset = fieldsOf(head, 'little').u32(60)
  if (offset + 4 > source.sizeBytes) return false
  const bytes = await source.read(offset, 4)
  return bytes.length === 4 && fieldsOf(bytes, 'big').u32(0) === 0x50450000
}

/** 1.2.840.113549.1.7.2 */
const signedDataId = Uint8Array.of(0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02)

/** By its first bytes: a sequence that begins with the identifier of signed data. */
export const isSignedData = (head: Uint8Array): boolean => {
  if (head[0] !== 0x30 || head.length < 16) return false
  const lengthBytes = (head[1] ?? 0) < 0x80 ? 0 : (head[1] ?? 0) & 0x7f
  return signedDataId.every((byte, index) => head[2 + lengthBytes + index] === byte)
}

/** Whether it begins as an asar does; there is no magic, so the lengths of its pickles must agree. */
export const isAsar = (head: Uint8Array): boolean => {
  if (head.length < 17) return false
  const fields = fieldsOf(head, 'little')
  const [four, headerBytes, payloadBytes, textBytes] = [fields.u32(0), fields.u32(4), fields.u32(8), fields.u32(12)]
  const isPadded = payloadBytes >= textBytes + 4 && payloadBytes - textBytes - 4 < 4
  return four === 4 && headerBytes === payloadBytes + 4 && isPadded && fields.u8(16) === 0x7b
}

/** Binary by its magic; XML by the name of its document, or of its first element. */
const isPlist = (head: Uint8Array): boolean =>
  /^(bplist0|(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[^])*-->\s*)?<(!DOCTYPE\s+)?plist[\s>])/.test(String.fromCharCode(...head))

/** Its magic is four small numbers, so the first image has to lie behind the list, inside of the file. */
const isIco = (head: Uint8Array, sizeBytes: number): boolean => {
  if (head.length < 22) return false
  const fields = fieldsOf(head, 'little')
  const [count, length, offset] = [fields.u16(4), fields.u32(14), fields.u32(18)]
  return fields.u32(0) === 0x10000 && count > 0 && head[9] === 0 && offset >= 6 + 16 * count && length > 0 && offset + length <= sizeBytes
}

/** By its checksum, since old tar has no magic. */
const isTar = (head: Uint8Array): boolean => {
  if (head.length < 512 || head[0] === 0) return false
  const sum = head.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0)
  const written = /^ *([0-7]{1,7})[ \0]/.exec(String.fromCharCode(...head.subarray(148, 156)))?.[1]
  return written !== undefined && Number.parseInt(written, 8) === sum
}
