// A stream read in exact counts, for tar and cpio: whatever is cut off or too long ends in an error that says where.
import { type ByteChunks, concat, type Torn } from './bytes.ts'
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

/** The errors of a stream, made by the format that reads it, so that they carry its codes. */
export interface StreamErrors {
  readonly truncated: Torn
  readonly trailing: Torn
  readonly tooLarge: Torn
  readonly passed: Torn
}

const tarErrors: StreamErrors = {
  truncated: (message, offset) => new FormatError('tar/truncated', message, offset),
  trailing: (message, offset) => new FormatError('tar/trailing-data', message, offset),
  tooLarge: (message, offset) => new FormatError('tar/too-large', message, offset),
  passed: (message, offset) => new FormatError('tar/passed', message, offset),
}

/** Reads `chunks` in exact counts. Throws what `errors` makes; `tooLarge` is more than `limitBytes`. */
export const byteStream = (chunks: ByteChunks, limitBytes: number, errors = tarErrors): ByteStream => {
  const input = pullFrom(chunks, limitBytes, errors)
  async function* pieces(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      const part = await input.some(left)
      if (part === undefined) throw errors.truncated(`the file ends ${left} bytes too early`, input.offset())
      left -= part.length
      yield part
    }
  }
  const skip = async (length: number): Promise<void> => {
    if (input.held(length) !== undefined) return
    for await (const _ of pieces(length));
  }
  return {
    offset: input.offset,
    close: input.close,
    skip,
    take: async length => {
      const whole = input.held(length)
      if (whole !== undefined) return whole
      const parts: Uint8Array[] = []
      for await (const part of pieces(length)) parts.push(part)
      return concat(parts)
    },
    content: length => contentOf(length, { pieces, skip, offset: input.offset, errors }),
    onlyZerosFollow: async () => {
      for (let part = await input.some(1 << 20); part !== undefined; part = await input.some(1 << 20)) {
        if (part.some(byte => byte !== 0)) throw errors.trailing('bytes follow the end of the archive', input.offset())
      }
    },
  }
}

interface Pull {
  offset(): number
  /** Exactly `length` bytes where they are at hand already; most entries are small, and need no generator. */
  held(length: number): Uint8Array | undefined
  /** At most `length` bytes, at least one; undefined at the end. */
  some(length: number): Promise<Uint8Array | undefined>
  close(): Promise<unknown>
}

const pullFrom = (chunks: ByteChunks, limitBytes: number, errors: StreamErrors): Pull => {
  const input = (async function* () {
    yield* chunks
  })()
  let held: Uint8Array = new Uint8Array(0)
  let offset = 0
  let pulledBytes = 0
  return {
    offset: () => offset,
    close: () => input.return(undefined),
    held: length => {
      if (held.length < length) return undefined
      const part = held.subarray(0, length)
      held = held.subarray(length)
      offset += length
      return part
    },
    some: async length => {
      while (held.length === 0) {
        const next = await input.next()
        if (next.done === true) return undefined
        held = next.value
        pulledBytes += held.length
        if (pulledBytes > limitBytes) throw errors.tooLarge(`more than ${limitBytes} bytes`, offset)
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
  readonly errors: StreamErrors
}

const contentOf = (length: number, { pieces, skip, offset, errors }: Place): Content => {
  let left = length
  let isOpen = true
  return {
    async *bytes() {
      if (!isOpen) throw errors.passed('the content was read already, or the next entry was asked for', offset())
      isOpen = false
      const end = offset() + left
      for await (const part of pieces(left)) {
        left -= part.length
        yield part
        if (offset() + left !== end) throw errors.passed('the next entry was asked for before this one was read', offset())
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
