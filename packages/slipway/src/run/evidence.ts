// The audit folder: signed statements about digests, one file each, append-only (CONTRACTS 4; in-toto Statement v1 in DSSE).
import { createHash } from 'node:crypto'
import type { Json, Release, Statement } from '@slipway/core'
import { canonical, releaseRecord } from '@slipway/core'
import { openEnvelope, sealEnvelope } from '@slipway/formats/dsse'
import { verify } from '@slipway/formats/ed25519'
import type { Io } from '../io/io.ts'
import type { Key } from '../keys/key.ts'
import { recordBytes } from './sign.ts'
import type { EvidenceFile } from './work.ts'

const payloadType = 'application/vnd.in-toto+json'
const ending = '.dsse.json'

/** Signs a statement and names it by its content: `<check>.<16 hex>.dsse.json`. */
export const sealStatement = async (name: string, statement: Statement, key: Key): Promise<EvidenceFile> => {
  const payload = new TextEncoder().encode(canonical(statement as unknown as Json))
  const bytes = new TextEncoder().encode(await sealEnvelope(payloadType, payload, [key]))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { file: `${name}.${sha256.slice(0, 16)}${ending}`, bytes, sha256 }
}

export interface OpenStatement extends EvidenceFile {
  readonly statement: Statement
}

/** The statement, if the envelope was signed by this key and the file bears the name of its content; null otherwise. */
export const openStatement = async (file: string, bytes: Uint8Array, key: Pick<Key, 'keyId' | 'public'>): Promise<OpenStatement | null> => {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (!file.endsWith(`.${sha256.slice(0, 16)}${ending}`)) return null
  try {
    const { payload } = await openEnvelope(
      bytes,
      (keyId, message, signature) => keyId === key.keyId && verify(key.public, message, signature),
    )
    return { file, bytes, sha256, statement: JSON.parse(new TextDecoder().decode(payload)) as Statement }
  } catch {
    return null
  }
}

/** Statements of one version in the audit folder that this key signed. */
export const readEvidence = async (io: Io, folder: string, key: Pick<Key, 'keyId' | 'public'>): Promise<readonly OpenStatement[]> => {
  const found: OpenStatement[] = []
  for (const { name, type } of await io.files.list(folder)) {
    if (type !== 'file' || !name.endsWith(ending)) continue
    const open = await openStatement(name, await io.files.read(`${folder}/${name}`, 4_000_000), key)
    if (open !== null) found.push(open)
  }
  return found
}

/** The digests that evidence of a release is bound to: every artifact and release.json itself. */
export const subjectOf = (release: Release): Statement['subject'] => [
  ...release.artifacts.map(({ file, sha256 }) => ({ name: file, digest: { sha256 } })),
  { name: releaseRecord(release.version), digest: { sha256: createHash('sha256').update(recordBytes(release)).digest('hex') } },
]

/** Whether a statement is about exactly these digests, no more and no fewer. */
export const isAbout = (statement: Statement, subject: Statement['subject']): boolean => {
  const flat = (list: Statement['subject']): string =>
    list
      .map(({ name, digest }) => `${name}\0${digest.sha256}`)
      .sort()
      .join('\n')
  return flat(statement.subject) === flat(subject)
}
