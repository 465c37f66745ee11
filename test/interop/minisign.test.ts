// minisign and sha256sum judge what is published; keys that the Tauri CLI made sign, and what it signs verifies with ours (TRUST 2).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { digestOf, parsePublicKey, unwrapTauri, verifyDigest } from '@slipway/formats/minisign'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithJudge } from '../kit/judges.ts'
import { smallProject } from '../kit/project.ts'
import type { SmallProject } from '../kit/project.ts'

interface Record1 {
  readonly artifacts: readonly { readonly file: string; readonly signatures: { readonly minisign: string } }[]
}
const recordOf = (folder: string): Record1 => JSON.parse(readFileSync(join(folder, 'release.json'), 'utf8')) as Record1
const says = (tool: string, args: readonly string[], cwd: string): string =>
  execFileSync(tool, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

describeWithJudge(['minisign'], 'minisign', ({ minisign }) => {
  let project: SmallProject
  let folder: string
  beforeAll(async () => {
    project = smallProject({ more: { packages: ['tar.gz', 'tar.zst', 'zip', 'binary', 'deb'] } })
    await project.run(['keys', 'generate'])
    const ran = await project.run(['release'])
    expect(ran.exitCode, ran.stderr).toBe(0)
    folder = join(project.bucket, 'releases/1.0.0')
  })
  afterAll(() => rmSync(dirname(project.root), { recursive: true, force: true }))
  const verify = (file: string): string => says(minisign, ['-V', '-p', join(project.keys, 'minisign.pub'), '-m', file], folder)

  it('verifies SHA256SUMS, and `sha256sum -c` every file that it lists', () => {
    expect(verify('SHA256SUMS')).toContain('file:SHA256SUMS\tversion:1.0.0')
    const lines = says('sha256sum', ['-c', '--strict', 'SHA256SUMS'], folder).trim().split('\n')
    expect(lines.every(line => line.endsWith(': OK'))).toBe(true)
    const listed = lines.map(line => line.split(':')[0])
    expect(new Set([...listed, 'SHA256SUMS', 'SHA256SUMS.minisig'])).toEqual(new Set(readdirSync(folder)))
  })
  it('verifies every package with the signature of its record, and refuses it for another', () => {
    const { artifacts } = recordOf(folder)
    expect(artifacts).toHaveLength(10)
    const place = mkdtempSync(join(tmpdir(), 'minisign-'))
    for (const { file, signatures } of artifacts) {
      writeFileSync(join(place, 'signature'), signatures.minisign)
      const args = (name: string): string[] => ['-V', '-p', join(project.keys, 'minisign.pub'), '-x', join(place, 'signature'), '-m', name]
      expect(says(minisign, args(file), folder)).toContain(`timestamp:1700000000\tfile:${file}\tversion:1.0.0`)
      const other = artifacts.find(one => one.file !== file)?.file ?? ''
      expect(() => says(minisign, args(other), folder)).toThrow(/verification failed/)
    }
    rmSync(place, { recursive: true })
  })
  it('finds one changed byte', () => {
    const path = join(folder, 'SHA256SUMS')
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.with(5, 0x30 + ((bytes[5] ?? 0) === 0x30 ? 1 : 0)))
    expect(() => verify('SHA256SUMS')).toThrow(/verification failed/)
    writeFileSync(path, bytes)
  })
})

