// UDIF: what tells that a file is a disk image. It stands at the end, so a look at the first bytes says nothing.
import type { Source } from '../bytes.ts'

export const sectorBytes = 512
export const trailerBytes = 512
/** Kinds of runs. */
export const [zeroRun, rawRun, endRun] = [0x0, 0x1, 0xffffffff]
export const [zlibRun, lzfseRun, xzRun] = [0x80000005, 0x80000007, 0x80000008]

/** Whether a file ends as a disk image does. */
export const isUdif = async (source: Source): Promise<boolean> => {
  if (source.sizeBytes < trailerBytes) return false
  const end = await source.read(source.sizeBytes - trailerBytes, 4)
  return String.fromCharCode(...end) === 'koly'
}
