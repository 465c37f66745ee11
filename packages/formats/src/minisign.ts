// minisign signatures (jedisct1/minisign 0.11, src/minisign.c): four lines, Ed25519 over BLAKE2b-512 of the file. Keys: minisign-key.ts.
import { createHash } from 'node:crypto'
import { decodeBase64, encodeBase64 } from './base64.ts'
import { sign, verify } from './ed25519.ts'
import { FormatError } from './format-error.ts'
import { UNTRUSTED, UNTRUSTED_LINE_BYTES, checkComment, concat, equal, keyIdText } from './minisign-key.ts'
import type { MinisignKey, MinisignPublicKey } from './minisign-key.ts'

export {
  createKey,
  deriveScrypt,
  isSealed,
  keyIdText,
  parsePublicKey,
  pickScryptParameters,
  readSecretKey,
  sealSecretKey,
  unwrapTauri,
  wrapForTauri,
  writePublicKey,
  writeSecretKey,
} from './minisign-key.ts'
export type { DeriveKey, MinisignKey, MinisignPublicKey, ScryptCost } from './minisign-key.ts'

export interface MinisignSignature {
  readonly untrustedComment: string
  readonly trustedComment: string
  /** `Ed` signs the file itself, `ED` its BLAKE2b-512. */
  readonly algorithm: 'Ed' | 'ED'
  readonly keyId: Uint8Array
  readonly signature: Uint8Array
  /** Over signature and trusted comment together. */
  readonly globalSignature: Uint8Array
}
export interface SignatureComments {
  readonly untrustedComment?: string
  readonly trustedComment: string
}

/** The 64-byte BLAKE2b-512 that a prehashed signature covers. */
export async function digestOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const hash = createHash('blake2b512')
  for await (const chunk of chunks) hash.update(chunk)
  return new Uint8Array(hash.digest())
}

/**
 * The four lines of a prehashed signature. `digest` is BLAKE2b-512 of the file, 64 bytes.
 * Codes: `minisign/bad-comment` (line ends, control characters but tab, too long), `minisign/bad-digest`.
 */
export function signDigest(key: MinisignKey, digest: Uint8Array, comments: SignatureComments): string {
  checkSignable(digest, comments)
  const signature = sign(key.seed, digest)
  return fourLines(key.keyId, { signature, globalSignature: sign(key.seed, vouchedOf(signature, comments.trustedComment)), comments })
}

