// nsis: what an installer brings: its script and its files, in one stream or each on its own (NSIS, Source/exehead/fileform.c).
import { type ByteChunks, concat, exactReader, fieldsOf, noBytes, type Source, streamRange } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { NsisHeader } from '../nsis.ts'
import { type NsisFile, type NsisScript, readNsisScript } from './script.ts'
import { type NsisPacking, packedFlag, packingOf, unpackNsis } from './unpack.ts'

export interface NsisContent {
  /** Each place that it is put to. */
  readonly paths: readonly string[]
  /** Of what is unpacked; undefined where that is not said before. */
  readonly sizeBytes: number | undefined
  readonly bytes: () => AsyncGenerator<Uint8Array>
}
export interface NsisContents {
  readonly packing: NsisPacking
  readonly script: NsisScript
  /** Every file in the order of the data; the bytes of each are to be taken before the next is asked for. Throws `nsis/corrupt`. */
  readonly files: () => AsyncGenerator<NsisContent>
}

const headBytes = 28
const limitScriptBytes = 64 << 20

/** Of an installer that is whole. Throws `nsis/corrupt`, `nsis/truncated`, `xz/no-library`. */
export const readNsisContents = async (source: Source, header: NsisHeader): Promise<NsisContents> => {
  const read = exactReader(source, (message, offset) => new FormatError('nsis/truncated', message, offset))
  const start = header.offset + headBytes
  const end = header.offset + header.followingBytes - (header.crc === 'none' ? 0 : 4)
  if (header.headerBytes > limitScriptBytes) throw bad(`a script of ${header.headerBytes} bytes`)
  if (end - start < 8) throw bad(`it has ${end - start} bytes of data`)
  const packing = packingOf(await read(start, Math.min(16, end - start)), header.headerBytes)
  const opened = () => reading(unpackNsis(packing, streamRange(read, { offset: start, sizeBytes: end - start })))
  if (packing.isSolid) {
    const first = opened()
    try {
      const script = readNsisScript(await scriptOf(first, header.headerBytes))
      return { packing, script, files: () => solidFiles(opened(), header.headerBytes, script.files) }
    } finally {
      await first.close()
    }
  }
  const lengthOf = async (at: number): Promise<number> => fieldsOf(await read(at, 4), 'little').u32(0)
  const block = async (at: number): Promise<{ readonly bytes: ByteChunks; readonly isPacked: boolean; readonly sizeBytes: number }> => {
    const length = await lengthOf(at)
    const sizeBytes = length % packedFlag
    if (at + 4 + sizeBytes > end) throw bad(`a block at ${at} reaches beyond the data`)
    return { bytes: streamRange(read, { offset: at + 4, sizeBytes }), isPacked: length >= packedFlag, sizeBytes }
  }
  const packed = await block(start)
  const reader = reading(packed.isPacked ? unpackNsis(packing, packed.bytes) : packed.bytes)
  const script = readNsisScript(await taken(reader, header.headerBytes))
  const dataAt = start + 4 + packed.sizeBytes
  return {
    packing,
    script,
    async *files() {
      for (const [offset, paths] of placesOf(script.files)) {
        const { bytes, isPacked, sizeBytes } = await block(dataAt + offset)
        const content = isPacked ? unpackNsis(packing, bytes) : bytes
        yield { paths, sizeBytes: isPacked ? undefined : sizeBytes, bytes: () => plain(content) }
      }
    },
  }
}

const bad = (reason: string): FormatError => new FormatError('nsis/corrupt', `it is damaged: ${reason}`)

async function* plain(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* chunks
}

const taken = async (reader: Reading, sizeBytes: number): Promise<Uint8Array> => {
  try {
    return await reader.take(sizeBytes)
  } finally {
    await reader.close()
  }
}

const scriptOf = async (reader: Reading, sizeBytes: number): Promise<Uint8Array> => {
  const said = fieldsOf(await reader.take(4), 'little').u32(0)
  if (said !== sizeBytes) throw bad(`a script of ${said} bytes where ${sizeBytes} were announced`)
  return reader.take(sizeBytes)
}

async function* solidFiles(reader: Reading, scriptBytes: number, files: readonly NsisFile[]): AsyncGenerator<NsisContent> {
  try {
    await reader.take(4 + scriptBytes)
    let at = 0
    for (const [offset, paths] of placesOf(files)) {
      if (offset < at) throw bad('two files lie upon each other')
      await drained(reader.stream(offset - at))
      const sizeBytes = fieldsOf(await reader.take(4), 'little').u32(0) % packedFlag
      let left = sizeBytes
      async function* bytes(): AsyncGenerator<Uint8Array> {
        for await (const chunk of reader.stream(sizeBytes)) {
          left -= chunk.length
          yield chunk
        }
      }
      yield { paths, sizeBytes, bytes }
      // Whoever stopped early leaves the rest.
      await drained(reader.stream(left))
      at = offset + 4 + sizeBytes
    }
  } finally {
    await reader.close()
  }
}

const placesOf = (files: readonly NsisFile[]): readonly (readonly [number, readonly string[]])[] =>
  [...Map.groupBy(files, one => one.offset)]
    .map(([offset, found]) => [offset, found.map(one => one.path)] as const)
    .toSorted(([left], [right]) => left - right)

const drained = async (chunks: ByteChunks): Promise<void> => {
  for await (const _ of chunks);
}

interface Reading {
  /** Exactly so many bytes, or `nsis/corrupt`. */
  readonly take: (sizeBytes: number) => Promise<Uint8Array>
  readonly stream: (sizeBytes: number) => AsyncGenerator<Uint8Array>
  readonly close: () => Promise<void>
}

const reading = (chunks: ByteChunks): Reading => {
  const whole = plain(chunks)
  let rest: Uint8Array = noBytes
  async function* stream(sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let left = sizeBytes; left > 0;) {
      if (rest.length === 0) {
        const next = await whole.next()
        if (next.done === true) throw bad(`its data ends ${left} bytes too early`)
        rest = next.value
      }
      const part = rest.subarray(0, left)
      rest = rest.subarray(part.length)
      left -= part.length
      yield part
    }
  }
  const take = async (sizeBytes: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = []
    for await (const part of stream(sizeBytes)) parts.push(part)
    return concat(parts)
  }
  return { take, stream, close: async () => void (await whole.return(undefined)) }
}
