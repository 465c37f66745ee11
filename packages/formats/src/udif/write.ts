// UDIF, writing: a volume as compressed runs, a property list that places them, and the trailer at the end (as hdiutil(1) does).
import { createHash } from 'node:crypto'
import { type ByteChunks, encodeText, letGo, rechunk } from '../bytes.ts'
import { crc32 } from '../crc32.ts'
import { FormatError } from '../format-error.ts'
import { writePlist } from '../plist/write.ts'
import type { PlistValue } from '../plist/value.ts'
import type { UdifCompression } from './runs.ts'
import { endRun, rawRun, sectorBytes, zeroRun } from './trailer.ts'

export interface UdifWriting {
  /** Of the volume, a multiple of 512. */
  readonly sizeBytes: number
  readonly compression: UdifCompression
  /** Other resources, as the licence: type -> its entries. */
  readonly resources?: Readonly<Record<string, readonly PlistValue[]>>
  /** Runs that wait while one is packed; never changes the bytes. */
  readonly parallel?: number
}

// A constant of the format, never of the machine: it decides about the bytes.
const runBytes = 1 << 20

interface Run {
  readonly kind: number
  readonly sector: number
  readonly sectors: number
  readonly offset: number
  readonly sizeBytes: number
}

/** A disk image of the volume, without a partition map. Throws `udif/bad-size` and `udif/size-changed`. */
export async function* writeUdif(
  volume: ByteChunks,
  { sizeBytes, compression, resources = {}, parallel = 4 }: UdifWriting,
): AsyncGenerator<Uint8Array> {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes % sectorBytes !== 0)
    throw new FormatError('udif/bad-size', `a volume of ${sizeBytes} bytes is no whole number of sectors`)
  const runs: Run[] = []
  let [offset, sector] = [0, 0]
  let [volumeCrc, dataCrc] = [0, 0]
  const identity = createHash('sha256')
  const flying: Flying[] = []
  const land = async ({ plain, packed }: Flying): Promise<Uint8Array> => {
    const { kind, bytes } = await packed
    const sectors = plain / sectorBytes
    runs.push({ kind, sector, sectors, offset, sizeBytes: bytes.length })
    sector += sectors
    offset += bytes.length
    dataCrc = crc32(bytes, dataCrc)
    identity.update(bytes)
    return bytes
  }
  for await (const run of rechunk(volume, runBytes)) {
    volumeCrc = crc32(run, volumeCrc)
    const plain = run.length
    const packed = packRun(run, compression)
    // Whoever stops reading leaves runs behind; their failure is then nobody's.
    packed.catch(() => undefined)
    flying.push({ plain, packed })
    const first = flying.length > parallel ? flying.shift() : undefined
    if (first !== undefined) yield await land(first)
  }
  for (const one of flying) yield await land(one)
  if (sector * sectorBytes !== sizeBytes)
    throw new FormatError('udif/size-changed', `a volume of ${sizeBytes} bytes gave ${sector * sectorBytes}`)
  const table = blockTable({ runs, sectors: sector, crc: volumeCrc })
  const blkx = [{ Attributes: '0x0050', CFName: 'whole disk (Apple_HFS : 0)', Data: table, ID: '0', Name: 'whole disk (Apple_HFS : 0)' }]
  const list = encodeText(writePlist({ 'resource-fork': { ...resources, blkx } }))
  yield list
  yield trailer({ dataBytes: offset, listBytes: list.length, sectors: sector, dataCrc, tableCrc: volumeCrc, id: identity.digest() })
}

interface Flying {
  readonly plain: number
  readonly packed: Promise<{ readonly kind: number; readonly bytes: Uint8Array }>
}

const packRun = async (
  run: Uint8Array,
  { runKind, pack }: UdifCompression,
): Promise<{ readonly kind: number; readonly bytes: Uint8Array }> => {
  const packed = isZero(run) ? new Uint8Array(0) : await pack(run)
  const kind = packed.length === 0 ? zeroRun : runKind
  if (packed.length >= run.length) return { kind: rawRun, bytes: run }
  // A copy of our own; else some of them fill the memory until the garbage collector comes.
  letGo(run)
  return { kind, bytes: packed }
}

const isZero = (run: Uint8Array): boolean => {
  const words = new BigUint64Array(run.buffer, run.byteOffset, run.length >> 3)
  return words.every(word => word === 0n)
}

interface Table {
  readonly runs: readonly Run[]
  readonly sectors: number
  readonly crc: number
}

/** `mish`: where each run of a partition lies. */
const blockTable = ({ runs, sectors, crc }: Table): Uint8Array => {
  const [headBytes, runBytesEach] = [204, 40]
  const bytes = new Uint8Array(headBytes + (runs.length + 1) * runBytesEach)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeText('mish'))
  view.setUint32(4, 1)
  view.setBigUint64(16, BigInt(sectors))
  // Sectors that a reader needs room for at once.
  view.setUint32(32, runBytes / sectorBytes + 8)
  view.setUint32(36, 0)
  writeChecksum(view, 64, crc)
  view.setUint32(200, runs.length + 1)
  const end: Run = { kind: endRun, sector: sectors, sectors: 0, offset: runs.reduce((sum, run) => sum + run.sizeBytes, 0), sizeBytes: 0 }
  for (const [index, run] of [...runs, end].entries()) {
    const at = headBytes + index * runBytesEach
    view.setUint32(at, run.kind)
    view.setBigUint64(at + 8, BigInt(run.sector))
    view.setBigUint64(at + 16, BigInt(run.sectors))
    view.setBigUint64(at + 24, BigInt(run.offset))
    view.setBigUint64(at + 32, BigInt(run.sizeBytes))
  }
  return bytes
}

/** Kind 2 (CRC-32), 32 bits, and the sum in the first of 32 words. */
const writeChecksum = (view: DataView, offset: number, crc: number): void => {
  view.setUint32(offset, 2)
  view.setUint32(offset + 4, 32)
  view.setUint32(offset + 8, crc)
}

interface Trailer {
  readonly dataBytes: number
  readonly listBytes: number
  readonly sectors: number
  readonly dataCrc: number
  readonly tableCrc: number
  readonly id: Uint8Array
}

/** `koly`: 512 bytes at the very end. */
const trailer = ({ dataBytes, listBytes, sectors, dataCrc, tableCrc, id }: Trailer): Uint8Array => {
  const bytes = new Uint8Array(512)
  const view = new DataView(bytes.buffer)
  bytes.set(encodeText('koly'))
  view.setUint32(4, 4)
  view.setUint32(8, 512)
  view.setUint32(12, 1)
  view.setBigUint64(32, BigInt(dataBytes))
  view.setUint32(56, 1)
  view.setUint32(60, 1)
  bytes.set(id.subarray(0, 16), 64)
  writeChecksum(view, 80, dataCrc)
  view.setBigUint64(216, BigInt(dataBytes))
  view.setBigUint64(224, BigInt(listBytes))
  const sum = new Uint8Array(4)
  new DataView(sum.buffer).setUint32(0, tableCrc)
  writeChecksum(view, 352, crc32(sum))
  view.setUint32(488, 1)
  view.setBigUint64(492, BigInt(sectors))
  return bytes
}
