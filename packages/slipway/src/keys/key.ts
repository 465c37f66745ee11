// The key contract: a reference -> a key that can sign, or a secret text (CONTRACTS 4). One file a source.
import type { Io } from '../io/io.ts'

/** A key that can sign. Ed25519 unless said. */
export interface Key {
  /** As its documents name it: minisign = 8 bytes hex, TUF = sha256 of the key object. */
  readonly keyId: string
  /** Raw public key. */
  readonly public: Uint8Array
  readonly sign: (message: Uint8Array) => Promise<Uint8Array>
}

export interface KeySource {
  /** Scheme of the reference, as `env`. */
  readonly id: string
  readonly title: string
  /** What `doctor` and `preflight` may ask without reading the secret. */
  readonly present: (rest: string, io: Io) => Promise<boolean>
  /** The secret text; `<id>/missing…` (exit 4) when it is not there. Remembered for redaction. */
  readonly read: (rest: string, io: Io) => Promise<string>
}

export const keySource = <const Id extends string>(unit: KeySource & { readonly id: Id }) => unit
