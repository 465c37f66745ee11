// UDIF, reading: the volume inside of a disk image, anywhere in it, run by run (hdiutil's UDRO, UDZO, ULFO and ULMO).
import { inflate } from 'node:zlib'
import { decodeText, exactReader, fieldsOf, type Source } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { unpackLzfse } from '../lzfse.ts'
import { readXmlPlist } from '../plist/read.ts'
import { isDict, type PlistValue } from '../plist/value.ts'
import { loadLzma } from '../xz/lzma.ts'
import { unpackXz } from '../xz.ts'
import { endRun, lzfseRun, rawRun, sectorBytes, trailerBytes, xzRun, zeroRun, zlibRun } from './trailer.ts'

export interface UdifRun {
  readonly kind: number
  /** In the volume, in bytes. */
  readonly start: number
  readonly sizeBytes: number
  /** In the image. */
  readonly offset: number
  readonly packedBytes: number
}
export interface UdifPartition {
  readonly name: string
  readonly sizeBytes: number
  readonly runs: readonly UdifRun[]
}
export interface Udif {
  readonly partitions: readonly UdifPartition[]
  /** Types of other resources, as `LPic` of a licence. */
  readonly resources: readonly string[]
  /** Whether a code signature stands in it. */
  readonly isSigned: boolean
  /** A partition as a file that can be read anywhere. Its reads throw `udif/corrupt`, `udif/unsupported`, `lzfse/corrupt`, `xz/corrupt`. */
  readonly open: (partition: UdifPartition) => Source
}

const limitListBytes = 64 << 20
const limitRunBytes = 64 << 20
const [freeRun, commentRun] = [0x2, 0x7ffffffe]

/** Throws `udif/bad-magic`, `udif/truncated`, `udif/bad-table`, `plist/bad-xml`. */
export const readUdif = async (source: Source): Promise<Udif> => {
  const read = exactReader(source, (message, offset) => new FormatError('udif/truncated', message, offset))
  const trailer = await read(source.sizeBytes - trailerBytes, trailerBytes)
  if (String.fromCharCode(...trailer.subarray(0, 4)) !== 'koly')
    throw new FormatError('udif/bad-magic', 'it has no trailer of a disk image', source.sizeBytes - trailerBytes)
  const fields = fieldsOf(trailer, 'big')
  const [dataAt, listAt, listBytes] = [fields.u64(24), fields.u64(216), fields.u64(224)]
  if (listBytes > limitListBytes) throw new FormatError('udif/bad-table', `a list of ${listBytes} bytes`, listAt)
  const list = readXmlPlist(decodeText(await read(listAt, listBytes)))
  const resources = isDict(list) ? list['resource-fork'] : undefined
  if (!isDict(resources)) throw new FormatError('udif/bad-table', 'it lists no resources', listAt)
  const tables = resources['blkx']
  const partitions = (Array.isArray(tables) ? (tables as readonly PlistValue[]) : []).map(one => partitionOf(one, dataAt))
  if (partitions.some(one => one.runs.some(run => run.kind === xzRun))) await loadLzma()
  return {
    partitions,
    resources: Object.keys(resources).filter(one => one !== 'blkx' && one !== 'plst'),
    isSigned: fields.u64(296) > 0,
    open: partition => openPartition(partition, read),
  }
}

