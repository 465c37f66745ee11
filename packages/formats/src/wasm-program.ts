// Programs of WebAssembly that are in the bundle as text: started when the first piece comes, with memory that is kept.
import { gunzipSync } from 'node:zlib'
import { decodeBase64 } from './base64.ts'

export interface WasmProgram {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Gives an address; what it took is never given back. */
  readonly room: (sizeBytes: number) => number
}

/** Room for an input and for an output in a program's memory. */
export interface WasmRoom<Program extends WasmProgram> {
  readonly program: Program
  readonly inputBytes: number
  readonly input: number
  readonly outputBytes: number
  readonly output: number
}

/** Gives room that is large enough: the same as before where that does, since no program gives memory back. */
export const wasmRooms = <Program extends WasmProgram>(text: string): ((inputBytes: number, outputBytes: number) => WasmRoom<Program>) => {
  let room: WasmRoom<Program> | undefined
  return (inputBytes, outputBytes) => {
    if (room !== undefined && room.inputBytes >= inputBytes && room.outputBytes >= outputBytes) return room
    const program = room?.program ?? (start(text) as Program)
    room = { program, inputBytes, input: program.room(inputBytes), outputBytes, output: program.room(outputBytes) }
    return room
  }
}

/** Node has it without a type where the library of browsers is left out. */
interface WebAssembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}

const start = (text: string): object => {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssembly }).WebAssembly
  return new Instance(new Module(gunzipSync(decodeBase64(text)))).exports
}
