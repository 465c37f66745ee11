// One release in a bucket: its record by digest, every file by size, digest and signature, SHA256SUMS, and the gate's evidence.
import {
  evidence as evidenceKey,
  parseJson,
  parseRelease,
  problem,
  releaseFile,
  releaseFolder,
  releaseRecord,
  sums,
  sumsSignature,
} from '@slipway/core'
import type { Artifact, IndexedRelease, Problem, ProblemDetail, Release, Statement } from '@slipway/core'
import { encodeBase64 } from '@slipway/formats/base64'
import { openEnvelope } from '@slipway/formats/dsse'
import { verify as verifyEd25519 } from '@slipway/formats/ed25519'
import { FormatError } from '@slipway/formats/format-error'
import { parsePublicKey, parseSignature, verifyDigest } from '@slipway/formats/minisign'
import { createHash } from 'node:crypto'
import type { BucketReader } from '../stores/store.ts'
import { verifyBundles } from './bundles.ts'
import { verifyNeeds } from './needs.ts'
import { measure, readWhole, sha256Of } from './read.ts'
import { emptyReport, missingObject, wrong } from './report.ts'
import type { Report } from './report.ts'
import { seekable } from './seek.ts'

export interface ReleaseQuestion {
  readonly reader: BucketReader
  readonly report: Report
  readonly entry: IndexedRelease
  readonly app: string | null
  /** Two lines of minisign.pub. */
  readonly minisign: string
  readonly releaseKeys: ReadonlyMap<string, Uint8Array>
  /** false: files are only looked for and their sizes compared. */
  readonly everyByte: boolean
}

/** The record, when it is the one that the index names; null after saying what is wrong with it. */
export const verifyRelease = async (question: ReleaseQuestion): Promise<Release | null> => {
  const release = await readRecord(question)
  if (release === null) {
    question.report.unjudged.add(releaseFolder(question.entry.version))
    return null
  }
  for (const artifact of release.artifacts) await verifyArtifact(question, release, artifact)
  if (question.everyByte) for (const one of await verifyBundles(question.reader, release)) bad(question.report, one)
  await verifySums(question, release)
  for (const [channel, digest] of Object.entries(question.entry.admit))
    if (digest !== null) await verifyEvidence(question, release, { channel, digest })
  return release
}

const readRecord = async ({ reader, report, entry, app }: ReleaseQuestion): Promise<Release | null> => {
  const object = releaseRecord(entry.version)
  report.expected.set(object, { sha256: entry.id })
  const bytes = await readWhole(reader, report, object)
  if (bytes === null) return missing(report, object)
  if (sha256Of(bytes) !== entry.id)
    return bad(report, problem('verify/bad-release', `${object} is not the one that the index names`, { ...lost, where: { object } }))
  const release = parseRelease(parseJson(new TextDecoder().decode(bytes)))
  if (release.version === entry.version && (app === null || release.app === app)) return release
  return bad(
    report,
    problem('verify/other-app', `${object} is a release of ${release.app} ${release.version}`, { ...lost, where: { object } }),
  )
}

const verifyArtifact = async (
  { reader, report, minisign, everyByte }: ReleaseQuestion,
  release: Release,
  artifact: Artifact,
): Promise<void> => {
  const object = releaseFile(release.version, artifact.file)
  report.expected.set(object, { sha256: artifact.sha256 })
  if (!everyByte) return lookFor(reader, report, { object, sizeBytes: artifact.sizeBytes })
  const found = await measure(reader, report, { key: object, limit: artifact.sizeBytes })
  if (found === null) return void missing(report, object)
  if (found.sizeBytes !== artifact.sizeBytes || found.sha256 !== artifact.sha256)
    return void bad(
      report,
      problem('verify/bad-artifact', `${object} has other bytes than release.json says`, { ...lost, where: { object } }),
    )
  if (artifact.signatures['minisign'] !== undefined)
    checkSignature(report, { object, signature: artifact.signatures['minisign'], digest: found.blake2b512, minisign, file: artifact.file })
  await lookInside(reader, report, { object, artifact })
}

/** Only where the record says that programs are in it, or must not be. */
const lookInside = async (
  reader: BucketReader,
  report: Report,
  { object, artifact }: { object: string; artifact: Artifact },
): Promise<void> => {
  if (artifact.facts['needs'] === undefined) return
  const found = await reader.read(object)
  if (found === null) return void missing(report, object)
  const { source, close } = seekable(artifact.sizeBytes, found.bytes)
  try {
    for (const one of await verifyNeeds(artifact, object, source)) bad(report, one)
  } finally {
    await close()
  }
}

const lookFor = async (
  reader: BucketReader,
  report: Report,
  { object, sizeBytes }: { object: string; sizeBytes: number },
): Promise<void> => {
  const found = await reader.stat(object)
  report.objects += 1
  if (found === null) missing(report, object)
  else if (found.sizeBytes !== sizeBytes)
    bad(
      report,
      problem('verify/bad-artifact', `${object} has ${found.sizeBytes} bytes, release.json says ${sizeBytes}`, {
        ...lost,
        where: { object },
      }),
    )
}

