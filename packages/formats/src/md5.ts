// MD5 (RFC 1321) of a stream: never for security, but deb packages list one for each file.
import { createHash } from 'node:crypto'
import type { ByteChunks } from './bytes.ts'

/** 32 hex digits. */
export const md5Of = async (chunks: ByteChunks): Promise<string> => {
  const hash = createHash('md5')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}
