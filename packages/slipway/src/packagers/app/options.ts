// The options of a macOS bundle.
import * as z from 'zod'

export const appOptions = {
  minimum: z.string().optional().describe("Oldest macOS that it starts on, as '12.0'; default: what the bundle says, else 11.0"),
  plist: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).readonly()]))
    .optional()
    .describe('More keys of Info.plist'),
  icon: z.string().optional().describe('Icon: a PNG of 1024 pixels, an SVG (through rsvg-convert) or an icns; default: app.icon'),
  helpers: z.array(z.string()).readonly().optional().describe('Bundles of the app folder that go to Contents/Helpers'),
  loginItems: z.array(z.string()).readonly().optional().describe('Bundles of the app folder that go to Contents/Library/LoginItems'),
}
export type AppOptions = z.output<z.ZodObject<typeof appOptions>>
