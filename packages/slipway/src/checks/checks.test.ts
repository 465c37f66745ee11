// The two checks that cannot be switched off: what each finds, and that sound releases pass (rows A4, C17).
import { createHash } from 'node:crypto'
import type { Artifact, PlannedArtifact } from '@slipway/core'
import { createKey, signDigest, writePublicKey } from '@slipway/formats/minisign'
import { describe, expect, it } from 'vitest'
import { artifact } from '../feeds/testing/releases.ts'
import { app } from '../packagers/testing/trees.ts'
import type { CheckSubject } from './check.ts'
import { completeness } from './completeness.ts'
import { signatures } from './signatures.ts'

const key = createKey({ random: size => new Uint8Array(size).fill(3) })
const otherKey = createKey({ random: size => new Uint8Array(size).fill(4) })
const bytesOf = (file: string): Uint8Array => new TextEncoder().encode(`bytes of ${file}`)
const digest = (name: string, bytes: Uint8Array): Buffer => createHash(name).update(bytes).digest()
const signed = (file: string, bytes: Uint8Array, by = key): string =>
  signDigest(by, digest('blake2b512', bytes), { trustedComment: `timestamp:1\tfile:${file}\tversion:1.0.0` })

const made = (file: string, target: string): Artifact => {
  const bytes = bytesOf(file)
  return artifact('deb', target, {
    file,
    sizeBytes: bytes.length,
    sha256: digest('sha256', bytes).toString('hex'),
    signatures: { minisign: signed(file, bytes) },
  })
}
const planned = ({ file, target }: Artifact): PlannedArtifact => ({
  file,
  kind: 'deb',
  target,
  role: 'both',
  signatures: ['minisign'],
  labels: [],
})

const all = [made('a.deb', 'linux-x64'), made('b.deb', 'linux-arm64')]
const sumsText = new TextEncoder().encode('sums\n')
const sound = (changes: Partial<CheckSubject> = {}): CheckSubject => ({
  app,
  planned: {
    app: app.key,
    version: '1.0.0',
    channel: 'stable',
    percent: 100,
    artifacts: all.map(planned),
    feeds: [{ id: 'tauri', options: {}, heads: { 'feeds/stable/tauri/latest.json': ['a.deb', 'b.deb'] } }],
    objects: [],
  },
  artifacts: all,
  sums: { SHA256SUMS: sumsText, 'SHA256SUMS.minisig': new TextEncoder().encode(signed('SHA256SUMS', sumsText)) },
  accepts: { minisign: { type: 'ed25519', keyId: '', public: writePublicKey(key) } },
  bytes: async function* (file) {
    yield bytesOf(file)
  },
  ...changes,
})
const codes = async (unit: typeof completeness | typeof signatures, changes: Partial<CheckSubject>): Promise<readonly string[]> =>
  (await unit.check(sound(changes), {})).findings.map(one => `${one.code} ${one.where.object ?? ''}`)

describe('completeness', () => {
  it('passes a whole release, and says what it looked at', async () => {
    const { tested, findings } = await completeness.check(sound(), {})
    expect(findings).toEqual([])
    expect(tested).toEqual(['a.deb', 'b.deb', 'feed tauri: 2 entries'])
  })
  it('finds a planned file that is not there, and the feed entry that goes with it', async () => {
    expect(await codes(completeness, { artifacts: all.slice(0, 1) })).toEqual([
      'completeness/missing-file b.deb',
      'completeness/missing-feed-entry feeds/stable/tauri/latest.json',
    ])
  })
  it('finds a file of the wrong target under the planned name', async () => {
    expect(await codes(completeness, { artifacts: [made('a.deb', 'linux-x64'), made('b.deb', 'linux-x64')] })).toEqual([
      'completeness/missing-file b.deb',
    ])
  })
  it('finds a file that nobody planned', async () => {
    expect(await codes(completeness, { artifacts: [...all, made('c.deb', 'linux-x64')] })).toEqual(['completeness/unplanned-file c.deb'])
  })
  it('finds an empty file', async () => {
    expect(await codes(completeness, { artifacts: [{ ...(all[0] as Artifact), sizeBytes: 0 }, all[1] as Artifact] })).toEqual([
      'completeness/empty-file a.deb',
    ])
  })
  it('finds a head that would name nothing at all', async () => {
    const feeds = [{ id: 'tauri', options: {}, heads: { 'feeds/stable/tauri/latest.json': [] } }]
    expect(await codes(completeness, { planned: { ...sound().planned, feeds } })).toEqual([
      'completeness/missing-feed-entry feeds/stable/tauri/latest.json',
    ])
  })
})

describe('signatures', () => {
  it('passes what is signed with the key that clients have', async () => {
    const { tested, findings } = await signatures.check(sound(), {})
    expect(findings).toEqual([])
    expect(tested).toHaveLength(3)
  })
  it('finds bytes that changed after they were packaged', async () => {
    const bytes: CheckSubject['bytes'] = async function* (file) {
      yield file === 'b.deb' ? new TextEncoder().encode('other') : bytesOf(file)
    }
    expect(await codes(signatures, { bytes })).toEqual(['signatures/changed-file b.deb'])
  })
  it('finds a planned signature that is missing', async () => {
    expect(await codes(signatures, { artifacts: [{ ...(all[0] as Artifact), signatures: {} }, all[1] as Artifact] })).toEqual([
      'signatures/missing a.deb',
    ])
  })
  it('finds the signature of another key, of other bytes, and of another file name', async () => {
    for (const minisign of [
      signed('a.deb', bytesOf('a.deb'), otherKey),
      signed('a.deb', bytesOf('b.deb')),
      signed('b.deb', bytesOf('a.deb')),
      'no signature',
    ])
      expect(await codes(signatures, { artifacts: [{ ...(all[0] as Artifact), signatures: { minisign } }, all[1] as Artifact] })).toEqual([
        'signatures/bad-signature a.deb',
      ])
  })
  it('finds everything wrong when the trust folder holds another key', async () => {
    expect(await codes(signatures, { accepts: { minisign: { type: 'ed25519', keyId: '', public: writePublicKey(otherKey) } } })).toEqual([
      'signatures/bad-signature a.deb',
      'signatures/bad-signature b.deb',
      'signatures/bad-sums SHA256SUMS.minisig',
    ])
    expect(await codes(signatures, { accepts: {} })).toHaveLength(3)
  })
  it('finds sums that are missing, or signed for something else', async () => {
    expect(await codes(signatures, { sums: {} })).toEqual(['signatures/no-sums SHA256SUMS'])
    expect(await codes(signatures, { sums: { ...sound().sums, SHA256SUMS: new TextEncoder().encode('other\n') } })).toEqual([
      'signatures/bad-sums SHA256SUMS.minisig',
    ])
  })
  it('every finding is critical, and says why and how to mend it', async () => {
    for (const unit of [completeness, signatures])
      for (const one of (await unit.check(sound({ artifacts: [], sums: {} }), {})).findings) {
        expect(one.severity).toBe('critical')
        expect([one.why.length > 10, one.fix.length > 10]).toEqual([true, true])
      }
  })
})
