// rpm, reading: the payload's files, and the digests of header, payload and archive.
import { createHash } from 'node:crypto'
import { type ByteChunks, exactReader, type Source, streamRange } from '../bytes.ts'
import { type CpioFound, type CpioReading, readCpio } from '../cpio.ts'
import { FormatError } from '../format-error.ts'
import { gunzipStream } from '../gzip.ts'
import { decompressXz } from '../xz.ts'
import { decompressZstd } from '../zstd.ts'
import type { Rpm } from './read.ts'
import { digestNames, sigTags, tags } from './tags.ts'

export type Decompressor = (chunks: ByteChunks, options: { readonly limitBytes: number }) => AsyncIterable<Uint8Array>

export interface PayloadReading extends CpioReading {
  /** For what is not read here: `lzma`, `bzip2`. */
  readonly decompressors?: Readonly<Record<string, Decompressor>>
}

/** The files in the payload, as `./usr/bin/tool`. Throws `rpm/unsupported`, `rpm/truncated`, and the codes of gzip, xz, zstd and cpio. */
export const readRpmPayload = (source: Source, rpm: Rpm, options: PayloadReading): AsyncGenerator<CpioFound> =>
  readCpio(archiveOf(source, rpm, options), { ...options, listed: rpm.files })

export interface RpmDigest {
  readonly covers: 'header' | 'header and payload' | 'payload' | 'archive'
  readonly algorithm: string
  /** Hex, as the package has it. */
  readonly announced: string
  readonly isRight: boolean
}

export interface RpmVerifying {
  /** Without it the digest of the uncompressed archive is left out. */
  readonly archive?: PayloadReading
}

/**
 * Every digest of the package that we can compute, in one reading of the payload; each is to be right, and the list is not to be empty.
 * Digests are no signature: whoever changed the file can have changed them too.
 */
export const verifyRpm = async (source: Source, rpm: Rpm, { archive }: RpmVerifying = {}): Promise<readonly RpmDigest[]> => {
  const { signatureHeader, header } = rpm
  const read = reader(source)
  const headerBytes = await read(header.offset, header.sizeBytes)
  const payloadAlgorithm = digestNames[header.numbers(tags.payloadDigestAlgo)[0] ?? 8]
  const wanted = [
    { covers: 'header', algorithm: 'sha256', announced: signatureHeader.text(sigTags.sha256Header) },
    { covers: 'header', algorithm: 'sha1', announced: signatureHeader.text(sigTags.sha1Header) },
    { covers: 'header and payload', algorithm: 'md5', announced: hexOf(signatureHeader.bytes(sigTags.md5)) },
    { covers: 'payload', algorithm: payloadAlgorithm, announced: header.text(tags.payloadDigest) },
    { covers: 'archive', algorithm: payloadAlgorithm, announced: archive && header.text(tags.payloadDigestAlt) },
  ] as const
  const hashes = wanted.flatMap(({ covers, algorithm, announced }) =>
    algorithm === undefined || announced === undefined ? [] : [{ covers, algorithm, announced, hash: createHash(algorithm) }],
  )
  for (const { covers, hash } of hashes) if (covers.startsWith('header')) hash.update(headerBytes)
  const overPayload = hashes.filter(({ covers }) => covers.endsWith('payload'))
  if (overPayload.length > 0) for await (const chunk of payloadBytes(source, rpm)) for (const { hash } of overPayload) hash.update(chunk)
  const overArchive = hashes.find(({ covers }) => covers === 'archive')
  if (overArchive !== undefined && archive !== undefined) {
    for await (const chunk of archiveOf(source, rpm, archive)) overArchive.hash.update(chunk)
  }
  return hashes.map(({ covers, algorithm, announced, hash }) => ({
    covers,
    algorithm,
    announced,
    isRight: hash.digest('hex') === announced.toLowerCase(),
  }))
}

const reader = (source: Source): ((offset: number, length: number) => Promise<Uint8Array>) =>
  exactReader(source, (message, offset) => new FormatError('rpm/truncated', message, offset))

const payloadBytes = (source: Source, { payload }: Rpm): AsyncGenerator<Uint8Array> => streamRange(reader(source), payload)

const archiveOf = (source: Source, rpm: Rpm, { limitBytes, decompressors = {} }: PayloadReading): AsyncIterable<Uint8Array> => {
  const { format, compressor } = rpm.payload
  if (format !== 'cpio') throw new FormatError('rpm/unsupported', `a payload of the format ${JSON.stringify(format)}`, rpm.payload.offset)
  const known: Readonly<Record<string, Decompressor>> = { gzip: gunzipStream, xz: decompressXz, zstd: decompressZstd, ...decompressors }
  const decompress = Object.hasOwn(known, compressor) ? known[compressor] : undefined
  if (decompress === undefined) {
    throw new FormatError(
      'rpm/unsupported',
      `a payload compressed by ${JSON.stringify(compressor)}, for which there is no reader`,
      rpm.payload.offset,
    )
  }
  return decompress(payloadBytes(source, rpm), { limitBytes })
}

const hexOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
