// DSSE v1 envelopes (secure-systems-lab/dsse, protocol.md and envelope.md): signed bytes with their type.
import { decodeBase64, encodeBase64 } from './base64.ts'
import { FormatError } from './format-error.ts'
import { parseJson } from './tuf/json.ts'
import type { Json } from './tuf/json.ts'

export interface DsseSigner {
  readonly keyId: string
  /** Signs the pre-authentication encoding. */
  sign(bytes: Uint8Array): Promise<Uint8Array> | Uint8Array
}

/** Whether `signature` over `message` holds for the key that `keyId` hints at; `keyId` is unsigned and may be empty. */
export type DsseVerify = (keyId: string, message: Uint8Array, signature: Uint8Array) => Promise<boolean> | boolean

export interface OpenedEnvelope {
  readonly payloadType: string
  readonly payload: Uint8Array
  /** The key ids of the signatures that `verify` accepted, each once; at least one. */
  readonly keyIds: readonly string[]
}

/** The bytes that are signed: `DSSEv1 LEN TYPE LEN BODY` with lengths in bytes (protocol.md, "Signature Definition"). */
export function encodePae(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = new TextEncoder().encode(payloadType)
  const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `)
  const bytes = new Uint8Array(head.length + payload.length)
  bytes.set(head)
  bytes.set(payload, head.length)
  return bytes
}

/** The envelope as JSON text, signatures in the order of the signers; `dsse/no-signer` without one. */
export async function sealEnvelope(payloadType: string, payload: Uint8Array, signers: readonly DsseSigner[]): Promise<string> {
  if (signers.length === 0) throw new FormatError('dsse/no-signer', 'an envelope needs at least one signer')
  const message = encodePae(payloadType, payload)
  const signatures: { keyid: string; sig: string }[] = []
  for (const signer of signers) signatures.push({ keyid: signer.keyId, sig: encodeBase64(await signer.sign(message)) })
  return JSON.stringify({ payload: encodeBase64(payload), payloadType, signatures })
}

/**
 * The payload of an envelope that at least one accepted signature covers.
 * Codes: `dsse/malformed`, `dsse/bad-signature` (none of the signatures is accepted).
 */
export async function openEnvelope(json: string | Uint8Array, verify: DsseVerify): Promise<OpenedEnvelope> {
  const envelope = readEnvelope(typeof json === 'string' ? new TextEncoder().encode(json) : json)
  const message = encodePae(envelope.payloadType, envelope.payload)
  const accepted = new Set<string>()
  for (const { keyId, signature } of envelope.signatures) {
    if (await verify(keyId, message, signature)) accepted.add(keyId)
  }
  if (accepted.size === 0) throw new FormatError('dsse/bad-signature', 'no signature of the envelope is by a trusted key')
  return { payloadType: envelope.payloadType, payload: envelope.payload, keyIds: [...accepted] }
}

interface Envelope {
  readonly payloadType: string
  readonly payload: Uint8Array
  readonly signatures: readonly { readonly keyId: string; readonly signature: Uint8Array }[]
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const envelope = objectOf(readJson(bytes), 'the envelope')
  const signatures = envelope['signatures']
  if (!Array.isArray(signatures) || signatures.length === 0) throw malformed('an envelope needs a list of signatures')
  return {
    payloadType: stringOf(envelope['payloadType'], 'payloadType'),
    payload: decode(stringOf(envelope['payload'], 'payload')),
    signatures: signatures.map((entry: Json) => {
      const fields = objectOf(entry, 'a signature')
      return { keyId: stringOf(fields['keyid'] ?? '', 'keyid'), signature: decode(stringOf(fields['sig'], 'sig')) }
    }),
  }
}

function readJson(bytes: Uint8Array): Json {
  try {
    return parseJson(bytes)
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : 'not JSON')
  }
}

// envelope.md: a reader must take the standard and the URL-safe alphabet.
function decode(text: string): Uint8Array {
  try {
    return decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    throw malformed('a field of the envelope is not base64')
  }
}

function objectOf(value: Json, what: string): { readonly [key: string]: Json } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} must be an object`)
  return value as { readonly [key: string]: Json }
}

function stringOf(value: Json | undefined, what: string): string {
  if (typeof value !== 'string') throw malformed(`${what} must be a text`)
  return value
}

function malformed(message: string): FormatError {
  return new FormatError('dsse/malformed', message)
}
