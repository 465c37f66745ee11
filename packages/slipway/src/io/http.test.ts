// HTTP: any status is an answer, redirects are judged, credentials stay home, time has an end.
import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SlipwayError } from '@slipway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { http } from './http.ts'
import type { HttpAnswer, Secrets } from './io.ts'

const secretsOf = (env: Record<string, string>): Secrets => ({ env: name => env[name], secret: name => env[name], matching: () => env })
const get = http(secretsOf({}))
const seen: { url: string; method: string; headers: IncomingMessage['headers']; body: string }[] = []
const routes: Record<string, (answer: ServerResponse) => void> = {
  '/ok': answer => answer.end('hello'),
  '/503': answer => answer.writeHead(503).end('busy'),
  '/hop': answer => answer.writeHead(302, { location: '/ok' }).end(),
  '/loop': answer => answer.writeHead(302, { location: '/loop' }).end(),
  '/away': answer => answer.writeHead(302, { location: `http://127.0.0.1:${port(other)}/ok` }).end(),
  '/file': answer => answer.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/put': answer => answer.writeHead(307, { location: '/ok' }).end(),
  '/post': answer => answer.writeHead(302, { location: '/ok' }).end(),
  '/slow': answer => void answer.writeHead(200).write('x'),
  '/cut': answer => {
    answer.writeHead(200, { 'content-length': '100' }).write('x')
    setTimeout(() => answer.destroy(), 50)
  },
}
const serve = (request: IncomingMessage, answer: ServerResponse): void => {
  let body = ''
  request.on('data', piece => (body += String(piece)))
  request.on('end', () => {
    seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body })
    const route = routes[request.url ?? '']
    if (route === undefined) answer.writeHead(404).end()
    else route(answer)
  })
}
const main: Server = createServer(serve)
const other: Server = createServer(serve)
const port = (server: Server): number => (server.address() as AddressInfo).port
const at = (path: string): string => `http://127.0.0.1:${port(main)}${path}`

beforeAll(async () => {
  for (const server of [main, other]) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => [main, other].forEach(server => (server.closeAllConnections(), server.close())))

const textOf = async ({ body }: HttpAnswer): Promise<string> => {
  let text = ''
  for await (const piece of body) text += new TextDecoder().decode(piece)
  return text
}
const problemOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (caught: unknown) => caught,
  )
  if (!(error instanceof SlipwayError)) throw new Error(`no SlipwayError: ${String(error)}`)
  return error.problems[0]
}

describe('answers', () => {
  it('gives status, headers and body of whatever comes', async () => {
    const ok = await get(at('/ok'))
    expect([ok.status, ok.headers['content-length'], await textOf(ok)]).toEqual([200, '5', 'hello'])
    const busy = await get(at('/503'))
    expect([busy.status, await textOf(busy)]).toEqual([503, 'busy'])
  })
  it('asks for the bytes as they are stored', async () => {
    await get(at('/ok'))
    expect(seen.at(-1)?.headers['accept-encoding']).toBe('identity')
  })
  it('sends bodies', async () => {
    await get(at('/ok'), { method: 'PUT', body: new TextEncoder().encode('bytes'), headers: { 'if-none-match': '*' } })
    expect(seen.at(-1)).toMatchObject({ method: 'PUT', body: 'bytes', headers: { 'if-none-match': '*', 'content-length': '5' } })
  })
})

describe('redirects', () => {
  it('are followed on their host, with credentials', async () => {
    expect(await textOf(await get(at('/hop'), { headers: { authorization: 'secret' } }))).toBe('hello')
    expect(seen.at(-1)?.headers.authorization).toBe('secret')
  })
  it('are refused to plain http elsewhere, to other schemes, and without end', async () => {
    for (const path of ['/away', '/file', '/loop'])
      expect(await problemOf(get(at(path)))).toMatchObject({ code: 'io/bad-redirect', exit: 'machine' })
    expect((await problemOf(get(at('/hop'), { redirects: 0 })))?.code).toBe('io/bad-redirect')
  })
  it('keep method and body, or are handed back', async () => {
    await get(at('/put'), { method: 'PUT', body: new TextEncoder().encode('again') })
    expect(seen.at(-1)).toMatchObject({ url: '/ok', method: 'PUT', body: 'again' })
    expect((await get(at('/post'), { method: 'POST' })).status).toBe(302)
  })
})

describe('failures', () => {
  it('name the address without its query', async () => {
    const problem = await problemOf(get('http://127.0.0.1:1/x?signature=canary-5c1'))
    expect(problem).toMatchObject({ code: 'io/network', exit: 'machine' })
    expect(JSON.stringify(problem)).not.toContain('canary-5c1')
  })
  it('end slow and cut bodies', async () => {
    expect((await problemOf(get(at('/slow'), { timeoutMs: 300 }).then(textOf)))?.code).toBe('io/network')
    expect((await problemOf(get(at('/cut')).then(textOf)))?.code).toBe('io/network')
  })
  it('refuse what is no http address, and never show its password', async () => {
    for (const url of ['file:///etc/passwd', 'x', 'http://user:canary-77@host/']) {
      const problem = await problemOf(get(url))
      expect(problem?.code).toBe('io/bad-url')
      expect(JSON.stringify(problem)).not.toContain('canary-77')
    }
  })
  it('name a proxy variable that is no address', async () => {
    const problem = await problemOf(http(secretsOf({ HTTP_PROXY: 'http://%%canary-9' }))(at('/ok')))
    expect(problem?.code).toBe('io/bad-proxy')
    expect(JSON.stringify(problem)).not.toContain('canary-9')
  })
})

it('goes through the proxy of the environment', async () => {
  const asked: string[] = []
  const proxy = createServer((request, answer) => {
    asked.push(request.url ?? '')
    answer.end('from the proxy')
  })
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '')
    socket.end('HTTP/1.1 502 no\r\n\r\n')
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const script = `const { http } = await import(${JSON.stringify(new URL('./http.ts', import.meta.url).href)})
    const { secrets } = await import(${JSON.stringify(new URL('./secrets.ts', import.meta.url).href)})
    await http(secrets)('http://bucket.invalid/x').catch(() => {})`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    env: { http_proxy: `http://127.0.0.1:${port(proxy)}` },
    stdio: 'inherit',
  })
  await new Promise(resolve => child.once('exit', resolve))
  proxy.close()
  expect(asked.join()).toContain('bucket.invalid')
})