interface AskedSignature {
  readonly object: string
  readonly signature: string
  readonly digest: Uint8Array
  readonly minisign: string
  /** The name that it must vouch for. */
  readonly file: string
}
const checkSignature = (report: Report, { object, signature, digest, minisign, file }: AskedSignature): boolean => {
  try {
    const { trustedComment } = verifyDigest(parsePublicKey(minisign), digest, signature)
    report.signatures += 1
    if (trustedComment.split('\t').includes(`file:${file}`)) return true
    bad(report, problem('verify/bad-signature', `The signature of ${object} was made for another file`, { ...lost, where: { object } }))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    bad(
      report,
      problem('verify/bad-signature', `The minisign signature of ${object} does not hold`, { ...lost, where: { object }, cause: error }),
    )
  }
  return false
}

const verifySums = async ({ reader, report, minisign, entry }: ReleaseQuestion, release: Release): Promise<void> => {
  const [object, signatureObject] = [sums(release.version), sumsSignature(release.version)]
  const lines = [...release.artifacts.map(one => [one.file, one.sha256] as const), ['release.json', entry.id] as const]
  const wanted = lines
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, sha256]) => `${sha256}  ${file}\n`)
    .join('')
  const digest = createHash('blake2b512').update(wanted).digest()
  report.expected.set(object, { bytes: new TextEncoder().encode(wanted) })
  const asked = { object: signatureObject, digest, minisign, file: 'SHA256SUMS' }
  report.expected.set(signatureObject, {
    holds: bytes => checkSignature(emptyReport(), { ...asked, signature: new TextDecoder().decode(bytes) }),
  })
  const [bytes, signature] = [await readWhole(reader, report, object), await readWhole(reader, report, signatureObject)]
  if (bytes === null) missing(report, object)
  else if (Buffer.compare(bytes, new TextEncoder().encode(wanted)) !== 0)
    bad(report, problem('verify/bad-sums', `${object} does not list the files of release.json`, { ...lost, where: { object } }))
  if (signature === null) return void missing(report, signatureObject)
  const text = new TextDecoder().decode(signature)
  if (!checkSignature(report, { ...asked, signature: text }) || text === asWritten(text)) return
  bad(
    report,
    problem('verify/bad-signature', `${signatureObject} holds, but is not as it was written`, {
      ...lost,
      where: { object: signatureObject },
    }),
  )
}

/** minisign signs neither its first line nor what follows the fourth: they say nothing of their own here. */
const asWritten = (text: string): string => {
  const { algorithm, keyId, signature, globalSignature, trustedComment } = parseSignature(text)
  const head = encodeBase64(Buffer.concat([new TextEncoder().encode(algorithm), keyId, signature]))
  return `untrusted comment: signature from minisign secret key\n${head}\ntrusted comment: ${trustedComment}\n${encodeBase64(globalSignature)}\n`
}

/** The verdict that admitted this release, and each statement that it stands on. */
const verifyEvidence = async (
  question: ReleaseQuestion,
  release: Release,
  { channel, digest }: { channel: string; digest: string },
): Promise<void> => {
  const verdict = await readStatement(question, release, { name: `gate-${channel}`, digest })
  const inputs =
    (verdict?.predicate as { inputAttestations?: { uri: string; digest: { sha256: string } }[] } | undefined)?.inputAttestations ?? []
  for (const input of inputs)
    await readStatement(question, release, { name: input.uri.slice('check:'.length), digest: input.digest.sha256 })
}

const readStatement = async (
  { reader, report, releaseKeys, entry }: ReleaseQuestion,
  release: Release,
  { name, digest }: { name: string; digest: string },
): Promise<Statement | null> => {
  const object = evidenceKey(release.version, `${name}.${digest.slice(0, 16)}.dsse.json`)
  // Verdicts for several channels stand on the same statements.
  if (report.expected.has(object)) return null
  report.expected.set(object, { sha256: digest })
  const bytes = await readWhole(reader, report, object)
  if (bytes === null) return missing(report, object)
  const about = (statement: Statement): boolean => statement.subject.some(one => one.digest.sha256 === entry.id)
  try {
    const { payload } = await openEnvelope(bytes, (keyId, message, signature) => {
      const key = releaseKeys.get(keyId)
      return key !== undefined && verifyEd25519(key, message, signature)
    })
    const statement = JSON.parse(new TextDecoder().decode(payload)) as Statement
    report.signatures += 1
    if (sha256Of(bytes) === digest && about(statement)) return statement
    return bad(
      report,
      problem('verify/bad-evidence', `${object} is not the evidence that admitted ${release.version}`, { ...lost, where: { object } }),
    )
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return bad(
      report,
      problem('verify/bad-evidence', `${object} is not signed by the key of role release`, { ...lost, where: { object }, cause: error }),
    )
  }
}

const missing = (report: Report, object: string): null => bad(report, missingObject(object))

const lost: Pick<ProblemDetail, 'hint' | 'exit'> = {
  hint: 'Restore the object from a copy (`slipway verify --repair FROM`), and find out who could write it.',
  exit: 'corrupt',
}

const bad = (report: Report, found: Problem): null => {
  wrong(report, found)
  return null
}
