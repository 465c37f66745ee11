// The content-addressed cache (CONTRACTS 8): results by key, bytes by sha256. A damaged entry is found by its digest and made again.
import { createHash } from 'node:crypto'
import { digestOf } from '@slipway/core'
import type { Hex, Json } from '@slipway/core'
import type { Io, Threads } from '../io/io.ts'

/** What bytes are found by. */
export interface Found {
  readonly sizeBytes: number
  readonly sha256: Hex
}
/** All digests that a release needs of one file, taken in one pass. */
export interface Digests extends Found {
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
  /** The same for bytes that no release names, or not yet: with the one digest that they are found by. */
  readonly keep: (bytes: AsyncIterable<Uint8Array>) => Promise<Found>
  /** All digests of what `keep` took; null where `has` would be false. */
  readonly sum: (found: Found) => Promise<Digests | null>
}

export const keyOf = (parts: Readonly<Record<string, Json>>): Hex => digestOf(parts)

export const openCache = (io: Io, folder: string): Cache => {
  const at = (kind: string, name: Hex): string => `${folder}/${kind}/${name.slice(0, 2)}/${name}`
  const blob = (sha256: Hex): string => at('blobs', sha256)
  // Nothing here outlives a power cut for certain: what is torn is found by its digest.
  const taken = async <Kept extends Found>(bytes: AsyncIterable<Uint8Array>, taking: Digesting<Kept>): Promise<Kept> => {
    const temporary = `${folder}/incoming/${Buffer.from(io.random(12)).toString('hex')}`
    await io.files.write(temporary, taking.pass(bytes), { durable: false })
    const digests = await taking.end()
    await io.files.rename(temporary, blob(digests.sha256), { durable: false })
    return digests
  }
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
    store: (bytes, onBytes) => taken(bytes, digesting(all, { threads: io.threads, onBytes })),
    keep: bytes => taken(bytes, digesting(['sha256'])),
    sum: async ({ sha256, sizeBytes }) => {
      const facts = await io.files.stat(blob(sha256))
      if (facts?.type !== 'file' || facts.sizeBytes !== sizeBytes) return null
      const { pass, end } = digesting(all, { threads: io.threads })
      for await (const _ of pass(io.files.stream(blob(sha256))));
      const digests = await end()
      return digests.sha256 === sha256 ? digests : null
    },
  }
}

export const sha256Of = async (bytes: AsyncIterable<Uint8Array>): Promise<Hex> => {
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  return hash.digest('hex')
}

type Algorithm = Exclude<keyof Digests, 'sizeBytes'>
const all: readonly Algorithm[] = ['sha256', 'sha512', 'sha1', 'md5', 'blake2b512']

interface Digesting<Kept> {
  readonly pass: (bytes: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>
  readonly end: () => Promise<Kept>
}

const digesting = <Chosen extends Algorithm>(
  algorithms: readonly Chosen[],
  { threads, onBytes }: { readonly threads?: Threads | undefined; readonly onBytes?: ((done: number) => void) | undefined } = {},
): Digesting<Pick<Digests, 'sizeBytes' | Chosen>> => {
  const slow = algorithms.filter(algorithm => !quick.has(algorithm))
  const there = slow.length === 0 ? undefined : threads?.summing(slow)
  const here = there === undefined ? algorithms : algorithms.filter(algorithm => quick.has(algorithm))
  const hashes = here.map(algorithm => [algorithm, createHash(algorithm)] as const)
  let sizeBytes = 0
  const pass = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      await there?.add(chunk)
      for (const [, hash] of hashes) hash.update(chunk)
      sizeBytes += chunk.length
      onBytes?.(sizeBytes)
      yield chunk
    }
  }
  const end = async () => {
    const others = (await there?.end()) ?? []
    const made = [...hashes.map(([algorithm, hash]) => [algorithm, hash.digest('hex')]), ...others.map((hex, index) => [slow[index], hex])]
    return { sizeBytes, ...Object.fromEntries(made) } as Pick<Digests, 'sizeBytes' | Chosen>
  }
  return { pass, end }
}

/** Processors have instructions for these; the others take as long as all that this thread does besides. */
const quick: ReadonlySet<Algorithm> = new Set(['sha256', 'sha1'])

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
