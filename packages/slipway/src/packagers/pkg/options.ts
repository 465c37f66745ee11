// What the config can say of a package for the Installer.
import * as z from 'zod'

const component = z.strictObject({
  title: z.string().describe('Name of the choice'),
  description: z.string().default('').describe('What it is for'),
  location: z.string().describe("Folder that its files are installed into, as '/usr/local/bin'"),
  files: z.record(z.string(), z.string()).describe('Path below the folder -> file of the project'),
  selected: z.boolean().default(true).describe('Chosen at first'),
})

export const options = {
  identifier: z.string().optional().describe('Identifier of the package, which never changes; default: app.id'),
  location: z.string().default('/Applications').describe('Folder that the bundle is installed into'),
  title: z.string().optional().describe('Title of the installer; default: app.name'),
  welcome: z.string().optional().describe('First page of the installer: a text, RTF or HTML of the project'),
  licence: z.string().optional().describe('Text that has to be agreed to, as text, RTF or HTML'),
  background: z.string().optional().describe('Picture behind the pages, a PNG'),
  customize: z
    .enum(['never', 'allow', 'always'])
    .optional()
    .describe("Whether a user can choose components; default: 'allow' with any of `components`"),
  components: z
    .record(z.string(), component)
    .optional()
    .describe('More components, by the end of their identifier; small files of the project'),
  scripts: z
    .strictObject({ preinstall: z.string().optional(), postinstall: z.string().optional() })
    .optional()
    .describe('Scripts that run as root around the installation, each as its text or the path of a file'),
  level: z.int().min(0).max(9).default(6).describe('Deflate level, 0 (stored) to 9'),
}
export type PkgOptions = z.output<z.ZodObject<typeof options>>
