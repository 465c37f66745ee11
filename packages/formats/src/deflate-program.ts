// Raw deflate (RFC 1951) of a piece by libdeflate as WebAssembly: the same bytes on every architecture and in every version of Node, and as its native code.
import { deflateProgram } from './deflate-wasm.gen.ts'
import { wasmRooms, type WasmProgram } from './wasm-program.ts'

/** How far back a match may reach. */
export const windowBytes = 1 << 15

export type DeflateHere = (bytes: Uint8Array, level: number, before?: Uint8Array) => Uint8Array<ArrayBuffer>

/**
 * Deflates `bytes` at level 1 to 9, ending on a byte, without a last block; matches may reach back into `before` (at most `windowBytes`).
 * Blocks the thread: about 15 ms for 1 MiB at level 6.
 */
export const deflateHere: DeflateHere = (bytes, level, before = nothing) =>
  bytes.length === 0 ? nothing : (chosen ??= lent() ?? deflateByWasm)(bytes, level, before)

let lent: () => DeflateHere | undefined = () => undefined
let chosen: DeflateHere | undefined

/** Another program for `deflateHere` that writes the same bytes, asked for when the first come; undefined: WebAssembly it is. */
export const lendDeflate = (program: () => DeflateHere | undefined): void => {
  lent = program
  chosen = undefined
}

/** As `deflateHere`, whatever was lent. */
export const deflateByWasm: DeflateHere = (bytes, level, before = nothing) => {
  if (bytes.length === 0) return nothing
  const { program, input, output, outputBytes } = rooms(...roomFor(before.length + bytes.length))
  const memory = new Uint8Array(program.memory.buffer)
  memory.set(before, input)
  memory.set(bytes, input + before.length)
  const sizeBytes = program.deflate(programLevel(level), input, before.length, bytes.length, output, outputBytes)
  // There is room for all.
  if (sizeBytes === 0) throw new RangeError(`${bytes.length} bytes do not fit into ${outputBytes}`)
  // The memory may have grown, and its old buffer is gone then.
  return new Uint8Array(program.memory.buffer, output, sizeBytes).slice()
}

const nothing = new Uint8Array(0)

/** zlib's levels by libdeflate's own that give about the same size: within 2 % of zlib, mostly below. */
export const programLevel = (level: number): number => programLevels[level] ?? 5
const programLevels = [1, 1, 1, 2, 3, 4, 5, 6, 7, 8] as const

interface Program extends WasmProgram {
  /** Level, input, bytes before it, bytes of it, output, room there; all but the lengths are addresses. */
  readonly deflate: (...numbers: readonly [number, number, number, number, number, number]) => number
}

const leastBytes = (1 << 20) + windowBytes
const rooms = wasmRooms<Program>(deflateProgram)

/** Room for what is read and for what is written of `sizeBytes`: what cannot be deflated is stored. */
export const roomFor = (sizeBytes: number): readonly [inputBytes: number, outputBytes: number] => {
  const inputBytes = Math.max(sizeBytes, leastBytes)
  return [inputBytes, inputBytes + (inputBytes >> 4) + 4096]
}
