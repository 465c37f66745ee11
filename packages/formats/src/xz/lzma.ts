// LZMA2 itself: the one place that knows the library, which is loaded when the first xz is met and computes on threads of its own.
import type * as Lzma from '@napi-rs/lzma'
import type { ByteChunks } from '../bytes.ts'
import { FormatError } from '../format-error.ts'

let loaded: typeof Lzma | undefined

/** Throws `xz/no-library` where it has no build for this machine. */
export const loadLzma = async (): Promise<typeof Lzma> => {
  try {
    loaded ??= await import('@napi-rs/lzma')
    return loaded
  } catch (cause) {
    throw noLibrary(cause instanceof Error ? cause.message : String(cause))
  }
}

/** For what cannot wait; after `loadLzma`. */
export const lzmaNow = (): typeof Lzma => {
  if (loaded === undefined) throw noLibrary('it was not loaded')
  return loaded
}

const noLibrary = (reason: string): FormatError =>
  new FormatError('xz/no-library', `xz needs @napi-rs/lzma, which does not run here: ${reason.split('\n', 1)[0] ?? ''}`)

type Unpack = (input: ReadableStream<Uint8Array>) => unknown

/** What the library unpacks of a stream. Throws what the stream throws, and what the library says through `corrupt`. */
export async function* unpackedBy(
  unpack: Unpack,
  chunks: ByteChunks,
  corrupt: (cause: unknown) => FormatError,
): AsyncGenerator<Uint8Array> {
  let inputError: { readonly cause: unknown } | undefined
  const whole = each(chunks)
  const input = new ReadableStream<Uint8Array>({
    pull: async controller => {
      try {
        const next = await whole.next()
        if (next.done === true) controller.close()
        else controller.enqueue(next.value)
      } catch (cause) {
        inputError = { cause }
        controller.error(cause)
      }
    },
  })
  try {
    for await (const chunk of unpack(input) as AsyncIterable<Uint8Array>)
      if (chunk.length > 0) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  } catch (cause) {
    throw inputError === undefined ? corrupt(cause) : inputError.cause
  } finally {
    await whole.return(undefined)
  }
}

async function* each(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* chunks
}
