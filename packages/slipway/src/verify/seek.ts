// Random access to an object of a bucket, which can only be read from its beginning: a few blocks are kept, and reading goes on where it was.
import type { Source } from '@slipway/formats/bytes'

const blockBytes = 1 << 20
const mostBlocks = 32

/** `close` ends a reading that was not at its end. */
export const seekable = (
  sizeBytes: number,
  open: () => AsyncIterable<Uint8Array>,
): { readonly source: Source; readonly close: () => Promise<void> } => {
  const blocks = new Map<number, Uint8Array>()
  let reading: AsyncIterator<Uint8Array> | undefined
  let rest: Uint8Array = new Uint8Array(0)
  let next = 0
  const close = async (): Promise<void> => {
    await reading?.return?.()
    reading = undefined
  }
  const takeBlock = async (): Promise<Uint8Array> => {
    const parts = [rest]
    let have = rest.length
    while (have < blockBytes) {
      const one = await reading?.next()
      if (one === undefined || one.done === true) break
      parts.push(one.value)
      have += one.value.length
    }
    const whole = Buffer.concat(parts)
    rest = whole.subarray(blockBytes)
    return whole.subarray(0, blockBytes)
  }
  const block = async (index: number): Promise<Uint8Array> => {
    const known = blocks.get(index)
    if (known !== undefined) return known
    if (reading === undefined || index < next) {
      await close()
      reading = open()[Symbol.asyncIterator]()
      rest = new Uint8Array(0)
      next = 0
    }
    for (;;) {
      const bytes = await takeBlock()
      if (blocks.size >= mostBlocks) blocks.delete([...blocks.keys()][0] ?? 0)
      blocks.set(next, bytes)
      next += 1
      if (next > index) return bytes
    }
  }
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const parts: Uint8Array[] = []
    const end = Math.min(sizeBytes, offset + length)
    for (let at = offset; at < end;) {
      const index = Math.floor(at / blockBytes)
      const bytes = await block(index)
      const part = bytes.subarray(at - index * blockBytes, end - index * blockBytes)
      if (part.length === 0) break
      parts.push(part)
      at += part.length
    }
    return Buffer.concat(parts)
  }
  return { source: { sizeBytes, read }, close }
}
