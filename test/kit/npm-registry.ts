// A small npm registry on loopback for tests: packuments and tarballs of packages that lie in a folder (npm/registry, docs/REGISTRY-API.md).
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { readTar } from '../../packages/formats/src/tar.ts'

export interface NpmRegistry {
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[]
  /** From now on this package's tarball is served with another byte in it, under the same integrity. */
  readonly tamper: (name: string) => void
  readonly close: () => Promise<void>
}
type Manifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string }
interface Published {
  readonly manifest: Manifest
  readonly bytes: Uint8Array
}

/** Serves these tarballs; of one name the last is `latest`. */
export const startNpmRegistry = async (tarballs: readonly Uint8Array[]): Promise<NpmRegistry> => {
  const published = await Promise.all(tarballs.map(async bytes => ({ manifest: await manifestOf(bytes), bytes })))
  const asked: string[] = []
  const tampered = new Set<string>()
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').slice(1).replace(/\?.*$/, ''))
    asked.push(path)
    const file = published.find(one => tarballPath(one.manifest) === path)
    if (file !== undefined) return void response.end(tampered.has(file.manifest.name) ? damaged(file.bytes) : file.bytes)
    const versions = published.filter(one => one.manifest.name === path)
    if (versions.length === 0) return void response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"not found"}')
    const host = `http://${request.headers.host ?? ''}`
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(packument(path, versions, host)))
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    tamper: name => void tampered.add(name),
    close: () => {
      server.closeAllConnections()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}

const tarballPath = ({ name, version }: Manifest): string => `${name}/-/${name.replace(/^.*\//, '')}-${version}.tgz`

const packument = (name: string, versions: readonly Published[], host: string) => ({
  name,
  'dist-tags': { latest: versions.at(-1)?.manifest.version },
  time: Object.fromEntries(versions.map(({ manifest }) => [manifest.version, '2024-01-01T00:00:00.000Z'])),
  versions: Object.fromEntries(
    versions.map(({ manifest, bytes }) => [
      manifest.version,
      {
        ...manifest,
        _id: `${name}@${manifest.version}`,
        dist: {
          tarball: `${host}/${tarballPath(manifest)}`,
          integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
          shasum: createHash('sha1').update(bytes).digest('hex'),
        },
      },
    ]),
  ),
})

/** As npm publish takes it: package/package.json of the tarball. */
const manifestOf = async (bytes: Uint8Array): Promise<Manifest> => {
  for await (const { path, bytes: content } of readTar([gunzipSync(bytes)], { limitEntries: 100_000, limitBytes: 1 << 30 })) {
    if (path !== 'package/package.json') continue
    const chunks: Uint8Array[] = []
    for await (const chunk of content()) chunks.push(chunk)
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Manifest
  }
  throw new Error('the tarball has no package/package.json')
}

/** Another system in the gzip header: it unpacks to the same files, so that the integrity alone tells. */
const damaged = (bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  copy[9] = 3
  return copy
}
