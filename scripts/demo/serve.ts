// A plain static server over a folder on loopback: what any web host does, and nothing that Slipway knows of.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { join, normalize } from 'node:path'

export const serveFolder = (folder: string, port: number): Promise<Server> => {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
    const file = join(folder, path)
    const facts = path.includes('..') ? undefined : statSync(file, { throwIfNoEntry: false })
    if (facts?.isFile() !== true) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n')
      return
    }
    response.writeHead(200, { 'content-length': facts.size, 'cache-control': cacheClass(path) })
    if (request.method === 'HEAD') response.end()
    else createReadStream(file).pipe(response)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** Heads and the pointer may change within a minute; everything else never does. */
const cacheClass = (path: string): string =>
  /^\/(feeds\/|install\.(sh|ps1)$|tuf\/timestamp\.json$)/.test(path)
    ? 'public, max-age=60, must-revalidate'
    : 'public, max-age=31536000, immutable'
