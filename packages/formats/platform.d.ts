// What formats may see of its surroundings beside node:crypto and node:zlib: text and its bytes (DESIGN 2).
declare class TextEncoder {
  readonly encoding: string
  encode(input?: string): Uint8Array<ArrayBuffer>
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(input?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string
}
interface ReadableStream<R> {
  readonly locked: boolean
  getReader(): { read(): Promise<{ done: boolean; value: R | undefined }> }
}
declare const ReadableStream: new <R>(source: {
  start?: (controller: { enqueue(chunk: R): void; close(): void; error(cause: unknown): void }) => void
  pull?: (controller: { enqueue(chunk: R): void; close(): void; error(cause: unknown): void }) => void | Promise<void>
}) => ReadableStream<R>
