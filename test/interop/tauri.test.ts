// latest.json as Tauri's updater reads it: held against a schema of its Rust types, each signature verified over the fetched bytes.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digestOf, parsePublicKey, verifyDigest, wrapForTauri, writePublicKey } from '@slipway/formats/minisign'
import { judge } from '../kit/judges.ts'
import { serveFeeds, type FeedServer } from './feed-server.ts'

/** `RemoteRelease` of plugins/updater/src/updater.rs: a static manifest; unknown fields are kept in `raw_json`. */
const schema = {
  type: 'object',
  required: ['version', 'platforms'],
  properties: {
    version: { type: 'string', pattern: '^\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?$' },
    notes: { type: 'string' },
    pub_date: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$' },
    platforms: {
      type: 'object',
      propertyNames: { pattern: '^(darwin|windows|linux)-(x86_64|aarch64|i686|armv7)(-(appimage|deb|rpm|app|msi|nsis))?$' },
      additionalProperties: {
        type: 'object',
        required: ['url', 'signature'],
        additionalProperties: false,
        properties: { url: { type: 'string', pattern: '^https?://' }, signature: { type: 'string', pattern: '^[A-Za-z0-9+/]+=*$' } },
      },
    },
  },
}
interface Manifest {
  readonly version: string
  readonly platforms: Readonly<Record<string, { readonly url: string; readonly signature: string }>>
}

const folder = mkdtempSync(join(tmpdir(), 'tauri-'))
const valid = new Ajv({ allErrors: true }).compile(schema)
let server: FeedServer
beforeAll(async () => {
  server = await serveFeeds(['linux-x64', 'linux-arm64'])
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

const manifest = async (changes: Parameters<FeedServer['show']>[0]): Promise<Manifest> => {
  server.show(changes)
  const body = (await (await fetch(`${server.url}feeds/stable/tauri/latest.json`)).json()) as Manifest
  expect(valid(body), JSON.stringify(valid.errors)).toBe(true)
  return body
}
const fetched = async (url: string): Promise<Uint8Array> => new Uint8Array(await (await fetch(url)).arrayBuffer())

describe('tauri, latest.json', () => {
  it('is of the shape that the client parses, for each state', async () => {
    const candidate = { version: '2.0.0', percent: 99, since: '2026-01-01T00:00:00Z' }
    expect((await manifest({ current: '2.0.0' })).version).toBe('2.0.0')
    expect((await manifest({ current: '1.0.0', candidate })).version).toBe('1.0.0')
    expect((await manifest({ current: '1.0.0', candidate, halted: { version: '2.0.0', reason: 'bad' } })).version).toBe('1.0.0')
    expect(await manifest({ candidate })).toMatchObject({ version: '0.0.0', platforms: {} })
  })
  it('has signatures that hold over the bytes at its URLs, for the announced version', async () => {
    const { version, platforms } = await manifest({ current: '2.0.0' })
    // The app embeds the public key in this form.
    const key = parsePublicKey(wrapForTauri(writePublicKey(server.key)))
    expect(Object.keys(platforms)).toHaveLength(4)
    for (const { url, signature } of Object.values(platforms)) {
      const bytes = await fetched(url)
      const text = Buffer.from(signature, 'base64').toString()
      const { trustedComment } = verifyDigest(key, await digestOf([bytes]), text)
      expect(trustedComment.split('\t')).toContain(`version:${version}`)
      expect(trustedComment.split('\t')).toContain(`file:${url.split('/').at(-1) ?? ''}`)
      await expect(digestOf([bytes.with(0, 0)]).then(digest => verifyDigest(key, digest, text))).rejects.toThrow(
        'does not belong to this file',
      )
    }
  })
  it.runIf(judge('minisign') !== undefined)('has signatures that minisign itself accepts', async () => {
    const { platforms } = await manifest({ current: '2.0.0' })
    const { url, signature } = platforms['linux-aarch64'] ?? { url: '', signature: '' }
    writeFileSync(join(folder, 'file'), await fetched(url))
    writeFileSync(join(folder, 'file.minisig'), Buffer.from(signature, 'base64'))
    writeFileSync(join(folder, 'key.pub'), writePublicKey(server.key))
    expect(execFileSync(judge('minisign') ?? '', ['-V', '-p', 'key.pub', '-m', 'file'], { cwd: folder, encoding: 'utf8' })).toContain(
      'version:2.0.0',
    )
  })
})
