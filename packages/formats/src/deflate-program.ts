// Raw deflate (RFC 1951) of a piece by libdeflate as WebAssembly: the same bytes on every architecture and in every version of Node.
import { gunzipSync } from 'node:zlib'
import { decodeBase64 } from './base64.ts'
import { deflateProgram } from './deflate-wasm.gen.ts'

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

interface Program {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly room: (sizeBytes: number) => number
  /** Level, input, bytes before it, bytes of it, output, room there; all but the lengths are addresses. */
  readonly deflate: (...numbers: readonly [number, number, number, number, number, number]) => number
}
interface Room {
  readonly program: Program
  readonly inputBytes: number
  readonly input: number
  readonly outputBytes: number
  readonly output: number
}

let room: Room | undefined

const leastBytes = (1 << 20) + windowBytes

/** The program never gives memory back, so a larger room is made only where the one that is there does not do. */
const roomFor = (sizeBytes: number): Room => {
  if (room !== undefined && room.inputBytes >= sizeBytes) return room
  const program = room?.program ?? start()
  const inputBytes = Math.max(sizeBytes, leastBytes)
  const outputBytes = inputBytes + (inputBytes >> 4) + 4096
  room = { program, inputBytes, input: program.room(inputBytes), outputBytes, output: program.room(outputBytes) }
  return room
}

/** Node has it without a type where the library of browsers is left out. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

const start = (): Program => {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly
  return new Instance(new Module(gunzipSync(decodeBase64(deflateProgram)))).exports as Program
}
