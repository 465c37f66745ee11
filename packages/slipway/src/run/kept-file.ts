// A file of an app folder whose bytes a step of this run made: they lie in the cache, under their digest.
import type { Hex } from '@slipway/core'
import { digestOn } from '../scan-tree.ts'
import type { TreeFile } from '../tree.ts'
import type { Work } from './work.ts'

/** What `cache.keep` and `cache.store` say of the bytes, and where they stand in the app folder. */
export interface KeptBytes {
  readonly path: string
  readonly mode: number
  readonly sha256: Hex
  readonly sizeBytes: number
}

export const keptFile = ({ io, cache, deflated }: Work, { path, mode, sha256, sizeBytes }: KeptBytes): TreeFile => {
  const blob = cache.blob(sha256)
  return {
    type: 'file',
    path,
    mode,
    sizeBytes,
    sha256,
    bytes: () => io.files.stream(blob),
    ...digestOn(io, blob, sizeBytes),
    deflated: (level, onBytes) => deflated({ path: blob, sha256, sizeBytes }, level, onBytes),
  }
}

/** Bytes in memory as the stream that the cache takes. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
