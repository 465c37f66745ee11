// gzip (RFC 1952) member by member, with the digests of each member as it is packed: what Alpine's packages are made of.
import { createHash, type Hash } from 'node:crypto'
import { createInflateRaw } from 'node:zlib'
import { type ByteChunks, concat, fieldsOf } from './bytes.ts'
import { crc32 } from './crc32.ts'
import { FormatError } from './format-error.ts'
import { through } from './zlib-stream.ts'

/** Of the packed bytes of one member, header and trailer included; hex. */
export interface PackedSum {
  readonly sizeBytes: number
  readonly sha1: string
  readonly sha256: string
}

export interface GzipMember {
  /** The unpacked bytes, once, before `sum` and before the next member is asked for. */
  bytes(): AsyncGenerator<Uint8Array>
  /** After all of `bytes` was read. */
  sum(): PackedSum
}

/**
 * The members of a file, in order; each must be read to its end.
 * Throws `gzip/corrupt` (bad, cut off, or a wrong checksum) and `gzip/too-large` (all members unpack to more than `limitBytes`).
 */
export async function* gzipMembers(chunks: ByteChunks, options: { readonly limitBytes: number }): AsyncGenerator<GzipMember> {
  const input = inputOf(chunks)
  const budget = { leftBytes: options.limitBytes }
  try {
    while (await input.hasMore()) {
      input.restart()
      let sum: PackedSum | undefined
      yield {
        async *bytes() {
          await readHeader(input)
          yield* readBody(input, budget)
          sum = input.sum()
        },
        sum: () => {
          if (sum === undefined) throw new FormatError('gzip/corrupt', 'the member was not read to its end', input.offset())
          return sum
        },
      }
      if (sum === undefined) throw new FormatError('gzip/corrupt', 'a member was not read to its end', input.offset())
    }
  } finally {
    await input.close()
  }
}

// RFC 1952 2.3.1
const flagBits = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const
const limitHeaderBytes = 1 << 16

const readHeader = async (input: Input): Promise<void> => {
  const start = input.offset()
  const bad = (message: string): FormatError => new FormatError('gzip/corrupt', `not sound gzip: ${message}`, start)
  const fixed = await input.take(10)
  const flags = fixed[3] ?? 0
  if (fixed[0] !== 0x1f || fixed[1] !== 0x8b || fixed[2] !== 8 || flags >= 32) throw bad('no header')
  if ((flags & flagBits.extra) !== 0) await input.take(fieldsOf(await input.take(2), 'little').u16(0))
  for (const bit of [flagBits.name, flagBits.comment]) {
    if ((flags & bit) === 0) continue
    while ((await input.take(1))[0] !== 0) if (input.offset() - start > limitHeaderBytes) throw bad('a header without an end')
  }
  if ((flags & flagBits.headerCrc) !== 0) await input.take(2)
}

async function* readBody(input: Input, budget: { leftBytes: number }): AsyncGenerator<Uint8Array> {
  const stream = createInflateRaw({ chunkSize: 1 << 18 })
  const fed: Uint8Array[] = []
  let passedBytes = 0
  const pass = (): void => {
    for (let first = fed[0]; first !== undefined && passedBytes + first.length <= stream.bytesWritten; first = fed[0]) {
      passedBytes += first.length
      input.passed(first)
      fed.shift()
    }
  }
  const feed = async function* (): AsyncGenerator<Uint8Array> {
    for (let piece = await input.some(); piece !== undefined; piece = await input.some()) {
      pass()
      fed.push(piece)
      yield piece
    }
  }
  let sum = 0
  let sizeBytes = 0
  for await (const chunk of through(stream, feed(), message => new FormatError('gzip/corrupt', `not sound gzip: ${message}`))) {
    budget.leftBytes -= chunk.length
    if (budget.leftBytes < 0) throw new FormatError('gzip/too-large', 'unpacks to more bytes than allowed', input.offset())
    sum = crc32(chunk, sum)
    sizeBytes += chunk.length
    yield chunk
  }
  pass()
  const [half, ...rest] = fed
  if (half !== undefined) {
    input.passed(half.subarray(0, stream.bytesWritten - passedBytes))
    input.giveBack([half.subarray(stream.bytesWritten - passedBytes), ...rest])
  }
  const trailer = fieldsOf(await input.take(8), 'little')
  if (trailer.u32(0) === sum && trailer.u32(4) === sizeBytes % 2 ** 32) return
  throw new FormatError('gzip/corrupt', 'the checksum or the size of a member is wrong', input.offset())
}

interface Input {
  /** Of what was taken or passed. */
  offset(): number
  hasMore(): Promise<boolean>
  /** The next bytes, not yet counted; `passed` and `giveBack` say what became of them. */
  some(): Promise<Uint8Array | undefined>
  passed(bytes: Uint8Array): void
  giveBack(pieces: readonly Uint8Array[]): void
  take(length: number): Promise<Uint8Array>
  /** The digests begin anew. */
  restart(): void
  sum(): PackedSum
  close(): Promise<unknown>
}

const pieceBytes = 1 << 16

const inputOf = (chunks: ByteChunks): Input => {
  const source = (async function* () {
    for await (const chunk of chunks) for (let at = 0; at < chunk.length; at += pieceBytes) yield chunk.subarray(at, at + pieceBytes)
  })()
  let held: Uint8Array[] = []
  let offset = 0
  let start = 0
  let hashes: { readonly sha1: Hash; readonly sha256: Hash } | undefined
  const some = async (): Promise<Uint8Array | undefined> => {
    for (let first = held.shift(); first !== undefined; first = held.shift()) if (first.length > 0) return first
    const next = await source.next()
    return next.done === true ? undefined : next.value
  }
  const passed = (bytes: Uint8Array): void => {
    offset += bytes.length
    hashes?.sha1.update(bytes)
    hashes?.sha256.update(bytes)
  }
  return {
    offset: () => offset,
    some,
    passed,
    giveBack: pieces => (held = [...pieces, ...held]),
    hasMore: async () => {
      const piece = await some()
      if (piece !== undefined) held.unshift(piece)
      return piece !== undefined
    },
    take: async length => {
      const parts: Uint8Array[] = []
      for (let left = length; left > 0;) {
        const piece = await some()
        if (piece === undefined) throw new FormatError('gzip/corrupt', `not sound gzip: it ends ${left} bytes too early`, offset)
        const part = piece.subarray(0, left)
        held.unshift(piece.subarray(part.length))
        passed(part)
        parts.push(part)
        left -= part.length
      }
      return concat(parts)
    },
    restart: () => {
      start = offset
      hashes = { sha1: createHash('sha1'), sha256: createHash('sha256') }
    },
    sum: () => ({
      sizeBytes: offset - start,
      sha1: hashes?.sha1.digest('hex') ?? '',
      sha256: hashes?.sha256.digest('hex') ?? '',
    }),
    close: () => source.return(undefined),
  }
}