describeWithJudge(['tauri', 'minisign'], 'Keys of the Tauri CLI', ({ tauri, minisign }) => {
  const folder = mkdtempSync(join(tmpdir(), 'tauri-keys-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  /** `tauri signer generate`: base64 of a minisign key file, sealed with scrypt where there is a password. */
  const generate = (name: string, password: string): string => {
    const args = ['signer', 'generate', '--ci', '-f', '-w', join(folder, name), '-p', password]
    execFileSync(tauri, args, { env: { ...process.env, CI: 'true' }, stdio: 'ignore' })
    return join(folder, name)
  }

  it('verify here what `tauri signer sign` signed', async () => {
    const key = generate('signs', 'open sesame')
    const file = join(folder, 'app.tar.gz')
    writeFileSync(file, 'an update')
    execFileSync(tauri, ['signer', 'sign', '-f', key, '-p', 'open sesame', file], { stdio: 'ignore' })
    const publicKey = parsePublicKey(readFileSync(`${key}.pub`, 'utf8'))
    const signature = unwrapTauri(readFileSync(`${file}.sig`, 'utf8'))
    expect(verifyDigest(publicKey, await digestOf([readFileSync(file)]), signature).trustedComment).toContain('file:app.tar.gz')
    expect(() => verifyDigest(publicKey, new Uint8Array(64), signature)).toThrow('does not belong to this file')
  })

  it.each([
    ['without a password', ''],
    ['sealed with a password', 'open sesame'],
  ])('sign a release as sign.minisign.key, %s', { timeout: 180_000 }, async (_words, password) => {
    const key = generate(`key${password.length}`, password)
    // Without a password the Tauri CLI seals with the empty one, and the config names none.
    const minisignOptions = { key: `file:${key}`, ...(password === '' ? {} : { password: 'env:TEST_TAURI_PASSWORD' }) }
    const project = smallProject({
      targets: ['linux-x64'],
      more: { packages: ['deb'], feeds: { tauri: true }, sign: { minisign: minisignOptions } },
    })
    execFileSync('chmod', ['600', key])
    process.env['TEST_TAURI_PASSWORD'] = password
    try {
      const made = await project.run(['keys', 'generate'])
      expect(made.exitCode, made.stderr).toBe(0)
      // The user's own key: its public half is the user's to put there.
      writeFileSync(join(project.keys, 'minisign.pub'), Buffer.from(readFileSync(`${key}.pub`, 'utf8'), 'base64'))
      const ran = await project.run(['release'])
      expect(ran.exitCode, ran.stderr).toBe(0)
    } finally {
      delete process.env['TEST_TAURI_PASSWORD']
    }
    // The client: base64 in latest.json, the public key as `tauri signer generate` printed it.
    const manifest = JSON.parse(readFileSync(join(project.bucket, 'feeds/stable/tauri/latest.json'), 'utf8')) as {
      platforms: Record<string, { url: string; signature: string }>
    }
    const { url, signature } = manifest.platforms['linux-x86_64'] ?? { url: '', signature: '' }
    const file = join(project.bucket, 'releases/1.0.0', url.split('/').at(-1) ?? '')
    const place = mkdtempSync(join(folder, 'check-'))
    writeFileSync(join(place, 'signature'), Buffer.from(signature, 'base64'))
    writeFileSync(join(place, 'key.pub'), Buffer.from(readFileSync(`${key}.pub`, 'utf8'), 'base64'))
    expect(says(minisign, ['-V', '-p', join(place, 'key.pub'), '-x', join(place, 'signature'), '-m', file], place)).toContain(
      'version:1.0.0',
    )
    expect((await project.run(['verify', project.bucket, '--keys', project.keys])).exitCode).toBe(0)
    rmSync(dirname(project.root), { recursive: true, force: true })
  })

  it('say when the password is wrong, and write nothing', { timeout: 180_000 }, async () => {
    const key = generate('locked', 'open sesame')
    execFileSync('chmod', ['600', key])
    const project = smallProject({
      targets: ['linux-x64'],
      more: { packages: ['deb'], feeds: {}, sign: { minisign: { key: `file:${key}`, password: 'env:TEST_TAURI_WRONG' } } },
    })
    process.env['TEST_TAURI_WRONG'] = 'open says me'
    try {
      await project.run(['keys', 'generate'])
      writeFileSync(join(project.keys, 'minisign.pub'), Buffer.from(readFileSync(`${key}.pub`, 'utf8'), 'base64'))
      expect(await project.json(['release'])).toMatchObject({ exitCode: 4, errors: [{ code: 'keys/wrong-minisign-password' }] })
      expect(readdirSync(dirname(project.root))).not.toContain('bucket')
    } finally {
      delete process.env['TEST_TAURI_WRONG']
      rmSync(dirname(project.root), { recursive: true, force: true })
    }
  })
})