/** A minisign key whose secret half lives elsewhere: an agent, a KMS, another process. */
export interface MinisignSigner {
  readonly keyId: Uint8Array
  /** Ed25519 over the whole message, 64 bytes. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

/** As `signDigest`, with a key that signs elsewhere. Also `minisign/bad-signature`: it gave something else than 64 bytes. */
export async function signDigestWith(signer: MinisignSigner, digest: Uint8Array, comments: SignatureComments): Promise<string> {
  checkSignable(digest, comments)
  const signature = await signer.sign(digest)
  const globalSignature = await signer.sign(vouchedOf(signature, comments.trustedComment))
  if (signature.length !== 64 || globalSignature.length !== 64)
    throw new FormatError('minisign/bad-signature', 'an Ed25519 signature has 64 bytes')
  return fourLines(signer.keyId, { signature, globalSignature, comments })
}

/**
 * Takes a signature file apart without judging it; CRLF and text after the fourth line are accepted as minisign does.
 * Codes: `minisign/malformed`, `minisign/bad-comment` (control characters in the trusted comment).
 */
export function parseSignature(text: string): MinisignSignature {
  const [first = '', second = '', third = '', fourth = ''] = text.split('\n', 4).map(line => line.replace(/\r$/, ''))
  if (!first.startsWith(UNTRUSTED)) throw malformed(`line 1 must start with "${UNTRUSTED}"`)
  if (new TextEncoder().encode(first).length > UNTRUSTED_LINE_BYTES) throw malformed('line 1 is too long')
  if (!third.startsWith(TRUSTED)) throw malformed(`line 3 must start with "${TRUSTED}"`)
  const trustedComment = third.slice(TRUSTED.length)
  checkComment(trustedComment, TRUSTED_LINE_BYTES - TRUSTED.length)
  const head = readLine(second, { line: 2, sizeBytes: 74 })
  const algorithm = new TextDecoder().decode(head.subarray(0, 2))
  if (algorithm !== 'Ed' && algorithm !== 'ED') throw malformed('the signature is of another algorithm than Ed25519')
  return {
    untrustedComment: first.slice(UNTRUSTED.length),
    trustedComment,
    algorithm,
    keyId: head.slice(2, 10),
    signature: head.slice(10),
    globalSignature: readLine(fourth, { line: 4, sizeBytes: 64 }),
  }
}

/**
 * Verifies a signature file against the BLAKE2b-512 of the signed file, and returns the comment it vouches for.
 * `legacyMessage` (the whole file) allows the old `Ed` form, which signs the file itself.
 * Codes: `minisign/wrong-key`, `minisign/bad-signature`, `minisign/bad-comment`, `minisign/malformed`, `minisign/legacy`.
 */
export function verifyDigest(
  key: MinisignPublicKey,
  signed: Uint8Array | { digest: Uint8Array; legacyMessage: Uint8Array },
  signatureText: string,
): { trustedComment: string } {
  const parsed = parseSignature(signatureText)
  const { digest, legacyMessage } = signed instanceof Uint8Array ? { digest: signed, legacyMessage: undefined } : signed
  if (parsed.algorithm === 'Ed' && legacyMessage === undefined) {
    throw new FormatError('minisign/legacy', 'this signature is of the old form that is not prehashed')
  }
  if (!equal(parsed.keyId, key.keyId)) {
    throw new FormatError('minisign/wrong-key', `signed by key ${keyIdText(parsed.keyId)}, not by ${keyIdText(key.keyId)}`)
  }
  const message = parsed.algorithm === 'Ed' && legacyMessage !== undefined ? legacyMessage : digest
  if (!verify(key.publicKey, message, parsed.signature)) {
    throw new FormatError('minisign/bad-signature', 'the signature does not belong to this file')
  }
  if (!verify(key.publicKey, vouchedOf(parsed.signature, parsed.trustedComment), parsed.globalSignature)) {
    throw new FormatError('minisign/bad-comment', 'the trusted comment was changed after signing')
  }
  return { trustedComment: parsed.trustedComment }
}

const TRUSTED = 'trusted comment: '
const UNTRUSTED_DEFAULT = 'signature from minisign secret key'
/** Longest third line that minisign reads (TRUSTEDCOMMENTMAXBYTES less line end and NUL). */
const TRUSTED_LINE_BYTES = 8190

function checkSignable(digest: Uint8Array, comments: SignatureComments): void {
  if (digest.length !== 64) throw new FormatError('minisign/bad-digest', `a BLAKE2b-512 digest has 64 bytes, not ${digest.length}`)
  checkComment(comments.untrustedComment ?? UNTRUSTED_DEFAULT, UNTRUSTED_LINE_BYTES - UNTRUSTED.length)
  checkComment(comments.trustedComment, TRUSTED_LINE_BYTES - TRUSTED.length)
}

function vouchedOf(signature: Uint8Array, trustedComment: string): Uint8Array {
  return concat(signature, new TextEncoder().encode(trustedComment))
}

function fourLines(keyId: Uint8Array, parts: { signature: Uint8Array; globalSignature: Uint8Array; comments: SignatureComments }): string {
  const { untrustedComment = UNTRUSTED_DEFAULT, trustedComment } = parts.comments
  const head = encodeBase64(concat(new TextEncoder().encode('ED'), keyId, parts.signature))
  return `${UNTRUSTED}${untrustedComment}\n${head}\n${TRUSTED}${trustedComment}\n${encodeBase64(parts.globalSignature)}\n`
}

function readLine(text: string, expected: { line: number; sizeBytes: number }): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = decodeBase64(text)
  } catch {
    throw malformed(`line ${expected.line} is not base64`)
  }
  if (bytes.length !== expected.sizeBytes) throw malformed(`line ${expected.line} must hold ${expected.sizeBytes} bytes`)
  return bytes
}

function malformed(message: string): FormatError {
  return new FormatError('minisign/malformed', message)
}
