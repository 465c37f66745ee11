// A bucket over http: what is there, what is not, and what cannot be told.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { machine } from '../io/machine.ts'
import { hostileKeys, textOf } from './conformance.ts'
import { openUrl } from './read-url.ts'

const asked: string[] = []
const methods: string[] = []
const server = createServer((request, answer) => {
  asked.push(request.url ?? '')
  methods.push(request.method ?? '')
  const status = Number(/\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200)
  if (status !== 200) answer.writeHead(status).end('no')
  else if (request.url?.endsWith('/no-head') && request.method === 'HEAD') answer.writeHead(405).end()
  else if (request.url?.endsWith('/chunked')) answer.writeHead(200, { etag: '"c"', 'transfer-encoding': 'chunked' }).end('no length')
  else answer.writeHead(200, { etag: '"t"', 'content-length': '5' }).end('bytes')
})
beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const open = () => openUrl(`http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`, machine())

it('reads objects, more than once, with or without a length', async () => {
  const bucket = open()
  const object = await bucket.read('tuf/1 root.json')
  expect(asked.at(-1)).toBe('/base/tuf/1%20root.json')
  expect(object).toMatchObject({ sizeBytes: 5 })
  expect(await object?.tag()).toBe('"t"')
  for (let count = 0; count < 2; count++) expect(await textOf({ read: async () => object }, 'x')).toBe('bytes')
  const chunked = await bucket.read('chunked')
  expect(chunked).toMatchObject({ sizeBytes: 9 })
  expect(await chunked?.tag()).toBe('"c"')
  expect(await textOf(bucket, 'chunked')).toBe('no length')
})
it('looks for an object by HEAD alone, and by GET only where HEAD tells nothing', async () => {
  const bucket = open()
  const methodsOf = async (key: string): Promise<readonly [unknown, readonly string[]]> => {
    methods.length = 0
    return [await bucket.stat(key), [...methods]]
  }
  expect(await methodsOf('a.zip')).toEqual([{ sizeBytes: 5 }, ['HEAD']])
  expect(await methodsOf('no-head')).toEqual([{ sizeBytes: 5 }, ['HEAD', 'GET']])
  expect(await methodsOf('chunked')).toEqual([{ sizeBytes: 9 }, ['HEAD', 'GET']])
  expect(await methodsOf('404')).toEqual([null, ['HEAD']])
})
it.each([404, 410, 403])('takes %i for missing', async status => {
  expect(await open().read(String(status))).toBeNull()
  expect(await open().stat(String(status))).toBeNull()
})
it.each([500, 503, 401, 206])('does not take %i for missing', async status => {
  for (const ask of [open().read, open().stat])
    await expect(ask(String(status))).rejects.toMatchObject({
      problems: [{ code: 'store/unreachable', exit: 'machine', facts: { status } }],
    })
})
it('asks for no hostile key', async () => {
  asked.length = 0
  for (const key of hostileKeys)
    for (const ask of [open().read, open().stat])
      await expect((async () => ask(key))()).rejects.toMatchObject({ problems: [{ code: 'store/bad-key' }] })
  expect(asked).toEqual([])
})
