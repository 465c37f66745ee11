// DSSE envelopes: the example of protocol.md, and what must be refused.
import { describe, expect, it } from 'vitest'
import { encodePae, openEnvelope, sealEnvelope } from './dsse.ts'
import { generate, sign, verify } from './ed25519.ts'

const text = (value: string) => new TextEncoder().encode(value)
const key = generate(size => new Uint8Array(size).fill(3))
const other = generate(size => new Uint8Array(size).fill(4))
const signer = (keyId: string, seed: Uint8Array) => ({ keyId, sign: (bytes: Uint8Array) => sign(seed, bytes) })
const trust = (_: string, message: Uint8Array, signature: Uint8Array) => verify(key.publicKey, message, signature)

describe('DSSE', () => {
  it('encodes the example of protocol.md', () => {
    expect(new TextDecoder().decode(encodePae('http://example.com/HelloWorld', text('hello world')))).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    )
    expect(new TextDecoder().decode(encodePae('é', text('ü')))).toBe('DSSEv1 2 é 2 ü')
  })

  it('opens what it sealed and names the accepted keys', async () => {
    const json = await sealEnvelope('application/vnd.test', text('{"a":1}'), [signer('b', other.seed), signer('a', key.seed)])
    const opened = await openEnvelope(json, trust)
    expect(new TextDecoder().decode(opened.payload)).toBe('{"a":1}')
    expect(opened).toMatchObject({ payloadType: 'application/vnd.test', keyIds: ['a'] })
  })

  it('reads the URL-safe alphabet and a missing keyid', async () => {
    const payload = Uint8Array.of(0xfb, 0xff, 0xfe)
    const sealed = JSON.parse(await sealEnvelope('t', payload, [signer('a', key.seed)])) as {
      payload: string
      signatures: { keyid?: string; sig: string }[]
    }
    const urlSafe = (value: string) => value.replaceAll('+', '-').replaceAll('/', '_')
    const json = JSON.stringify({
      ...sealed,
      payload: urlSafe(sealed.payload),
      signatures: [{ sig: urlSafe(sealed.signatures[0]?.sig ?? '') }],
    })
    expect((await openEnvelope(json, trust)).payload).toEqual(payload)
  })

  it('refuses a changed payload, a changed type and a foreign key', async () => {
    const sealed = await sealEnvelope('t', text('hello'), [signer('a', key.seed)])
    const changed = [
      sealed.replace('aGVsbG8=', 'aGVsbG9v'),
      sealed.replace('"payloadType":"t"', '"payloadType":"u"'),
      await sealEnvelope('t', text('hello'), [signer('a', other.seed)]),
    ]
    for (const json of changed) await expect(openEnvelope(json, trust)).rejects.toMatchObject({ code: 'dsse/bad-signature' })
  })

  it('refuses an envelope without signers', async () => {
    await expect(sealEnvelope('t', text(''), [])).rejects.toMatchObject({ code: 'dsse/no-signer' })
  })

  it.each([
    '',
    '[]',
    '{}',
    '{"payload":"","payloadType":"t","signatures":[]}',
    '{"payload":"","payloadType":"t","signatures":{}}',
    '{"payload":"a","payloadType":"t","signatures":[{"sig":""}]}',
    '{"payload":"","payloadType":1,"signatures":[{"sig":""}]}',
    '{"payload":"","payloadType":"t","signatures":["x"]}',
    '{"payload":"","payloadType":"t","signatures":[{"sig":"","keyid":2}]}',
    '{"payload":"","payload":"","payloadType":"t","signatures":[{"sig":""}]}',
  ])('refuses %s', async json => {
    await expect(openEnvelope(json, () => true)).rejects.toMatchObject({ code: 'dsse/malformed' })
  })
})
