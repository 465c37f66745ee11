// Mach-O code signatures: the superblob and CodeDirectory of an ad-hoc signature (Apple's cs_blobs.h), sized before any page is hashed.
import { createHash, hash } from 'node:crypto'
import { concat, encodeText } from '../bytes.ts'

export const magics = {
  superBlob: 0xfade0cc0,
  codeDirectory: 0xfade0c02,
  requirements: 0xfade0c01,
  entitlements: 0xfade7171,
  entitlementsDer: 0xfade7172,
  blob: 0xfade0b01,
} as const
export const slots = {
  codeDirectory: 0,
  requirements: 2,
  entitlements: 5,
  entitlementsDer: 7,
  otherDirectories: 0x1000,
  cms: 0x10000,
} as const
export const flags = { adHoc: 0x2, runtime: 0x10000, linkerSigned: 0x20000 } as const

/** What one signature hands on to the next one of the same program: what it asks of the system, not who signed it. */
export interface Handed {
  readonly flags: number
  /** Of the main program's segment: what entitlements ask of the kernel. */
  readonly execFlags: number
  /** SDK of the hardened runtime, as `0x000d0100`; 0: none. */
  readonly runtimeVersion: number
  /** Entitlements, as XML and as DER: slot and blob, as they stood, in the order of slots. */
  readonly blobs: readonly (readonly [slot: number, bytes: Uint8Array])[]
}
/** Flags that a signer chooses, of cs_blobs.h: host, hard, kill, expiration, restrict, enforcement, library validation, runtime. */
const chosenFlags = 0x13f01

export interface Directory {
  readonly identifier: string
  /** Everything before the signature. */
  readonly codeBytes: number
  readonly pageBytes: 4096 | 16384
  /** As linkers sign: the CodeDirectory alone, which any other signature may replace. */
  readonly isLinkerSigned: boolean
  readonly text: { readonly offset: number; readonly sizeBytes: number }
  readonly isProgram: boolean
  /** Of an older signature; a linker's has no place for it. */
  readonly handed?: Handed | undefined
}

const hashBytes = 32
/** An empty set of requirements, and a CMS blob without a signature: what `codesign -s -` writes. */
const noRequirements = big(magics.requirements, 12, 0)
const noCms = big(magics.blob, 8)
const leastSpecialSlots = 2

/** Of the whole superblob. */
export const signatureBytes = (directory: Directory): number =>
  directory.isLinkerSigned
    ? 20 + directoryBytes(directory)
    : 12 + 3 * 8 + directoryBytes(directory) + noRequirements.length + noCms.length + sumBytes(blobsOf(directory))

const blobsOf = ({ handed }: Directory): Handed['blobs'] => handed?.blobs ?? []
const sumBytes = (blobs: Handed['blobs']): number => blobs.reduce((sum, [, bytes]) => sum + 8 + bytes.length, 0)
const runtimeOf = ({ handed, isLinkerSigned }: Directory): number => (isLinkerSigned ? 0 : (handed?.runtimeVersion ?? 0))
/** The version of the hardened runtime came with version 2.5 of the structure. */
const fixedBytesOf = (directory: Directory): number => (runtimeOf(directory) === 0 ? 88 : 96)
const specialsOf = (directory: Directory): number =>
  directory.isLinkerSigned ? 0 : Math.max(leastSpecialSlots, ...blobsOf(directory).map(([slot]) => slot))
const pagesOf = ({ codeBytes, pageBytes }: Directory): number => Math.ceil(codeBytes / pageBytes)
const directoryBytes = (directory: Directory): number =>
  fixedBytesOf(directory) + encodeText(directory.identifier).length + 1 + (specialsOf(directory) + pagesOf(directory)) * hashBytes

/** The superblob; `pageHashes` are all pages' SHA-256, one behind the other. */
export const signatureOf = (directory: Directory, pageHashes: Uint8Array): Uint8Array => {
  const codeDirectory = concat([fixedPart(directory), encodeText(`${directory.identifier}\0`), specialHashes(directory), pageHashes])
  if (directory.isLinkerSigned) return superBlob([[slots.codeDirectory, codeDirectory]])
  return superBlob([[slots.codeDirectory, codeDirectory], [slots.requirements, noRequirements], ...blobsOf(directory), [slots.cms, noCms]])
}

