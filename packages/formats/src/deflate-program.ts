// Raw deflate (RFC 1951) of a piece by libdeflate as WebAssembly: the same bytes on every architecture and in every version of Node.
import { deflateProgram } from './deflate-wasm.gen.ts'
import { wasmRooms, type WasmProgram, type WasmRoom } from './wasm-program.ts'

/** How far back a match may reach. */
export const windowBytes = 1 << 15

/**
 * Deflates `bytes` at level 1 to 9, ending on a byte, without a last block; matches may reach back into `before` (at most `windowBytes`).
 * Blocks the thread: about 15 ms for 1 MiB at level 6.
 */
export const deflateHere = (bytes: Uint8Array, level: number, before: Uint8Array = nothing): Uint8Array<ArrayBuffer> => {
  if (bytes.length === 0) return nothing
  const { program, input, output, outputBytes } = roomFor(before.length + bytes.length)
  const memory = new Uint8Array(program.memory.buffer)
  memory.set(before, input)
  memory.set(bytes, input + before.length)
  const sizeBytes = program.deflate(programLevels[level] ?? 5, input, before.length, bytes.length, output, outputBytes)
  // What cannot be deflated is stored, and for that there is room.
  if (sizeBytes === 0) throw new RangeError(`${bytes.length} bytes do not fit into ${outputBytes}`)
  // The memory may have grown, and its old buffer is gone then.
  return new Uint8Array(program.memory.buffer, output, sizeBytes).slice()
}

const nothing = new Uint8Array(0)

/** zlib's levels by libdeflate's own that give about the same size: within 2 % of zlib, mostly below. */
const programLevels = [1, 1, 1, 2, 3, 4, 5, 6, 7, 8] as const

interface Program extends WasmProgram {
  /** Level, input, bytes before it, bytes of it, output, room there; all but the lengths are addresses. */
  readonly deflate: (...numbers: readonly [number, number, number, number, number, number]) => number
}

const leastBytes = (1 << 20) + windowBytes
const rooms = wasmRooms<Program>(deflateProgram)

const roomFor = (sizeBytes: number): WasmRoom<Program> => {
  const inputBytes = Math.max(sizeBytes, leastBytes)
  return rooms(inputBytes, inputBytes + (inputBytes >> 4) + 4096)
}
