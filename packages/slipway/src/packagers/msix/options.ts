// The options of an MSIX package.
import * as z from 'zod'

export const msixOptions = {
  publisher: z.string().optional().describe("Subject of the certificate that signs it, as 'CN=Flet, C=CA'; default: CN= and app.publisher"),
  identity: z.string().optional().describe('Package identity; default: app.id. It never changes: Windows knows the app by it'),
  minimum: z.string().default('10.0.17763.0').describe('Oldest Windows that it installs on'),
  prerelease: z
    .enum(['refuse', 'drop'])
    .default('refuse')
    .describe('What becomes of 1.2.3-beta.4: nothing, or 1.2.3.0, which no other 1.2.3 replaces'),
  icon: z
    .string()
    .optional()
    .describe('Icon: a PNG of at least 256 pixels, for all scales 413, or an SVG (through rsvg-convert); default: app.icon'),
  background: z.string().default('transparent').describe("Colour behind the icon, as '#102030'"),
  alias: z.boolean().default(true).describe('Whether the program can be started by its name from a command line'),
  level: z.int().min(1).max(9).default(6).describe('Deflate level'),
}
export type MsixOptions = z.output<z.ZodObject<typeof msixOptions>>
