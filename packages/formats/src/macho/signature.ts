// Mach-O: what a code signature says of itself: identifier, team, flags, entitlements (Apple's cs_blobs.h). Nothing is verified but page hashes.
import { hash } from 'node:crypto'
import { decodeText, exactReader, fieldsOf, type Source, streamRange, untilNul } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { MachOSlice } from '../macho.ts'
import { flags, type Handed, magics, slots } from './code-directory.ts'

export interface CodeSignature {
  /** `cms`: by a certificate, here not checked; `ad-hoc` and `linker` seal the bytes and name nobody. */
  readonly kind: 'cms' | 'ad-hoc' | 'linker'
  readonly identifier: string
  readonly team: string | undefined
  readonly hasRuntime: boolean
  readonly pageBytes: number
  readonly hashKind: 'sha1' | 'sha256' | `other:${number}`
  /** The property list as text. */
  readonly entitlements: string | undefined
  /** Whether every page has its hash; undefined where that was not asked for, or the hash is not one that is read here. */
  readonly arePagesIntact: boolean | undefined
  /** What a signature that takes its place has to say too. */
  readonly handed: Handed
}

const limitSignatureBytes = 1 << 26

/**
 * The signature of a slice of `source`; undefined where there is none. With `pages`, all pages are hashed. Throws
 * `macho/bad-signature` and `macho/truncated`.
 */
export const readSignature = async (
  source: Source,
  slice: Pick<MachOSlice, 'offset' | 'signature'>,
  options: { readonly pages?: boolean } = {},
): Promise<CodeSignature | undefined> => {
  if (slice.signature === undefined) return undefined
  const start = slice.offset + slice.signature.offset
  if (slice.signature.sizeBytes > limitSignatureBytes) throw bad(`a signature of ${slice.signature.sizeBytes} bytes`, start)
  const read = exactReader(source, (message, offset) => new FormatError('macho/truncated', message, offset))
  const bytes = await read(start, slice.signature.sizeBytes)
  const blobs = readBlobs(bytes, start)
  // Old signatures carry SHA-1 first and SHA-256 besides: the best one counts.
  const directories = [...blobs].filter(([slot]) => slot === slots.codeDirectory || (slot >= slots.otherDirectories && slot < slots.cms))
  const read256 = directories.map(([, blob]) => readDirectory(blob, start)).sort((left, right) => right.hashType - left.hashType)
  const [directory] = read256
  if (directory === undefined) throw bad('it has no CodeDirectory', start)
  const entitlements = blobs.get(slots.entitlements)
  const hasCms = (blobs.get(slots.cms)?.length ?? 0) > 8
  return {
    kind: hasCms ? 'cms' : (directory.flags & flags.linkerSigned) === 0 ? 'ad-hoc' : 'linker',
    identifier: directory.identifier,
    team: directory.team,
    hasRuntime: (directory.flags & flags.runtime) !== 0,
    pageBytes: directory.pageBytes,
    hashKind: directory.hashType === 2 ? 'sha256' : directory.hashType === 1 ? 'sha1' : `other:${directory.hashType}`,
    entitlements: entitlements === undefined ? undefined : new TextDecoder().decode(entitlements.subarray(8)),
    arePagesIntact: options.pages === true ? await arePagesIntact(read, directory, slice.offset) : undefined,
    handed: {
      flags: directory.flags,
      execFlags: directory.execFlags,
      runtimeVersion: directory.runtimeVersion,
      blobs: [slots.entitlements, slots.entitlementsDer].flatMap(slot => {
        const blob = blobs.get(slot)
        return blob === undefined ? [] : [[slot, blob] as const]
      }),
    },
  }
}

const bad = (reason: string, offset: number): FormatError =>
  new FormatError('macho/bad-signature', `the signature is damaged: ${reason}`, offset)

