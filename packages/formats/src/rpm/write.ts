// rpm, writing: lead, signature header, main header and payload (rpm's docs/manual/format.md; package format version 4).
import { createHash } from 'node:crypto'
import { concat, encodeText, letGo } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import { binValue, encodeHeader, type HeaderValue, int32Value, int64Value, stringValue } from './header-write.ts'
import { type RpmJob, jobValues } from './job.ts'
import { leadBytes, sigTags, tags } from './tags.ts'

/** An OpenPGP signature (one binary packet) over `rpmHeader`. */
export interface RpmSignature {
  /** `dsa` stands for EdDSA and ECDSA too, as in rpm's own packages. */
  readonly algorithm: 'rsa' | 'dsa'
  readonly bytes: Uint8Array
}

/** Room in the signature header, so that a signature can be put in later without moving the payload; as much as rpmbuild leaves. */
const reservedBytes = 4128

/** The main header's bytes: what a signature is made over. The same bytes each time. Codes as `writeRpm`. */
export const rpmHeader = (job: RpmJob): Uint8Array => {
  const values = jobValues(job)
  const header = encodeHeader(values, tags.region)
  // Of many files they are megabytes, and the header is put together with what stands before it next.
  for (const { bytes } of values) letGo(bytes)
  return header
}

/**
 * A whole package. With a signature, the file has the same size and only the signature header differs.
 * Throws `rpm/bad-package`, `rpm/bad-file`, `rpm/bad-relation`, `rpm/bad-script`, `rpm/bad-text`, `rpm/bad-number`, `rpm/bad-signature`,
 * `rpm/too-large`, and `rpm/payload-changed` where the payload is not the one that was announced.
 */
export async function* writeRpm(job: RpmJob, signature?: RpmSignature): AsyncGenerator<Uint8Array> {
  yield rpmFront(job, signature)
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of job.payload.chunks()) {
    hash.update(chunk)
    sizeBytes += chunk.length
    yield chunk
  }
  if (sizeBytes === job.payload.sizeBytes && hash.digest('hex') === job.payload.sha256) return
  throw new FormatError('rpm/payload-changed', `the payload of ${job.name} is not the one that its header announces`)
}

/** Everything before the payload. */
export const rpmFront = (job: RpmJob, signature?: RpmSignature): Uint8Array => {
  const header = rpmHeader(job)
  const unsigned = signatureHeader(job, header, { reservedBytes })
  if (signature === undefined) {
    const front = concat([lead(job), padTo8(unsigned), header])
    letGo(header)
    return front
  }
  const longer = signatureHeader(job, header, { reservedBytes, signature })
  const left = reservedBytes - (longer.length - unsigned.length)
  if (left < 1)
    throw new FormatError('rpm/bad-signature', `a signature of ${signature.bytes.length} bytes does not fit into ${reservedBytes}`)
  return concat([lead(job), padTo8(signatureHeader(job, header, { reservedBytes: left, signature })), header])
}

interface SignatureRoom {
  readonly reservedBytes: number
  readonly signature?: RpmSignature
}

const signatureHeader = (job: RpmJob, header: Uint8Array, room: SignatureRoom): Uint8Array => {
  const { signature } = room
  const digest = (algorithm: string): string => createHash(algorithm).update(header).digest('hex')
  const signed =
    signature === undefined ? [] : [binValue(signature.algorithm === 'rsa' ? sigTags.rsaHeader : sigTags.dsaHeader, signature.bytes)]
  return encodeHeader(
    [
      ...signed,
      // For rpm before 4.14, which knows no other digest of the header.
      stringValue(sigTags.sha1Header, digest('sha1')),
      stringValue(sigTags.sha256Header, digest('sha256')),
      sizeValue(sigTags.size, sigTags.longSize, header.length + job.payload.sizeBytes),
      sizeValue(sigTags.archiveSize, sigTags.longArchiveSize, job.payload.archiveBytes),
      binValue(sigTags.reserved, new Uint8Array(room.reservedBytes)),
    ],
    sigTags.region,
  )
}

const sizeValue = (tag: number, longTag: number, sizeBytes: number): HeaderValue =>
  sizeBytes > 0xffffffff ? int64Value(longTag, [sizeBytes]) : int32Value(tag, [sizeBytes])

const padTo8 = (bytes: Uint8Array): Uint8Array => concat([bytes, new Uint8Array(-bytes.length & 7)])

/** rpm ignores all of it but the magic; `file` shows the architecture. */
const archNumbers: Readonly<Record<string, number>> = { x86_64: 1, i386: 1, i686: 1, armv7hl: 12, aarch64: 19, riscv64: 22, noarch: 255 }

const lead = (job: RpmJob): Uint8Array => {
  const bytes = new Uint8Array(leadBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xedabeedb)
  bytes[4] = 3
  view.setUint16(8, archNumbers[job.arch] ?? 0)
  bytes.set(encodeText(`${job.name}-${job.version}-${job.release}`).subarray(0, 65), 10)
  // The system is Linux, and signatures are in a header.
  view.setUint16(76, 1)
  view.setUint16(78, 5)
  return bytes
}
