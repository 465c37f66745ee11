// For the tests of apk and pacman: entries of a small program, with all that a packer may hand over.
import type { TarEntry } from '../tar.ts'
import { encodeText } from '../bytes.ts'
import { deflatedBytes, inPieces } from './archives.ts'

export const date = 1_700_000_000

export const folder = (path: string, mode = 0o755): TarEntry => ({ path, type: 'folder', mode, mtime: date, sizeBytes: 0 })
export const symlink = (path: string, linkTarget: string): TarEntry => ({
  ...{ path, type: 'symlink', mode: 0o777, mtime: date, sizeBytes: 0 },
  linkTarget,
})
export const file = async (path: string, content: Uint8Array | string, mode = 0o644) => {
  const bytes = typeof content === 'string' ? encodeText(content) : content
  return {
    ...{ path, type: 'file' as const, mode, mtime: date, sizeBytes: bytes.length },
    bytes: () => inPieces(bytes, 100_000),
    deflated: await deflatedBytes(bytes),
  }
}
