// Cabinets (MS-CAB): limits, and the checksum of a block.

export const blockBytes = 0x8000
/** MS-CAB 2.1 and 2.3: what its numbers reach, in bytes and in files. */
export const [limitCabinetBytes, limitFolderBytes, limitFiles] = [0x7fffffff, 0x7fff8000, 65_535]

/** Over the data, then over the two sizes in front of it (MS-CAB 3.1). */
export const blockSum = (sizes: Uint8Array, data: Uint8Array): number => sumOf(sizes, sumOf(data, 0))

const sumOf = (bytes: Uint8Array, seed: number): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let sum = seed
  const whole = bytes.length & ~3
  for (let at = 0; at < whole; at += 4) sum ^= view.getUint32(at, true)
  let rest = 0
  for (let at = whole; at < bytes.length; at++) rest = (rest << 8) | view.getUint8(at)
  return (sum ^ rest) >>> 0
}
