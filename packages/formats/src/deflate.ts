// One raw deflate stream of a file (RFC 1951) in pieces that end on a byte, so that zip, gzip and deb can all reuse it.
import { constants, deflateRaw } from 'node:zlib'
import { type ByteChunks, rechunk } from './bytes.ts'
import { combineCrc32, crc32 } from './crc32.ts'

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

export interface DeflateOptions {
  /** 0 (stored) to 9. */
  readonly level: number
  /** How many pieces are compressed at once; never changes the bytes. */
  readonly parallel?: number
}

/** Deflates a stream, in order, with at most `parallel + 1` pieces in flight. No input gives no piece. */
export async function* deflatePieces(chunks: ByteChunks, { level, parallel = 2 }: DeflateOptions): AsyncGenerator<DeflatePiece> {
  const flying: Promise<DeflatePiece>[] = []
  let before: Uint8Array | undefined
  for await (const chunk of rechunk(chunks, chunkBytes)) {
    const piece = deflatePiece(chunk, before, level)
    // Whoever stops reading leaves pieces behind; their failure is then nobody's.
    piece.catch(() => undefined)
    flying.push(piece)
    before = chunk.subarray(Math.max(0, chunk.length - windowBytes))
    const first = flying.length > parallel ? flying.shift() : undefined
    if (first !== undefined) yield await first
  }
  for (const piece of flying) yield await piece
}

/** Deflates small bytes on their own, ending on a byte, without the end block. */
export const deflateAlone = (bytes: Uint8Array, level: number): Promise<Uint8Array> =>
  bytes.length === 0 ? Promise.resolve(bytes) : deflate(bytes, { level, chunkSize: level === 0 ? 1 << 16 : roomFor(bytes.length, 1 << 16) })

const windowBytes = 1 << 15
// Output room for a whole chunk at once. Constant, because stored blocks (level 0) are cut by the room there is.
const roomBytes = chunkBytes + (1 << 16)

/** Above level 0 any room that holds the whole gives the same bytes, and small files are many. */
const roomFor = (sizeBytes: number, mostBytes: number): number => Math.min(mostBytes, sizeBytes + (sizeBytes >> 4) + 256)

const deflatePiece = async (chunk: Uint8Array, before: Uint8Array | undefined, level: number): Promise<DeflatePiece> => {
  // Stored blocks look nothing up, and zlib's stored path would copy the dictionary through its window for nothing.
  const dictionary = level === 0 || before === undefined ? {} : { dictionary: before }
  const room = level === 0 ? roomBytes : roomFor(chunk.length, roomBytes)
  const bytes = await deflate(chunk, { level, chunkSize: room, ...dictionary })
  return { bytes, sizeBytes: chunk.length, crc32: crc32(chunk) }
}

const deflate = (bytes: Uint8Array, options: { level: number; chunkSize: number; dictionary?: Uint8Array }): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    deflateRaw(bytes, { ...options, memLevel: 8, windowBits: 15, finishFlush: constants.Z_SYNC_FLUSH }, (error, result) => {
      // A copy, because the result is a view of a buffer with room for far more.
      if (error === null) resolve(Uint8Array.from(result))
      else reject(error)
    })
  })