const partitionOf = (entry: PlistValue, dataAt: number): UdifPartition => {
  const data = isDict(entry) ? entry['Data'] : undefined
  const name = isDict(entry) ? (entry['Name'] ?? entry['CFName']) : undefined
  if (!(data instanceof Uint8Array) || String.fromCharCode(...data.subarray(0, 4)) !== 'mish')
    throw new FormatError('udif/bad-table', 'a table of runs is none')
  const fields = fieldsOf(data, 'big')
  const count = fields.u32(200)
  if (204 + count * 40 > data.length) throw new FormatError('udif/bad-table', `${count} runs in ${data.length} bytes`)
  const runs: UdifRun[] = []
  const base = dataAt + fields.u64(24)
  for (let index = 0; index < count; index++) {
    const at = 204 + index * 40
    const kind = fields.u32(at)
    if (kind === endRun) break
    if (kind === commentRun) continue
    const [start, sizeBytes] = [fields.u64(at + 8) * sectorBytes, fields.u64(at + 16) * sectorBytes]
    const isFilled = kind !== zeroRun && kind !== freeRun
    const expected = runs.length === 0 ? 0 : (runs.at(-1)?.start ?? 0) + (runs.at(-1)?.sizeBytes ?? 0)
    if (start !== expected || sizeBytes === 0 || (isFilled && sizeBytes > limitRunBytes))
      throw new FormatError('udif/bad-table', `run ${index} of ${sizeBytes} bytes at ${start}`)
    runs.push({ kind, start, sizeBytes, offset: base + fields.u64(at + 24), packedBytes: fields.u64(at + 32) })
  }
  const last = runs.at(-1)
  return { name: typeof name === 'string' ? name : '', sizeBytes: last === undefined ? 0 : last.start + last.sizeBytes, runs }
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

const openPartition = ({ runs, sizeBytes }: UdifPartition, read: Read): Source => {
  const cached = new Map<UdifRun, Promise<Uint8Array>>()
  const unpacked = (run: UdifRun): Promise<Uint8Array> => {
    const made = cached.get(run) ?? unpackRun(run, read)
    cached.delete(run)
    cached.set(run, made)
    const [oldest] = cached.keys()
    if (cached.size > 8 && oldest !== undefined) cached.delete(oldest)
    return made
  }
  return {
    sizeBytes,
    read: async (offset, length) => {
      const end = Math.min(sizeBytes, offset + length)
      const bytes = new Uint8Array(Math.max(0, end - offset))
      for (let at = offset; at < end;) {
        const run = runAt(runs, at)
        const upTo = Math.min(end, run.start + run.sizeBytes)
        if (run.kind !== zeroRun && run.kind !== freeRun)
          bytes.set((await unpacked(run)).subarray(at - run.start, upTo - run.start), at - offset)
        at = upTo
      }
      return bytes
    },
  }
}

const runAt = (runs: readonly UdifRun[], offset: number): UdifRun => {
  let [low, high] = [0, runs.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((runs[middle]?.start ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  const run = runs[low]
  if (run === undefined) throw new FormatError('udif/bad-table', 'there are no runs')
  return run
}

const unpackRun = async (run: UdifRun, read: Read): Promise<Uint8Array> => {
  if (run.packedBytes > limitRunBytes) throw new FormatError('udif/bad-table', `a run of ${run.packedBytes} packed bytes`, run.offset)
  const packed = await read(run.offset, run.packedBytes)
  const whole = await unpackedOf(packed, run)
  if (whole.length !== run.sizeBytes)
    throw new FormatError('udif/corrupt', `a run gives ${whole.length} bytes, not ${run.sizeBytes}`, run.offset)
  return whole
}

const unpackedOf = async (packed: Uint8Array, run: UdifRun): Promise<Uint8Array> => {
  switch (run.kind) {
    case rawRun:
      return packed
    case zlibRun:
      return inflated(packed, run)
    case lzfseRun:
      return unpackLzfse(packed, run.sizeBytes)
    case xzRun:
      return unpackXz(packed, { limitBytes: run.sizeBytes })
    default:
      throw new FormatError('udif/unsupported', `runs of kind 0x${run.kind.toString(16)} are not read here`, run.offset)
  }
}

const inflated = (packed: Uint8Array, run: UdifRun): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    inflate(packed, { maxOutputLength: run.sizeBytes }, (error, whole) =>
      error === null ? resolve(whole) : reject(new FormatError('udif/corrupt', `a run does not inflate: ${error.message}`, run.offset)),
    )
  })
