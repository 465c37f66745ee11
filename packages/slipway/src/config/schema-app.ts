// The key `app`: what several formats share, said once (CONFIG 1.5 and 2). All optional: the rest is found.
import * as z from 'zod'
import { text } from './text.ts'

const paths = z.union([z.string(), z.array(z.string()).readonly()])
const byTarget = z.union([z.string(), z.record(z.string(), z.string())])
const need = z.union([
  z.string(),
  z.strictObject({
    version: z.string().optional().describe("As '>=2.40'; of one that is shipped its exact version"),
    get: text(/^[^\p{Cc}]+$/u, 'a command or an address, in one line')
      .optional()
      .describe('How a user gets it: a command or an address'),
    bundle: byTarget.optional().describe("Where it is shipped from: a file or archive of the project, or 'npm:package-{npm}'; by target"),
    sha256: byTarget.optional().describe('sha256 of the program that is shipped; by target'),
  }),
])

const mimeType = text(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/, "a MIME type such as 'text/markdown'")
const extension = text(/^\.?[A-Za-z0-9][A-Za-z0-9+_.-]*$/, "a file ending such as '.flet'")
const fileType = z.union([mimeType, extension])

/** Names of files are made from it: one plain word. */
export const binPattern = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/

export const appShape = {
  name: text(/^[^\p{Cc}/\\]+$/u, 'a name in one line, without / and \\')
    .optional()
    .describe('Display name'),
  id: text(/^[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+$/, "a reverse-domain id such as 'dev.flet.desktop'")
    .optional()
    .describe('Reverse-domain id'),
  bin: text(binPattern, "a plain file name such as 'flet'").optional().describe('Name of the executable and of files'),
  version: z.string().min(1).optional().describe('The version, or a file that holds it'),
  tag: text(/\{version\}/, "a pattern with {version}, such as 'v{version}'")
    .optional()
    .describe('Pattern of release tags; default v{version}'),
  summary: text(/^[^\p{Cc}]*$/u, 'one line of text')
    .optional()
    .describe('What it is, in one line'),
  license: text(/^[^\p{Cc}]+$/u, "an SPDX expression such as 'MIT'")
    .optional()
    .describe('SPDX expression'),
  publisher: text(/^[^\p{Cc}]+$/u, "a name, or 'Name <mail>'")
    .optional()
    .describe('Name <mail>'),
  homepage: text(/^https?:\/\/[^\s]+$/, "an address such as 'https://flet.dev'")
    .optional()
    .describe('Address of its home page'),
  icon: z.string().optional().describe('Path of a PNG or SVG'),
  category: z.string().optional().describe('Category of menus and stores'),
  protocols: z
    .array(text(/^[a-z][a-z0-9+.-]*$/, "a URL scheme alone, in lower case: 'flet', not 'flet://'"))
    .readonly()
    .optional()
    .describe('URL schemes that it opens'),
  opens: z
    .union([
      z.array(fileType).readonly(),
      z.record(
        fileType,
        z.union([
          z.string(),
          z.strictObject({ type: mimeType.optional(), extensions: z.array(extension).readonly().optional(), name: z.string().optional() }),
        ]),
      ),
    ])
    .optional()
    .describe("File types that it opens: MIME types and endings, as 'text/markdown' and '.flet'"),
  man: paths.optional().describe('Man pages'),
  completions: z
    .union([paths, z.strictObject({ bash: z.string().optional(), zsh: z.string().optional(), fish: z.string().optional() })])
    .optional()
    .describe('Shell completions: files named *.bash, _* or *.zsh, *.fish; or by shell'),
  services: z
    .union([
      paths,
      z.record(
        text(/^[A-Za-z0-9][A-Za-z0-9:_.@-]*$/, "the name of a systemd unit such as 'flet'"),
        z.union([
          z.string(),
          z.strictObject({
            file: z.string().optional(),
            run: z.string().optional(),
            summary: z.string().optional(),
            user: z.boolean().optional(),
            enable: z.boolean().optional(),
          }),
        ]),
      ),
    ])
    .optional()
    .describe('systemd units: files, or by name the arguments of the program'),
  conffiles: z.array(z.string()).readonly().optional().describe('Files that an update must not overwrite'),
  modes: z
    .record(z.string(), text(/^[0-7]{3,4}$/, "a mode in octal such as '0640' or '4755'"))
    .optional()
    .describe("Modes of files of the app folder, by path: 'bin/helper': '4755'; setuid in deb, rpm, apk, pacman and tar alone"),
  newIdentity: z
    .record(z.string(), z.string())
    .optional()
    .describe("What systems know the app by and that changes on purpose, old value to new: { 'org.old.app': 'org.new.app' }"),
  windows: z
    .strictObject({
      resources: z
        .enum(['keep', 'add', 'replace'])
        .optional()
        .describe(
          'Icon and version in the program: keep what it has, add what it lacks (default), or replace (default of node-sea and bun)',
        ),
      icon: z.string().optional().describe('Icon of the program, an ico or a PNG of 256 pixels; default: app.icon'),
      dpiAware: z
        .boolean()
        .optional()
        .describe('Whether its manifest says that it is sharp on every screen, where that says nothing of it'),
      longPaths: z.boolean().optional().describe('Whether its manifest says that it knows paths beyond 259 characters'),
      utf8: z.boolean().optional().describe('Whether its manifest makes UTF-8 its code page'),
      movesData: z
        .boolean()
        .optional()
        .describe('Whether data behind the image may move: the program looks for them from the end of its file'),
    })
    .optional()
    .describe('What its program shows of it on Windows'),
  needs: z.record(z.string(), need).optional().describe('Programs that it needs: looked for, or shipped'),
  channelEnv: text(/^[A-Za-z_][A-Za-z0-9_]*$/, "a variable name such as 'FLET_UPDATE_CHANNEL'")
    .optional()
    .describe('Variable that picks the channel'),
  changelog: z.string().optional().describe('File with a section a version; default CHANGELOG.md'),
  crash: z.string().optional().describe('Where crash reports go'),
  date: z
    .union([z.int().min(0), text(/^\d{4}-\d{2}-\d{2}/, "a date such as '2026-11-21'")])
    .optional()
    .describe('Release date where there is no commit'),
}
