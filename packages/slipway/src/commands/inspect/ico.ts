// ico as inspect shows it: the images, by size and form.
import { collect } from '@slipway/formats/bytes'
import { readIco } from '@slipway/formats/ico'
import type { Found, Subject } from './report.ts'

const limitIconBytes = 1 << 26

export const readIcoReport = async ({ stream }: Subject): Promise<Found> => {
  const images = readIco(await collect(stream(), limitIconBytes)).map(({ width, height, bitsPerPixel, form, bytes }) => ({
    size: `${width}x${height}`,
    bitsPerPixel,
    form,
    sizeBytes: bytes.length,
  }))
  return { format: 'ico', arch: null, version: null, signatures: [], facts: { images }, contents: [] }
}
