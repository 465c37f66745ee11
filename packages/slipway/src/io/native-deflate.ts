// Deflate as native code (runtime/deflate), where there is one for this machine: the bytes that formats' WebAssembly writes, in less time.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { nativeDigests } from './native-deflate.gen.ts'

type Piece<Answer> = (...piece: readonly [level: number, input: Uint8Array, beforeBytes: number, output: Uint8Array]) => Answer
type Written = readonly [sizeBytes: number, crc32: number]

/**
 * `level` is `programLevel`'s. `input` holds `beforeBytes` that are only looked back at (at most `windowBytes`), then what is deflated. Gives
 * how much of `output` was written, and the CRC-32 of what was deflated. Throws a TypeError or RangeError.
 */
export interface NativeDeflate {
  /** In Node's thread pool: until it resolves, both arrays are its own. A RangeError for lack of room comes as a rejection. */
  readonly deflate: Piece<Promise<Written>>
  readonly deflateNow: Piece<Written>
}

/** What was built for this machine, loaded once. */
export const nativeDeflate = (): NativeDeflate | undefined => (found ??= { native: loadNativeDeflate() }).native
let found: { readonly native: NativeDeflate | undefined } | undefined

/** Undefined where there is none, or the system does not let it be loaded: then WebAssembly does the same. */
export const loadNativeDeflate = (folder: string = home): NativeDeflate | undefined => {
  const machine = `${process.platform}-${process.arch}`
  const digest = nativeDigests[machine]
  if (digest === undefined) return undefined
  try {
    const path = `${folder}deflate-${machine}.node`
    // A torn file would end the process, not the loading of it.
    if (createHash('sha256').update(readFileSync(path)).digest('hex') !== digest) return undefined
    const module = { exports: {} }
    process.dlopen(module, path)
    return module.exports as NativeDeflate
  } catch {
    return undefined
  }
}

/** In a bundle it lies beside it. */
const home = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../../../../runtime/deflate/' : './', import.meta.url))
