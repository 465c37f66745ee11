// LZMA2 itself: the one place that knows the library, which is loaded when the first xz is met and computes on threads of its own.
import type * as Lzma from '@napi-rs/lzma'
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
