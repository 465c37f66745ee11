// MD5 (RFC 1321) and SHA-1 (FIPS 180-4) of a stream: never for security, but deb, pacman and apk list one for each file.
import { createHash } from 'node:crypto'
import type { ByteChunks } from './bytes.ts'

/** 32 hex digits. */
export const md5Of = (chunks: ByteChunks): Promise<string> => hashOf('md5', chunks)

/** 40 hex digits. */
export const sha1Of = (chunks: ByteChunks): Promise<string> => hashOf('sha1', chunks)

const hashOf = async (algorithm: string, chunks: ByteChunks): Promise<string> => {
  const hash = createHash(algorithm)
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}