const readBlobs = (bytes: Uint8Array, start: number): ReadonlyMap<number, Uint8Array> => {
  if (bytes.length < 12) throw bad('it is cut off', start)
  const fields = fieldsOf(bytes, 'big')
  const count = fields.u32(8)
  if (fields.u32(0) !== magics.superBlob || fields.u32(4) > bytes.length || 12 + count * 8 > fields.u32(4))
    throw bad('it has no sound head', start)
  const blobs = new Map<number, Uint8Array>()
  for (let index = 0; index < count; index++) {
    const [slot, at] = [fields.u32(12 + index * 8), fields.u32(16 + index * 8)]
    const sizeBytes = at + 8 <= bytes.length ? fields.u32(at + 4) : 0
    if (sizeBytes < 8 || at + sizeBytes > bytes.length) throw bad(`the blob ${index} does not fit`, start + at)
    if (blobs.has(slot)) throw bad(`the slot ${slot} is there twice`, start + at)
    blobs.set(slot, bytes.subarray(at, at + sizeBytes))
  }
  return blobs
}

interface DirectoryRead {
  readonly flags: number
  readonly execFlags: number
  readonly runtimeVersion: number
  readonly identifier: string
  readonly team: string | undefined
  readonly hashType: number
  readonly hashBytes: number
  readonly pageBytes: number
  readonly codeBytes: number
  readonly hashes: Uint8Array
}

const readDirectory = (blob: Uint8Array, start: number): DirectoryRead => {
  if (blob.length < 44) throw bad('the CodeDirectory is cut off', start)
  const fields = fieldsOf(blob, 'big')
  if (fields.u32(0) !== magics.codeDirectory) throw bad('the CodeDirectory is none', start)
  const version = fields.u32(8)
  const [hashBytes, hashType, pageBits] = [fields.u8(36), fields.u8(37), fields.u8(39)]
  const [hashesAt, count] = [fields.u32(16), fields.u32(28)]
  if (pageBits > 24 || hashesAt + count * hashBytes > blob.length) throw bad('the CodeDirectory lies about its hashes', start)
  const text = (at: number): string => {
    if (at < 44 || at >= blob.length) throw bad('a name lies outside of the CodeDirectory', start)
    try {
      return decodeText(untilNul(blob.subarray(at)))
    } catch {
      throw bad('a name is not UTF-8', start)
    }
  }
  const teamAt = version >= 0x20200 && blob.length >= 52 ? fields.u32(48) : 0
  const largeBytes = version >= 0x20300 && blob.length >= 64 ? fields.u64(56) : 0
  return {
    flags: fields.u32(12),
    // Of the 64 bits the upper half is not used.
    execFlags: version >= 0x20400 && blob.length >= 88 ? fields.u32(84) : 0,
    runtimeVersion: version >= 0x20500 && blob.length >= 96 ? fields.u32(88) : 0,
    identifier: text(fields.u32(20)),
    team: teamAt === 0 ? undefined : text(teamAt),
    hashType,
    hashBytes,
    pageBytes: pageBits === 0 ? 0 : 2 ** pageBits,
    codeBytes: largeBytes > 0 ? largeBytes : fields.u32(32),
    hashes: blob.subarray(hashesAt, hashesAt + count * hashBytes),
  }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

const arePagesIntact = async (read: Read, directory: DirectoryRead, offset: number): Promise<boolean | undefined> => {
  const { hashType, hashBytes, pageBytes, codeBytes, hashes } = directory
  if (hashType !== 2 || hashBytes !== 32 || pageBytes === 0) return undefined
  if (hashes.length !== Math.ceil(codeBytes / pageBytes) * hashBytes) return false
  let at = 0
  for await (const piece of streamRange(read, { offset, sizeBytes: codeBytes }, Math.max(pageBytes, 1 << 20))) {
    for (let page = 0; page < piece.length; page += pageBytes) {
      const digest: Uint8Array = hash('sha256', piece.subarray(page, page + pageBytes), 'buffer')
      if (digest.some((byte, index) => byte !== hashes[at + index])) return false
      at += hashBytes
    }
  }
  return true
}
