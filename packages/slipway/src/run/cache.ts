// The content-addressed cache (CONTRACTS 8): results by key, bytes by sha256. A damaged entry is found by its digest and made again.
import { createHash } from 'node:crypto'
import { digestOf } from '@slipway/core'
import type { Hex, Json } from '@slipway/core'
import type { Io } from '../io/io.ts'

/** All digests that a release needs of one file, taken in one pass. */
export interface Digests {
  readonly sizeBytes: number
  readonly sha256: Hex
  readonly sha512: Hex
  readonly sha1: Hex
  readonly md5: Hex
  readonly blake2b512: Hex
}
export interface Cache {
  readonly folder: string
  readonly read: (key: Hex) => Promise<Json | null>
  readonly write: (key: Hex, value: Json) => Promise<void>
  /** Path of a blob by digest; it may not be there. */
  readonly blob: (sha256: Hex) => string
  /** True when the blob is there and its bytes still have this digest. */
  readonly has: (sha256: Hex, sizeBytes: number) => Promise<boolean>
  /** Stores a stream and says what it was. */
  readonly store: (bytes: AsyncIterable<Uint8Array>, onBytes?: (done: number) => void) => Promise<Digests>
}

export const keyOf = (parts: Readonly<Record<string, Json>>): Hex => digestOf(parts)

export const openCache = (io: Io, folder: string): Cache => {
  const at = (kind: string, name: Hex): string => `${folder}/${kind}/${name.slice(0, 2)}/${name}`
  const blob = (sha256: Hex): string => at('blobs', sha256)
  return {
    folder,
    blob,
    read: async key => {
      const path = at('results', key)
      if ((await io.files.stat(path)) === null) return null
      return unsealed(await io.files.readText(path))
    },
    write: (key, value) => io.files.write(at('results', key), new TextEncoder().encode(sealed(value)), { durable: false }),
    has: async (sha256, sizeBytes) => {
      const facts = await io.files.stat(blob(sha256))
      return facts?.type === 'file' && facts.sizeBytes === sizeBytes && (await sha256Of(io.files.stream(blob(sha256)))) === sha256
    },
    store: async (bytes, onBytes) => {
      const taking = digesting(onBytes)
      const temporary = `${folder}/incoming/${Buffer.from(io.random(12)).toString('hex')}`
      await io.files.write(temporary, taking.pass(bytes), { durable: false })
      const digests = taking.end()
      await io.files.makeFolder(blob(digests.sha256).slice(0, -65))
      await io.files.rename(temporary, blob(digests.sha256))
      return digests
    },
  }
}

export const sha256Of = async (bytes: AsyncIterable<Uint8Array>): Promise<Hex> => {
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

const digesting = (onBytes?: (done: number) => void) => {
  const hashes = {
    sha256: createHash('sha256'),
    sha512: createHash('sha512'),
    sha1: createHash('sha1'),
    md5: createHash('md5'),
    blake2b512: createHash('blake2b512'),
  }
  let sizeBytes = 0
  const pass = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      for (const hash of Object.values(hashes)) hash.update(chunk)
      sizeBytes += chunk.length
      onBytes?.(sizeBytes)
      yield chunk
    }
  }
  const end = (): Digests => ({
    sizeBytes,
    sha256: hashes.sha256.digest('hex'),
    sha512: hashes.sha512.digest('hex'),
    sha1: hashes.sha1.digest('hex'),
    md5: hashes.md5.digest('hex'),
    blake2b512: hashes.blake2b512.digest('hex'),
  })
  return { pass, end }
}

/** A result is kept with its own digest in front, so that a torn or edited file reads as absent. */
const sealed = (value: Json): string => `${digestOf(value)}\n${JSON.stringify(value)}\n`
const unsealed = (text: string): Json | null => {
  const [digest, body = ''] = text.split('\n')
  try {
    const value = JSON.parse(body) as Json
    return digestOf(value) === digest ? value : null
  } catch {
    return null
  }
}
