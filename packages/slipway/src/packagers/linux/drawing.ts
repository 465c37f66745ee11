// An SVG as one large picture, drawn by librsvg's rsvg-convert, for systems whose icons are pixels.
import { collect } from '@slipway/formats/bytes'
import { type Image, readPng } from '@slipway/formats/png'
import type { Lend } from '../packager.ts'

const limitImageBytes = 1 << 26

/** At most so many pixels wide and high; no square where the SVG is none. The tool sees no other file, so links out of it stay blank. */
export const drawnSvg = async (lend: Lend, bytes: Uint8Array, pixels: number): Promise<Image> => {
  const side = `${pixels}`
  const png = await lend({
    tool: 'rsvg-convert',
    args: ['--keep-aspect-ratio', '--width', side, '--height', side, '--format', 'png', '--output', 'icon.png', 'icon.svg'],
    files: [{ path: 'icon.svg', bytes: () => inOne(bytes) }],
    wants: 'icon.png',
  })
  return readPng(await collect(png, limitImageBytes))
}

async function* inOne(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
