// What Electron keeps room for in its own binary: the fuse wire (electronjs.org, Electron Fuses) and the digest of what Info.plist says of archives.
import { createHash } from 'node:crypto'
import { concat, exactReader, encodeText, type Source, streamRange } from './bytes.ts'
import { FormatError } from './format-error.ts'
import type { FileBytes } from './macho/layout.ts'

/** As the names of `FuseV1Options` of @electron/fuses, in the order of the wire. */
export const fuseNames = [
  'runAsNode',
  'enableCookieEncryption',
  'enableNodeOptionsEnvironmentVariable',
  'enableNodeCliInspectArguments',
  'enableEmbeddedAsarIntegrityValidation',
  'onlyLoadAppFromAsar',
  'loadBrowserProcessSpecificV8Snapshot',
  'grantFileProtocolExtraPrivileges',
  'wasmTrapHandlers',
] as const
export type FuseName = (typeof fuseNames)[number]
/** `removed`: this Electron has no such feature any more. */
export type FuseState = 'on' | 'off' | 'removed' | `other:${number}`

export interface FuseWire {
  /** Of the first fuse in the file. */
  readonly offset: number
  /** Of the schema: 1. */
  readonly version: number
  /** As long as the wire of this binary; later Electrons have fuses that are not named here. */
  readonly states: readonly FuseState[]
}

/** Where the digest of the dictionary `ElectronAsarIntegrity` stands; of 32 bytes. */
export interface DigestSlot {
  /** Of the two bytes before the digest: whether it is used, and its version. */
  readonly offset: number
  readonly isUsed: boolean
  readonly version: number
  readonly digest: Uint8Array
}

/** One for each slice of a universal binary. */
export interface ElectronSlots {
  readonly wires: readonly FuseWire[]
  readonly digests: readonly DigestSlot[]
}

const wireSentinel = encodeText('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX')
const digestSentinel = encodeText('AGbevlPCksUGKNL8TSn7wGmJEuJsXb2A')
const digestBytes = 32

/** Reads the whole file once, by pieces. Throws `electron-slots/truncated`. */
export const readElectronSlots = async (source: Source): Promise<ElectronSlots> => {
  const read = exactReader(source, (message, offset) => new FormatError('electron-slots/truncated', message, offset))
  const [wirePlaces = [], digestPlaces = []] = await placesOf(source, [wireSentinel, digestSentinel])
  const wires: FuseWire[] = []
  for (const place of wirePlaces) {
    const [version = 0, length = 0] = await read(place + wireSentinel.length, 2)
    const offset = place + wireSentinel.length + 2
    wires.push({ offset, version, states: Array.from(await read(offset, length), stateOf) })
  }
  const digests: DigestSlot[] = []
  for (const place of digestPlaces) {
    const offset = place + digestSentinel.length
    const bytes = await read(offset, 2 + digestBytes)
    digests.push({ offset, isUsed: bytes[0] !== 0, version: bytes[1] ?? 0, digest: bytes.slice(2) })
  }
  return { wires, digests }
}

const letters = { off: 0x30, on: 0x31, removed: 0x72 } as const
const stateOf = (byte: number): FuseState =>
  byte === letters.off ? 'off' : byte === letters.on ? 'on' : byte === letters.removed ? 'removed' : `other:${byte}`

export interface SlotChange {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** What to write for a fuse; the caller knows that the wire has it. */
export const fuseChange = ({ offset }: FuseWire, name: FuseName, isOn: boolean): SlotChange => ({
  offset: offset + fuseNames.indexOf(name),
  bytes: Uint8Array.of(isOn ? letters.on : letters.off),
})

/** What to write for a digest of version 1. */
export const digestChange = ({ offset }: DigestSlot, digest: Uint8Array): SlotChange => ({
  offset,
  bytes: concat([Uint8Array.of(1, 1), digest]),
})

/** Of the dictionary: each path in order, its algorithm and its hash, as text one behind the other (integrity_digest.mm). */
export const integrityDigest = (integrity: Readonly<Record<string, { readonly algorithm: string; readonly hash: string }>>): Uint8Array => {
  const hash = createHash('sha256')
  for (const [path, one] of Object.entries(integrity).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(path).update(one.algorithm).update(one.hash)
  return Uint8Array.from(hash.digest())
}

/** The same file with these bytes in place of its own. */
export const withSlots = (source: Source, changes: readonly SlotChange[]): FileBytes => ({
  sizeBytes: source.sizeBytes,
  chunks: () => patched(source, changes),
})

async function* patched(source: Source, changes: readonly SlotChange[]): AsyncGenerator<Uint8Array> {
  const read = exactReader(source, (message, offset) => new FormatError('electron-slots/truncated', message, offset))
  let start = 0
  for await (const chunk of streamRange(read, { offset: 0, sizeBytes: source.sizeBytes })) {
    const copy = chunk.slice()
    for (const { offset, bytes } of changes)
      for (const [index, byte] of bytes.entries()) {
        const at = offset + index - start
        if (at >= 0 && at < copy.length) copy[at] = byte
      }
    start += chunk.length
    yield copy
  }
}

const pieceBytes = 1 << 22

/** Where each of the texts stands, none of which may be cut by the end of a piece. */
const placesOf = async (source: Source, texts: readonly Uint8Array[]): Promise<readonly (readonly number[])[]> => {
  const overlap = Math.max(...texts.map(one => one.length)) - 1
  const places = texts.map((): number[] => [])
  const read = exactReader(source, (message, offset) => new FormatError('electron-slots/truncated', message, offset))
  for (let start = 0; start < source.sizeBytes; start += pieceBytes) {
    const piece = await read(start, Math.min(pieceBytes + overlap, source.sizeBytes - start))
    texts.forEach((text, index) => {
      for (let at = indexOf(piece, text, 0); at !== -1; at = indexOf(piece, text, at + 1))
        if (at < pieceBytes) places[index]?.push(start + at)
    })
  }
  return places
}

/** By a byte of its middle, which is rarer in programs than the first ones. */
const indexOf = (bytes: Uint8Array, text: Uint8Array, from: number): number => {
  const middle = text.length >> 1
  const rare = text[middle] ?? 0
  for (let at = bytes.indexOf(rare, from + middle); at !== -1; at = bytes.indexOf(rare, at + 1)) {
    const start = at - middle
    if (start + text.length <= bytes.length && text.every((byte, index) => bytes[start + index] === byte)) return start
  }
  return -1
}
