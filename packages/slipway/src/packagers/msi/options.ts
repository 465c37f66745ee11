// msi: what its key in the config may say.
import * as z from 'zod'

export const options = {
  mode: z.enum(['user', 'machine']).default('user').describe('For whom it installs: the user, without asking for rights; or everybody'),
  upgradeCode: z.string().optional().describe('UpgradeCode of older packages that it replaces; default: made of app.id'),
  prerelease: z
    .enum(['refuse', 'drop'])
    .default('refuse')
    .describe('What becomes of 1.2.3-beta.4: nothing, or 1.2.3, which any other 1.2.3 replaces'),
  icon: z.string().optional().describe('Icon among the programs, a PNG of 256 pixels or an ico; default: app.icon'),
  desktop: z.boolean().default(false).describe('Whether there is a shortcut on the desktop; ADDLOCAL=Desktop asks for one'),
  path: z.boolean().optional().describe('Whether the program is put on the search path; default: where it has no window'),
  environment: z
    .record(z.string().regex(/^(?!path$)[A-Za-z_][A-Za-z0-9_]*$/i), z.string().max(1000))
    .default({})
    .describe('Environment variables, name -> value, of the user or of the machine; {folder} stands for the folder of installation'),
  registry: z
    .record(
      z.string().regex(/^[^\\\p{Cc}][^\p{Cc}]{0,254}$/u),
      z.record(
        z.string().max(255),
        z.union([
          z.string().max(4000),
          z
            .int()
            .min(0)
            .max(2 ** 31 - 1),
        ]),
      ),
    )
    .default({})
    .describe(
      'Values of the registry, key -> name -> text or number, below HKEY_CURRENT_USER or HKEY_LOCAL_MACHINE; the name "" is the default value, {folder} the folder of installation',
    ),
  level: z.int().min(1).max(9).default(6).describe('Compression level'),
}
export type MsiOptions = z.output<z.ZodObject<typeof options>>