const fixedPart = (directory: Directory): Uint8Array => {
  const { identifier, codeBytes, pageBytes, isLinkerSigned, text, isProgram, handed } = directory
  const fixedBytes = fixedBytesOf(directory)
  const runtime = runtimeOf(directory)
  const chosen = isLinkerSigned ? flags.linkerSigned : (handed?.flags ?? 0) & chosenFlags
  const hashesAt = fixedBytes + encodeText(identifier).length + 1 + specialsOf(directory) * hashBytes
  const isLarge = codeBytes > 0xffffffff
  const bytes = concat([
    big(magics.codeDirectory, directoryBytes(directory), runtime === 0 ? 0x20400 : 0x20500, flags.adHoc | chosen),
    big(hashesAt, fixedBytes, specialsOf(directory), pagesOf(directory), isLarge ? 0xffffffff : codeBytes),
    // Hashes of 32 bytes, SHA-256, no platform, the page size as a power of two.
    Uint8Array.of(hashBytes, 2, 0, Math.log2(pageBytes)),
    // Spare, scatter, team and spare are not there.
    big(0, 0, 0, 0),
    new Uint8Array(32),
    // Nothing is encrypted.
    ...(runtime === 0 ? [] : [big(runtime, 0)]),
  ])
  const view = new DataView(bytes.buffer)
  view.setBigUint64(56, isLarge ? BigInt(codeBytes) : 0n)
  view.setBigUint64(64, BigInt(text.offset))
  view.setBigUint64(72, BigInt(text.sizeBytes))
  view.setBigUint64(80, isProgram ? BigInt((handed?.execFlags ?? 0) | 1) : 0n)
  return bytes
}

/** Counted down to slot -1: -2 are the requirements, -1 would be an Info.plist, -5 and -7 are entitlements. */
const specialHashes = (directory: Directory): Uint8Array => {
  const hashes = new Uint8Array(specialsOf(directory) * hashBytes)
  if (directory.isLinkerSigned) return hashes
  for (const [slot, blob] of [[slots.requirements, noRequirements] as const, ...blobsOf(directory)])
    hashes.set(createHash('sha256').update(blob).digest(), hashes.length - slot * hashBytes)
  return hashes
}

const superBlob = (blobs: readonly (readonly [slot: number, bytes: Uint8Array])[]): Uint8Array => {
  let at = 12 + blobs.length * 8
  const index = blobs.map(([slot, bytes]) => {
    at += bytes.length
    return big(slot, at - bytes.length)
  })
  return concat([big(magics.superBlob, at, blobs.length), ...index, ...blobs.map(([, bytes]) => bytes)])
}

function big(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => view.setUint32(index * 4, value))
  return bytes
}

export interface PageHasher {
  /** Hands in the next bytes, cut in any way. */
  readonly update: (chunk: Uint8Array) => void
  readonly finish: () => Uint8Array
}

/** SHA-256 of each page of what passes; keeps less than one page. */
export const pageHasher = (directory: Directory): PageHasher => {
  const { pageBytes } = directory
  const hashes = new Uint8Array(pagesOf(directory) * hashBytes)
  const rest = new Uint8Array(pageBytes)
  let [filled, done] = [0, 0]
  const add = (page: Uint8Array): void => {
    hashes.set(hash('sha256', page, 'buffer'), done)
    done += hashBytes
  }
  return {
    update: chunk => {
      let at = 0
      if (filled > 0) {
        const part = chunk.subarray(0, pageBytes - filled)
        rest.set(part, filled)
        at = part.length
        filled += part.length
        if (filled < pageBytes) return
        add(rest)
        filled = 0
      }
      for (; at + pageBytes <= chunk.length; at += pageBytes) add(chunk.subarray(at, at + pageBytes))
      rest.set(chunk.subarray(at))
      filled = chunk.length - at
    },
    finish: () => {
      if (filled > 0) add(rest.subarray(0, filled))
      return hashes
    },
  }
}
