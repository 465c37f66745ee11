// LZFSE of whole buffers by Apple's reference library as WebAssembly: the same bytes on every machine, and what is hostile stays in its memory.
import { FormatError } from './format-error.ts'
import { lzfseProgram } from './lzfse-wasm.gen.ts'
import { wasmRooms, type WasmProgram } from './wasm-program.ts'

/** Packs on whatever thread; the same bytes as `packLzfse`. */
export type PackLzfseOn = (bytes: Uint8Array) => Promise<Uint8Array>

/** Packs a buffer; noise grows by some percent. Blocks the thread: about 20 ms for 1 MiB. */
export const packLzfse = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => {
  const { program, input, output, outputBytes } = roomFor(bytes.length, bytes.length)
  new Uint8Array(program.memory.buffer).set(bytes, input)
  const sizeBytes = program.pack(input, bytes.length, output, outputBytes)
  // What did not fit would be stored, and for that there is room.
  if (sizeBytes === 0) throw new RangeError(`${bytes.length} bytes do not fit into ${outputBytes}`)
  // The memory may have grown, and its old buffer is gone then.
  return new Uint8Array(program.memory.buffer, output, sizeBytes).slice()
}

/** Unpacks what gives `sizeBytes`. Throws `lzfse/corrupt`: it gives more or less, or is damaged. */
export const unpackLzfse = (packed: Uint8Array, sizeBytes: number): Uint8Array<ArrayBuffer> => {
  const { program, input, output } = roomFor(packed.length, sizeBytes + 1)
  new Uint8Array(program.memory.buffer).set(packed, input)
  const madeBytes = unpacked(program, [input, packed.length, output, sizeBytes + 1])
  if (madeBytes !== sizeBytes) throw new FormatError('lzfse/corrupt', `it does not unpack to ${sizeBytes} bytes`)
  return new Uint8Array(program.memory.buffer, output, sizeBytes).slice()
}

/** Input, bytes of it, output, room there; gives the length of the output. */
type Work = (...numbers: readonly [number, number, number, number]) => number
interface Program extends WasmProgram {
  readonly pack: Work
  readonly unpack: Work
}

/** A trap is an access outside of its memory: of the input alone, for each call begins anew. */
const unpacked = ({ unpack }: Program, numbers: Parameters<Work>): number => {
  try {
    return unpack(...numbers)
  } catch {
    return -1
  }
}

const leastBytes = 1 << 20
const rooms = wasmRooms<Program>(lzfseProgram)

/** Each side as large as the larger one, for either may come next. */
const roomFor = (inputBytes: number, outputBytes: number): ReturnType<typeof rooms> => {
  const wanted = Math.max(inputBytes, outputBytes, leastBytes)
  return rooms(wanted, wanted + (wanted >> 4) + 4096)
}
