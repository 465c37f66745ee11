// apk: signature members (apk-v2(5), "THE SIGNATURES"): RSA PKCS#1 v1.5 over the packed control member.
import { FormatError } from '../format-error.ts'

/** `RSA` is over SHA-1 and the only one that apk before 2.12 reads; `RSA256` and `RSA512` are over SHA-2. */
export type ApkSignatureKind = 'RSA' | 'RSA256' | 'RSA512' | 'DSA'

export interface ApkSignature {
  readonly kind: ApkSignatureKind
  /** Name of the public key's file in /etc/apk/keys: `release@example.org-5f0a.rsa.pub`. */
  readonly key: string
  readonly bytes: Uint8Array
}

/** Throws `apk/bad-signature`. */
export const signatureName = ({ kind, key, bytes }: ApkSignature): string => {
  const name = `.SIGN.${kind}.${key}`
  if (/^[A-Za-z0-9@+_-][A-Za-z0-9@+_.-]*$/.test(key) && name.length <= 100 && bytes.length > 0 && bytes.length <= limitSignatureBytes)
    return name
  throw new FormatError('apk/bad-signature', `a signature of ${bytes.length} bytes with the key name ${JSON.stringify(key)}`)
}

/** apk reads no longer one. */
const limitSignatureBytes = 1 << 16

/** Throws `apk/bad-signature` where the name is none of a signature. */
export const readSignature = (name: string, bytes: Uint8Array): ApkSignature => {
  const [, kind, key] = /^\.SIGN\.(RSA|RSA256|RSA512|DSA)\.([^/]+)$/.exec(name) ?? []
  if (kind !== undefined && key !== undefined && bytes.length <= limitSignatureBytes) return { kind: kind as ApkSignatureKind, key, bytes }
  throw new FormatError('apk/bad-signature', `${JSON.stringify(name)} is no signature that apk reads`)
}
