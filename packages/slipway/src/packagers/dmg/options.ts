// The options of a disk image.
import * as z from 'zod'

const place = z.tuple([z.int().min(0).max(10_000), z.int().min(0).max(10_000)]).readonly()
export const dmgOptions = {
  background: z.string().optional().describe('Picture behind the icons, a PNG; the window takes its size'),
  window: place.optional().describe('Width and height of the window in points; default: of the picture, else 540 x 380'),
  icons: z
    .strictObject({ app: place.optional(), applications: place.optional() })
    .optional()
    .describe('Middle of the two icons, in points from the upper left; default: left and right of the middle'),
  iconSize: z.int().min(16).max(512).default(128).describe('Side of an icon in points'),
  volume: z.string().optional().describe('Name of the volume; default: app.name and version'),
  licence: z.string().optional().describe('Text that has to be agreed to before the image opens'),
  compression: z
    .enum(['zlib', 'lzfse', 'lzma'])
    .optional()
    .describe('Of the blocks; lzfse from macOS 10.11 on, lzma (smallest, slowest) from 10.15 on; default: lzfse where the app needs 10.11'),
  level: z.int().min(1).max(9).default(9).describe('zlib or lzma level'),
}
export type DmgOptions = z.output<z.ZodObject<typeof dmgOptions>>
