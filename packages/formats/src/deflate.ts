// One raw deflate stream of a file (RFC 1951) in pieces that end on a byte, so that zip, gzip and deb can all reuse it.
import { type ByteChunks, concat, letGo, rechunk } from './bytes.ts'
import { combineCrc32, crc32 } from './crc32.ts'
import { deflateHere, windowBytes } from './deflate-program.ts'
import { inFlight } from './in-flight.ts'

/** Every file is cut here: a constant of the format, so that equal input gives equal bytes on any machine. */
export const chunkBytes = 1 << 20

/** The last, empty block (RFC 1951 3.2.6, fixed codes): it ends a deflate stream whose pieces were all flushed to a byte. */
export const endOfDeflate: Uint8Array = Uint8Array.of(0x03, 0x00)

export interface DeflatePiece {
  readonly bytes: Uint8Array
  /** Of the bytes that it stands for. */
  readonly sizeBytes: number
  readonly crc32: number
}

/** What is known of a deflate stream without its bytes. */
export interface DeflateSum {
  readonly crc32: number
  /** Uncompressed. */
  readonly sizeBytes: number
  /** Without the end block. */
  readonly compressedBytes: number
}

/** A file's deflate stream kept somewhere: read as often as needed, always without the end block. */
export interface Deflated extends DeflateSum {
  /** Each is good until the next one is asked for. */
  chunks(): AsyncIterable<Uint8Array>
}

export const emptySum: DeflateSum = { crc32: 0, sizeBytes: 0, compressedBytes: 0 }

export const addPiece = (sum: DeflateSum, piece: DeflatePiece): DeflateSum => ({
  crc32: combineCrc32(sum.crc32, piece.crc32, piece.sizeBytes),
  sizeBytes: sum.sizeBytes + piece.sizeBytes,
  compressedBytes: sum.compressedBytes + piece.bytes.length,
})

/** A Deflated over pieces in memory. */
export const deflatedOf = (pieces: readonly DeflatePiece[]): Deflated => ({
  ...pieces.reduce(addPiece, emptySum),
  async *chunks() {
    for (const piece of pieces) yield piece.bytes
  },
})

/** Deflates a piece on whatever thread; `before` is what stands in front of it. The same bytes as `deflateHere`. */
export type DeflatePieceOn = (bytes: Uint8Array, level: number, before?: Uint8Array) => Promise<Uint8Array>

export interface DeflateOptions {
  /** 0 (stored) to 9. */
  readonly level: number
  /** How many pieces are compressed at once; never changes the bytes. */
  readonly parallel?: number
  /** Default: on this thread. Never changes the bytes. */
  readonly deflate?: DeflatePieceOn
}

/** Deflates a stream, in order, with at most `parallel + 1` pieces in flight. No input gives no piece. */
export async function* deflatePieces(
  chunks: ByteChunks,
  { level, parallel = 2, deflate = onThisThread }: DeflateOptions,
): AsyncGenerator<DeflatePiece> {
  let before: Uint8Array | undefined
  const make = (chunk: Uint8Array): Promise<DeflatePiece> => {
    const piece = deflatePiece(chunk, before, { level, deflate }).finally(() => letGo(chunk))
    // Of its own: the piece is let go of once it is deflated.
    before = chunk.slice(-windowBytes)
    return piece
  }
  yield* inFlight(rechunk(chunks, chunkBytes), make, parallel + 1)
}

/** Deflates small bytes on their own, ending on a byte, without the end block. */
export const deflateAlone = async (bytes: Uint8Array, level: number, deflate: DeflatePieceOn = onThisThread): Promise<Uint8Array> => {
  if (bytes.length <= chunkBytes) return level === 0 ? stored(bytes) : bytes.length === 0 ? bytes : deflate(bytes, level)
  const pieces: Uint8Array[] = []
  for await (const piece of deflatePieces([bytes], { level, deflate })) pieces.push(piece.bytes)
  return concat(pieces)
}

const onThisThread: DeflatePieceOn = (bytes, level, before) => Promise.resolve(deflateHere(bytes, level, before))

const deflatePiece = async (
  chunk: Uint8Array,
  before: Uint8Array | undefined,
  { level, deflate }: { readonly level: number; readonly deflate: DeflatePieceOn },
): Promise<DeflatePiece> => {
  const bytes = level === 0 ? stored(chunk) : await deflate(chunk, level, before)
  return { bytes, sizeBytes: chunk.length, crc32: crc32(chunk) }
}

const storedBytes = 0xffff

/** Stored blocks (RFC 1951 3.2.4), none of them the last: a byte 0, the length, and the length with its bits turned. */
const stored = (bytes: Uint8Array): Uint8Array => {
  const blocks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += storedBytes) {
    const block = bytes.subarray(at, at + storedBytes)
    const { length } = block
    blocks.push(Uint8Array.of(0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff), block)
  }
  return concat(blocks)
}
