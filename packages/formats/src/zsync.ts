// zsync control files (zsync 0.6.2, as zsyncmake writes them): what a client needs to fetch only the blocks that changed.
import { createHash } from 'node:crypto'
import { type ByteChunks, concat, encodeText, rechunk } from './bytes.ts'
import { FormatError } from './format-error.ts'
import { md4 } from './zsync-md4.ts'

export interface ZsyncSubject {
  /** Name that the client gives to what it made. */
  readonly fileName: string
  /** Of the whole file; may be relative to the control file. */
  readonly url: string
  /** Known before, because the lengths of the sums depend on it. */
  readonly sizeBytes: number
}

/** The control file of a stream, in one pass. Throws `zsync/bad-field` and `zsync/size-changed`. */
export const zsyncOf = async (chunks: ByteChunks, subject: ZsyncSubject): Promise<Uint8Array> => {
  const { sizeBytes } = subject
  for (const text of [subject.fileName, subject.url])
    if (text === '' || /[\u0000-\u001f\u007f]/.test(text))
      throw new FormatError('zsync/bad-field', `${JSON.stringify(text)} is no field of one line`)
  if (subject.fileName.includes('/')) throw new FormatError('zsync/bad-field', 'a file name has no folder')
  const blockBytes = sizeBytes < 100_000_000 ? 2048 : 4096
  const lengths = hashLengths(sizeBytes, blockBytes)
  const whole = createHash('sha1')
  const sums = new Uint8Array(Math.ceil(sizeBytes / blockBytes) * (lengths.rolling + lengths.strong))
  let readBytes = 0
  let at = 0
  for await (const piece of rechunk(chunks, blockBytes)) {
    readBytes += piece.length
    if (readBytes > sizeBytes) break
    whole.update(piece)
    // The last block counts as if zeros followed.
    const block = piece.length === blockBytes ? piece : concat([piece, new Uint8Array(blockBytes - piece.length)])
    sums.set(rollingSum(block).subarray(4 - lengths.rolling), at)
    sums.set(md4(block).subarray(0, lengths.strong), at + lengths.rolling)
    at += lengths.rolling + lengths.strong
  }
  if (readBytes !== sizeBytes) throw new FormatError('zsync/size-changed', `the file has not ${sizeBytes} bytes`)
  const lines = [
    'zsync: 0.6.2',
    `Filename: ${subject.fileName}`,
    `Blocksize: ${blockBytes}`,
    `Length: ${sizeBytes}`,
    `Hash-Lengths: ${lengths.matches},${lengths.rolling},${lengths.strong}`,
    `URL: ${subject.url}`,
    `SHA-1: ${whole.digest('hex')}`,
  ]
  return concat([encodeText(`${lines.join('\n')}\n\n`), sums])
}

/** As zsyncmake chooses them: long enough that a false match is unlikely in a file of this size. */
const hashLengths = (
  sizeBytes: number,
  blockBytes: number,
): { readonly matches: number; readonly rolling: number; readonly strong: number } => {
  const matches = sizeBytes > blockBytes ? 2 : 1
  const blocks = 1 + Math.floor(sizeBytes / blockBytes)
  const inBytes = (bits: number): number => Math.floor((7.9 + bits) / 8)
  const rolling = inBytes((Math.log2(sizeBytes) + Math.log2(blockBytes) - 8.6) / matches)
  const strong = Math.max(inBytes((20 + Math.log2(sizeBytes) + Math.log2(blocks)) / matches), inBytes(20 + Math.log2(blocks)))
  return { matches, rolling: Math.min(4, Math.max(2, rolling)), strong: Math.min(16, Math.max(3, strong)) }
}

/** rsync's sum: two 16-bit numbers, big-endian. */
const rollingSum = (block: Uint8Array): Uint8Array => {
  let sum = 0
  let weighted = 0
  for (let index = 0; index < block.length; index++) {
    sum += block[index] ?? 0
    weighted += (block.length - index) * (block[index] ?? 0)
  }
  return Uint8Array.of((sum >> 8) & 0xff, sum & 0xff, (weighted >> 8) & 0xff, weighted & 0xff)
}
