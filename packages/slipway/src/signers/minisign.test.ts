// minisign: what we sign is verified by the minisign program; the sums by sha256sum.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import { sign } from '@slipway/formats/ed25519'
import { createKey, digestOf, keyIdText, parseSignature, verifyDigest, writePublicKey } from '@slipway/formats/minisign'
import { describeWithJudge } from '../../../../test/kit/judges.ts'
import { artifact } from '../feeds/testing/releases.ts'
import type { Key } from '../keys/key.ts'
import { app, date } from '../packagers/testing/trees.ts'
import { minisign } from './minisign.ts'

const folder = mkdtempSync(join(tmpdir(), 'minisign-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pair = createKey({ random: size => randomBytes(size) })
const key: Key = { keyId: keyIdText(pair.keyId), public: pair.publicKey, sign: message => Promise.resolve(sign(pair.seed, message)) }
const bytes = new TextEncoder().encode('a package')
const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')
const subject = async (file: string) => ({
  app,
  file,
  target: 'linux-x64',
  date,
  sizeBytes: bytes.length,
  sha256: sha256(bytes),
  blake2b512: await digestOf([bytes]),
  async *bytes() {
    yield bytes
  },
})
const signPackage = async (file: string, by = key): Promise<string> => (await minisign.package?.(await subject(file), by, {})) ?? ''
const signRelease = async () => {
  const artifacts = ['b.zip', 'a.deb', 'Z.zip'].map(file => artifact('zip', 'linux-x64', { file, sha256: sha256(bytes) }))
  const files = (await minisign.release?.({ app, date, artifacts, record: new TextEncoder().encode('{}') }, key, {})) ?? []
  return Object.fromEntries(files.map(one => [one.file, one.bytes]))
}

describe('minisign', () => {
  it('vouches for time, name and version in the trusted comment', async () => {
    const text = await signPackage('tool_1.2.3-1_amd64.deb')
    expect(parseSignature(text)).toMatchObject({
      algorithm: 'ED',
      trustedComment: `timestamp:${date}\tfile:tool_1.2.3-1_amd64.deb\tversion:1.2.3`,
    })
    expect(verifyDigest(pair, await digestOf([bytes]), text).trustedComment).toContain('version:1.2.3')
    expect(await signPackage('tool_1.2.3-1_amd64.deb')).toBe(text)
  })
  it('lists every file and release.json, sorted by code units', async () => {
    const sums = new TextDecoder().decode((await signRelease())['SHA256SUMS'])
    expect(sums.split('\n').map(line => line.slice(66))).toEqual(['Z.zip', 'a.deb', 'b.zip', 'release.json', ''])
    expect(sums).toContain(`${sha256(new TextEncoder().encode('{}'))}  release.json\n`)
  })
  it('refuses names that would forge a line', async () => {
    for (const file of ['a\nb', 'a\tversion:9', '../a', 'a\\b', '']) await expect(signPackage(file)).rejects.toThrow('minisign/bad-name')
  })
  it('refuses a key that is not minisign', async () => {
    await expect(signPackage('a', { ...key, keyId: 'ab'.repeat(32) })).rejects.toThrow('minisign/bad-key-id')
  })
  it('refuses a key that answers with something else than a signature', async () => {
    await expect(signPackage('a', { ...key, sign: () => Promise.resolve(new Uint8Array(63)) })).rejects.toThrow('64 bytes')
  })
})

describeWithJudge(['minisign'], 'minisign, as its own program sees it', ({ minisign: tool }) => {
  const verify = (name: string, data: Uint8Array, signature: string | Uint8Array) => {
    writeFileSync(join(folder, name), data)
    writeFileSync(join(folder, `${name}.minisig`), signature)
    writeFileSync(join(folder, 'key.pub'), writePublicKey(pair))
    return spawnSync(tool, ['-V', '-p', 'key.pub', '-m', name], { cwd: folder, encoding: 'utf8' })
  }
  it('verifies a package, and refuses another byte or another comment', async () => {
    const text = await signPackage('a.deb')
    expect(verify('a.deb', bytes, text)).toMatchObject({ status: 0 })
    expect(verify('a.deb', bytes, text).stdout).toContain('file:a.deb\tversion:1.2.3')
    expect(verify('a.deb', Uint8Array.from([...bytes, 0]), text).status).not.toBe(0)
    expect(verify('a.deb', bytes, text.replace('version:1.2.3', 'version:1.2.4')).status).not.toBe(0)
  })
  it('verifies the sums, which sha256sum checks', async () => {
    const files = await signRelease()
    const sums = files['SHA256SUMS'] ?? new Uint8Array()
    expect(verify('SHA256SUMS', sums, files['SHA256SUMS.minisig'] ?? '')).toMatchObject({ status: 0 })
    for (const file of ['b.zip', 'a.deb', 'Z.zip']) writeFileSync(join(folder, file), bytes)
    writeFileSync(join(folder, 'release.json'), '{}')
    expect(spawnSync('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0 })
  })
})
