// HTTP of this machine: the built-in fetch with own redirects, a time limit over the whole answer, and the user's proxies.
import { fail, SlipwayError } from '@slipway/core'
import type { Http, HttpAnswer, HttpRequest, Secrets } from './io.ts'

/**
 * Requests over http and https. HTTP_PROXY, HTTPS_PROXY and NO_PROXY (either case) are honoured, through Node's own `setGlobalProxyFromEnv`.
 * Codes: `io/network`, `io/bad-url`, `io/bad-redirect`, `io/bad-proxy`.
 */
export const http = (secrets: Secrets): Http => {
  let isProxySet = false
  return async (url, request = {}) => {
    if (!isProxySet) {
      useProxies(secrets)
      isProxySet = true
    }
    return follow(parse(url), request)
  }
}

// In Node since 24.14, for fetch as well; its types do not know it yet.
interface NodeHttp {
  readonly setGlobalProxyFromEnv: (env: Readonly<Record<string, string>>) => void
}

const useProxies = (secrets: Secrets): void => {
  // An import would run every getter of the module, and one of them loads all of fetch: half of the time that a command takes to start.
  const nodeHttp = process.getBuiltinModule('node:http') as unknown as NodeHttp
  try {
    nodeHttp.setGlobalProxyFromEnv(secrets.matching(/^(?:https?|no)_proxy$/i))
  } catch (error) {
    fail('io/bad-proxy', 'a proxy variable holds no address', {
      hint: 'Write HTTPS_PROXY (HTTP_PROXY) as http://host:port, or unset it.',
      exit: 'machine',
      // Node's message quotes the value, which may hold a password.
      cause: error instanceof Error ? error.name : undefined,
    })
  }
}

const follow = async (first: URL, request: HttpRequest): Promise<HttpAnswer> => {
  const timeoutMs = request.timeoutMs ?? 60_000
  const signal = AbortSignal.timeout(timeoutMs)
  let url = first
  let headers: Readonly<Record<string, string>> = request.headers ?? {}
  for (let hops = 0; ; hops++) {
    const answer = await send(url, { ...request, headers }, signal)
    const next = locationOf(answer, url, request)
    if (next === null) return { status: answer.status, headers: Object.fromEntries(answer.headers), body: bodyOf(answer, url) }
    await answer.body?.cancel()
    if (hops >= (request.redirects ?? 5)) refuse(url, next, 'too many redirects')
    if (!isSafeHop(url, next)) refuse(url, next, 'a redirect must lead to https or stay on its host')
    if (next.origin !== url.origin) headers = withoutCredentials(headers)
    url = next
  }
}

const send = async (url: URL, request: HttpRequest, signal: AbortSignal): Promise<Response> => {
  try {
    return await fetch(url, {
      method: request.method ?? 'GET',
      // A compressed answer would be unpacked on the way, and its digest would be of other bytes than the object's.
      headers: { 'accept-encoding': 'identity', ...request.headers },
      redirect: 'manual',
      signal,
      ...(request.body === undefined ? {} : { body: new Uint8Array(request.body) }),
    })
  } catch (error) {
    return failNetwork(error, url)
  }
}

/** Where a redirect leads, or null. A request with a body is sent again only where the status keeps its method. */
const locationOf = (answer: Response, url: URL, { method = 'GET' }: HttpRequest): URL | null => {
  const isReading = method === 'GET' || method === 'HEAD'
  const statuses = isReading ? [301, 302, 303, 307, 308] : [307, 308]
  const location = answer.headers.get('location')
  if (location === null || !statuses.includes(answer.status)) return null
  if (!URL.canParse(location, url.href)) return refuse(url, url, 'the redirect leads to no address')
  return new URL(location, url)
}

const isSafeHop = (from: URL, to: URL): boolean =>
  to.username === '' &&
  to.password === '' &&
  (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:' && to.host === from.host))

// A list of what may stay, since services name their credential headers as they like.
const harmless = new Set(['accept', 'accept-language', 'content-type', 'if-modified-since', 'if-none-match', 'range', 'user-agent'])
const withoutCredentials = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name.toLowerCase())))

async function* bodyOf(answer: Response, url: URL): AsyncGenerator<Uint8Array> {
  if (answer.body === null) return
  try {
    for await (const piece of answer.body) yield piece
  } catch (error) {
    failNetwork(error, url)
  }
}

const parse = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '') return url
  return fail('io/bad-url', 'this is not an http or https address without user and password', {
    hint: 'Write it as https://host/path; credentials are named as secrets.',
    facts: { address: url === null ? '' : shown(url) },
  })
}

const refuse = (from: URL, to: URL, why: string): never =>
  // explain: A server sent the request on to an address that is not safe to follow, or too many times.
  fail('io/bad-redirect', `${shown(from)} redirects to ${shown(to)}: ${why}`, {
    hint: 'Write the address that it ends at into the config.',
    exit: 'machine',
  })

const failNetwork = (error: unknown, url: URL): never => {
  if (error instanceof SlipwayError) throw error
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  return fail('io/network', `${isLate ? 'no whole answer in time from' : 'no answer from'} ${shown(url)}`, {
    hint: 'Check the network, the address and the proxy variables, then run the command again.',
    exit: 'machine',
    cause: error,
  })
}

/** Without the query, which may be a signature that lets anybody in. */
const shown = (url: URL): string => `${url.origin}${url.pathname}`
