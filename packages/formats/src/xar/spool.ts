// A large file of a xar: its size and digest stand in front of it, so that it waits somewhere until both are known.
import { createHash } from 'node:crypto'
import type { Spool } from '../squashfs/write.ts'
import type { XarStored } from './write.ts'

/** Takes a stream in; without a spool it waits in memory. */
export const spooledXarFile = async (path: string, bytes: AsyncIterable<Uint8Array>, spool: Spool = inMemory): Promise<XarStored> => {
  const hash = createHash('sha1')
  let sizeBytes = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      hash.update(chunk)
      sizeBytes += chunk.length
      yield chunk
    }
  }
  const chunks = await spool(counted())
  return { path, sizeBytes, sha1: hash.digest('hex'), chunks }
}

const inMemory: Spool = async bytes => {
  const chunks: Uint8Array[] = []
  // A chunk is good only until the next one is asked for.
  for await (const chunk of bytes) chunks.push(chunk.slice())
  return () => chunks
}
