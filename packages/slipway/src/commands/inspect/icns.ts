// icns as inspect shows it: the pictures, by size, screen and form.
import { collect } from '@slipway/formats/bytes'
import { readIcns } from '@slipway/formats/icns'
import { type Found, given, type Subject } from './report.ts'

const limitIconBytes = 1 << 26

export const readIcnsReport = async ({ stream }: Subject): Promise<Found> => {
  const members = readIcns(await collect(stream(), limitIconBytes))
  const pictures = members.filter(({ form }) => form !== 'mask' && form !== 'other')
  // As iconutil names them: points, and `@2x` for screens of two pixels a point.
  const images = pictures.map(({ type, pixels, scale, form, sizeBytes }) => {
    const points = pixels / scale
    return `${points}x${points}${scale === 2 ? '@2x' : ''} ${form} (${type}, ${sizeBytes} bytes)`
  })
  const facts = {
    images,
    largestPixels: Math.max(0, ...pictures.map(one => one.pixels)),
    retina: pictures.some(one => one.scale === 2),
    others: members.filter(one => !pictures.includes(one)).map(({ type, sizeBytes }) => `${type.trim()} (${sizeBytes} bytes)`),
  }
  return { format: 'icns', arch: null, version: null, signatures: [], facts: given(facts), contents: [] }
}
