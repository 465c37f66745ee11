// A stream read in exact counts, for tar: whatever is cut off or too long ends in an error that says where.
import { type ByteChunks, concat } from './bytes.ts'
import { FormatError } from './format-error.ts'

/** The content of one entry. */
export interface Content {
  /** Handed out once, and only until `skip`; after that it throws `tar/passed`. */
  bytes(): AsyncGenerator<Uint8Array>
  /** Passes what is left. */
  skip(): Promise<void>
}

export interface ByteStream {
  offset(): number
  skip(length: number): Promise<void>
  take(length: number): Promise<Uint8Array>
  content(length: number): Content
  onlyZerosFollow(): Promise<void>
  close(): Promise<unknown>
}

/** Reads `chunks` in exact counts. Throws `tar/truncated`, `tar/trailing-data` and `tar/too-large` (more than `limitBytes`). */
export const byteStream = (chunks: ByteChunks, limitBytes: number): ByteStream => {
  const input = pullFrom(chunks, limitBytes)
  async function* pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const part = await input.some(left)
      if (part === undefined) throw new FormatError('tar/truncated', `the file ends ${left} bytes too early`, input.offset())
      left -= part.length
      yield part
    }
  }
  const skip = async (length: number): Promise<void> => {
    for await (const _ of pieces(length));
  }
  return {
    offset: input.offset,
    close: input.close,
    skip,
    take: async length => {
      const parts: Uint8Array[] = []
      for await (const part of pieces(length)) parts.push(part)
      return concat(parts)
    },
    content: length => contentOf(length, { pieces, skip, offset: input.offset }),
    onlyZerosFollow: async () => {
      for (let part = await input.some(1 << 20); part !== undefined; part = await input.some(1 << 20)) {
        if (part.some(byte => byte !== 0)) throw new FormatError('tar/trailing-data', 'bytes follow the end of the archive', input.offset())
      }
    },
  }
}

interface Pull {
  offset(): number
  /** At most `length` bytes, at least one; undefined at the end. */
  some(length: number): Promise<Uint8Array | undefined>
  close(): Promise<unknown>
}

const pullFrom = (chunks: ByteChunks, limitBytes: number): Pull => {
  const input = (async function* () {
    yield* chunks
  })()
  let held: Uint8Array = new Uint8Array(0)
  let offset = 0
  let pulledBytes = 0
  return {
    offset: () => offset,
    close: () => input.return(undefined),
    some: async length => {
      while (held.length === 0) {
        const next = await input.next()
        if (next.done === true) return undefined
        held = next.value
        pulledBytes += held.length
        if (pulledBytes > limitBytes) throw new FormatError('tar/too-large', `more than ${limitBytes} bytes`, offset)
      }
      const part = held.subarray(0, length)
      held = held.subarray(part.length)
      offset += part.length
      return part
    },
  }
}

interface Place {
  readonly pieces: (length: number) => AsyncGenerator<Uint8Array>
  readonly skip: (length: number) => Promise<void>
  readonly offset: () => number
}

const contentOf = (length: number, { pieces, skip, offset }: Place): Content => {
  let left = length
  let isOpen = true
  return {
    async *bytes() {
      if (!isOpen) throw new FormatError('tar/passed', 'the content was read already, or the next entry was asked for')
      isOpen = false
      const end = offset() + left
      for await (const part of pieces(left)) {
        left -= part.length
        yield part
        if (offset() + left !== end) throw new FormatError('tar/passed', 'the next entry was asked for before this one was read', offset())
      }
    },
    skip: async () => {
      isOpen = false
      const rest = left
      left = 0
      await skip(rest)
    },
  }
}
