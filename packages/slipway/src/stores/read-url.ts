// A published bucket as everybody sees it: read over http, for `verify` (CONTRACTS 13). It cannot write, so it is no store.
import { fail } from '@slipway/core'
import type { HttpAnswer, Io } from '../io/io.ts'
import { keyFault, type BucketReader, type StoredObject } from './store.ts'

/** Reads objects below `url`. How much of a body is read is the caller's to limit. Codes: `store/unreachable`, `store/bad-key`. */
export const openUrl = (url: string, io: Io): BucketReader => ({
  stat: async key => statObject(`${url.replace(/\/+$/, '')}/${pathOf(key)}`, key, io),
  read: async key => readObject(`${url.replace(/\/+$/, '')}/${pathOf(key)}`, key, io),
})

/** By HEAD; of a host that knows no HEAD, or says no size in it, by the beginning of a GET. */
const statObject = async (address: string, key: string, io: Io): Promise<{ readonly sizeBytes: number } | null> => {
  const answer = await io.http(address, { method: 'HEAD' })
  for await (const _ of answer.body) break
  if (missing.includes(answer.status)) return null
  const length = answer.headers['content-length'] ?? ''
  if (answer.status === 200 && /^\d+$/.test(length)) return { sizeBytes: Number(length) }
  if (![200, 405, 501].includes(answer.status)) return failUnreachable(answer.status, key)
  const found = await readObject(address, key, io)
  // What was begun must end, or the connection stays open.
  for await (const _ of found?.bytes() ?? []) break
  return found === null ? null : { sizeBytes: found.sizeBytes }
}

const unsizedLimitBytes = 64 * 1024 * 1024

const readObject = async (address: string, key: string, io: Io): Promise<StoredObject | null> => {
  const answer = await get(address, key, io)
  if (answer === null) return null
  const { headers } = answer
  const tag = headers['etag'] ?? headers['last-modified'] ?? ''
  const length = /^\d+$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : null
  if (length === null) {
    const bytes = await collect(answer, key)
    return { tag: async () => tag, sizeBytes: bytes.length, bytes: () => once(bytes) }
  }
  let first: HttpAnswer | null = answer
  return {
    tag: async () => tag,
    sizeBytes: length,
    bytes: () => {
      const here = first
      first = null
      return here === null ? again(address, key, io) : here.body
    },
  }
}

const get = async (address: string, key: string, io: Io): Promise<HttpAnswer | null> => {
  const answer = await io.http(address)
  if (answer.status === 200) return answer
  for await (const _ of answer.body) break
  return missing.includes(answer.status) ? null : failUnreachable(answer.status, key)
}

/** S3 says 403 for what is missing when strangers may not list; TUF clients take it for 404 as well. */
const missing: readonly number[] = [403, 404, 410]

const failUnreachable = (status: number, key: string): never =>
  fail('store/unreachable', `the bucket answered ${status} for ${key}`, {
    hint: 'Try again later; if it stays, look at the host of the bucket.',
    where: { object: key },
    facts: { status },
    exit: 'machine',
  })

async function* again(address: string, key: string, io: Io): AsyncGenerator<Uint8Array> {
  const answer = await get(address, key, io)
  if (answer !== null) yield* answer.body
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

/** Without a length there is nothing to tell the caller but after reading it whole. */
const collect = async ({ body }: HttpAnswer, key: string): Promise<Uint8Array> => {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const piece of body) {
    sizeBytes += piece.length
    if (sizeBytes > unsizedLimitBytes)
      fail('store/unreachable', `the bucket sends ${key} without its size and without an end`, {
        hint: 'Let the host send content-length.',
        where: { object: key },
        exit: 'machine',
      })
    parts.push(piece)
  }
  const whole = new Uint8Array(sizeBytes)
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
  return whole
}

const pathOf = (key: string): string => {
  const fault = keyFault(key)
  if (fault === null) return key.split('/').map(encodeURIComponent).join('/')
  return fail('store/bad-key', `${JSON.stringify(key)} cannot be a key of a bucket: ${fault}`, {
    hint: 'The document that names it is damaged or hostile; do not trust this bucket.',
    where: { object: key },
    exit: 'corrupt',
  })
}
