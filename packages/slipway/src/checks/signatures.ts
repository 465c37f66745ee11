// signatures: every file is what its record says, bears every planned signature, and each verifies with the public half that clients have.
import { createHash } from 'node:crypto'
import type { Artifact } from '@slipway/core'
import { FormatError } from '@slipway/formats/format-error'
import { parsePublicKey, verifyDigest } from '@slipway/formats/minisign'
import { check } from './check.ts'
import type { CheckSubject, Finding } from './check.ts'

export const signatures = check({
  id: 'signatures',
  title: 'Every signature is there and verifies',
  options: {},
  subject: 'release',
  check: async subject => {
    const findings: Finding[] = []
    for (const artifact of subject.artifacts) findings.push(...(await examine(subject, artifact)))
    findings.push(...(await examineSums(subject)))
    return {
      tested: [...subject.artifacts.map(one => `${one.file}: sha256, ${Object.keys(one.signatures).join(', ')}`), 'SHA256SUMS: minisign'],
      findings,
    }
  },
})

const finding = (code: string, message: string, object: string): Finding => ({
  code,
  severity: 'critical',
  message,
  where: { object },
  why: 'A client that checks it refuses the update; one that does not would take anything.',
  fix: 'Sign again with the key whose public half lies in the trust folder: slipway sign.',
})

const examine = async ({ planned, accepts, bytes }: CheckSubject, artifact: Artifact): Promise<readonly Finding[]> => {
  const { file } = artifact
  const blake2b = createHash('blake2b512')
  const sha256 = createHash('sha256')
  for await (const chunk of bytes(file)) {
    blake2b.update(chunk)
    sha256.update(chunk)
  }
  if (sha256.digest('hex') !== artifact.sha256) return [finding('signatures/changed-file', `${file} changed after it was packaged`, file)]
  const wanted = planned.artifacts.find(one => one.file === file)?.signatures ?? []
  const missing = wanted.filter(id => (artifact.signatures[id] ?? '') === '')
  const signature = artifact.signatures['minisign']
  const digest = blake2b.digest()
  const broken =
    signature === undefined || holds({ key: accepts['minisign']?.public, digest, signature, file })
      ? []
      : [finding('signatures/bad-signature', `The minisign signature of ${file} does not verify`, file)]
  return [...missing.map(id => finding('signatures/missing', `${file} has no ${id} signature`, file)), ...broken]
}

const examineSums = async ({ sums, accepts }: CheckSubject): Promise<readonly Finding[]> => {
  const [bytes, signature] = [sums['SHA256SUMS'], sums['SHA256SUMS.minisig']]
  if (bytes === undefined || signature === undefined)
    return [finding('signatures/no-sums', 'SHA256SUMS or its signature is missing', 'SHA256SUMS')]
  const digest = createHash('blake2b512').update(bytes).digest()
  const sound = holds({ key: accepts['minisign']?.public, digest, signature: new TextDecoder().decode(signature), file: 'SHA256SUMS' })
  return sound ? [] : [finding('signatures/bad-sums', 'The signature of SHA256SUMS does not verify', 'SHA256SUMS.minisig')]
}

const holds = ({
  key,
  digest,
  signature,
  file,
}: {
  key: string | undefined
  digest: Uint8Array
  signature: string
  file: string
}): boolean => {
  if (key === undefined) return false
  try {
    return verifyDigest(parsePublicKey(key), digest, signature).trustedComment.split('\t').includes(`file:${file}`)
  } catch (error) {
    if (error instanceof FormatError) return false
    throw error
  }
}
