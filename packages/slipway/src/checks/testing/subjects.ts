// A sound release as checks see it, for tests: two packages in one feed, signed by a key that clients have.
import { createHash } from 'node:crypto'
import type { Artifact } from '@slipway/core'
import { createKey, signDigest, writePublicKey } from '@slipway/formats/minisign'
import { artifact } from '../../feeds/testing/releases.ts'
import { app } from '../../packagers/testing/trees.ts'
import type { CheckSubject } from '../check.ts'

const key = createKey({ random: size => new Uint8Array(size).fill(7) })
const bytesOf = (file: string): Uint8Array => new TextEncoder().encode(`bytes of ${file}`)
const signed = (file: string, bytes: Uint8Array): string =>
  signDigest(key, createHash('blake2b512').update(bytes).digest(), { trustedComment: `timestamp:1\tfile:${file}\tversion:1.0.0` })

const made = (file: string, target: string): Artifact => {
  const bytes = bytesOf(file)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return artifact('deb', target, { file, sizeBytes: bytes.length, sha256, signatures: { minisign: signed(file, bytes) } })
}

/** A new one each time; `a.deb` and `b.deb` are its packages. */
export const soundSubject = (): CheckSubject => {
  const artifacts = [made('a.deb', 'linux-x64'), made('b.deb', 'linux-arm64')]
  const sums = new TextEncoder().encode('sums\n')
  return {
    app,
    planned: {
      app: app.key,
      version: '1.0.0',
      channel: 'stable',
      percent: 100,
      artifacts: artifacts.map(({ file, kind, target, role }) => ({ file, kind, target, role, signatures: ['minisign'], labels: [] })),
      feeds: [{ id: 'tauri', options: {}, heads: { 'feeds/stable/tauri/latest.json': ['a.deb', 'b.deb'] } }],
      objects: [],
    },
    artifacts,
    sums: { SHA256SUMS: sums, 'SHA256SUMS.minisig': new TextEncoder().encode(signed('SHA256SUMS', sums)) },
    accepts: { minisign: { type: 'ed25519', keyId: '', public: writePublicKey(key) } },
    async *bytes(file) {
      yield bytesOf(file)
    },
  }
}
