// A bucket of two releases in memory, served on loopback: what the tests of real clients ask.
import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Artifact, ChannelState, Release, Target } from '@slipway/core'
import { sign } from '@slipway/formats/ed25519'
import { createKey, digestOf, keyIdText, type MinisignKey } from '@slipway/formats/minisign'
import { renderChannel } from '../../packages/slipway/src/feeds/render.ts'
import { artifact, release, state } from '../../packages/slipway/src/feeds/testing/releases.ts'
import { app, date } from '../../packages/slipway/src/packagers/testing/trees.ts'
import { minisign } from '../../packages/slipway/src/signers/minisign.ts'

export interface FeedServer {
  readonly url: string
  readonly key: MinisignKey
  /** Paths below the server -> bytes; may be changed by tests. */
  readonly objects: Map<string, Uint8Array>
  /** Every path that was asked for, with its query. */
  readonly requests: string[]
  readonly show: (changes: Partial<ChannelState>) => void
  readonly close: () => Promise<void>
}

export const packageBytes = (version: string, target: Target): Uint8Array =>
  new TextEncoder().encode(`package ${version} ${target}\n`.repeat(2000))

/** Versions 1.0.0 and 2.0.0, a deb for each target, signed, in the feeds tauri and electron of channel `stable`. */
export const serveFeeds = async (targets: readonly Target[]): Promise<FeedServer> => {
  const objects = new Map<string, Uint8Array>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url ?? '')
    const bytes = objects.get(decodeURIComponent((request.url ?? '').split('?')[0] ?? ''))
    response.writeHead(bytes === undefined ? 404 : 200)
    response.end(bytes)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const key = createKey({ random: size => randomBytes(size) })
  const releases: Record<string, Release> = {}
  for (const version of ['1.0.0', '2.0.0']) {
    const artifacts: Artifact[] = []
    for (const target of targets) artifacts.push(await signedDeb(version, target, { key, objects }))
    const made = release(version, { feed: 'tauri', targets, artifacts, notes: `Notes of ${version}\n"quoted": yes` })
    releases[version] = {
      ...made,
      at: `${url}releases/${version}/`,
      artifacts,
      feeds: ['tauri', 'electron'].map(id => ({ id, options: { targets } })),
    }
  }
  return {
    url,
    key,
    objects,
    requests,
    show: changes => {
      const files = renderChannel({ app: app.key, channel: 'stable', state: state(changes), releases, base: url })
      for (const file of files) objects.set(`/${file.path}`, file.bytes)
    },
    close: () => new Promise(resolve => void server.close(() => resolve())),
  }
}

const signedDeb = async (
  version: string,
  target: Target,
  { key, objects }: { readonly key: MinisignKey; readonly objects: Map<string, Uint8Array> },
): Promise<Artifact> => {
  const bytes = packageBytes(version, target)
  const file = `tool_${version}-1_${target}.deb`
  objects.set(`/releases/${version}/${file}`, bytes)
  const digest = (name: string): string => createHash(name).update(bytes).digest('hex')
  const signer = {
    keyId: keyIdText(key.keyId),
    public: key.publicKey,
    sign: (message: Uint8Array) => Promise.resolve(sign(key.seed, message)),
  }
  const blake2b512 = await digestOf([bytes])
  const subject = {
    app: { ...app, version },
    file,
    target,
    date,
    sizeBytes: bytes.length,
    sha256: digest('sha256'),
    blake2b512,
    bytes: async function* () {},
  }
  const signature = (await minisign.package?.(subject, signer, {})) ?? ''
  return artifact('deb', target, {
    file,
    sizeBytes: bytes.length,
    sha256: digest('sha256'),
    sha512: digest('sha512'),
    signatures: { minisign: signature },
  })
}
